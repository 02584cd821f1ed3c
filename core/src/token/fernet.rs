//! Fernet as applications use it.

use core::fmt;
use core::ops::Range;
use core::time::Duration;

use rand_core::CryptoRng;

use super::InvalidToken;
use super::base64::decoded_len;
use super::binary::IV_LENGTH;
#[cfg(feature = "alloc")]
use super::plaintext::Plaintext;
use super::ring::KeyRing;
use super::text::VerifiedText;
#[cfg(feature = "alloc")]
use super::text::token_len;
use crate::buffer::{Buffer, Full};
use crate::time::UnixTime;

/// Encrypts and decrypts Fernet tokens under a ring of keys.
///
/// Each operation exists in a form that appends to a buffer the caller lends (`…_into`, no allocator needed),
/// and with the feature `alloc` in one that returns what it made.
///
/// Tokens are accepted as text in strict base64url: padded or not, but without white space, `+`, `/` or stray bits.
#[derive(Debug)]
pub struct Fernet {
    keys: KeyRing,
    is_strict: bool,
}

impl Fernet {
    /// Fernet under `keys`: the newest encrypts, all decrypt.
    pub const fn new(keys: KeyRing) -> Self {
        Self { keys, is_strict: false }
    }

    /// The same, but every decryption refuses a token from more than 60 seconds ahead of `now`,
    /// not only one with a time to live.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    /// Appends to `token` the token of `plaintext`, made `at` this time:
    /// [`token_len`](super::token_len) characters of padded base64url.
    ///
    /// # Errors
    /// [`Full`] if they do not fit; `token` is unchanged then.
    pub fn encrypt_at_into(
        &self,
        plaintext: &[u8],
        at: UnixTime,
        rng: &mut impl CryptoRng,
        token: &mut impl Buffer,
    ) -> Result<(), Full> {
        let mut iv = [0; IV_LENGTH];
        rng.fill_bytes(&mut iv);
        self.keys.seal_text(plaintext, at, iv, token)
    }

    /// Appends to `plaintext` what `token` holds.
    ///
    /// With a `ttl` (of which whole seconds count), the token is refused if it is older than that at `now`, or
    /// more than 60 seconds ahead. `plaintext` needs room for the whole decoded token meanwhile,
    /// 57 bytes and padding more than the result.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token or its time is over, [`FernetError::Full`] if it does not
    /// fit; `plaintext` holds what it held before.
    pub fn decrypt_at_into(
        &self,
        token: impl AsRef<[u8]>,
        ttl: Option<Duration>,
        now: UnixTime,
        plaintext: &mut impl Buffer,
    ) -> Result<(), FernetError> {
        let start = plaintext.len();
        let (_, payload) = self.open_timely(token.as_ref(), ttl, now, plaintext)?;
        plaintext.truncate(payload.end);
        Ok(plaintext.try_splice(start..payload.start, &[])?)
    }

    /// When `token` was made, if one of the keys made it. Its age is not judged.
    ///
    /// `scratch` is used to decode the token and holds afterwards what it held before.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token, [`FernetError::Full`] if it does not fit `scratch`.
    pub fn extract_timestamp_in(
        &self,
        token: impl AsRef<[u8]>,
        scratch: &mut impl Buffer,
    ) -> Result<UnixTime, FernetError> {
        let start = scratch.len();
        let verified = self.verify(token.as_ref(), scratch);
        scratch.truncate(start);
        Ok(verified?.timestamp)
    }

    /// Appends to `rotated` the token of the same payload and timestamp under the newest key.
    ///
    /// The token's age is not judged: it stays what it was, for whoever decrypts. `scratch` is used to decrypt the
    /// token and holds afterwards what it held before.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token, [`FernetError::Full`] if it does not fit.
    pub fn rotate_into(
        &self,
        token: impl AsRef<[u8]>,
        rng: &mut impl CryptoRng,
        scratch: &mut impl Buffer,
        rotated: &mut impl Buffer,
    ) -> Result<(), FernetError> {
        let start = scratch.len();
        let (timestamp, payload) = self.open(token.as_ref(), scratch, |_| true)?;
        let payload = scratch.as_ref().get(payload).unwrap_or_default();
        let sealed = self.encrypt_at_into(payload, timestamp, rng, rotated);
        scratch.truncate(start);
        sealed.map_err(FernetError::from)
    }

    /// Opens a token whose age is judged.
    fn open_timely(
        &self,
        token: &[u8],
        ttl: Option<Duration>,
        now: UnixTime,
        out: &mut impl Buffer,
    ) -> Result<(UnixTime, Range<usize>), FernetError> {
        self.open(token, out, |timestamp| self.is_timely(timestamp, ttl, now))
    }

    /// Verifies, asks `accepts` about the timestamp and decrypts (in this order) what is appended to `out`; returns the
    /// timestamp, and where in `out` the payload lies. What surrounds the payload there is no secret.
    fn open(
        &self,
        token: &[u8],
        out: &mut impl Buffer,
        accepts: impl FnOnce(UnixTime) -> bool,
    ) -> Result<(UnixTime, Range<usize>), FernetError> {
        let start = out.len();
        let opened = self.verify(token, out).and_then(|verified| {
            if !accepts(verified.timestamp) {
                return Err(FernetError::Invalid);
            }
            let payload =
                self.keys.decrypt_text(&verified, out.as_mut().get_mut(start..).unwrap_or_default())?;
            let payload = start.saturating_add(payload.start)..start.saturating_add(payload.end);
            Ok((verified.timestamp, payload))
        });
        if opened.is_err() {
            out.truncate(start);
        }
        opened
    }

