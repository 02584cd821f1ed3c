//! Sessions in a cookie, and in a store whose reads are old.

use core::time::Duration;
use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{Bytes, Host, header};
use crate::event::EventKind;
use crate::manager::{Builder, ConfigError, Finished, Manager, Placement, Sources};
use crate::session::{Reason, Session, SessionError};
use crate::store::{Operation, Outcome, StoreKey};
use crate::token::testing::ring;

const LAG: Duration = Duration::from_mins(1);

/// A browser: cookies by name, and when each ends.
#[derive(Clone, Default)]
struct Browser(BTreeMap<String, (String, u64)>);

/// What a store shows for a key: the newest, or something older.
type View<'a> = &'a dyn Fn(&StoreKey) -> Bytes;

fn host(placement: Placement) -> Host {
    Host::with(&[1], |builder| builder.placement(placement))
}

impl Browser {
    fn header(&self, host: &Host) -> String {
        let live = self.0.iter().filter(|(_, (_, end))| *end > host.now.as_secs());
        live.map(|(name, (value, _))| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn load(&self, host: &Host, view: View<'_>) -> Session<Bytes> {
        let header = self.header(host);
        let pending = host.manager.open([header.as_bytes()], host.now);
        let sources = Sources {
            record: pending.key().map(view).unwrap_or_default(),
            copy: Bytes::new(),
            has_ended: pending.ended_key().is_some_and(|key| !view(key).is_empty()),
        };
        let copies = host.manager.data_cookies([header.as_bytes()]);
        host.manager.resume_placed(pending, copies, sources, host.now)
    }

    /// Commits and takes the cookies; their names in order.
    fn save(&mut self, host: &mut Host, session: Session<Bytes>) -> (Option<EventKind>, Vec<String>) {
        let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
        let finished = host.apply(commit).expect("no conflict here");
        let names = self.take(host, &finished);
        (finished.event().map(|event| event.kind), names)
    }

    /// Takes the cookies; their names in order.
    fn take(&mut self, host: &Host, finished: &Finished<Bytes>) -> Vec<String> {
        let mut names = Vec::new();
        for cookie in host.manager.cookies(finished) {
            let header = header(&cookie);
            let (name, rest) = header.split_once('=').unwrap();
            let (value, rest) = rest.split_once("; ").unwrap();
            let max_age: u64 =
                rest.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
            assert!(name.len().saturating_add(value.len()) <= 4_096);
            self.0.insert(
                name.to_string(),
                (value.to_string(), host.now.after(Duration::from_secs(max_age)).as_secs()),
            );
            names.push(name.to_string());
        }
        names
    }

    fn stored(host: &mut Host) -> Self {
        let mut browser = Self::default();
        let mut session = browser.load(host, &|_| Bytes::new());
        session.insert("n", &1).unwrap();
        assert_eq!(browser.save(host, session).1, ["id-data", "id"]);
        browser
    }
}

fn nothing(_: &StoreKey) -> Bytes {
    Bytes::new()
}

#[test]
fn a_session_in_a_cookie_needs_no_store() {
    let mut host = host(Placement::Cookie);
    let mut browser = Browser::stored(&mut host);
    let mut session = browser.load(&host, &nothing);
    assert_eq!((session.reason(), session.get("n")), (None, Ok(Some(1))));
    session.insert("n", &2).unwrap();
    assert_eq!(browser.save(&mut host, session), (Some(EventKind::Stored), Vec::from(["id-data".into()])));
    let mut session = browser.load(&host, &nothing);
    assert_eq!(session.get("n"), Ok(Some(2)));
    session.sign_in("ada").unwrap();
    assert_eq!(browser.save(&mut host, session).0, Some(EventKind::Rotated));
    let mut session = browser.load(&host, &nothing);
    assert_eq!((session.owner(), session.get("n")), (Some("ada"), Ok(Some(2))));
    session.destroy();
    assert_eq!(browser.save(&mut host, session).0, Some(EventKind::Destroyed));
    assert_eq!(browser.load(&host, &nothing).reason(), Some(Reason::NoCookie));
    assert_eq!(host.store.purge_expired(crate::time::UnixTime::from_secs(u64::MAX)), 0);
}

#[test]
fn a_copy_ages_even_where_the_cookie_ends_with_the_browser() {
    for (placement, data_age) in
        [(Placement::Cookie, None), (Placement::Both { lag: LAG }, Some("; Max-Age=120;"))]
    {
        let mut host = Host::with(&[1], |builder| builder.placement(placement).persistent(false));
        let mut session = Browser::default().load(&host, &nothing);
        session.insert("n", &1).unwrap();
        let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
        let finished = host.apply(commit).expect("no conflict here");
        let [data, id] = [0, 1].map(|at| header(&host.manager.cookies(&finished).nth(at).unwrap()));
        assert_eq!(data_age.is_some(), data.contains("Max-Age"));
        assert!(data_age.is_none_or(|age| data.contains(age)), "{data}");
        assert!(!id.contains("Max-Age"), "{id}");
    }
}

#[test]
fn the_data_of_another_session_does_not_open() {
    let mut host = host(Placement::Cookie);
    let (mut one, other) = (Browser::stored(&mut host), Browser::stored(&mut host));
    one.0.insert("id-data".into(), other.0["id-data"].clone());
    assert_eq!(one.load(&host, &nothing).reason(), Some(Reason::Missing));
}

#[test]
fn a_copy_tells_why_there_is_no_session() {
    // A browser whose clock is slow goes on sending what is over.
    let mut host = host(Placement::Cookie);
    let mut browser = Browser::stored(&mut host);
    for (_, end) in browser.0.values_mut() {
        *end = u64::MAX;
    }
    host.pass(60 * 60);
    let over = browser.0["id-data"].0.clone();
    // Some values that are none do not matter.
    for data in [over.clone(), format!("{over}; id-data=!"), format!("!; id-data=gAAAA; id-data={over}")] {
        browser.0.insert("id-data".into(), (data, u64::MAX));
        let session = browser.load(&host, &nothing);
        assert_eq!(session.reason(), Some(Reason::Expired));
        assert_eq!(session.event().map(|event| event.kind), Some(EventKind::Expired));
    }
    browser.0.insert("id-data".into(), ("!".into(), u64::MAX));
    assert_eq!(browser.load(&host, &nothing).reason(), Some(Reason::Missing));
}

#[test]
fn a_session_over_what_a_cookie_holds_is_an_error() {
    let host = host(Placement::Cookie);
    let mut session = Browser::default().load(&host, &nothing);
    session.insert("fits", &"x".repeat(2_700)).unwrap();
    let SessionError::TooLarge(error) = session.insert("more", &"y".repeat(500)).unwrap_err() else {
        panic!()
    };
    assert_eq!(error.limit(), (4_096 - "id-data".len()) * 3 / 4);
    assert!(error.size() > 3_300);
    assert_eq!(error.largest()[0].key, "fits");
}

#[test]
fn what_a_placement_cannot_do_is_refused_when_it_is_built() {
    let build = |settings: fn(Builder) -> Builder| settings(Manager::builder(ring(&[1]))).build().err();
    assert_eq!(build(|builder| builder.placement(Placement::Cookie).owners(true)), Some(ConfigError::Owners));
    let lag = Duration::from_hours(2);
    assert_eq!(
        Manager::builder(ring(&[1])).placement(Placement::Both { lag }).build().err(),
        Some(ConfigError::Lag)
    );
    assert_eq!(build(|builder| builder.placement(Placement::Both { lag: LAG }).owners(true)), None);
}

#[test]
fn visitors_see_their_own_writes_on_a_store_that_lags() {
    let mut host = host(Placement::Both { lag: LAG });
    let mut browser = Browser::stored(&mut host);
    // The store says that there is nothing.
    let mut session = browser.load(&host, &nothing);
    assert_eq!(session.get("n"), Ok(Some(1)));
    let key = session.key().unwrap();
    let old = host.fresh(key);
    session.insert("n", &2).unwrap();
    let _ = browser.save(&mut host, session);
    // The store shows the record before the last write.
    let shows_old = |asked: &StoreKey| if *asked == key { old.clone() } else { Bytes::new() };
    assert_eq!(browser.load(&host, &shows_old).get("n"), Ok(Some(2)));
    // The store is newer, since another device wrote.
    let mut session = browser.clone().load(&host, &|key| host.fresh(*key));
    session.insert("n", &3).unwrap();
    let _ = Browser::default().save(&mut host, session);
    assert_eq!(browser.load(&host, &|key| host.fresh(*key)).get("n"), Ok(Some(3)));
    // A copy that is no longer young does not count, even if the browser still sends it.
    browser.0.get_mut("id-data").unwrap().1 = u64::MAX;
    host.pass(121);
    assert_eq!(browser.load(&host, &nothing).reason(), Some(Reason::Missing));
    assert_eq!(browser.load(&host, &|key| host.fresh(*key)).get("n"), Ok(Some(3)));
}

#[test]
fn a_sign_out_is_final_whatever_arrives_late() {
    let mut host = host(Placement::Both { lag: LAG });
    let mut browser = Browser::stored(&mut host);
    let saved = browser.clone();
    let view = |host: &Host, key: &StoreKey| host.fresh(*key);
    let mut late = browser.load(&host, &|key| view(&host, key));
    late.insert("late", &true).unwrap();
    let key = late.key().unwrap();
    let old = host.fresh(key);
    let mut session = browser.load(&host, &|key| view(&host, key));
    session.destroy();
    assert_eq!(
        browser.save(&mut host, session),
        (Some(EventKind::Destroyed), Vec::from(["id-data".into(), "id".into()]))
    );
    assert_eq!(browser.load(&host, &|key| view(&host, key)).reason(), Some(Reason::NoCookie));
    // The late writer, which no condition stops here, puts the record back.
    let _ = Browser::default().save(&mut host, late);
    assert!(!host.fresh(key).is_empty());
    assert_eq!(saved.load(&host, &|key| view(&host, key)).reason(), Some(Reason::Missing));
    // And a store that shows the old record shows the marker.
    let shows_old = |asked: &StoreKey| if *asked == key { old.clone() } else { view(&host, asked) };
    assert_eq!(saved.load(&host, &shows_old).reason(), Some(Reason::Missing));
}

#[test]
fn a_rotation_ends_the_old_id_before_the_browser_has_the_new_one() {
    let mut host = host(Placement::Both { lag: LAG });
    let browser = Browser::stored(&mut host);
    let before = browser.clone();
    let mut session = browser.load(&host, &|key| host.fresh(*key));
    session.rotate().unwrap();
    let commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
    // The new record comes first: if the store fails then, the old session goes on.
    assert!(matches!(commit.operation(), Some(Operation::Put { record, .. }) if record != b"ended"));
    assert!(commit.must_finish());
    let finished = host.apply(commit).expect("no conflict");
    assert_eq!(finished.event().unwrap().kind, EventKind::Rotated);
    assert_eq!(before.load(&host, &|key| host.fresh(*key)).reason(), Some(Reason::Missing));
    // A second rotation of the old id finds the marker, and leaves no record behind.
    let mut again = before.load(&host, &nothing);
    again.rotate().unwrap();
    let commit = host.manager.commit(again, host.now, &mut host.rng).unwrap();
    let written = commit.orphan().unwrap();
    let finished = host.apply(commit).expect("no conflict to retry");
    assert_eq!(finished.event().unwrap().kind, EventKind::Ended);
    assert!(host.manager.cookies(&finished).next().is_none() && host.fresh(written).is_empty());
}

#[test]
fn what_is_marked_as_ended_need_not_be_deleted() {
    for signs_out in [false, true] {
        let mut host = host(Placement::Both { lag: LAG });
        let mut browser = Browser::default();
        let mut session = browser.load(&host, &nothing);
        session.insert("cart", &1).unwrap();
        browser.save(&mut host, session);
        let mut session = browser.load(&host, &|key| host.fresh(*key));
        if signs_out {
            session.destroy();
        } else {
            session.sign_in("ada").unwrap();
        }
        let mut commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
        let mut left_out = 0;
        while let Some(operation) = commit.operation() {
            let deletes = matches!(operation, Operation::Delete { .. });
            assert_eq!(commit.is_optional(), deletes, "nothing else may fail");
            if deletes {
                left_out += 1;
                commit.drop_optional();
            } else {
                assert_eq!(host.store.apply(&operation, host.now).unwrap(), Outcome::Applied);
                commit.applied();
            }
        }
        assert_eq!(left_out, 1);
        let old = browser.clone();
        let finished = host.manager.finish(commit).unwrap();
        let kind = if signs_out { EventKind::Destroyed } else { EventKind::Rotated };
        assert_eq!(finished.event().map(|event| event.kind), Some(kind));
        browser.take(&host, &finished);
        let reason = old.load(&host, &|key| host.fresh(*key)).reason();
        assert_eq!(reason, Some(Reason::Missing), "the old session is over");
        let session = browser.load(&host, &|key| host.fresh(*key));
        assert_eq!(session.get("cart").unwrap(), (!signs_out).then_some(1));
        assert_eq!(session.owner(), (!signs_out).then_some("ada"));
    }
}

#[test]
fn a_marker_stays_as_long_as_the_old_record_could_come_back() {
    let mut host = host(Placement::Both { lag: LAG });
    let mut browser = Browser::stored(&mut host);
    let mut session = browser.load(&host, &|key| host.fresh(*key));
    session.set_lifetime(None, Some(Duration::from_hours(24 * 300))).unwrap();
    browser.save(&mut host, session);
    let mut session = browser.load(&host, &|key| host.fresh(*key));
    // A sign-in forgets what an earlier one had set, but a late write of the old session has it still.
    session.sign_in("ada").unwrap();
    let mut commit = host.manager.commit(session, host.now, &mut host.rng).unwrap();
    commit.applied();
    let Some(Operation::Put { record: b"ended", expires_at, .. }) = commit.operation() else {
        panic!("no marker second")
    };
    assert!(expires_at >= host.now.after(Duration::from_hours(24 * 300)));
}
