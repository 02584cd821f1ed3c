//! Cookies that no honest browser sends, or that honest browsers send in odd ways.

use crate::browser::{Browser, Home};
use crate::http::Response;
use crate::process::Demo;
use crate::python;

/// Cookie values that do not open, made from one that does.
fn bad_values(key: &str, good: &str) -> Vec<(String, String)> {
    let id = python::decrypt(key, good);
    let mut bad: Vec<(String, String)> = [
        ("empty", String::new()),
        ("random", "m".repeat(43)),
        ("random, of the right length", "gAAAAAB".to_owned() + &"x9_-".repeat(30)),
        ("quoted", format!("\"{good}\"")),
        ("a foreign key's", python::encrypt_at(&python::generate_key(), &id, now())),
        ("expired", python::encrypt_at(key, &id, 1_000_000_000)),
        ("from the future", python::encrypt_at(key, &id, now() + 3_600)),
        ("with a payload that is no id", python::encrypt_at(key, "hello", now())),
        ("with an empty payload", python::encrypt_at(key, "", now())),
        ("with an id of control characters", python::encrypt_at(key, &"\n".repeat(43), now())),
        ("with an endless id", python::encrypt_at(key, &"a".repeat(3_000), now())),
        ("a megabyte", "A".repeat(1_000_000)),
        ("a megabyte behind a good beginning", good.to_owned() + &"A".repeat(1_000_000)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for length in [1, 2, 16, 50, good.len() - 8, good.len() - 1] {
        bad.push((format!("cut to {length}"), good[..length].into()));
    }
    for end in ["A", "AAAA", "=", "==", "\u{e9}"] {
        bad.push((format!("extended by {end}"), format!("{good}{end}")));
    }
    // One character in each part of the token: version, time, IV, ciphertext, MAC.
    for at in [0, 5, 20, 60, good.trim_end_matches('=').len() - 10] {
        let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
        bad.push((format!("flipped at {at}"), [&good[..at], other, &good[at + 1..]].concat()));
    }
    bad
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_cookie_that_does_not_open_is_an_anonymous_session_with_a_reason() {
    let demo = Demo::start();
    let mut browser = Browser::signed_in(&demo, "ada");
    let visits = browser.home().visits;
    for (name, value) in bad_values(&demo.key(), browser.cookie_value()) {
        let home = Home::read(&send(&demo, &[format!("session={value}").as_bytes()]).expect(200).json());
        assert_eq!((home.user.as_deref(), home.visits), (None, 1), "{name}");
        assert!(home.reason.is_some(), "{name}: {home:?}");
    }
    assert_eq!(browser.home().visits, visits + 1, "something was lost");
}

#[test]
fn strictly_a_cookie_that_does_not_open_is_refused() {
    let demo = Demo::start_with(&[("FASTSESSION_STRICT", "1")]);
    let mut browser = Browser::signed_in(&demo, "ada");
    let visits = browser.home().visits;
    for (name, value) in bad_values(&demo.key(), browser.cookie_value()) {
        let answer = send(&demo, &[format!("session={value}").as_bytes()]);
        assert_eq!(answer.status, 400, "{name}: {answer:?}");
        // The cookie is hidden from scripts and lives for days: its user could not get rid of it.
        let removal = "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
        assert_eq!(answer.headers("set-cookie"), [removal], "{name}");
    }
    assert_eq!(browser.home().visits, visits + 1, "something was lost");
    // A visitor without a cookie is welcome still.
    Browser::open(&demo).home();
}

#[test]
fn an_id_that_the_client_made_up_is_not_adopted() {
    let demo = Demo::start();
    let id = "abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE";
    let token = python::encrypt_at(&demo.key(), id, now());
    let mut browser = Browser::open(&demo);
    browser.cookie = Some(format!("session={token}"));
    let home = browser.home();
    assert_eq!(home.visits, 1);
    assert!(home.reason.is_some());
    assert_ne!(python::decrypt(&demo.key(), browser.cookie_value()), id);
    assert_eq!(browser.home().visits, 2);
}

#[test]
fn the_cookie_is_found_among_others() {
    let demo = Demo::start();
    let mut browser = Browser::signed_in(&demo, "ada");
    let ours = browser.cookie.clone().unwrap();
    let ours = ours.as_bytes();
    let many: Vec<String> = (0..999).map(|number| format!("other{number}=value{number}")).collect();
    let many = many.join("; ");
    let mut visits = browser.home().visits;
    for headers in [
        vec![[many.as_bytes(), b"; ", ours].concat()],
        vec![[ours, b"; ", many.as_bytes()].concat()],
        vec![b"first=1".to_vec(), b"second=2".to_vec(), ours.to_vec(), b"third=3".to_vec()],
        vec![[b"neighbour=\xff\xfe\x80; ", ours].concat()],
        vec![[ours, b"; \xc3\x28=\xff"].concat()],
        vec![b"\xff".to_vec(), ours.to_vec()],
        vec![[b"sessions=x; xsession=y; Session=z; ", ours].concat()],
        vec![[b";;;  ;=; =x; no-equals-sign;\t", ours, b"\t ;"].concat()],
        vec![[ours, b"; ", ours].concat()],
        vec![ours.to_vec(), ours.to_vec()],
        vec![[b"session=forged; ", ours].concat()],
        vec![b"session=forged".to_vec(), ours.to_vec()],
        vec![[ours, b"; session=forged"].concat()],
        vec![[b"session=1; session=2; session=3; ", ours].concat()],
        (0..500).map(|number| format!("line{number}=x").into_bytes()).chain([ours.to_vec()]).collect(),
    ] {
        let slices: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        let home = Home::read(&send(&demo, &slices).expect(200).json());
        visits += 1;
        let shown = String::from_utf8_lossy(&headers[0]);
        let shown = &shown[..shown.len().min(200)];
        assert_eq!((home.user.as_deref(), home.visits, home.reason), (Some("ada"), visits, None), "{shown}");
    }
    // No more than four of our name are tried.
    let fifth = [b"session=1; session=2; session=3; session=4; ", ours].concat();
    assert_eq!(Home::read(&send(&demo, &[&fifth]).expect(200).json()).user, None);
}

/// `GET /` with these Cookie headers.
fn send(demo: &Demo, cookies: &[&[u8]]) -> Response {
    let request = Browser::open(demo).get("/");
    cookies.iter().fold(request, |request, cookie| request.header("cookie", cookie)).send(demo.port())
}
