//! Base64 in the alphabet for URLs, RFC 4648 section 5.
//!
//! Tokens are read strictly: there is exactly one padded and one unpadded text for given bytes, and nothing else
//! is accepted. Keys, which people copy by hand from many tools, are read in either alphabet.

#[cfg(any(test, target_arch = "wasm32"))]
mod branchless;
#[cfg(not(target_arch = "wasm32"))]
mod packages;

use zeroize::Zeroize;

#[cfg(target_arch = "wasm32")]
use self::branchless as codec;
#[cfg(not(target_arch = "wasm32"))]
use self::packages as codec;

use crate::buffer::{Buffer, Full};

/// The text is not base64 as read here, or is longer than what was lent to hold its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidBase64;

/// Characters of `length` bytes in base64 with padding; saturates.
pub(crate) const fn encoded_len(length: usize) -> usize {
    length.div_ceil(3).saturating_mul(4)
}

/// Bytes of `text` in base64, exact for text that decodes.
pub(crate) const fn decoded_len(text: &[u8]) -> usize {
    let text = without_padding(text);
    // Three bytes for each four characters; of a last group of two or three characters, one or two bytes.
    (text.len() / 4).saturating_mul(3).saturating_add((text.len() % 4).saturating_sub(1))
}

/// Writes `bytes` to the start of `text`, padded; returns the characters written.
///
/// # Errors
/// [`Full`] if `text` is shorter than [`encoded_len`].
pub(crate) fn encode(bytes: &[u8], text: &mut [u8]) -> Result<usize, Full> {
    codec::encode(bytes, text)
}

/// Appends `bytes` without padding.
///
/// # Errors
/// [`Full`] if they do not fit; `out` is unchanged then.
pub(crate) fn append_unpadded<B: Buffer + ?Sized>(bytes: &[u8], out: &mut B) -> Result<(), Full> {
    let start = out.len();
    out.try_resize(start.checked_add(encoded_len(bytes.len())).ok_or(Full)?)?;
    let text = out.as_mut().get_mut(start..).unwrap_or_default();
    let length = encode(bytes, text)?;
    let padding = text.iter().rev().take_while(|symbol| **symbol == b'=').count();
    out.truncate(start.wrapping_add(length).wrapping_sub(padding));
    Ok(())
}

/// Writes the bytes that `text` stands for to the start of `bytes`; returns how many.
///
/// The padding may be absent; where it is present it must be exact. White space, `+`, `/` and non-zero bits
/// behind the last byte are refused.
///
/// # Errors
/// [`InvalidBase64`]; what `bytes` holds then is unspecified.
pub(crate) fn decode(text: &[u8], bytes: &mut [u8]) -> Result<usize, InvalidBase64> {
    codec::decode(without_padding(text), bytes)
}

/// Reads `N` bytes in either alphabet (`-_` or `+/`), with padding or without: for keys only.
///
/// # Errors
/// [`InvalidBase64`], also where the length is another.
pub(crate) fn decode_key<const N: usize>(text: &[u8], bytes: &mut [u8; N]) -> Result<(), InvalidBase64> {
    let mut buffer = [0; 64];
    let url_safe = buffer.get_mut(..text.len()).ok_or(InvalidBase64)?;
    for (to, from) in url_safe.iter_mut().zip(text) {
        *to = match from {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        };
    }
    let decoded = decode(url_safe, bytes);
    buffer.zeroize();
    if decoded? == N { Ok(()) } else { Err(InvalidBase64) }
}

