//! What others may have put into the folder, torn files among it, and where no store can be.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Instant;

use fastsession_core::store::{Condition, Outcome, Tag, Which};
use fastsession_core::time::UnixTime;

use super::super::FileStore;
use super::super::records::Written;
use super::{Fixture, NEW, NOW, OLD, files_in};
use crate::store::{Progress, Store, StoreError, StoreErrorKind};

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
async fn a_folder_in_place_of_a_record_stops_no_purge() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.record_path()).unwrap();
    let store = FileStore::open(fixture.root()).await.unwrap();
    let error = store.get(&fixture.key).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    store.purge_expired(UnixTime::from_secs(u64::MAX), &Progress::none()).await.unwrap();
    assert!(fixture.record_path().is_dir());
    assert_eq!(store.stats(&Progress::none()).await.unwrap().unreadable, Some(1));
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
