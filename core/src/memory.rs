//! A store in memory, of a fixed capacity: for devices without an allocator, and for tests.

use spin::Mutex;

use crate::buffer::{Buffer, Full};
use crate::store::{Operation, Outcome, OwnerKey, StoreKey, Which};
use crate::time::UnixTime;

/// Holds up to `SESSIONS` records of up to `BYTES` bytes each, listing entry included, behind a spin lock.
///
/// A record is evicted only when its time is over: a new one that finds no room is refused.
pub struct MemoryStore<const SESSIONS: usize, const BYTES: usize> {
    slots: Mutex<heapless::Vec<Slot<BYTES>, SESSIONS>>,
}

struct Slot<const BYTES: usize> {
    key: StoreKey,
    expires_at: UnixTime,
    owner: Option<OwnerKey>,
    /// The record, then the listing entry.
    bytes: heapless::Vec<u8, BYTES>,
    record_length: usize,
}

impl<const BYTES: usize> Slot<BYTES> {
    fn record(&self) -> &[u8] {
        self.bytes.get(..self.record_length).unwrap_or_default()
    }

    fn entry(&self) -> &[u8] {
        self.bytes.get(self.record_length..).unwrap_or_default()
    }
}

impl<const SESSIONS: usize, const BYTES: usize> Default for MemoryStore<SESSIONS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SESSIONS: usize, const BYTES: usize> MemoryStore<SESSIONS, BYTES> {
    /// An empty store.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: Mutex::new(heapless::Vec::new()) }
    }

    /// Puts the record under `key` into `out`, which is emptied first; tells whether there is one.
    ///
    /// # Errors
    /// [`Full`] if `out` cannot hold it.
    pub fn get<B: Buffer>(&self, key: &StoreKey, now: UnixTime, out: &mut B) -> Result<bool, Full> {
        out.truncate(0);
        let slots = self.slots.lock();
        let found = slots.iter().find(|slot| slot.key == *key && slot.expires_at > now);
        found.map_or(Ok(false), |slot| out.try_append(slot.record()).map(|()| true))
    }

    /// Carries out a write, if its condition holds.
    ///
    /// # Errors
    /// [`Full`] if the record is too large or no place is free; the old record stays.
    pub fn apply(&self, operation: &Operation<'_>, now: UnixTime) -> Result<Outcome, Full> {
        let mut slots = self.slots.lock();
        let (Operation::Put { key, condition, .. } | Operation::Delete { key, condition }) = operation;
        slots.retain(|slot| slot.expires_at > now || slot.key != *key);
        let at = slots.iter().position(|slot| slot.key == *key);
        if !condition.holds(at.and_then(|at| slots.get(at)).map(Slot::record)) {
            return Ok(Outcome::Conflict);
        }
        if let Operation::Put { record, expires_at, filing, .. } = operation {
            let mut bytes = heapless::Vec::from_slice(record).map_err(|_| Full)?;
            bytes.extend_from_slice(filing.map_or(&[], |filing| filing.entry)).map_err(|_| Full)?;
            let owner = filing.map(|filing| filing.owner);
            let slot = Slot { key: *key, expires_at: *expires_at, owner, bytes, record_length: record.len() };
            if let Some(old) = at.and_then(|at| slots.get_mut(at)) {
                *old = slot;
            } else {
                if slots.is_full() {
                    slots.retain(|slot| slot.expires_at > now);
                }
                slots.push(slot).map_err(|_| Full)?;
            }
        } else if let Some(at) = at {
            slots.swap_remove(at);
        }
        Ok(Outcome::Applied)
    }

    /// Shows `each` the key and the sealed listing entry of all of an owner's sessions.
    pub fn list(&self, owner: &OwnerKey, now: UnixTime, mut each: impl FnMut(&StoreKey, &[u8])) {
        let slots = self.slots.lock();
        for slot in slots.iter().filter(|slot| slot.owner == Some(*owner) && slot.expires_at > now) {
            each(&slot.key, slot.entry());
        }
    }

    /// Deletes those of an owner's sessions; tells how many there were.
    pub fn delete_owned(&self, owner: &OwnerKey, which: Which, now: UnixTime) -> usize {
        let mut slots = self.slots.lock();
        let before = slots.iter().filter(|slot| slot.expires_at > now).count();
        slots.retain(|slot| {
            slot.expires_at > now && !(slot.owner == Some(*owner) && which.includes(&slot.key))
        });
        before.saturating_sub(slots.len())
    }

    /// Deletes the records whose time is over; tells how many there were.
    pub fn purge_expired(&self, now: UnixTime) -> usize {
        let mut slots = self.slots.lock();
        let before = slots.len();
        slots.retain(|slot| slot.expires_at > now);
        before.saturating_sub(slots.len())
    }
}
