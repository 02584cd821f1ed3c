//! A store with a fault, to show that a check notices it.

use fastsession::store::{Filed, MemoryStore, Progress, Put, Store, StoreError};
use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;

/// A memory store that does one thing wrong.
#[derive(Clone)]
pub struct Careless {
    /// The store below.
    pub store: MemoryStore,
    /// What it does wrong.
    pub fault: Fault,
}

/// What a store can do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Writes whatever the record was meanwhile.
    PutsAlways,
    /// Replaces what was changed, but makes nothing new that was deleted.
    PutsOverChanges,
    /// Deletes whatever the record was meanwhile, and says so.
    DeletesAlways,
    /// Says that it has deleted what is there still.
    DeletesNever,
    /// Leaves an owner's records where they are, and counts them as ended.
    EndsNobody,
    /// Leaves one of several records of an owner.
    EndsTooFew,
    /// Takes records away whose time is not over.
    PurgesEarly,
}

/// All that is wrong.
pub const FAULTS: [Fault; 7] = [
    Fault::PutsAlways,
    Fault::PutsOverChanges,
    Fault::DeletesAlways,
    Fault::DeletesNever,
    Fault::EndsNobody,
    Fault::EndsTooFew,
    Fault::PurgesEarly,
];

impl Store for Careless {
    fn engine(&self) -> &'static str {
        "careless"
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key).await
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        let drops = match (self.fault, put.condition) {
            (Fault::PutsAlways, _) => true,
            (Fault::PutsOverChanges, Condition::Matches(_)) => self.store.get(&put.key).await?.is_some(),
            _ => false,
        };
        let condition = if drops { Condition::Any } else { put.condition };
        self.store.put(Put { condition, ..put }).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        match self.fault {
            Fault::DeletesAlways => self.store.delete(key, Condition::Any).await,
            Fault::DeletesNever => Ok(Outcome::Applied),
            _ => self.store.delete(key, condition).await,
        }
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        self.store.list(owner).await
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        let filed = self.store.list(owner).await?;
        match self.fault {
            Fault::EndsNobody => Ok(filed.iter().filter(|filed| which.includes(&filed.key)).count() as u64),
            Fault::EndsTooFew if filed.len() > 1 => {
                // All but the first that it meets.
                self.store.delete_owned(owner, Which::Except(filed[0].key)).await
            }
            _ => self.store.delete_owned(owner, which).await,
        }
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        let early = if self.fault == Fault::PurgesEarly { 10_000 } else { 0 };
        let now = UnixTime::from_secs(now.as_secs() + early);
        self.store.purge_expired(now, progress).await
    }
}
