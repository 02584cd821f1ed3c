//! Sessions in this process's memory.

mod held;
mod names;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, hash_map};
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastsession_core::store::{Condition, Filing, Operation, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;

use self::held::{Held, UPKEEP, room};
use self::names::{NameHasher, SHARDS, of};
use super::{Clock, Filed, Progress, Put, Stats, Store, StoreError, StoreErrorKind, SystemClock};

/// A store that lasts as long as the process. Clones are the same store.
///
/// An operation takes one short lock out of 64, looks up once and copies the record once; no future of it
/// ever waits. It holds at most [`max_bytes`](Self::max_bytes) and then refuses new records
/// ([`StoreErrorKind::Full`]), so that a flood of visitors cannot take all memory. Room is made by
/// `purge_expired`, which a sweeper should call.
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    records: [Mutex<Records>; SHARDS],
    owners: [Mutex<Owners>; SHARDS],
    bytes: AtomicU64,
    max_bytes: u64,
    clock: Arc<dyn Clock>,
}

type Records = HashMap<StoreKey, Held, BuildHasherDefault<NameHasher>>;
/// A key is on an owner's list exactly if its record has that owner (looked at under the locks of both).
type Owners =
    HashMap<OwnerKey, HashSet<StoreKey, BuildHasherDefault<NameHasher>>, BuildHasherDefault<NameHasher>>;

/// `None`: the condition did not hold. Otherwise the owner, if any, on whose list the key may still be
/// although its record has another one now.
type Written = Option<Option<OwnerKey>>;

impl MemoryStore {
    /// An empty store of at most [`DEFAULT_MAX_BYTES`](Self::DEFAULT_MAX_BYTES).
    pub fn new() -> Self {
        Self::with_limits(Self::DEFAULT_MAX_BYTES, SystemClock)
    }

    /// The bound that [`new`](Self::new) sets: 1 GiB.
    pub const DEFAULT_MAX_BYTES: u64 = 1 << 30;

    /// An empty store of at most `max_bytes`, which judges expiry by `clock`.
    pub fn with_limits(max_bytes: u64, clock: impl Clock) -> Self {
        Self(Arc::new(Inner {
            records: std::array::from_fn(|_| Mutex::default()),
            owners: std::array::from_fn(|_| Mutex::default()),
            bytes: AtomicU64::new(0),
            max_bytes,
            clock: Arc::new(clock),
        }))
    }

    pub(crate) fn get_at_once(&self, key: &StoreKey) -> Option<Vec<u8>> {
        let now = self.0.clock.now();
        let records = self.0.records(key);
        records.get(key).and_then(|held| held.live(now)).map(held::copy)
    }

    pub(crate) fn apply_at_once(&self, operation: Operation<'_>) -> Result<Outcome, StoreError> {
        match operation {
            Operation::Put { key, record, expires_at, condition, filing } => {
                self.0.put(&Put { key, record, expires_at, condition, filing })
            }
            Operation::Delete { key, condition } => Ok(self.0.delete(&key, condition)),
        }
    }

    /// How many bytes it may hold: records, listing entries and 256 for the upkeep of each record.
    pub fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} of {} bytes)", self.0.bytes.load(Ordering::Relaxed), self.0.max_bytes)
    }
}

impl Store for MemoryStore {
    fn engine(&self) -> &'static str {
        ENGINE
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_at_once(key))
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        self.0.put(&put)
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        Ok(self.0.delete(key, condition))
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let now = self.0.clock.now();
        let owners = self.0.owners(owner);
        let keys = owners.get(owner).into_iter().flatten();
        Ok(keys.filter_map(|key| self.0.records(key).get(key)?.filed(*key, owner, now)).collect())
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        Ok(self.0.delete_owned(owner, which))
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        Ok(self.0.purge_expired(now, progress))
    }

    async fn stats(&self, _progress: &Progress) -> Result<Stats, StoreError> {
        Ok(self.0.stats())
    }
}

