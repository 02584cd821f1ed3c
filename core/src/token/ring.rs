//! The keys of an application, newest first.

use core::fmt;

use super::binary::TokenKey;
use super::key::{KEY_LENGTH, Key, KeyError};
use crate::primitives::{self, Mac, Secret};

/// The most keys in a ring.
#[cfg(feature = "alloc")]
pub const MAX_KEYS: usize = 16;
/// The most keys in a ring. Without an allocator every ring has room for all of them.
#[cfg(not(feature = "alloc"))]
pub const MAX_KEYS: usize = 4;

#[cfg(feature = "alloc")]
type Keys = alloc::vec::Vec<RingKey>;
#[cfg(not(feature = "alloc"))]
type Keys = heapless::Vec<RingKey, { MAX_KEYS - 1 }>;

/// The salt of every subkey's HKDF-Extract. The "1" changes if what is derived ever does.
const SALT: &[u8] = b"fastsession hkdf 1";

/// 1 to [`MAX_KEYS`] keys: the first and newest seals, all of them open.
///
/// To change keys, put a new one in front and take the old one out when everything sealed with it has expired.
pub struct KeyRing {
    newest: RingKey,
    older: Keys,
}

impl KeyRing {
    /// The ring of a single key.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the secret moves into the ring and is erased outside of it"
    )]
    pub fn new(key: Key) -> Self {
        // Room for all at once: a vector that grew would leave copies of the keys behind.
        #[cfg(feature = "alloc")]
        let older = Keys::with_capacity(MAX_KEYS);
        #[cfg(not(feature = "alloc"))]
        let older = Keys::new();
        Self { newest: RingKey::new(key.as_bytes()), older }
    }

    /// The ring of `keys`, newest first. A key that stands there twice counts where it stands first.
    ///
    /// # Errors
    /// [`RingError::NoKeys`] or [`RingError::TooManyKeys`].
    pub fn from_keys(keys: impl IntoIterator<Item = Key>) -> Result<Self, RingError> {
        Self::try_from_keys(keys.into_iter().map(Ok))
    }

    /// Reads one or several keys as [`Key::parse`] does, newest first, separated by commas or white space.
    ///
    /// # Errors
    /// [`RingError`]; an unfit key is named by its position.
    pub fn parse(text: &str) -> Result<Self, RingError> {
        let texts = text.split(|symbol: char| symbol == ',' || symbol.is_ascii_whitespace());
        let texts = (1..).zip(texts.filter(|text| !text.is_empty()));
        Self::try_from_keys(
            texts
                .map(|(position, text)| Key::parse(text).map_err(|error| RingError::Key { position, error })),
        )
    }

    fn try_from_keys(mut keys: impl Iterator<Item = Result<Key, RingError>>) -> Result<Self, RingError> {
        let mut ring = Self::new(keys.next().ok_or(RingError::NoKeys)??);
        for key in keys {
            ring.add(&key?)?;
        }
        Ok(ring)
    }

    /// How many keys there are; never zero.
    #[expect(clippy::len_without_is_empty, reason = "a ring is never empty")]
    pub fn len(&self) -> usize {
        self.older.len().saturating_add(1)
    }

    /// The keys, newest first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &RingKey> {
        (0..self.len()).filter_map(|index| self.key(index))
    }

    /// The key at `index`, counted from the newest.
    fn key(&self, index: usize) -> Option<&RingKey> {
        match index.checked_sub(1) {
            None => Some(&self.newest),
            Some(index) => self.older.get(index),
        }
    }

    /// The key that seals.
    pub(crate) fn newest(&self) -> &RingKey {
        &self.newest
    }

    /// Adds an older key behind all others; one that is there already is not added again.
    ///
    /// # Errors
    /// [`RingError::TooManyKeys`]
    pub fn add(&mut self, key: &Key) -> Result<(), RingError> {
        let key = RingKey::new(key.as_bytes());
        for present in self.keys() {
            if present.is_same_as(&key) {
                return Ok(());
            }
        }
        if self.len() == MAX_KEYS {
            return Err(RingError::TooManyKeys);
        }
        #[cfg(feature = "alloc")]
        self.older.push(key);
        #[cfg(not(feature = "alloc"))]
        self.older.push(key).map_err(|_| RingError::TooManyKeys)?;
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.len())
    }
}

