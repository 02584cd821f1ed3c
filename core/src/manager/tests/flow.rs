//! One request after the other, and some at once.

use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{Bytes, Host};
use crate::event::EventKind;
use crate::manager::CommitError;
use crate::session::{Reason, Session, SessionError};
use crate::store::{StoreKey, Which};
use crate::testing::SeededRng;
use crate::time::UnixTime;
use crate::token::testing::ring;

#[test]
fn an_untouched_visitor_costs_nothing() {
    let mut host = Host::new();
    let pending = host.manager.open([], host.now);
    assert!(pending.key().is_none());
    let session = host.manager.resume(pending, Bytes::new(), host.now);
    assert_eq!(session.reason(), Some(Reason::NoCookie));
    let saved = host.save(session);
    assert_eq!((saved.kind, saved.header), (None, None));
}

#[test]
fn who_has_nothing_in_the_end_gets_no_cookie() {
    let mut host = Host::new();
    let changes: [fn(&mut Session<Bytes>); 6] = [
        |session| session.insert_until("n", &1, UnixTime::from_secs(1)).unwrap(),
        |session| session.insert("n", &1).map(|()| assert_eq!(session.remove("n"), Ok(true))).unwrap(),
        |session| session.set_label("").unwrap(),
        |session| session.clear().unwrap(),
        |session| session.rotate().unwrap(),
        |session| session.insert("n", &1).map(|()| session.destroy()).unwrap(),
    ];
    for change in changes {
        let mut session = host.load("");
        change(&mut session);
        assert!(!session.needs_cookie() && !session.is_changed());
        let saved = host.save(session);
        assert_eq!((saved.kind, saved.header), (None, None));
    }
    let changes: [fn(&mut Session<Bytes>); 4] = [
        |session| session.flash("n", &1).unwrap(),
        |session| session.set_label("Firefox").unwrap(),
        |session| assert!(session.csrf_token(&mut SeededRng::new(1)).is_ok()),
        |session| session.set_lifetime(Some(Duration::from_mins(1)), None).unwrap(),
    ];
    for change in changes {
        let mut session = host.load("");
        change(&mut session);
        assert!(session.needs_cookie() && session.is_changed());
        assert_eq!(host.save(session).kind, Some(EventKind::Created));
    }
}

#[test]
fn values_come_back_with_the_cookie() {
    let mut host = Host::new();
    let mut session = host.load("");
    assert_eq!(session.reason(), Some(Reason::BadCookie));
    session.insert("name", "Ada").unwrap();
    session.insert("n", &7_u8).unwrap();
    let saved = host.save(session);
    assert_eq!(saved.kind, Some(EventKind::Created));
    let header = saved.header.unwrap();
    assert!(
        header.starts_with("id=gAAAA")
            && header.ends_with("; Path=/; Max-Age=10000; HttpOnly; Secure; SameSite=Lax")
    );

    let session = host.load(&saved.cookie);
    assert_eq!((session.reason(), session.get::<&str>("name")), (None, Ok(Some("Ada"))));
    assert_eq!(session.get::<u64>("n"), Ok(Some(7)));
    assert_eq!(session.keys().collect::<Vec<_>>(), ["name", "n"]);
    let unchanged = host.save(session);
    assert_eq!((unchanged.kind, unchanged.header), (None, None));
}

#[test]
fn the_cookie_is_a_fernet_token_of_the_id() {
    let mut host = Host::new();
    let cookie = host.stored();
    let fernet = crate::token::Fernet::new(ring(&[1]));
    let mut id = Bytes::new();
    fernet.decrypt_at_into(&cookie, None, host.now, &mut id).unwrap();
    assert_eq!(id.len(), crate::id::GENERATED_LENGTH);
    let key = host.load(&cookie).key().unwrap();
    let hash = crate::primitives::Hasher::new().hash(&[b"session", &[0], &id]);
    assert_eq!(key, StoreKey::from_bytes(&hash));
}

