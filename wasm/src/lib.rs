//! The WebAssembly build of the core, for the npm package `fastsession`.
//!
//! Every export is synchronous and takes and returns plain numbers. What a phase of a request needs, the driver in `js/` writes as a
//! message into memory that this crate lends, and there it reads the answer (`border.rs`, `message.rs`). What has to be
//! known from one phase to the next travels as bytes (see [`fastsession_core::manager`]), so that nothing has to
//! be freed. An error is an answer too: its code and its details, which the driver puts into words.
//!
//! There are two modules, by feature: one with sessions, one with Fernet by itself. For its target the crate is built without
//! `std`, so that no formatting machinery comes along.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod border;
#[cfg(feature = "sessions")]
mod change;
#[cfg(feature = "sessions")]
mod config;
mod failure;
#[cfg(feature = "fernet")]
mod fernet;
mod keys;
#[cfg(feature = "sessions")]
mod manager;
mod message;
#[cfg(feature = "sessions")]
mod outcome;
mod random;
mod runtime;
#[cfg(feature = "sessions")]
mod state;

pub use border::reserve;
#[cfg(feature = "fernet")]
pub use fernet::fernet;
#[cfg(feature = "sessions")]
pub use manager::sessions;
