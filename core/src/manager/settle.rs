//! Whether a session needs a commit at all.

use super::Manager;
use crate::buffer::Buffer;
use crate::session::{Origin, Session};
use crate::time::UnixTime;

/// The last-seen time is written at most so many times in an idle timeout.
const TOUCHES_PER_IDLE_TIMEOUT: u64 = 10;

impl Manager {
    /// Whether there is nothing to be written for the session. It is then as after a commit and [`Self::reopen`], without
    /// either: most requests only read.
    pub fn settle<B: Buffer>(&self, session: &mut Session<B>, now: UnixTime) -> bool {
        let is_settled = !self.needs_commit(session, now);
        if is_settled {
            session.now = now;
            session.forget_what_changed_nothing();
        }
        is_settled
    }

    /// Whether a commit would write anything.
    pub(super) fn needs_commit<B: Buffer>(&self, session: &Session<B>, now: UnixTime) -> bool {
        let intent = session.intent;
        match &session.origin {
            Origin::Fresh(_) => session.would_begin(),
            Origin::Stored(_) if intent.destroyed || intent.discarded => intent.destroyed,
            Origin::Stored(stored) => {
                intent.changed || intent.rotate || !stored.is_current || self.touch_is_due(session, now)
            }
        }
    }

    fn touch_is_due<B: Buffer>(&self, session: &Session<B>, now: UnixTime) -> bool {
        let unseen = session.header.last_seen.age(now).as_secs();
        let idle = session.header.lifetimes(self.lifetimes).idle;
        unseen.saturating_mul(TOUCHES_PER_IDLE_TIMEOUT) >= idle
    }
}
