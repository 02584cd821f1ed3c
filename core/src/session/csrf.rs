//! CSRF tokens: masked per response over the session's secret, so that compression reveals nothing (BREACH).

use rand_core::CryptoRng;

use super::{Origin, Session, SessionError, Stored};
use crate::buffer::Buffer;
use crate::primitives::{self, Mac, Secret};
use crate::record::header::CSRF_SECRET_LENGTH;
use crate::token::base64;

/// What the secret is derived for; the number is the version of the derivation.
const PURPOSE: &[u8] = b"fastsession csrf 1";
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
        let secret = match self.csrf_secret() {
            Some(secret) => secret,
            None => self.new_csrf_secret(rng),
        };
        let mut raw = Secret::<RAW_LENGTH>::zero();
        let (mask, masked) = raw.split_at_mut(CSRF_SECRET_LENGTH);
        rng.fill_bytes(mask);
        for ((masked, mask), secret) in masked.iter_mut().zip(mask).zip(secret.iter()) {
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
        self.csrf_secret().is_some_and(|secret| primitives::equal(masked, secret.as_slice()))
    }

    /// The secret: the record's own, or what follows from the id. None for a session whose id is not made yet.
    ///
    /// Few sessions are asked for a token, so none has to keep a secret that its id can stand for: whoever knows that
    /// needs no other.
    pub(crate) fn csrf_secret(&self) -> Option<Secret<CSRF_SECRET_LENGTH>> {
        match (&self.header.csrf_secret, &self.origin) {
            (Some(secret), _) => Some(secret.clone()),
            (None, Origin::Stored(Stored { id, .. })) if !self.intent.signed_in && !self.intent.destroyed => {
                Some(Secret::new(Mac::new(id.as_bytes()).tag(&[PURPOSE])))
            }
            _ => None,
        }
    }

    /// A secret that the record is to keep, since the id is not made yet from which one would follow.
    fn new_csrf_secret(&mut self, rng: &mut impl CryptoRng) -> Secret<CSRF_SECRET_LENGTH> {
        let mut secret = Secret::zero();
        rng.fill_bytes(secret.as_mut_slice());
        self.header.csrf_secret = Some(secret.clone());
        self.intent.changed = true;
        secret
    }
}
