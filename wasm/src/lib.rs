//! The WebAssembly build of the core, for the npm package `fastsession`.
//!
//! Every export is synchronous and takes and returns plain values: numbers, text, and messages (`message.rs`), which
//! the driver in `js/` reads and writes. One call is one phase of a request. What has to be
//! known from one phase to the next travels as bytes (see [`fastsession_core::manager`]), so that nothing has to
//! be freed. An error is thrown as a text: its code and its details, which the driver puts into words.
//!
//! For its target the module is built without `std`, so that no formatting machinery comes along.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod change;
mod config;
mod failure;
mod fernet;
mod manager;
mod message;
mod outcome;
mod random;
mod runtime;
mod state;

pub use fernet::{Fernet, derive_key, generate_key};
pub use manager::Manager;
