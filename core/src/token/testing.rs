//! What the tests of tokens share.

use core::convert::Infallible;
use std::vec::Vec;

use rand_core::{TryCryptoRng, TryRng};

use super::key::Key;
use super::ring::KeyRing;

/// "Randomness" that a test can repeat: bytes counted upwards.
#[derive(Default)]
pub(crate) struct CountingRng(u8);

impl TryRng for CountingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl TryCryptoRng for CountingRng {}

/// A key that `number` tells from others.
pub(crate) fn key(number: u8) -> Key {
    let bytes: [u8; 32] = core::array::from_fn(|index| u8::try_from(index).unwrap().wrapping_mul(7) ^ number);
    Key::from_bytes(&bytes).unwrap()
}

/// The ring of these keys.
pub(crate) fn ring(numbers: &[u8]) -> KeyRing {
    let keys: Vec<Key> = numbers.iter().copied().map(key).collect();
    KeyRing::from_keys(keys).unwrap()
}
