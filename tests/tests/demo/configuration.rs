//! What the environment changes.

use std::fs;

use crate::browser::Browser;
use crate::process::Demo;
use crate::python;

#[test]
fn sessions_can_be_kept_in_memory() {
    let mut demo = Demo::start_with(&[("FASTSESSION_STORE", "memory:")]);
    let mut browser = Browser::signed_in(&demo, "ada");
    assert_eq!(browser.devices().len(), 1);
    assert!(!demo.store().exists());
    demo.restart();
    browser.assert_is_dead();
}

#[test]
fn sessions_can_be_kept_in_another_folder() {
    let mut demo = Demo::start_with(&[("FASTSESSION_STORE", "file:deep/er")]);
    let mut browser = Browser::open(&demo);
    browser.home();
    assert!(demo.folder().join("deep/er").is_dir() && !demo.store().exists());
    demo.restart();
    assert_eq!(browser.home().visits, 2);
}

#[test]
fn the_key_can_be_given() {
    let key = python::generate_key();
    let demo = Demo::start_with(&[("FASTSESSION_KEY", &key)]);
    let mut browser = Browser::open(&demo);
    browser.home();
    assert_eq!(python::decrypt(&key, browser.cookie_value()).len(), 43);
    assert!(!demo.folder().join(".fastsession-key").exists());
}

#[test]
fn nonsense_is_refused_at_the_start_and_no_key_is_shown() {
    let short = "c2hvcnQta2V5";
    for (name, value) in [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("FASTSESSION_STORE", "nowhere"),
        ("FASTSESSION_STORE", "file:"),
        ("FASTSESSION_SECURE", "yes"),
        ("FASTSESSION_STRICT", "2"),
        ("FASTSESSION_KEY", short),
        ("FASTSESSION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        let (complaint, status) = Demo::prepare(&[(name, value)]).refuse();
        assert!(!status.success(), "{name}={value}");
        assert!(complaint.contains(name), "{complaint}");
        assert!(!complaint.contains(short), "{complaint}");
    }
}

#[test]
fn a_spoilt_key_file_is_not_overwritten() {
    let demo = Demo::prepare(&[]);
    let file = demo.folder().join(".fastsession-key");
    for content in ["", "no key"] {
        fs::write(&file, content).unwrap();
        let (complaint, status) = demo.refuse();
        assert!(!status.success());
        assert!(complaint.contains(".fastsession-key"), "{complaint}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
}

#[test]
fn it_stops_when_it_is_asked_to() {
    let mut demo = Demo::start();
    let mut browser = Browser::open(&demo);
    browser.home();
    assert!(demo.terminate().success());
    demo.resume();
    assert_eq!(browser.home().visits, 2);
}
