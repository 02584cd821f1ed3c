//! Tests that cross the parts.

pub mod numbered;
