//! One session in both worlds: what Rust writes JavaScript reads and writes anew, and Rust reads that.
//!
//! Needs the npm package as `cargo xtask wasm` builds it.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod value;

use fastsession::store::{MemoryStore, Put, Store};
use fastsession::{KeyRing, SessionManager, UnixTime};
use fastsession_core::store::Condition;
use fastsession_tests::script::Script;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use value::Value;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const SESSIONS: usize = 1_000;

/// A session on its way between the worlds: what a browser and a store have of it, and what it should say of itself.
#[derive(Serialize, Deserialize)]
struct Parcel {
    cookie: String,
    key: String,
    record: String,
    owner: Option<String>,
    label: String,
    csrf: String,
}

fn manager(store: &MemoryStore) -> SessionManager {
    SessionManager::builder(KeyRing::parse(KEY).unwrap(), store.clone()).build().unwrap()
}

#[tokio::test]
async fn a_thousand_sessions_go_there_and_back() {
    let mut random = StdRng::seed_from_u64(5);
    let (store, mut parcels, mut expected) = (MemoryStore::new(), Vec::new(), Vec::new());
    let sessions = manager(&store);
    for number in 0..SESSIONS {
        let session = sessions.load([]).await.unwrap();
        let values: Vec<(String, Value)> = (0..random.random_range(1..6))
            .map(|at| (format!("key {at} é"), Value::random(&mut random, 3)))
            .collect();
        for (key, value) in &values {
            session.insert(key, value).unwrap();
        }
        session.flash("notice", &format!("number {number}")).unwrap();
        if number % 3 == 0 {
            session.sign_in(&format!("user {number} ü")).unwrap();
            session.set_label("Firefox on Linux").unwrap();
        }
        let csrf = session.csrf_token().unwrap();
        let cookie = session.commit().await.unwrap()[0].split(';').next().unwrap().to_owned();
        let key = session.key().unwrap();
        let record = hex::encode(store.get(&key).await.unwrap().unwrap());
        let (owner, label) = (session.owner(), session.label());
        parcels.push(Parcel { cookie, key: key.to_string(), record, owner, label, csrf });
        expected.push(values);
    }
    let returned = through_javascript(&parcels);
    assert_eq!(returned.len(), SESSIONS);
    for (number, ((sent, back), values)) in parcels.iter().zip(&returned).zip(&expected).enumerate() {
        assert_ne!(sent.record, back.record);
        let is_signed_in_there = number % 3 == 1;
        assert_eq!(
            (sent.cookie != back.cookie, sent.key != back.key),
            (is_signed_in_there, is_signed_in_there)
        );
        let store = MemoryStore::new();
        let record = hex::decode(&back.record).unwrap();
        let key = fastsession::StoreKey::from_hex(&back.key).unwrap();
        let expires_at = UnixTime::from_secs(u64::MAX / 2);
        let put = Put { key, record: &record, expires_at, condition: Condition::Any, filing: None };
        let _ = store.put(put).await.unwrap();
        let session = manager(&store).load([back.cookie.as_bytes()]).await.unwrap();
        assert_eq!((session.reason().unwrap(), session.key()), (None, Some(key)));
        let (owner, label) = if is_signed_in_there {
            (Some(format!("user {number} ö")), "an edge".to_owned())
        } else {
            (sent.owner.clone(), sent.label.clone())
        };
        assert_eq!((session.owner(), session.label()), (owner, label));
        assert_eq!(session.authenticated_at().is_some(), number % 3 < 2);
        assert!(session.verify_csrf(&back.csrf));
        assert_eq!(session.take_flash::<String>("back").unwrap().as_deref(), Some("from JavaScript"));
        assert_eq!(session.len(), values.len());
        for (key, value) in values {
            let copy: Value = session.get(&format!("copy of {key}")).unwrap().unwrap();
            assert_eq!(copy, value.clone().in_javascript(), "{key} of {}", back.key);
        }
    }
}

/// Gives the sessions to JavaScript, which copies each value to another key and signs some in.
fn through_javascript(parcels: &[Parcel]) -> Vec<Parcel> {
    let lines: Vec<_> = parcels.iter().map(|parcel| serde_json::to_string(parcel).unwrap()).collect();
    let answers = Script::javascript("interop/copy.mjs").ask(&lines);
    answers.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect()
}
