//! What a user does.

use crate::browser::Browser;
use crate::curl::Curl;
use crate::process::Demo;

#[test]
fn with_curl_a_session_outlives_the_server_and_can_be_ended() {
    let mut demo = Demo::start();
    let (first, second) = (Curl::new(&demo), Curl::new(&demo));
    assert_eq!(first.home().visits, 1);
    assert_eq!(first.home().visits, 2);

    let before_sign_in = first.saved();
    // The form is read by a third visit; the page after it is the fourth.
    assert!(first.post("/sign-in", &["user=Ada Lovelace"]).contains("Ada Lovelace"));
    let home = first.home();
    assert_eq!((home.user.as_deref(), home.visits), (Some("Ada Lovelace"), 5));
    assert_is_newcomer(&before_sign_in);

    demo.restart();
    let home = first.home();
    assert_eq!((home.user.as_deref(), home.visits), (Some("Ada Lovelace"), 6));

    second.post("/sign-in", &["user=Ada Lovelace"]);
    let devices = first.json("/devices");
    assert_eq!(devices.as_array().unwrap().len(), 2);
    let current: Vec<_> = devices.as_array().unwrap().iter().map(|device| &device["current"]).collect();
    assert_eq!(current, [true, false]);

    let before_sign_out = [first.saved(), second.saved()];
    first.post("/sign-out-everywhere", &[]);
    for jar in before_sign_out.iter().chain([&second]) {
        assert_is_newcomer(jar);
    }
    assert_eq!(first.home().user, None);
}

#[track_caller]
fn assert_is_newcomer(curl: &Curl) {
    let home = curl.home();
    assert_eq!((home.user, home.visits), (None, 1));
}

#[test]
fn saved_cookies_are_dead_after_sign_in_and_sign_out() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    browser.home();
    let anonymous = browser.with_the_same_cookie();
    browser.sign_in("ada");
    let signed_in = browser.with_the_same_cookie();
    // Who is signed in may sign in again, and be someone else.
    browser.sign_in("grace");
    let again = browser.with_the_same_cookie();
    browser.post("/sign-out", &[]).expect(303);
    assert_eq!(browser.cookie, None);
    for saved in [anonymous, signed_in, again] {
        saved.assert_is_dead();
    }
}

#[test]
fn devices_are_listed_and_ended_one_by_one() {
    let demo = Demo::start();
    let mut here = Browser::signed_in(&demo, "ada");
    let mut there = Browser::signed_in(&demo, "ada");
    let devices = here.devices();
    assert_eq!(devices.len(), 2);
    for device in &devices {
        let mut fields: Vec<_> = device.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["created", "current", "handle", "label", "seen"]);
        assert_eq!(device["label"], "Firefox on Linux");
        assert!(device["created"].as_u64().unwrap() <= device["seen"].as_u64().unwrap());
    }
    let theirs = devices.iter().find(|device| device["current"] == false).unwrap();
    here.post("/devices/end", &[("handle", theirs["handle"].as_str().unwrap())]).expect(303);
    there.assert_is_dead();
    assert_eq!(there.home().user, None);

    // Ending the own one is a sign-out.
    let saved = here.with_the_same_cookie();
    let devices = here.devices();
    assert_eq!(devices.len(), 1);
    here.post("/devices/end", &[("handle", devices[0]["handle"].as_str().unwrap())]).expect(303);
    saved.assert_is_dead();
}

#[test]
fn nobody_ends_the_device_of_another_user() {
    let demo = Demo::start();
    let mut ada = Browser::signed_in(&demo, "ada");
    let mut mallory = Browser::signed_in(&demo, "mallory");
    let handle = ada.devices()[0]["handle"].as_str().unwrap().to_owned();
    for handle in [handle.as_str(), "", "x", &"0".repeat(64), "../../../etc/passwd"] {
        mallory.post("/devices/end", &[("handle", handle)]).expect(404);
    }
    mallory.post("/sign-out-everywhere", &[]).expect(303);
    assert_eq!(ada.home().user.as_deref(), Some("ada"));
    assert_eq!(ada.devices().len(), 1);
}

#[test]
fn whoever_is_not_signed_in_has_no_devices() {
    let demo = Demo::start();
    let mut browser = Browser::open(&demo);
    browser.home();
    browser.send(&browser.get("/devices")).expect(401);
    let page = browser.send(&browser.request("GET", "/devices")).expect(303);
    assert_eq!(page.headers("location"), ["/"]);
    browser.post("/devices/end", &[("handle", "x")]).expect(401);
    browser.post("/sign-out-everywhere", &[]).expect(303);
}
