//! What is locked, whose the locks are, and who waits for them how long.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastsession_core::store::{Condition, Filing, Outcome, StoreKey, Which};
use tokio::task::JoinSet;

use super::super::disk::faults;
use super::super::{FileStore, PATIENCE};
use super::{EXPIRES, Fixture, NEW, NOW, OLD, files_in, open};
use crate::store::{ManualClock, Put, Store, StoreErrorKind};

/// As root this makes a folder of somebody else's, as an operator does who runs the CLI; otherwise it can show less.
#[test]
fn locks_belong_to_whom_the_folder_belongs() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let fixture = Fixture::new();
    let locks = fixture.root().join("locks");
    fs::create_dir_all(&locks).unwrap();
    let is_root = fs::metadata(&locks).unwrap().uid() == 0;
    let owner = if is_root { 65_534 } else { fs::metadata(&locks).unwrap().uid() };
    chown(&locks, Some(owner), None).unwrap();
    fixture.put_old(None);
    for lock in fs::read_dir(&locks).unwrap() {
        assert_eq!(lock.unwrap().metadata().unwrap().uid(), owner);
    }
    assert!(fs::read_dir(&locks).unwrap().count() > 0);
}

#[test]
fn records_change_under_their_lock() {
    thread_local! {
        static LOCKS: std::cell::RefCell<Vec<PathBuf>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    fn is_locked(path: &Path) -> bool {
        fs::File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }
    fn watch(call: &'static str) {
        LOCKS.with_borrow(|locks| match call {
            "rename" | "unlink" => {
                assert!(is_locked(&locks[0]), "{call} without the lock of the record's shard");
            }
            "mkdir" => {
                assert!(locks.iter().any(|lock| is_locked(lock)), "{call} without a lock");
            }
            "rmdir" => {
                assert!(is_locked(&locks[1]), "{call} without the lock of the owner's shard");
            }
            _ => {}
        });
    }
    let fixture = Fixture::new();
    let locks = fixture.root().join("locks");
    LOCKS.set(vec![locks.join("ab"), locks.join("owners-cd")]);
    let owner = Some(fixture.owner);
    for expired in [false, true] {
        faults::watched(watch, || {
            fixture.put(OLD, Condition::Absent, owner).unwrap();
            fixture.put(NEW, Condition::Any, None).unwrap();
            assert_eq!(files_in(&fixture.root().join("owners")), 0, "a record without an owner is on a list");
            fixture.put(OLD, Condition::Any, owner).unwrap();
            assert_eq!(
                fixture.files.delete(&fixture.key, Condition::Any, Instant::now()).unwrap(),
                Outcome::Applied
            );
            fixture.put(OLD, Condition::Absent, owner).unwrap();
            if expired {
                assert_eq!(fixture.files.purge_shard("ab", EXPIRES).unwrap(), 1);
            } else {
                assert_eq!(
                    fixture.files.delete_owned(&fixture.owner, Which::All, Instant::now()).unwrap(),
                    1
                );
            }
        });
        assert_eq!(files_in(&fixture.root().join("owners")), 0, "a list still names a record that is gone");
    }
}

#[test]
fn a_list_lasts_while_its_owner_is_locked() {
    // The lists are purged while a record is between its place on the list and its file.
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    fs::remove_file(fixture.record_path()).unwrap();
    let root = fixture.files.root().unwrap();
    let lock = fixture.files.lock_owners(&root, "cd", Instant::now()).unwrap();
    let purging = std::thread::spawn({
        let root = fixture.root();
        move || open(&root).purge_lists("cd")
    });
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(files_in(&fixture.root().join("owners")), 1);
    drop(lock);
    purging.join().unwrap().unwrap();
    assert_eq!(files_in(&fixture.root().join("owners")), 0);
}

/// As by a process that was stopped.
#[tokio::test]
async fn a_lock_that_nobody_lets_go_is_an_error_in_time() {
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    let limit = Duration::from_millis(100);
    let store = FileStore::builder(fixture.root()).timeout(limit).open().await.unwrap();
    let put =
        Put { key: fixture.key, record: NEW, expires_at: EXPIRES, condition: Condition::Any, filing: None };
    for name in ["ab", "owners-cd"] {
        let lock = fs::File::create(fixture.root().join("locks").join(name)).unwrap();
        lock.lock().unwrap();
        let begun = Instant::now();
        // All that wait, wait at the same time.
        let (first, second, ended) =
            tokio::join!(store.put(put), store.delete(&fixture.key, Condition::Absent), async {
                store.delete_owned(&fixture.owner, Which::All).await
            });
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains(&format!("locks/{name}")), "{error}");
        assert!(error.to_string().contains("fuser"), "{error}");
        assert_eq!((first.is_err(), second.is_err()), (name == "ab", name == "ab"), "{name}");
        drop(lock);
    }
    assert_eq!(store.delete_owned(&fixture.owner, Which::All).await.unwrap(), 0);
    let _ = store.put(put).await.unwrap();
}

/// However many writes wait: those behind others of their process, and those of one list.
#[tokio::test]
async fn a_lock_that_nobody_lets_go_holds_nobody_up_for_longer() {
    const WRITES: u8 = 30;
    let fixture = Fixture::new();
    let limit = Duration::from_millis(100);
    let builder = FileStore::builder(fixture.root()).timeout(limit).clock(ManualClock::new(NOW));
    let store = builder.open().await.unwrap();
    let key = |number| {
        let mut bytes = [number; 32];
        bytes[0] = 0xab;
        StoreKey::from_bytes(&bytes)
    };
    let filing = Filing { owner: fixture.owner, entry: b"entry", is_new: true, until: EXPIRES };
    let put = |number, filing| Put {
        key: key(number),
        record: NEW,
        expires_at: EXPIRES,
        condition: Condition::Any,
        filing,
    };
    for number in 0..WRITES {
        let _ = store.put(put(number, Some(filing))).await.unwrap();
    }
    let lock = fs::File::create(fixture.root().join("locks/ab")).unwrap();
    lock.lock().unwrap();

    let begun = Instant::now();
    let mut writes = JoinSet::new();
    for number in 0..WRITES {
        let (store, put) = (store.clone(), put(number, None));
        writes.spawn(async move { store.put(put).await.unwrap_err() });
    }
    while let Some(error) = writes.join_next().await {
        let error = error.unwrap();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("locks/ab"), "{error}");
    }
    assert!(begun.elapsed() < limit * 10, "{:?}", begun.elapsed());

    let begun = Instant::now();
    let error = store.delete_owned(&fixture.owner, Which::All).await.unwrap_err();
    assert!(error.to_string().contains("30 could not be ended"), "{error}");
    assert!(begun.elapsed() < limit * 10, "{:?}", begun.elapsed());
    drop(lock);
    assert_eq!(store.delete_owned(&fixture.owner, Which::All).await.unwrap(), WRITES.into());
}
