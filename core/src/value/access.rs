//! What a visitor reads the entries of an array, map or enum from.
//!
//! A type's own code may leave entries, or parts of them, unread, or go on after an error in one. Each
//! entry's end is therefore found by skipping wherever the entry was not read to its end, so that nothing is
//! ever read out of step.

use serde::de::value::{BorrowedStrDeserializer, U8Deserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::de::ValueDeserializer;
use super::error::ValueError;
use super::key::KeyDeserializer;
use super::kind::Kind;
use super::limits::skip_value;
use super::wire::{Head, Reader};

type Result<T> = core::result::Result<T, ValueError>;

/// Reads the value at `reader`, and moves behind it whether or not `seed` read it.
#[inline]
pub(super) fn next<'de, S: DeserializeSeed<'de>>(
    reader: &mut Reader<'de>,
    depth: usize,
    seed: S,
) -> Result<S::Value> {
    let before = reader.len();
    let value = seed.deserialize(ValueDeserializer { reader: &mut *reader, depth });
    // A deserializer moves its reader when it is done, and no value is empty.
    if reader.len() == before {
        skip_value(reader, depth)?;
    }
    value
}

/// The entries of an array or map.
pub(super) struct Entries<'a, 'de> {
    reader: &'a mut Reader<'de>,
    /// The depth of the entries.
    depth: usize,
    count: usize,
    remaining: usize,
    /// A key was read and its value was not.
    is_value_due: bool,
    /// An entry has no end. The type may go on all the same, but there is nothing more to read.
    is_broken: bool,
}

impl<'a, 'de> Entries<'a, 'de> {
    pub(super) fn new(reader: &'a mut Reader<'de>, count: usize, depth: usize) -> Self {
        Self { reader, depth, count, remaining: count, is_value_due: false, is_broken: false }
    }

    /// Checks that the type read all entries.
    pub(super) fn finish(mut self) -> Result<()> {
        self.skip_due()?;
        match (self.is_broken, self.remaining) {
            (true, _) => Err(ValueError::Corrupt),
            (false, 0) => Ok(()),
            (false, _) => Err(ValueError::WrongLength { found: self.count }),
        }
    }

    fn read<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let before = self.reader.len();
        let value = next(self.reader, self.depth, seed);
        self.is_broken = self.reader.len() == before;
        value
    }

    fn skip_due(&mut self) -> Result<()> {
        if core::mem::take(&mut self.is_value_due) {
            self.read(core::marker::PhantomData::<serde::de::IgnoredAny>)?;
        }
        Ok(())
    }

    /// Counts an entry off, if there is one.
    fn advance(&mut self) -> bool {
        if self.is_broken {
            return false;
        }
        let rest = self.remaining.checked_sub(1);
        self.remaining = rest.unwrap_or_default();
        rest.is_some()
    }
}

impl<'de> SeqAccess<'de> for &mut Entries<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.advance() { self.read(seed).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.remaining)
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, 'de> {
    type Error = ValueError;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.skip_due()?;
        if !self.advance() {
            return Ok(None);
        }
        let text = self.reader.str();
        self.is_broken = text.is_err();
        self.is_value_due = text.is_ok();
        seed.deserialize(KeyDeserializer { text: text? }).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        if !core::mem::take(&mut self.is_value_due) {
            return Err(ValueError::Unsupported("a map value without a key"));
        }
        self.read(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.remaining)
    }
}

/// A byte string, read as a sequence of numbers.
pub(super) struct Octets<'de> {
    bytes: &'de [u8],
    count: usize,
}

impl<'de> Octets<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, count: bytes.len() }
    }

    /// Checks that the type read all bytes.
    pub(super) fn finish(self) -> Result<()> {
        if self.bytes.is_empty() { Ok(()) } else { Err(ValueError::WrongLength { found: self.count }) }
    }
}

impl<'de> SeqAccess<'de> for &mut Octets<'de> {
    type Error = ValueError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((&byte, rest)) = self.bytes.split_first() else {
            return Ok(None);
        };
        self.bytes = rest;
        seed.deserialize(U8Deserializer::new(byte)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}

/// An enum's variant, written as a map from its name to its payload.
pub(super) struct Variant<'a, 'de> {
    pub(super) name: &'de str,
    /// Stands at the payload.
    pub(super) payload: ValueDeserializer<'a, 'de>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = ValueError;
    type Variant = ValueDeserializer<'a, 'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant)> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<ValueError>::new(self.name))?, self.payload))
    }
}

impl<'de> VariantAccess<'de> for ValueDeserializer<'_, 'de> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<()> {
        let mut reader = *self.reader;
        match reader.head()? {
            Head::Null => {
                *self.reader = reader;
                Ok(())
            }
            other => Err(ValueError::Mismatch { expected: Some(Kind::Null), found: Some(other.kind()) }),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_struct("", fields, visitor)
    }
}
