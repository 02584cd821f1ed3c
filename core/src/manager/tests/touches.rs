//! Touches that are not stored, and the sessions that go on after them.

use super::Host;
use crate::event::EventKind;

#[test]
fn a_session_that_is_over_ends_with_a_touch_that_was_not_stored() {
    let mut host = Host::new();
    let cookie = host.stored();
    host.pass(200);
    let stream = host.load(&cookie);
    let mut other = host.load(&cookie);
    other.destroy();
    host.save(other);
    let commit = host.manager.commit(stream, host.now, &mut host.rng).unwrap();
    let finished = host.apply(commit).expect("a touch is not worth a retry");
    assert_eq!(finished.event().unwrap().kind, EventKind::TouchDropped);
    let stream = host.manager.reopen(finished, host.now);
    assert_eq!((stream.is_destroyed(), stream.get::<u8>("n")), (true, Ok(None)));
}

#[test]
fn a_session_goes_on_after_a_touch_that_was_not_stored() {
    for is_met_by_a_write in [true, false] {
        let mut host = Host::new();
        let cookie = host.stored();
        host.pass(200);
        let stream = host.load(&cookie);
        if is_met_by_a_write {
            let mut other = host.load(&cookie);
            other.insert("other", &2).unwrap();
            host.save(other);
        }
        let mut commit = host.manager.commit(stream, host.now, &mut host.rng).unwrap();
        if !is_met_by_a_write {
            // The store fails.
            commit.drop_optional();
        }
        let finished = host.apply(commit).expect("a touch is not worth a retry");
        assert_eq!(finished.event().unwrap().kind, EventKind::TouchDropped);
        let mut stream = host.manager.reopen(finished, host.now);
        assert_eq!((stream.reason(), stream.get("n")), (None, Ok(Some(1))));
        stream.insert("n", &3).unwrap();
        let commit = host.manager.commit(stream, host.now, &mut host.rng).unwrap();
        match host.apply(commit) {
            Ok(_) => assert!(!is_met_by_a_write),
            Err(merged) => {
                assert!(is_met_by_a_write);
                host.save(merged);
            }
        }
        let session = host.load(&cookie);
        let other = is_met_by_a_write.then_some(2);
        assert_eq!((session.get("n"), session.get("other")), (Ok(Some(3)), Ok(other)));
    }
}
