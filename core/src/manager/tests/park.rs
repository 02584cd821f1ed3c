//! Phases as bytes: what comes back is what went.

use std::vec::Vec;

use super::{Bytes, Host};
use crate::event::EventKind;
use crate::manager::{Commit, Conflict};
use crate::session::{Reason, Session, SessionError};
use crate::value::{self, ValueError};

/// The session, parked and taken up again.
fn parked(host: &Host, session: &Session<Bytes>) -> Session<Bytes> {
    let mut bytes = Bytes::new();
    session.park(&mut bytes).unwrap();
    host.manager.unpark(bytes).unwrap()
}

fn encoded<T: serde::Serialize + ?Sized>(value: &T) -> Bytes {
    let mut bytes = Bytes::new();
    value::write(value, &mut bytes, 1_000).unwrap();
    bytes
}

#[test]
fn a_request_can_be_parked_between_all_its_phases() {
    let mut host = Host::new();
    let cookie = host.stored();
    let header = std::format!("id={cookie}");
    let mut bytes = Bytes::new();
    host.manager.open([header.as_bytes()], host.now).park(&mut bytes).unwrap();
    let pending = host.manager.unpark_pending(&bytes).unwrap();
    let record = host.fresh(*pending.key().unwrap());
    let session = host.manager.resume(pending, record, host.now);
    let mut session = parked(&host, &session);
    assert_eq!((session.reason(), session.get("n")), (None, Ok(Some(1))));
    session.insert("n", &2).unwrap();
    session.flash("notice", "saved").unwrap();
    session.sign_in("ada").unwrap();
    session.set_label("laptop").unwrap();
    session.set_lifetime(Some(core::time::Duration::from_secs(77)), None).unwrap();
    let token = session.csrf_token(&mut host.rng).unwrap();
    let session = parked(&host, &parked(&host, &session));
    assert!(session.verify_csrf(token.as_str().as_bytes()));
    let saved = host.save(session);
    assert_eq!(saved.kind, Some(EventKind::Rotated));
    let mut session = host.load(&saved.cookie);
    assert_eq!((session.owner(), session.label(), session.get("n")), (Some("ada"), "laptop", Ok(Some(2))));
    assert_eq!(session.take_flash("notice"), Ok(Some(std::string::String::from("saved"))));
    assert_eq!(session.expires_at().as_secs(), host.now.as_secs() + 77);
}

#[test]
fn a_fresh_session_keeps_its_reason_and_an_ended_one_stays_ended() {
    let host = Host::new();
    for (cookie, reason) in [("", Reason::BadCookie), ("x", Reason::BadCookie)] {
        let mut session = parked(&host, &host.load(cookie));
        assert_eq!(session.reason(), Some(reason));
        session.destroy();
        assert_eq!(parked(&host, &session).insert("a", &1), Err(SessionError::Destroyed));
    }
}

#[test]
fn a_merge_can_be_parked_in_the_middle_of_a_rotation() {
    let mut host = Host::new();
    let cookie = host.stored();
    let mut session = host.load(&cookie);
    session.update("n", |n: Option<u64>| n.unwrap_or(0) + 10).unwrap();
    session.rotate().unwrap();
    let mut commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
    // The new record is stored; meanwhile another request changes the old one.
    let put = commit.operation().unwrap();
    assert_eq!(host.store.apply(&put, host.now), Ok(crate::store::Outcome::Applied));
    commit.applied();
    let mut other = host.load(&cookie);
    other.insert("n", &5).unwrap();
    host.save(other);
    let mut merged = parked(&host, &conflict(&host, commit));
    assert_eq!(merged.pending_updates().collect::<Vec<_>>(), ["n"]);
    merged.update_encoded("n", &encoded(&15)).unwrap();
    let saved = host.save(parked(&host, &merged));
    assert_eq!(saved.kind, Some(EventKind::Rotated));
    assert_eq!(host.load(&saved.cookie).get("n"), Ok(Some(15)));
    assert_eq!(host.load(&cookie).reason(), Some(Reason::Missing));
}

