//! What a store of fixed capacity keeps, refuses and forgets.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::string::String;
use std::thread;
use std::vec::Vec;

use super::*;
use crate::store::{Condition, Filing, Tag};

/// Three records of up to 64 bytes.
type Small = MemoryStore<3, 64>;

const NOW: UnixTime = UnixTime::from_secs(1_000);
const LATER: UnixTime = UnixTime::from_secs(2_000);

fn key(number: u8) -> StoreKey {
    StoreKey::from_bytes(&[number; 32])
}

fn owner(number: u8) -> OwnerKey {
    OwnerKey::from_bytes(&[number; 32])
}

fn put(number: u8, record: &[u8], condition: Condition) -> Operation<'_> {
    Operation::Put { key: key(number), record, expires_at: LATER, condition, filing: None }
}

fn put_filed<'a>(number: u8, record: &'a [u8], owner: OwnerKey, entry: &'a [u8]) -> Operation<'a> {
    let filing = Some(Filing { owner, entry, is_new: true, until: LATER });
    Operation::Put { key: key(number), record, expires_at: LATER, condition: Condition::Any, filing }
}

fn put_until(number: u8, expires_at: UnixTime) -> Operation<'static> {
    let condition = Condition::Absent;
    Operation::Put { key: key(number), record: b"record", expires_at, condition, filing: None }
}

const fn delete(key: StoreKey, condition: Condition) -> Operation<'static> {
    Operation::Delete { key, condition }
}

fn get<const SESSIONS: usize, const BYTES: usize>(
    store: &MemoryStore<SESSIONS, BYTES>,
    number: u8,
    now: UnixTime,
) -> Option<Vec<u8>> {
    // What was in the buffer before must not stay.
    let mut out = heapless::Vec::<u8, 128>::from_slice(b"stale").unwrap();
    store.get(&key(number), now, &mut out).unwrap().then(|| out.to_vec())
}

fn listed(store: &Small, owner: &OwnerKey, now: UnixTime) -> Vec<(StoreKey, String)> {
    let mut listed = Vec::new();
    store.list(owner, now, |key, entry| listed.push((*key, String::from_utf8(entry.to_vec()).unwrap())));
    listed.sort();
    listed
}

/// A store of three sessions: two of one owner, one of another.
fn owned() -> Small {
    let store = Small::new();
    for (number, owner, entry) in [(1, owner(7), "phone"), (2, owner(7), "panel"), (3, owner(8), "other")] {
        let put = put_filed(number, b"record", owner, entry.as_bytes());
        assert_eq!(store.apply(&put, NOW), Ok(Outcome::Applied));
    }
    store
}

#[test]
fn a_record_is_kept_until_its_time_is_over() {
    let store = Small::default();
    assert_eq!(get(&store, 1, NOW), None);
    assert_eq!(store.apply(&put_until(1, LATER), NOW), Ok(Outcome::Applied));
    assert_eq!(get(&store, 1, NOW).unwrap(), b"record");
    assert_eq!(get(&store, 1, UnixTime::from_secs(1_999)).unwrap(), b"record");
    assert_eq!(get(&store, 1, LATER), None);
    assert_eq!(get(&store, 2, NOW), None);
}

#[test]
fn a_buffer_that_is_too_small_is_told() {
    let store = Small::new();
    assert_eq!(store.apply(&put(1, &[9; 33], Condition::Absent), NOW), Ok(Outcome::Applied));
    let mut small = heapless::Vec::<u8, 32>::new();
    assert_eq!(store.get(&key(1), NOW, &mut small), Err(Full));
    assert!(small.is_empty());
}

