//! Sessions of Rust in Python and the other way round: `session_format.py` was written from `docs/format.md` alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it cannot go on"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails where it is wrong"
)]

mod samples;

use std::time::Duration;

use fastsession_core::manager::{Manager, Placement, Sources};
use fastsession_core::session::Session;
use fastsession_core::store::{Operation, StoreKey};
use fastsession_core::time::UnixTime;
use fastsession_core::token::KeyRing;
use fastsession_tests::script::Script;
use rand::{Rng as _, RngExt as _};
use samples::{Sample, rng};
use serde_json::{Value, json};

const SESSIONS: usize = 500;
const NOW: u64 = 1_700_000_000;
const LAG: Duration = Duration::from_mins(1);

fn ask(requests: &[Value]) -> Vec<Value> {
    let requests: Vec<String> = requests.iter().map(Value::to_string).collect();
    let answers = Script::python("format/session_format.py").ask(&requests);
    answers.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect()
}

fn manager(sample: &Sample, placement: Placement) -> Manager {
    let ring = KeyRing::parse(&sample.keys.join(",")).unwrap();
    Manager::builder(ring).namespace(&sample.namespace).placement(placement).build().unwrap()
}

fn resume(manager: &Manager, cookie: &str, record: &[u8]) -> Session<Vec<u8>> {
    let (header, now) = (format!("a=b; __Host-session={cookie}"), UnixTime::from_secs(NOW));
    manager.resume(manager.open([header.as_bytes()], now), record.to_vec(), now)
}

fn bytes(answer: &Value, name: &str) -> Vec<u8> {
    hex::decode(answer[name].as_str().unwrap()).unwrap()
}

/// The values as JSON has them here: the bytes in hexadecimal.
fn values(session: &Session<Vec<u8>>) -> Vec<Value> {
    session.values().map(|(key, value)| json!([key, hex::encode(value)])).collect()
}

fn lasting(entries: &Value) -> Vec<Value> {
    let lasting = entries.as_array().unwrap().iter().filter(|entry| entry["flash"] == false);
    lasting.map(|entry| json!([entry["key"], entry["value"]])).collect()
}

fn flashes(entries: &Value) -> Vec<&str> {
    let flashes = entries.as_array().unwrap().iter().filter(|entry| entry["flash"] == true);
    flashes.map(|entry| entry["key"].as_str().unwrap()).collect()
}

fn same_facts(session: &Session<Vec<u8>>, facts: &Value) {
    assert_eq!(json!(session.created().as_secs()), facts["created"]);
    assert_eq!(json!(session.last_seen().as_secs()), facts["last_seen"]);
    assert_eq!(json!(session.authenticated_at().map(UnixTime::as_secs)), facts["authenticated_at"]);
    assert_eq!(json!(session.owner()), facts["owner"]);
    assert_eq!(session.label(), facts["label"]);
    assert_eq!(values(session), lasting(&facts["entries"]));
    assert_eq!(session.flash_keys().collect::<Vec<_>>(), flashes(&facts["entries"]));
}

#[test]
fn sessions_written_here_are_read_there() {
    let mut rng = rng();
    let mut requests = Vec::new();
    let mut written = Vec::new();
    for _ in 0..SESSIONS {
        let sample = Sample::new(&mut rng);
        let manager = manager(&sample, Placement::Both { lag: LAG });
        let now = UnixTime::from_secs(NOW);
        let mut session = manager.resume(manager.open([], now), Vec::new(), now);
        sample.fill(&mut session);
        // A secret that the record keeps, or the one that follows from the id. Nothing is stored of an empty session.
        if rng.random() || session.is_empty() {
            session.csrf_token(&mut rng).unwrap();
        }
        let mut commit = manager.commit(session, now, &mut rng).unwrap();
        let Some(Operation::Put { key, record, filing, .. }) = commit.operation() else { panic!() };
        let key = key.to_string();
        let record = record.to_vec();
        let filing = filing.map(|filing| (filing.owner.to_string(), filing.entry.to_vec()));
        commit.applied();
        let finished = manager.finish(commit).unwrap();
        let headers: Vec<String> = manager
            .cookies(&finished)
            .map(|cookie| String::from_utf8(cookie.to_bytes()).unwrap().split(';').next().unwrap().to_owned())
            .collect();
        let mut session = manager.reopen(finished, now);
        let csrf = session.csrf_token(&mut rng).unwrap();
        requests.push(json!({
            "operation": "read", "keys": sample.keys, "namespace": sample.namespace, "now": NOW,
            "headers": ["before=1;\tother = \"x\" ".to_owned() + ";" + &headers.join(" ; ")],
            "record": hex::encode(&record), "csrf": csrf.as_str(),
            "entry": filing.as_ref().map(|(_, entry)| hex::encode(entry)),
        }));
        written.push((session, key, filing.map(|(owner, _)| owner)));
    }
    for (answer, (session, key, owner)) in ask(&requests).iter().zip(written) {
        assert_eq!(answer["store_key"], key);
        assert_eq!(answer["csrf"], true);
        assert_eq!(answer["session"]["revision"], 1);
        same_facts(&session, &answer["session"]);
        assert_eq!(answer["owner_key"].as_str(), owner.as_deref());
        if owner.is_some() {
            assert_eq!(answer["listing"]["created"], NOW);
            assert_eq!(answer["listing"]["last_seen"], NOW);
            assert_eq!(answer["listing"]["label"], session.label());
        }
    }
}

