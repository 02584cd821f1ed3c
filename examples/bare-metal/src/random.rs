//! Randomness for a demonstration: NOT random.

use core::convert::Infallible;

use fastsession_core::rand_core::{TryCryptoRng, TryRng};

/// Counts up from a seed, and mixes: `SplitMix64`, the same bytes at every start.
///
/// A DEVICE MUST NOT USE THIS. Whoever knows the seed knows every session id. It must bring its hardware's generator, or
/// a `ChaCha` generator seeded from a source of entropy; session ids, initialization vectors and CSRF tokens all come
/// from it. The LM3S6965 has none, and neither has QEMU's model of it.
pub(crate) struct DemoRng(u64);

impl DemoRng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl TryRng for DemoRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [.., a, b, c, d] = self.try_next_u64()?.to_le_bytes();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.try_next_u64()?.to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

/// A promise that this generator does not keep: see above.
impl TryCryptoRng for DemoRng {}
