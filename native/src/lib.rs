//! Encrypted HTTP sessions for Rust servers.

pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
