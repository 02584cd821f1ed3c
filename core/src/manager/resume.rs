//! The second phase: from the record to the session.

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::Buffer;
use crate::event::Event;
use crate::id::SessionId;
use crate::record::header::Header;
use crate::record::seal::RecordKey;
use crate::session::{Data, Intent, Origin, Reason, Refusal, Session, Stored, check_times};
use crate::store::{StoreKey, Tag};
use crate::time::UnixTime;

/// A record that opened, and with which key.
pub(super) struct Unsealed {
    pub(super) header: Header,
    pub(super) ring_index: usize,
    record_key: RecordKey,
}

impl Unsealed {
    /// The header; and the record's key if it is the one to seal with again.
    pub(super) fn keep(self) -> (Header, Option<RecordKey>) {
        (self.header, (self.ring_index == 0).then_some(self.record_key))
    }
}

impl Manager {
    /// The session of a request. `record` is what the store holds under [`Pending::key`], or empty if it holds nothing
    /// or there was nothing to read; the session goes on in this buffer.
    ///
    /// What is missing, expired, foreign or tampered with gives a fresh session, which knows the reason.
    pub fn resume<B: Buffer>(&self, pending: Pending, record: B, now: UnixTime) -> Session<B> {
        let mut data = Data::new(record, self.limit);
        let key = pending.key().copied();
        let opened = pending.cookie.and_then(|cookie| self.open_record(&mut data, cookie, now));
        match opened {
            Ok((header, stored)) => self.stored(data, header, stored, None, now),
            Err(reason) => self.fresh(data, reason, key, now),
        }
    }

    pub(super) fn stored<B: Buffer>(
        &self,
        data: Data<B>,
        header: Header,
        stored: Stored,
        event: Option<Event>,
        now: UnixTime,
    ) -> Session<B> {
        let origin = Origin::Stored(stored);
        Session { data, header, origin, intent: Intent::default(), now, lifetimes: self.lifetimes, event }
    }

    pub(super) fn fresh<B: Buffer>(
        &self,
        mut data: Data<B>,
        reason: Reason,
        key: Option<StoreKey>,
        now: UnixTime,
    ) -> Session<B> {
        data.reset();
        Session {
            data,
            header: Header::new(now),
            origin: Origin::Fresh(reason),
            intent: Intent::default(),
            now,
            lifetimes: self.lifetimes,
            event: Event::of_fresh(reason, key),
        }
    }

    /// Begins anew with the session of a request that goes on, as a stream or a WebSocket, to read what other requests
    /// have stored since. Changes that were not committed are dropped.
    pub fn reload<B: Buffer>(&self, session: Session<B>) -> Pending {
        let cookie = match session.origin {
            Origin::Fresh(reason) => Err(reason),
            Origin::Stored(Stored { id, key, is_current, .. }) => {
                Ok(OpenedCookie { id, key, ring_index: usize::from(!is_current) })
            }
        };
        self.pending(cookie)
    }

    fn open_record<B: Buffer>(
        &self,
        data: &mut Data<B>,
        cookie: OpenedCookie,
        now: UnixTime,
    ) -> Result<(Header, Stored), Reason> {
        let OpenedCookie { id, key, ring_index } = cookie;
        let tag = Tag::of(data.token());
        let unsealed = self.unseal(data, &id, ring_index, now)?;
        let is_current = ring_index == 0 && unsealed.ring_index == 0;
        let (header, record_key) = unsealed.keep();
        let ends_at = header.ends_at(self.lifetimes);
        Ok((header, Stored { id, key, tag, is_current, ends_at, record_key, successor: None }))
    }

    /// Opens the record of `id` with the ring's keys, a likely one first.
    pub(super) fn unseal<B: Buffer>(
        &self,
        data: &mut Data<B>,
        id: &SessionId,
        likely: usize,
        now: UnixTime,
    ) -> Result<Unsealed, Reason> {
        if data.token().is_empty() {
            return Err(Reason::Missing);
        }
        let by_likeliness = |(index, _): &(usize, _)| *index != likely;
        let keys = || self.ring.keys().enumerate();
        let likely = keys().filter(|key| !by_likeliness(key));
        for (index, ring_key) in likely.chain(keys().filter(by_likeliness)) {
            let record_key = self.namespace.record_key(ring_key, id);
            match data.open(&record_key.expand()) {
                Ok(header) => {
                    check_times(&header, self.lifetimes, now)?;
                    return Ok(Unsealed { header, ring_index: index, record_key });
                }
                Err(Refusal::Content) => return Err(Reason::Unreadable),
                Err(Refusal::Key) => {}
            }
        }
        Err(Reason::Unreadable)
    }
}
