//! What somebody sees who has the store, but neither the key nor a cookie.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Browser;
use crate::process::Demo;
use crate::python;

#[test]
fn the_store_shows_nothing() {
    let demo = Demo::start();
    let (user, key) = ("Wilhelmina Unmistakable", demo.key());
    let mut browser = Browser::open(&demo);
    browser.home();
    let mut secrets = vec![user.to_owned(), key.clone(), "Firefox".into(), "visits".into()];
    let mut remember = |browser: &Browser| {
        let token = browser.cookie_value().to_owned();
        secrets.extend([python::decrypt(&key, &token), token]);
    };
    remember(&browser);
    browser.sign_in(user);
    remember(&browser);
    browser.devices();

    let mut needles: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    // Keys and ids are base64; nor are the bytes there that they stand for.
    needles.extend(secrets.iter().filter_map(|secret| decode(secret)));
    let files = files(&demo.store());
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let mut text = file.to_str().unwrap().as_bytes().to_vec();
        text.extend(fs::read(&file).unwrap());
        for (number, needle) in needles.iter().enumerate() {
            let is_found = text.windows(needle.len()).any(|part| part == needle);
            assert!(!is_found, "secret {number} is in {}", file.display());
        }
    }
}

#[test]
fn the_store_and_the_key_are_for_their_owner_only() {
    let demo = Demo::start();
    Browser::signed_in(&demo, "ada").devices();
    assert_eq!(mode(&demo.store()), 0o700);
    for entry in walk(&demo.store()) {
        let expected = if entry.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry), expected, "{}", entry.display());
    }
    assert_eq!(mode(&demo.folder().join(".fastsession-key")), 0o600);
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn files(folder: &Path) -> Vec<PathBuf> {
    walk(folder).into_iter().filter(|path| path.is_file()).collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        }
        found.push(path);
    }
    found
}

/// The bytes that a text of 43 or 44 characters of base64url stands for; other texts are none of interest.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.trim_end_matches('=').len() != 43 {
        return None;
    }
    let standard = text.trim_end_matches('=').replace('-', "+").replace('_', "/") + "=";
    let script = format!("printf %s '{standard}' | base64 -d");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.stdout.len(), 32);
    Some(output.stdout)
}
