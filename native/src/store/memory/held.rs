//! What the memory store keeps of a record.

use fastsession_core::store::{Filing, OwnerKey, StoreKey};
use fastsession_core::time::UnixTime;

use super::super::{Filed, Put};

pub(super) struct Held {
    record: Vec<u8>,
    expires_at: UnixTime,
    /// Apart, so that records without an owner do not pay for one.
    filed: Option<Box<Place>>,
}

struct Place {
    owner: OwnerKey,
    entry: Vec<u8>,
}

impl Held {
    pub(super) fn new(put: &Put<'_>) -> Self {
        let filed = put.filing.as_ref().map(|filing| Box::new(Place::new(filing)));
        Self { record: put.record.to_vec(), expires_at: put.expires_at, filed }
    }

    /// Takes the new bytes, into the old allocation if it fits; returns the owner that the record has no longer.
    pub(super) fn replace(&mut self, put: &Put<'_>) -> Option<OwnerKey> {
        let capacity = self.record.capacity();
        if put.record.len() > capacity || put.record.len() < capacity / 2 {
            self.record = put.record.to_vec();
        } else {
            self.record.clear();
            self.record.extend_from_slice(put.record);
        }
        self.expires_at = put.expires_at;
        match (&mut self.filed, &put.filing) {
            (Some(place), Some(filing)) if place.owner == filing.owner => {
                place.entry = filing.entry.to_vec();
                None
            }
            (filed, filing) => {
                let left = filed.take();
                *filed = filing.as_ref().map(|filing| Box::new(Place::new(filing)));
                left.map(|place| place.owner)
            }
        }
    }

    pub(super) fn lives(&self, now: UnixTime) -> bool {
        now < self.expires_at
    }

    pub(super) fn live(&self, now: UnixTime) -> Option<&[u8]> {
        self.lives(now).then_some(&self.record)
    }

    pub(super) fn owner(&self) -> Option<&OwnerKey> {
        self.filed.as_ref().map(|place| &place.owner)
    }

    pub(super) fn filed(&self, key: StoreKey, owner: &OwnerKey, now: UnixTime) -> Option<Filed> {
        let place = self.filed.as_ref().filter(|place| place.owner == *owner && self.lives(now))?;
        Some(Filed { key, entry: place.entry.clone() })
    }

    pub(super) fn room(&self) -> u64 {
        room(&self.record, self.filed.as_ref().map(|place| place.entry.as_slice()))
    }
}

impl Place {
    fn new(filing: &Filing<'_>) -> Self {
        Self { owner: filing.owner, entry: filing.entry.to_vec() }
    }
}

/// A copy with room for small changes: it becomes the session's buffer, which would have to move to grow.
pub(super) fn copy(record: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(record.len().saturating_add(ROOM_TO_CHANGE));
    copy.extend_from_slice(record);
    copy
}

/// What a record is counted as.
pub(super) fn room(record: &[u8], entry: Option<&[u8]>) -> u64 {
    let entry = entry.map_or(0, <[u8]>::len);
    UPKEEP.saturating_add(record.len() as u64).saturating_add(entry as u64)
}

/// Bytes for a changed value, as it is written behind the old one, and for what is noted of the change.
const ROOM_TO_CHANGE: usize = 128;

/// What a record takes beside its bytes: its key twice, pointers, the map's slack.
pub(super) const UPKEEP: u64 = 256;
