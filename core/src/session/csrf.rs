//! CSRF tokens: masked per response over the session's secret, so that compression reveals nothing (BREACH).

use rand_core::CryptoRng;

use super::{Session, SessionError};
use crate::buffer::Buffer;
use crate::primitives::{self, Secret};
use crate::record::header::CSRF_SECRET_LENGTH;
use crate::token::base64;

/// The mask and the masked secret.
const RAW_LENGTH: usize = 2 * CSRF_SECRET_LENGTH;
/// Characters of a token: 64 bytes in unpadded base64url.
pub const CSRF_TOKEN_LENGTH: usize = 86;

/// A CSRF token as text, for a form's hidden field or a header: 86 characters of base64url.
#[derive(Clone)]
pub struct CsrfToken([u8; CSRF_TOKEN_LENGTH]);

impl CsrfToken {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl core::fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

impl<B: Buffer> Session<B> {
    /// A CSRF token for a form or a script of this session; another text each time. Asking a fresh session for one
    /// stores the session, since it has to know the secret when the token comes back.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`].
    pub fn csrf_token(&mut self, rng: &mut impl CryptoRng) -> Result<CsrfToken, SessionError> {
        self.check_usable()?;
        if self.ensure_csrf_secret(rng) {
            self.intent.changed = true;
        }
        let mut raw = Secret::<RAW_LENGTH>::zero();
        let (mask, masked) = raw.split_at_mut(CSRF_SECRET_LENGTH);
        rng.fill_bytes(mask);
        for ((masked, mask), secret) in masked.iter_mut().zip(mask).zip(&self.header.csrf_secret) {
            *masked = *mask ^ secret;
        }
        // Two characters of padding do not belong to the token.
        let mut text = [0; CSRF_TOKEN_LENGTH + 2];
        let _ = base64::encode(raw.as_slice(), &mut text);
        let [token @ .., _, _] = text;
        Ok(CsrfToken(token))
    }

    /// Whether `token` is one that [`Self::csrf_token`] gave for this session since its last sign-in. The comparison
    /// takes the same time whatever the token holds.
    pub fn verify_csrf(&self, token: &[u8]) -> bool {
        let mut raw = Secret::<RAW_LENGTH>::zero();
        if token.len() != CSRF_TOKEN_LENGTH || base64::decode(token, raw.as_mut_slice()) != Ok(RAW_LENGTH) {
            return false;
        }
        let (mask, masked) = raw.split_at_mut(CSRF_SECRET_LENGTH);
        for (masked, mask) in masked.iter_mut().zip(mask) {
            *masked ^= *mask;
        }
        self.has_csrf_secret() && primitives::equal(masked, &self.header.csrf_secret)
    }

    /// Makes the secret if there is none; tells whether it did.
    pub(crate) fn ensure_csrf_secret(&mut self, rng: &mut impl CryptoRng) -> bool {
        let missing = !self.has_csrf_secret();
        if missing {
            rng.fill_bytes(&mut self.header.csrf_secret);
        }
        missing
    }

    pub(crate) fn has_csrf_secret(&self) -> bool {
        self.header.csrf_secret != [0; CSRF_SECRET_LENGTH]
    }
}
