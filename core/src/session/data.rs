//! A session's bytes: one buffer from the store's answer to the store's next write.
//!
//! ```text
//! open      [Fernet prefix][header][owner][label][count][entries][log of changes]
//! sealed    [ the token: prefix, ciphertext, MAC                ][log of changes]
//! ```
//!
//! The header and the count are kept decoded beside the buffer while it is open, and written at sealing. A session
//! that nobody put anything into has an empty buffer.
//!
//! Offsets are never beyond the buffer, so that their sums do not overflow and their differences are not below zero. They wrap around all
//! the same, since that takes no code; whatever comes of them, bytes are only taken from where there are any.

use core::ops::Range;

use zeroize::Zeroize;

use super::changes::{self, Changes, How};
use super::error::{SessionError, TooLarge};
use super::identity::{MAX_LABEL_LENGTH, is_owner};
use crate::buffer::Buffer;
use crate::primitives::Secret;
use crate::record::Unreadable;
use crate::record::entries::{self, Entries, Entry, Life, MAX_KEY_LENGTH};
use crate::record::fields::FieldReader;
use crate::record::header::{self, Header};
use crate::time::UnixTime;
use crate::token::{PREFIX, RecordKey, sealed_len};
use crate::value::{Flaw, ValueError, wire};

/// How many times its limit a session may take while a value is written, so that an error can tell its size.
const MEASURED: usize = 4;

/// An owner that is absent, a label that is empty, no entries.
const EMPTY_PARTS: [u8; 3] = [0; 3];

/// The bytes of a session, sealed or open.
pub(crate) struct Data<B: Buffer> {
    buffer: B,
    /// The most bytes that the sealed session may have.
    limit: usize,
    /// Where the parts begin, while the session is open; all zero while the buffer is empty.
    owner: usize,
    label: usize,
    count_at: usize,
    entries: usize,
    /// Where the log begins.
    log: usize,
    /// How many entries there are.
    count: usize,
    /// Whether there may be entries that end by themselves.
    has_ends: bool,
}

/// Where the parts of an open session begin, in their order in the buffer, and how many entries there are.
pub(crate) type Offsets = [usize; 6];

/// Why a record did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was not sealed with this key. It is unchanged, another key can be tried.
    Key,
    /// It was, but holds something else than a session.
    Content,
}

impl<B: Buffer> Data<B> {
    /// The record in `buffer`, sealed; or none, if the buffer is empty.
    pub(crate) fn new(buffer: B, limit: usize) -> Self {
        let log = buffer.len();
        Self { buffer, limit, owner: 0, label: 0, count_at: 0, entries: 0, log, count: 0, has_ends: true }
    }

    /// Takes the first `length` bytes for an open session whose parts begin at these offsets. What is not there reads as empty.
    pub(crate) fn take_up(&mut self, length: usize, offsets: Offsets) {
        self.buffer.truncate(length);
        [self.owner, self.label, self.count_at, self.entries, self.log, self.count] = offsets;
    }

    /// Where the parts begin.
    pub(crate) fn offsets(&self) -> Offsets {
        [self.owner, self.label, self.count_at, self.entries, self.log, self.count]
    }

    /// All bytes.
    pub(crate) fn buffer(&self) -> &B {
        &self.buffer
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.buffer.as_mut().zeroize();
        self.buffer.truncate(0);
        (self.owner, self.label, self.count_at, self.entries, self.log, self.count) = (0, 0, 0, 0, 0, 0);
    }

