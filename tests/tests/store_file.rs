//! The file store keeps the contract, with two stores on one folder.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::path::PathBuf;

use fastsession::store::file::Durability;
use fastsession::store::{Clock, DynStore, FileStore, ManualClock};
use fastsession::testing::Subject;
use fastsession_core::time::UnixTime;
use tempfile::TempDir;

struct Folder {
    temporary: TempDir,
    durability: Durability,
    clock: ManualClock,
}

impl Folder {
    fn new(durability: Durability) -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        Self { temporary, durability, clock: ManualClock::new(UnixTime::now()) }
    }

    fn store(&self) -> PathBuf {
        self.temporary.path().join("store")
    }

    fn away(&self) -> PathBuf {
        self.temporary.path().join("away")
    }
}

impl Subject for Folder {
    type Store = DynStore;

    async fn open(&self) -> DynStore {
        let builder = FileStore::builder(self.store()).durability(self.durability).clock(self.clock.clone());
        DynStore::new(builder.open().await.expect("a store in a temporary folder"))
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }

    async fn break_down(&self) -> bool {
        // As when a disk is unmounted: the folder is there and empty.
        std::fs::rename(self.store(), self.away()).expect("the folder can be moved");
        std::fs::create_dir(self.store()).expect("another in its place");
        true
    }

    async fn repair(&self) {
        std::fs::remove_dir(self.store()).expect("nothing was written to the other folder");
        std::fs::rename(self.away(), self.store()).expect("the folder can be moved back");
    }
}

fastsession::store_contract!(Folder::new(Durability::Relaxed));

mod synced {
    use super::{Durability, Folder};

    fastsession::store_contract!(Folder::new(Durability::Synced));
}
