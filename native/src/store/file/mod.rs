//! Sessions in a folder, for one machine and any number of processes on it.
//!
//! ```text
//! DIR/                                  0700
//!   records/ab/<store key>              the record, its expiry and its listing entry (0600)
//!   records/ab/<store key>.tmp          a record that is being written
//!   owners/cd/<owner key>/<store key>   empty: this record is on that owner's list
//!   locks/ab, locks/owners-cd           empty: who may write to a shard
//! ```
//!
//! `ab` and `cd` are the first two characters of a key. A put writes a new file, makes it durable, and gives it the
//! record's name, all under the shard's lock; whatever happens meanwhile, the name stands for the old record or the
//! new one, whole. Reads take no lock. Symbolic links inside the folder are not followed.
//!
//! A write waits its turn for 5 seconds in all, behind others of its own process too, unless [`Builder::timeout`] sets another
//! time: a process that was stopped while it had a lock does not stop the others for longer, and the error names the lock. For the disk itself there is no timeout: a system
//! call on a disk that hangs cannot be given up, and its thread waits as long as the disk does. Where disks may hang (a
//! network's, above all), put a timeout around the session layer: a request that it gives up leaves the record whole,
//! as every dropped future does.
//!
//! The folder must be on a file system with `flock`, so not on an old NFS. Do not remove the lock files
//! while the store is in use.

mod disk;
mod format;
mod lock;
mod purge;
mod records;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinSet;

use self::disk::Folder;
use self::lock::{LOCKS, OF_OWNERS};
use self::records::{Files, OWNERS, RECORDS, UNFINISHED, Write, Written, shard_number, shard_of};
use super::{Clock, Filed, Progress, Put, Stats, Step, Store, StoreError, StoreErrorKind, SystemClock};

/// A store in a folder. Clones are the same store; several stores, and processes, may use one folder.
///
/// It works inside a Tokio runtime with timers, whose threads for blocking work it uses: at most one for each of 512
/// locks, however many requests wait, one for each read, and eight for a purge.
#[derive(Clone)]
pub struct FileStore(Arc<Inner>);

struct Inner {
    files: Arc<Files>,
    /// Requests of this process queue here, without a thread each, before one of them waits for the file's lock.
    records: Locks,
    owners: Locks,
}

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Everything that the disk itself survives: the record and its folder are synced before the answer.
    #[default]
    Synced,
    /// The death of the process, but not a power cut or a crash of the system: that may take back what was
    /// acknowledged in the last seconds (sign-outs among it) or leave records torn, which then count as absent.
    /// A write takes microseconds instead of milliseconds.
    Relaxed,
}

/// How to open a [`FileStore`].
pub struct Builder {
    path: PathBuf,
    durability: Durability,
    create: bool,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl FileStore {
    /// Opens the store in the folder `path`, making it if there is none.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// The store in the folder `path`, with settings to come.
    pub fn builder(path: impl Into<PathBuf>) -> Builder {
        let (path, clock) = (path.into(), Arc::new(SystemClock));
        Builder { path, durability: Durability::default(), create: true, timeout: PATIENCE, clock }
    }

    /// The folder, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.0.files.root
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        guards: impl Send + 'static,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = Arc::clone(&self.0.files);
        let work = move || {
            let _guards = guards;
            work(&files)
        };
        blocking(operation, self.path(), work).await
    }
}

impl FileStore {
    /// Waits until no other request of this process is at the shard of `name`.
    async fn turn(
        &self,
        operation: &'static str,
        locks: &Locks,
        name: &str,
        since: Instant,
    ) -> Result<OwnedMutexGuard<()>, StoreError> {
        let files = &self.0.files;
        let left = files.patience.saturating_sub(since.elapsed());
        locks.of(name, left).await.ok_or_else(|| {
            let error = files.held_by_another(&[locks.of_what, shard_of(name)].concat());
            StoreError::io(ENGINE, operation, error).at(self.path().display().to_string())
        })
    }