#[test]
fn every_kind_of_bad_cookie_is_a_fresh_session() {
    let mut host = Host::new();
    let cookie = host.stored();
    let flipped = cookie.replacen(&cookie[30..31], if &cookie[30..31] == "A" { "B" } else { "A" }, 1);
    for bad in
        [&cookie[1..], &cookie[..cookie.len() - 5], &format!("{cookie}A"), &flipped, "=", &"A".repeat(5_000)]
    {
        assert_eq!(host.load(bad).reason(), Some(Reason::BadCookie), "{bad}");
    }
    assert_eq!(host.load(&format!("bad; id={cookie}")).reason(), None);
    assert_eq!(host.load(&format!("1; id=2; id=3; id=4; id={cookie}")).reason(), Some(Reason::BadCookie));
    host.pass(401 * 24 * 3_600);
    assert_eq!(host.load(&cookie).reason(), Some(Reason::BadCookie));
}

#[test]
fn a_record_opens_for_its_own_session_only() {
    let mut host = Host::new();
    let (one, other) = (host.stored(), host.stored());
    let [one_key, other_key] = [&one, &other].map(|cookie| host.load(cookie).key().unwrap());
    let pending = |cookie: &str| host.manager.open([format!("id={cookie}").as_bytes()], host.now);
    let reason =
        |cookie: &str, record: Bytes| host.manager.resume(pending(cookie), record, host.now).reason();
    assert_eq!(reason(&one, host.fresh(one_key)), None);
    assert_eq!(reason(&one, host.fresh(other_key)), Some(Reason::Unreadable));
    assert_eq!(reason(&one, Bytes::new()), Some(Reason::Missing));
    let mut tampered = host.fresh(one_key);
    tampered[40] ^= 1;
    assert_eq!(reason(&one, tampered), Some(Reason::Unreadable));
}

#[test]
fn changes_of_two_requests_are_both_kept() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut one, mut other) = (host.load(&cookie), host.load(&cookie));
    one.insert("a", &1).unwrap();
    other.insert("b", &2).unwrap();
    other.remove("n").unwrap();
    let _ = host.save(one);
    let commit = host.manager.commit(other, host.now, &mut host.rng).unwrap();
    let merged = host.apply(commit).err().expect("a conflict");
    assert_eq!(host.save(merged).kind, Some(EventKind::Stored));
    let session = host.load(&cookie);
    assert_eq!(session.keys().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn an_update_is_run_again_on_the_fresh_value() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut one, mut other) = (host.load(&cookie), host.load(&cookie));
    let add =
        |session: &mut Session<Bytes>| session.update("n", |n: Option<u32>| n.unwrap_or(0) + 10).unwrap();
    assert_eq!((add(&mut one), add(&mut other)), (11, 11));
    let _ = host.save(one);
    let commit = host.manager.commit(other, host.now, &mut host.rng).unwrap();
    let mut merged = host.apply(commit).err().expect("a conflict");
    assert_eq!(merged.pending_updates().collect::<Vec<_>>(), ["n"]);
    assert_eq!(add(&mut merged), 21);
    let _ = host.save(merged);
    assert_eq!(host.load(&cookie).get("n"), Ok(Some(21)));
}

#[test]
fn a_commit_without_the_repeated_update_is_refused() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut one, mut other) = (host.load(&cookie), host.load(&cookie));
    for session in [&mut one, &mut other] {
        session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
    }
    let _ = host.save(one);
    let commit = host.manager.commit(other, host.now, &mut host.rng).unwrap();
    let merged = host.apply(commit).err().expect("a conflict");
    let refused = host.manager.commit(merged, host.now, &mut host.rng).err().unwrap();
    assert_eq!(refused, CommitError::PendingUpdate);
}

#[test]
fn clear_is_one_change() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut one, mut other) = (host.load(&cookie), host.load(&cookie));
    one.insert("late", &1).unwrap();
    other.clear().unwrap();
    other.insert("kept", &2).unwrap();
    other.update("counted", |n: Option<u32>| n.unwrap_or(5)).unwrap();
    let _ = host.save(one);
    let commit = host.manager.commit(other, host.now, &mut host.rng).unwrap();
    let merged = host.apply(commit).err().expect("a conflict");
    let _ = host.save(merged);
    assert_eq!(host.load(&cookie).keys().collect::<Vec<_>>(), ["kept", "counted"]);
}

