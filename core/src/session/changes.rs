//! The log of a request's changes: the names of the keys it changed. The values are in the record itself.
//!
//! The log lies at the end of the session's buffer, behind the entries: per name a byte that says how, the
//! name's length in a byte, and the name.

use crate::buffer::{Buffer, Full};

/// How a key was changed, which says how the change is replayed on a record that somebody else changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Set or removed: the last writer wins.
    Set,
    /// Updated from the value it had: to be computed again from the fresh value.
    Update,
    /// An update that has not been computed again yet.
    Pending,
}

/// The bit that tells flash entries from others of the same name.
const FLASH: u8 = 0x80;

impl How {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Set => 0,
            Self::Update => 1,
            Self::Pending => 2,
        }
    }

    /// How a key was changed that was changed like this, and then like `next`: what was set once is known, whatever
    /// it is computed from.
    pub(crate) const fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Set, Self::Update) => Self::Set,
            (_, next) => next,
        }
    }

    const fn from_byte(byte: u8) -> Self {
        match byte & !FLASH {
            0 => Self::Set,
            1 => Self::Update,
            _ => Self::Pending,
        }
    }
}

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    /// Text: only names that were text were logged.
    key: &'a [u8],
    pub(crate) flash: bool,
    pub(crate) how: How,
    /// Where the line begins in the log.
    at: usize,
}

/// Reads the log line by line.
pub(crate) struct Changes<'a> {
    log: &'a [u8],
    at: usize,
}

impl<'a> Changes<'a> {
    pub(crate) const fn new(log: &'a [u8]) -> Self {
        Self { log, at: 0 }
    }
}

impl<'a> Iterator for Changes<'a> {
    type Item = Change<'a>;

    fn next(&mut self) -> Option<Change<'a>> {
        let at = self.at;
        let [byte, length, rest @ ..] = self.log.get(at..)? else { return None };
        let key = rest.get(..usize::from(*length))?;
        self.at = at.wrapping_add(2).wrapping_add(key.len());
        Some(Change { key, flash: byte & FLASH != 0, how: How::from_byte(*byte), at })
    }
}

/// The line about a key, if there is one.
pub(crate) fn find<'a>(log: &'a [u8], key: &str, flash: bool) -> Option<Change<'a>> {
    Changes::new(log).find(|change| change.key == key.as_bytes() && change.flash == flash)
}

/// Appends a line to the log at the end of `buffer`.
pub(crate) fn append<B: Buffer + ?Sized>(
    buffer: &mut B,
    key: &str,
    flash: bool,
    how: How,
) -> Result<(), Full> {
    let length = u8::try_from(key.len()).map_err(|_| Full)?;
    let before = buffer.len();
    let byte = how.to_byte() | if flash { FLASH } else { 0 };
    buffer.try_append(&[byte, length])?;
    buffer.try_append(key.as_bytes()).inspect_err(|_| buffer.truncate(before))
}

/// Changes how the key of a line was changed.
pub(crate) fn set_how(log: &mut [u8], change_at: usize, how: How) {
    if let Some(byte) = log.get_mut(change_at) {
        *byte = how.to_byte() | (*byte & FLASH);
    }
}

impl<'a> Change<'a> {
    pub(crate) fn key(&self) -> &'a str {
        core::str::from_utf8(self.key).unwrap_or_default()
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back_in_order() {
        let mut log = heapless::Vec::<u8, 64>::new();
        append(&mut log, "cart", false, How::Update).unwrap();
        append(&mut log, "cart", true, How::Set).unwrap();
        append(&mut log, "", false, How::Pending).unwrap();
        let read: std::vec::Vec<_> =
            Changes::new(&log).map(|change| (change.key(), change.flash, change.how)).collect();
        assert_eq!(read, [("cart", false, How::Update), ("cart", true, How::Set), ("", false, How::Pending)]);
        let at = find(&log, "cart", true).unwrap().at();
        set_how(&mut log, at, How::Pending);
        assert_eq!(find(&log, "cart", true).unwrap().how, How::Pending);
        assert_eq!(find(&log, "cart", false).unwrap().how, How::Update);
        assert_eq!(find(&log, "other", false), None);
    }

    #[test]
    fn a_line_that_does_not_fit_is_not_begun() {
        let mut log = heapless::Vec::<u8, 4>::new();
        assert_eq!(append(&mut log, "abc", false, How::Set), Err(Full));
        assert!(log.is_empty());
    }
}
