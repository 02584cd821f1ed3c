//! The cookie on the wire.

use std::collections::BTreeSet;

use crate::browser::Browser;
use crate::http::Response;
use crate::process::Demo;
use crate::python;

#[test]
fn behind_https_the_cookie_has_every_protection() {
    let demo = Demo::start_with(&[("FASTSESSION_SECURE", "1")]);
    let mut browser = Browser::open(&demo);
    let answer = browser.send(&browser.get("/")).expect(200);
    let cookie = the_cookie(&answer);
    assert_eq!(cookie.name, "__Host-session");
    let max_age = cookie.attributes.iter().find(|attribute| attribute.starts_with("Max-Age=")).unwrap();
    let seconds: u64 = max_age["Max-Age=".len()..].parse().unwrap();
    assert!((60..=400 * 86_400).contains(&seconds), "{seconds}");
    assert_eq!(cookie.attributes, BTreeSet::from(["Secure", "HttpOnly", "SameSite=Lax", "Path=/", max_age]));
    assert_eq!(answer.headers("cache-control"), ["no-store"]);

    // A browser finds its session by it, and sign-out takes it away by the same attributes.
    browser.sign_in("ada");
    let answer = browser.post("/sign-out", &[]).expect(303);
    let removal = the_cookie(&answer);
    assert_eq!((removal.name, removal.value), ("__Host-session", ""));
    for attribute in ["Max-Age=0", "Secure", "Path=/"] {
        assert!(removal.attributes.contains(attribute), "{answer:?}");
    }
}

#[test]
fn on_plain_http_the_cookie_has_all_but_secure_and_the_page_says_so() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    let answer = browser.send(&browser.request("GET", "/")).expect(200);
    let cookie = the_cookie(&answer);
    assert_eq!(cookie.name, "session");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.attributes.contains(attribute), "{answer:?}");
    }
    assert!(!cookie.attributes.contains("Secure"));
    assert!(answer.body.contains("plain http"), "{answer:?}");
}

#[test]
fn another_implementation_of_fernet_reads_the_session_id() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    browser.home();
    let id = python::decrypt(&demo.key(), browser.cookie_value());
    assert_eq!(id.len(), 43, "{id}");
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");

    browser.sign_in("ada");
    assert_ne!(python::decrypt(&demo.key(), browser.cookie_value()), id);
}

#[test]
fn the_cookie_is_sent_only_when_it_is_new() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    browser.home();
    let answer = browser.send(&browser.get("/")).expect(200);
    assert_eq!(answer.headers("set-cookie"), [""; 0]);
    // The answer is for this visitor only, all the same.
    assert_eq!(answer.headers("cache-control"), ["private"]);
    let vary = answer.headers("vary").join(",").to_ascii_lowercase();
    assert!(vary.contains("cookie") && vary.contains("accept"), "{vary}");
    // What needs no session gets none.
    let style = Browser::open(&demo).request("GET", "/style.css").send(demo.port()).expect(200);
    assert_eq!(style.headers("set-cookie"), [""; 0]);
}

struct Cookie<'a> {
    name: &'a str,
    value: &'a str,
    attributes: BTreeSet<&'a str>,
}

/// The one that the answer sets.
fn the_cookie(answer: &Response) -> Cookie<'_> {
    let [header] = answer.headers("set-cookie")[..] else { panic!("not one cookie: {answer:?}") };
    let mut parts = header.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    Cookie { name, value, attributes: parts.collect() }
}
