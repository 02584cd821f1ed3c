//! AES-128 by vector permutation, for WebAssembly, which has no instructions for AES.
//!
//! It works on all sixteen bytes of a block at once, with the one instruction that looks up sixteen bytes in a table of sixteen: `swizzle`,
//! which is PSHUFB or TBL of the processor. The tables are vectors themselves, not memory: no address and no branch depends on the
//! key or the text, so that neither does the time. The method is Mike Hamburg's, "Accelerating AES with Vector Permute Instructions",
//! CHES 2009; how a table of sixteen bytes can invert one of 256 is told in [`field`].

mod field;
mod lanes;

use cbc::cipher::array::Array;
use cbc::cipher::consts::{U1, U16};
use cbc::cipher::inout::InOut;
use cbc::cipher::{
    Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeyInit, KeySizeUser, ParBlocksSizeUser,
};
use zeroize::Zeroize as _;

use self::lanes::Lanes;
use super::BLOCK_LENGTH;

/// What the S-box adds. ShiftRows and MixColumns leave it as it is, so that it is added to the keys behind them instead.
const CONSTANT: Lanes = Lanes::new([field::SUB_BYTES_CONSTANT; BLOCK_LENGTH]);

/// Where each byte of a block comes from, which is four columns of four bytes, when each row is moved by `step` columns more than the
/// one above, and then each column by `turn` rows. A step of 1 is ShiftRows, FIPS 197 section 5.1.2; one of 3 undoes it.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "it runs in the compiler"
)]
const fn moved(step: usize, turn: usize) -> Lanes {
    let (mut places, mut lane) = ([0; BLOCK_LENGTH], 0);
    while lane < BLOCK_LENGTH {
        let row = (lane + turn) % 4;
        places[lane] = ((lane / 4 + step * row) % 4 * 4 + row) as u8;
        lane += 1;
    }
    Lanes::new(places)
}

