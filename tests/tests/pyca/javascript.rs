//! Tokens between pyca/cryptography and the npm package.

use rand::RngExt;

use crate::peer::{Answer, Peer, Request};
use crate::samples::{Sample, key, rng, sample};

/// How many tokens go each way.
const COUNT: usize = 1_000;

/// From here on the package takes a time for milliseconds by mistake, and refuses it.
const END_OF_TIME: u64 = 100_000_000_000;

/// Samples whose times the package takes.
fn samples() -> Vec<Sample> {
    let mut rng = rng();
    (0..COUNT)
        .map(|_| {
            let sample = sample(&mut rng);
            Sample { at: sample.at % END_OF_TIME, ..sample }
        })
        .collect()
}

/// Has `maker` make a token of each sample, and asserts that `opener` reads payload and time from each.
fn open_there(maker: Peer, opener: Peer) {
    let samples = samples();
    let requests: Vec<_> =
        samples.iter().map(|sample| Request::encrypt(&sample.key, sample.at, &sample.payload)).collect();
    let requests: Vec<_> = samples
        .iter()
        .zip(maker.ask(&requests))
        .flat_map(|(sample, token)| {
            let token = token.unwrap();
            [Request::decrypt, Request::timestamp].map(|request| request(&sample.ring, &token))
        })
        .collect();
    let answers = opener.ask(&requests);
    for (sample, answers) in samples.iter().zip(answers.chunks(2)) {
        assert_eq!(answers[0].accepted(), Some(sample.payload.as_slice()));
        assert_eq!(answers[1].accepted(), Some(sample.at.to_string().as_bytes()));
    }
}

#[test]
fn tokens_of_the_package_open_in_python() {
    open_there(Peer::javascript(), Peer::start());
}

#[test]
fn tokens_of_python_open_in_the_package() {
    open_there(Peer::start(), Peer::javascript());
}

#[test]
fn times_and_foreign_keys_are_judged_alike() {
    const NOW: u64 = 1_700_000_000;
    let mut rng = rng();
    let (key, foreign) = (key(&mut rng), key(&mut rng));
    let made: Vec<u64> = (0..COUNT).map(|_| NOW - 200 + rng.random_range(0..400)).collect();
    let requests: Vec<_> = made.iter().map(|made_at| Request::encrypt(&key, *made_at, b"")).collect();
    let judge = |token: Answer| {
        let key = if rng.random_ratio(1, 10) { &foreign } else { &key };
        Request::decrypt_at(key, &token.unwrap(), rng.random_range(0..200), NOW)
    };
    let requests: Vec<_> = Peer::start().ask(&requests).into_iter().map(judge).collect();
    let (there, here) = (Peer::start().ask(&requests), Peer::javascript().ask(&requests));
    assert_eq!(there, here);
    let accepted = here.iter().filter(|answer| answer.accepted().is_some()).count();
    assert!((COUNT / 5..COUNT * 4 / 5).contains(&accepted), "{accepted} of {COUNT} accepted");
}