#[test]
fn conditions_are_those_of_the_record_that_is_there() {
    let store = Small::new();
    let (first, second) = (Tag::of(b"first"), Tag::of(b"second"));
    let steps = [
        (put(1, b"first", Condition::Matches(first)), Outcome::Conflict),
        (delete(key(1), Condition::Matches(first)), Outcome::Conflict),
        (delete(key(1), Condition::Any), Outcome::Applied),
        (put(1, b"first", Condition::Absent), Outcome::Applied),
        (put(1, b"again", Condition::Absent), Outcome::Conflict),
        (put(1, b"again", Condition::Matches(second)), Outcome::Conflict),
        (put(1, b"second", Condition::Matches(first)), Outcome::Applied),
        (delete(key(1), Condition::Matches(first)), Outcome::Conflict),
        (delete(key(1), Condition::Absent), Outcome::Conflict),
        (delete(key(1), Condition::Matches(second)), Outcome::Applied),
        (put(1, b"third", Condition::Any), Outcome::Applied),
    ];
    for (at, (operation, outcome)) in steps.iter().enumerate() {
        assert_eq!(store.apply(operation, NOW), Ok(*outcome), "step {at}");
    }
    assert_eq!(get(&store, 1, NOW).unwrap(), b"third");
}

#[test]
fn a_record_whose_time_is_over_counts_as_absent() {
    let store = Small::new();
    let record = Tag::of(b"record");
    assert_eq!(store.apply(&put_until(1, UnixTime::from_secs(1_500)), NOW), Ok(Outcome::Applied));
    let late = UnixTime::from_secs(1_500);
    assert_eq!(store.apply(&put(1, b"new", Condition::Matches(record)), late), Ok(Outcome::Conflict));
    assert_eq!(store.apply(&delete(key(1), Condition::Matches(record)), late), Ok(Outcome::Conflict));
    assert_eq!(store.apply(&put(1, b"new", Condition::Absent), late), Ok(Outcome::Applied));
    assert_eq!(get(&store, 1, late).unwrap(), b"new");
    // The old one does not come to light again behind the new one.
    assert_eq!(store.apply(&delete(key(1), Condition::Any), late), Ok(Outcome::Applied));
    assert_eq!(get(&store, 1, NOW), None);
}

#[test]
fn only_what_has_expired_makes_room() {
    let store = Small::new();
    let ends = [UnixTime::from_secs(1_400), LATER, UnixTime::from_secs(1_600)];
    for (number, end) in (1..).zip(ends) {
        assert_eq!(store.apply(&put_until(number, end), NOW), Ok(Outcome::Applied));
    }
    assert_eq!(store.apply(&put_until(4, LATER), UnixTime::from_secs(1_399)), Err(Full));
    let now = UnixTime::from_secs(1_400);
    assert_eq!(store.apply(&put_until(4, LATER), now), Ok(Outcome::Applied));
    let kept = [1, 2, 3, 4].map(|number| get(&store, number, now).is_some());
    assert_eq!(kept, [false, true, true, true]);
    // The others can still be written, and a place that is given up is free.
    assert_eq!(store.apply(&put(2, b"again", Condition::Any), now), Ok(Outcome::Applied));
    assert_eq!(store.apply(&put_until(5, LATER), now), Err(Full));
    assert_eq!(store.apply(&delete(key(3), Condition::Any), now), Ok(Outcome::Applied));
    assert_eq!(store.apply(&put_until(5, LATER), now), Ok(Outcome::Applied));
}

#[test]
fn a_record_that_does_not_fit_leaves_the_old_one() {
    let store = Small::new();
    assert_eq!(store.apply(&put_filed(1, b"old", owner(7), b"entry"), NOW), Ok(Outcome::Applied));
    assert_eq!(store.apply(&put(1, &[1; 65], Condition::Any), NOW), Err(Full));
    // The listing entry counts.
    assert_eq!(store.apply(&put_filed(1, &[1; 60], owner(8), b"entry"), NOW), Err(Full));
    assert_eq!(get(&store, 1, NOW).unwrap(), b"old");
    assert_eq!(listed(&store, &owner(7), NOW), [(key(1), "entry".into())]);
    assert_eq!(store.apply(&put(2, &[1; 65], Condition::Absent), NOW), Err(Full));
    assert_eq!(get(&store, 2, NOW), None);
    assert_eq!(store.apply(&put_filed(1, &[1; 59], owner(8), b"entry"), NOW), Ok(Outcome::Applied));
    assert_eq!(get(&store, 1, NOW).unwrap(), [1; 59]);
    assert_eq!(store.apply(&put(2, &[1; 64], Condition::Absent), NOW), Ok(Outcome::Applied));
}

