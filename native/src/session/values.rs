//! What handlers do with a session: the core's methods, under the slot's lock.

use std::time::Duration;

use fastsession_core::session::Reason;
use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::SessionError;
use crate::manager::{CoreSession, Repeat};

impl Session {
    /// The value under `key`, or `None`.
    ///
    /// # Errors
    /// [`SessionError::Read`] if the value is not a `T`; [`SessionError::Committed`].
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        self.read(|session| session.get(key))?
    }

    /// Stores `value` under `key`, replacing what is there. If another request stores the key as well, the one that
    /// commits last wins.
    ///
    /// # Errors
    /// [`SessionError::TooLarge`]; [`SessionError::Value`] if the value cannot be stored; [`SessionError::Key`];
    /// [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn insert<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), SessionError> {
        self.0.change(|session| session.insert(key, value))
    }

    /// As [`Self::insert`], for a value that is gone from `end` on.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_until<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        end: UnixTime,
    ) -> Result<(), SessionError> {
        self.0.change(|session| session.insert_until(key, value, end))
    }

    /// Stores under `key` what `change` makes of the value that is there, and gives it back.
    ///
    /// `change` runs at once, and again on the fresh value if another request changed the session meanwhile, so that no
    /// update is lost: it must have no side effects, and work with the value that it is given, not with the session.
    /// (Beside a sign-in, a rotation or a sign-out of another request the changes of this one are lost as a whole:
    /// [`Self::save`] tells.)
    ///
    /// # Errors
    /// As [`Self::get`] and [`Self::insert`].
    pub fn update<T, F>(&self, key: &str, mut change: F) -> Result<T, SessionError>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Option<T>) -> T + Send + 'static,
    {
        self.0.change_with_repeats(|session, repeats| {
            let value = session.update(key, &mut change)?;
            repeats.push(Repeat {
                key: key.to_owned(),
                // Most closures hold nothing, and need no room then.
                run: Box::new(move |session, key| session.update(key, &mut change).map(drop)),
            });
            Ok(value)
        })
    }

    /// Removes the value under `key`; tells whether there was one.
    ///
    /// # Errors
    /// [`SessionError::Key`]; [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn remove(&self, key: &str) -> Result<bool, SessionError> {
        self.0.change(|session| session.remove(key))
    }

    /// Removes the value under `key` and gives it back. Requests that run at the same time may all get it: what must be
    /// used once at most needs an [`Self::update`].
    ///
    /// # Errors
    /// As [`Self::get`] and [`Self::remove`].
    pub fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        self.0.change(|session| session.take(key))
    }

    /// Removes all values. The session, its owner and its CSRF secret stay.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn clear(&self) -> Result<(), SessionError> {
        self.0.change(CoreSession::clear)
    }

    /// Whether there is a value under `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.read(|session| session.contains(key)).unwrap_or_default()
    }

    /// The keys, in the order in which they were last written.
    pub fn keys(&self) -> Vec<String> {
        self.read(|session| session.keys().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.read(CoreSession::len).unwrap_or_default()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stores a value that [`Self::take_flash`] gives once, as a notice to show after a redirect.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn flash<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), SessionError> {
        self.0.change(|session| session.flash(key, value))
    }

    /// The flash value under `key`, which is removed.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_flash<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        self.0.change(|session| session.take_flash(key))
    }

    /// A CSRF token for a form or a script of this session: 86 characters, others each time. Asking a fresh session for
    /// one stores the session.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn csrf_token(&self) -> Result<String, SessionError> {
        let token = self.0.change(|session| session.csrf_token(&mut rand::rng()))?;
        Ok(token.as_str().to_owned())
    }

    /// Whether `token` is a CSRF token of this session since its last sign-in.
    pub fn verify_csrf(&self, token: &str) -> bool {
        self.read(|session| session.verify_csrf(token.as_bytes())).unwrap_or_default()
    }

    /// Makes the session that of `owner`, a user's name or number: the id changes, the CSRF secret is replaced, the
    /// absolute lifetime begins anew, and the session is on the owner's list. The values stay: where another user signs
    /// in, [`Self::clear`] them first.
    ///
    /// # Errors
    /// [`SessionError::Owner`] if the name is empty or over 255 bytes; [`SessionError::TooLarge`];
    /// [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn sign_in(&self, owner: &str) -> Result<(), SessionError> {
        self.0.change(|session| session.sign_in(owner))
    }

    /// Whose session it is, if anybody's.
    pub fn owner(&self) -> Option<String> {
        self.read(|session| session.owner().map(str::to_owned)).ok().flatten()
    }

    /// When the owner signed in; `None` if nobody did.
    pub fn authenticated_at(&self) -> Option<UnixTime> {
        self.read(CoreSession::authenticated_at).ok().flatten()
    }

    /// Whether the owner signed in at most `age` ago: to be asked before what should need a fresh sign-in.
    pub fn is_recently_authenticated(&self, age: Duration) -> bool {
        self.read(|session| session.is_recently_authenticated(age)).unwrap_or_default()
    }

    /// Names the session in its owner's list, as by the device that it is used from: up to 128 bytes.
    ///
    /// # Errors
    /// [`SessionError::Label`] if it is longer; [`SessionError::TooLarge`]; [`SessionError::Destroyed`];
    /// [`SessionError::Committed`].
    pub fn set_label(&self, label: &str) -> Result<(), SessionError> {
        self.0.change(|session| session.set_label(label))
    }

    /// What [`Self::set_label`] set, or nothing.
    pub fn label(&self) -> String {
        self.read(|session| session.label().to_owned()).unwrap_or_default()
    }

    /// Gives the session timeouts of its own, as for "remember me"; `None` is the configured one. The idle timeout holds
    /// beside the absolute one: whoever is to be remembered for a month needs both. A later [`Self::sign_in`] drops them.
    ///
    /// # Errors
    /// [`SessionError::Lifetime`] if one is under a second or over 400 days; [`SessionError::Destroyed`];
    /// [`SessionError::Committed`].
    pub fn set_lifetime(
        &self,
        idle: Option<Duration>,
        absolute: Option<Duration>,
    ) -> Result<(), SessionError> {
        self.0.change(|session| session.set_lifetime(idle, absolute))
    }

    /// When the absolute lifetime began: at creation or at the last sign-in.
    pub fn created(&self) -> Option<UnixTime> {
        self.read(CoreSession::created).ok()
    }

    /// The last request that was written down.
    pub fn last_seen(&self) -> Option<UnixTime> {
        self.read(CoreSession::last_seen).ok()
    }

    /// From when on the session is over if nobody uses it any more.
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.read(CoreSession::expires_at).ok()
    }

    /// Changes the id; the old one is dead then. To be used whenever rights change; [`Self::sign_in`] does it by itself.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`]; [`SessionError::Committed`].
    pub fn rotate(&self) -> Result<(), SessionError> {
        self.0.change(CoreSession::rotate)
    }

    /// Ends the session, whatever other requests do meanwhile and even if this one fails. Its values are gone at once.
    ///
    /// # Errors
    /// [`SessionError::Committed`].
    pub fn destroy(&self) -> Result<(), SessionError> {
        self.0.change(|session| {
            session.destroy();
            Ok(())
        })
    }

    /// Whether [`Self::destroy`] was called.
    pub fn is_destroyed(&self) -> bool {
        self.read(CoreSession::is_destroyed).unwrap_or_default()
    }

    /// Why the session is a fresh one; `None` if it was read from the store.
    ///
    /// # Errors
    /// As [`Self::read`]. It says nothing of the session then, least of all that there is one.
    pub fn reason(&self) -> Result<Option<Reason>, SessionError> {
        self.read(CoreSession::reason)
    }

    /// The name of the session's record, for logs and as the handle in its owner's list; a session that was never
    /// stored has none.
    pub fn key(&self) -> Option<StoreKey> {
        self.read(CoreSession::key).ok().flatten()
    }
}
