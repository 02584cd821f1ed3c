//! The second phase: from the record to the session.

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::Buffer;
use crate::event::Event;
use crate::id::SessionId;
use crate::record::header::Header;
use crate::session::{Data, Origin, Reason, Refusal, Session, Stored, check_times};
use crate::store::StoreKey;
use crate::time::UnixTime;
use crate::token::LightKey;

/// With which key a record opened.
pub(super) struct Unsealed {
    pub(super) ring_index: usize,
    record_key: LightKey,
}

impl Unsealed {
    /// The record's key if it is the one to seal with again.
    pub(super) fn record_key(self) -> Option<LightKey> {
        (self.ring_index == 0).then_some(self.record_key)
    }
}

impl Manager {
    /// The session of a request. `record` is what the store holds under [`Pending::key`], or empty if it holds nothing
    /// or there was nothing to read; the session goes on in this buffer.
    ///
    /// What is missing, expired, foreign or tampered with gives a fresh session, which knows the reason.
    pub fn resume<B: Buffer>(&self, pending: Pending, record: B, now: UnixTime) -> Session<B> {
        self.resume_with(pending, (record, false), now, |_, _| None)
    }

    /// Makes it a fresh session, for this reason.
    pub(super) fn begin<B: Buffer>(session: &mut Session<B>, reason: Reason, key: Option<StoreKey>) {
        session.data.reset();
        session.header = Header::new(session.now);
        session.origin = Origin::Fresh(reason);
        session.event = Event::of_fresh(reason, key);
    }

    /// Begins anew with the session of a request that goes on, as a stream or a WebSocket, to read what other requests
    /// have stored since. Changes that were not committed are dropped.
    pub fn reload<B: Buffer>(&self, mut session: Session<B>) -> Pending {
        let cookie = match core::mem::replace(&mut session.origin, Origin::Fresh(Reason::Missing)) {
            Origin::Fresh(reason) => Err(reason),
            Origin::Stored(Stored { id, key, is_current, .. }) => {
                Ok(OpenedCookie { id, key, ring_index: usize::from(!is_current) })
            }
        };
        self.pending(cookie)
    }

    /// Opens the record of `id` with the ring's keys, a likely one first.
    pub(super) fn unseal<B: Buffer>(
        &self,
        data: &mut Data<B>,
        header: &mut Header,
        id: &SessionId,
        likely: usize,
        now: UnixTime,
    ) -> Result<Unsealed, Reason> {
        if data.token().is_empty() {
            return Err(Reason::Missing);
        }
        let by_likeliness = |(index, _): &(usize, _)| *index != likely;
        let roots = || self.record_roots.iter().enumerate();
        let likely = roots().filter(|root| !by_likeliness(root));
        for (index, root) in likely.chain(roots().filter(by_likeliness)) {
            let record_key = root.record_key(id);
            match data.open(&record_key) {
                Ok(opened) => {
                    *header = opened;
                    check_times(header, self.lifetimes, now)?;
                    return Ok(Unsealed { ring_index: index, record_key });
                }
                Err(Refusal::Content) => return Err(Reason::Unreadable),
                Err(Refusal::Key) => {}
            }
        }
        Err(Reason::Unreadable)
    }
}
