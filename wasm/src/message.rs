//! Messages between the driver and this crate: values one after the other, in an order that both know.
//!
//! A value is a byte that says what it is, and itself, as in a session (docs/format.md): so the driver reads and writes messages
//! with what it reads and writes a session's values with, in `js/src/value`. What is absent is a kind of its own, and an
//! answer's lists have an end instead of a length. Serde would double the size of the module.

use alloc::vec::Vec;

use fastsession_core::buffer::Buffer;
#[cfg(feature = "sessions")]
use fastsession_core::buffer::Full;
#[cfg(feature = "sessions")]
use fastsession_core::store::StoreKey;

use crate::failure::Failure;

// The kinds of values; the numbers are the same in js/src/value/kind.ts.
const BOOL: u8 = 1;
const INT: u8 = 2;
const STR: u8 = 5;
const BYTES: u8 = 6;
#[cfg(feature = "sessions")]
const LIST: u8 = 9;
const END: u8 = 10;
const ABSENT: u8 = 11;

/// The largest integer that a number of JavaScript is exact for.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Bytes of a length that is written after what it is the length of.
#[cfg(feature = "sessions")]
const LATE: usize = 4;

/// A message that is being written: an answer, which is a list.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Erases what was written before, and begins an answer: a byte says whether it tells of a failure.
    pub(crate) fn begin(&mut self, is_failure: bool) {
        // It is kept, so that no compiler takes this for a write that nobody sees.
        self.0.fill(0);
        self.0.clear();
        self.byte(u8::from(is_failure));
    }

    /// Ends the answer and tells where it is.
    pub(crate) fn end(&mut self) -> *const u8 {
        self.byte(END);
        self.0.as_ptr()
    }

    /// What was written.
    #[cfg(test)]
    pub(crate) fn content(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that `write` appends, of which nobody knows before how many they are.
    #[cfg(feature = "sessions")]
    pub(crate) fn appended(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Full>,
    ) -> Result<(), Failure> {
        self.extend(&[BYTES, 0, 0, 0, 0]);
        let start = self.0.len();
        write(&mut self.0)?;
        let length = u32::try_from(self.0.len().saturating_sub(start)).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(start.saturating_sub(LATE)..start) {
            place.copy_from_slice(&wide_varint(length));
        }
        Ok(())
    }

    /// Memory that it moves out of is erased.
    fn extend(&mut self, bytes: &[u8]) {
        if bytes.len() <= self.0.capacity().saturating_sub(self.0.len()) {
            return self.0.extend_from_slice(bytes);
        }
        // It fits: a vector grows as far as it has to.
        let _ = self.0.try_append(bytes);
    }

    fn byte(&mut self, byte: u8) {
        // Most messages are made of single bytes, which are not worth a copy.
        if self.0.len() == self.0.capacity() {
            return self.extend(&[byte]);
        }
        self.0.push(byte);
    }

    fn varint(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.byte(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        self.byte(low_bits(rest));
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn flag(&mut self, flag: bool) {
        self.extend(&[BOOL, u8::from(flag)]);
    }

    /// A number; one that JavaScript's do not reach is the largest that they do.
    pub(crate) fn number(&mut self, number: u64) {
        self.byte(INT);
        // The lowest bit says that a number is below zero, which none is here.
        self.varint(number.min(MAX_SAFE_INTEGER) << 1);
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    fn block(&mut self, kind: u8, bytes: &[u8]) {
        self.byte(kind);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.extend(bytes);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.block(BYTES, bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.utf8(text.as_bytes());
    }

    /// Bytes that are known to be text.
    pub(crate) fn utf8(&mut self, text: &[u8]) {
        self.block(STR, text);
    }

    /// What is absent.
    #[cfg(feature = "sessions")]
    pub(crate) fn nothing(&mut self) {
        self.byte(ABSENT);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional<T>(&mut self, thing: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match thing {
            None => self.nothing(),
            Some(thing) => write(self, thing),
        }
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_bytes(&mut self, bytes: Option<&[u8]>) {
        self.optional(bytes, Self::bytes);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        self.optional(text, Self::text);
    }

    /// The name of a record, in hex.
    #[cfg(feature = "sessions")]
    pub(crate) fn optional_key(&mut self, key: Option<&StoreKey>) {
        self.optional_text(key.map(StoreKey::to_hex).as_deref());
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_number(&mut self, number: Option<u64>) {
        self.optional(number, Self::number);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn begin_list(&mut self) {
        self.byte(LIST);
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn end_list(&mut self) {
        self.byte(END);
    }

    /// Things of which `write` writes each.
    #[cfg(feature = "sessions")]
    pub(crate) fn list<T>(&mut self, things: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.begin_list();
        for thing in things {
            write(self, thing);
        }
        self.end_list();
    }
}

/// An integer of four times seven bits, as a varint of four bytes.
#[cfg(feature = "sessions")]
const fn wide_varint(number: u32) -> [u8; LATE] {
    let spread = number & 0x7f | number << 1 & 0x7f00 | number << 2 & 0x7f_0000 | number << 3 & 0x7f00_0000;
    (spread | 0x80_8080).to_le_bytes()
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

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else {
            self.is_broken = true;
            return 0;
        };
        self.rest = rest;
        byte
    }

    #[inline(never)]
    fn varint(&mut self) -> u64 {
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

    #[inline(never)]
    fn kind(&mut self, kind: u8) {
        self.is_broken |= self.byte() != kind;
    }

    /// Whether what follows is absent, which is all that is read of it.
    #[inline(never)]
    fn is_absent(&mut self) -> bool {
        let is_absent = self.rest.first() == Some(&ABSENT);
        if is_absent {
            self.byte();
        }
        is_absent
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.is_absent() { None } else { Some(read(self)) }
    }

    /// What an array or a text begins with: its kind, which is known, and how much it has.
    pub(crate) fn length(&mut self) -> usize {
        self.byte();
        usize::try_from(self.varint()).unwrap_or(usize::MAX)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.kind(INT);
        self.varint() >> 1
    }

    pub(crate) fn optional_number(&mut self) -> Option<u64> {
        self.optional(Self::number)
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.kind(BOOL);
        self.byte() != 0
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn optional_flag(&mut self) -> Option<bool> {
        self.optional(Self::flag)
    }

    /// Bytes, or text as its bytes.
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
        self.optional(Self::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_values_with_their_kinds() {
        let mut writer = Writer::new();
        writer.begin(true);
        writer.number(300);
        writer.text("é");
        writer.flag(true);
        writer.optional_bytes(Some(&[7]));
        writer.optional_text(None);
        writer.list([3, 4].into_iter(), Writer::number);
        writer.appended(|buffer| buffer.try_append(&[9; 130])).unwrap();
        writer.end();
        let (start, end) = writer.content().split_at(20);
        assert_eq!(
            start,
            [1, INT, 0xd8, 4, STR, 2, 0xc3, 0xa9, BOOL, 1, BYTES, 1, 7, ABSENT, LIST, INT, 6, INT, 8, END]
        );
        assert_eq!(end, [&[BYTES, 0x82, 0x81, 0x80, 0][..], &[9; 130], &[END]].concat());
        writer.begin(false);
        assert_eq!(writer.content(), [0]);
    }

    #[test]
    fn what_the_driver_writes_is_read() {
        // 300, undefined, 0, true, false, undefined, "é", undefined and [1, 2], as js/src/value/writer.ts writes them.
        let message = [2, 0xd8, 4, 11, 2, 0, 1, 1, 1, 0, 11, 5, 2, 0xc3, 0xa9, 11, 7, 2, 2, 2, 2, 4];
        let mut reader = Reader::new(&message);
        assert_eq!(
            (reader.number(), reader.optional_number(), reader.optional_number()),
            (300, None, Some(0))
        );
        assert_eq!(
            (reader.flag(), reader.optional_flag(), reader.optional_flag()),
            (true, Some(false), None)
        );
        assert_eq!((reader.optional_text(), reader.optional_text()), (Some("é"), None));
        assert_eq!((reader.length(), reader.number(), reader.number()), (2, 1, 2));
        assert!(reader.rest.is_empty() && reader.check().is_ok());
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        fn is_broken(message: &[u8], read: impl FnOnce(&mut Reader<'_>)) -> bool {
            let mut reader = Reader::new(message);
            read(&mut reader);
            reader.check().is_err()
        }
        assert!(is_broken(&[], |reader| {
            reader.flag();
        }));
        assert!(is_broken(&[BYTES, 5, 1], |reader| {
            reader.bytes();
        }));
        assert!(is_broken(&[2, 0x80], |reader| {
            reader.number();
        }));
        assert!(is_broken(&[0x80; 12], |reader| {
            reader.number();
        }));
        assert!(is_broken(&[STR, 1, 0xff, 0], |reader| {
            reader.text();
        }));
        assert!(!is_broken(&[STR, 1, 0x61, 0], |reader| {
            reader.text();
        }));
    }

    #[test]
    fn what_is_of_another_kind_is_an_error() {
        // A float instead of a number, and a number instead of a flag.
        for (message, read) in [
            (&[4, 0, 0][..], (|reader| assert_eq!(reader.number(), 0)) as fn(&mut Reader<'_>)),
            (&[INT, 1], |reader| assert!(reader.flag())),
        ] {
            let mut reader = Reader::new(message);
            read(&mut reader);
            assert!(reader.check().is_err(), "{message:?}");
        }
        let mut reader = Reader::new(&[INT, 8, BOOL, 1]);
        assert_eq!((reader.number(), reader.flag(), reader.check().is_ok()), (4, true, true));
    }

    #[test]
    fn numbers_are_those_that_javascript_has() {
        let mut writer = Writer::new();
        writer.number(u64::MAX);
        let mut reader = Reader::new(writer.content());
        assert_eq!(reader.number(), MAX_SAFE_INTEGER);
    }
}