/// One key of the ring, expanded for use. Its states are erased on drop.
pub(crate) struct RingKey {
    /// Seals and opens cookies.
    pub(crate) token: TokenKey,
    /// HMAC under PRK, the HKDF-Extract of the key: the root of all its subkeys.
    prk: Mac,
}

impl RingKey {
    fn new(key: &[u8; KEY_LENGTH]) -> Self {
        Self { token: TokenKey::new(key), prk: primitives::hkdf_extract(SALT, key) }
    }

    /// The subkey of `N` bytes for the purpose `info[0] ‖ info[1] ‖ …`: `HKDF-Expand(PRK, info, N)` (RFC 5869) with
    /// `PRK = HKDF-Extract("fastsession hkdf 1", key)`.
    pub(crate) fn subkey<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
        primitives::hkdf_expand(&self.prk, info)
    }

    /// Whether both are of the same Fernet key, judged by what PRK makes of an empty message,
    /// so that the key itself need not be kept.
    fn is_same_as(&self, other: &Self) -> bool {
        self.prk.verify(&[], &other.prk.tag(&[]))
    }
}

/// Why there is no key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingError {
    /// A key is unfit.
    Key {
        /// Which one, counted from 1.
        position: usize,
        /// Why.
        error: KeyError,
    },
    /// There is no key at all.
    NoKeys,
    /// There are more than [`MAX_KEYS`].
    TooManyKeys,
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { position, error } => write!(f, "key {position}: {error}"),
            Self::NoKeys => f.write_str("there is no key"),
            Self::TooManyKeys => write!(f, "there are more than {MAX_KEYS} keys"),
        }
    }
}

impl core::error::Error for RingError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Key { error, .. } => Some(error),
            Self::NoKeys | Self::TooManyKeys => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;
    use crate::token::testing::key;

    #[test]
    fn keys_are_separated_by_commas_or_white_space() {
        let (first, second) = (key(1), key(2));
        for separator in [",", " ", "\n", ", ", "\r\n\t", ",,"] {
            let text = format!(" {}{separator}{}\n", first.to_text().as_str(), second.to_text().as_str());
            let ring = KeyRing::parse(&text).unwrap();
            assert_eq!(ring.len(), 2);
            assert!(ring.newest().is_same_as(&RingKey::new(first.as_bytes())));
            assert!(ring.keys().nth(1).unwrap().is_same_as(&RingKey::new(second.as_bytes())));
        }
    }

    #[test]
    fn duplicates_count_once() {
        let ring = KeyRing::from_keys([key(1), key(2), key(1)]).unwrap();
        assert_eq!(ring.len(), 2);
        assert_eq!(KeyRing::from_keys([1; MAX_KEYS + 1].map(key)).unwrap().len(), 1);
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        assert_eq!(KeyRing::from_keys([]).unwrap_err(), RingError::NoKeys);
        assert_eq!(KeyRing::parse(" , ").unwrap_err(), RingError::NoKeys);
        let many: Vec<u8> = (0..=u8::try_from(MAX_KEYS).unwrap()).collect();
        let ring = |numbers: &[u8]| KeyRing::from_keys(numbers.iter().copied().map(key));
        assert_eq!(ring(&many).unwrap_err(), RingError::TooManyKeys);
        assert_eq!(ring(&many[1..]).unwrap().len(), MAX_KEYS);
    }

    #[test]
    fn an_unfit_key_is_named_by_its_position() {
        let text = format!("{},short", key(1).to_text().as_str());
        let error = KeyRing::parse(&text).unwrap_err();
        assert_eq!(error, RingError::Key { position: 2, error: KeyError::WrongLength { bytes: 3 } });
        assert!(error.to_string().starts_with("key 2: "));
    }

    #[test]
    fn subkeys_are_hkdf() {
        // Python, cryptography: HKDF(SHA256(), 32, salt=b"fastsession hkdf 1", info=b"purpose").derive(bytes(range(1, 33)))
        let bytes: [u8; 32] = core::array::from_fn(|index| u8::try_from(index + 1).unwrap());
        let expected = hex_literal::hex!("cb15ca745a685725b54662d71456eca2ddc80e654cdf31573acfb13d15006dee");
        let ring = KeyRing::new(Key::from_bytes(&bytes).unwrap());
        assert_eq!(*ring.newest().subkey(&[b"pur", b"pose"]), expected);
        assert_ne!(*ring.newest().subkey(&[b"other"]), expected);
    }
}
