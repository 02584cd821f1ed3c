//! Encrypted HTTP sessions without I/O, clock or allocator.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod buffer;
mod primitives;
pub mod store;
pub mod time;
pub mod token;

/// The operating system's random generator.
///
/// It can fail, so it is a `TryCryptoRng`; [`rand_core::UnwrapErr`] makes a `CryptoRng` of it that
/// panics where the system has no randomness to give.
#[cfg(feature = "getrandom")]
pub use getrandom::SysRng as OsRng;
/// The traits that randomness is passed in by.
pub use rand_core;
pub mod value;
