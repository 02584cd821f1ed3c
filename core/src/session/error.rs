//! What can go wrong when a session is used.

use crate::held::Held;
use crate::record::entries::MAX_KEY_LENGTH;
use crate::value::{Flaw, ValueError};

/// A session was asked for something that it cannot do. It is unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The value cannot be stored.
    Value(ValueError),
    /// The value under a key is not of the type that was asked for.
    Read(Misread),
    /// The session would become too large.
    TooLarge(TooLarge),
    /// The key is empty or over 255 bytes.
    Key,
    /// The owner's name is empty or over 255 bytes.
    Owner,
    /// The label is over 128 bytes.
    Label,
    /// A lifetime is under a second or over 400 days, the longest that browsers keep a cookie.
    Lifetime,
    /// The session was ended, or its changes were discarded, in this request. A new one begins with the next request.
    Destroyed,
    /// The session was committed with the response already.
    Committed,
    /// A closure that the session runs uses the session itself, which is locked meanwhile.
    InUse,
}

impl core::fmt::Display for SessionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Value(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::TooLarge(error) => error.fmt(f),
            Self::Key => write!(f, "a session key must have 1 to {MAX_KEY_LENGTH} bytes"),
            Self::Owner => f.write_str("an owner's name must have 1 to 255 bytes"),
            Self::Label => f.write_str("a label must have at most 128 bytes"),
            Self::Lifetime => f.write_str("a session's lifetime must be 1 second to 400 days"),
            Self::Destroyed => f.write_str(
                "the session was ended in this request and cannot be changed any more: change it before, or in the next request",
            ),
            Self::InUse => f.write_str(
                "the session is in use: a closure that it runs must work with what it is given, not with the session",
            ),
            Self::Committed => f.write_str(
                "the session was committed with the response already: reload it, change it, then save it",
            ),
        }
    }
}

impl core::error::Error for SessionError {}

impl SessionError {
    /// The value under `key` could not be read.
    pub(crate) fn read(key: &str, error: ValueError) -> Self {
        Self::Read(Misread(Held::new(Misreading { key: named(key), error })))
    }
}

impl From<Flaw> for SessionError {
    fn from(flaw: Flaw) -> Self {
        Self::Value(flaw.into())
    }
}

impl From<ValueError> for SessionError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}

/// How many of the largest keys an error names.
const NAMED_KEYS: usize = 3;
/// How many bytes of each.
const NAMED_BYTES: usize = 23;

/// A value that is not of the type that was asked for. It is one pointer, so that errors cost little to hand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread(Held<Misreading>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Misreading {
    key: heapless::String<NAMED_BYTES, u8>,
    error: ValueError,
}

impl Misread {
    /// The key; as much of it as 23 bytes hold.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// Why the type cannot read it.
    #[must_use]
    pub fn error(&self) -> &ValueError {
        &self.0.error
    }
}

impl core::fmt::Display for Misread {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} (key \"{}\")", self.error(), self.key())
    }
}

impl core::error::Error for Misread {}

/// The session would become larger than it may be. It is one pointer, as [`Misread`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge(Held<Sizes>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sizes {
    size: usize,
    limit: usize,
    largest: heapless::Vec<LargeKey, NAMED_KEYS, u8>,
}

/// A key and the bytes that its entry takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeKey {
    /// The key; as much of it as 23 bytes hold, so that errors stay small.
    pub key: heapless::String<NAMED_BYTES, u8>,
    /// Bytes of key and value.
    pub size: u32,
}

impl TooLarge {
    pub(crate) fn new(size: usize, limit: usize) -> Self {
        Self(Held::new(Sizes { size, limit, largest: heapless::Vec::new() }))
    }

    /// Bytes that the sealed session would have; where the buffer was full before that was known, at least so many.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// Bytes that it may have.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// The largest entries, largest first.
    #[must_use]
    pub fn largest(&self) -> &[LargeKey] {
        &self.0.largest
    }

    /// Notes an entry if it is one of the largest.
    pub(crate) fn note(&mut self, key: &str, size: usize) {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let largest = &mut self.0.largest;
        let at = largest.iter().position(|noted| noted.size < size).unwrap_or(largest.len());
        if at >= NAMED_KEYS {
            return;
        }
        if largest.is_full() {
            largest.pop();
        }
        // There is room: one was popped if it was full.
        let _ = largest.insert(at, LargeKey { key: named(key), size });
    }
}

/// As much of a key as an error tells.
fn named(key: &str) -> heapless::String<NAMED_BYTES, u8> {
    let cut = (0..=key.len().min(NAMED_BYTES)).rev().find_map(|end| key.get(..end)).unwrap_or_default();
    heapless::String::try_from(cut).unwrap_or_default()
}

impl core::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the session would take {} bytes, and {} is the limit", self.size(), self.limit())?;
        for (index, LargeKey { key, size }) in self.largest().iter().enumerate() {
            let lead = if index == 0 { "; its largest keys:" } else { "," };
            write!(f, "{lead} {key} ({size} bytes)")?;
        }
        Ok(())
    }
}

impl core::error::Error for TooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_keys_are_named() {
        let mut error = TooLarge::new(70_000, 65_536);
        for (key, size) in [("a", 5), ("b", 60_000), ("c", 7), ("d", 9_000), ("e", 1)] {
            error.note(key, size);
        }
        assert_eq!(
            std::format!("{error}"),
            "the session would take 70000 bytes, and 65536 is the limit; its largest keys: b (60000 bytes), d (9000 bytes), c (7 bytes)"
        );
    }

    #[test]
    fn a_value_that_is_not_of_the_type_is_named() {
        let found = Some(crate::value::Kind::Str);
        let error = SessionError::read("visits", ValueError::Mismatch { expected: None, found });
        let text = std::format!("{error}");
        assert!(text.contains("not of the type") && text.ends_with("(key \"visits\")"), "{text}");
    }

    #[test]
    fn a_long_key_is_cut_between_characters() {
        let mut error = TooLarge::new(1, 1);
        error.note(&"ä".repeat(40), 2);
        error.note(&std::format!("a{}", "ä".repeat(40)), 1);
        assert_eq!((error.largest()[0].key.len(), error.largest()[1].key.len()), (22, 23));
    }
}
