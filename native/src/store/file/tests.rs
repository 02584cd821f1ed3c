//! Faults at every system call, and what others may have put into the folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Tag, Which};
use fastsession_core::time::UnixTime;
use tempfile::TempDir;

use super::disk::faults::{self, Fault};
use super::records::{Files, Write, Written};
use super::{Durability, FileStore, format, prepare};
use crate::store::{Clock, ManualClock, Progress, Put, Store, StoreError, StoreErrorKind};

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

/// Every fault at every system call that `work` makes on a fresh fixture.
fn with_every_fault(
    prepare: impl Fn(&Fixture),
    work: impl Fn(&Fixture) -> std::io::Result<()>,
    check: impl Fn(&Fixture, bool, &str),
) {
    let fixture = Fixture::new();
    prepare(&fixture);
    let (result, calls) = faults::with(None, || work(&fixture));
    result.unwrap();
    assert!(calls.len() > 8, "{calls:?}");
    for (index, call) in calls.iter().enumerate() {
        let codes = [libc::ENOSPC, libc::EIO, libc::EROFS, libc::EACCES, libc::EDQUOT];
        let faults = codes.map(|code| Fault::Fails(index, code)).into_iter().chain([Fault::Killed(index)]);
        for fault in faults {
            let fixture = Fixture::new();
            prepare(&fixture);
            let (result, _) = faults::with(Some(fault), || work(&fixture));
            let about = format!("{fault:?} ({call}) of {calls:?}");
            check(&fixture, result.is_ok(), &about);
            fixture.check_usable(&about);
        }
    }
}

#[test]
fn a_put_that_fails_leaves_a_whole_record() {
    for owner in [None, Some(OwnerKey::from_bytes(&[0xcd; 32]))] {
        with_every_fault(
            |fixture| fixture.put_old(owner),
            |fixture| fixture.put(NEW, Condition::Matches(Tag::of(OLD)), owner).map(drop),
            |fixture, ok, about| {
                let held = fixture.read();
                assert!(held.as_deref() == Some(NEW) || !ok && held.as_deref() == Some(OLD), "{about}");
                // Once the folder is being synced the new record has its name.
                let renamed = about.contains("(fsync folder)") && !about.contains("Killed");
                assert!(ok || renamed || held.as_deref() == Some(OLD) || about.contains("Killed"), "{about}");
            },
        );
    }
}

#[test]
fn a_first_put_that_fails_leaves_nothing_or_all() {
    with_every_fault(
        |_| {},
        |fixture| fixture.put(NEW, Condition::Absent, Some(fixture.owner)).map(drop),
        |fixture, ok, about| {
            let held = fixture.read();
            assert!(held.as_deref() == Some(NEW) || !ok && held.is_none(), "{about}");
            let listed = fixture.files.list(&fixture.owner).unwrap().len();
            assert_eq!(listed, usize::from(held.is_some()), "{about}: the list and the record differ");
        },
    );
}

#[test]
fn a_delete_that_fails_can_be_repeated() {
    with_every_fault(
        |fixture| fixture.put_old(Some(fixture.owner)),
        |fixture| fixture.files.delete(&fixture.key, Condition::Any, Instant::now()).map(drop),
        |fixture, ok, about| {
            let held = fixture.read();
            assert!(held.is_none() || !ok && held.as_deref() == Some(OLD), "{about}");
            let again = fixture.files.delete(&fixture.key, Condition::Any, Instant::now()).unwrap();
            assert_eq!((again, fixture.read()), (Outcome::Applied, None), "{about}");
        },
    );
}

#[test]
fn an_ending_that_fails_can_be_repeated() {
    with_every_fault(
        |fixture| fixture.put_old(Some(fixture.owner)),
        |fixture| fixture.files.delete_owned(&fixture.owner, Which::All, Instant::now()).map(drop),
        |fixture, ok, about| {
            assert!(fixture.read().is_none() || !ok, "{about}");
            fixture.files.delete_owned(&fixture.owner, Which::All, Instant::now()).unwrap();
            assert_eq!(fixture.read(), None, "{about}");
        },
    );
}

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

