//! Records of any content, sealed with the right key: each is a session, with which everything can be done and which is
//! read again as it was stored, or is refused.
//!
//!     cargo +nightly fuzz run record fuzz/corpus/record fuzz/seeds/record

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fastsession_core::buffer::Buffer;
use fastsession_core::manager::{Manager, Placement};
use fastsession_core::session::{Reason, Session, SessionError};
use fastsession_core::store::Operation;
use fastsession_core::time::UnixTime;
use fastsession_fuzz::{AT, NOW, Numbers, cookie, manager, record};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

static MANAGER: LazyLock<Manager> = LazyLock::new(|| manager(|builder| builder));
static HEADER: LazyLock<String> = LazyLock::new(|| format!("id={}", cookie()));

/// Kind, version, revision and two times of a session that is not over; nothing optional.
fn header() -> Vec<u8> {
    let mut time = Vec::new();
    let mut rest = AT;
    while rest >= 0x80 {
        time.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    time.push(rest as u8);
    [&[1, 1, 7][..], &time, &time, &[0, 0, 0, 0]].concat()
}

fuzz_target!(|input: &[u8]| {
    // Half of the inputs are what follows a right header, since few would find one.
    let content = match input.split_first() {
        Some((0, rest)) => [header(), rest.to_vec()].concat(),
        Some((_, rest)) => rest.to_vec(),
        None => return,
    };
    let sealed = record(&content);
    let growing = resume(sealed.clone());
    let fixed = resume(heapless::Vec::<u8, 8_192>::from_slice(&sealed).unwrap());
    assert_eq!(growing.reason(), fixed.reason());
    assert!(matches!(
        growing.reason(),
        None | Some(Reason::Unreadable | Reason::Expired | Reason::ClockAhead)
    ));
    assert!(seen(&growing) == seen(&fixed));
    stored_unchanged(growing);
    use_all(resume(sealed));
    use_all(fixed);
});

fn resume<B: Buffer>(record: B) -> Session<B> {
    MANAGER.resume(MANAGER.open([HEADER.as_bytes()], NOW), record, NOW)
}

/// What a handler sees.
type Seen = (Vec<(String, Vec<u8>)>, Vec<String>, Option<String>, String, [u64; 3]);

fn seen<B: Buffer>(session: &Session<B>) -> Seen {
    (
        session.values().map(|(key, value)| (key.to_owned(), value.to_vec())).collect(),
        session.flash_keys().map(str::to_owned).collect(),
        session.owner().map(str::to_owned),
        session.label().to_owned(),
        [session.created(), session.last_seen(), session.authenticated_at().unwrap_or_default()]
            .map(UnixTime::as_secs),
    )
}

/// Stores the session as it is, and reads it back.
fn stored_unchanged(mut session: Session<Vec<u8>>) {
    let label = session.label().to_owned();
    if session.reason().is_some() || session.set_label(&label).is_err() {
        return;
    }
    let mut before = seen(&session);
    // The clock of a record may be ahead; otherwise the request is seen now.
    before.4[1] = before.4[1].max(AT);
    let mut commit = MANAGER.commit(session, NOW, &mut Numbers::default()).unwrap();
    let Some(Operation::Put { record, .. }) = commit.operation() else { panic!("nothing to store") };
    let record = record.to_vec();
    commit.applied();
    assert!(MANAGER.finish(commit).is_ok());
    let again = resume(record);
    assert_eq!(again.reason(), None);
    assert!(seen(&again) == before);
}

fn use_all<B: Buffer>(mut session: Session<B>) {
    let was_read = session.reason().is_none();
    let keys: Vec<String> = session.keys().map(str::to_owned).collect();
    assert_eq!(session.len(), keys.len());
    assert_eq!(session.is_empty(), keys.is_empty());
    for key in &keys {
        assert!(session.contains(key));
        let _ = session.get::<&str>(key);
        let _ = session.get::<serde_json::Value>(key);
        let _ = session.update(key, |number: Option<u64>| number.unwrap_or(0).wrapping_add(1));
        let _ = session.insert(key, "new");
        let _ = session.take::<serde_json::Value>(key);
    }
    let flashes: Vec<String> = session.flash_keys().map(str::to_owned).collect();
    for key in &flashes {
        let _ = session.take_flash::<IgnoredAny>(key);
    }
    let _ = session.verify_csrf(session.label().as_bytes());
    let token = session.csrf_token(&mut Numbers::default()).unwrap();
    assert!(session.verify_csrf(token.as_str().as_bytes()));
    fits(session.set_label("label"));
    fits(session.insert_until("key", &1, UnixTime::from_secs(AT + 1)));
    fits(session.flash("key", &2));
    fits(session.sign_in("owner"));
    let _ = (session.expires_at(), session.is_recently_authenticated(Duration::ZERO), session.needs_cookie());
    let _ = format!("{session:?}");
    let before = seen(&session);
    let mut commit = MANAGER.commit(session, NOW, &mut Numbers::default()).unwrap();
    let mut put = None;
    while let Some(operation) = commit.operation() {
        if let Operation::Put { record, .. } = operation {
            put = Some(record.to_vec());
        }
        commit.applied();
    }
    let finished = MANAGER.finish(commit).unwrap();
    assert_eq!(MANAGER.cookies(&finished).count(), 1);
    let _ = finished.event();
    let mut session = MANAGER.reopen(finished, NOW);
    assert_eq!(session.reason(), None);
    let mut after = seen(&session);
    assert!(was_read || put.is_some());
    after.4[1] = before.4[1];
    assert!(after == before);
    fits(session.clear());
    assert!(session.is_empty() && session.flash_keys().next().is_none());
    session.destroy();
    let commit = MANAGER.commit(session, NOW, &mut Numbers::default()).unwrap();
    assert!(matches!(commit.operation(), Some(Operation::Delete { .. })));
    assert_eq!(MANAGER.placement(), Placement::Store);
}

/// There is room in these buffers.
fn fits(done: Result<(), SessionError>) {
    assert_eq!(done, Ok(()));
}