    /// Appends the decoded token to `out`, whatever comes of it.
    fn verify(&self, token: &[u8], out: &mut impl Buffer) -> Result<VerifiedText, FernetError> {
        let start = out.len();
        out.try_resize(start.checked_add(decoded_len(token)).ok_or(FernetError::Full)?)?;
        Ok(self.keys.verify_text(token, out.as_mut().get_mut(start..).unwrap_or_default())?)
    }

    /// The order and the bounds of pyca/cryptography: `timestamp + ttl < now` is too old,
    /// `now + 60 < timestamp` too far ahead.
    fn is_timely(&self, timestamp: UnixTime, ttl: Option<Duration>, now: UnixTime) -> bool {
        let is_expired = ttl.is_some_and(|ttl| timestamp.after(ttl) < now);
        let is_ahead = (ttl.is_some() || self.is_strict) && timestamp.is_beyond_skew(now);
        !is_expired && !is_ahead
    }
}

/// The forms that return what they made.
#[cfg(feature = "alloc")]
impl Fernet {
    /// The token of `plaintext`, made `at` this time, in padded base64url.
    ///
    /// # Errors
    /// [`Full`] if there is no memory for it.
    pub fn encrypt_at(
        &self,
        plaintext: &[u8],
        at: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<alloc::string::String, Full> {
        let mut token = alloc::vec::Vec::with_capacity(token_len(plaintext.len()));
        self.encrypt_at_into(plaintext, at, rng, &mut token)?;
        // Base64 is ASCII.
        Ok(alloc::string::String::from_utf8(token).unwrap_or_default())
    }

    /// What `token` holds; see [`decrypt_at_into`](Self::decrypt_at_into) for the times.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token or its time is over, [`FernetError::Full`] if there is
    /// no memory for it.
    pub fn decrypt_at(
        &self,
        token: impl AsRef<[u8]>,
        ttl: Option<Duration>,
        now: UnixTime,
    ) -> Result<Plaintext, FernetError> {
        let mut decoded = alloc::vec::Vec::with_capacity(decoded_len(token.as_ref()));
        let (_, payload) = self.open_timely(token.as_ref(), ttl, now, &mut decoded)?;
        Ok(Plaintext::new(decoded, payload))
    }

    /// When `token` was made, if one of the keys made it. Its age is not judged.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token, [`FernetError::Full`] if there is no memory for it.
    pub fn extract_timestamp(&self, token: impl AsRef<[u8]>) -> Result<UnixTime, FernetError> {
        self.extract_timestamp_in(token, &mut alloc::vec::Vec::new())
    }

    /// The token of the same payload and timestamp under the newest key.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token, [`FernetError::Full`] if there is no memory for it.
    pub fn rotate(
        &self,
        token: impl AsRef<[u8]>,
        rng: &mut impl CryptoRng,
    ) -> Result<alloc::string::String, FernetError> {
        let mut rotated = alloc::vec::Vec::new();
        self.rotate_into(token, rng, &mut alloc::vec::Vec::new(), &mut rotated)?;
        // Base64 is ASCII.
        Ok(alloc::string::String::from_utf8(rotated).unwrap_or_default())
    }
}

/// The forms that ask the system's clock, which `wasm32-unknown-unknown` does not have.
#[cfg(feature = "std")]
impl Fernet {
    /// [`encrypt_at`](Self::encrypt_at) the system's time.
    ///
    /// # Errors
    /// [`Full`] if there is no memory for it.
    pub fn encrypt(&self, plaintext: &[u8], rng: &mut impl CryptoRng) -> Result<alloc::string::String, Full> {
        self.encrypt_at(plaintext, UnixTime::now(), rng)
    }

    /// [`decrypt_at`](Self::decrypt_at) the system's time.
    ///
    /// # Errors
    /// [`FernetError::Invalid`] if no key made the token or its time is over, [`FernetError::Full`] if there is
    /// no memory for it.
    pub fn decrypt(&self, token: impl AsRef<[u8]>, ttl: Option<Duration>) -> Result<Plaintext, FernetError> {
        // The clock is a good part of a short token's time.
        let now = if ttl.is_some() || self.is_strict { UnixTime::now() } else { UnixTime::default() };
        self.decrypt_at(token, ttl, now)
    }
}

/// Why a token was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FernetError {
    /// The token is not one that these keys made, or its time is over; which of it is not told.
    Invalid,
    /// The buffer that was lent is too small.
    Full,
}

impl fmt::Display for FernetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => InvalidToken.fmt(f),
            Self::Full => Full.fmt(f),
        }
    }
}

impl core::error::Error for FernetError {}

impl From<InvalidToken> for FernetError {
    fn from(_: InvalidToken) -> Self {
        Self::Invalid
    }
}

impl From<Full> for FernetError {
    fn from(_: Full) -> Self {
        Self::Full
    }
}
