//! The last phase: what the browser is told, and what happened.

use super::commit::{Commit, CommitError, Plan, Purpose, Target, Work};
use super::placement::DATA_SUFFIX;
use super::{Manager, Placement};
use crate::buffer::{Buffer, Full};
use crate::cookie;
use crate::event::{Event, EventKind};
use crate::held::Held;
use crate::id::SessionId;
use crate::session::{Intent, Origin, Reason, Session, State, Stored};
use crate::store::Tag;
use crate::time::UnixTime;
use crate::token::base64;

/// A commit whose operations are all done.
pub struct Finished<B: Buffer> {
    session: Session<B>,
    work: Held<Work>,
}

/// One `Set-Cookie` header.
pub struct SetCookie<'a> {
    manager: &'a Manager,
    /// What the name ends with.
    suffix: &'static str,
    value: Value<'a>,
    /// In seconds; until the browser closes, if there is none.
    max_age: Option<u64>,
}

/// The age at which a browser removes a cookie.
const REMOVED: Option<u64> = Some(0);

enum Value<'a> {
    /// The id, to be sealed at this time with this initialization vector.
    Id(&'a SessionId, UnixTime, [u8; 16]),
    /// The record.
    Data(&'a [u8]),
    Removed,
}

impl SetCookie<'_> {
    /// Appends the header's value, as in `__Host-session=…; Path=/; …`: ASCII.
    ///
    /// # Errors
    /// [`Full`] if it does not fit: 1,024 bytes always do for the id, 5,120 for a session kept in a cookie.
    pub fn append_to<B: Buffer + ?Sized>(&self, out: &mut B) -> Result<(), Full> {
        cookie::set::append(out, &self.manager.cookie, self.suffix, self.max_age, |out| match self.value {
            Value::Data(record) => base64::append_unpadded(record, out),
            Value::Id(id, at, iv) => self.manager.ring.seal_text(id.as_bytes(), at, iv, out),
            Value::Removed => Ok(()),
        })
    }

    /// The header's value.
    #[cfg(feature = "alloc")]
    pub fn to_bytes(&self) -> alloc::vec::Vec<u8> {
        let mut bytes = alloc::vec::Vec::with_capacity(320);
        // A vector is never full.
        let _ = self.append_to(&mut bytes);
        bytes
    }
}

impl<B: Buffer> Finished<B> {
    /// Whether another request ended or rotated the session meanwhile, so that this one's changes are lost.
    pub fn has_lost_changes(&self) -> bool {
        matches!(self.work.plan, Plan::Ended)
    }

    /// What happened; `None` if nothing was to be done.
    pub fn event(&self) -> Option<Event> {
        let kind = match self.work.plan {
            Plan::Nothing => return None,
            Plan::Create => EventKind::Created,
            Plan::Store(Purpose::Change) => EventKind::Stored,
            Plan::Store(Purpose::Touch) => EventKind::Touched,
            Plan::Rotate(_) => EventKind::Rotated,
            Plan::Destroy(_) => EventKind::Destroyed,
            Plan::Ended => EventKind::Ended,
            Plan::Dropped => EventKind::TouchDropped,
        };
        Some(Event { kind, key: self.work.key().or_else(|| self.session.key()) })
    }
}

impl Manager {
    /// Ends a commit.
    ///
    /// # Errors
    /// [`CommitError::Unfinished`] if an operation is left: the cookies must not be sent then.
    /// [`CommitError::Session`] if the session became too large by another request's changes; this one's are lost.
    pub fn finish<B: Buffer>(&self, commit: Commit<B>) -> Result<Finished<B>, CommitError> {
        if commit.operation().is_some() {
            return Err(CommitError::Unfinished);
        }
        let Commit { session, mut work } = commit;
        match work.failure.take() {
            Some(error) => Err(error.into()),
            None => Ok(Finished { session, work }),
        }
    }

    /// The `Set-Cookie` headers of a response, to be appended to it.
    pub fn cookies<'a, B: Buffer>(
        &'a self,
        finished: &'a Finished<B>,
    ) -> impl Iterator<Item = SetCookie<'a>> {
        let header = &finished.session.header;
        let left = finished.work.now.age(header.ends_at(self.lifetimes)).as_secs();
        let kept = (self.is_persistent || header.absolute_timeout.is_some()).then_some(left);
        let cookie = |suffix, value, max_age| Some(SetCookie { manager: self, suffix, value, max_age });
        let cookies = match (&finished.work.target, finished.work.plan) {
            (Some(target), _) => {
                let id = target.new_id.as_ref().or_else(|| finished.session.id()).zip(target.cookie_iv);
                let id = id.and_then(|(id, iv)| cookie("", Value::Id(id, finished.work.now, iv), kept));
                let data = Value::Data(finished.session.data.token());
                let data = match self.placement {
                    Placement::Store => None,
                    Placement::Cookie => cookie(DATA_SUFFIX, data, kept),
                    Placement::Both { lag } => {
                        cookie(DATA_SUFFIX, data, Some(left.min(lag.as_secs().saturating_mul(2))))
                    }
                };
                [data, id]
            }
            (None, Plan::Destroy(_)) => self.removals(),
            (None, _) => [None, None],
        };
        // The id comes last: a browser that keeps only part of a response's cookies keeps no id without its data.
        cookies.into_iter().flatten()
    }

    /// The `Set-Cookie` headers that remove the session's cookies, for a response that refuses a cookie which does not
    /// open. Not for one that names a session which has ended: the browser may have been given another one meanwhile.
    pub fn removal_cookies(&self) -> impl Iterator<Item = SetCookie<'_>> {
        self.removals().into_iter().flatten()
    }

    fn removals(&self) -> [Option<SetCookie<'_>>; 2] {
        let removal = |suffix| SetCookie { manager: self, suffix, value: Value::Removed, max_age: REMOVED };
        [self.placement.has_cookie().then(|| removal(DATA_SUFFIX)), Some(removal(""))]
    }

    /// Takes the session up again after a commit, as in a stream or a WebSocket, without a read.
    ///
    /// A session that has ended stays as after [`Session::destroy`].
    pub fn reopen<B: Buffer>(&self, finished: Finished<B>, now: UnixTime) -> Session<B> {
        let Finished { mut session, mut work } = finished;
        session.now = now;
        let tag = Tag::of(session.data.token());
        let ends_at = session.header.ends_at(self.lifetimes);
        match (work.target.take(), work.plan) {
            (None, Plan::Nothing) => {
                session.forget_what_changed_nothing();
                return session;
            }
            (Some(Target { new_id: Some(id), key, .. }), _) => {
                session.origin =
                    Origin::Stored(Stored { id, key, tag, is_current: true, ends_at, successor: None });
            }
            (Some(_), _) => {
                if let Origin::Stored(stored) = &mut session.origin {
                    (stored.tag, stored.is_current, stored.ends_at) = (tag, true, ends_at);
                }
            }
            // The record is the one that was read, or another request's: the next write will tell.
            (None, Plan::Dropped) if !session.intent.destroyed => {}
            (None, _) => session.origin = Origin::Fresh(Reason::Missing),
        }
        let State { data, header, origin, record_key, intent, .. } = &mut *session;
        if let Origin::Stored(stored) = origin
            && let record_key = record_key.insert(self.record_roots.newest().record_key(&stored.id))
            && data.open(record_key, header).is_ok()
        {
            data.forget_changes();
            *intent = Intent::default();
            return session;
        }
        // Whoever goes on with a session that has ended must not begin another one by that.
        session.destroy();
        session.origin = Origin::Fresh(Reason::Missing);
        session
    }
}