    /// Takes a sealed record of up to `length` bytes that `read` writes and tells the length of; `None` if it does not.
    pub(crate) fn fill(
        &mut self,
        length: usize,
        read: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<()> {
        self.reset();
        self.buffer.try_resize(length).ok()?;
        let length = read(self.buffer.as_mut())?;
        self.buffer.truncate(length);
        self.log = length;
        Some(())
    }

    /// Decrypts the sealed record in place, and reads its header. A log behind it stays.
    pub(crate) fn open(&mut self, key: &RecordKey, header: &mut Header) -> Result<(), Refusal> {
        let token = self.buffer.as_mut().get_mut(..self.log).unwrap_or_default();
        let plain = key.open_in_place(token).map_err(|_| Refusal::Key)?;
        let end = plain.end;
        self.find_parts(plain, header).map_err(|_| Refusal::Content)?;
        self.replace(end..self.log, &[]).map_err(|_| Refusal::Content)?;
        self.log = end;
        Ok(())
    }

    fn write_count(&mut self) -> Result<(), SessionError> {
        let count = wire::Varint::new(wire::widen(self.count));
        self.replace(self.count_at..self.entries, count.as_slice())?;
        let entries = self.count_at.wrapping_add(count.as_slice().len());
        self.log = self.log.wrapping_sub(self.entries).wrapping_add(entries);
        self.entries = entries;
        Ok(())
    }

    fn find_parts(&mut self, plain: Range<usize>, header: &mut Header) -> Result<(), Unreadable> {
        let mut fields = FieldReader::new(self.buffer.as_ref().get(plain.clone()).ok_or(Unreadable)?);
        header.read(&mut fields);
        fields.check()?;
        self.owner = plain.end.wrapping_sub(fields.len());
        let mut reader = wire::Reader::new(fields.rest());
        let at = |reader: &wire::Reader<'_>| plain.end.wrapping_sub(reader.len());
        let owner = read_owner(&mut reader).map_err(|_| Unreadable)?;
        self.label = at(&reader);
        let label = reader.str().map_err(|_| Unreadable)?;
        if owner.is_some_and(|owner| !is_owner(owner)) || label.len() > MAX_LABEL_LENGTH {
            return Err(Unreadable);
        }
        self.count_at = at(&reader);
        let count = reader.varint().map_err(|_| Unreadable)?;
        self.entries = at(&reader);
        (self.count, self.has_ends) = entries::count(reader.rest()).map_err(|_| Unreadable)?;
        if wire::widen(self.count) == count { Ok(()) } else { Err(Unreadable) }
    }

    /// Encrypts the session in place and gives the length of the token, which the buffer now begins with.
    pub(crate) fn seal(
        &mut self,
        header: &Header,
        key: &RecordKey,
        at: UnixTime,
        iv: [u8; 16],
    ) -> Result<(), SessionError> {
        self.lay_out()?;
        self.write_count()?;
        let mut room = Secret::zero();
        let header = header.encode(&mut room).map_err(|Unreadable| ValueError::Corrupt)?;
        self.replace(PREFIX..self.owner, header)?;
        let shift = |offset: &mut usize, from: usize| {
            *offset = offset.wrapping_sub(from).wrapping_add(PREFIX).wrapping_add(header.len());
        };
        let from = self.owner;
        for offset in [&mut self.owner, &mut self.label, &mut self.count_at, &mut self.entries, &mut self.log]
        {
            shift(offset, from);
        }
        let plain_length = self.log.wrapping_sub(PREFIX);
        let length = sealed_len(plain_length);
        // Room for padding and MAC, which are written over what is there.
        let (log, end) = (self.log, self.buffer.len());
        if log > end {
            return Err(ValueError::Corrupt.into());
        }
        let grown = end.saturating_sub(log).saturating_add(length);
        self.buffer.try_resize(grown).map_err(|_| self.too_large(grown, None))?;
        self.buffer.as_mut().copy_within(log..end, length);
        self.log = length;
        let token = self.buffer.as_mut().get_mut(..length).unwrap_or_default();
        key.seal_in_place(token, plain_length, at, iv).map_err(|_| ValueError::Corrupt)?;
        Ok(())
    }

    /// The sealed token.
    pub(crate) fn token(&self) -> &[u8] {
        self.bytes(0..self.log)
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        read_owner(&mut wire::Reader::new(self.bytes(self.owner..self.label))).unwrap_or_default()
    }

    pub(crate) fn label(&self) -> &str {
        wire::Reader::new(self.bytes(self.label..self.count_at)).str().unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries::new(self.bytes(self.entries..self.log))
    }

    pub(crate) fn find(&self, key: &str, flash: bool) -> Result<Option<Entry<'_>>, Flaw> {
        entries::find(self.bytes(self.entries..self.log), key, flash)
    }

