//! Session ids.

use rand_core::CryptoRng;
use zeroize::Zeroize as _;

use crate::primitives::Secret;
use crate::token::base64;

/// The fewest bytes that an id may have: 22 characters of base64 hold 128 bits.
pub const MIN_LENGTH: usize = 22;
/// The most bytes that an id may have.
pub const MAX_LENGTH: usize = 128;
/// Random bytes in an id that this library makes.
const RANDOM_BYTES: usize = 32;
/// Characters of such an id: 32 bytes in unpadded base64url.
pub const GENERATED_LENGTH: usize = 43;

/// A session's id: the secret that a browser presents, sealed, in its cookie.
///
/// 22 to 128 visible ASCII bytes. It does not print; in logs a session is named by its
/// [`StoreKey`](crate::store::StoreKey).
#[derive(Clone)]
pub struct SessionId(Bytes);

/// On the heap, if there is one: an id is handed on from phase to phase, and most are a third of the longest.
#[cfg(feature = "alloc")]
type Bytes = alloc::boxed::Box<[u8]>;
#[cfg(not(feature = "alloc"))]
type Bytes = heapless::Vec<u8, MAX_LENGTH>;

impl SessionId {
    /// A new id: 32 random bytes in base64url, 43 characters.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut random = Secret::<RANDOM_BYTES>::zero();
        rng.fill_bytes(random.as_mut_slice());
        Self::from_random(*random)
    }

    /// The id of 32 random bytes: their base64url, 43 characters.
    #[must_use]
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        // There is room for the padding, which does not belong to the id.
        let mut text = Secret::<{ GENERATED_LENGTH + 1 }>::zero();
        let _ = base64::encode(&random, text.as_mut_slice());
        let [id @ .., _] = &*text;
        Self::of(id)
    }

    /// The id of at most [`MAX_LENGTH`] bytes that are legal.
    fn of(text: &[u8]) -> Self {
        #[cfg(feature = "alloc")]
        let bytes = text.into();
        #[cfg(not(feature = "alloc"))]
        let bytes = text.try_into().unwrap_or_default();
        Self(bytes)
    }

    /// The id that an application's own generator made: 22 to 128 visible ASCII bytes, `None` for anything else.
    ///
    /// They must come from a cryptographically secure generator and hold at least 128 bits of entropy.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        // To the end whatever is found: that is many bytes at once.
        let is_visible = text.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
        let is_legal = is_visible && (MIN_LENGTH..=MAX_LENGTH).contains(&text.len());
        is_legal.then(|| Self::of(text))
    }

    /// The id's bytes. They are a secret: whoever has them and the application's key has the session.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl core::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SessionId(..)")
    }
}

impl Drop for SessionId {
    fn drop(&mut self) {
        let bytes: &mut [u8] = &mut self.0;
        bytes.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRng;

    #[test]
    fn a_generated_id_is_43_characters_of_base64url() {
        let mut rng = SeededRng::new(1);
        let (one, other) = (SessionId::generate(&mut rng), SessionId::generate(&mut rng));
        assert_eq!(one.as_bytes().len(), GENERATED_LENGTH);
        assert!(one.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)));
        assert_ne!(one.as_bytes(), other.as_bytes());
    }

    #[test]
    fn lengths_and_characters_are_bounded() {
        assert!(SessionId::from_bytes(&[b'a'; 21]).is_none());
        assert!(SessionId::from_bytes(&[b'a'; 22]).is_some());
        assert!(SessionId::from_bytes(&[b'~'; 128]).is_some());
        assert!(SessionId::from_bytes(&[b'a'; 129]).is_none());
        for illegal in [b' ', b'\n', 0, 0x7f, 0x80] {
            assert!(SessionId::from_bytes(&[illegal; 30]).is_none());
        }
    }

    #[test]
    fn an_id_does_not_print() {
        let id = SessionId::from_bytes(&[b'a'; 30]).unwrap();
        assert_eq!(std::format!("{id:?}"), "SessionId(..)");
    }
}