#[test]
fn a_file_that_is_not_whole_counts_as_absent() {
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    let whole = fs::read(fixture.record_path()).unwrap();
    let longer = [whole.as_slice(), b"x"].concat();
    let torn = (0..whole.len()).map(|length| whole[..length].to_vec()).chain([longer, vec![0; whole.len()]]);
    for bytes in torn {
        fs::write(fixture.record_path(), &bytes).unwrap();
        assert_eq!(fixture.read(), None, "{} bytes", bytes.len());
    }
    let old = Condition::Matches(Tag::of(OLD));
    assert!(matches!(fixture.put(NEW, old, None), Ok(Written::Conflict)));
    assert_eq!(fixture.files.purge_shard("ab", NEW_YEAR_1970).unwrap(), 1);
    fixture.check_usable("after a purge of a torn file");
}

#[test]
fn a_file_that_is_not_whole_is_listed_and_ended() {
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    let whole = fs::read(fixture.record_path()).unwrap();
    fs::write(fixture.record_path(), &whole[..whole.len() / 2]).unwrap();
    let listed = fixture.files.list(&fixture.owner).unwrap();
    assert_eq!(
        listed.iter().map(|filed| (filed.key, filed.entry.len())).collect::<Vec<_>>(),
        [(fixture.key, 0)]
    );
    let only = Which::Only(fixture.key);
    assert_eq!(fixture.files.delete_owned(&fixture.owner, only, Instant::now()).unwrap(), 1);
    assert!(!fixture.record_path().exists());
    fixture.check_usable("after a torn file was ended");
}

const NEW_YEAR_1970: UnixTime = UnixTime::from_secs(0);

