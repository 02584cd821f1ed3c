//! Fernet tokens as text, under the keys of a ring.

use core::ops::Range;

use super::InvalidToken;
use super::base64::{decode, encode, encoded_len};
use super::binary::{IV_LENGTH, PREFIX, TokenKey, sealed_len};
use super::ring::KeyRing;
use crate::buffer::{Buffer, Full};
use crate::time::UnixTime;

/// Characters of the token of `plain_len` bytes, padding included; saturates.
///
/// From it a buffer of fixed capacity gets its size.
pub const fn token_len(plain_len: usize) -> usize {
    encoded_len(sealed_len(plain_len))
}

/// A token whose MAC one of the keys has vouched for, decoded but still encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifiedText {
    /// The binary token's length.
    pub(crate) length: usize,
    /// Which key of the ring it was, 0 for the newest.
    pub(crate) key_index: usize,
    /// When the token was made.
    pub(crate) timestamp: UnixTime,
}

/// A token that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenedText {
    /// Where in the lent bytes the payload lies.
    pub(crate) plain: Range<usize>,
    /// Which key of the ring opened it, 0 for the newest.
    pub(crate) key_index: usize,
    /// When the token was made.
    pub(crate) timestamp: UnixTime,
}

impl KeyRing {
    /// Decodes `text` to the start of `out` and verifies it under each key in turn.
    ///
    /// # Errors
    /// [`InvalidToken`], also where `out` is shorter than the binary token.
    pub(crate) fn verify_text(&self, text: &[u8], out: &mut [u8]) -> Result<VerifiedText, InvalidToken> {
        let length = decode(text, out).map_err(|_| InvalidToken)?;
        let token = out.get(..length).ok_or(InvalidToken)?;
        for (key_index, key) in self.keys().enumerate() {
            if let Ok(timestamp) = key.token.verify(token) {
                return Ok(VerifiedText { length, key_index, timestamp });
            }
        }
        Err(InvalidToken)
    }

    /// Decrypts in place what [`verify_text`](Self::verify_text) left in `out`; returns where the payload lies.
    ///
    /// # Errors
    /// [`InvalidToken`]
    pub(crate) fn decrypt_text(
        &self,
        verified: &VerifiedText,
        out: &mut [u8],
    ) -> Result<Range<usize>, InvalidToken> {
        let key = self.keys().nth(verified.key_index).ok_or(InvalidToken)?;
        key.token.decrypt_verified(out.get_mut(..verified.length).ok_or(InvalidToken)?)
    }

    /// Decodes `text` into `out` and opens it there under the first key that fits, whatever its age.
    ///
    /// # Errors
    /// [`InvalidToken`], also where `out` is shorter than the binary token.
    pub(crate) fn open_text(&self, text: &[u8], out: &mut [u8]) -> Result<OpenedText, InvalidToken> {
        let verified = self.verify_text(text, out)?;
        let plain = self.decrypt_text(&verified, out)?;
        Ok(OpenedText { plain, key_index: verified.key_index, timestamp: verified.timestamp })
    }

    /// Appends to `out` the token of `payload` under the newest key: [`token_len`] characters.
    ///
    /// # Errors
    /// [`Full`] if they do not fit; `out` is unchanged then.
    pub(crate) fn seal_text(
        &self,
        payload: &[u8],
        at: UnixTime,
        iv: [u8; IV_LENGTH],
        out: &mut (impl Buffer + ?Sized),
    ) -> Result<(), Full> {
        let key = self.newest();
        let start = out.len();
        out.try_resize(start.checked_add(token_len(payload.len())).ok_or(Full)?)?;
        let sealed = out
            .as_mut()
            .get_mut(start..)
            .ok_or(Full)
            .and_then(|text| seal(&key.token, payload, at, iv, text));
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed
    }
}

/// Binary tokens up to this length are made on the stack. Those of session ids have 105, of an application's own ones up to 201.
const ON_STACK: usize = 256;

/// Fills `text`, which is as long as the token.
fn seal(
    key: &TokenKey,
    payload: &[u8],
    at: UnixTime,
    iv: [u8; IV_LENGTH],
    text: &mut [u8],
) -> Result<(), Full> {
    let length = sealed_len(payload.len());
    if cfg!(feature = "std") && length <= ON_STACK {
        let mut buffer = [0; ON_STACK];
        let token = buffer.get_mut(..length).ok_or(Full)?;
        seal_binary(key, payload, at, iv, token)?;
        return encode(token, text).map(|_| ());
    }
    // Without a second buffer: the binary token is made at the text's end and encoded to its beginning.
    let offset = text.len().checked_sub(length).ok_or(Full)?;
    seal_binary(key, payload, at, iv, text.get_mut(offset..).ok_or(Full)?)?;
    encode_from_end(text, offset)
}