#[test]
fn a_conflict_is_told_even_where_there_is_no_room() {
    let store = owned();
    assert_eq!(
        store.apply(&put(4, b"record", Condition::Matches(Tag::of(b"other"))), NOW),
        Ok(Outcome::Conflict)
    );
    assert_eq!(store.apply(&put(1, &[1; 65], Condition::Absent), NOW), Ok(Outcome::Conflict));
}

#[test]
fn a_listing_shows_an_owners_living_sessions() {
    let store = owned();
    assert_eq!(listed(&store, &owner(7), NOW), [(key(1), "phone".into()), (key(2), "panel".into())]);
    assert_eq!(listed(&store, &owner(9), NOW), []);
    assert_eq!(listed(&store, &owner(7), LATER), []);
    // The write that comes last says whose a record is, and what its listing shows.
    assert_eq!(store.apply(&put_filed(1, b"record", owner(7), b"tablet"), NOW), Ok(Outcome::Applied));
    assert_eq!(store.apply(&put(2, b"record", Condition::Any), NOW), Ok(Outcome::Applied));
    assert_eq!(listed(&store, &owner(7), NOW), [(key(1), "tablet".into())]);
}

#[test]
fn an_owners_sessions_are_ended_as_asked() {
    let cases = [
        (Which::All, 2, [false, false, true]),
        (Which::Only(key(1)), 1, [false, true, true]),
        (Which::Only(key(3)), 0, [true, true, true]),
        (Which::Except(key(1)), 1, [true, false, true]),
        (Which::Except(key(3)), 2, [false, false, true]),
    ];
    for (which, ended, kept) in cases {
        let store = owned();
        assert_eq!(store.delete_owned(&owner(9), which, NOW), 0);
        assert_eq!(store.delete_owned(&owner(7), which, NOW), ended, "{which:?}");
        assert_eq!([1, 2, 3].map(|number| get(&store, number, NOW).is_some()), kept, "{which:?}");
    }
    // Those whose time is over have ended already.
    assert_eq!(owned().delete_owned(&owner(7), Which::All, LATER), 0);
}

#[test]
fn a_purge_deletes_what_has_expired() {
    let store = Small::new();
    for (number, end) in (1..).zip([1_500, 1_501, 2_000]) {
        assert_eq!(store.apply(&put_until(number, UnixTime::from_secs(end)), NOW), Ok(Outcome::Applied));
    }
    assert_eq!(store.purge_expired(UnixTime::from_secs(1_499)), 0);
    assert_eq!(store.purge_expired(UnixTime::from_secs(1_501)), 2);
    assert_eq!(store.purge_expired(UnixTime::from_secs(1_501)), 0);
    // They are gone for an earlier time too.
    assert_eq!([1, 2, 3].map(|number| get(&store, number, NOW).is_some()), [false, false, true]);
}

#[test]
fn threads_lose_no_conditional_write() {
    const THREADS: u64 = 4;
    const WRITES: u64 = 500;
    // A record that counts, ended by a tag that is the count too.
    let record = |count: u64| [[0; 24].as_slice(), &count.to_be_bytes()].concat();
    let store = MemoryStore::<2, 64>::new();
    assert_eq!(store.apply(&put(1, &record(0), Condition::Absent), NOW), Ok(Outcome::Applied));
    let conflicts = AtomicUsize::new(0);
    let add = || loop {
        let current = get(&store, 1, NOW).unwrap();
        let count = u64::from_be_bytes(*current.last_chunk().unwrap());
        let next = record(count + 1);
        match store.apply(&put(1, &next, Condition::Matches(Tag::of(&current))), NOW).unwrap() {
            Outcome::Applied => return,
            Outcome::Conflict => conflicts.fetch_add(1, Ordering::Relaxed),
        };
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..WRITES).for_each(|_| add()));
        }
        // Meanwhile another comes and goes in the place beside it.
        scope.spawn(|| {
            for _ in 0..WRITES {
                assert_eq!(store.apply(&put(2, b"record", Condition::Absent), NOW), Ok(Outcome::Applied));
                assert_eq!(store.apply(&put(3, b"record", Condition::Absent), NOW), Err(Full));
                assert_eq!(store.apply(&delete(key(2), Condition::Any), NOW), Ok(Outcome::Applied));
            }
        });
    });
    assert_eq!(get(&store, 1, NOW).unwrap(), record(THREADS * WRITES));
}