#[test]
fn a_destroyed_session_stays_destroyed() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut ends, mut late, mut rotates) = (host.load(&cookie), host.load(&cookie), host.load(&cookie));
    ends.destroy();
    assert_eq!(ends.insert("x", &1), Err(SessionError::Destroyed));
    late.insert("x", &1).unwrap();
    rotates.rotate().unwrap();
    let ended = host.save(ends);
    assert_eq!(ended.kind, Some(EventKind::Destroyed));
    assert_eq!(ended.header.unwrap(), "id=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
    for session in [late, rotates] {
        let saved = host.save(session);
        assert_eq!((saved.kind, saved.header), (Some(EventKind::Ended), None));
    }
    assert_eq!(host.load(&cookie).reason(), Some(Reason::Missing));
    assert_eq!(host.store.purge_expired(UnixTime::from_secs(u64::MAX)), 0);
}

#[test]
fn sign_in_changes_the_id_and_keeps_the_values() {
    let mut host = Host::new();
    let before = host.stored();
    host.pass(500);
    let mut session = host.load(&before);
    let token = session.csrf_token(&mut SeededRng::new(1)).unwrap();
    assert!(session.verify_csrf(token.as_str().as_bytes()));
    session.sign_in("ada").unwrap();
    session.set_label("Firefox on Linux").unwrap();
    let saved = host.save(session);
    assert_eq!(saved.kind, Some(EventKind::Rotated));
    assert!(saved.header.unwrap().contains("Max-Age=10000;"));

    assert_eq!(host.load(&before).reason(), Some(Reason::Missing));
    let session = host.load(&saved.cookie);
    assert_eq!((session.owner(), session.label()), (Some("ada"), "Firefox on Linux"));
    assert_eq!(session.get("n"), Ok(Some(1)));
    assert_eq!((session.created(), session.authenticated_at()), (host.now, Some(host.now)));
    assert!(!session.verify_csrf(token.as_str().as_bytes()));
    assert!(session.is_recently_authenticated(Duration::ZERO));
}

#[test]
fn a_bare_rotation_keeps_the_lifetime_and_the_csrf_secret() {
    let mut host = Host::new();
    let before = host.stored();
    host.pass(500);
    let mut session = host.load(&before);
    let token = session.csrf_token(&mut SeededRng::new(1)).unwrap();
    session.rotate().unwrap();
    let saved = host.save(session);
    assert!(saved.header.unwrap().contains("Max-Age=9500;"));
    let session = host.load(&saved.cookie);
    assert!(session.verify_csrf(token.as_str().as_bytes()));
    assert_eq!(session.created(), UnixTime::from_secs(1_000_000));
}

#[test]
fn a_csrf_token_outlives_everything_but_a_sign_in() {
    let mut host = Host::new();
    let cookie = host.stored();
    let mut session = host.load(&cookie);
    let token = session.csrf_token(&mut SeededRng::new(1)).unwrap();
    let verifies = |session: &Session<Bytes>| session.verify_csrf(token.as_str().as_bytes());
    assert!(host.manager.settle(&mut session, host.now), "nothing is to be stored for it");

    // A key that turns.
    host.manager = Host::with(&[2, 1], |builder| builder).manager;
    let session = host.load(&cookie);
    assert!(verifies(&session));
    let cookie = host.save(session).cookie;
    assert!(verifies(&host.load(&cookie)));

    // A rotation that meets another request's change, twice.
    let mut rotates = host.load(&cookie);
    rotates.rotate().unwrap();
    assert!(verifies(&rotates));
    for n in 7..9 {
        let mut writes = host.load(&cookie);
        writes.insert("n", &n).unwrap();
        let commit = host.manager.commit(rotates, host.now, &mut host.rng).unwrap();
        let _ = host.save(writes);
        rotates = host.apply(commit).err().expect("a conflict");
    }
    let cookie = host.save(rotates).cookie;
    let mut session = host.load(&cookie);
    assert!(verifies(&session));

    session.rotate().unwrap();
    session.sign_in("ada").unwrap();
    session.rotate().unwrap();
    assert!(!verifies(&session));
    let cookie = host.save(session).cookie;
    assert!(!verifies(&host.load(&cookie)));
    assert!(!verifies(&host.load("")));

    // The end of the session.
    let mut session = host.load(&cookie);
    let token = session.csrf_token(&mut SeededRng::new(1)).unwrap();
    session.destroy();
    assert!(!session.verify_csrf(token.as_str().as_bytes()));
}

