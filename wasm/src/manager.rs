//! The phases of a request.

use alloc::vec::Vec;

use fastsession_core::manager::{self, Sources};
use fastsession_core::session::{CsrfToken, Session};
use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::change;
use crate::config;
use crate::failure::Failure;
use crate::message::Writer;
use crate::outcome::{self, Request};
use crate::random::HostRandom;
use crate::state;

/// Decides everything about sessions that is the same for every request; made once.
#[wasm_bindgen]
pub struct Manager(manager::Manager);

type Message = Result<Vec<u8>, JsValue>;

/// Flags of [`Manager::commit`].
const DISCARD: u32 = 1;
const REOPEN: u32 = 2;

#[wasm_bindgen]
impl Manager {
    /// The manager with these settings.
    ///
    /// # Errors
    /// `invalid_config` and the setting's name, or `invalid_key`.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &[u8]) -> Result<Manager, JsValue> {
        Ok(Self(config::build(settings)?))
    }

    /// Finds the session cookie. Gives the phase, which key to read, and where to look whether the session has ended.
    ///
    /// # Errors
    /// `internal`
    pub fn open(&self, cookies: &str, now: f64) -> Message {
        let pending = self.0.open([cookies.as_bytes()], time(now));
        Ok(pending_message(&pending)?)
    }

    /// Makes the session of the record that the store holds, if any.
    ///
    /// # Errors
    /// `internal`
    pub fn resume(
        &self,
        pending: &[u8],
        record: Vec<u8>,
        cookies: &str,
        has_ended: bool,
        now: f64,
    ) -> Message {
        let pending = self.0.unpark_pending(pending).map_err(Failure::from)?;
        let sources = Sources { record, copy: Vec::new(), has_ended };
        let copies = self.0.data_cookies([cookies.as_bytes()]);
        let session = self.0.resume_placed(pending, copies, sources, time(now));
        Ok(state_message(&session, None)?)
    }

    /// Makes changes, and a CSRF token if there is randomness for it.
    ///
    /// # Errors
    /// What the changes do wrong.
    pub fn apply(&self, state: Vec<u8>, changes: &[u8], random: &[u8]) -> Message {
        let mut session = self.changed(state, changes)?;
        let mut token = None;
        if !random.is_empty() {
            let mut random = HostRandom::new(random)?;
            token = Some(change::csrf_token(&mut session, &mut random)?);
            random.check()?;
        }
        Ok(state_message(&session, token.as_ref().map(CsrfToken::as_str))?)
    }

    /// Makes changes, then seals the session. Gives what is to be written and, if all of that succeeds, sent: see
    /// `outcome.rs`.
    ///
    /// # Errors
    /// What the changes do wrong; `too_large`.
    pub fn commit(
        &self,
        state: Vec<u8>,
        changes: &[u8],
        flags: u32,
        now: f64,
        random: &[u8],
        met: &[u8],
    ) -> Message {
        let mut session = self.changed(state, changes)?;
        if flags & DISCARD != 0 {
            session.discard_changes();
        }
        let request = Request { session, now: time(now), random, met, reopen: flags & REOPEN != 0 };
        Ok(outcome::commit(&self.0, request)?)
    }

    /// Begins anew, to read what others have stored since.
    ///
    /// # Errors
    /// `internal`
    pub fn reload(&self, state: Vec<u8>) -> Message {
        let session = self.0.unpark(state).map_err(Failure::from)?;
        Ok(pending_message(&self.0.reload(session))?)
    }

    /// Whether this is a CSRF token of the session.
    ///
    /// # Errors
    /// `internal`
    pub fn verify_csrf(&self, state: Vec<u8>, token: &str) -> Result<bool, JsValue> {
        let session = self.0.unpark(state).map_err(Failure::from)?;
        Ok(session.verify_csrf(token.as_bytes()))
    }

    /// The `Set-Cookie` headers that remove the session's cookies.
    ///
    /// # Errors
    /// None; every export may throw.
    pub fn removal_cookies(&self) -> Message {
        let mut out = Writer::new();
        out.list(self.0.removal_cookies(), |out, cookie| out.bytes(&cookie.to_bytes()));
        Ok(out.finish())
    }

    /// The names of a user's lists.
    ///
    /// # Errors
    /// `internal`
    pub fn owner_keys(&self, owner: &str) -> Message {
        let mut out = Writer::new();
        out.list(self.0.owner_keys(owner), |out, key| out.text(&key.to_hex()));
        Ok(out.finish())
    }

    /// Opens an entry of a list: when the session began, when it was last seen, and its label; nothing if it is not ours.
    ///
    /// # Errors
    /// `internal`
    pub fn open_listing(&self, key: &str, entry: &[u8]) -> Message {
        let mut out = Writer::new();
        if let Some(listing) = StoreKey::from_hex(key).and_then(|key| self.0.open_listing(&key, entry)) {
            out.number(listing.created.as_secs());
            out.number(listing.last_seen.as_secs());
            out.text(&listing.label);
        }
        Ok(out.finish())
    }
}

impl Manager {
    fn changed(&self, state: Vec<u8>, changes: &[u8]) -> Result<Session<Vec<u8>>, Failure> {
        let mut session = self.0.unpark(state)?;
        change::apply_all(&mut session, changes)?;
        Ok(session)
    }
}

fn pending_message(pending: &manager::Pending) -> Result<Vec<u8>, Failure> {
    let mut out = Writer::new();
    out.optional_key(pending.key());
    out.optional_key(pending.ended_key());
    Ok(out.rest(|out| pending.park(out))?)
}

fn state_message(session: &Session<Vec<u8>>, csrf: Option<&str>) -> Result<Vec<u8>, Failure> {
    state::finish(Writer::new(), session, csrf)
}

/// Whole seconds; what is no time becomes the epoch or the end of time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as is meant")]
pub(crate) fn time(seconds: f64) -> UnixTime {
    UnixTime::from_secs(seconds as u64)
}
