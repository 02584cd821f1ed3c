//! Messages between the driver and this crate: fields one after the other, in an order that both know.
//!
//! A number is a varint, a text or bytes are their length and themselves, what may be absent has a byte before it that says
//! whether it is there; a list has one before each entry and at its end. The last field may be all that is left. `js/src/core/message.ts` is the mirror image. Serde would double the size of the module.

use alloc::vec::Vec;

use fastsession_core::store::StoreKey;

use crate::failure::Failure;

/// Most messages fit, so that they are written without moving.
const USUAL_LENGTH: usize = 1_024;

/// A message that is being written.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(USUAL_LENGTH))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    pub(crate) fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.0.push(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        self.0.push(low_bits(rest));
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn optional_bytes(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        if let Some(bytes) = bytes {
            self.bytes(bytes);
        }
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.optional_bytes(text.map(str::as_bytes));
    }

    /// The name of a record, in hex.
    pub(crate) fn optional_key(&mut self, key: Option<&StoreKey>) {
        self.optional_text(key.map(StoreKey::to_hex).as_deref());
    }

    pub(crate) fn optional_number(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
        if let Some(number) = number {
            self.number(number);
        }
    }

    /// Things of which `write` writes each: before each of them a byte that says that one follows, and one at the end
    /// that says that none does.
    pub(crate) fn list<T>(&mut self, things: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for thing in things {
            self.flag(true);
            write(self, thing);
        }
        self.flag(false);
    }

    /// The last field: what `write` appends, up to the message's end.
    pub(crate) fn rest<E>(
        mut self,
        write: impl FnOnce(&mut Vec<u8>) -> core::result::Result<(), E>,
    ) -> core::result::Result<Vec<u8>, E> {
        write(&mut self.0)?;
        Ok(self.0)
    }
}

fn low_bits(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low & 0x7f
}

/// A message that is being read.
pub(crate) struct Reader<'a>(&'a [u8]);

type Result<T> = core::result::Result<T, Failure>;

impl<'a> Reader<'a> {
    pub(crate) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    pub(crate) const fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.0.split_first().ok_or(Failure::Internal)?;
        self.0 = rest;
        Ok(byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool> {
        Ok(self.byte()? != 0)
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Failure::Internal)
    }

    pub(crate) fn length(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|_| Failure::Internal)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Failure::Internal)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Failure::Internal)
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>> {
        if self.flag()? { self.text().map(Some) } else { Ok(None) }
    }

    pub(crate) fn optional_number(&mut self) -> Result<Option<u64>> {
        if self.flag()? { self.number().map(Some) } else { Ok(None) }
    }

    pub(crate) fn optional_flag(&mut self) -> Result<Option<bool>> {
        if self.flag()? { self.flag().map(Some) } else { Ok(None) }
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
        let message = writer.finish();
        let mut reader = Reader::new(&message);
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(reader.number().unwrap(), number);
        }
        assert_eq!(reader.text().unwrap(), "é");
        assert_eq!(reader.optional_number().unwrap(), Some(7));
        assert_eq!(reader.optional_text().unwrap(), None);
        let list = [(); 5].map(|()| reader.byte().unwrap());
        assert_eq!(list, [1, 3, 1, 4, 0]);
        assert!(reader.is_done() && reader.byte().is_err());
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        assert!(Reader::new(&[5, 1]).bytes().is_err());
        assert!(Reader::new(&[0x80]).number().is_err());
        assert!(Reader::new(&[0x80; 12]).number().is_err());
        assert!(Reader::new(&[1, 0xff]).text().is_err());
    }
}
