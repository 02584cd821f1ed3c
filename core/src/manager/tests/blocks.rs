//! How many blocks of SHA-256 a request takes: each waits for the one before, and together they are most of its time.

use super::Host;
use crate::primitives::blocks;

#[test]
fn a_request_hashes_no_more_than_the_format_asks_for() {
    let mut host = Host::with(&[1], |builder| builder.cookie_name("id").namespace("session"));
    let mut session = host.load("");
    session.insert("user", "ada@example.org").unwrap();
    session.insert("visits", &1).unwrap();
    let cookie = host.save(session).cookie;

    // The cookie's MAC 3, the store key 1, the record's key 1 and the states of its MAC 2, the record's MAC 3.
    let (read, mut session) = blocks::of(|| host.load(&cookie));
    assert_eq!((read, session.reason()), (10, None));

    // The record's MAC: its key is at hand, and so is all that the cookie would need.
    session.insert("visits", &2).unwrap();
    let (written, commit) = blocks::of(|| host.manager.commit(session, host.now, &mut host.rng).unwrap());
    assert_eq!(written, 3);
    let (finished, saved) = blocks::of(|| host.apply(commit).is_ok());
    assert_eq!((finished, saved), (0, true));
}
