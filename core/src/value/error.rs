//! Why a value could not be written or read.

use core::fmt::{Display, Formatter, Result};

use serde::{de, ser};

use super::kind::Kind;
use super::limits::MAX_DEPTH;

/// Why a value could not be written or read.
///
/// It says which kinds and which of the type's own names are concerned, and never holds a part of the value:
/// an error is logged, a session is secret. For the same reason the text of a type's own error
/// (`serde::de::Error::custom`) is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueError {
    /// The type asks for something that values do not have; the text says what.
    Unsupported(&'static str),
    /// The value is of another kind than the type reads. A kind is `None` where the type does not tell it.
    Mismatch {
        /// What the type reads.
        expected: Option<Kind>,
        /// What stands there.
        found: Option<Kind>,
    },
    /// The number does not fit the type that reads it, or needs more than 64 bits.
    OutOfRange,
    /// An array or map of another length than the type reads.
    WrongLength {
        /// How many entries there are, or how many of them the type could read.
        found: usize,
    },
    /// The map has no entry for this field.
    MissingField(&'static str),
    /// The map has two entries for this field.
    DuplicateField(&'static str),
    /// The map has a key that the type, by `deny_unknown_fields`, refuses.
    UnknownField,
    /// The enum has no variant of this name.
    UnknownVariant,
    /// The type's own code refused, as for a date that does not exist.
    Refused,
    /// More than [`MAX_DEPTH`] arrays and maps in one another.
    TooDeep,
    /// The value does not fit.
    Full {
        /// A length in bytes that the whole would at least have come to.
        at_least: usize,
        /// The length in bytes that it may have.
        limit: usize,
    },
    /// The bytes are not a value, or not only one.
    Corrupt,
}

/// Why bytes are no value: a [`ValueError`] without the details that only types have, which costs little to hand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// [`ValueError::Corrupt`]
    Corrupt,
    /// [`ValueError::TooDeep`]
    TooDeep,
}

impl From<Flaw> for ValueError {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Corrupt => Self::Corrupt,
            Flaw::TooDeep => Self::TooDeep,
        }
    }
}

impl Display for ValueError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Unsupported(what) => write!(f, "session values cannot hold {what}: use another type"),
            Self::Mismatch { expected, found } => {
                f.write_str("the session value is not of the type asked for")?;
                if let Some(expected) = expected {
                    write!(f, "; expected: {}", expected.name())?;
                }
                if let Some(found) = found {
                    write!(f, "; found: {}", found.name())?;
                }
                f.write_str(": read it as the type it was written with")
            }
            Self::OutOfRange => f.write_str("the number does not fit its type: use a wider type"),
            Self::WrongLength { found } => {
                write!(
                    f,
                    "the array or map has {found} entries, which the type does not read: read it as a list"
                )
            }
            Self::MissingField(name) => {
                write!(
                    f,
                    "the session value has no field `{name}`: give the field a default, or make it an Option"
                )
            }
            Self::DuplicateField(name) => {
                write!(f, "the session value has the field `{name}` twice: write it once")
            }
            Self::UnknownField => f.write_str(
                "the session value has a field that the type does not know: add it, or allow unknown fields",
            ),
            Self::UnknownVariant => {
                f.write_str("the session value names a variant that the enum does not know: add the variant")
            }
            Self::Refused => f.write_str(
                "the type refused the session value: see the conditions of its Serialize or Deserialize",
            ),
            Self::TooDeep => {
                write!(f, "more than {MAX_DEPTH} arrays and maps in one another: flatten the session value")
            }
            Self::Full { at_least, limit } => {
                write!(
                    f,
                    "the session would take at least {at_least} bytes, of {limit}: store less, or raise the limit"
                )
            }
            Self::Corrupt => f.write_str("the bytes are not a session value: write it anew"),
        }
    }
}

impl core::error::Error for ValueError {}

impl ser::Error for ValueError {
    /// Drops the message, which may quote the value.
    fn custom<T: Display>(_message: T) -> Self {
        Self::Refused
    }
}

/// Every message is dropped, since it may quote the value; field names are the type's own.
impl de::Error for ValueError {
    fn custom<T: Display>(_message: T) -> Self {
        Self::Refused
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self::Mismatch { expected: None, found: found(&unexpected) }
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        match unexpected {
            de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) | de::Unexpected::Float(_) => {
                Self::OutOfRange
            }
            _ => Self::Refused,
        }
    }

    fn invalid_length(found: usize, _expected: &dyn de::Expected) -> Self {
        Self::WrongLength { found }
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self::UnknownVariant
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Self {
        Self::UnknownField
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingField(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::DuplicateField(field)
    }
}

/// The kind that serde's name for a found value stands for, where it is one.
fn found(unexpected: &de::Unexpected<'_>) -> Option<Kind> {
    use de::Unexpected;
    Some(match unexpected {
        Unexpected::Unit | Unexpected::Option => Kind::Null,
        Unexpected::Bool(_) => Kind::Bool,
        Unexpected::Signed(_) => Kind::Int,
        Unexpected::Unsigned(number) if i64::try_from(*number).is_ok() => Kind::Int,
        Unexpected::Unsigned(_) => Kind::UInt,
        Unexpected::Float(_) => Kind::Float,
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::UnitVariant => Kind::Str,
        Unexpected::Bytes(_) => Kind::Bytes,
        Unexpected::Seq => Kind::Array,
        Unexpected::Map
        | Unexpected::Enum
        | Unexpected::NewtypeVariant
        | Unexpected::TupleVariant
        | Unexpected::StructVariant => Kind::Map,
        Unexpected::NewtypeStruct | Unexpected::Other(_) => return None,
    })
}
