//! The plain fields of records, of listing entries and of parked phases, one after the other, as postcard writes them.

use postcard::ser_flavors::Flavor;

use super::{FORMAT_VERSION, Kind, Unreadable};
use crate::primitives;
use crate::time::UnixTime;
use crate::value::wire::Reader;

/// Writes fields to the start of `out`, which has room for all of them.
///
/// One by one: what serde derives for a struct is several times as large.
pub(crate) struct FieldWriter<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl<'a> FieldWriter<'a> {
    /// Begins at the first byte.
    pub(crate) const fn new(out: &'a mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// The kind and the version of the format.
    pub(crate) fn begin(&mut self, kind: Kind) {
        self.bytes(&[kind as u8, FORMAT_VERSION]);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let end = self.length.wrapping_add(bytes.len());
        if let Some(to) = self.out.get_mut(self.length..end) {
            to.copy_from_slice(bytes);
        }
        self.length = end;
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u64) {
        // What has no room is counted all the same: `finish` notices.
        let _ = postcard::serialize_with_flavor(&number, Bytewise(self));
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.bytes(&[u8::from(flag)]);
    }

    pub(crate) fn optional(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
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

/// Takes a number's few bytes one by one, which is quicker than a call that copies them.
struct Bytewise<'w, 'a>(&'w mut FieldWriter<'a>);

impl Flavor for Bytewise<'_, '_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if let Some(to) = self.0.out.get_mut(self.0.length) {
            *to = byte;
        }
        self.0.length = self.0.length.wrapping_add(1);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Reads what [`FieldWriter`] wrote, in the one form in which it writes it.
///
/// What is not there reads as zero, and is remembered: [`Self::check`] tells of it, before anything is done with what was read.
pub(crate) struct FieldReader<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> FieldReader<'a> {
    /// Begins at the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_broken: false }
    }

    /// The kind and the version of the format, which must be these.
    pub(crate) fn begin(&mut self, kind: Kind) {
        if self.byte() != kind as u8 || self.byte() != FORMAT_VERSION {
            self.is_broken = true;
        }
    }

    /// How many bytes are left.
    pub(crate) const fn len(&self) -> usize {
        self.rest.len()
    }

    /// All that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An error if anything that was read was not there.
    pub(crate) const fn check(&self) -> Result<(), Unreadable> {
        if self.is_broken { Err(Unreadable) } else { Ok(()) }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(crate) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            self.is_broken = true;
            return &[];
        };
        self.rest = rest;
        bytes
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        primitives::copy(self.bytes(N), &mut array);
        array
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// A byte that is 0 for no and 1 for yes.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(crate) fn flag(&mut self) -> bool {
        let byte = self.byte();
        self.is_broken |= byte > 1;
        byte == 1
    }

    /// Postcard would read integers that are longer than they need be, too.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        let mut reader = Reader::new(self.rest);
        let Ok(number) = reader.varint() else {
            self.is_broken = true;
            return 0;
        };
        self.rest = reader.rest();
        number
    }

    pub(crate) fn optional(&mut self) -> Option<u64> {
        self.flag().then(|| self.number())
    }

    pub(crate) fn time(&mut self) -> UnixTime {
        UnixTime::from_secs(self.number())
    }

    /// A number of bytes; one that no memory holds reads as the most.
    pub(crate) fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_is_postcards() {
        let mut out = [0; 64];
        let mut writer = FieldWriter::new(&mut out);
        writer.begin(Kind::Listing);
        writer.number(300);
        writer.optional(None);
        writer.optional(Some(u64::MAX));
        writer.bytes(&[7, 8]);
        let length = writer.finish().unwrap();
        let mut expected = [0; 64];
        let fields = (Kind::Listing as u8, FORMAT_VERSION, 300_u64, None::<u64>, Some(u64::MAX), [7_u8, 8]);
        assert_eq!(&out[..length], postcard::to_slice(&fields, &mut expected).unwrap());
        let mut reader = FieldReader::new(&out[..length]);
        reader.begin(Kind::Listing);
        assert_eq!(reader.number(), 300);
        assert_eq!((reader.optional(), reader.optional()), (None, Some(u64::MAX)));
        assert_eq!((reader.array(), reader.len(), reader.check()), ([7, 8], 0, Ok(())));
    }

    #[test]
    fn other_forms_are_refused() {
        let is_broken = |bytes: &[u8], read: fn(&mut FieldReader<'_>)| {
            let mut reader = FieldReader::new(bytes);
            read(&mut reader);
            // What comes after it does not make it whole.
            reader.bytes(0);
            reader.check().is_err()
        };
        for wrong in [&[][..], &[0x80, 0], &[0x80], &[0xff; 11]] {
            assert!(is_broken(wrong, |reader| assert_eq!(reader.number(), 0)));
        }
        assert!(is_broken(&[2, 1], |reader| assert_eq!(reader.optional(), None)));
        assert!(is_broken(&[1], |reader| assert_eq!(reader.array(), [0, 0])));
        for begin in [[Kind::Listing as u8, FORMAT_VERSION], [Kind::Record as u8, FORMAT_VERSION + 1]] {
            assert!(is_broken(&begin, |reader| reader.begin(Kind::Record)));
            assert!(is_broken(&begin[..1], |reader| reader.begin(Kind::Listing)));
        }
    }

    #[test]
    fn what_has_no_room_is_noticed() {
        let mut out = [0; 1];
        let mut writer = FieldWriter::new(&mut out);
        writer.bytes(&[1, 2]);
        assert_eq!(writer.finish(), Err(Unreadable));
    }
}
