//! A session while a request uses it.

mod access;
mod changes;
mod csrf;
mod data;
mod encoded;
mod error;
mod flash;
mod identity;
#[cfg(test)]
mod tests;

pub use crate::record::entries::MAX_KEY_LENGTH;
pub(crate) use changes::How;
pub use csrf::{CSRF_TOKEN_LENGTH, CsrfToken};
pub(crate) use data::{Data, Offsets, Refusal};
pub use error::{LargeKey, Misread, SessionError, TooLarge};
pub use identity::{MAX_LABEL_LENGTH, MAX_LIFETIME, MAX_OWNER_LENGTH};
pub(crate) use identity::{check_times, is_lifetime};

use core::ops::{Deref, DerefMut};

use crate::buffer::Buffer;
use crate::event::Event;
use crate::held::{Held, held};
use crate::id::SessionId;
use crate::record::header::{Header, Lifetimes};
use crate::store::{StoreKey, Tag};
use crate::time::UnixTime;
use crate::token::RecordKey;

/// A session while a request uses it.
///
/// All methods are synchronous and touch nothing but the session's own buffer; what they changed is written by
/// [`Manager::commit`](crate::manager::Manager::commit). A method that returns an error has changed nothing.
pub struct Session<B: Buffer>(Held<State<B>>);

/// What a session consists of.
#[doc(hidden)]
pub struct State<B: Buffer> {
    pub(crate) data: Data<B>,
    pub(crate) header: Header,
    pub(crate) origin: Origin,
    /// The key of the record that it was read from, under the newest key of the ring, where opening it gave that.
    pub(crate) record_key: Option<RecordKey>,
    pub(crate) intent: Intent,
    /// The time of the request.
    pub(crate) now: UnixTime,
    /// What the manager is configured with.
    pub(crate) lifetimes: Lifetimes,
    /// What happened when it was read.
    pub(crate) event: Option<Event>,
}

impl<B: Buffer> Session<B> {
    /// A fresh session, for which `record` is still to be opened.
    #[inline]
    pub(crate) fn new(record: B, limit: usize, lifetimes: Lifetimes, now: UnixTime) -> Self {
        Self(held(|| State {
            data: Data::new(record, limit),
            header: Header::new(now),
            origin: Origin::Fresh(Reason::Missing),
            record_key: None,
            intent: Intent::default(),
            now,
            lifetimes,
            event: None,
        }))
    }
}

impl<B: Buffer> Deref for Session<B> {
    type Target = State<B>;

    #[inline]
    fn deref(&self) -> &State<B> {
        &self.0
    }
}

impl<B: Buffer> DerefMut for Session<B> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State<B> {
        &mut self.0
    }
}

/// Where a session came from.
#[cfg_attr(
    not(feature = "alloc"),
    expect(clippy::large_enum_variant, reason = "there is no allocator to box with")
)]
pub(crate) enum Origin {
    /// It began with this request.
    Fresh(Reason),
    /// It was read from a record.
    Stored(Stored),
}

/// What is known of the record that a session was read from.
pub(crate) struct Stored {
    pub(crate) id: SessionId,
    pub(crate) key: StoreKey,
    /// The record's version at the time of the read.
    pub(crate) tag: Tag,
    /// Whether the cookie and the record were both sealed with the newest key.
    pub(crate) is_current: bool,
    /// From when on the record is over whatever anybody does; the request may change that of the session.
    pub(crate) ends_at: UnixTime,
    /// The record under a new id that an earlier attempt of this request's rotation has stored.
    pub(crate) successor: Option<Held<Successor>>,
}

/// A record that a rotation has stored under a new id, while the old one changed meanwhile.
pub(crate) struct Successor {
    pub(crate) id: SessionId,
    pub(crate) tag: Tag,
}

/// What a request did to its session besides changing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(crate) struct Intent {
    /// Something is to be stored.
    pub(crate) changed: bool,
    /// All entries were removed before those in the log were changed.
    pub(crate) cleared: bool,
    /// The id is to change.
    pub(crate) rotate: bool,
    /// The owner, the sign-in's time, the begin of the lifetime and the CSRF secret are new.
    pub(crate) signed_in: bool,
    /// The label is new.
    pub(crate) labelled: bool,
    /// The session's own lifetimes are new.
    pub(crate) lifetimes: bool,
    /// The session is to end.
    pub(crate) destroyed: bool,
    /// Nothing but the end is to be stored.
    pub(crate) discarded: bool,
}