    /// Does `work` in each shard, in several at once, since disks wait more than they work: one that discards what is removed
    /// takes a millisecond or two for each file. A shard that fails does not keep it from the others; its error comes last.
    async fn each_shard<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl Fn(&Files, &str) -> io::Result<T> + Copy + Send + 'static,
        mut done: impl FnMut(T) + Send,
    ) -> Result<(), StoreError> {
        let runtime = runtime(operation, self.path())?;
        let mut shards = purge::shards();
        let mut working = JoinSet::new();
        let mut failure = None;
        loop {
            for shard in shards.by_ref().take(AT_ONCE.saturating_sub(working.len())) {
                let store = self.clone();
                let work = async move { store.run(operation, (), move |files| work(files, &shard)).await };
                working.spawn_on(work, &runtime);
            }
            let Some(result) = working.join_next().await else { break };
            let result = result
                .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, ENGINE, operation, error));
            match result.flatten() {
                Ok(result) => done(result),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

impl Builder {
    /// What an acknowledged write survives; [`Durability::Synced`] unless set.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Whether to make the store's folders if there are none: yes, unless set.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// How long a write may wait for its turn, which a process that was stopped may hold up; 5 seconds unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What to judge expiry by; the system's clock unless set.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the store, making its folders unless told otherwise. A folder that is empty becomes private (0700); what is in one that
    /// is not empty stays as it is, and only the store's own folders in it are private.
    ///
    /// # Errors
    /// If the folder cannot be made or written to; [`StoreErrorKind::Configuration`] if there is no store and none is to be
    /// made.
    pub async fn open(self) -> Result<FileStore, StoreError> {
        let place = self.path.clone();
        let Self { path, durability, create, timeout, clock } = self;
        let root = if create {
            blocking("open", &place, move || prepare(&path)).await?
        } else {
            blocking("open", &place, move || find(&path)).await?.ok_or_else(|| {
                let detail = "there is no store in this folder";
                let error = StoreError::message(StoreErrorKind::Configuration, ENGINE, "open", detail);
                error.at(place.display().to_string())
            })?
        };
        let files = Arc::new(Files {
            root,
            durability,
            clock,
            patience: timeout,
            known: std::iter::repeat_with(Default::default).take(SHARDS).collect(),
        });
        Ok(FileStore(Arc::new(Inner { files, records: Locks::new(""), owners: Locks::new(OF_OWNERS) })))
    }
}

impl Store for FileStore {
    fn engine(&self) -> &'static str {
        ENGINE
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        let key = *key;
        self.run("get", (), move |files| files.get(&key)).await
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        let image = format::encode(&put).map_err(|error| StoreError::io(ENGINE, "put", error))?;
        let owner = put.filing.map(|filing| filing.owner);
        let is_new = put.filing.is_some_and(|filing| filing.is_new);
        let write = Arc::new(Write { key: put.key, image, condition: put.condition, owner, is_new });
        let since = Instant::now();
        if !is_new {
            let guard = self.turn("put", &self.0.records, &put.key.to_hex(), since).await?;
            let write = Arc::clone(&write);
            match self.run("put", guard, move |files| files.put(&write, false, since)).await? {
                Written::Applied => return Ok(Outcome::Applied),
                Written::Conflict => return Ok(Outcome::Conflict),
                Written::NotOnList => {}
            }
        }
        let owner = match &owner {
            Some(owner) => Some(self.turn("put", &self.0.owners, &owner.to_hex(), since).await?),
            None => None,
        };
        let guards = (owner, self.turn("put", &self.0.records, &put.key.to_hex(), since).await?);
        Ok(match self.run("put", guards, move |files| files.put(&write, true, since)).await? {
            Written::Applied => Outcome::Applied,
            Written::Conflict | Written::NotOnList => Outcome::Conflict,
        })
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        let (key, since) = (*key, Instant::now());
        let guard = self.turn("delete", &self.0.records, &key.to_hex(), since).await?;
        self.run("delete", guard, move |files| files.delete(&key, condition, since)).await
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let owner = *owner;
        self.run("list", (), move |files| files.list(&owner)).await
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        let (owner, since) = (*owner, Instant::now());
        let guard = self.turn("delete_owned", &self.0.owners, &owner.to_hex(), since).await?;
        self.run("delete_owned", guard, move |files| files.delete_owned(&owner, which, since)).await
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        let of = (SHARDS as u64).checked_mul(2);
        let mut step = Step { of, ..Step::default() };
        let purge = move |files: &Files, shard: &str| files.purge_shard(shard, now);
        let mut done = |removed: u64| {
            step.done = step.done.saturating_add(1);
            step.records = step.records.saturating_add(removed);
            progress.report(step);
        };
        let records = self.each_shard("purge_expired", purge, &mut done).await;
        // After all records: those of one owner are in many shards.
        let lists = self.each_shard("purge_expired", Files::purge_lists, |()| done(0)).await;
        records.and(lists).map(|()| step.records)
    }

    async fn stats(&self, progress: &Progress) -> Result<Stats, StoreError> {
        let now = self.0.files.clock.now();
        let mut step = Step { of: Some(SHARDS as u64), ..Step::default() };
        let mut total = purge::Count::default();
        let count = move |files: &Files, shard: &str| files.count_shard(shard, now);
        let done = |count: purge::Count| {
            total.add(&count);
            step.done = step.done.saturating_add(1);
            step.records = total.live.saturating_add(total.expired);
            progress.report(step);
        };
        self.each_shard("stats", count, done).await?;
        Ok(Stats {
            records: total.live,
            expired: Some(total.expired),
            owners: Some(total.owners),
            bytes: Some(total.bytes),
            unreadable: Some(total.unreadable),
        })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileStore({})", self.path().display())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({}, {:?})", self.path.display(), self.durability)
    }
}

