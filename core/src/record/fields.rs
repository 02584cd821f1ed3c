//! The plain fields of records and listing entries, one after the other, as postcard writes them.

use super::{FORMAT_VERSION, Kind, Unreadable};
use crate::value::wire::{Reader, Varint};

/// Writes fields to the start of `out`, which has room for all of them.
///
/// One by one: what serde derives for a struct is several times as large.
pub(crate) struct FieldWriter<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl<'a> FieldWriter<'a> {
    /// Begins with the kind and the version of the format.
    pub(crate) fn new(out: &'a mut [u8], kind: Kind) -> Self {
        let mut writer = Self { out, length: 0 };
        writer.bytes(&[kind as u8, FORMAT_VERSION]);
        writer
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(to) = self.out.get_mut(self.length..end) {
            to.copy_from_slice(bytes);
        }
        self.length = end;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u64) {
        let out = self.out.get_mut(self.length..).unwrap_or_default();
        self.length = self.length.saturating_add(Varint::new(number).write_to(out));
    }

    pub(crate) fn optional(&mut self, number: Option<u64>) {
        self.bytes(&[u8::from(number.is_some())]);
        if let Some(number) = number {
            self.number(number);
        }
    }

    /// How many bytes were written.
    ///
    /// # Errors
    /// [`Unreadable`] if they were more than there was room for.
    pub(crate) fn finish(self) -> Result<usize, Unreadable> {
        if self.length <= self.out.len() { Ok(self.length) } else { Err(Unreadable) }
    }
}

/// Reads what [`FieldWriter`] wrote, in the one form in which it writes it.
pub(crate) struct FieldReader<'a>(&'a [u8]);

impl<'a> FieldReader<'a> {
    /// Begins with the kind and the version of the format, which must be these.
    pub(crate) fn new(bytes: &'a [u8], kind: Kind) -> Result<Self, Unreadable> {
        match bytes {
            [first, FORMAT_VERSION, rest @ ..] if *first == kind as u8 => Ok(Self(rest)),
            _ => Err(Unreadable),
        }
    }

    /// How many bytes are left.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// All that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Unreadable> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(array)
    }

    /// Postcard would read integers that are longer than they need be, too.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> Result<u64, Unreadable> {
        let mut reader = Reader::new(self.0);
        let number = reader.varint().map_err(|_| Unreadable)?;
        self.0 = reader.rest();
        Ok(number)
    }

    pub(crate) fn optional(&mut self) -> Result<Option<u64>, Unreadable> {
        match self.array()? {
            [0] => Ok(None),
            [1] => self.number().map(Some),
            _ => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_is_postcards() {
        let mut out = [0; 64];
        let mut writer = FieldWriter::new(&mut out, Kind::Listing);
        writer.number(300);
        writer.optional(None);
        writer.optional(Some(u64::MAX));
        writer.bytes(&[7, 8]);
        let length = writer.finish().unwrap();
        let mut expected = [0; 64];
        let fields = (Kind::Listing as u8, FORMAT_VERSION, 300_u64, None::<u64>, Some(u64::MAX), [7_u8, 8]);
        assert_eq!(&out[..length], postcard::to_slice(&fields, &mut expected).unwrap());
        let mut reader = FieldReader::new(&out[..length], Kind::Listing).unwrap();
        assert_eq!(reader.number(), Ok(300));
        assert_eq!((reader.optional(), reader.optional()), (Ok(None), Ok(Some(u64::MAX))));
        assert_eq!((reader.array(), reader.len()), (Ok(&[7, 8]), 0));
        assert!(FieldReader::new(&out, Kind::Record).is_err());
    }

    #[test]
    fn other_forms_are_refused() {
        let start = [Kind::Record as u8, FORMAT_VERSION];
        for wrong in [&[][..], &[0x80, 0], &[0x80], &[0xff; 11]] {
            let bytes = [&start, wrong].concat();
            assert_eq!(FieldReader::new(&bytes, Kind::Record).unwrap().number(), Err(Unreadable));
        }
        let bytes = [&start[..], &[2, 1]].concat();
        assert_eq!(FieldReader::new(&bytes, Kind::Record).unwrap().optional(), Err(Unreadable));
    }

    #[test]
    fn what_has_no_room_is_noticed() {
        let mut out = [0; 3];
        let mut writer = FieldWriter::new(&mut out, Kind::Record);
        writer.bytes(&[1, 2]);
        assert_eq!(writer.finish(), Err(Unreadable));
    }
}
