//! Who a session belongs to, how long it lives, and how it ends.

use core::time::Duration;

use super::{Reason, Session, SessionError};
use crate::buffer::Buffer;
use crate::record::header::{Header, Lifetimes};
use crate::time::UnixTime;

/// The longest lifetime of a session: browsers keep no cookie for more than 400 days (RFC 6265bis section 5.5).
pub const MAX_LIFETIME: Duration = Duration::from_hours(9600);
/// The most bytes of an owner's name.
pub const MAX_OWNER_LENGTH: usize = 255;
/// The most bytes of a label.
pub const MAX_LABEL_LENGTH: usize = 128;

impl<B: Buffer> Session<B> {
    /// Makes the session that of `owner`, a user's name or number, at this moment: the commit changes the id, replaces
    /// the CSRF secret, restarts the absolute lifetime and files the session in the owner's list. Lifetimes of its own, that
    /// another sign-in gave it, are dropped. The values stay: where another user signs in, [`Self::clear`] them first.
    ///
    /// # Errors
    /// [`SessionError::Owner`] if the name is empty or over 255 bytes; [`SessionError::TooLarge`];
    /// [`SessionError::Destroyed`].
    pub fn sign_in(&mut self, owner: &str) -> Result<(), SessionError> {
        self.check_usable()?;
        if !is_owner(owner) {
            return Err(SessionError::Owner);
        }
        self.data.set_owner(owner)?;
        self.header.authenticated_at = Some(self.now);
        self.header.created = self.now;
        self.header.csrf_secret = None;
        if !self.intent.lifetimes {
            self.header.idle_timeout = None;
            self.header.absolute_timeout = None;
        }
        self.intent.signed_in = true;
        self.intent.rotate = true;
        self.intent.changed = true;
        Ok(())
    }

    /// Whose session it is, if anybody's.
    pub fn owner(&self) -> Option<&str> {
        self.data.owner()
    }

    /// When the owner signed in; `None` if nobody did.
    pub fn authenticated_at(&self) -> Option<UnixTime> {
        self.header.authenticated_at
    }

    /// Whether the owner signed in at most `age` ago: to be asked before what should need a fresh sign-in, as changing
    /// a password (OWASP ASVS 7.5.1).
    pub fn is_recently_authenticated(&self, age: Duration) -> bool {
        self.header.authenticated_at.is_some_and(|at| at.age(self.now) <= age)
    }

    /// Names the session in its owner's list, as by the device that it is used from.
    ///
    /// # Errors
    /// [`SessionError::Label`] if it is over 128 bytes; [`SessionError::TooLarge`]; [`SessionError::Destroyed`].
    pub fn set_label(&mut self, label: &str) -> Result<(), SessionError> {
        self.check_usable()?;
        if label.len() > MAX_LABEL_LENGTH {
            return Err(SessionError::Label);
        }
        self.data.set_label(label)?;
        self.intent.labelled = true;
        self.intent.changed = true;
        Ok(())
    }

    /// What [`Self::set_label`] set, or nothing.
    pub fn label(&self) -> &str {
        self.data.label()
    }

    /// Gives the session timeouts of its own, as for "remember me"; `None` is the configured one. The idle timeout holds
    /// beside the absolute one: whoever is to be remembered for a month needs both.
    ///
    /// # Errors
    /// [`SessionError::Lifetime`] if one is under a second or over 400 days; [`SessionError::Destroyed`].
    pub fn set_lifetime(
        &mut self,
        idle: Option<Duration>,
        absolute: Option<Duration>,
    ) -> Result<(), SessionError> {
        self.check_usable()?;
        let (idle, absolute) = (idle.map(|idle| idle.as_secs()), absolute.map(|absolute| absolute.as_secs()));
        if !idle.is_none_or(is_lifetime) || !absolute.is_none_or(is_lifetime) {
            return Err(SessionError::Lifetime);
        }
        self.header.idle_timeout = idle;
        self.header.absolute_timeout = absolute;
        self.intent.lifetimes = true;
        self.intent.changed = true;
        Ok(())
    }

    /// When the absolute lifetime began: at creation or at the last sign-in.
    pub fn created(&self) -> UnixTime {
        self.header.created
    }

    /// The last request that was written down: requests are, at most once in a tenth of the idle timeout.
    pub fn last_seen(&self) -> UnixTime {
        self.header.last_seen
    }

    /// From when on the session is over if nobody uses it any more.
    pub fn expires_at(&self) -> UnixTime {
        self.header.expires_at(self.lifetimes)
    }

    /// Changes the id at the commit; the old one is dead then. To be used whenever rights change; [`Self::sign_in`]
    /// does it by itself. The lifetime goes on.
    ///
    /// # Errors
    /// [`SessionError::Destroyed`].
    pub fn rotate(&mut self) -> Result<(), SessionError> {
        self.check_usable()?;
        // A fresh session gets a new id in any case.
        let is_stored = self.reason().is_none();
        self.intent.rotate |= is_stored;
        self.intent.changed |= is_stored;
        Ok(())
    }

    /// Ends the session: the commit deletes its record, whatever other requests do meanwhile, and removes the cookie. If one of them has
    /// given the session a new id before, that is another session.
    /// Its values are gone at once, and it cannot be changed any more.
    pub fn destroy(&mut self) {
        self.data.reset();
        self.intent.destroyed = true;
        self.header.authenticated_at = None;
        self.header.csrf_secret = None;
    }

    /// Whether [`Self::destroy`] was called.
    pub fn is_destroyed(&self) -> bool {
        self.intent.destroyed
    }
}

/// Whether a session can have such an owner.
pub(crate) fn is_owner(name: &str) -> bool {
    (1..=MAX_OWNER_LENGTH).contains(&name.len())
}

/// Whether a session may live so many seconds.
pub(crate) fn is_lifetime(seconds: u64) -> bool {
    (1..=MAX_LIFETIME.as_secs()).contains(&seconds)
}

/// Whether a session with these times can be used at `now`.
pub(crate) fn check_times(header: &Header, lifetimes: Lifetimes, now: UnixTime) -> Result<(), Reason> {
    if header.created.is_beyond_skew(now) || header.last_seen.is_beyond_skew(now) {
        return Err(Reason::ClockAhead);
    }
    if header.expires_at(lifetimes) <= now { Err(Reason::Expired) } else { Ok(()) }
}
