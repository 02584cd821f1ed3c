//! The record: a session as a store holds it. `docs/format.md` says every byte.
//!
//! A record is a Fernet token in binary under a key of its own. Its plaintext is, in postcard's format, a
//! [`header`], the owner (an optional string), the label (a string) and the [`entries`].

pub(crate) mod entries;
pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod seal;

/// What the first byte of a sealed part says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A session.
    Record = 1,
    /// What an owner's listing shows of a session.
    Listing = 2,
}

/// The version of the sealed parts' layout.
pub(crate) const FORMAT_VERSION: u8 = 1;

/// A sealed part opened, but does not hold what this version of the library writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;