impl Intent {
    /// One bit each, in the order of the fields.
    pub(crate) fn to_bits(self) -> u8 {
        let Self { changed, cleared, rotate, signed_in, labelled, lifetimes, destroyed, discarded } = self;
        [changed, cleared, rotate, signed_in, labelled, lifetimes, destroyed, discarded]
            .into_iter()
            .rev()
            .fold(0, |bits, is_set| bits << 1 | u8::from(is_set))
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        let is_set = |bit: u32| bits & 1_u8.rotate_left(bit) != 0;
        Self {
            changed: is_set(0),
            cleared: is_set(1),
            rotate: is_set(2),
            signed_in: is_set(3),
            labelled: is_set(4),
            lifetimes: is_set(5),
            destroyed: is_set(6),
            discarded: is_set(7),
        }
    }
}

/// Why a session is a fresh one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The request had no session cookie.
    NoCookie,
    /// The request had one, but no value of it opened: it is forged, damaged, sealed with a key that is not in the ring, or
    /// older than any session may become.
    BadCookie,
    /// The store has no record: the session was ended, rotated, or expired long ago.
    Missing,
    /// The session's idle or absolute timeout is over.
    Expired,
    /// The record does not open: it was tampered with, moved here from elsewhere, or sealed with another key.
    Unreadable,
    /// The record was written by a clock that runs more than 60 s ahead.
    ClockAhead,
}

impl Reason {
    /// A short name for logs and metrics, in `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCookie => "no_cookie",
            Self::BadCookie => "bad_cookie",
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
            Self::ClockAhead => "clock_ahead",
        }
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl<B: Buffer> Session<B> {
    /// The name of the session's record, for logs; a session that was never stored has none.
    pub fn key(&self) -> Option<StoreKey> {
        match &self.origin {
            Origin::Stored(stored) => Some(stored.key),
            Origin::Fresh(_) => None,
        }
    }

    /// The id that it was read under; a session that began with this request has none yet.
    pub(crate) fn id(&self) -> Option<&SessionId> {
        match &self.origin {
            Origin::Stored(stored) => Some(&stored.id),
            Origin::Fresh(_) => None,
        }
    }

    /// Why the session is a fresh one; `None` if it was read from a record.
    pub fn reason(&self) -> Option<Reason> {
        match self.origin {
            Origin::Stored(_) => None,
            Origin::Fresh(reason) => Some(reason),
        }
    }

    /// What happened when the session was read, if that is worth telling: it was refused, was over, or was read from an
    /// old record.
    pub fn event(&self) -> Option<Event> {
        self.event
    }

    /// Whether this request changed something that a commit now would store, or ended a session that there was.
    ///
    /// A commit may write without that: the time when the session was last seen, once it is due, and what is to be sealed
    /// with the newest key.
    pub fn is_changed(&self) -> bool {
        match self.origin {
            Origin::Fresh(_) => self.would_begin(),
            Origin::Stored(_) => self.intent.changed || self.intent.destroyed,
        }
    }

    /// Whether what a commit now would store needs a cookie to be found by, or for as long: it would begin or rotate the
    /// session, or change its lifetime. To be asked where a response has begun and can carry none.
    ///
    /// Cookies that can be done without do not count: those that remove an ended session's, that are sealed with a newer
    /// key, or that hold the session in another [`Placement`](crate::manager::Placement) than the store.
    pub fn needs_cookie(&self) -> bool {
        if self.reason().is_some() { self.would_begin() } else { self.intent.rotate || self.intent.lifetimes }
    }

    /// Whether a commit now would store a session that began with this request.
    pub(crate) fn would_begin(&self) -> bool {
        self.intent.changed && !self.intent.destroyed && self.holds_anything()
    }

    /// Drops this request's changes, as after a handler that failed. A [`Self::destroy`] stays, since whoever signs out
    /// must be signed out. The values are those of this request still; only the commit will not store them.
    pub fn discard_changes(&mut self) {
        self.intent = Intent { destroyed: self.intent.destroyed, discarded: true, ..Intent::default() };
    }

    /// Forgets what was done without a change, as removing what is not there: it belongs to the time before, and must not be done
    /// again to what others store later.
    pub(crate) fn forget_what_changed_nothing(&mut self) {
        if matches!(self.origin, Origin::Stored(_)) && self.check_usable().is_ok() {
            self.data.forget_changes();
            self.intent = Intent::default();
        }
    }

    fn check_usable(&self) -> Result<(), SessionError> {
        if self.intent.destroyed || self.intent.discarded { Err(SessionError::Destroyed) } else { Ok(()) }
    }
}

/// Shows whether and why the session is fresh, and what it is called in logs; none of its values.
impl<B: Buffer> core::fmt::Debug for Session<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session")
            .field("key", &self.key())
            .field("reason", &self.reason())
            .field("changed", &self.is_changed())
            .finish_non_exhaustive()
    }
}
