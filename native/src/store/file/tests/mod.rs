//! What the contract of all stores does not ask: faults of the disk, locks, and what is found in the folder.

mod faults;
mod foreign;
mod locks;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use fastsession_core::store::{Condition, Filing, OwnerKey, StoreKey, Tag, Which};
use fastsession_core::time::UnixTime;
use tempfile::TempDir;

use super::records::{Files, Write, Written};
use super::{Durability, format, prepare};
use crate::store::{Clock, ManualClock, Put};

const NOW: UnixTime = UnixTime::from_secs(1_000);
const EXPIRES: UnixTime = UnixTime::from_secs(2_000);
const KEY: [u8; 32] = [0xab; 32];
const OLD: &[u8] = &[1; 300];
const NEW: &[u8] = &[2; 500];

struct Fixture {
    folder: TempDir,
    files: Files,
    key: StoreKey,
    owner: OwnerKey,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = open(&folder.path().join("store"));
        Self { folder, files, key: StoreKey::from_bytes(&KEY), owner: OwnerKey::from_bytes(&[0xcd; 32]) }
    }

    fn put(&self, record: &[u8], condition: Condition, owner: Option<OwnerKey>) -> std::io::Result<Written> {
        let is_new = owner.is_some();
        let filing = owner.map(|owner| Filing { owner, entry: b"entry", is_new, until: EXPIRES });
        let put = Put { key: self.key, record, expires_at: EXPIRES, condition, filing };
        let image = format::encode(&put)?;
        self.files.put(&Write { key: self.key, image, condition, owner, is_new }, true, Instant::now())
    }

    fn put_old(&self, owner: Option<OwnerKey>) {
        assert!(matches!(self.put(OLD, Condition::Absent, owner), Ok(Written::Applied)));
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn record_path(&self) -> PathBuf {
        self.root().join("records/ab").join(self.key.to_hex().as_str())
    }

    /// What another process sees.
    fn read(&self) -> Option<Vec<u8>> {
        open(&self.root()).get(&self.key).unwrap()
    }

    /// After a fault everything works, and the list and the record agree.
    fn check_usable(&self, about: &str) {
        let held = self.read();
        let listed = self.files.list(&self.owner).unwrap().len();
        let condition = held.as_ref().map_or(Condition::Absent, |held| Condition::Matches(Tag::of(held)));
        assert!(listed <= 1, "{about}");
        let written = self.put(b"after the fault", condition, Some(self.owner)).unwrap();
        assert!(matches!(written, Written::Applied), "{about}");
        assert_eq!(self.files.list(&self.owner).unwrap().len(), 1, "{about}");
        assert_eq!(self.files.delete_owned(&self.owner, Which::All, Instant::now()).unwrap(), 1, "{about}");
        assert_eq!(self.read(), None, "{about}");
        for shard in super::purge::shards() {
            self.files.purge_shard(&shard, NOW).unwrap();
            self.files.purge_lists(&shard).unwrap();
        }
        assert_eq!(files_in(&self.root().join("records")), 0, "{about}: something is left behind");
        assert_eq!(files_in(&self.root().join("owners")), 0, "{about}: a list is left behind");
    }
}

fn open(root: &Path) -> Files {
    let known = std::iter::repeat_with(Default::default).take(super::SHARDS).collect();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    Files {
        root: prepare(root).unwrap(),
        durability: Durability::Synced,
        clock,
        patience: super::PATIENCE,
        known,
    }
}

fn files_in(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}
