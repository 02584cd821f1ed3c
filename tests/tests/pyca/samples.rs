//! Random keys, payloads and times.

use fastsession_core::token::Key;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, RngExt, SeedableRng, TryRng};

/// How many tokens go each way.
pub(crate) const COUNT: usize = 10_000;

/// One token to be made.
pub(crate) struct Sample {
    /// The keys of the side that opens, newest first.
    pub(crate) ring: String,
    /// The one of them that seals.
    pub(crate) key: String,
    pub(crate) at: u64,
    pub(crate) payload: Vec<u8>,
}

/// Random numbers from the seed in `FASTSESSION_TEST_SEED`, or else from a new one. A failing test shows it.
pub(crate) fn rng() -> StdRng {
    let seed = std::env::var("FASTSESSION_TEST_SEED").map_or_else(
        |_| SysRng.try_next_u64().unwrap(),
        |seed| seed.parse().expect("FASTSESSION_TEST_SEED is a number"),
    );
    eprintln!("FASTSESSION_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// A key as text.
pub(crate) fn key(rng: &mut StdRng) -> String {
    Key::generate(rng).to_text().as_str().to_owned()
}

pub(crate) fn sample(rng: &mut StdRng) -> Sample {
    let keys: Vec<String> = (0..rng.random_range(1..=4)).map(|_| key(rng)).collect();
    let key = keys[rng.random_range(0..keys.len())].clone();
    // Most payloads are as short as a session id; each length modulo 16 has to come up, zero too.
    let longest = if rng.random_ratio(1, 10) { 3_000 } else { 70 };
    let mut payload = vec![0; rng.random_range(0..=longest)];
    rng.fill_bytes(&mut payload);
    Sample { ring: keys.join(","), key, at: rng.next_u64() >> rng.random_range(0..64), payload }
}
