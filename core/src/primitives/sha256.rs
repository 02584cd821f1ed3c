//! SHA-256 around the compression function of the `sha2` crate, FIPS 180-4.
//!
//! What is hashed here is mostly a few blocks, of which general buffering would be a good part of the time.

use sha2::block_api::compress256;
use zeroize::{Zeroize, Zeroizing};

use super::HASH_LENGTH;

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// The hash before the first block, FIPS 180-4 section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The hash after one block, to go on from. It is erased on drop.
#[derive(Clone)]
pub(super) struct State([u32; 8]);

impl State {
    pub(super) fn after(block: &[u8; BLOCK]) -> Self {
        let mut state = Self(INITIAL);
        compress256(&mut state.0, core::slice::from_ref(block));
        state
    }

    /// The hash after another hash, which takes one more block.
    #[inline]
    pub(super) fn then_hash(&self, hash: &[u8; HASH_LENGTH]) -> [u8; HASH_LENGTH] {
        const BITS: u64 = 8 * (BLOCK + HASH_LENGTH) as u64;
        let mut block = Zeroizing::new([0; BLOCK]);
        let (start, padding) = block.split_at_mut(HASH_LENGTH);
        start.copy_from_slice(hash.as_slice());
        // Whole pieces of 16 bytes, since they are read back as such.
        if let ([one, length], _) = padding.as_chunks_mut() {
            *one = (0x80_u128 << 120).to_be_bytes();
            *length = u128::from(BITS).to_be_bytes();
        }
        let mut state = self.clone();
        compress256(&mut state.0, core::slice::from_ref(&block));
        bytes_of(&state.0)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A hash under way. It is erased on drop.
#[derive(Clone)]
pub(super) struct Sha256 {
    state: [u32; 8],
    /// How many bytes there were so far.
    length: u64,
    /// Those that do not fill a block yet.
    block: [u8; BLOCK],
}

impl Sha256 {
    pub(super) fn new() -> Self {
        Self { state: INITIAL, length: 0, block: [0; BLOCK] }
    }

    #[inline]
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let used = self.used();
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let mut rest = bytes;
        if used > 0 {
            let free = self.block.get_mut(used..).unwrap_or_default();
            let Some((now, later)) = rest.split_at_checked(free.len()) else {
                return free.get_mut(..rest.len()).unwrap_or_default().copy_from_slice(rest);
            };
            free.copy_from_slice(now);
            compress256(&mut self.state, core::slice::from_ref(&self.block));
            rest = later;
        }
        let (blocks, rest) = rest.as_chunks();
        compress256(&mut self.state, blocks);
        self.block.get_mut(..rest.len()).unwrap_or_default().copy_from_slice(rest);
    }

    /// Pads as in FIPS 180-4 section 5.1.1: a one bit, zeros, the length in bits.
    #[inline]
    pub(super) fn finish(mut self) -> [u8; HASH_LENGTH] {
        const LENGTH: usize = size_of::<u64>();
        let used = self.used();
        let free = self.block.get_mut(used..).unwrap_or_default();
        free.fill(0);
        if let Some(first) = free.first_mut() {
            *first = 0x80;
        }
        if free.len() <= LENGTH {
            compress256(&mut self.state, core::slice::from_ref(&self.block));
            self.block.fill(0);
        }
        if let Some(length) = self.block.last_chunk_mut() {
            *length = self.length.wrapping_mul(8).to_be_bytes();
        }
        compress256(&mut self.state, core::slice::from_ref(&self.block));
        bytes_of(&self.state)
    }

    fn used(&self) -> usize {
        const WITHIN: u64 = BLOCK as u64 - 1;
        usize::try_from(self.length & WITHIN).unwrap_or_default()
    }
}

impl From<&State> for Sha256 {
    fn from(state: &State) -> Self {
        Self { state: state.0, length: BLOCK as u64, block: [0; BLOCK] }
    }
}

impl Drop for Sha256 {
    fn drop(&mut self) {
        self.state.zeroize();
        self.block.zeroize();
    }
}

fn bytes_of(state: &[u32; 8]) -> [u8; HASH_LENGTH] {
    let mut hash = [0; HASH_LENGTH];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;

    fn hash(parts: &[&[u8]]) -> [u8; HASH_LENGTH] {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        hash.finish()
    }

    #[test]
    fn every_length_hashes_as_in_the_library_however_it_is_split() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            let bytes = &bytes[..length];
            let expected: [u8; HASH_LENGTH] = sha2::Sha256::digest(bytes).into();
            for split in 0..=length {
                let (first, second) = bytes.split_at(split);
                assert_eq!(hash(&[first, second]), expected, "{split} of {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_parts_hash_as_in_the_library(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let expected: [u8; HASH_LENGTH] = sha2::Sha256::digest(parts.concat()).into();
            prop_assert_eq!(hash(&slices), expected);
        }
    }
}
