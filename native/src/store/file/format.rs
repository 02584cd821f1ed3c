//! What a record's file holds: a header of 84 bytes, the listing entry, the record.
//!
//! ```text
//!  0   4  "fsr1": a fastsession record, version 1 of this layout
//!  4   8  expires_at, seconds since 1970, big-endian
//! 12   4  length of the listing entry, big-endian
//! 16   4  length of the record, big-endian
//! 20  64  the owner's key in hex, or 64 zero bytes if the record has no owner
//! 84      the listing entry, then the record; the file ends there
//! ```
//!
//! Files are written whole before they get their name, so one that is torn comes from outside (or from a power
//! cut under [`Durability::Relaxed`](super::Durability)). It counts as absent and is reported with
//! `tracing::warn!`. Its length is checked here, its content by the seal of the record.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use fastsession_core::store::{HEX_LENGTH, OwnerKey, TAG_LENGTH};
use fastsession_core::time::UnixTime;

use super::super::Put;
use super::disk::step;

pub(super) const HEADER_LENGTH: usize = 84;
/// What of the record's end is read to know its version.
const TAG: u32 = 32;
const _: () = assert!(TAG as usize == TAG_LENGTH);
const MAGIC: [u8; 4] = *b"fsr1";

/// A record's file without the record.
pub(super) struct Held {
    file: File,
    pub(super) expires_at: UnixTime,
    pub(super) owner: Option<OwnerKey>,
    entry_length: u32,
    record_length: u32,
}

/// The bytes of the file for `put`.
pub(super) fn encode(put: &Put<'_>) -> io::Result<Vec<u8>> {
    let entry = put.filing.map_or(&[][..], |filing| filing.entry);
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "4 GiB or more"))
    };
    let (entry_length, record_length) = (length(entry)?, length(put.record)?);
    let capacity = HEADER_LENGTH.saturating_add(entry.len()).saturating_add(put.record.len());
    let mut image = Vec::with_capacity(capacity);
    image.extend_from_slice(&MAGIC);
    image.extend_from_slice(&put.expires_at.as_secs().to_be_bytes());
    image.extend_from_slice(&entry_length.to_be_bytes());
    image.extend_from_slice(&record_length.to_be_bytes());
    match put.filing {
        Some(filing) => image.extend_from_slice(filing.owner.to_hex().as_bytes()),
        None => image.extend_from_slice(&[0; HEX_LENGTH]),
    }
    image.extend_from_slice(entry);
    image.extend_from_slice(put.record);
    Ok(image)
}

impl Held {
    /// Reads the header; `None` if the file is not whole.
    ///
    /// A layout of another version is an error: a newer version wrote it, and it must not be overwritten. So is a folder, which
    /// no file can take the place of.
    pub(super) fn read(file: File) -> io::Result<Option<Self>> {
        step("stat")?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a folder is in the place of a record's file",
            ));
        }
        if !metadata.is_file() || metadata.len() < HEADER_LENGTH as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER_LENGTH];
        step("read")?;
        file.read_exact_at(&mut header, 0)?;
        let rest = header.as_slice();
        let Some((magic, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let Some((expires_at, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
        let Some((entry_length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let Some((record_length, owner)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        if *magic != MAGIC {
            let versioned = matches!(magic, [b'f', b's', b'r', version] if version.is_ascii_digit());
            return if versioned { other() } else { Ok(None) };
        }
        let owner = match owner {
            [0, ..] => None,
            hex => match std::str::from_utf8(hex).ok().and_then(OwnerKey::from_hex) {
                Some(owner) => Some(owner),
                None => return Ok(None),
            },
        };
        let held = Self {
            file,
            expires_at: UnixTime::from_secs(u64::from_be_bytes(*expires_at)),
            owner,
            entry_length: u32::from_be_bytes(*entry_length),
            record_length: u32::from_be_bytes(*record_length),
        };
        let whole = held.record_offset().saturating_add(held.record_length.into());
        Ok((metadata.len() == whole).then_some(held))
    }

    pub(super) fn lives(&self, now: UnixTime) -> bool {
        now < self.expires_at
    }

    /// The record.
    pub(super) fn record(&self) -> io::Result<Vec<u8>> {
        self.read_at(self.record_offset(), self.record_length)
    }

    /// As much of the record's end as its tag needs.
    pub(super) fn end_of_record(&self) -> io::Result<Vec<u8>> {
        let length = self.record_length.min(TAG);
        let skipped = self.record_length.saturating_sub(length);
        self.read_at(self.record_offset().saturating_add(skipped.into()), length)
    }

    /// The listing entry.
    pub(super) fn entry(&self) -> io::Result<Vec<u8>> {
        self.read_at(HEADER_LENGTH as u64, self.entry_length)
    }

    /// How many bytes of the file are the application's.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.entry_length).saturating_add(self.record_length.into())
    }

    fn record_offset(&self) -> u64 {
        (HEADER_LENGTH as u64).saturating_add(self.entry_length.into())
    }

    fn read_at(&self, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; length];
        step("read")?;
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

fn other() -> io::Result<Option<Held>> {
    Err(io::Error::new(io::ErrorKind::InvalidData, "a record in a file layout of another version"))
}
