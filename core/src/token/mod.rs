//! Fernet tokens and the keys behind them ([specification](https://github.com/fernet/spec/blob/master/Spec.md)).
//!
//! ```
//! use fastsession_core::time::UnixTime;
//! use fastsession_core::token::{Fernet, Key, KeyRing};
//!
//! let key = Key::parse("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")?;
//! let fernet = Fernet::new(KeyRing::new(key));
//! let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
//!
//! let mut plaintext = heapless::Vec::<u8, 128>::new();
//! fernet.decrypt_at_into(token, None, UnixTime::from_secs(499_162_801), &mut plaintext)?;
//! assert_eq!(plaintext, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod base64;
pub(crate) mod binary;
mod fernet;
mod inspect;
mod key;
#[cfg(not(feature = "alloc"))]
mod light;
#[cfg(feature = "alloc")]
mod plaintext;
mod ring;
pub(crate) mod text;

/// The key of a record, which a request that writes opens and seals. It is with its session, on the heap if there is one.
#[cfg(feature = "alloc")]
pub(crate) use binary::TokenKey as RecordKey;
pub(crate) use binary::{PREFIX, TokenKey, sealed_len, timestamp_of};
pub use fernet::{Fernet, FernetError};
pub use inspect::UnverifiedToken;
pub use key::{DEFAULT_ITERATIONS, KEY_LENGTH, KEY_TEXT_LENGTH, Key, KeyError};
#[cfg(not(feature = "alloc"))]
pub(crate) use light::LightKey as RecordKey;
#[cfg(feature = "alloc")]
pub use plaintext::Plaintext;
pub(crate) use ring::RingKey;
pub use ring::{KeyRing, MAX_KEYS, RingError};
pub use text::token_len;

/// The token is not one that these keys made, or its time is over.
///
/// Which of it is not told, on purpose: it helps nobody but a forger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidToken;

impl core::fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the token is invalid or expired")
    }
}

impl core::error::Error for InvalidToken {}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod vectors;
