//! Stores as the suite takes them, on a clock that tests set.
#![allow(clippy::missing_panics_doc, reason = "a test fails by a panic")]

use std::path::Path;
use std::sync::Arc;

use fastsession::store::file::Durability;
use fastsession::store::{
    Clock, DynStore, FileStore, Filed, ManualClock, MemoryStore, Progress, Put, SqlStore, Store, StoreError,
    StoreErrorKind,
};
use fastsession::testing::Subject;
use fastsession_core::memory;
use fastsession_core::store::{Condition, Operation, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use tempfile::TempDir;

/// A store, the clock that it judges expiry by, and the folder that goes with it.
pub struct Clocked<S> {
    /// Each handle on the engine is a clone of this.
    pub store: S,
    clock: ManualClock,
    _folder: Option<TempDir>,
}

impl<S: Store + Clone> Clocked<S> {
    /// The store that `open` makes with a clock of its own.
    pub fn new(open: impl FnOnce(ManualClock) -> S) -> Self {
        let clock = ManualClock::new(UnixTime::now());
        Self { store: open(clock.clone()), clock, _folder: None }
    }
}

impl Clocked<MemoryStore> {
    /// The server's memory store.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(|clock| MemoryStore::with_limits(1 << 30, clock))
    }
}

impl Clocked<CoreMemory> {
    /// The device's memory store.
    #[must_use]
    pub fn core_memory() -> Self {
        Self::new(|clock| CoreMemory { store: Arc::default(), clock })
    }
}

impl Clocked<DynStore> {
    /// Files that are not synced, in memory if the system has a place for that.
    #[must_use]
    pub fn files() -> Self {
        let (folder, clock) = (quick_folder(), ManualClock::new(UnixTime::now()));
        let builder = FileStore::builder(folder.path()).durability(Durability::Relaxed).clock(clock.clone());
        let store =
            wait(async { DynStore::new(builder.open().await.expect("a store in a temporary folder")) });
        Self { store, clock, _folder: Some(folder) }
    }
}

/// A database whose connections belong to whoever opens it, so each handle is opened anew.
pub struct Sqlite {
    folder: TempDir,
    clock: ManualClock,
}

impl Sqlite {
    /// A database in memory, if the system has a place for files there.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes files")]
    pub fn new() -> Self {
        Self { folder: quick_folder(), clock: ManualClock::new(UnixTime::now()) }
    }
}

/// A temporary folder, in memory if the system has a place for files there.
pub fn quick_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

/// Runs what opens a store outside of a runtime.
fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(work)
        });
        thread.join().expect("no panic")
    })
}

impl<S: Store + Clone> Subject for Clocked<S> {
    type Store = S;

    async fn open(&self) -> S {
        self.store.clone()
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

impl Subject for Sqlite {
    type Store = SqlStore;

    async fn open(&self) -> SqlStore {
        let url = format!("sqlite:{}/sessions.db", self.folder.path().display());
        SqlStore::builder(&url)
            .clock(self.clock.clone())
            .open()
            .await
            .expect("a database in a temporary folder")
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

/// The core's memory store, as a server's.
#[derive(Clone)]
pub struct CoreMemory {
    store: Arc<memory::MemoryStore<32, 2048>>,
    clock: ManualClock,
}

impl Store for CoreMemory {
    fn engine(&self) -> &'static str {
        "core memory"
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        let mut record = Vec::new();
        let is_there = self.store.get(key, self.clock.now(), &mut record).map_err(|_| full("get"))?;
        Ok(is_there.then_some(record))
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        let Put { key, record, expires_at, condition, filing } = put;
        let operation = Operation::Put { key, record, expires_at, condition, filing };
        self.store.apply(&operation, self.clock.now()).map_err(|_| full("put"))
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        let operation = Operation::Delete { key: *key, condition };
        self.store.apply(&operation, self.clock.now()).map_err(|_| full("delete"))
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let mut filed = Vec::new();
        self.store.list(owner, self.clock.now(), |key, entry| {
            filed.push(Filed { key: *key, entry: entry.to_vec() });
        });
        Ok(filed)
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        Ok(self.store.delete_owned(owner, which, self.clock.now()) as u64)
    }

    async fn purge_expired(&self, now: UnixTime, _: &Progress) -> Result<u64, StoreError> {
        Ok(self.store.purge_expired(now) as u64)
    }
}

fn full(operation: &'static str) -> StoreError {
    StoreError::message(StoreErrorKind::Full, "core memory", operation, "no room")
}
