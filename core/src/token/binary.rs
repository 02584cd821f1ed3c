//! Fernet tokens as bytes, sealed and opened where they lie
//! ([specification](https://github.com/fernet/spec/blob/master/Spec.md#token-format)).
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version, 0x80 |
//! | 8 | seconds since the epoch, big-endian |
//! | 16 | initialization vector |
//! | 16 × n | the payload, padded and encrypted with AES-128-CBC |
//! | 32 | HMAC-SHA256 of everything before it |

use core::ops::Range;

use super::InvalidToken;
use super::key::KEY_LENGTH;
use crate::buffer::Full;
use crate::primitives::{self, BLOCK_LENGTH, Cipher, HASH_LENGTH, Mac};
use crate::time::UnixTime;

/// Bytes before the ciphertext: version, timestamp and initialization vector.
pub(crate) const PREFIX: usize = 1 + 8 + IV_LENGTH;

/// Bytes of the MAC at the end.
pub(crate) const MAC_LENGTH: usize = HASH_LENGTH;

/// Bytes of an initialization vector.
pub(crate) const IV_LENGTH: usize = BLOCK_LENGTH;

const VERSION: u8 = 0x80;

/// Bytes of the token of `plain_len` bytes; saturates.
pub(crate) const fn sealed_len(plain_len: usize) -> usize {
    plain_len.saturating_add(primitives::padding_of(plain_len) as usize).saturating_add(PREFIX + MAC_LENGTH)
}

/// When the token says that it was made. Nothing vouches for it before the MAC is verified.
///
/// `None` if it is not even shaped like a token.
pub(crate) fn timestamp_of(token: &[u8]) -> Option<UnixTime> {
    let (prefix, ..) = split(token)?;
    timestamp_in(prefix)
}

/// The timestamp in a token's first bytes; `None` if their version is not Fernet's.
pub(crate) fn timestamp_in(prefix: &[u8; PREFIX]) -> Option<UnixTime> {
    let (version, rest) = prefix.split_first()?;
    let seconds = u64::from_be_bytes(*rest.first_chunk()?);
    (*version == VERSION).then_some(UnixTime::from_secs(seconds))
}

/// Bytes of ciphertext in a token of `length` bytes; `None` unless they are whole blocks, at least one.
pub(crate) fn ciphertext_len(length: usize) -> Option<usize> {
    let ciphertext = length.checked_sub(PREFIX + MAC_LENGTH)?;
    (ciphertext > 0 && ciphertext.is_multiple_of(BLOCK_LENGTH)).then_some(ciphertext)
}

/// What seals and opens tokens: a Fernet key, expanded for use and erased on drop.
pub(crate) struct TokenKey {
    mac: Mac,
    cipher: Cipher,
}

impl TokenKey {
    pub(crate) fn new(key: &[u8; KEY_LENGTH]) -> Self {
        let (signing, encryption) = halves(key);
        Self { mac: Mac::new(signing), cipher: Cipher::new(encryption) }
    }

    /// As [`seal`].
    ///
    /// # Errors
    /// As [`seal`].
    pub(crate) fn seal_in_place(
        &self,
        token: &mut [u8],
        plain_len: usize,
        at: UnixTime,
        iv: [u8; IV_LENGTH],
    ) -> Result<(), Full> {
        seal((&self.mac, &self.cipher), token, plain_len, at, iv)
    }

    /// Verifies, then decrypts the token in place; returns where its payload lies.
    ///
    /// # Errors
    /// [`InvalidToken`]. If its shape, version or MAC is wrong it is unchanged, so another key can be tried.
    pub(crate) fn open_in_place(&self, token: &mut [u8]) -> Result<Range<usize>, InvalidToken> {
        self.verify(token)?;
        self.decrypt_verified(token)
    }

    /// As [`verify`].
    ///
    /// # Errors
    /// [`InvalidToken`]
    pub(crate) fn verify(&self, token: &[u8]) -> Result<UnixTime, InvalidToken> {
        verify(&self.mac, token)
    }

    /// As [`decrypt`].
    ///
    /// # Errors
    /// As [`decrypt`].
    pub(crate) fn decrypt_verified(&self, token: &mut [u8]) -> Result<Range<usize>, InvalidToken> {
        decrypt(&self.cipher, token)
    }
}

/// The first 16 bytes sign, the others encrypt
/// ([key format](https://github.com/fernet/spec/blob/master/Spec.md#key-format)).
pub(super) fn halves(key: &[u8; KEY_LENGTH]) -> (&[u8; BLOCK_LENGTH], &[u8; BLOCK_LENGTH]) {
    let [signing @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = key;
    let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, encryption @ ..] = key;
    (signing, encryption)
}

/// Makes a token of the `plain_len` bytes of payload that lie at [`PREFIX`].
///
/// # Errors
/// [`Full`] if `token` is not [`sealed_len`] bytes long; it is unchanged then.
pub(super) fn seal(
    (mac, cipher): (&Mac, &Cipher),
    token: &mut [u8],
    plain_len: usize,
    at: UnixTime,
    iv: [u8; IV_LENGTH],
) -> Result<(), Full> {
    if token.len() != sealed_len(plain_len) {
        return Err(Full);
    }
    let (signed, tag) = token.split_last_chunk_mut::<MAC_LENGTH>().ok_or(Full)?;
    let (prefix, padded) = signed.split_first_chunk_mut::<PREFIX>().ok_or(Full)?;
    *prefix = prefix_of(at, iv);
    padded.get_mut(plain_len..).ok_or(Full)?.fill(primitives::padding_of(plain_len));
    *tag = cipher.encrypt_and_tag(mac, &iv, signed, PREFIX);
    Ok(())
}

