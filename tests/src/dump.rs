//! What somebody sees who has all that a store holds: the search for secrets in it.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by a panic")]

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};
use fastsession::store::{Put, Store};
use fastsession::{Fernet, KeyRing, SessionManager};
use fastsession_core::store::{Condition, StoreKey};
use fastsession_core::time::UnixTime;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/// What a session is made of, apart from its ids.
const WORDS: [&str; 6] = [
    "Wilhelmina Unmistakable",
    "an unmistakable label",
    "an unmistakable value",
    "unmistakable-name",
    "unmistakable-namespace",
    KEY,
];
/// What is put into the store without a seal, so that the search has something to find.
const PLANTED: &[u8] = b"planted, and therefore to be found";

/// A secret, by the number under which a failure tells it, in all forms in which it could be written.
pub struct Needle {
    name: String,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    /// `secret` as it is, in hex, and in both base64 alphabets wherever it may begin in a longer text.
    #[must_use]
    pub fn new(name: impl Into<String>, secret: &[u8]) -> Self {
        let mut forms = vec![secret.to_vec(), hex::encode(secret).into(), hex::encode_upper(secret).into()];
        for alphabet in [&STANDARD, &URL_SAFE] {
            let engine = GeneralPurpose::new(alphabet, NO_PAD);
            for before in 0..3 {
                let shifted = [vec![0; before], secret.to_vec()].concat();
                let text = engine.encode(&shifted);
                // Characters that also depend on the neighbours are left out.
                let first = [0, 2, 3][before];
                let last = text.len() - usize::from(shifted.len() % 3 != 0);
                forms.push(text.as_bytes()[first..last].to_vec());
            }
        }
        Self { name: name.into(), forms }
    }

    /// Whether one of its forms is in `dump`.
    #[must_use]
    pub fn is_in(&self, dump: &[u8]) -> bool {
        self.forms.iter().any(|form| dump.windows(form.len()).any(|part| part == form))
    }
}

/// Fails if one of the needles is in the dump; `what` says which dump it is.
pub fn assert_none(needles: &[Needle], dump: &[u8], what: &str) {
    for needle in needles {
        assert!(!needle.is_in(dump), "{} is in {what}", needle.name);
    }
}

/// Keeps sessions in `store`, then looks for what they are made of in all that `dump` brings to light.
pub async fn assert_shows_nothing<S: Store + Clone>(store: S, dump: impl Fn() -> Vec<u8>) {
    let keys = || KeyRing::parse(KEY).unwrap();
    let [user, label, value, name, namespace, _] = WORDS;
    let sessions = SessionManager::builder(keys(), store.clone()).namespace(namespace).build().unwrap();
    let mut cookies = Vec::new();
    let mut header = String::new();
    // A new session, one that is signed in, changed, rotated, and another one.
    for step in 0..5 {
        let sent = if step == 4 { "" } else { header.as_str() };
        let session = sessions.load([sent.as_bytes()]).await.unwrap();
        session.insert(name, value).unwrap();
        match step {
            1 | 4 => session.sign_in(user).unwrap(),
            2 => session.set_label(label).unwrap(),
            3 => session.rotate().unwrap(),
            _ => {}
        }
        if let Some(cookie) = session.commit().await.unwrap().first() {
            cookie.split(';').next().unwrap().clone_into(&mut header);
            cookies.push(header.split_once('=').unwrap().1.to_owned());
        }
    }
    assert_eq!((cookies.len(), sessions.list(user).await.unwrap().len()), (4, 2));

    let mut needles: Vec<_> = WORDS.iter().map(|word| Needle::new(*word, word.as_bytes())).collect();
    needles.push(Needle::new("the key's bytes", &decode(KEY)));
    let fernet = Fernet::new(keys());
    for cookie in &cookies {
        let id = fernet.decrypt(cookie, None).unwrap();
        needles.push(Needle::new("a cookie", cookie.as_bytes()));
        needles.push(Needle::new("an id", &id));
        needles.push(Needle::new("an id's bytes", &decode(std::str::from_utf8(&id).unwrap())));
    }
    let before = dump();
    assert!(before.len() > 500, "the dump holds nothing: {}", before.escape_ascii());
    assert_none(&needles, &before, "the dump");

    let planted = Needle::new("what was planted", PLANTED);
    assert!(!planted.is_in(&before));
    let (key, expires_at) =
        (StoreKey::from_bytes(&[7; 32]), UnixTime::from_secs(UnixTime::now().as_secs() + 600));
    let put = Put { key, record: PLANTED, expires_at, condition: Condition::Absent, filing: None };
    let _ = store.put(put).await.unwrap();
    let after = dump();
    assert!(planted.is_in(&after), "the search does not find what is there");
    assert!(
        Needle::new("a store key", key.as_bytes()).is_in(&after),
        "the search does not find a key that is there"
    );
}

/// The names and the content of all files under `folder`.
#[must_use]
pub fn files(folder: &Path) -> Vec<u8> {
    let mut dump = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        dump.extend_from_slice(path.file_name().unwrap().as_encoded_bytes());
        dump.push(b'\n');
        if path.is_dir() {
            dump.extend(files(&path));
        } else {
            dump.extend(std::fs::read(&path).unwrap());
        }
    }
    dump
}

/// What a program writes to its standard output.
#[must_use]
pub fn output(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", output.stderr.escape_ascii());
    output.stdout
}

/// The bytes that base64url stands for, padded or not.
fn decode(text: &str) -> Vec<u8> {
    GeneralPurpose::new(&URL_SAFE, NO_PAD).decode(text.trim_end_matches('=')).unwrap()
}