#[test]
fn a_rotation_takes_over_what_was_written_meanwhile() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut writes, mut signs_in) = (host.load(&cookie), host.load(&cookie));
    writes.insert("cart", &["pear"]).unwrap();
    signs_in.sign_in("ada").unwrap();
    let _ = host.save(writes);
    let commit = host.manager.commit(signs_in, host.now, &mut host.rng).unwrap();
    let merged = host.apply(commit).err().expect("a conflict");
    let saved = host.save(merged);
    assert_eq!(saved.kind, Some(EventKind::Rotated));
    let session = host.load(&saved.cookie);
    assert_eq!(
        (session.owner(), session.get::<Vec<String>>("cart").unwrap().unwrap().len()),
        (Some("ada"), 1)
    );
    assert_eq!(host.store.purge_expired(UnixTime::from_secs(u64::MAX)), 1);
}

#[test]
fn two_rotations_do_not_fork() {
    let mut host = Host::new();
    let cookie = host.stored();
    let (mut one, mut other) = (host.load(&cookie), host.load(&cookie));
    one.rotate().unwrap();
    other.rotate().unwrap();
    let first = host.save(one);
    let second = host.save(other);
    assert_eq!((second.kind, second.header), (Some(EventKind::Ended), None));
    assert_eq!(host.load(&first.cookie).reason(), None);
    assert_eq!(host.store.purge_expired(UnixTime::from_secs(u64::MAX)), 1);
}

#[test]
fn an_owner_lists_and_ends_sessions() {
    let mut host = Host::new();
    let cookies = [1, 2, 3].map(|device| {
        let mut session = host.load("");
        session.sign_in("ada").unwrap();
        session.set_label(&format!("device {device}")).unwrap();
        host.save(session).cookie
    });
    let owner = host.manager.owner_keys("ada").next().unwrap();
    let mut labels = Vec::new();
    host.store.list(&owner, host.now, |key, entry| {
        labels.push(host.manager.open_listing(key, entry).unwrap().label.to_string());
    });
    assert_eq!(labels, ["device 1", "device 2", "device 3"]);
    let kept = host.load(&cookies[1]).key().unwrap();
    assert_eq!(host.store.delete_owned(&owner, Which::Except(kept), host.now), 2);
    assert_eq!(cookies.map(|cookie| host.load(&cookie).reason().is_none()), [false, true, false]);
    assert!(host.manager.owner_keys("eve").next().unwrap() != owner);
}

#[test]
fn what_an_old_key_sealed_is_sealed_anew() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.sign_in("ada").unwrap();
    let cookie = host.save(session).cookie;
    host.manager = Host::with_keys(&[2, 1]).manager;
    let session = host.load(&cookie);
    assert_eq!(session.reason(), None);
    let saved = host.save(session);
    assert_eq!(saved.kind, Some(EventKind::Touched));
    host.manager = Host::with_keys(&[2]).manager;
    assert_eq!(host.load(&cookie).reason(), Some(Reason::BadCookie));
    assert_eq!(host.load(&saved.cookie).owner(), Some("ada"));
    let owner = host.manager.owner_keys("ada").next().unwrap();
    let mut listed = 0;
    host.store.list(&owner, host.now, |key, entry| {
        listed += usize::from(host.manager.open_listing(key, entry).is_some());
    });
    assert_eq!(listed, 1);
}

#[test]
fn a_write_that_was_stored_already_is_no_conflict() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.insert("n", &1).unwrap();
    let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
    // The answer to this attempt is lost; the client library tries again.
    let _ = host.store.apply(&commit.operation().unwrap(), host.now).unwrap();
    let finished = host.apply(commit).expect("no conflict");
    assert_eq!(finished.event().map(|event| event.kind), Some(EventKind::Created));
}

