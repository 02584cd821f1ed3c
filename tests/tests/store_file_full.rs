//! The file store on a disk that is full or read-only, for real: a small tmpfs, which takes root to mount.
#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by a panic and says when it is skipped"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fastsession::store::{FileStore, Put, Store, StoreError, StoreErrorKind};
use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Tag};
use fastsession_core::time::UnixTime;

struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = ["-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs"];
        let mounted = Command::new("mount").args(arguments).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: no tmpfs can be mounted here");
        None
    }

    fn remount(&self, how: &str) {
        let arguments = ["-o", &format!("remount,{how}")];
        let mounted = Command::new("mount").args(arguments).arg(self.0.path()).status();
        assert!(mounted.expect("mount runs").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn key(index: u8) -> StoreKey {
    StoreKey::from_bytes(&[index; 32])
}

async fn put(
    store: &FileStore,
    key: StoreKey,
    record: &[u8],
    condition: Condition,
) -> Result<Outcome, StoreError> {
    let expires_at = UnixTime::now().after(Duration::from_hours(1));
    let owner = OwnerKey::from_bytes(&[9; 32]);
    let filing =
        Some(Filing { owner, entry: b"entry", is_new: condition == Condition::Absent, until: expires_at });
    store.put(Put { key, record, expires_at, condition, filing }).await
}

async fn open(path: &Path) -> FileStore {
    FileStore::open(path.join("store")).await.expect("an empty disk takes a store")
}

#[tokio::test]
async fn a_full_disk_keeps_what_it_has() {
    let Some(disk) = Disk::mount() else { return };
    let store = open(disk.0.path()).await;
    let mut written = Vec::new();
    let error = loop {
        let index = u8::try_from(written.len()).expect("the disk is small");
        match put(&store, key(index), &vec![index; 20_000], Condition::Absent).await {
            Ok(outcome) => assert_eq!(outcome, Outcome::Applied),
            Err(error) => break error,
        }
        written.push(index);
    };
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(written.len() > 3, "{written:?}");
    for index in &written {
        let (key, old) = (key(*index), vec![*index; 20_000]);
        let error =
            put(&store, key, &vec![0; 30_000], Condition::Matches(Tag::of(&old))).await.expect_err("no room");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        assert_eq!(store.get(&key).await.expect("reads go on").expect("a record"), old);
    }
    // Room is made by what needs none.
    assert_eq!(
        store.delete(&key(0), Condition::Any).await.expect("a delete needs no room"),
        Outcome::Applied
    );
    assert_eq!(
        put(&store, key(200), &[1; 15_000], Condition::Absent).await.expect("there is room"),
        Outcome::Applied
    );
}

#[tokio::test]
async fn a_read_only_disk_is_read() {
    let Some(disk) = Disk::mount() else { return };
    let store = open(disk.0.path()).await;
    assert_eq!(
        put(&store, key(1), b"old", Condition::Absent).await.expect("there is room"),
        Outcome::Applied
    );
    disk.remount("ro");
    assert_eq!(store.get(&key(1)).await.expect("reads go on").expect("a record"), b"old");
    let error = put(&store, key(1), b"new", Condition::Any).await.expect_err("nothing can be written");
    assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
    let error = store.delete(&key(1), Condition::Any).await.expect_err("nothing can be deleted");
    assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
    let error = FileStore::open(disk.0.path().join("store")).await.expect_err("a store must be writable");
    assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
    disk.remount("rw");
    assert_eq!(
        put(&store, key(1), b"new", Condition::Any).await.expect("it can be written"),
        Outcome::Applied
    );
}