/// The text without its padding, if that is exact; else the text, in which the decoder then finds a `=`.
const fn without_padding(text: &[u8]) -> &[u8] {
    match text {
        [body @ .., b'=', b'='] | [body @ .., b'='] if text.len().is_multiple_of(4) => body,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;
    use std::{format, vec};

    use proptest::prelude::*;

    use super::*;

    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// What [`decode`] accepts, bit by bit.
    fn decode_plainly(text: &[u8]) -> Option<Vec<u8>> {
        let (symbols, padding) = text.split_at(text.iter().take_while(|byte| **byte != b'=').count());
        let is_exact = text.len().is_multiple_of(4) && matches!(padding, b"=" | b"==");
        if symbols.len() % 4 == 1 || !(padding.is_empty() || is_exact) {
            return None;
        }
        let mut bits = Vec::new();
        for byte in symbols {
            let value = ALPHABET.iter().position(|symbol| symbol == byte)?;
            bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
        }
        let (bytes, rest) = bits.as_chunks::<8>();
        if rest.contains(&true) {
            return None;
        }
        Some(bytes.iter().map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect())
    }

    /// Both ways of decoding: that of this target, and that of WebAssembly.
    fn check(text: &[u8]) {
        let decode_branchless =
            |text: &[u8], bytes: &mut [u8]| branchless::decode(without_padding(text), bytes);
        for decode in [decode as fn(&[u8], &mut [u8]) -> _, decode_branchless] {
            let mut bytes = vec![0; decoded_len(text)];
            let decoded = decode(text, &mut bytes).ok().map(|length| bytes[..length].to_vec());
            assert_eq!(decoded, decode_plainly(text), "{}", text.escape_ascii());
            if let Some(decoded) = decoded {
                assert_eq!(decoded.len(), decoded_len(text));
            }
        }
    }

    /// Calls `check` with every text of `length` bytes out of `symbols` behind `prefix`.
    fn check_all(prefix: &[u8], symbols: &[u8], length: usize) {
        let Some(shorter) = length.checked_sub(1) else { return check(prefix) };
        for symbol in symbols {
            check_all(&[prefix, &[*symbol]].concat(), symbols, shorter);
        }
    }

    #[test]
    fn short_texts_decode_as_in_the_plain_model() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for length in 0..=2 {
            check_all(b"", &every_byte, length);
            check_all(b"QUJD", &every_byte, length);
        }
        // Symbols with each kind of trailing bits, and what must not be taken for one.
        let telling = b"ABCEIQgw9-_+/= \n\0\xff";
        for length in 3..=4 {
            check_all(b"", telling, length);
            check_all(b"QUJD", telling, length);
        }
        check_all(b"A", b"AQ=- ", 7);
    }

    #[test]
    fn every_byte_is_told_apart_at_every_place() {
        // Long enough for the vector instructions, which take 32 characters at a time from 64 on.
        let text = ALPHABET.repeat(2);
        for position in 0..text.len() {
            for byte in 0..=255 {
                let mut changed = text.clone();
                changed[position] = byte;
                check(&changed);
            }
        }
    }

    proptest! {
        #[test]
        fn texts_decode_as_in_the_plain_model(
            bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), to in any::<u8>(),
            padded in any::<bool>(),
        ) {
            let mut text = vec![0; encoded_len(bytes.len())];
            prop_assert_eq!(encode(&bytes, &mut text), Ok(text.len()));
            let mut branchless = vec![0; text.len()];
            prop_assert_eq!(branchless::encode(&bytes, &mut branchless), Ok(text.len()));
            prop_assert_eq!(&branchless, &text);
            if !padded {
                text.truncate(without_padding(&text).len());
            }
            prop_assert_eq!(decode_plainly(&text), Some(bytes));
            check(&text);
            if !text.is_empty() {
                let position = at.index(text.len());
                text[position] = to;
                check(&text);
                text.remove(position);
                check(&text);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(encode(b"abcd", &mut [0; 7]), Err(Full));
        assert_eq!(encode(b"abcd", &mut [0; 9]), Ok(8));
        assert_eq!(decode(b"YWJjZA==", &mut [0; 3]), Err(InvalidBase64));
        assert_eq!(decode(b"YWJjZA==", &mut [0; 4]), Ok(4));
        assert_eq!(branchless::encode(b"abcd", &mut [0; 7]), Err(Full));
        assert_eq!(branchless::encode(b"abcd", &mut [0; 9]), Ok(8));
        assert_eq!(branchless::decode(b"YWJjZA", &mut [0; 3]), Err(InvalidBase64));
        assert_eq!(branchless::decode(b"YWJjZA", &mut [0; 5]), Ok(4));
        assert_eq!(encoded_len(usize::MAX), usize::MAX);
    }

    #[test]
    fn keys_are_read_in_either_alphabet() {
        let bytes = [0xfb, 0xef, 0xff, 0xff];
        for text in ["--___w==", "++///w==", "--___w", "++///w", "+-/_/w"] {
            let mut read = [0; 4];
            assert_eq!(decode_key(text.as_bytes(), &mut read), Ok(()), "{text}");
            assert_eq!(read, bytes);
        }
        for text in ["", "--___w=", "--___x", "--__", "--___w== ", &format!("{}==", "A".repeat(98))] {
            assert_eq!(decode_key(text.as_bytes(), &mut [0; 4]), Err(InvalidBase64), "{text}");
        }
    }
}