#[test]
fn discarded_changes_are_not_stored_but_a_sign_out_is() {
    let mut host = Host::new();
    let cookie = host.stored();
    let mut session = host.load(&cookie);
    session.insert("n", &2).unwrap();
    session.discard_changes();
    assert_eq!(host.save(session).kind, None);
    assert_eq!(host.load(&cookie).get("n"), Ok(Some(1)));
    let mut session = host.load(&cookie);
    session.destroy();
    session.discard_changes();
    assert_eq!(host.save(session).kind, Some(EventKind::Destroyed));
}

#[test]
fn a_session_goes_on_after_its_commit() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.insert("n", &1).unwrap();
    let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
    let finished = host.apply(commit).unwrap();
    let cookie = host.saved(&finished).cookie;
    let mut session = host.manager.reopen(finished, host.now);
    assert_eq!(session.get("n"), Ok(Some(1)));
    session.insert("n", &2).unwrap();
    assert_eq!(host.save(session).kind, Some(EventKind::Stored));
    assert_eq!(host.load(&cookie).get("n"), Ok(Some(2)));
}

#[test]
fn what_changed_nothing_is_not_done_again_to_what_others_store() {
    type Change = fn(&mut Session<Bytes>);
    let without_effect: [Change; 3] = [
        |session| assert!(!session.remove("cart").unwrap()),
        |session| assert_eq!(session.take::<u8>("cart"), Ok(None)),
        |session| session.clear().unwrap(),
    ];
    for (at, change) in without_effect.into_iter().enumerate() {
        for commits in [false, true] {
            let mut host = Host::new();
            let mut fresh = host.load("");
            fresh.set_label("kept").unwrap();
            fresh.sign_in("ada").unwrap();
            let cookie = host.save(fresh).cookie;
            let mut stream = host.load(&cookie);
            change(&mut stream);
            if commits {
                let commit = host.manager.commit(stream, host.now, &mut host.rng).unwrap();
                assert!(commit.operation().is_none());
                stream = host.manager.reopen(host.manager.finish(commit).unwrap(), host.now);
            } else {
                assert!(host.manager.settle(&mut stream, host.now));
            }
            let mut other = host.load(&cookie);
            other.insert("cart", &7).unwrap();
            host.save(other);
            stream.insert("other", &1).unwrap();
            let commit = host.manager.commit(stream, host.now, &mut host.rng).unwrap();
            let merged = host.apply(commit).err().expect("a conflict");
            host.save(merged);
            let after = host.load(&cookie);
            assert_eq!(after.get("cart").unwrap(), Some(7), "change {at}, commits {commits}");
            assert_eq!(after.get("other").unwrap(), Some(1));
        }
    }
}

#[test]
fn flash_values_are_read_once() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.flash("notice", "saved").unwrap();
    session.insert("notice", "another thing").unwrap();
    let cookie = host.save(session).cookie;
    let mut session = host.load(&cookie);
    assert_eq!(session.flash_keys().collect::<Vec<_>>(), ["notice"]);
    assert_eq!(session.take_flash::<String>("notice"), Ok(Some("saved".into())));
    assert_eq!(session.take_flash::<String>("notice"), Ok(None));
    let _ = host.save(session);
    let mut session = host.load(&cookie);
    assert_eq!(session.take_flash::<String>("notice"), Ok(None));
    assert_eq!(session.take::<String>("notice"), Ok(Some("another thing".into())));
}

#[cfg(feature = "alloc")]
#[test]
fn too_large_names_size_limit_and_keys_and_changes_nothing() {
    let host = Host::new();
    let mut session = host.load("");
    session.insert("small", &1).unwrap();
    session.insert("cart", &"x".repeat(40_000)).unwrap();
    let error = session.insert("more", &"y".repeat(30_000)).unwrap_err();
    let SessionError::TooLarge(error) = error else { panic!("{error}") };
    assert!(error.size() > 70_000 && error.size() < 70_300, "{}", error.size());
    assert_eq!(error.limit(), 65_536);
    assert_eq!(
        error.largest().iter().map(|large| large.key.as_str()).collect::<Vec<_>>(),
        ["cart", "more", "small"]
    );
    assert_eq!(session.keys().collect::<Vec<_>>(), ["small", "cart"]);
    assert_eq!(session.insert("", &1), Err(SessionError::Key));
    assert_eq!(session.insert(&"k".repeat(256), &1), Err(SessionError::Key));
}
