//! Where a session is kept: in the store, in a cookie, or in both.

use core::time::Duration;

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::Buffer;
use crate::cookie::{self, Values};
use crate::event::{Event, EventKind};
use crate::id::SessionId;
use crate::session::{Origin, Reason, Session, State, Stored};
use crate::store::{StoreKey, Tag};
use crate::time::UnixTime;
use crate::token::{base64, timestamp_of};

/// What the name of the data cookie ends with.
pub(super) const DATA_SUFFIX: &str = "-data";
/// What browsers keep of a cookie: 4,096 bytes of name and value (RFC 6265bis section 5.6).
pub(super) const MAX_COOKIE: usize = 4_096;
/// What stands under a session's marker once it has ended.
pub(super) const ENDED: &[u8] = b"ended";
/// How many values of the data cookie are tried.
const MAX_VALUES: usize = 4;

/// Where a session is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// In the store: the cookie holds only the id. The choice for every store that reads what it has written.
    #[default]
    Store,
    /// In a second cookie, and in no store.
    ///
    /// Signing out only removes it from this browser: a copy of the cookies that somebody made before works until its
    /// lifetime is over. Of two responses that write, the last one wins; if the other one changed the id, the data of the last
    /// one does not open under it. Nobody's sessions can be listed or ended.
    Cookie,
    /// In the store, with a short-lived copy in a second cookie: for stores whose reads may be old, so that visitors
    /// see their own writes. A sign-out is final everywhere once the lag is over.
    Both {
        /// How old the store's reads may be.
        lag: Duration,
    },
}

impl Placement {
    pub(super) const fn has_cookie(self) -> bool {
        !matches!(self, Self::Store)
    }
}

/// What the host read for a session that is kept in the store and in a cookie.
pub struct Sources<B> {
    /// What the store holds under [`Pending::key`]; empty if nothing, or if there is no store.
    pub record: B,
    /// An empty buffer for the copy in the cookie.
    pub copy: B,
    /// Whether the store holds anything under [`Pending::ended_key`].
    pub has_ended: bool,
}

/// A source that opened.
pub(super) struct Opened<B: Buffer> {
    session: Session<B>,
    tag: Tag,
    ring_index: usize,
}

impl Manager {
    /// Where sessions are kept.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// The values of the data cookie, for [`Self::resume_placed`]; none where sessions are in the store alone.
    pub fn data_cookies<'h, H>(&self, cookie_headers: H) -> core::iter::Take<Values<'_, 'h, H::IntoIter>>
    where
        H: IntoIterator<Item = &'h [u8]>,
    {
        let most = if self.placement.has_cookie() { MAX_VALUES } else { 0 };
        cookie::values(cookie_headers, &self.data_name).take(most)
    }

    /// As [`Self::resume`], for every placement: takes the store's record and the values of the data cookie.
    ///
    /// In [`Placement::Both`] a session that is marked as ended is over. Otherwise the store's record and a young copy
    /// are compared by their revisions; the higher one counts, and the copy on a tie.
    pub fn resume_placed<'v, B: Buffer>(
        &self,
        pending: Pending,
        data_cookies: impl IntoIterator<Item = &'v [u8]>,
        sources: Sources<B>,
        now: UnixTime,
    ) -> Session<B> {
        let Sources { record, copy, has_ended } = sources;
        let open_copy = |id: &_, likely| self.open_copy(copy, id, likely, data_cookies, now);
        self.resume_with(pending, (record, has_ended), now, open_copy)
    }

    /// As [`Self::resume_placed`]; `open_copy` opens the copy in a cookie, if there is one, with a likely key first.
    pub(super) fn resume_with<B: Buffer>(
        &self,
        pending: Pending,
        (record, has_ended): (B, bool),
        now: UnixTime,
        open_copy: impl FnOnce(&SessionId, usize) -> Result<Opened<B>, Reason>,
    ) -> Session<B> {
        let mut session = Session::new(record, self.limit, self.lifetimes, now);
        let key = pending.key().copied();
        let OpenedCookie { id, key: stored_as, ring_index } = match pending.cookie {
            Ok(cookie) if !has_ended => cookie,
            refused => {
                Self::begin(&mut session, refused.err().unwrap_or(Reason::Missing), key);
                return session;
            }
        };
        let tag = Tag::of(session.data.token());
        let from_store = self.unseal(&mut session, &id, ring_index, now);
        let shown = from_store.ok().map(|_| session.header.revision);
        let opened = match (from_store, open_copy(&id, ring_index)) {
            (_, Ok(copy)) if shown.is_none_or(|shown| copy.session.header.revision >= shown) => {
                let is_stale =
                    shown != Some(copy.session.header.revision) && self.placement != Placement::Cookie;
                session = copy.session;
                session.event = is_stale.then_some(Event { kind: EventKind::StaleRead, key });
                Ok((copy.tag, copy.ring_index))
            }
            (Ok(opened_with), _) => Ok((tag, opened_with)),
            // Where there is no record, the copy may still tell why there is no session.
            (Err(Reason::Missing), Err(reason)) | (Err(reason), _) => Err(reason),
        };
        match opened {
            Ok((tag, opened_with)) => {
                session.origin = Origin::Stored(Stored {
                    id,
                    key: stored_as,
                    tag,
                    is_current: ring_index == 0 && opened_with == 0,
                    ends_at: session.header.ends_at(self.lifetimes),
                    successor: None,
                });
            }
            Err(reason) => Self::begin(&mut session, reason, key),
        }
        session
    }

    fn open_copy<'v, B: Buffer>(
        &self,
        buffer: B,
        id: &SessionId,
        likely: usize,
        data_cookies: impl IntoIterator<Item = &'v [u8]>,
        now: UnixTime,
    ) -> Result<Opened<B>, Reason> {
        let mut session = Session::new(buffer, self.limit, self.lifetimes, now);
        let mut refused = Reason::Missing;
        for value in data_cookies {
            let State { data, .. } = &mut *session;
            data.reset();
            if value.len() > MAX_COOKIE
                || data.fill(base64::decoded_len(value), |to| base64::decode(value, to).ok()).is_none()
            {
                continue;
            }
            let tag = Tag::of(data.token());
            let sealed_at = timestamp_of(data.token());
            let is_young = match self.placement {
                Placement::Both { lag } => sealed_at.is_some_and(|at| at.age(now) <= lag.saturating_mul(2)),
                Placement::Cookie => true,
                // What such a cookie says is from another time.
                Placement::Store => false,
            };
            if !is_young {
                continue;
            }
            match self.unseal(&mut session, id, likely, now) {
                Ok(ring_index) => return Ok(Opened { session, tag, ring_index }),
                // It may be that of the session before this one.
                Err(Reason::Unreadable) => {}
                Err(reason) => refused = reason,
            }
        }
        Err(refused)
    }
}

impl Pending {
    /// Where the host is to look whether the session has ended, in [`Placement::Both`]; `None` in the others.
    #[must_use]
    pub fn ended_key(&self) -> Option<&StoreKey> {
        self.ended.as_ref()
    }
}
