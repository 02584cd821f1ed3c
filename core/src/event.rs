//! What happened to a session, for logs and counters.

use crate::session::Reason;
use crate::store::StoreKey;

/// What happened to a session. The phases give events as values; hosts log and count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The name of the session's record, where it has one. An id never appears in an event.
    pub key: Option<StoreKey>,
}

impl Event {
    /// What a fresh session tells, that began for this reason; nothing where there was none before.
    pub(crate) fn of_fresh(reason: Reason, key: Option<StoreKey>) -> Option<Self> {
        let kind = match reason {
            Reason::NoCookie => return None,
            Reason::Expired => EventKind::Expired,
            reason => EventKind::Refused(reason),
        };
        Some(Self { kind, key })
    }
}

/// The kinds of [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The request's session was over, by its idle or absolute timeout, and a fresh one began.
    Expired,
    /// The request's cookie or record was not accepted for another reason, and a fresh session began.
    Refused(Reason),
    /// A record was stored for a fresh session.
    Created,
    /// Changes were stored.
    Stored,
    /// The time of the last request was stored, or the record was sealed anew under the newest key.
    Touched,
    /// That was not done, since another request changed the session meanwhile. Nothing is lost.
    TouchDropped,
    /// The session has a new id.
    Rotated,
    /// The session was ended by this request.
    Destroyed,
    /// Another request changed the session meanwhile; the changes of both are kept.
    Merged,
    /// Another request ended or rotated the session meanwhile; the changes of this request are lost.
    Ended,
    /// The store's record was older than what the browser brought along, as is expected of a store whose reads lag.
    StaleRead,
    /// The store could not be asked.
    StoreFailed,
}

impl EventKind {
    /// A short name for logs and metrics, in `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused(_) => "refused",
            Self::Created => "created",
            Self::Stored => "stored",
            Self::Touched => "touched",
            Self::TouchDropped => "touch_dropped",
            Self::Rotated => "rotated",
            Self::Destroyed => "destroyed",
            Self::Merged => "merged",
            Self::Ended => "ended",
            Self::StaleRead => "stale_read",
            Self::StoreFailed => "store_failed",
        }
    }
}