/// From the column before, and from two columns before: the first ones get 0.
const COLUMN_BEFORE: Lanes = Lanes::new([16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const TWO_COLUMNS_BEFORE: Lanes = Lanes::new([16, 16, 16, 16, 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7]);

/// RotWord of the last column, FIPS 197 section 5.2, in each column.
const LAST_COLUMN_TURNED: Lanes =
    Lanes::new([13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12]);

/// What two tables have at these places, added.
#[inline]
fn sum(tables: [Lanes; 2], places: [Lanes; 2]) -> Lanes {
    let ([one, other], [here, there]) = (tables, places);
    one.at(here) ^ other.at(there)
}

/// The u and v of [`field`] for each packed byte.
#[inline]
#[expect(clippy::many_single_char_names, reason = "the formula's own names")]
fn invert(packed: Lanes) -> [Lanes; 2] {
    let [k, i] = [packed.low(), packed.high()];
    let (j, a_over_k) = (i ^ k, field::A_OVER.at(k));
    let u = field::ONE_OVER.at(field::ONE_OVER.at(i) ^ a_over_k) ^ j;
    let v = field::ONE_OVER.at(field::ONE_OVER.at(j) ^ a_over_k) ^ i;
    [u, v]
}

/// Packs what SubBytes inverts.
#[inline]
fn enter(bytes: Lanes) -> Lanes {
    sum(field::ENTER, [bytes.low(), bytes.high()])
}

/// The rest of a round of encryption: SubBytes, ShiftRows, MixColumns and AddRoundKey, FIPS 197 sections 5.1.1 to 5.1.4.
#[inline]
fn mix(inverse: [Lanes; 2], key: Lanes) -> Lanes {
    let (once, twice) = (sum(field::SUBSTITUTED, inverse), sum(field::SUBSTITUTED_TWICE, inverse));
    // Twice each byte and once the next one of its column. The next byte's sum added, that is the next one three times, and
    // the one behind it once.
    let pairs = twice.at(const { moved(1, 0) }) ^ once.at(const { moved(1, 1) });
    once.at(const { moved(1, 3) }) ^ key ^ pairs ^ pairs.at(const { moved(0, 1) })
}

/// SubBytes without the constant, and ShiftRows, of what [`invert`] gave.
#[inline]
fn leave(inverse: [Lanes; 2]) -> Lanes {
    sum(field::LEAVE, inverse).at(const { moved(1, 0) })
}

/// Packs what InvSubBytes inverts.
#[inline]
fn enter_back(bytes: Lanes) -> Lanes {
    sum(field::ENTER_BACK, [bytes.low(), bytes.high()])
}

/// The rest of a round of decryption, but for the next one's InvSubBytes: InvShiftRows, AddRoundKey and InvMixColumns, FIPS 197 section
/// 5.3. The key's constant is what InvSubBytes takes away: InvMixColumns leaves it as it is.
#[inline]
fn mix_back(inverse: [Lanes; 2], key: Lanes) -> Lanes {
    let packed = sum(field::REPACKED, inverse).at(const { moved(3, 0) }) ^ key;
    let halves = [packed.low(), packed.high()];
    sum(field::ENTER_BACK_14, halves)
        ^ sum(field::ENTER_BACK_11, halves).at(const { moved(0, 1) })
        ^ sum(field::ENTER_BACK_13, halves).at(const { moved(0, 2) })
        ^ sum(field::ENTER_BACK_9, halves).at(const { moved(0, 3) })
}

/// InvShiftRows of what [`invert`] gave.
#[inline]
fn leave_back(inverse: [Lanes; 2]) -> Lanes {
    sum(field::LEAVE_BACK, inverse).at(const { moved(3, 0) })
}

/// The round key behind this one, with the constant added: that of SubBytes is left out.
#[inline]
fn next_key(key: Lanes, round_constant: u8) -> Lanes {
    let c = round_constant;
    let substituted = sum(field::LEAVE, invert(enter(key.at(LAST_COLUMN_TURNED))));
    // Each column is added to those behind it.
    let columns = key ^ key.at(COLUMN_BEFORE);
    let columns = columns ^ columns.at(TWO_COLUMNS_BEFORE);
    columns ^ substituted ^ Lanes::new([c, 0, 0, 0, c, 0, 0, 0, c, 0, 0, 0, c, 0, 0, 0])
}

/// AES-128 under one key, FIPS 197: a key before the ten rounds and one behind each, erased on drop. All but the first have the
/// constant added, and those between the first and the last are packed.
#[derive(Clone)]
pub(super) struct Aes128([[u8; BLOCK_LENGTH]; 11]);

impl Drop for Aes128 {
    #[inline]
    fn drop(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

impl Aes128 {
    /// The key schedule, FIPS 197 section 5.2.
    fn schedule(key: [u8; BLOCK_LENGTH]) -> Self {
        let mut keys = Self([key; 11]);
        let [_, following @ ..] = &mut keys.0;
        let (mut round_key, mut round_constant) = (Lanes::new(key), 1);
        for next in following {
            let with_constant = next_key(round_key, round_constant);
            *next = enter(with_constant).bytes();
            (round_key, round_constant) = (with_constant ^ CONSTANT, field::double(round_constant));
        }
        let [.., last] = &mut keys.0;
        *last = (round_key ^ CONSTANT).bytes();
        keys
    }

    fn encrypt(&self, block: [u8; BLOCK_LENGTH]) -> [u8; BLOCK_LENGTH] {
        let [first, middle @ .., last] = &self.0;
        let (mut packed, mut middle) = (enter(Lanes::new(block) ^ Lanes::new(*first)), middle.iter());
        loop {
            let inverse = invert(packed);
            let Some(key) = middle.next() else {
                return (leave(inverse) ^ Lanes::new(*last)).bytes();
            };
            packed = mix(inverse, Lanes::new(*key));
        }
    }

    fn decrypt(&self, block: [u8; BLOCK_LENGTH]) -> [u8; BLOCK_LENGTH] {
        let [first, middle @ .., last] = &self.0;
        let (mut packed, mut middle) = (enter_back(Lanes::new(block) ^ Lanes::new(*last)), middle.iter());
        loop {
            let inverse = invert(packed);
            let Some(key) = middle.next_back() else {
                return (leave_back(inverse) ^ Lanes::new(*first)).bytes();
            };
            packed = mix_back(inverse, Lanes::new(*key));
        }
    }
}

impl KeySizeUser for Aes128 {
    type KeySize = U16;
}

impl KeyInit for Aes128 {
    #[inline]
    fn new(key: &Key<Self>) -> Self {
        Self::schedule((*key).into())
    }
}

impl BlockSizeUser for Aes128 {
    type BlockSize = U16;
}

impl BlockCipherEncrypt for Aes128 {
    #[inline]
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(&Forwards(self));
    }
}

impl BlockCipherDecrypt for Aes128 {
    #[inline]
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        f.call(&Backwards(self));
    }
}

struct Forwards<'a>(&'a Aes128);

impl BlockSizeUser for Forwards<'_> {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Forwards<'_> {
    type ParBlocksSize = U1;
}

impl BlockCipherEncBackend for Forwards<'_> {
    #[inline]
    fn encrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        *block.get_out() = Array(self.0.encrypt(block.clone_in().into()));
    }
}

struct Backwards<'a>(&'a Aes128);

impl BlockSizeUser for Backwards<'_> {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Backwards<'_> {
    type ParBlocksSize = U1;
}

impl BlockCipherDecBackend for Backwards<'_> {
    #[inline]
    fn decrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        *block.get_out() = Array(self.0.decrypt(block.clone_in().into()));
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    /// FIPS 197, appendices A.1, B and C.1.
    #[test]
    fn the_standards_examples() {
        let examples = [
            (
                hex!("2b7e151628aed2a6abf7158809cf4f3c"),
                hex!("3243f6a8885a308d313198a2e0370734"),
                hex!("3925841d02dc09fbdc118597196a0b32"),
            ),
            (
                hex!("000102030405060708090a0b0c0d0e0f"),
                hex!("00112233445566778899aabbccddeeff"),
                hex!("69c4e0d86a7b0430d8cdb78070b4c55a"),
            ),
        ];
        for (key, text, encrypted) in examples {
            let cipher = Aes128::schedule(key);
            assert_eq!(cipher.encrypt(text), encrypted);
            assert_eq!(cipher.decrypt(encrypted), text);
        }
    }

    proptest! {
        #[test]
        fn it_is_the_same_as_the_crate(key: [u8; 16], text: [u8; 16]) {
            let (own, other) = (Aes128::schedule(key), aes::Aes128::new(&key.into()));
            let mut block = Array(text);
            other.encrypt_block(&mut block);
            prop_assert_eq!(own.encrypt(text), block.0);
            let mut block = Array(text);
            other.decrypt_block(&mut block);
            prop_assert_eq!(own.decrypt(text), block.0);
        }
    }
}
