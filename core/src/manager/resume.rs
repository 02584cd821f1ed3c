//! The second phase: from the record to the session.

use super::Manager;
use super::open::{OpenedCookie, Pending};
use crate::buffer::Buffer;
use crate::event::Event;
use crate::id::SessionId;
use crate::record::header::Header;
use crate::session::{Origin, Reason, Refusal, Session, State, Stored, check_times};
use crate::store::StoreKey;
use crate::time::UnixTime;

impl Manager {
    /// The session of a request. `record` is what the store holds under [`Pending::key`], or empty if it holds nothing
    /// or there was nothing to read; the session goes on in this buffer.
    ///
    /// What is missing, expired, foreign or tampered with gives a fresh session, which knows the reason.
    pub fn resume<B: Buffer>(&self, pending: Pending, record: B, now: UnixTime) -> Session<B> {
        self.resume_with(pending, (record, false), now, |_, _| Err(Reason::Missing))
    }

    /// Makes it a fresh session, for this reason.
    pub(super) fn begin<B: Buffer>(session: &mut Session<B>, reason: Reason, key: Option<StoreKey>) {
        session.data.reset();
        session.header = Header::new(session.now);
        session.record_key = None;
        session.origin = Origin::Fresh(reason);
        session.event = Event::of_fresh(reason, key);
    }

    /// Begins anew with the session of a request that goes on, as a stream or a WebSocket, to read what other requests
    /// have stored since. Changes that were not committed are not in the session that comes of it. This one is as good as
    /// before, should the read fail.
    pub fn reload<B: Buffer>(&self, session: &Session<B>) -> Pending {
        let cookie = match &session.origin {
            Origin::Fresh(reason) => Err(*reason),
            Origin::Stored(Stored { id, key, is_current, .. }) => {
                Ok(OpenedCookie { id: id.clone(), key: *key, ring_index: usize::from(!is_current) })
            }
        };
        self.pending(cookie)
    }

    /// Opens the record of `id` with the ring's keys, a likely one first; tells which one it was.
    pub(super) fn unseal<B: Buffer>(
        &self,
        session: &mut Session<B>,
        id: &SessionId,
        likely: usize,
        now: UnixTime,
    ) -> Result<usize, Reason> {
        let State { data, header, record_key, .. } = &mut **session;
        if data.token().is_empty() {
            return Err(Reason::Missing);
        }
        for turn in 0..=self.ring.len() {
            let index = match turn.checked_sub(1) {
                None => likely,
                Some(index) if index == likely => continue,
                Some(index) => index,
            };
            let Some(root) = self.record_roots.get(index) else { continue };
            // Made where it stays: it is as large as it is secret.
            match data.open(record_key.insert(root.record_key(id)), header) {
                Ok(()) => {
                    if index > 0 {
                        *record_key = None;
                    }
                    check_times(header, self.lifetimes, now)?;
                    return Ok(index);
                }
                Err(Refusal::Content) => return Err(Reason::Unreadable),
                Err(Refusal::Key) => {}
            }
        }
        Err(Reason::Unreadable)
    }
}
