//! How names find their shard and their place in a map.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

pub(super) const SHARDS: usize = 64;

/// The shard that `name` belongs to.
#[expect(clippy::indexing_slicing, reason = "the index is reduced to the number of shards")]
pub(super) fn of<'a, T>(shards: &'a [T; SHARDS], name: &impl Hash) -> &'a T {
    // The map takes the bits at both ends.
    let hash = BuildHasherDefault::<NameHasher>::default().hash_one(name);
    &shards[(hash >> 40) as usize % SHARDS]
}

/// Mixes the first 16 bytes of a name. The names are hashes already and nobody outside can choose
/// them, so this need not withstand anyone.
#[derive(Default)]
pub(super) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some((first, rest)) = bytes.split_first_chunk::<8>()
            && let Some(second) = rest.first_chunk::<8>()
        {
            let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
            let (low, high) = (first ^ 0x9e37_79b9_7f4a_7c15).carrying_mul(second ^ 0xd1b5_4a32_d192_ed03, 0);
            self.0 ^= low ^ high;
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
