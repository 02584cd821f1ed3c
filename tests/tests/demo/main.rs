//! The demo as its users and its enemies meet it: a process of its own, over the network.
//!
//! It takes curl, and a Python with the package `cryptography` (its path in `FASTSESSION_TEST_PYTHON`);
//! `cargo xtask test --only tests` sees to both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

/// Ways to talk to the demo.
mod browser;
mod curl;
mod http;
mod process;
mod python;

/// What it must show.
mod configuration;
mod cookies_in;
mod cookies_out;
mod forms;
mod journey;
mod outages;
mod races;
mod secrecy;
