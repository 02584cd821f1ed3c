//! The kinds of values.

use super::error::ValueError;

/// The kind of a value: its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Nothing.
    Null = 0,
    /// True or false.
    Bool = 1,
    /// An integer that fits `i64`.
    Int = 2,
    /// An integer above `i64::MAX` that fits `u64`.
    UInt = 3,
    /// A double-precision floating-point number.
    Float = 4,
    /// Text in UTF-8.
    Str = 5,
    /// Bytes.
    Bytes = 6,
    /// Values in order.
    Array = 7,
    /// Text keys with a value each, in order.
    Map = 8,
}

impl Kind {
    /// The kind's name in lowercase.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::UInt => "unsigned integer",
            Self::Float => "float",
            Self::Str => "string",
            Self::Bytes => "bytes",
            Self::Array => "array",
            Self::Map => "map",
        }
    }

    /// The kind whose values start with `byte`.
    #[inline]
    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Null,
            1 => Self::Bool,
            2 => Self::Int,
            3 => Self::UInt,
            4 => Self::Float,
            5 => Self::Str,
            6 => Self::Bytes,
            7 => Self::Array,
            8 => Self::Map,
            _ => return None,
        })
    }
}

/// The kind of the value at the start of `bytes`; nothing behind its first byte is looked at.
///
/// # Errors
/// [`ValueError::Corrupt`] if no value starts there.
pub fn kind(bytes: &[u8]) -> Result<Kind, ValueError> {
    bytes.first().copied().and_then(Kind::from_byte).ok_or(ValueError::Corrupt)
}