#[tokio::test]
async fn another_version_is_an_error_and_stays() {
    let fixture = Fixture::new();
    fixture.put_old(None);
    let mut newer = fs::read(fixture.record_path()).unwrap();
    newer[3] = b'2';
    fs::write(fixture.record_path(), &newer).unwrap();
    let store = FileStore::open(fixture.root()).await.unwrap();
    assert_eq!(store.get(&fixture.key).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    let delete = store.delete(&fixture.key, Condition::Matches(Tag::of(OLD))).await;
    assert_eq!(delete.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert!(fixture.put(NEW, Condition::Any, None).is_err());
    store.purge_expired(UnixTime::from_secs(u64::MAX), &Progress::none()).await.unwrap();
    assert_eq!(fs::read(fixture.record_path()).unwrap(), newer);
    assert_eq!(store.stats(&Progress::none()).await.unwrap().unreadable, Some(1));
    // Unless somebody wants it gone, whatever it is.
    assert_eq!(store.delete(&fixture.key, Condition::Any).await.unwrap(), Outcome::Applied);
    assert!(!fixture.record_path().exists());
}

#[tokio::test]
async fn symbolic_links_are_not_followed() {
    for linked in ["records", "records/ab", "owners", "owners/cd", "locks"] {
        let fixture = Fixture::new();
        fixture.put_old(Some(fixture.owner));
        let store = FileStore::open(fixture.root()).await.unwrap();
        let (inside, outside) = (fixture.root().join(linked), fixture.folder.path().join("outside"));
        fs::rename(&inside, &outside).unwrap();
        symlink(&outside, &inside).unwrap();
        let before = files_in(&outside);
        if linked.starts_with("records") {
            let error = store.get(&fixture.key).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{linked}: {error}");
        }
        assert!(fixture.put(NEW, Condition::Any, Some(fixture.owner)).is_err(), "{linked}");
        assert!(store.delete_owned(&fixture.owner, Which::All).await.is_err(), "{linked}");
        assert_eq!(files_in(&outside), before, "{linked}");
    }
}

#[tokio::test]
async fn a_linked_record_is_an_error_and_its_target_untouched() {
    let fixture = Fixture::new();
    fixture.put_old(None);
    let target = fixture.folder.path().join("target");
    fs::rename(fixture.record_path(), &target).unwrap();
    symlink(&target, fixture.record_path()).unwrap();
    let store = FileStore::open(fixture.root()).await.unwrap();
    let error = store.get(&fixture.key).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert!(fixture.put(NEW, Condition::Any, None).is_err());
    store.purge_expired(UnixTime::from_secs(u64::MAX), &Progress::none()).await.unwrap();
    assert!(fs::read(&target).unwrap().ends_with(OLD));
    // A link where a file is about to be written is removed, not written through.
    fs::remove_file(fixture.record_path()).unwrap();
    symlink(&target, fixture.record_path().with_extension("tmp")).unwrap();
    assert!(matches!(fixture.put(NEW, Condition::Absent, None), Ok(Written::Applied)));
    assert!(fs::read(&target).unwrap().ends_with(OLD));
    assert_eq!(fixture.read().as_deref(), Some(NEW));
}

#[test]
fn a_pipe_in_place_of_a_record_holds_nobody_up() {
    let fixture = Fixture::new();
    fixture.put_old(None);
    fs::remove_file(fixture.record_path()).unwrap();
    let made = std::process::Command::new("mkfifo").arg(fixture.record_path()).status().unwrap();
    assert!(made.success());
    assert_eq!(fixture.read(), None);
}

#[tokio::test]
async fn what_a_killed_writer_left_is_swept() {
    let fixture = Fixture::new();
    fixture.put_old(None);
    let unfinished = fixture.record_path().with_extension("tmp");
    fs::write(&unfinished, b"half").unwrap();
    assert!(matches!(fixture.put(NEW, Condition::Any, None), Ok(Written::Applied)));
    assert!(!unfinished.exists());
    fs::write(&unfinished, b"half").unwrap();
    let store = FileStore::open(fixture.root()).await.unwrap();
    assert_eq!(store.purge_expired(NOW, &Progress::none()).await.unwrap(), 0);
    assert!(!unfinished.exists());
    assert_eq!(fixture.read().as_deref(), Some(NEW));
}

#[tokio::test]
async fn nobody_else_may_look_inside() {
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    let mut folders = vec![fixture.root()];
    while let Some(folder) = folders.pop() {
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o7777,
            0o700,
            "{}",
            folder.display()
        );
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o7777, 0o600, "{}", path.display());
            }
        }
    }
    // An empty folder that was there becomes private, one with something in it stays as it is.
    for (name, mode) in [("empty", 0o700), ("used", 0o755)] {
        let folder = fixture.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        if name == "used" {
            fs::write(folder.join("notes"), b"").unwrap();
        }
        FileStore::open(&folder).await.unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o7777, mode);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    for path in [file.clone(), file.join("inside")] {
        let error = FileStore::open(&path).await.unwrap_err();
        assert_eq!(error.operation(), "open");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn without_a_runtime_it_is_an_error() {
    fn refused<T: std::fmt::Debug>(work: impl Future<Output = Result<T, StoreError>>) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(work).poll(&mut context) {
            std::task::Poll::Ready(Err(error)) => assert_eq!(error.kind(), StoreErrorKind::Configuration),
            other => panic!("{other:?}"),
        }
    }

    let folder = tempfile::tempdir().unwrap();
    refused(FileStore::open(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = runtime.block_on(FileStore::open(folder.path())).unwrap();
    refused(store.stats(&Progress::none()));
    refused(store.purge_expired(NOW, &Progress::none()));
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
        assert!(begun.elapsed() < limit.saturating_mul(20), "{:?}", begun.elapsed());
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

#[tokio::test]
async fn purging_goes_on_beside_a_shard_that_fails() {
    let fixture = Fixture::new();
    fixture.put_old(Some(fixture.owner));
    let store = FileStore::builder(fixture.root()).clock(ManualClock::new(NOW)).open().await.unwrap();
    let other = StoreKey::from_bytes(&[0xcc; 32]);
    let put =
        Put { key: other, record: OLD, expires_at: EXPIRES, condition: Condition::Absent, filing: None };
    assert_eq!(store.put(put).await.unwrap(), Outcome::Applied);
    // At once, before the shards behind it.
    let lock = fixture.root().join("locks/ab");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert!(store.purge_expired(EXPIRES, &Progress::none()).await.is_err());
    assert_eq!(files_in(&fixture.root().join("records")), 1);
    fs::remove_dir(&lock).unwrap();
    assert_eq!(store.purge_expired(EXPIRES, &Progress::none()).await.unwrap(), 1);
}
