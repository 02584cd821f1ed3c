//! Messages between the driver and this crate: fields one after the other, in an order that both know.
//!
//! A number is a varint, a text or bytes are their length and themselves, what may be absent has a byte before it that says
//! whether it is there; a list has one before each entry and at its end. The last field may be all that is left. `js/src/core/message.ts` is the mirror image. Serde would double the size of the module.

use alloc::vec::Vec;

use fastsession_core::buffer::Buffer;
#[cfg(feature = "sessions")]
use fastsession_core::store::StoreKey;

use crate::failure::Failure;

/// Bytes of an answer's length and of its kind.
const HEAD: usize = 5;

/// A message that is being written: an answer, whose head comes before its content.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Erases what was written before, and begins an answer.
    pub(crate) fn begin(&mut self) {
        // It is kept, so that no compiler takes this for a write that nobody sees.
        self.0.fill(0);
        self.0.clear();
        self.0.resize(HEAD, 0);
    }

    /// Says that the answer tells of a failure.
    pub(crate) fn is_failure(&mut self) {
        if let Some([.., kind]) = self.0.first_chunk_mut::<HEAD>() {
            *kind = 1;
        }
    }

    /// Writes the head of the answer and tells where it is.
    pub(crate) fn end(&mut self) -> *const u8 {
        let length = self.0.len().saturating_sub(HEAD);
        // An address has four bytes, and so has a length.
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(head) = self.0.first_chunk_mut() {
            *head = length;
        }
        self.0.as_ptr()
    }

    /// What was written.
    #[cfg(test)]
    pub(crate) fn content(&self) -> &[u8] {
        &self.0
    }

    /// The buffer, to append to.
    #[cfg(feature = "sessions")]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The last field: what `bytes` are, up to the message's end.
    #[cfg(feature = "fernet")]
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.extend(bytes);
    }

    /// Memory that it moves out of is erased.
    fn extend(&mut self, bytes: &[u8]) {
        if bytes.len() <= self.0.capacity().saturating_sub(self.0.len()) {
            return self.0.extend_from_slice(bytes);
        }
        // It fits: a vector grows as far as it has to.
        let _ = self.0.try_append(bytes);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub(crate) fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.byte(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        self.byte(low_bits(rest));
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.extend(bytes);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_bytes(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.optional_bytes(text.map(str::as_bytes));
    }

    /// The name of a record, in hex.
    #[cfg(feature = "sessions")]
    pub(crate) fn optional_key(&mut self, key: Option<&StoreKey>) {
        self.optional_text(key.map(StoreKey::to_hex).as_deref());
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_number(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
        if let Some(number) = number {
            self.number(number);
        }
    }

    /// Things of which `write` writes each: before each of them a byte that says that one follows, and one at the end
    /// that says that none does.
    #[cfg(feature = "sessions")]
    pub(crate) fn list<T>(&mut self, things: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for thing in things {
            self.flag(true);
            write(self, thing);
        }
        self.flag(false);
    }
}

fn low_bits(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low & 0x7f
}

/// A message that is being read.
///
/// What is not there is read as nothing, and remembered: [`Self::check`] tells of it, before anything is done with what was read.
/// The driver sends no such message, so that it need not be known which field was at fault.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(message: &'a [u8]) -> Self {
        Self { rest: message, is_broken: false }
    }

    /// An error if anything that was read was not there.
    pub(crate) const fn check(&self) -> Result<(), Failure> {
        if self.is_broken { Err(Failure::Internal) } else { Ok(()) }
    }

    /// Whether there is nothing left.
    #[cfg(feature = "sessions")]
    pub(crate) const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The last field: all that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else {
            self.is_broken = true;
            return 0;
        };
        self.rest = rest;
        byte
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return number;
            }
        }
        self.is_broken = true;
        0
    }

    pub(crate) fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = self.length();
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            self.is_broken = true;
            return &[];
        };
        self.rest = rest;
        bytes
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> &'a str {
        core::str::from_utf8(self.bytes()).unwrap_or_else(|_| {
            self.is_broken = true;
            ""
        })
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_text(&mut self) -> Option<&'a str> {
        self.flag().then(|| self.text())
    }

    pub(crate) fn optional_number(&mut self) -> Option<u64> {
        self.flag().then(|| self.number())
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_flag(&mut self) -> Option<bool> {
        self.flag().then(|| self.flag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::new();
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            writer.number(number);
        }
        writer.text("é");
        writer.optional_number(Some(7));
        writer.optional_text(None);
        writer.list([3, 4].into_iter(), Writer::number);
        let mut reader = Reader::new(writer.content());
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(reader.number(), number);
        }
        assert_eq!(reader.text(), "é");
        assert_eq!(reader.optional_number(), Some(7));
        assert_eq!(reader.optional_text(), None);
        let list = [(); 5].map(|()| reader.byte());
        assert_eq!(list, [1, 3, 1, 4, 0]);
        assert!(reader.is_done() && reader.check().is_ok());
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        fn is_broken(message: &[u8], read: impl FnOnce(&mut Reader<'_>)) -> bool {
            let mut reader = Reader::new(message);
            read(&mut reader);
            // What comes after it does not make it whole.
            reader.rest();
            reader.check().is_err()
        }
        assert!(is_broken(&[], |reader| {
            reader.byte();
        }));
        assert!(is_broken(&[5, 1], |reader| {
            reader.bytes();
        }));
        assert!(is_broken(&[0x80], |reader| {
            reader.number();
        }));
        assert!(is_broken(&[0x80; 12], |reader| {
            reader.number();
        }));
        assert!(is_broken(&[1, 0xff, 0], |reader| {
            reader.text();
        }));
        assert!(!is_broken(&[1, 0x61, 0], |reader| {
            reader.text();
        }));
    }
}
