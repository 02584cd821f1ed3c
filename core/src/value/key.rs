//! Keys of maps: text, and what reads and writes as text.

use core::fmt::Display;

use serde::de::Visitor;
use serde::de::value::BorrowedStrDeserializer;
use serde::ser::{Impossible, Serializer};
use serde::{Deserializer, Serialize};

use super::error::ValueError;
use super::kind::Kind;
use super::writer::Writer;
use crate::buffer::Buffer;

type Result<T> = core::result::Result<T, ValueError>;

const UNSUPPORTED: ValueError =
    ValueError::Unsupported("a map key that is not text, an integer, a bool or a variant's name");

/// Writes one key: the length of its text, and the text.
pub(super) struct KeySerializer<'a, 'b, B: ?Sized> {
    pub(super) writer: &'a mut Writer<'b, B>,
}

impl<B: Buffer + ?Sized> KeySerializer<'_, '_, B> {
    fn text(self, text: &str) -> Result<()> {
        self.writer.bytes(text.as_bytes())
    }

    fn decimal(self, is_negative: bool, mut magnitude: u64) -> Result<()> {
        // A sign and at most 20 digits, from the last.
        let mut text = [0; 21];
        let mut start = text.len();
        for place in text.iter_mut().rev() {
            let [digit, ..] = (magnitude % 10).to_le_bytes();
            *place = b'0' | digit;
            start = start.saturating_sub(1);
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if is_negative {
            start = start.saturating_sub(1);
            if let Some(sign) = text.get_mut(start) {
                *sign = b'-';
            }
        }
        self.writer.bytes(text.get(start..).unwrap_or_default())
    }
}

macro_rules! write_integers {
    ($($method:ident $number:ty),*) => {$(
        fn $method(self, number: $number) -> Result<()> {
            self.serialize_i64(number.into())
        }
    )*};
}

impl<B: Buffer + ?Sized> Serializer for KeySerializer<'_, '_, B> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Impossible<(), ValueError>;
    type SerializeTuple = Impossible<(), ValueError>;
    type SerializeTupleStruct = Impossible<(), ValueError>;
    type SerializeTupleVariant = Impossible<(), ValueError>;
    type SerializeMap = Impossible<(), ValueError>;
    type SerializeStruct = Impossible<(), ValueError>;
    type SerializeStructVariant = Impossible<(), ValueError>;

    fn is_human_readable(&self) -> bool {
        true
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<()> {
        self.text(text)
    }

    fn serialize_char(self, character: char) -> Result<()> {
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.text(if value { "true" } else { "false" })
    }

    write_integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32
    );

    fn serialize_i64(self, number: i64) -> Result<()> {
        self.decimal(number < 0, number.unsigned_abs())
    }

    fn serialize_u64(self, number: u64) -> Result<()> {
        self.decimal(false, number)
    }

    fn serialize_i128(self, number: i128) -> Result<()> {
        match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => self.serialize_i64(number),
            (_, Ok(number)) => self.serialize_u64(number),
            _ => Err(ValueError::OutOfRange),
        }
    }

    fn serialize_u128(self, number: u128) -> Result<()> {
        self.serialize_u64(u64::try_from(number).map_err(|_| ValueError::OutOfRange)?)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.writer.display(value)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_f32(self, _number: f32) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_f64(self, _number: f64) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_bytes(self, _bytes: &[u8]) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_none(self) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_unit(self) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<()> {
        Err(UNSUPPORTED)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq> {
        Err(UNSUPPORTED)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Self::SerializeTuple> {
        Err(UNSUPPORTED)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        Err(UNSUPPORTED)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(UNSUPPORTED)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap> {
        Err(UNSUPPORTED)
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Self::SerializeStruct> {
        Err(UNSUPPORTED)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(UNSUPPORTED)
    }
}

/// Reads one key.
pub(super) struct KeyDeserializer<'de> {
    pub(super) text: &'de str,
}

impl<'de> KeyDeserializer<'de> {
    /// Reads a number only from the text that it is written as, so that no two keys are one number.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let mismatch = ValueError::Mismatch { expected: Some(Kind::Int), found: Some(Kind::Str) };
        let digits = self.text.strip_prefix('-').unwrap_or(self.text);
        let is_plain = match digits.as_bytes() {
            [b'0'] => digits.len() == self.text.len(),
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        if !is_plain {
            return Err(mismatch);
        }
        match (self.text.parse::<u64>(), self.text.parse::<i64>()) {
            (Ok(number), _) => visitor.visit_u64(number),
            (_, Ok(number)) => visitor.visit_i64(number),
            _ => Err(ValueError::OutOfRange),
        }
    }
}

macro_rules! read_integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.integer(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = ValueError;

    fn is_human_readable(&self) -> bool {
        true
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.text)
    }

    read_integers!(
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    );

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(ValueError::Mismatch { expected: Some(Kind::Bool), found: Some(Kind::Str) }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text))
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}
