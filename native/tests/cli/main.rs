//! The operator's command line, run as an operator does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails where it cannot go on"
)]

mod journey;
mod keys_and_tokens;
mod program;
#[cfg(all(feature = "file", unix))]
mod refusals;
mod stores;
