//! A store in memory, of a fixed capacity: for devices without an allocator, and for tests.

use spin::Mutex;

use crate::buffer::{Buffer, Full};
use crate::store::{Operation, Outcome, OwnerKey, StoreKey, Which};
use crate::time::UnixTime;

/// Holds up to `SESSIONS` records of up to `BYTES` bytes each, listing entry included, behind a spin lock.
///
/// A record makes room only when its time is over: a new one that finds none is refused.
pub struct MemoryStore<const SESSIONS: usize, const BYTES: usize> {
    slots: Mutex<[Slot<BYTES>; SESSIONS]>,
}

/// Room for a record, filled where it lies: on a device the stack has no room to build one first.
struct Slot<const BYTES: usize> {
    /// What is here; nothing in a slot that was never used or was freed.
    key: Option<StoreKey>,
    expires_at: UnixTime,
    owner: Option<OwnerKey>,
    /// The record, then the listing entry.
    bytes: heapless::Vec<u8, BYTES>,
    record_length: usize,
}

impl<const BYTES: usize> Slot<BYTES> {
    const FREE: Self = Self {
        key: None,
        expires_at: UnixTime::from_secs(0),
        owner: None,
        bytes: heapless::Vec::new(),
        record_length: 0,
    };

    /// The name of the record here, unless its time is over.
    fn live(&self, now: UnixTime) -> Option<&StoreKey> {
        self.key.as_ref().filter(|_| self.expires_at > now)
    }

    fn record(&self) -> &[u8] {
        self.bytes.get(..self.record_length).unwrap_or_default()
    }

    fn entry(&self) -> &[u8] {
        self.bytes.get(self.record_length..).unwrap_or_default()
    }

    fn free(&mut self) {
        self.key = None;
        self.owner = None;
        self.bytes.clear();
        self.record_length = 0;
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
        Self { slots: Mutex::new([const { Slot::FREE }; SESSIONS]) }
    }

    /// Puts the record under `key` into `out`, which is emptied first; tells whether there is one.
    ///
    /// # Errors
    /// [`Full`] if `out` cannot hold it.
    pub fn get<B: Buffer + ?Sized>(&self, key: &StoreKey, now: UnixTime, out: &mut B) -> Result<bool, Full> {
        out.truncate(0);
        let slots = self.slots.lock();
        let found = slots.iter().find(|slot| slot.live(now) == Some(key));
        found.map_or(Ok(false), |slot| out.try_append(slot.record()).map(|()| true))
    }

    /// Carries out a write, if its condition holds.
    ///
    /// # Errors
    /// [`Full`] if the record is too large or no place is free; the old record stays.
    pub fn apply(&self, operation: &Operation<'_>, now: UnixTime) -> Result<Outcome, Full> {
        let (Operation::Put { key, condition, .. } | Operation::Delete { key, condition }) = operation;
        let mut slots = self.slots.lock();
        let held = slots.iter().position(|slot| slot.live(now) == Some(key));
        if !condition.holds(held.and_then(|at| slots.get(at)).map(Slot::record)) {
            return Ok(Outcome::Conflict);
        }
        let place = held.or_else(|| slots.iter().position(|slot| slot.live(now).is_none()));
        let slot = place.and_then(|at| slots.get_mut(at));
        match operation {
            Operation::Put { key, record, expires_at, filing, .. } => {
                let entry = filing.map_or(&[][..], |filing| filing.entry);
                let slot = slot.ok_or(Full)?;
                if record.len().saturating_add(entry.len()) > BYTES {
                    return Err(Full);
                }
                slot.free();
                slot.bytes.try_append(record)?;
                slot.bytes.try_append(entry)?;
                slot.key = Some(*key);
                slot.expires_at = *expires_at;
                slot.owner = filing.map(|filing| filing.owner);
                slot.record_length = record.len();
            }
            Operation::Delete { .. } => {
                if let (Some(_), Some(slot)) = (held, slot) {
                    slot.free();
                }
            }
        }
        Ok(Outcome::Applied)
    }

    /// Shows `each` the key and the sealed listing entry of all of an owner's sessions.
    ///
    /// The store is locked meanwhile: `each` must not call it.
    pub fn list(&self, owner: &OwnerKey, now: UnixTime, mut each: impl FnMut(&StoreKey, &[u8])) {
        let slots = self.slots.lock();
        for slot in slots.iter().filter(|slot| slot.owner.as_ref() == Some(owner)) {
            if let Some(key) = slot.live(now) {
                each(key, slot.entry());
            }
        }
    }

    /// Deletes those of an owner's sessions; tells how many there were.
    pub fn delete_owned(&self, owner: &OwnerKey, which: Which, now: UnixTime) -> usize {
        self.free_all(|slot| {
            slot.owner.as_ref() == Some(owner) && slot.live(now).is_some_and(|key| which.includes(key))
        })
    }

    /// Deletes the records whose time is over; tells how many there were.
    pub fn purge_expired(&self, now: UnixTime) -> usize {
        self.free_all(|slot| slot.key.is_some() && slot.live(now).is_none())
    }

    /// Frees the slots that `is_meant` names; tells how many there were.
    fn free_all(&self, is_meant: impl Fn(&Slot<BYTES>) -> bool) -> usize {
        let mut slots = self.slots.lock();
        let mut freed: usize = 0;
        for slot in slots.iter_mut().filter(|slot| is_meant(slot)) {
            slot.free();
            freed = freed.saturating_add(1);
        }
        freed
    }
}

#[cfg(test)]
mod tests;
