//! SHA-256 and HMAC-SHA256 on the compression function of `sha2`.
//!
//! A request hashes a dozen short texts. What `hmac` and `digest` put around each of them, as a buffer that is kept, copied and
//! erased with every key, took half as long as the hashing. Tests compare these with the `hmac` crate, and with the cases of
//! Project Wycheproof.

use core::slice;

use ctutils::{Choice, CtEq as _};
use sha2::block_api::compress256;
use zeroize::Zeroize as _;

use super::{HASH_BLOCK, HASH_LENGTH, Secret};

/// The chaining value, FIPS 180-4 section 6.2.
type State = [u32; 8];

/// What a hash begins with, FIPS 180-4 section 5.3.3.
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Where the last block has the length.
const LENGTH_AT: usize = HASH_BLOCK - 8;

/// The block that HMAC hashes last, with zeros for the inner hash: the bit that ends it, and the length of the key's block and of a
/// hash in bits.
const OUTER_BLOCK: [u8; HASH_BLOCK] = {
    let mut block = [0; HASH_BLOCK];
    block[HASH_LENGTH] = 0x80;
    let [.., high, low] = (8 * (HASH_BLOCK + HASH_LENGTH)).to_be_bytes();
    block[HASH_BLOCK - 2] = high;
    block[HASH_BLOCK - 1] = low;
    block
};

/// Hashes whole blocks into the state, FIPS 180-4 section 6.2.2.
#[inline]
fn compress(state: &mut State, blocks: &[[u8; HASH_BLOCK]]) {
    #[cfg(test)]
    blocks::count(blocks.len());
    compress256(state, blocks);
}

/// How many blocks a test hashed: they are most of what a request takes.
#[cfg(test)]
pub(crate) mod blocks {
    use core::cell::Cell;

    std::thread_local! {
        static HASHED: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count(blocks: usize) {
        HASHED.set(HASHED.get().wrapping_add(blocks));
    }

    /// How many `run` hashes, and what it gives.
    pub(crate) fn of<T>(run: impl FnOnce() -> T) -> (usize, T) {
        let before = HASHED.get();
        let given = run();
        (HASHED.get().wrapping_sub(before), given)
    }
}

/// A SHA-256 under way, erased on drop.
#[derive(Clone)]
pub(super) struct Hash {
    state: State,
    /// How many bytes are hashed into the state.
    hashed: u64,
    /// The bytes that are no whole block yet, and zeros.
    block: [u8; HASH_BLOCK],
    filled: usize,
}

impl Hash {
    pub(super) const fn new() -> Self {
        Self::after(INITIAL, 0)
    }

    /// Goes on from `state`, the state after `hashed` bytes: whole blocks.
    #[inline]
    const fn after(state: State, hashed: u64) -> Self {
        Self { state, hashed, block: [0; HASH_BLOCK], filled: 0 }
    }

    #[inline]
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if self.filled > 0 {
            let free = self.block.get_mut(self.filled..).unwrap_or_default();
            let (first, rest) = bytes.split_at_checked(free.len()).unwrap_or((bytes, &[]));
            copy(first, free);
            self.filled = self.filled.wrapping_add(first.len());
            if self.filled < HASH_BLOCK {
                return;
            }
            compress(&mut self.state, slice::from_ref(&self.block));
            self.block = [0; HASH_BLOCK];
            self.hashed = self.hashed.wrapping_add(HASH_BLOCK as u64);
            bytes = rest;
        }
        let (blocks, rest) = bytes.as_chunks();
        if !blocks.is_empty() {
            compress(&mut self.state, blocks);
            self.hashed = self.hashed.wrapping_add(blocks.as_flattened().len() as u64);
        }
        copy(rest, &mut self.block);
        self.filled = rest.len();
    }

    /// Pads as in FIPS 180-4 section 5.1.1 and hashes the rest.
    pub(super) fn finish(&mut self) -> [u8; HASH_LENGTH] {
        let bits = self.hashed.wrapping_add(self.filled as u64).wrapping_mul(8);
        if let Some(end) = self.block.get_mut(self.filled) {
            *end = 0x80;
        }
        if self.filled >= LENGTH_AT {
            compress(&mut self.state, slice::from_ref(&self.block));
            self.block = [0; HASH_BLOCK];
        }
        if let Some(length) = self.block.last_chunk_mut() {
            *length = bits.to_be_bytes();
        }
        compress(&mut self.state, slice::from_ref(&self.block));
        bytes_of(&self.state)
    }

