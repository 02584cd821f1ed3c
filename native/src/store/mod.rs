//! Where sessions are kept: bytes under a key until a time, written on a condition. Nothing else.
//!
//! A store never sees an id, a name or a value: what it holds is sealed, and its keys are hashes.
//! [`MemoryStore`], `FileStore` and SQLite need nothing installed; Redis and other databases are servers. [`open`] makes
//! a store from a URL, and a [`Sweeper`] clears away what has expired.
//! Whoever writes another store implements [`Store`] and runs the suite in `fastsession::testing` on it.

mod clock;
mod dynamic;
mod error;
#[cfg(all(feature = "file", unix))]
pub mod file;
mod memory;
mod none;
mod progress;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub mod sql;
mod sweeper;
mod url;

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;

pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::dynamic::DynStore;
pub use self::error::{StoreError, StoreErrorKind};
#[cfg(all(feature = "file", unix))]
pub use self::file::FileStore;
pub use self::memory::MemoryStore;
pub(crate) use self::none::NoStore;
pub use self::progress::{Progress, Step};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use self::sql::SqlStore;
pub use self::sweeper::{SWEEP_INTERVAL, Sweeper};
pub use self::url::{Registry, open, open_existing, open_to_read};

/// One write of a record; see [`Operation::Put`](fastsession_core::store::Operation::Put).
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// The record's name.
    pub key: StoreKey,
    /// The bytes to keep.
    pub record: &'a [u8],
    /// From when on the store may forget the record, and from when on it counts as absent.
    pub expires_at: UnixTime,
    /// What must hold.
    pub condition: Condition,
    /// The owner's list to file it in; a record without an owner has none.
    pub filing: Option<Filing<'a>>,
}

/// A place on an owner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The record's name.
    pub key: StoreKey,
    /// The listing entry that was written with the record last. Where the record is there but cannot be read it is empty,
    /// so that nobody opens it.
    pub entry: Vec<u8>,
}

/// What a store holds, as far as its engine can tell without reading everything twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Records that live.
    pub records: u64,
    /// Records whose time is over and that still take room; `None` where the engine hides them.
    pub expired: Option<u64>,
    /// Owners with a list.
    pub owners: Option<u64>,
    /// Bytes that the records take, listing entries included, the engine's own needs not.
    pub bytes: Option<u64>,
    /// Records that cannot be read: torn, or another version's; `None` where the engine cannot tell.
    pub unreadable: Option<u64>,
}

/// What a store can be relied on for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// A read sees every write that was acknowledged before it, wherever that was done.
    pub consistent: bool,
    /// It keeps owners' lists: `list` and `delete_owned` work.
    pub owners: bool,
    /// The engine forgets expired records by itself; otherwise `purge_expired` has to be called now and then.
    pub self_purging: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { consistent: true, owners: true, self_purging: false }
    }
}

/// A place for sessions.
///
/// What holds for all methods:
///
/// - Writes to one key happen one after the other: of two that carry the same condition on the same record,
///   one is applied and the other is a [`Outcome::Conflict`].
/// - A record whose time is over counts as absent, for reads and for conditions.
/// - `Err` means that the engine failed. A write that failed leaves the old record or the new one, never
///   parts of either; which of them is unknown unless the error's kind says so.
/// - A future may be dropped at any point: the write is then carried out whole or not at all.
pub trait Store: Send + Sync + 'static {
    /// What the engine is called in errors and logs: "memory", "file" …
    fn engine(&self) -> &'static str;

    /// What it can be relied on for.
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    /// The record under `key`; `None` if there is none or its time is over.
    ///
    /// # Errors
    /// If the engine fails, and only then.
    fn get(&self, key: &StoreKey) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Keeps a record, replacing the one under its key, if the condition holds.
    ///
    /// A record is on the list of the owner that it was last written with, and on no other.
    ///
    /// # Errors
    /// If the engine fails, and only then.
    fn put(&self, put: Put<'_>) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// Forgets the record under `key`, and its place on its owner's list, if the condition holds. Under
    /// [`Condition::Any`] that goes for what cannot be read, too. Nothing there is [`Outcome::Applied`] where the condition allows it.
    ///
    /// # Errors
    /// If the engine fails, and only then.
    fn delete(
        &self,
        key: &StoreKey,
        condition: Condition,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// The owner's records that live, in no particular order; one that cannot be read is among them, without an entry.
    ///
    /// # Errors
    /// If the engine fails or keeps no lists.
    fn list(&self, owner: &OwnerKey) -> impl Future<Output = Result<Vec<Filed>, StoreError>> + Send {
        let _ = owner;
        async { Err(StoreError::unsupported(self.engine(), "list")) }
    }

    /// Forgets those of the owner's records that `which` means; returns how many lived. One that cannot be read is forgotten too.
    ///
    /// It misses none that was filed before it began. One that is filed while it runs is either ended too, or
    /// was written after every record that this call ends was gone, so that a rotation
    /// (put the new one, then delete the old one on condition) cannot slip through.
    ///
    /// # Errors
    /// If the engine fails or keeps no lists. What can be ended has been ended then.
    fn delete_owned(
        &self,
        owner: &OwnerKey,
        which: Which,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = (owner, which);
        async { Err(StoreError::unsupported(self.engine(), "delete_owned")) }
    }

    /// Clears away what has been over since `now` or longer; returns how many records that were.
    /// A record that is renewed meanwhile stays.
    ///
    /// # Errors
    /// If the engine fails, or does this by itself.
    fn purge_expired(
        &self,
        now: UnixTime,
        progress: &Progress,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let _ = (now, progress);
        async { Err(StoreError::unsupported(self.engine(), "purge_expired")) }
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// If the engine fails or cannot count.
    fn stats(&self, progress: &Progress) -> impl Future<Output = Result<Stats, StoreError>> + Send {
        let _ = progress;
        async { Err(StoreError::unsupported(self.engine(), "stats")) }
    }
}
