//! Tests that cross the parts.

pub mod numbered;

/// The README, whose program is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
