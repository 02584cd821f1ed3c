//! What may be posted, and by whom.

use serde_json::json;

use crate::browser::{Browser, Home};
use crate::process::Demo;

const FORMS: [&str; 4] = ["/sign-in", "/sign-out", "/sign-out-everywhere", "/devices/end"];

#[test]
fn without_the_token_of_its_session_a_form_is_refused() {
    let demo = Demo::start();
    let mut browser = Browser::signed_in(&demo, "ada");
    let mut stranger = Browser::signed_in(&demo, "mallory");
    let (own, foreign) = (browser.home().csrf, stranger.home().csrf);
    for path in FORMS {
        let request = || browser.request("POST", path);
        for refused in [
            request(),
            request().form(&[("user", "eve")]),
            request().form(&[("user", "eve"), ("csrf", "")]),
            request().form(&[("user", "eve"), ("csrf", &foreign)]),
            request().form(&[("user", "eve"), ("csrf", &own[1..])]),
            request().form(&[("user", "eve")]).header("x-csrf-token", &foreign),
            request().form(&[("user", "eve")]).header("x-csrf-token", [0xff, 0xfe]),
            request().json(&json!({ "user": "eve" })),
        ] {
            refused.send(demo.port()).expect(403);
        }
    }
    assert_eq!(browser.home().user.as_deref(), Some("ada"));

    // Nor is a token worth anything without its session.
    browser.cookie = None;
    browser
        .request("POST", "/sign-in")
        .form(&[("user", "eve"), ("csrf", &own)])
        .send(demo.port())
        .expect(403);
}

#[test]
fn signing_in_makes_the_tokens_of_before_void() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    let before = browser.home().csrf;
    browser.sign_in("ada");
    let request = browser.request("POST", "/sign-out").form(&[("csrf", &before)]);
    browser.send(&request).expect(403);
    assert_eq!(browser.home().user.as_deref(), Some("ada"));
}

#[test]
fn programs_post_json_and_a_header() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    let csrf = browser.home().csrf;
    let request = browser
        .request("POST", "/sign-in")
        .header("accept", "application/json")
        .header("x-csrf-token", &csrf)
        .json(&json!({ "user": "ada" }));
    let home = Home::read(&browser.send(&request).expect(200).json());
    assert_eq!((home.user.as_deref(), home.visits), (Some("ada"), 1));

    let request = browser
        .request("POST", "/sign-out")
        .header("accept", "application/json")
        .header("x-csrf-token", &home.csrf);
    assert_eq!(browser.send(&request).expect(200).json(), json!({ "user": null }));
    assert_eq!(browser.home().user, None);
}

#[test]
fn names_are_checked() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    let longest = "é".repeat(64);
    browser.sign_in(&longest);
    for bad in ["", "  ", "a\0b", "a\nb", "\u{1b}[31m", &"a".repeat(65)] {
        let page = browser.post("/sign-in", &[("user", bad)]).expect(422);
        assert!(page.body.contains("<!DOCTYPE html>"), "{page:?}");
    }
    browser.post("/sign-in", &[]).expect(422);
    assert_eq!(browser.home().user, Some(longest));

    let page = browser.post("/sign-in", &[("user", " <script>alert(1)</script> ")]).expect(303);
    assert!(page.body.is_empty());
    let page = browser.send(&browser.request("GET", "/")).expect(200).body;
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
}

#[test]
fn what_is_no_form_is_refused() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    let csrf = browser.home().csrf;
    let request = || browser.request("POST", "/sign-in").header("x-csrf-token", &csrf);
    assert_eq!(request().json(&json!({ "user": 7 })).send(demo.port()).status, 422);
    assert_eq!(request().form(&[("user", &"a".repeat(100_000))]).send(demo.port()).status, 413);
    assert_eq!(request().header("content-type", "text/plain").send(demo.port()).status, 415);
    browser.send(&browser.request("GET", "/sign-in")).expect(405);
    browser.send(&browser.request("GET", "/nowhere")).expect(404);
}
