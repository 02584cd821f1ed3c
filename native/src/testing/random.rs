//! Random keys and records, and seeded choices.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use fastsession_core::store::{OwnerKey, StoreKey};

/// The seed of this process's choices.
pub fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let given = std::env::var("FASTSESSION_TEST_SEED").ok();
        given.and_then(|seed| seed.parse().ok()).unwrap_or_else(unseeded)
    })
}

/// `SplitMix64`: small, and the same everywhere.
#[derive(Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The choices of the check's part `stream`.
    pub(super) fn seeded(stream: u64) -> Self {
        Self(seed() ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or_default()
    }

    /// `length` bytes.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()).flatten().take(length).collect()
    }

    /// Lets other tasks run a few times.
    pub(super) async fn stumble(&mut self) {
        for _ in 0..self.below(4) {
            tokio::task::yield_now().await;
        }
    }
}

/// A key that nobody else uses, whatever the seed.
pub(super) fn key() -> StoreKey {
    StoreKey::from_bytes(&name())
}

/// An owner that nobody else uses, whatever the seed.
pub(super) fn owner() -> OwnerKey {
    OwnerKey::from_bytes(&name())
}

/// A record that nobody else writes.
pub(super) fn record() -> Vec<u8> {
    Random(unseeded()).bytes(100)
}

fn name() -> [u8; 32] {
    let mut name = [0; 32];
    for (to, from) in name.iter_mut().zip(Random(unseeded()).bytes(32)) {
        *to = from;
    }
    name
}

fn unseeded() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
