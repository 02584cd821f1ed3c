//! What one side makes the other one opens, at the same times.

use std::time::Duration;

use fastsession_core::time::UnixTime;
use rand::RngExt;

use crate::peer::{Peer, Request};
use crate::samples::{COUNT, key, rng, sample};
use crate::{decrypt, fernet};

#[test]
fn tokens_made_here_open_there() {
    let mut rng = rng();
    let samples: Vec<_> = (0..COUNT).map(|_| sample(&mut rng)).collect();
    let requests: Vec<Request> = samples
        .iter()
        .flat_map(|sample| {
            let at = UnixTime::from_secs(sample.at);
            let token = fernet(&sample.key).encrypt_at(&sample.payload, at, &mut rng).unwrap();
            [Request::decrypt, Request::timestamp].map(|request| request(&sample.ring, token.as_bytes()))
        })
        .collect();
    let answers = Peer::start().ask(&requests);
    for (sample, answers) in samples.iter().zip(answers.chunks(2)) {
        assert_eq!(answers[0].accepted(), Some(sample.payload.as_slice()));
        assert_eq!(answers[1].accepted(), Some(sample.at.to_string().as_bytes()));
    }
}

#[test]
fn tokens_made_there_open_here() {
    let mut rng = rng();
    let samples: Vec<_> = (0..COUNT).map(|_| sample(&mut rng)).collect();
    let requests: Vec<Request> =
        samples.iter().map(|sample| Request::encrypt(&sample.key, sample.at, &sample.payload)).collect();
    for (sample, answer) in samples.iter().zip(Peer::start().ask(&requests)) {
        let token = answer.unwrap();
        assert_eq!(decrypt(&sample.ring, &token).as_ref(), Some(&sample.payload));
        let made_at = fernet(&sample.ring).extract_timestamp(&token).unwrap();
        assert_eq!(made_at.as_secs(), sample.at);
    }
}

#[test]
fn rotated_tokens_open_on_the_other_side() {
    let mut rng = rng();
    let samples: Vec<_> = (0..500).map(|_| sample(&mut rng)).collect();
    let tokens: Vec<String> = samples
        .iter()
        .map(|sample| {
            let at = UnixTime::from_secs(sample.at);
            fernet(&sample.key).encrypt_at(&sample.payload, at, &mut rng).unwrap()
        })
        .collect();
    let requests: Vec<Request> = samples
        .iter()
        .zip(&tokens)
        .flat_map(|(sample, token)| {
            let newest = sample.ring.split(',').next().unwrap();
            let rotated = fernet(&sample.ring).rotate(token, &mut rng).unwrap();
            [
                Request::decrypt(newest, rotated.as_bytes()),
                Request::timestamp(newest, rotated.as_bytes()),
                Request::rotate(&sample.ring, token.as_bytes()),
            ]
        })
        .collect();
    let answers = Peer::start().ask(&requests);
    for (sample, answers) in samples.iter().zip(answers.chunks(3)) {
        let newest = sample.ring.split(',').next().unwrap();
        assert_eq!(answers[0].accepted(), Some(sample.payload.as_slice()));
        assert_eq!(answers[1].accepted(), Some(sample.at.to_string().as_bytes()));
        let rotated = answers[2].clone().unwrap();
        assert_eq!(decrypt(newest, &rotated).as_ref(), Some(&sample.payload));
        assert_eq!(fernet(newest).extract_timestamp(&rotated).unwrap().as_secs(), sample.at);
    }
}

#[test]
fn times_are_judged_alike() {
    const NOW: u64 = 1_700_000_000;
    let mut rng = rng();
    let key = key(&mut rng);
    // Every combination of the edges, then what chance finds around them.
    let made = [0, NOW - 61, NOW - 60, NOW - 1, NOW, NOW + 1, NOW + 60, NOW + 61, i64::MAX as u64, u64::MAX];
    let ttls = [0, 1, 59, 60, 61, NOW, i64::MAX as u64, u64::MAX];
    let nows = [0, 60, NOW, i64::MAX as u64, u64::MAX - 61, u64::MAX - 60, u64::MAX];
    let edges = made.into_iter().flat_map(|made_at| {
        ttls.into_iter().flat_map(move |ttl| nows.into_iter().map(move |now| (made_at, ttl, now)))
    });
    let mut cases: Vec<(u64, u64, u64)> = edges.collect();
    cases.extend((0..2_000).map(|_| {
        (NOW - 200 + rng.random_range(0..400), rng.random_range(0..200), NOW - 100 + rng.random_range(0..200))
    }));
    let tokens: Vec<String> = cases
        .iter()
        .map(|case| fernet(&key).encrypt_at(b"", UnixTime::from_secs(case.0), &mut rng).unwrap())
        .collect();
    let requests: Vec<Request> = cases
        .iter()
        .zip(&tokens)
        .map(|(case, token)| Request::decrypt_at(&key, token.as_bytes(), case.1, case.2))
        .collect();
    let fernet = fernet(&key);
    let mut accepted = 0;
    for (index, answer) in Peer::start().ask(&requests).iter().enumerate() {
        let (made_at, ttl, now) = cases[index];
        let ttl = Some(Duration::from_secs(ttl));
        let opens = fernet.decrypt_at(&tokens[index], ttl, UnixTime::from_secs(now)).is_ok();
        assert_eq!(opens, answer.accepted().is_some(), "made at {made_at}, ttl {ttl:?}, now {now}");
        accepted += usize::from(opens);
    }
    assert!((500..cases.len() - 500).contains(&accepted), "{accepted} of {} accepted", cases.len());
}
