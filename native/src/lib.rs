//! Encrypted HTTP sessions for Rust servers.
