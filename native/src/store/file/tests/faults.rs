//! Faults at every system call.

use std::fs;
use std::time::Instant;

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Tag, Which};

use super::super::FileStore;
use super::super::disk::faults::{self, Fault};
use super::{EXPIRES, Fixture, NEW, NOW, OLD, files_in};
use crate::store::{ManualClock, Progress, Put, Store};

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
