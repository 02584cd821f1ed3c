//! `docs/format.md`: every example in it is what the code writes.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod example;
mod page;
mod refused;
mod second;
mod sessions;
mod values;
