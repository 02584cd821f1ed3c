//! The first phase: from the request's cookies to the name of the record to read.

use super::{Manager, Placement};
use crate::cookie;
use crate::id::{self, SessionId};
use crate::primitives::Secret;
use crate::session::{MAX_LIFETIME, Reason};
use crate::store::StoreKey;
use crate::time::UnixTime;
use crate::token::sealed_len;

/// How many values of the session cookie are tried.
const MAX_VALUES: usize = 4;

/// Bytes of the token around the longest id, and its characters in base64.
const MAX_TOKEN: usize = sealed_len(id::MAX_LENGTH);
const MAX_TOKEN_TEXT: usize = MAX_TOKEN.div_ceil(3) * 4;

/// A request whose session is still to be read.
#[derive(Clone, Debug)]
pub struct Pending {
    pub(super) cookie: Result<OpenedCookie, Reason>,
    /// Where the marker of an ended session would be, if the placement has it.
    pub(super) ended: Option<StoreKey>,
}

/// A session cookie that opened.
#[derive(Clone, Debug)]
pub(super) struct OpenedCookie {
    pub(super) id: SessionId,
    pub(super) key: StoreKey,
    /// Which key of the ring it was sealed with.
    pub(super) ring_index: usize,
}

impl Pending {
    /// Which record the host is to read before it resumes; `None` if there is nothing to read. Of a session that is kept
    /// in a cookie alone, there is no record under it.
    #[must_use]
    pub fn key(&self) -> Option<&StoreKey> {
        self.cookie.as_ref().ok().map(|cookie| &cookie.key)
    }

    /// Why there is nothing to read, if so.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.cookie.as_ref().err().copied()
    }
}

impl Manager {
    /// Finds and verifies the session cookie in the values of a request's `Cookie` headers, all of them, as bytes.
    /// No store is asked for a cookie that was not sealed here.
    ///
    /// Of several cookies of the name, the first four are tried and the first that opens counts.
    pub fn open<'h>(&self, cookie_headers: impl IntoIterator<Item = &'h [u8]>, now: UnixTime) -> Pending {
        let mut refused = None;
        let mut values = cookie::values(cookie_headers, &self.cookie.name);
        for value in values.by_ref().take(MAX_VALUES) {
            match self.open_cookie(value, now) {
                Ok(cookie) => return self.pending(Ok(cookie)),
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        let reason = refused.unwrap_or(if values.was_cut() { Reason::BadCookie } else { Reason::NoCookie });
        self.pending(Err(reason))
    }

    pub(super) fn pending(&self, cookie: Result<OpenedCookie, Reason>) -> Pending {
        let ended = match (&cookie, self.placement) {
            (Ok(cookie), Placement::Both { .. }) => Some(self.namespace.ended_key(&cookie.id)),
            _ => None,
        };
        Pending { cookie, ended }
    }

    fn open_cookie(&self, value: &[u8], now: UnixTime) -> Result<OpenedCookie, Reason> {
        if value.len() > MAX_TOKEN_TEXT {
            return Err(Reason::BadCookie);
        }
        let mut token = Secret::<{ MAX_TOKEN_TEXT / 4 * 3 }>::zero();
        let opened = self.ring.open_text(value, token.as_mut_slice()).map_err(|_| Reason::BadCookie)?;
        let id = token.get(opened.plain).and_then(SessionId::from_bytes).ok_or(Reason::BadCookie)?;
        // Browsers keep no cookie for longer, and no session lives longer.
        if opened.timestamp.is_beyond_skew(now) || opened.timestamp.after(MAX_LIFETIME) <= now {
            return Err(Reason::BadCookie);
        }
        let key = self.namespace.store_key(&id);
        Ok(OpenedCookie { id, key, ring_index: opened.key_index })
    }
}
