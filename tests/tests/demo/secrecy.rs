//! What somebody sees who has the store, but neither the key nor a cookie.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastsession_tests::dump::{Needle, assert_none};

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

    // Keys and ids are base64; nor are the bytes there that they stand for.
    let decoded = secrets.iter().filter_map(|secret| decode(secret));
    let secrets: Vec<Vec<u8>> =
        secrets.iter().map(|secret| secret.as_bytes().to_vec()).chain(decoded).collect();
    let needles: Vec<Needle> = secrets
        .iter()
        .enumerate()
        .map(|(number, secret)| Needle::new(format!("secret {number}"), secret))
        .collect();
    let files = files(&demo.store());
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let name = file.to_str().unwrap();
        assert_none(&needles, &[name.as_bytes(), &fs::read(&file).unwrap()].concat(), name);
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
    let text = text.trim_end_matches('=');
    (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).unwrap())
}