/// Fills `token`, which is as long as the binary token.
fn seal_binary(
    key: &TokenKey,
    payload: &[u8],
    at: UnixTime,
    iv: [u8; IV_LENGTH],
    token: &mut [u8],
) -> Result<(), Full> {
    token
        .get_mut(PREFIX..)
        .and_then(|rest| rest.get_mut(..payload.len()))
        .ok_or(Full)?
        .copy_from_slice(payload);
    key.seal_in_place(token, payload.len(), at, iv)
}

/// What is encoded at once: the end of each chunk is encoded without SIMD, but devices have no stack for large ones.
const CHUNK: usize = if cfg!(feature = "std") { 1_536 } else { 192 };

/// Encodes the bytes of `text` from `offset` on over all of `text`.
///
/// Four characters are written for three bytes read, and the reader has exactly the difference as its lead,
/// so the writer reaches it only at the end.
fn encode_from_end(text: &mut [u8], offset: usize) -> Result<(), Full> {
    let mut chunk = [0; CHUNK];
    let (mut read, mut written) = (offset, 0_usize);
    while read < text.len() {
        let end = read.saturating_add(CHUNK).min(text.len());
        let unread = text.get(read..end).ok_or(Full)?;
        let bytes = chunk.get_mut(..unread.len()).ok_or(Full)?;
        bytes.copy_from_slice(unread);
        let characters = encode(bytes, text.get_mut(written..).ok_or(Full)?)?;
        written = written.saturating_add(characters);
        read = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::token::base64::decoded_len;
    use crate::token::testing::ring;

    const AT: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn sealed(numbers: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut text = heapless::Vec::<u8, 4096>::new();
        ring(numbers).seal_text(payload, AT, [3; 16], &mut text).unwrap();
        text.to_vec()
    }

    #[test]
    fn texts_of_every_length_open() {
        let ring = ring(&[1]);
        for length in (0..200).chain([383, 384, 385, 1000, 2900]) {
            let payload = vec![b'x'; length];
            let text = sealed(&[1], &payload);
            assert_eq!(text.len(), token_len(length));
            let mut out = vec![0; decoded_len(&text)];
            let opened = ring.open_text(&text, &mut out).unwrap();
            assert_eq!(out[opened.plain], payload, "{length} bytes");
            assert_eq!(ring.open_text(&text, &mut out[1..]), Err(InvalidToken));
        }
    }

    #[test]
    fn the_newest_key_seals_and_every_key_opens() {
        for (index, number) in [1, 2, 3].into_iter().enumerate() {
            let mut out = [0; 100];
            let opened = ring(&[1, 2, 3]).open_text(&sealed(&[number, 9], b"payload"), &mut out).unwrap();
            assert_eq!((opened.key_index, opened.timestamp), (index, AT));
            assert_eq!(&out[opened.plain], b"payload");
        }
        assert_eq!(
            ring(&[1, 2, 3]).open_text(&sealed(&[9, 1], b"payload"), &mut [0; 100]),
            Err(InvalidToken)
        );
    }

    #[test]
    fn every_changed_character_is_refused() {
        let text = sealed(&[1], b"payload");
        let ring = ring(&[1]);
        for position in 0..text.len() {
            for to in 0..=255 {
                let mut changed = text.clone();
                changed[position] = to;
                let opened = ring.open_text(&changed, &mut [0; 100]);
                assert_eq!(opened.is_ok(), changed == text, "{to} at {position}");
            }
        }
    }

    #[test]
    fn sealing_appends_all_or_nothing() {
        let mut text = heapless::Vec::<u8, 110>::new();
        text.extend_from_slice(b"name=").unwrap();
        let ring = ring(&[1]);
        assert_eq!(ring.seal_text(&[0; 16], AT, [3; 16], &mut text), Err(Full));
        assert_eq!(text, b"name=");
        assert_eq!(ring.seal_text(&[0; 15], AT, [3; 16], &mut text), Ok(()));
        assert_eq!(&text[..5], b"name=");
        assert!(ring.open_text(&text[5..], &mut [0; 100]).is_ok());
    }
}