fn conflict(host: &Host, commit: Commit<Bytes>) -> Session<Bytes> {
    let crate::store::Operation::Delete { key, .. } = commit.operation().unwrap() else { panic!() };
    match host.manager.conflict(commit, host.fresh(key), host.now) {
        Conflict::Retry(session) => session,
        Conflict::Continue(_) => panic!("there is something to merge"),
    }
}

#[test]
fn every_intent_comes_back() {
    for bits in 0..=u8::MAX {
        assert_eq!(crate::session::Intent::from_bits(bits).to_bits(), bits);
    }
}

#[test]
fn other_bytes_are_refused_or_give_a_session_that_can_be_used() {
    let host = Host::new();
    let mut session = host.load("");
    session.insert("key", "value").unwrap();
    let mut bytes = Bytes::new();
    session.park(&mut bytes).unwrap();
    use_changed(&host, &bytes);
    assert!(host.manager.unpark_pending(&[1, 3, 1, 2, 3, 0]).is_err());
    assert!(host.manager.unpark_pending(&[0, 9]).is_err());
    assert!(host.manager.unpark_pending(&[]).is_err());
}

#[test]
fn other_bytes_of_a_stored_session_cost_no_more_than_the_commit() {
    let mut host = Host::new();
    let cookie = host.stored();
    let mut session = host.load(&cookie);
    session.insert("key", "value").unwrap();
    let mut bytes = Bytes::new();
    session.park(&mut bytes).unwrap();
    use_changed(&host, &bytes);
}

/// Uses what can be taken up of a parked session that is cut short or has a byte changed.
fn use_changed(host: &Host, bytes: &Bytes) {
    for at in 0..bytes.len() {
        assert!(host.manager.unpark(bytes[..at].to_vec()).is_err() || at.saturating_add(2) >= bytes.len());
        for other in 1..=u8::MAX {
            let mut changed = bytes.clone();
            changed[at] ^= other;
            for is_used in [false, true] {
                let Ok(mut session) = host.manager.unpark(changed.clone()) else { break };
                if is_used {
                    let _ = session.get::<&str>("key");
                    let _ = session.insert("other", &[1, 2, 3]);
                }
                let _ = host.manager.commit(session, host.now, &mut crate::testing::SeededRng::new(1));
            }
        }
    }
}

#[test]
fn encoded_values_are_checked_and_logged_as_others_are() {
    let mut host = Host::new();
    let mut session = host.load("");
    for bad in [&[][..], &[9], &[2, 0, 0], &[5, 1, 0xff]] {
        assert_eq!(session.insert_encoded("key", bad, None), Err(SessionError::Value(ValueError::Corrupt)));
    }
    assert!(!session.is_changed());
    let end = host.now.after(core::time::Duration::from_secs(10));
    session.insert_encoded("short", &encoded(&1), Some(end)).unwrap();
    session.update_encoded("short", &encoded(&2)).unwrap();
    session.insert_encoded("text", &encoded("é"), None).unwrap();
    session.flash_encoded("notice", &encoded(&true)).unwrap();
    let large = encoded(&"x".repeat(900));
    let limited = session.flash_values().map(|(key, value)| (key, value.to_vec())).collect::<Vec<_>>();
    assert_eq!(limited, [("notice", encoded(&true))]);
    assert_eq!((session.remove_flash("notice"), session.remove_flash("notice")), (Ok(true), Ok(false)));
    for number in 0..100 {
        if let Err(error) = session.insert_encoded(&std::format!("large {number}"), &large, None) {
            assert!(matches!(error, SessionError::TooLarge(_)));
        }
    }
    let cookie = {
        session.clear().unwrap();
        session.insert_until("short", &1, end).unwrap();
        session.update_encoded("short", &encoded(&2)).unwrap();
        host.save(session).cookie
    };
    assert_eq!(host.load(&cookie).get("short"), Ok(Some(2)));
    host.pass(11);
    assert_eq!(host.load(&cookie).get::<u8>("short"), Ok(None));
}