    pub(crate) fn changes(&self) -> Changes<'_> {
        Changes::new(self.bytes(self.log..self.buffer.len()))
    }

    pub(crate) fn set_owner(&mut self, owner: &str) -> Result<(), SessionError> {
        self.lay_out()?;
        self.set_part(self.owner..self.label, &[1], owner)
    }

    pub(crate) fn set_label(&mut self, label: &str) -> Result<(), SessionError> {
        self.lay_out()?;
        self.set_part(self.label..self.count_at, &[], label)
    }

    /// Writes an entry, replacing the one under the same key, and logs the change. On an error nothing is changed.
    pub(crate) fn insert(
        &mut self,
        key: &str,
        life: Life,
        how: How,
        write_value: impl FnOnce(&mut B, usize) -> Result<(), ValueError>,
    ) -> Result<(), SessionError> {
        check_key(key)?;
        self.lay_out()?;
        let before = self.buffer.len();
        let written = self.write_entry(key, life, how, write_value);
        if written.is_err() {
            self.buffer.truncate(before);
        }
        written
    }

    fn write_entry(
        &mut self,
        key: &str,
        life: Life,
        how: How,
        write_value: impl FnOnce(&mut B, usize) -> Result<(), ValueError>,
    ) -> Result<(), SessionError> {
        let logged = changes::find(self.bytes(self.log..self.buffer.len()), key, life.is_flash());
        let logged_at = logged.map(|change| self.log.wrapping_add(change.at()));
        let how = logged.map_or(how, |change| change.how.then(how));
        if logged_at.is_none() {
            self.append_change(key, life.is_flash(), how)?;
        }
        let start = self.buffer.len();
        let most = start.saturating_add(self.limit.saturating_mul(MEASURED)).min(self.buffer.max_capacity());
        let head = entries::append_head(&mut self.buffer, key, life);
        head.map_err(|_| self.too_large(self.buffer.max_capacity().saturating_add(1), None))?;
        match write_value(&mut self.buffer, most) {
            Ok(()) => {}
            Err(ValueError::Full { at_least, .. }) => {
                let length = at_least.saturating_sub(start);
                return Err(self.too_large(at_least, Some((key, length))));
            }
            Err(error) => return Err(error.into()),
        }
        let length = self.buffer.len().wrapping_sub(start);
        let old = self.find(key, life.is_flash())?.map(|entry| self.absolute(&entry.range));
        let count = self.count.wrapping_add(usize::from(old.is_none()));
        let removed = old.as_ref().map_or(0, ExactSizeIterator::len);
        self.check_size(count, removed, length, start.wrapping_sub(self.log), (key, length))?;
        // From here on nothing can fail.
        self.has_ends |= matches!(life, Life::Until(_));
        if let Some(old) = old.as_ref().filter(|old| old.end == self.log && old.len() == length) {
            // The last entry once more, as a counter is: it need not move.
            self.buffer.as_mut().copy_within(start.., old.start);
            self.buffer.truncate(start);
            if let Some(at) = logged_at {
                changes::set_how(self.buffer.as_mut(), at, how);
            }
            return Ok(());
        }
        // [log][new entry] becomes [new entry][log], then the old entry goes.
        if let Some(behind) = self.buffer.as_mut().get_mut(self.log..) {
            move_to_end(behind, start.wrapping_sub(self.log));
        }
        self.log = self.log.wrapping_add(length);
        self.count = count;
        if let Some(at) = logged_at {
            let at = at.wrapping_add(length);
            changes::set_how(self.buffer.as_mut(), at, how);
        }
        if let Some(old) = old {
            self.cut(old);
        }
        Ok(())
    }

    /// Removes an entry and logs that; tells whether it was there.
    pub(crate) fn remove(&mut self, key: &str, flash: bool) -> Result<bool, SessionError> {
        check_key(key)?;
        self.lay_out()?;
        let found = self.find(key, flash)?.map(|entry| self.absolute(&entry.range));
        self.log_change(key, flash, How::Set)?;
        if let Some(range) = &found {
            self.cut(range.clone());
            self.count = self.count.wrapping_sub(1);
        }
        Ok(found.is_some())
    }

    /// Removes all entries and forgets what was logged of them.
    pub(crate) fn clear(&mut self) {
        let entries = self.entries..self.log;
        if let Some(bytes) = self.buffer.as_mut().get_mut(entries.start..) {
            bytes.zeroize();
        }
        self.buffer.truncate(entries.start);
        self.log = entries.start;
        self.count = 0;
    }

    /// Removes the entries whose own time is over. That is no change that would have to be replayed.
    pub(crate) fn prune(&mut self, now: UnixTime) {
        while self.has_ends {
            let over = self.entries().find_map(|entry| entry.ok().filter(|entry| entry.life.is_over(now)));
            let Some(range) = over.map(|entry| self.absolute(&entry.range)) else { return };
            self.cut(range);
            self.count = self.count.wrapping_sub(1);
        }
    }

    /// Logs a change of `key`; a line about it that is there already is changed.
    pub(crate) fn log_change(&mut self, key: &str, flash: bool, how: How) -> Result<(), SessionError> {
        self.lay_out()?;
        let log = self.buffer.as_mut().get_mut(self.log..).unwrap_or_default();
        match changes::find(log, key, flash).map(|change| (change.at(), change.how)) {
            Some((at, _)) => changes::set_how(log, at, how),
            None => self.append_change(key, flash, how)?,
        }
        Ok(())
    }

    /// Forgets the log: what it says is stored.
    pub(crate) fn forget_changes(&mut self) {
        self.buffer.truncate(self.log);
    }

    fn append_change(&mut self, key: &str, flash: bool, how: How) -> Result<(), SessionError> {
        let log_length = self.buffer.len().wrapping_sub(self.log).wrapping_add(key.len()).wrapping_add(2);
        self.check_size(self.count, 0, 0, log_length, (key, 0))?;
        changes::append(&mut self.buffer, key, flash, how).map_err(|_| self.too_large(self.limit, None))
    }

    /// Gives an empty buffer the parts of a session with nothing in it.
    fn lay_out(&mut self) -> Result<(), SessionError> {
        if !self.buffer.is_empty() {
            return Ok(());
        }
        let length = PREFIX.wrapping_add(EMPTY_PARTS.len());
        self.buffer.try_resize(length).map_err(|_| self.too_large(sealed_len(length), None))?;
        (self.owner, self.label) = (PREFIX, PREFIX.wrapping_add(1));
        (self.count_at, self.entries, self.log) = (PREFIX.wrapping_add(2), length, length);
        Ok(())
    }

    /// Writes `lead` and a text instead of this part of an open session.
    fn set_part(&mut self, part: Range<usize>, lead: &[u8], text: &str) -> Result<(), SessionError> {
        let length = wire::Varint::new(wire::widen(text.len()));
        let head_length = lead.len().wrapping_add(length.as_slice().len());
        let grown = text.len().wrapping_add(head_length);
        let log_length = self.buffer.len().wrapping_sub(self.log);
        // The old text goes first: at no time there is more than at the end.
        self.check_size(self.count, part.len(), grown, log_length, ("", 0))?;
        self.replace(part.clone(), text.as_bytes())?;
        self.replace(part.start..part.start, length.as_slice())?;
        self.replace(part.start..part.start, lead)?;
        let end = part.start.wrapping_add(grown);
        for offset in [&mut self.label, &mut self.count_at, &mut self.entries, &mut self.log] {
            if *offset >= part.end {
                *offset = offset.wrapping_sub(part.end).wrapping_add(end);
            }
        }
        Ok(())
    }

    /// Whether the session would still fit with so many entries, these bytes removed and added, and a log of so many.
    fn check_size(
        &self,
        count: usize,
        removed: usize,
        added: usize,
        log: usize,
        (key, length): (&str, usize),
    ) -> Result<(), SessionError> {
        let count_length = wire::Varint::length_of(wire::widen(count));
        let parts = self.count_at.wrapping_sub(self.owner).wrapping_add(count_length);
        let parts = parts.wrapping_add(self.log).wrapping_sub(self.entries);
        let plain = parts.wrapping_sub(removed).wrapping_add(added);
        let size = sealed_len(header::MAX_LENGTH.wrapping_add(plain));
        let size_with_log = size.saturating_add(log);
        let new = Some((key, length)).filter(|(_, length)| *length > 0);
        if size > self.limit {
            return Err(self.too_large(size, new));
        }
        if size_with_log > self.buffer.max_capacity() {
            return Err(self.too_large(size_with_log, new));
        }
        Ok(())
    }

    fn too_large(&self, size: usize, new: Option<(&str, usize)>) -> SessionError {
        let limit = self.limit.min(self.buffer.max_capacity());
        let mut error = TooLarge::new(size, limit);
        if let Some((key, length)) = new {
            error.note(key, length);
        }
        for entry in self.entries().flatten().filter(|entry| new.is_none_or(|(key, _)| key != entry.key())) {
            error.note(entry.key(), entry.range.len());
        }
        SessionError::TooLarge(error)
    }

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.as_ref().get(range).unwrap_or_default()
    }

    fn absolute(&self, in_entries: &Range<usize>) -> Range<usize> {
        self.entries.wrapping_add(in_entries.start)..self.entries.wrapping_add(in_entries.end)
    }

    /// Cuts a range out of the entries.
    fn cut(&mut self, range: Range<usize>) {
        let length = range.len();
        // A shorter content cannot fail to fit.
        if self.replace(range, &[]).is_ok() {
            self.log = self.log.wrapping_sub(length);
        }
    }

    /// Replaces bytes without moving the offsets.
    fn replace(&mut self, range: Range<usize>, bytes: &[u8]) -> Result<(), SessionError> {
        let size = self.buffer.len().wrapping_add(bytes.len());
        self.buffer.try_splice(range, bytes).map_err(|_| self.too_large(size, None))
    }
}

