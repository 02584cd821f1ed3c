//! Writing at the end of a [`Buffer`], up to a limit.

use core::ops::Range;

use super::error::ValueError;
use super::kind::Kind;
use super::wire::{Varint, short, widen, zigzag};
use crate::buffer::Buffer;

type Result<T> = core::result::Result<T, ValueError>;

/// Writes at the end of a buffer, which is not to become longer than a limit.
///
/// What a method writes is written whole or, if it does not fit, not at all.
pub(crate) struct Writer<'b, B: ?Sized> {
    out: &'b mut B,
    limit: usize,
}

impl<'b, B: Buffer + ?Sized> Writer<'b, B> {
    pub(crate) fn new(out: &'b mut B, limit: usize) -> Self {
        Self { out, limit }
    }

    /// How long the buffer is.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Drops what is beyond `length`.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.out.truncate(length);
    }

    /// Writes a kind and the number that follows it.
    #[inline]
    pub(crate) fn head(&mut self, kind: Kind, number: u64) -> Result<()> {
        match short(number) {
            Some(byte) => self.append([kind as u8, byte], &[]),
            None => self.append([kind as u8], Varint::new(number).as_slice()),
        }
    }

    /// Writes an integer, of the kind that its size demands.
    #[inline]
    pub(crate) fn int(&mut self, number: i64) -> Result<()> {
        self.head(Kind::Int, zigzag(number))
    }

    /// Writes an integer, of the kind that its size demands.
    #[inline]
    pub(crate) fn uint(&mut self, number: u64) -> Result<()> {
        match i64::try_from(number) {
            Ok(fits) => self.int(fits),
            Err(_) => self.head(Kind::UInt, number),
        }
    }

    /// Writes a length and the bytes.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        match short(widen(bytes.len())) {
            Some(length) => self.append([length], bytes),
            None => self.long_bytes([], bytes),
        }
    }

    /// Writes a kind, a length and the bytes.
    #[inline]
    pub(crate) fn block(&mut self, kind: Kind, bytes: &[u8]) -> Result<()> {
        match short(widen(bytes.len())) {
            Some(length) => self.append([kind as u8, length], bytes),
            None => self.long_bytes([kind as u8], bytes),
        }
    }

    /// Writes the text of `value` and, before it, its length.
    pub(crate) fn display<T: core::fmt::Display + ?Sized>(&mut self, value: &T) -> Result<()> {
        let start = self.len();
        self.text(start, value).inspect_err(|_| self.out.truncate(start))
    }

    /// Appends `head` and then `body`.
    #[inline]
    pub(crate) fn append<const N: usize>(&mut self, head: [u8; N], body: &[u8]) -> Result<()> {
        let start = self.out.len();
        let end = start.wrapping_add(N).wrapping_add(body.len());
        if end <= self.limit && self.out.try_append(&head).and_then(|()| self.out.try_append(body)).is_ok() {
            return Ok(());
        }
        self.out.truncate(start);
        Err(self.full(end))
    }

    /// Puts `bytes` in the place of `range`, moving what follows.
    pub(crate) fn replace(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<()> {
        let length = self.out.len().wrapping_sub(range.len()).wrapping_add(bytes.len());
        if length > self.limit || self.out.try_splice(range, bytes).is_err() {
            return Err(self.full(length));
        }
        Ok(())
    }

    fn long_bytes<const N: usize>(&mut self, head: [u8; N], bytes: &[u8]) -> Result<()> {
        let start = self.len();
        self.append(head, Varint::new(widen(bytes.len())).as_slice())?;
        self.append([], bytes).inspect_err(|_| self.out.truncate(start))
    }

    fn text<T: core::fmt::Display + ?Sized>(&mut self, start: usize, value: &T) -> Result<()> {
        self.append([0], &[])?;
        let behind_length = self.len();
        let mut text = Text { writer: self, failure: None };
        let outcome = core::fmt::write(&mut text, format_args!("{value}"));
        match (text.failure, outcome) {
            (Some(failure), _) => return Err(failure),
            (None, Err(_)) => return Err(ValueError::Refused),
            (None, Ok(())) => {}
        }
        let length = self.len().wrapping_sub(behind_length);
        self.replace(start..behind_length, Varint::new(widen(length)).as_slice())
    }

    #[cold]
    fn full(&self, at_least: usize) -> ValueError {
        ValueError::Full { at_least, limit: self.limit.min(self.out.max_capacity()) }
    }
}

/// Lets `core::fmt` write, and keeps the reason if it could not.
struct Text<'a, 'b, B: ?Sized> {
    writer: &'a mut Writer<'b, B>,
    failure: Option<ValueError>,
}

impl<B: Buffer + ?Sized> core::fmt::Write for Text<'_, '_, B> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.writer.append([], text.as_bytes()).map_err(|failure| {
            self.failure = Some(failure);
            core::fmt::Error
        })
    }
}
