//! Encrypted HTTP sessions without I/O, clock or allocator.
//!
//! A host (a Rust server, a JavaScript worker, a device) fetches and stores bytes; everything else is decided here:
//! [`manager`] has the phases of a request, [`session`] what a handler works with, [`store`] what a store is asked to
//! do. [`token`] is Fernet, for use by itself as well. [`value`] is how values are encoded.
//!
//! Randomness and time are arguments. Nothing needs an allocator: buffers are lent by the caller ([`buffer`]).
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod buffer;
pub mod cookie;
pub mod event;
mod held;
pub mod id;
pub mod manager;
pub mod memory;
mod primitives;
mod record;
pub mod session;
pub mod store;
#[cfg(test)]
mod testing;
pub mod time;
pub mod token;
pub mod value;

/// The operating system's random generator.
///
/// It can fail, so it is a `TryCryptoRng`; [`rand_core::UnwrapErr`] makes a `CryptoRng` of it that
/// panics where the system has no randomness to give.
#[cfg(feature = "getrandom")]
pub use getrandom::SysRng as OsRng;
/// The traits that randomness is passed in by.
pub use rand_core;