impl<B: Buffer> Drop for Data<B> {
    fn drop(&mut self) {
        self.buffer.as_mut().zeroize();
    }
}

fn read_owner<'a>(reader: &mut wire::Reader<'a>) -> Result<Option<&'a str>, Flaw> {
    match reader.byte()? {
        0 => Ok(None),
        1 => reader.str().map(Some),
        _ => Err(Flaw::Corrupt),
    }
}

/// Moves the first `length` bytes to the end, by turning both parts and then the whole around: less code than
/// [`rotate_left`](slice::rotate_left).
fn move_to_end(bytes: &mut [u8], length: usize) {
    if let Some((first, rest)) = bytes.split_at_mut_checked(length) {
        first.reverse();
        rest.reverse();
        bytes.reverse();
    }
}

fn check_key(key: &str) -> Result<(), SessionError> {
    if key.is_empty() || key.len() > MAX_KEY_LENGTH { Err(SessionError::Key) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_log_of_any_length_moves_as_it_is() {
        for length in [0, 1, 63, 64, 65, 128, 200, 300] {
            let bytes: Vec<u8> = (0..300_u32).map(|at| at.to_le_bytes()[0]).collect();
            let (mut moved, mut rotated) = (bytes.clone(), bytes);
            move_to_end(&mut moved, length);
            rotated.rotate_left(length);
            assert_eq!(moved, rotated, "{length}");
        }
    }
}