    /// Hashes `bytes`, which are the last ones, and finishes.
    #[inline]
    pub(super) fn finish_with(&mut self, bytes: &[u8]) -> [u8; HASH_LENGTH] {
        if self.filled > 0 {
            self.update(bytes);
            return self.finish();
        }
        // The end is written before the blocks in front of it are hashed: what was written in pieces, the processor reads at once
        // only when all that stands before the writing is done.
        let (blocks, rest) = bytes.as_chunks();
        let bits = self.hashed.wrapping_add(bytes.len() as u64).wrapping_mul(8);
        let mut end = Secret::<{ 2 * HASH_BLOCK }>::zero();
        copy(rest, end.as_mut_slice());
        if let Some(behind) = end.get_mut(rest.len()) {
            *behind = 0x80;
        }
        let length = if rest.len() < LENGTH_AT { HASH_BLOCK } else { 2 * HASH_BLOCK };
        let end = end.get_mut(..length).unwrap_or_default();
        if let Some(length) = end.last_chunk_mut() {
            *length = bits.to_be_bytes();
        }
        if !blocks.is_empty() {
            compress(&mut self.state, blocks);
        }
        compress(&mut self.state, end.as_chunks().0);
        bytes_of(&self.state)
    }
}

impl Drop for Hash {
    #[inline]
    fn drop(&mut self) {
        self.state.as_mut_slice().zeroize();
        self.block.as_mut_slice().zeroize();
    }
}

#[inline]
fn bytes_of(state: &State) -> [u8; HASH_LENGTH] {
    let mut bytes = [0; HASH_LENGTH];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    bytes
}

/// Copies as much of `from` as `to` has room for.
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    let length = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(..length)) {
        to.copy_from_slice(from);
    }
}

/// What HMAC hashes last: all but the inner hash is known before, the padding too. Erased on drop.
struct Outer {
    /// After the key's outer block.
    state: State,
    block: [u8; HASH_BLOCK],
}

impl Outer {
    #[inline]
    fn finish(mut self, inner: [u8; HASH_LENGTH]) -> [u8; HASH_LENGTH] {
        if let Some(start) = self.block.first_chunk_mut() {
            *start = inner;
        }
        compress(&mut self.state, slice::from_ref(&self.block));
        bytes_of(&self.state)
    }
}

impl Drop for Outer {
    #[inline]
    fn drop(&mut self) {
        self.state.as_mut_slice().zeroize();
        self.block.as_mut_slice().zeroize();
    }
}

/// HMAC-SHA256 under one key, RFC 2104. The key's two hash states are computed once and erased on drop.
#[derive(Clone)]
pub(crate) struct Mac {
    /// The state after the key ⊕ ipad, and after the key ⊕ opad.
    states: [State; 2],
}

impl Mac {
    /// A `key` of any length; one that is longer than a block is hashed first.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = Secret::<HASH_BLOCK>::zero();
        if key.len() > HASH_BLOCK {
            let mut hash = Hash::new();
            hash.update(key);
            copy(Secret::new(hash.finish()).as_slice(), block.as_mut_slice());
        } else {
            copy(key, block.as_mut_slice());
        }
        let mut mac = Self { states: [INITIAL; 2] };
        for (state, padding) in mac.states.iter_mut().zip([0x36, 0x36 ^ 0x5c]) {
            for byte in block.iter_mut() {
                *byte ^= padding;
            }
            compress(state, slice::from_ref(&block));
        }
        mac
    }

    /// `HMAC(key, parts[0] ‖ parts[1] ‖ …)`, RFC 2104.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; HASH_LENGTH] {
        let mut message = self.begin();
        let (last, others) = parts.split_last().map_or((&[][..], parts), |(last, others)| (*last, others));
        for part in others {
            message.update(part);
        }
        self.finish(message, last)
    }

    /// Whether `tag` is `HMAC(key, parts[0] ‖ parts[1] ‖ …)`; takes the same time for every wrong tag.
    pub(crate) fn verify(&self, parts: &[&[u8]], tag: &[u8; HASH_LENGTH]) -> bool {
        let own = self.tag(parts);
        let ((own, _), (given, _)) = (own.as_chunks::<8>(), tag.as_chunks::<8>());
        // Eight bytes at once: the crate compares one integer after the other.
        let words =
            own.iter().zip(given).map(|(own, given)| (u64::from_ne_bytes(*own), u64::from_ne_bytes(*given)));
        words.fold(Choice::TRUE, |same, (own, given)| same & own.ct_eq(&given)).into()
    }

    /// The hash of a message, to be ended by [`Self::finish`].
    #[inline]
    pub(super) const fn begin(&self) -> Hash {
        Hash::after(self.states[0], HASH_BLOCK as u64)
    }

    /// The tag of a message that [`Self::begin`] began and that ends with `last`.
    #[inline]
    pub(super) fn finish(&self, mut message: Hash, last: &[u8]) -> [u8; HASH_LENGTH] {
        let outer = Outer { state: self.states[1], block: OUTER_BLOCK };
        outer.finish(message.finish_with(last))
    }
}

impl Drop for Mac {
    #[inline]
    fn drop(&mut self) {
        self.states.as_flattened_mut().zeroize();
    }
}
