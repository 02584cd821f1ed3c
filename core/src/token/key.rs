//! One Fernet key.

use core::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::base64;
use crate::primitives;

/// Secret bytes of a key.
pub const KEY_LENGTH: usize = 32;

/// Characters of a key's text: 32 bytes in padded base64.
pub const KEY_TEXT_LENGTH: usize = 44;

/// The PBKDF2 iterations of [`Key::derive`]: OWASP's advice for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet).
pub const DEFAULT_ITERATIONS: u32 = 600_000;

/// A Fernet key: 32 secret bytes, 16 to sign and 16 to encrypt
/// ([specification](https://github.com/fernet/spec/blob/master/Spec.md#key-format)).
///
/// It is erased on drop, compares in constant time and does not print.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; KEY_LENGTH]);

impl Key {
    /// The key of 32 `bytes`.
    ///
    /// # Errors
    /// [`KeyError::WrongLength`], and [`KeyError::AllBytesEqual`] for what is a placeholder rather than a secret.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let length = bytes.len();
        let key = Self(bytes.try_into().map_err(|_| KeyError::WrongLength { bytes: length })?);
        if primitives::is_constant(&key.0) { Err(KeyError::AllBytesEqual) } else { Ok(key) }
    }

    /// Reads base64 in either alphabet, with padding or without; white space around it is ignored.
    ///
    /// # Errors
    /// [`KeyError::WrongLength`], [`KeyError::NotBase64`] or [`KeyError::AllBytesEqual`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_ascii().as_bytes();
        let bytes = base64::decoded_len(text);
        if bytes != KEY_LENGTH {
            return Err(KeyError::WrongLength { bytes });
        }
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        base64::decode_key(text, &mut key).map_err(|_| KeyError::NotBase64)?;
        Self::from_bytes(key.as_slice())
    }

    /// A new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; KEY_LENGTH]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key of a passphrase: PBKDF2-HMAC-SHA256 (RFC 8018) with [`DEFAULT_ITERATIONS`], a good part of a second.
    ///
    /// The salt need not be secret, but should be 16 random bytes of the application's own.
    ///
    /// # Errors
    /// [`KeyError::EmptyPassphrase`].
    pub fn derive(passphrase: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        Self::derive_with_iterations(passphrase, salt, DEFAULT_ITERATIONS)
    }

    /// The key of a passphrase with a number of PBKDF2 iterations that an existing service has settled on.
    ///
    /// Fewer than [`DEFAULT_ITERATIONS`] make a weak passphrase easier to guess.
    ///
    /// # Errors
    /// [`KeyError::EmptyPassphrase`], and [`KeyError::NoIterations`] for zero.
    pub fn derive_with_iterations(passphrase: &[u8], salt: &[u8], iterations: u32) -> Result<Self, KeyError> {
        if passphrase.is_empty() {
            return Err(KeyError::EmptyPassphrase);
        }
        if iterations == 0 {
            return Err(KeyError::NoIterations);
        }
        let mut key = Self([0; KEY_LENGTH]);
        primitives::pbkdf2(passphrase, salt, iterations, &mut key.0);
        Ok(key)
    }

    /// The key as base64url text with padding: the form that every Fernet implementation reads. It is the secret.
    pub fn to_text(&self) -> Zeroizing<heapless::String<KEY_TEXT_LENGTH>> {
        let mut bytes = Zeroizing::new([0; KEY_TEXT_LENGTH]);
        let written = base64::encode(&self.0, bytes.as_mut_slice());
        debug_assert_eq!(written, Ok(KEY_TEXT_LENGTH), "32 bytes are 44 characters");
        let mut text = Zeroizing::new(heapless::String::new());
        for byte in bytes.iter() {
            // As many characters as the string has room for.
            let _ = text.push(char::from(*byte));
        }
        text
    }

    /// The 32 secret bytes.
    pub(crate) const fn as_bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        primitives::equal(&self.0, &other.0)
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why there is no key. It never says anything about the secret but its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A key is 32 bytes; this one has another length.
    WrongLength {
        /// Its length, in bytes (of text: after decoding).
        bytes: usize,
    },
    /// The text is not base64.
    NotBase64,
    /// All bytes are the same: a placeholder, not a secret.
    AllBytesEqual,
    /// There is no passphrase to derive a key from.
    EmptyPassphrase,
    /// PBKDF2 needs at least one iteration.
    NoIterations,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongLength { bytes } => write!(
                f,
                "a key is 32 bytes, written as 44 characters of base64; this one stands for {bytes} bytes"
            ),
            Self::NotBase64 => f.write_str("the key has characters that are not base64"),
            Self::AllBytesEqual => f.write_str("all bytes of the key are equal; generate a random one"),
            Self::EmptyPassphrase => f.write_str("the passphrase is empty"),
            Self::NoIterations => f.write_str("a key derivation needs at least one iteration"),
        }
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString;

    use hex_literal::hex;

    use super::*;
    use crate::token::testing::CountingRng;

    const TEXT: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    #[test]
    fn text_and_bytes_are_one_key() {
        let key = Key::parse(TEXT).unwrap();
        assert_eq!(key.to_text().as_str(), TEXT);
        assert_eq!(key.as_bytes(), &hex!("730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee"));
        assert_eq!(Key::from_bytes(key.as_bytes()), Ok(key));
    }

    #[test]
    fn either_alphabet_is_read() {
        let key = Key::parse(TEXT).unwrap();
        let standard = TEXT.replace('-', "+").replace('_', "/");
        for text in [TEXT, &standard, TEXT.trim_end_matches('='), &format!("\t {TEXT}\r\n")] {
            assert_eq!(Key::parse(text), Ok(key.clone()), "{text:?}");
        }
    }

    #[test]
    fn unfit_keys_are_refused() {
        let cases = [
            ("", KeyError::WrongLength { bytes: 0 }),
            ("changeme", KeyError::WrongLength { bytes: 6 }),
            (&TEXT[..40], KeyError::WrongLength { bytes: 30 }),
            (&"A".repeat(400), KeyError::WrongLength { bytes: 300 }),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KeyError::AllBytesEqual),
            ("cw 0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", KeyError::NotBase64),
            ("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5=", KeyError::NotBase64),
            ("cw_0x689RpI-jtRRéE8h_eQsKImvJapLeSbXpwF4e4", KeyError::NotBase64),
        ];
        for (text, error) in cases {
            assert_eq!(Key::parse(text), Err(error), "{text}");
        }
        assert_eq!(Key::from_bytes(&[7; 32]), Err(KeyError::AllBytesEqual));
        assert_eq!(Key::from_bytes(&[7; 31]), Err(KeyError::WrongLength { bytes: 31 }));
    }

    #[test]
    fn derivation_is_pbkdf2() {
        // Python: hashlib.pbkdf2_hmac("sha256", b"correct horse", bytes(range(16)), n)
        let salt: [u8; 16] = core::array::from_fn(|index| u8::try_from(index).unwrap());
        let weak = Key::derive_with_iterations(b"correct horse", &salt, 100).unwrap();
        assert_eq!(weak.as_bytes(), &WEAK);
        let strong = Key::derive(b"correct horse", &salt).unwrap();
        assert_eq!(strong.as_bytes(), &STRONG);
        assert_eq!(Key::derive(b"", &salt), Err(KeyError::EmptyPassphrase));
        assert_eq!(Key::derive_with_iterations(b"x", &salt, 0), Err(KeyError::NoIterations));
    }

    const WEAK: [u8; 32] = hex!("e79380776b5f9544c7e184b3d49f69a892b17a482f623c376cf1971946d1a591");
    const STRONG: [u8; 32] = hex!("96a5904c2e08c8da42305dbcc5d7cf18ead2636d49f59526b606f26696281473");

    #[test]
    fn generated_keys_differ() {
        let mut rng = CountingRng::default();
        assert_ne!(Key::generate(&mut rng), Key::generate(&mut rng));
    }

    #[test]
    fn nothing_prints_the_secret() {
        let key = Key::parse(TEXT).unwrap();
        assert_eq!(format!("{key:?}"), "Key(..)");
        let error = Key::parse("super-secret-but-too-short").unwrap_err();
        assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"));
    }
}