/// Checks shape, version and, in constant time, the MAC; returns when the token was made.
///
/// # Errors
/// [`InvalidToken`]
pub(super) fn verify(mac: &Mac, token: &[u8]) -> Result<UnixTime, InvalidToken> {
    let timestamp = timestamp_of(token).ok_or(InvalidToken)?;
    let (_, signed, tag) = split(token).ok_or(InvalidToken)?;
    if mac.verify(&[signed], tag) { Ok(timestamp) } else { Err(InvalidToken) }
}

/// Decrypts in place a token that [`verify`] has passed; returns where its payload lies.
///
/// # Errors
/// [`InvalidToken`] if the padding is wrong, which takes the key to bring about.
pub(super) fn decrypt(cipher: &Cipher, token: &mut [u8]) -> Result<Range<usize>, InvalidToken> {
    let (signed, _) = token.split_last_chunk_mut::<MAC_LENGTH>().ok_or(InvalidToken)?;
    let (prefix, ciphertext) = signed.split_first_chunk_mut::<PREFIX>().ok_or(InvalidToken)?;
    let iv = prefix.last_chunk().ok_or(InvalidToken)?;
    let (blocks, []) = ciphertext.as_chunks_mut() else { return Err(InvalidToken) };
    cipher.decrypt(iv, blocks);
    let (last, whole) = blocks.split_last().ok_or(InvalidToken)?;
    let rest = primitives::unpad(last).ok_or(InvalidToken)?;
    let length = whole.as_flattened().len().wrapping_add(rest);
    Ok(PREFIX..PREFIX.wrapping_add(length))
}

fn prefix_of(at: UnixTime, iv: [u8; IV_LENGTH]) -> [u8; PREFIX] {
    let mut prefix = [VERSION; PREFIX];
    prefix[1..9].copy_from_slice(&at.as_secs().to_be_bytes());
    prefix[9..].copy_from_slice(&iv);
    prefix
}

/// Prefix, all that is signed (the prefix too), and MAC; `None` if the length is not a token's.
fn split(token: &[u8]) -> Option<(&[u8; PREFIX], &[u8], &[u8; MAC_LENGTH])> {
    ciphertext_len(token.len())?;
    let (signed, tag) = token.split_last_chunk()?;
    Some((signed.first_chunk()?, signed, tag))
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::token::testing::key;

    fn token_key(number: u8) -> TokenKey {
        TokenKey::new(key(number).as_bytes())
    }

    fn seal(plain: &[u8]) -> Vec<u8> {
        let mut token = vec![0; sealed_len(plain.len())];
        token[PREFIX..][..plain.len()].copy_from_slice(plain);
        token_key(1).seal_in_place(&mut token, plain.len(), UnixTime::from_secs(1), [2; 16]).unwrap();
        token
    }

    #[test]
    fn every_changed_bit_is_refused_without_a_change() {
        let sealed = seal(b"twenty bytes of text");
        for bit in 0..sealed.len() * 8 {
            let mut token = sealed.clone();
            token[bit / 8] ^= 1 << (bit % 8);
            let changed = token.clone();
            assert_eq!(token_key(1).open_in_place(&mut token), Err(InvalidToken), "bit {bit}");
            assert_eq!(token, changed);
        }
    }

    #[test]
    fn every_other_length_is_refused() {
        let sealed = seal(b"twenty bytes of text");
        for length in 0..sealed.len() {
            assert_eq!(token_key(1).open_in_place(&mut sealed[..length].to_vec()), Err(InvalidToken));
            assert_eq!(token_key(1).open_in_place(&mut sealed[length + 1..].to_vec()), Err(InvalidToken));
        }
        for more in 1..40 {
            let token = [sealed.clone(), vec![0; more]].concat();
            assert_eq!(token_key(1).open_in_place(&mut token.clone()), Err(InvalidToken));
        }
    }

    #[test]
    fn another_key_is_tried_on_the_same_bytes() {
        let mut token = seal(b"text");
        assert_eq!(token_key(2).open_in_place(&mut token), Err(InvalidToken));
        let range = token_key(1).open_in_place(&mut token).unwrap();
        assert_eq!(&token[range], b"text");
    }

    #[test]
    fn a_slice_of_another_length_is_not_sealed() {
        let mut token = vec![7; sealed_len(5) + 1];
        let sealed = token_key(1).seal_in_place(&mut token, 5, UnixTime::default(), [0; 16]);
        assert_eq!(sealed, Err(Full));
        assert_eq!(token, vec![7; sealed_len(5) + 1]);
    }

    #[test]
    fn lengths_saturate() {
        assert_eq!([0, 15, 16, 31].map(sealed_len), [73, 73, 89, 89]);
        assert_eq!(sealed_len(usize::MAX), usize::MAX);
    }

    #[test]
    fn timestamps_are_read_unverified() {
        let mut token = seal(b"");
        assert_eq!(timestamp_of(&token), Some(UnixTime::from_secs(1)));
        token[1..9].fill(0xff);
        assert_eq!(timestamp_of(&token), Some(UnixTime::from_secs(u64::MAX)));
        assert_eq!(timestamp_of(&token[1..]), None);
        token[0] = 0x81;
        assert_eq!(timestamp_of(&token), None);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(plain in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut token = seal(&plain);
            let range = token_key(1).open_in_place(&mut token);
            prop_assert_eq!(range.map(|range| token[range].to_vec()), Ok(plain));
        }

        #[test]
        fn a_changed_token_of_any_length_is_refused(
            length in 0_usize..4_000, at in any::<prop::sample::Index>(), difference in 1..=u8::MAX,
        ) {
            let mut token = seal(&vec![b'x'; length]);
            let position = at.index(token.len());
            token[position] ^= difference;
            prop_assert_eq!(token_key(1).open_in_place(&mut token), Err(InvalidToken));
        }
    }
}
