//! How long sessions, values and cookies last.

use core::time::Duration;

use super::Host;
use crate::event::EventKind;
use crate::session::{Reason, SessionError};
use crate::time::UnixTime;

#[test]
fn timeouts_end_a_session() {
    let mut host = Host::new();
    let cookie = host.stored();
    host.pass(999);
    let session = host.load(&cookie);
    assert_eq!(session.reason(), None);
    assert_eq!(host.save(session).kind, Some(EventKind::Touched));
    host.pass(999);
    assert_eq!(host.load(&cookie).reason(), None);
    host.pass(1);
    assert_eq!(host.load(&cookie).reason(), Some(Reason::Expired));
}

#[test]
fn the_absolute_timeout_holds_against_use() {
    let mut host = Host::new();
    let cookie = host.stored();
    for _ in 0..19 {
        host.pass(500);
        let session = host.load(&cookie);
        assert_eq!(session.reason(), None);
        let _ = host.save(session);
    }
    host.pass(500);
    assert_eq!(host.load(&cookie).reason(), Some(Reason::Expired));
}

#[test]
fn last_seen_is_written_at_most_once_a_tenth() {
    let mut host = Host::new();
    let cookie = host.stored();
    host.pass(99);
    let session = host.load(&cookie);
    assert_eq!(host.save(session).kind, None);
    host.pass(1);
    let session = host.load(&cookie);
    let saved = host.save(session);
    assert_eq!((saved.kind, saved.header), (Some(EventKind::Touched), None));
}

#[test]
fn a_clock_that_ran_ahead_is_told() {
    let mut host = Host::new();
    host.pass(100);
    let cookie = host.stored();
    host.now = UnixTime::from_secs(1_000_040);
    assert_eq!(host.load(&cookie).reason(), None);
    host.now = UnixTime::from_secs(1_000_039);
    assert_eq!(host.load(&cookie).reason(), Some(Reason::BadCookie));
}

#[test]
fn values_can_end_before_their_session() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.insert_until("code", "123", UnixTime::from_secs(1_000_010)).unwrap();
    session.insert("n", &1).unwrap();
    let cookie = host.save(session).cookie;
    host.pass(9);
    assert_eq!(host.load(&cookie).get::<&str>("code"), Ok(Some("123")));
    host.pass(1);
    let mut session = host.load(&cookie);
    assert_eq!((session.get::<&str>("code"), session.len()), (Ok(None), 1));
    session.insert("n", &2).unwrap();
    let _ = host.save(session);
    assert_eq!(host.load(&cookie).data.count(), 1);
}

#[test]
fn own_lifetimes_replace_the_configured_ones() {
    let mut host = Host::new();
    let mut session = host.load("");
    session.insert("n", &1).unwrap();
    let month = Duration::from_hours(30 * 24);
    session.set_lifetime(Some(month), Some(month)).unwrap();
    let saved = host.save(session);
    assert!(saved.header.unwrap().contains("Max-Age=2592000;"));
    host.pass(2_591_999);
    assert_eq!(host.load(&saved.cookie).reason(), None);
    host.pass(1);
    assert_eq!(host.load(&saved.cookie).reason(), Some(Reason::Expired));
    let mut session = host.load("");
    assert_eq!(session.set_lifetime(Some(Duration::ZERO), None), Err(SessionError::Lifetime));
}

#[test]
fn a_cookie_that_ends_with_the_browser_lasts_for_who_is_to_be_remembered() {
    let mut host = Host::with(&[1], |builder| builder.cookie_name("id").persistent(false));
    let mut session = host.load("");
    session.insert("n", &1).unwrap();
    let saved = host.save(session);
    assert!(saved.header.unwrap().ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax"));
    let mut session = host.load(&saved.cookie);
    session.set_lifetime(Some(Duration::from_mins(1)), None).unwrap();
    assert!(!host.save(session).header.unwrap().contains("Max-Age"));
    let mut session = host.load(&saved.cookie);
    session.set_lifetime(None, Some(Duration::from_secs(5_000))).unwrap();
    assert!(host.save(session).header.unwrap().contains("; Max-Age=5000;"));
    let mut session = host.load(&saved.cookie);
    session.destroy();
    assert!(host.save(session).header.unwrap().contains("; Max-Age=0;"));
}
