//! Sessions whatever they hold: as records, and at the edges of their buffers.
#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it is wrong")]

mod model;
mod records;
