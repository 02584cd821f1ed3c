//! Writing the entries of an array or map.

use serde::{Serialize, ser};

use super::error::ValueError;
use super::key::KeySerializer;
use super::kind::Kind;
use super::limits::enter;
use super::ser::ValueSerializer;
use super::wire::{Varint, widen};
use super::writer::Writer;
use crate::buffer::Buffer;

type Result<T> = core::result::Result<T, ValueError>;

/// An array or map that is being written.
///
/// The count that stands before the entries is what the type announced, and is corrected at the end if it was
/// not announced or is not what came. An entry that fails is taken back, since a type may go on without it.
pub(super) struct Entries<'a, 'b, B: ?Sized> {
    writer: &'a mut Writer<'b, B>,
    /// The depth of the entries.
    depth: usize,
    /// Where the count stands.
    count_at: usize,
    announced: u64,
    count: u64,
    /// Where the entry starts whose key is written and whose value is not.
    open_entry: Option<usize>,
}

impl<'a, 'b, B: Buffer + ?Sized> Entries<'a, 'b, B> {
    /// Starts an array or map that itself stands at `depth`.
    pub(super) fn open(
        writer: &'a mut Writer<'b, B>,
        kind: Kind,
        announced: Option<usize>,
        depth: usize,
    ) -> Result<Self> {
        let depth = enter(depth)?;
        let announced = widen(announced.unwrap_or_default());
        let count_at = writer.len().saturating_add(1);
        writer.head(kind, announced)?;
        Ok(Self { writer, depth, count_at, announced, count: 0, open_entry: None })
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T, entry_start: usize) -> Result<()> {
        let written = value.serialize(ValueSerializer { writer: self.writer, depth: self.depth });
        match written {
            Ok(()) => self.count = self.count.wrapping_add(1),
            Err(_) => self.writer.truncate(entry_start),
        }
        written
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let start = self.writer.len();
        self.value(value, start)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        let start = self.writer.len();
        self.writer.bytes(name.as_bytes())?;
        self.value(value, start)
    }

    fn close(self) -> Result<()> {
        if self.open_entry.is_some() {
            return Err(ValueError::Unsupported("a map key without a value"));
        }
        if self.count == self.announced {
            return Ok(());
        }
        let announced = Varint::new(self.announced).as_slice().len();
        let place = self.count_at..self.count_at.saturating_add(announced);
        self.writer.replace(place, Varint::new(self.count).as_slice())
    }
}

macro_rules! in_order {
    ($($trait:ident::$method:ident),*) => {$(
        impl<B: Buffer + ?Sized> ser::$trait for Entries<'_, '_, B> {
            type Ok = ();
            type Error = ValueError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.item(value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

in_order!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! by_name {
    ($($trait:ident),*) => {$(
        impl<B: Buffer + ?Sized> ser::$trait for Entries<'_, '_, B> {
            type Ok = ();
            type Error = ValueError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.field(name, value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

by_name!(SerializeStruct, SerializeStructVariant);

impl<B: Buffer + ?Sized> ser::SerializeMap for Entries<'_, '_, B> {
    type Ok = ();
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        if self.open_entry.is_some() {
            return Err(ValueError::Unsupported("a map key without a value"));
        }
        let start = self.writer.len();
        key.serialize(KeySerializer { writer: self.writer })?;
        self.open_entry = Some(start);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let start = self.open_entry.take().ok_or(ValueError::Unsupported("a map value without a key"))?;
        self.value(value, start)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}
