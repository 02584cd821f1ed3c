//! Writing: from a type to the end of a buffer, with no tree between.

use core::fmt::Display;

use serde::{Serialize, Serializer};

use super::entries::Entries;
use super::error::ValueError;
use super::kind::Kind;
use super::limits::enter;
use super::writer::Writer;
use crate::buffer::Buffer;

type Result<T> = core::result::Result<T, ValueError>;

/// Appends `value` to `out`, which may come to `limit` bytes in all.
///
/// # Errors
/// [`ValueError::Full`] if it does not fit; [`ValueError::TooDeep`], [`ValueError::OutOfRange`] or
/// [`ValueError::Unsupported`] if it cannot be a value; [`ValueError::Refused`] if the type's own code
/// failed. `out` then holds what it held before.
pub fn write<T, B>(value: &T, out: &mut B, limit: usize) -> Result<()>
where
    T: Serialize + ?Sized,
    B: Buffer + ?Sized,
{
    let start = out.len();
    let mut writer = Writer::new(out, limit);
    let written = value.serialize(ValueSerializer { writer: &mut writer, depth: 0 });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Writes one value, which stands within `depth` arrays and maps.
pub(super) struct ValueSerializer<'a, 'b, B: ?Sized> {
    pub(super) writer: &'a mut Writer<'b, B>,
    pub(super) depth: usize,
}

impl<'a, 'b, B: Buffer + ?Sized> ValueSerializer<'a, 'b, B> {
    /// Writes the start of a map from the variant's name to a payload, and returns what writes the payload.
    fn variant(self, name: &str) -> Result<Self> {
        let depth = enter(self.depth)?;
        self.writer.head(Kind::Map, 1)?;
        self.writer.bytes(name.as_bytes())?;
        Ok(Self { writer: self.writer, depth })
    }

    fn open(self, kind: Kind, length: Option<usize>) -> Result<Entries<'a, 'b, B>> {
        Entries::open(self.writer, kind, length, self.depth)
    }
}

macro_rules! integers {
    ($($method:ident $number:ty => $write:ident),*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Result<()> {
            self.writer.$write(number.into())
        }
    )*};
}

impl<'a, 'b, B: Buffer + ?Sized> Serializer for ValueSerializer<'a, 'b, B> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Entries<'a, 'b, B>;
    type SerializeTuple = Entries<'a, 'b, B>;
    type SerializeTupleStruct = Entries<'a, 'b, B>;
    type SerializeTupleVariant = Entries<'a, 'b, B>;
    type SerializeMap = Entries<'a, 'b, B>;
    type SerializeStruct = Entries<'a, 'b, B>;
    type SerializeStructVariant = Entries<'a, 'b, B>;

    /// Dates, UUIDs and addresses are written as text, which JavaScript reads too.
    fn is_human_readable(&self) -> bool {
        true
    }

    integers!(
        serialize_i8 i8 => int, serialize_i16 i16 => int, serialize_i32 i32 => int, serialize_i64 i64 => int,
        serialize_u8 u8 => int, serialize_u16 u16 => int, serialize_u32 u32 => int, serialize_u64 u64 => uint
    );

    fn serialize_i128(self, number: i128) -> Result<()> {
        match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => self.writer.int(number),
            (_, Ok(number)) => self.writer.uint(number),
            _ => Err(ValueError::OutOfRange),
        }
    }

    fn serialize_u128(self, number: u128) -> Result<()> {
        self.writer.uint(u64::try_from(number).map_err(|_| ValueError::OutOfRange)?)
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.writer.append([Kind::Bool as u8, value.into()], &[])
    }

    fn serialize_f32(self, number: f32) -> Result<()> {
        self.serialize_f64(number.into())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<()> {
        self.writer.append([Kind::Float as u8], &number.to_le_bytes())
    }

    fn serialize_char(self, character: char) -> Result<()> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<()> {
        self.writer.block(Kind::Str, text.as_bytes())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<()> {
        self.writer.block(Kind::Bytes, bytes)
    }

    /// Formats into the buffer, without a string between.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.writer.append([Kind::Str as u8], &[])?;
        self.writer.display(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.writer.append([Kind::Null as u8], &[])
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq> {
        self.open(Kind::Array, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple> {
        self.open(Kind::Array, Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        self.open(Kind::Array, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.variant(variant)?.open(Kind::Array, Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap> {
        self.open(Kind::Map, length)
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Self::SerializeStruct> {
        self.open(Kind::Map, Some(length))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.variant(variant)?.open(Kind::Map, Some(length))
    }
}