/// The locks of one process, by shard.
struct Locks {
    /// What the names of their files begin with.
    of_what: &'static str,
    shards: Vec<Arc<Mutex<()>>>,
}

impl Locks {
    fn new(of_what: &'static str) -> Self {
        Self { of_what, shards: (0..SHARDS).map(|_| Arc::default()).collect() }
    }

    /// The lock of the shard of `name`; nothing if it does not become free in time.
    async fn of(&self, name: &str, limit: Duration) -> Option<OwnedMutexGuard<()>> {
        let lock = Arc::clone(self.shards.get(shard_number(name))?);
        // Mostly it is free, and no timer needed.
        match Arc::clone(&lock).try_lock_owned() {
            Ok(guard) => Some(guard),
            Err(_) => tokio::time::timeout(limit, lock.lock_owned()).await.ok(),
        }
    }
}

/// Runs `work` where it may block. Once it has begun it runs to its end, even if nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    operation: &'static str,
    place: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let at = |error: StoreError| error.at(place.display().to_string());
    match runtime(operation, place)?.spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| at(StoreError::io(ENGINE, operation, error))),
        Err(error) => Err(at(StoreError::new(StoreErrorKind::Unavailable, ENGINE, operation, error))),
    }
}

fn runtime(operation: &'static str, place: &Path) -> Result<Handle, StoreError> {
    Handle::try_current().map_err(|error| {
        StoreError::new(StoreErrorKind::Configuration, ENGINE, operation, error)
            .at(place.display().to_string())
    })
}

/// Makes the outer folders (shards are made when they are written to) and returns the absolute path.
fn prepare(path: &Path) -> io::Result<PathBuf> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // Later changes of the working directory must not move the store.
    let path = path.canonicalize()?;
    if path.read_dir()?.next().is_none() && path.metadata()?.mode() & 0o077 != 0 {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
    }
    let root = Folder::open(&path)?;
    for name in [RECORDS, OWNERS, LOCKS] {
        root.make_folder(name)?;
    }
    root.sync()?;
    if let Some(parent) = path.parent() {
        // A folder that may be entered but not read cannot be synced; then its owner made ours and synced it.
        let _ = Folder::open(parent).and_then(|parent| parent.sync());
    }
    probe(&root.folder(RECORDS)?)?;
    Ok(path)
}

/// The absolute path, if the folders are there.
fn find(path: &Path) -> io::Result<Option<PathBuf>> {
    let path = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        path => path?,
    };
    let root = Folder::open(&path)?;
    for name in [RECORDS, OWNERS, LOCKS] {
        if root.folder_if_any(name)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(path))
}

/// Finds out now, not at the first visitor, whether files can be made here.
fn probe(folder: &Folder) -> io::Result<()> {
    let name = ["probe", UNFINISHED].concat();
    match folder.create(&name) {
        // Another process is just doing the same.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        created => drop(created?),
    }
    folder.remove(&name)?;
    Ok(())
}

const ENGINE: &str = "file";
const PATIENCE: Duration = Duration::from_secs(5);
const SHARDS: usize = 256;
/// In how many shards a purge or a count works at once.
const AT_ONCE: usize = 8;
