//! Tests that cross the parts.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "what helps tests may panic as they do"
)]

pub mod careless;
pub mod dump;
pub mod interleavings;
pub mod numbered;
pub mod script;
#[cfg(unix)]
pub mod subjects;

/// The README, whose program is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
#[cfg(all(feature = "external", unix))]
pub mod servers;
