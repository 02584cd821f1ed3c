//! What a store is asked to do. A store knows bytes, a key, an expiry and a condition; nothing else.

use crate::primitives::copy;
use crate::time::UnixTime;

/// Characters of a name in lowercase hex: SHA-256 gives 32 bytes.
pub const HEX_LENGTH: usize = 64;

/// A name as text, without an allocation: 64 characters of lowercase hex. It is used as a `&str`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex([u8; HEX_LENGTH]);

impl Hex {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits are ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl core::ops::Deref for Hex {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl core::fmt::Debug for Hex {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self)
    }
}

macro_rules! hex_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The name of these 32 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: &[u8; 32]) -> Self {
                Self(*bytes)
            }

            /// Reads 64 characters of lowercase hex; `None` for anything else.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let hex: &[u8; HEX_LENGTH] = text.as_bytes().try_into().ok()?;
                let mut bytes = [0; 32];
                for (byte, [high, low]) in bytes.iter_mut().zip(hex.as_chunks().0) {
                    *byte = (nibble(*high)? << 4) | nibble(*low)?;
                }
                Some(Self(bytes))
            }

            /// The name's 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// 64 characters of lowercase hex.
            #[must_use]
            pub fn to_hex(&self) -> Hex {
                Hex(hex(&self.0))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.to_hex())
            }
        }
    };
}

hex_name! {
    /// The name under which a store holds a record: 32 bytes, written as 64 characters of lowercase hex.
    ///
    /// It is a hash of the session id, so it may be logged and shown; no browser can present it.
    StoreKey
}

hex_name! {
    /// The name under which a store files the sessions of one owner: 32 bytes, written as 64 characters of lowercase hex.
    ///
    /// It is a keyed hash of the owner's name.
    OwnerKey
}

/// The value of a digit of lowercase hex.
fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
    value.and_then(|value| u8::try_from(value).ok())
}

fn hex(bytes: &[u8; 32]) -> [u8; HEX_LENGTH] {
    let digit = |nibble: u8| nibble.wrapping_add(if nibble < 10 { b'0' } else { b'a' - 10 });
    let mut text = [0; HEX_LENGTH];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    text
}

/// Bytes of a [`Tag`].
pub const TAG_LENGTH: usize = 32;

/// The version of a record: the MAC at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag([u8; TAG_LENGTH]);

impl Tag {
    /// The tag that `record` carries: its last 32 bytes, or all of it after zeros if it is shorter
    /// (such a record was not written by this library, but it still has a version).
    #[must_use]
    pub fn of(record: &[u8]) -> Self {
        let mut tag = [0; TAG_LENGTH];
        let missing = TAG_LENGTH.saturating_sub(record.len());
        let end = record.get(record.len().saturating_sub(TAG_LENGTH)..).unwrap_or_default();
        copy(end, tag.get_mut(missing..).unwrap_or_default());
        Self(tag)
    }

    /// The tag of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; TAG_LENGTH]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG_LENGTH] {
        &self.0
    }
}

/// What a write demands of the record that the store holds under the key at that moment.
///
/// A record whose time is over counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is none.
    Absent,
    /// There is one, and its [`Tag`] is this.
    Matches(Tag),
    /// Nothing: for a delete that must win, as a sign-out.
    Any,
}

impl Condition {
    /// Whether a store that holds `current` under the key may carry the write out.
    #[must_use]
    pub fn holds(&self, current: Option<&[u8]>) -> bool {
        match (self, current) {
            (Self::Any, _) | (Self::Absent, None) => true,
            (Self::Matches(tag), Some(record)) => Tag::of(record) == *tag,
            (Self::Absent, Some(_)) | (Self::Matches(_), None) => false,
        }
    }
}

/// Where to file a record in its owner's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filing<'a> {
    /// The owner's list.
    pub owner: OwnerKey,
    /// The sealed listing entry, to be kept beside the record and given back by a listing.
    pub entry: &'a [u8],
    /// Whether this write puts the record on the list for the first time. A store that keeps the list
    /// apart from the records may skip it otherwise.
    pub is_new: bool,
    /// When the place on the list may be forgotten: not before the record's last possible expiry.
    pub until: UnixTime,
}

/// One write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Keep `record` under `key`, replacing what is there, if `condition` holds.
    Put {
        /// The record's name.
        key: StoreKey,
        /// The bytes to keep.
        record: &'a [u8],
        /// From when on the store may forget the record.
        expires_at: UnixTime,
        /// What must hold.
        condition: Condition,
        /// The owner's list to file it in; a record without an owner has none.
        filing: Option<Filing<'a>>,
    },
    /// Forget what is under `key`, if `condition` holds.
    Delete {
        /// The record's name.
        key: StoreKey,
        /// What must hold.
        condition: Condition,
    },
}

/// What a store says to a write that it could judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The condition held and the write is done.
    Applied,
    /// The condition did not hold; nothing was changed.
    Conflict,
}

/// Which of an owner's sessions to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The one under this key, if it is on the owner's list.
    Only(StoreKey),
    /// All but the one under this key.
    Except(StoreKey),
}

impl Which {
    /// Whether the session under `key` is meant.
    #[must_use]
    pub fn includes(&self, key: &StoreKey) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => key == only,
            Self::Except(kept) => key != kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lowercase_hex() {
        let key = StoreKey::from_bytes(&[0xab; 32]);
        assert_eq!(key.to_hex().as_str(), "ab".repeat(32));
        assert_eq!(std::format!("{key} {key:?}"), std::format!("{0} {0}", "ab".repeat(32)));
        let all = StoreKey::from_bytes(&core::array::from_fn(|at| u8::try_from(at * 8).unwrap() ^ 0x5a));
        assert_eq!(StoreKey::from_hex(&all.to_hex()), Some(all));
        assert_eq!(StoreKey::from_hex(&"0".repeat(64)), Some(StoreKey::from_bytes(&[0; 32])));
        for bad in [
            "",
            "ab",
            &"AB".repeat(32),
            &"zz".repeat(32),
            &"ab".repeat(33),
            &"é".repeat(32),
            &"+1".repeat(32),
        ] {
            assert_eq!(StoreKey::from_hex(bad), None);
        }
    }

    #[test]
    fn a_tag_is_the_end_of_the_record() {
        let record: [u8; 40] = core::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(Tag::of(&record).as_bytes()[..], record[8..]);
        assert_eq!(Tag::of(&[1, 2]).as_bytes()[30..], [1, 2]);
    }

    #[test]
    fn conditions_judge_the_current_record() {
        let record = [7; 64];
        let tag = Tag::of(&record);
        assert!(Condition::Absent.holds(None) && !Condition::Absent.holds(Some(&record)));
        assert!(Condition::Matches(tag).holds(Some(&record)) && !Condition::Matches(tag).holds(None));
        assert!(!Condition::Matches(tag).holds(Some(&[8; 64])));
        assert!(Condition::Any.holds(None) && Condition::Any.holds(Some(&record)));
    }
}
