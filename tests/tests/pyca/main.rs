//! Fernet against pyca/cryptography, the implementation that most tokens in the world come from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it cannot go on"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails where it is wrong"
)]

mod javascript;
mod malformed;
mod peer;
mod samples;
mod tokens;

use fastsession_core::time::UnixTime;
use fastsession_core::token::{Fernet, KeyRing, Plaintext};

fn fernet(keys: &str) -> Fernet {
    Fernet::new(KeyRing::parse(keys).unwrap())
}

/// What the token holds, whatever its age; `None` if it is refused.
fn decrypt(keys: &str, token: &[u8]) -> Option<Vec<u8>> {
    let plaintext = fernet(keys).decrypt_at(token, None, UnixTime::default());
    plaintext.ok().map(Plaintext::into_vec)
}
