//! Reading: from the bytes to a type, with no tree between.

use core::marker::PhantomData;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, Deserializer, Visitor};

use super::access::{self, Entries, Octets, Variant};
use super::error::ValueError;
use super::kind::Kind;
use super::limits::{enter, skip_value};
use super::wire::{Head, Reader, text};

type Result<T> = core::result::Result<T, ValueError>;

/// Reads `bytes`, which are exactly one value. Text and bytes can be borrowed from them.
///
/// # Errors
/// [`ValueError::Corrupt`] or [`ValueError::TooDeep`] if they are not a value; the other errors if the value
/// is not one of the type.
#[inline]
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let mut reader = Reader::new(bytes);
    let value = access::next(&mut reader, 0, PhantomData)?;
    if reader.len() == 0 { Ok(value) } else { Err(ValueError::Corrupt) }
}

/// Reads one value, which stands within `depth` arrays and maps.
///
/// The reader moves only when the value has been read to its end: a type that drops an error (`.ok()`, a
/// default) leaves it where it was, and [`access::next`] finds the end.
pub(super) struct ValueDeserializer<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) depth: usize,
}

impl<'de> ValueDeserializer<'_, 'de> {
    /// Reads the head, gives it to `visit` and moves the reader behind what `visit` read.
    #[inline]
    fn with<T>(self, visit: impl FnOnce(Head<'de>, &mut Reader<'de>, usize) -> Result<T>) -> Result<T> {
        let mut reader = *self.reader;
        let head = reader.head()?;
        let value = visit(head, &mut reader, self.depth)?;
        *self.reader = reader;
        Ok(value)
    }

    #[inline]
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, _, _| match head {
            Head::Int(number) => visit_int(number, visitor),
            Head::UInt(number) => visitor.visit_u64(number),
            other => Err(mismatch(Kind::Int, &other)),
        })
    }

    /// Reads a float, or an integer of which no more than `digits` binary digits are significant.
    fn float<V: Visitor<'de>>(self, digits: u32, visitor: V) -> Result<V::Value> {
        self.with(|head, _, _| match head {
            Head::Float(number) => visitor.visit_f64(number),
            Head::Int(number) if is_exact(number.unsigned_abs(), digits) =>
            {
                #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
                visitor.visit_f64(number as f64)
            }
            Head::UInt(number) if is_exact(number, digits) =>
            {
                #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
                visitor.visit_f64(number as f64)
            }
            Head::Int(_) | Head::UInt(_) => Err(ValueError::OutOfRange),
            other => Err(mismatch(Kind::Float, &other)),
        })
    }

    #[inline]
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, _, _| match head {
            Head::Str(bytes) => visitor.visit_borrowed_str(text(bytes)?),
            other => Err(mismatch(Kind::Str, &other)),
        })
    }

    fn null<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, _, _| match head {
            Head::Null => visitor.visit_unit(),
            other => Err(mismatch(Kind::Null, &other)),
        })
    }

    fn sequence<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, reader, depth| match head {
            Head::Array(count) => visit_array(reader, count, depth, visitor),
            Head::Bytes(bytes) => {
                let mut octets = Octets::new(bytes);
                let value = visitor.visit_seq(&mut octets)?;
                octets.finish()?;
                Ok(value)
            }
            other => Err(mismatch(Kind::Array, &other)),
        })
    }

    fn entries<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, reader, depth| match head {
            Head::Map(count) => visit_map(reader, count, depth, visitor),
            other => Err(mismatch(Kind::Map, &other)),
        })
    }
}

macro_rules! forward {
    ($($to:ident: $($method:ident)*;)*) => {$($(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.$to(visitor)
        }
    )*)*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_, 'de> {
    type Error = ValueError;

    /// Dates, UUIDs and addresses are read from text, which JavaScript writes too.
    fn is_human_readable(&self) -> bool {
        true
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, reader, depth| match head {
            Head::Null => visitor.visit_unit(),
            Head::Bool(value) => visitor.visit_bool(value),
            Head::Int(number) => visit_int(number, visitor),
            Head::UInt(number) => visitor.visit_u64(number),
            Head::Float(number) => visitor.visit_f64(number),
            Head::Str(bytes) => visitor.visit_borrowed_str(text(bytes)?),
            Head::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Head::Array(count) => visit_array(reader, count, depth, visitor),
            Head::Map(count) => visit_map(reader, count, depth, visitor),
        })
    }

    forward! {
        integer:
            deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        text: deserialize_char deserialize_str deserialize_string deserialize_identifier;
        null: deserialize_unit;
        sequence: deserialize_seq;
        entries: deserialize_map;
        // Text and arrays of numbers are also taken as bytes, by types that can.
        deserialize_any: deserialize_bytes deserialize_byte_buf;
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.with(|head, _, _| match head {
            Head::Bool(value) => visitor.visit_bool(value),
            other => Err(mismatch(Kind::Bool, &other)),
        })
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.float(f32::MANTISSA_DIGITS, visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.float(f64::MANTISSA_DIGITS, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let mut behind = *self.reader;
        if let Head::Null = behind.head()? {
            let value = visitor.visit_none::<ValueError>()?;
            *self.reader = behind;
            return Ok(value);
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.null(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value> {
        self.sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.sequence(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.entries(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.with(|head, reader, depth| match head {
            Head::Str(bytes) => visitor.visit_enum(BorrowedStrDeserializer::new(text(bytes)?)),
            Head::Map(1) => {
                let depth = enter(depth)?;
                let name = reader.str()?;
                let before = reader.len();
                let payload = ValueDeserializer { reader: &mut *reader, depth };
                let value = visitor.visit_enum(Variant { name, payload })?;
                if reader.len() == before {
                    skip_value(reader, depth)?;
                }
                Ok(value)
            }
            Head::Map(found) => Err(ValueError::WrongLength { found }),
            other => Err(mismatch(Kind::Str, &other)),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        skip_value(self.reader, self.depth)?;
        visitor.visit_unit()
    }
}

/// As JSON readers do, so that types written for those work: what is not negative is unsigned.
#[inline]
fn visit_int<'de, V: Visitor<'de>>(number: i64, visitor: V) -> Result<V::Value> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}

fn visit_array<'de, V>(reader: &mut Reader<'de>, count: usize, depth: usize, visitor: V) -> Result<V::Value>
where
    V: Visitor<'de>,
{
    let mut entries = Entries::new(reader, count, enter(depth)?);
    let value = visitor.visit_seq(&mut entries)?;
    entries.finish()?;
    Ok(value)
}

fn visit_map<'de, V>(reader: &mut Reader<'de>, count: usize, depth: usize, visitor: V) -> Result<V::Value>
where
    V: Visitor<'de>,
{
    let mut entries = Entries::new(reader, count, enter(depth)?);
    let value = visitor.visit_map(&mut entries)?;
    entries.finish()?;
    Ok(value)
}

/// Whether a number has no more than `digits` binary digits between its first one and its last.
fn is_exact(magnitude: u64, digits: u32) -> bool {
    let insignificant = magnitude.leading_zeros().saturating_add(magnitude.trailing_zeros());
    magnitude == 0 || u64::BITS.saturating_sub(insignificant) <= digits
}

fn mismatch(expected: Kind, found: &Head<'_>) -> ValueError {
    ValueError::Mismatch { expected: Some(expected), found: Some(found.kind()) }
}
