//! What a token tells without a key.

use super::base64::{decode, decoded_len};
use super::binary::{ciphertext_len, timestamp_in};
use crate::time::UnixTime;

/// The outside of a token that nobody has vouched for: to look at, not to decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnverifiedToken {
    timestamp: UnixTime,
    length: usize,
    ciphertext: usize,
}

impl UnverifiedToken {
    /// Reads the outside of `text`; `None` if that is not shaped like a Fernet token.
    pub fn parse(text: &[u8]) -> Option<Self> {
        const CHARACTERS: usize = 256;
        let length = decoded_len(text);
        let ciphertext = ciphertext_len(length)?;
        let mut timestamp = None;
        let mut decoded = 0_usize;
        // In pieces of whole groups of four characters, so that no long buffer is needed.
        for piece in text.chunks(CHARACTERS) {
            let mut bytes = [0; CHARACTERS / 4 * 3];
            decoded = decoded.saturating_add(decode(piece, &mut bytes).ok()?);
            if timestamp.is_none() {
                timestamp = Some(timestamp_in(bytes.first_chunk()?)?);
            }
        }
        // Padding within the text would make a piece shorter.
        (decoded == length).then_some(Self { timestamp: timestamp?, length, ciphertext })
    }

    /// When it says that it was made.
    pub const fn timestamp(&self) -> UnixTime {
        self.timestamp
    }

    /// Bytes of the token, decoded.
    pub const fn token_bytes(&self) -> usize {
        self.length
    }

    /// Bytes of its payload, encrypted: 1 to 16 more than the payload has.
    pub const fn ciphertext_bytes(&self) -> usize {
        self.ciphertext
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::token::testing::ring;

    fn sealed(length: usize) -> Vec<u8> {
        let mut text = heapless::Vec::<u8, 2048>::new();
        ring(&[1]).seal_text(&vec![0; length], UnixTime::from_secs(1_234), [3; 16], &mut text).unwrap();
        text.to_vec()
    }

    #[test]
    fn time_and_sizes_are_read() {
        for (length, ciphertext) in [(0, 16), (16, 32), (300, 304), (1_000, 1_008)] {
            let token = UnverifiedToken::parse(&sealed(length)).unwrap();
            assert_eq!(token.timestamp().as_secs(), 1_234);
            assert_eq!((token.token_bytes(), token.ciphertext_bytes()), (57 + ciphertext, ciphertext));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let text = sealed(1_000);
        for position in [0, 255, 256, text.len() - 3] {
            for to in *b" =+%" {
                let mut changed = text.clone();
                changed[position] = to;
                assert_eq!(UnverifiedToken::parse(&changed), None, "{to} at {position}");
            }
        }
        for length in 0..text.len() - 2 {
            let shorter = UnverifiedToken::parse(&text[..length]);
            assert!(shorter.is_none_or(|token| token.ciphertext_bytes() < 1_008), "{length} characters");
        }
        let mut within = text;
        within[254..256].copy_from_slice(b"==");
        assert_eq!(UnverifiedToken::parse(&within), None);
    }
}
