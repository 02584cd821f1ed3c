//! Where a session is kept: in the store, in a cookie, or in both.

use core::time::Duration;

use super::Manager;
use super::open::Pending;
use super::resume::Unsealed;
use crate::buffer::Buffer;
use crate::cookie::{self, Values};
use crate::event::{Event, EventKind};
use crate::id::SessionId;
use crate::record::header::Header;
use crate::session::{Data, Reason, Session, Stored};
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
    /// lifetime is over. Of two responses that write, the last one wins. Nobody's sessions can be listed or ended.
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
struct Opened<B: Buffer> {
    data: Data<B>,
    header: Header,
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
        if self.placement == Placement::Store {
            return self.resume(pending, sources.record, now);
        }
        let Sources { record, copy, has_ended } = sources;
        let mut record = Data::new(record, self.limit);
        let key = pending.key().copied();
        let cookie = match pending.cookie {
            Ok(cookie) if !has_ended => cookie,
            Ok(_) => return self.fresh(record, Reason::Missing, key, now),
            Err(reason) => return self.fresh(record, reason, key, now),
        };
        let tag = Tag::of(record.token());
        let from_store = self.unseal(&mut record, &cookie.id, cookie.ring_index, now);
        let copy = self.open_copy(copy, &cookie.id, cookie.ring_index, data_cookies, now);
        let stored = |tag, ring_index, header: &Header| {
            let is_current = cookie.ring_index == 0 && ring_index == 0;
            let ends_at = header.ends_at(self.lifetimes);
            Stored {
                id: cookie.id,
                key: cookie.key,
                tag,
                is_current,
                ends_at,
                record_key: None,
                successor: None,
            }
        };
        let shown = from_store.as_ref().ok().map(|record| record.header.revision);
        match (from_store, copy) {
            (_, Some(copy)) if shown.is_none_or(|shown| copy.header.revision >= shown) => {
                let is_stale = shown != Some(copy.header.revision) && self.placement != Placement::Cookie;
                let event = is_stale.then_some(Event { kind: EventKind::StaleRead, key });
                let stored = stored(copy.tag, copy.ring_index, &copy.header);
                self.stored(copy.data, copy.header, stored, event, now)
            }
            (Ok(Unsealed { header, ring_index, .. }), _) => {
                let stored = stored(tag, ring_index, &header);
                self.stored(record, header, stored, None, now)
            }
            (Err(reason), _) => self.fresh(record, reason, key, now),
        }
    }

    fn open_copy<'v, B: Buffer>(
        &self,
        buffer: B,
        id: &SessionId,
        likely: usize,
        data_cookies: impl IntoIterator<Item = &'v [u8]>,
        now: UnixTime,
    ) -> Option<Opened<B>> {
        let mut data = Data::new(buffer, self.limit);
        for value in data_cookies {
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
                Placement::Store | Placement::Cookie => true,
            };
            if is_young
                && let Ok(Unsealed { header, ring_index, .. }) = self.unseal(&mut data, id, likely, now)
            {
                return Some(Opened { data, header, tag, ring_index });
            }
        }
        None
    }
}

impl Pending {
    /// Where the host is to look whether the session has ended, in [`Placement::Both`]; `None` in the others.
    #[must_use]
    pub fn ended_key(&self) -> Option<&StoreKey> {
        self.ended.as_ref()
    }
}
