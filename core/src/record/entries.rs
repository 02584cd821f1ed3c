//! The entries of a record: key, life and value, one after the other, read where they lie.

use core::ops::Range;

use crate::buffer::{Buffer, Full};
use crate::time::UnixTime;
use crate::value::{self, Flaw, wire};

/// The most bytes of an entry's key.
pub const MAX_KEY_LENGTH: usize = 255;

/// How long an entry stays in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// As long as the session does.
    Session,
    /// Until this time, at most.
    Until(UnixTime),
    /// Until it is read.
    Flash,
}

impl Life {
    pub(crate) const fn is_flash(self) -> bool {
        matches!(self, Self::Flash)
    }

    /// Whether the entry is over at `now`.
    pub(crate) fn is_over(self, now: UnixTime) -> bool {
        matches!(self, Self::Until(end) if end <= now)
    }
}

/// One entry, where it lies.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// Text: [`count`] has looked.
    key: &'a [u8],
    pub(crate) life: Life,
    /// The encoded value.
    pub(crate) value: &'a [u8],
    /// Where the whole entry lies in the bytes that were scanned.
    pub(crate) range: Range<usize>,
}

impl<'a> Entry<'a> {
    pub(crate) fn key(&self) -> &'a str {
        core::str::from_utf8(self.key).unwrap_or_default()
    }
}

/// Reads the entries in `bytes` one by one. After an error it ends.
pub(crate) struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn read(&self) -> Result<Entry<'a>, Flaw> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut reader = wire::Reader::new(rest);
        let key = reader.bytes()?;
        let life = match reader.byte()? {
            0 => Life::Session,
            1 => Life::Until(UnixTime::from_secs(reader.varint()?)),
            2 => Life::Flash,
            _ => return Err(Flaw::Corrupt),
        };
        let value = reader.rest();
        let value = value.get(..value::skip_in(value)?).ok_or(Flaw::Corrupt)?;
        let head = rest.len().wrapping_sub(reader.len());
        let end = self.at.wrapping_add(head).wrapping_add(value.len());
        Ok(Entry { key, life, value, range: self.at..end })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Flaw>;

    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let entry = self.read();
        self.at = entry.as_ref().map_or(self.bytes.len(), |entry| entry.range.end);
        Some(entry)
    }
}

/// How many entries `bytes` hold, which must be nothing else: keys of a legal length, and whole values; and whether any of them
/// ends by itself.
pub(crate) fn count(bytes: &[u8]) -> Result<(usize, bool), Flaw> {
    let (mut count, mut has_ends) = (0_usize, false);
    for entry in Entries::new(bytes) {
        let Entry { key, life, .. } = entry?;
        has_ends |= matches!(life, Life::Until(_));
        let is_legal = (1..=MAX_KEY_LENGTH).contains(&key.len());
        // Most keys are ASCII, which is faster to see.
        if !is_legal || !(key.is_ascii() || core::str::from_utf8(key).is_ok()) {
            return Err(Flaw::Corrupt);
        }
        count = count.wrapping_add(1);
    }
    Ok((count, has_ends))
}

/// The entry under `key`: among the flash entries, or among the others.
pub(crate) fn find<'a>(bytes: &'a [u8], key: &str, flash: bool) -> Result<Option<Entry<'a>>, Flaw> {
    for entry in Entries::new(bytes) {
        let entry = entry?;
        if entry.key == key.as_bytes() && entry.life.is_flash() == flash {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Appends what comes before an entry's value.
pub(crate) fn append_head<B: Buffer + ?Sized>(out: &mut B, key: &str, life: Life) -> Result<(), Full> {
    match wire::short(wire::widen(key.len())) {
        Some(length) => out.try_append(&[length])?,
        None => out.try_append(wire::Varint::new(wire::widen(key.len())).as_slice())?,
    }
    out.try_append(key.as_bytes())?;
    match life {
        Life::Session => out.try_append(&[0]),
        Life::Until(end) => {
            out.try_append(&[1])?;
            out.try_append(wire::Varint::new(end.as_secs()).as_slice())
        }
        Life::Flash => out.try_append(&[2]),
    }
}