#[test]
fn sessions_written_there_are_read_here() {
    let mut rng = rng();
    let samples: Vec<Sample> = (0..SESSIONS).map(|_| Sample::new(&mut rng)).collect();
    let requests: Vec<Value> = samples.iter().map(|sample| sample.request(&mut rng, NOW)).collect();
    for (sample, (request, answer)) in samples.iter().zip(requests.iter().zip(ask(&requests))) {
        let (record, cookie) = (bytes(&answer, "record"), answer["cookie"].as_str().unwrap());
        let manager = manager(sample, Placement::Store);
        let mut session = resume(&manager, cookie, &record);
        assert_eq!(session.reason(), None);
        assert_eq!(*session.key().unwrap().to_hex(), answer["store_key"]);
        same_facts(&session, &request["session"]);
        assert!(session.verify_csrf(answer["csrf"].as_str().unwrap().as_bytes()));
        for key in flashes(&request["session"]["entries"]) {
            assert!(session.take_flash::<samples::Tree>(key).unwrap().is_some());
        }
        let key = StoreKey::from_hex(answer["store_key"].as_str().unwrap()).unwrap();
        let listing = manager.open_listing(&key, &bytes(&answer, "entry")).unwrap();
        assert_eq!(
            json!([listing.created.as_secs(), listing.last_seen.as_secs(), listing.label.as_str()]),
            json!([
                request["session"]["created"],
                request["session"]["last_seen"],
                request["session"]["label"]
            ])
        );
        in_a_cookie(sample, cookie, &answer, request);
    }
}

/// The same session, without a store.
fn in_a_cookie(sample: &Sample, cookie: &str, answer: &Value, request: &Value) {
    let manager = manager(sample, Placement::Cookie);
    let data = answer["data_cookie"].as_str().unwrap();
    let header = format!("__Host-session-data={data}; __Host-session={cookie}");
    if data.len() > 4_096 {
        return;
    }
    let now = UnixTime::from_secs(NOW);
    let pending = manager.open([header.as_bytes()], now);
    let sources = Sources { record: Vec::new(), copy: Vec::new(), has_ended: false };
    let session = manager.resume_placed(pending, manager.data_cookies([header.as_bytes()]), sources, now);
    assert_eq!(session.reason(), None);
    same_facts(&session, &request["session"]);
}

#[test]
fn both_refuse_the_same_records() {
    let mut rng = rng();
    let samples: Vec<Sample> = (0..SESSIONS).map(|_| Sample::new(&mut rng)).collect();
    let mut requests: Vec<Value> = samples.iter().map(|sample| sample.request(&mut rng, NOW)).collect();
    let written = ask(&requests);
    for (request, answer) in requests.iter_mut().zip(&written) {
        let mut content = bytes(answer, "content");
        match rng.random_range(0..4) {
            0 => content.truncate(rng.random_range(0..content.len())),
            1 => content.push(rng.random_range(0..3)),
            _ => {
                // Any byte, or one of the first ones, which are not values.
                let end = if rng.random() { content.len() } else { content.len().min(110) };
                content[rng.random_range(0..end)] =
                    if rng.random() { rng.next_u32().to_le_bytes()[0] } else { rng.random_range(0..4) };
            }
        }
        request["operation"] = "judge".into();
        request["content"] = hex::encode(content).into();
    }
    let mut opened = 0;
    for (sample, (answer, written)) in samples.iter().zip(ask(&requests).iter().zip(&written)) {
        let manager = manager(sample, Placement::Store);
        let session = resume(&manager, written["cookie"].as_str().unwrap(), &bytes(answer, "record"));
        assert_eq!(session.reason().is_none(), answer["opens"] == true, "{answer}");
        opened += usize::from(session.reason().is_none());
    }
    assert!((50..SESSIONS - 50).contains(&opened), "{opened} of {SESSIONS} opened");
}

#[test]
fn what_was_tampered_with_is_refused_there() {
    let mut rng = rng();
    let sample = Sample::new(&mut rng);
    let request = sample.request(&mut rng, NOW);
    let answer = &ask(std::slice::from_ref(&request))[0];
    let read = |cookie: &str, record: &[u8], now: u64| {
        json!({
            "operation": "read", "keys": sample.keys, "namespace": sample.namespace, "now": now, "csrf": "",
            "headers": [format!("__Host-session={cookie}; __Host-session-data={}", answer["data_cookie"].as_str().unwrap())],
            "record": hex::encode(record), "entry": answer["entry"],
        })
    };
    let (record, cookie) = (bytes(answer, "record"), answer["cookie"].as_str().unwrap());
    let mut requests = vec![read(cookie, &record, NOW)];
    requests.extend((0..record.len()).map(|at| {
        let mut changed = record.clone();
        changed[at] ^= 1 << rng.random_range(0..8);
        read(cookie, &changed, NOW)
    }));
    requests.extend((0..cookie.len()).map(|at| {
        let mut changed = cookie.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        read(std::str::from_utf8(&changed).unwrap(), &record, NOW)
    }));
    requests.extend([NOW - 61, NOW + 400 * 86_400].map(|now| read(cookie, &record, now)));
    for (index, answer) in ask(&requests).iter().enumerate() {
        assert_eq!(answer["refused"] == true, index > 0, "{index}: {answer}");
    }
}