impl Inner {
    fn put(&self, put: &Put<'_>) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        let written = match &put.filing {
            None => self.write(self.records(&put.key), put, now)?,
            Some(filing) => self.write_filed(put, filing, now)?,
        };
        let Some(left) = written else { return Ok(Outcome::Conflict) };
        self.unfile(left, &put.key);
        Ok(Outcome::Applied)
    }

    fn write_filed(&self, put: &Put<'_>, filing: &Filing<'_>, now: UnixTime) -> Result<Written, StoreError> {
        if !filing.is_new {
            let records = self.records(&put.key);
            if records.get(&put.key).and_then(Held::owner) == Some(&filing.owner) {
                return self.write(records, put, now);
            }
        }
        // The owner's lock is held over both steps, so that ending all of an owner's sessions comes before
        // or after the whole of this.
        let mut owners = self.owners(&filing.owner);
        let written = self.write(self.records(&put.key), put, now)?;
        if written.is_some() {
            owners.entry(filing.owner).or_default().insert(put.key);
        }
        Ok(written)
    }

    /// Writes under the lock that is handed in.
    fn write(
        &self,
        mut records: MutexGuard<'_, Records>,
        put: &Put<'_>,
        now: UnixTime,
    ) -> Result<Written, StoreError> {
        let slot = records.entry(put.key);
        let (current, less) = match &slot {
            hash_map::Entry::Occupied(held) => (held.get().live(now), held.get().room()),
            hash_map::Entry::Vacant(_) => (None, 0),
        };
        if !put.condition.holds(current) {
            return Ok(None);
        }
        self.make_room(less, room(put.record, put.filing.as_ref().map(|filing| filing.entry)))?;
        Ok(Some(match slot {
            hash_map::Entry::Occupied(mut held) => held.get_mut().replace(put),
            hash_map::Entry::Vacant(slot) => {
                slot.insert(Held::new(put));
                None
            }
        }))
    }

    fn delete(&self, key: &StoreKey, condition: Condition) -> Outcome {
        let now = self.clock.now();
        let mut records = self.records(key);
        if !condition.holds(records.get(key).and_then(|held| held.live(now))) {
            return Outcome::Conflict;
        }
        let owner = self.remove(&mut records, key).and_then(|held| held.owner().copied());
        drop(records);
        self.unfile(owner, key);
        Outcome::Applied
    }

    fn delete_owned(&self, owner: &OwnerKey, which: Which) -> u64 {
        let now = self.clock.now();
        let mut ended: u64 = 0;
        let mut owners = self.owners(owner);
        let Some(keys) = owners.get_mut(owner) else { return 0 };
        keys.retain(|key| {
            if !which.includes(key) {
                return true;
            }
            let mut records = self.records(key);
            if records.get(key).and_then(Held::owner) == Some(owner) {
                let lived = self.remove(&mut records, key).is_some_and(|held| held.lives(now));
                ended = ended.saturating_add(u64::from(lived));
            }
            false
        });
        if keys.is_empty() {
            owners.remove(owner);
        }
        ended
    }

    fn purge_expired(&self, now: UnixTime, progress: &Progress) -> u64 {
        let mut step = super::Step { of: Some(SHARDS as u64), ..Default::default() };
        for shard in &self.records {
            let mut unfiled = Vec::new();
            lock(shard).retain(|key, held| {
                let stays = held.lives(now);
                if !stays {
                    self.bytes.fetch_sub(held.room(), Ordering::Relaxed);
                    unfiled.extend(held.owner().map(|owner| (*owner, *key)));
                    step.records = step.records.saturating_add(1);
                }
                stays
            });
            for (owner, key) in unfiled {
                self.unfile(Some(owner), &key);
            }
            step.done = step.done.saturating_add(1);
            progress.report(step);
        }
        step.records
    }

    fn stats(&self) -> Stats {
        let now = self.clock.now();
        let (mut live, mut expired, mut owners) = (0_u64, 0_u64, 0_u64);
        let mut bytes: u64 = 0;
        for shard in &self.records {
            for held in lock(shard).values() {
                let count = if held.lives(now) { &mut live } else { &mut expired };
                *count = count.saturating_add(1);
                bytes = bytes.saturating_add(held.room().saturating_sub(UPKEEP));
            }
        }
        for shard in &self.owners {
            owners = owners.saturating_add(lock(shard).len() as u64);
        }
        Stats {
            records: live,
            expired: Some(expired),
            owners: Some(owners),
            bytes: Some(bytes),
            unreadable: Some(0),
        }
    }

    fn remove(&self, records: &mut Records, key: &StoreKey) -> Option<Held> {
        let held = records.remove(key)?;
        self.bytes.fetch_sub(held.room(), Ordering::Relaxed);
        Some(held)
    }

    /// Takes `key` off the list of `owner`, unless its record has that owner again by now.
    /// No lock of a record may be held, since owners' locks are taken first.
    fn unfile(&self, owner: Option<OwnerKey>, key: &StoreKey) {
        let Some(owner) = owner else { return };
        let mut owners = self.owners(&owner);
        if self.records(key).get(key).and_then(Held::owner) == Some(&owner) {
            return;
        }
        if let hash_map::Entry::Occupied(mut keys) = owners.entry(owner) {
            keys.get_mut().remove(key);
            if keys.get().is_empty() {
                keys.remove();
            }
        }
    }

    /// Counts `more` bytes instead of `less`.
    fn make_room(&self, less: u64, more: u64) -> Result<(), StoreError> {
        if more == less {
            return Ok(());
        }
        let counted = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bytes| {
            let bytes = bytes.saturating_sub(less).saturating_add(more);
            (bytes <= self.max_bytes || more < less).then_some(bytes)
        });
        counted.map(|_| ()).map_err(|_| {
            let detail = format!("the limit of {} bytes is reached", self.max_bytes);
            StoreError::message(StoreErrorKind::Full, ENGINE, "put", detail)
        })
    }

    fn records(&self, key: &StoreKey) -> MutexGuard<'_, Records> {
        lock(of(&self.records, key))
    }

    fn owners(&self, owner: &OwnerKey) -> MutexGuard<'_, Owners> {
        lock(of(&self.owners, owner))
    }
}

/// A thread that panicked cannot have left a map half changed: nothing between lock and unlock panics.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const ENGINE: &str = "memory";
