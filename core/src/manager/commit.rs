//! The third phase: from the session to the writes that store it.

use core::time::Duration;

use rand_core::CryptoRng;

use super::{Filed, Manager};
use crate::buffer::Buffer;
use crate::id::SessionId;
use crate::session::{Origin, Session, SessionError, Successor};
use crate::store::{Condition, Operation, StoreKey, Tag};
use crate::time::{MAX_CLOCK_SKEW, UnixTime};

/// How long a store keeps a record beyond its session's end, so that the core's clock judges.
pub(super) const STORE_GRACE: Duration = Duration::from_secs(MAX_CLOCK_SKEW);

/// The last-seen time is written at most so many times in an idle timeout.
const TOUCHES_PER_IDLE_TIMEOUT: u64 = 10;

/// The writes that store a session, one after the other.
///
/// The host carries out [`Self::operation`] and says [`Self::applied`], until there is none left. If the store says
/// that the condition does not hold, [`Manager::conflict`] decides what next; if the store fails, the commit is
/// given up, and its [`Self::orphan`] deleted if that can be done.
pub struct Commit<B: Buffer> {
    pub(super) session: Session<B>,
    pub(super) plan: Plan,
    /// How many operations of the plan are done.
    pub(super) done: u8,
    pub(super) now: UnixTime,
    /// Whether an earlier attempt met a conflict.
    pub(super) failure: Option<SessionError>,
}

/// What is to be written.
pub(super) enum Plan {
    /// Nothing.
    Nothing,
    /// Put a new record.
    Create(Target),
    /// Put the record again.
    Store { target: Target, tag: Tag, purpose: Purpose },
    /// Put a record under a new id, then delete the old one.
    Rotate { target: Target, condition: Condition, old_key: StoreKey, old_tag: Tag },
    /// Delete the record.
    Destroy(StoreKey),
    /// Another request ended the session: delete what this one stored meanwhile, if anything.
    Ended(Option<StoreKey>),
    /// A touch met a conflict.
    Dropped,
}

/// The record to write.
pub(super) struct Target {
    pub(super) id: SessionId,
    pub(super) key: StoreKey,
    pub(super) filed: Option<Filed>,
    /// The initialization vector of the cookie, if one is to be sent.
    pub(super) cookie_iv: Option<[u8; 16]>,
}

/// Why an existing record is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The request changed the session.
    Change,
    /// The last-seen time is due, or the key is not the newest: not worth a conflict.
    Touch,
}

/// A session cannot be committed. Nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitError {
    /// An update has to be run again after a conflict, and was not: see
    /// [`Session::pending_updates`](crate::session::Session::pending_updates).
    PendingUpdate,
    /// [`Manager::finish`] was called before all operations were applied.
    Unfinished,
    /// The session cannot be written.
    Session(SessionError),
}

impl core::fmt::Display for CommitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::PendingUpdate => f.write_str(
                "the session changed meanwhile and an update was not run again: repeat the updates that pending_updates names",
            ),
            Self::Unfinished => f.write_str("not all operations of the commit were applied: apply them before finishing"),
            Self::Session(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CommitError {}

impl From<SessionError> for CommitError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl<B: Buffer> Commit<B> {
    /// The next operation; `None` when all are done.
    pub fn operation(&self) -> Option<Operation<'_>> {
        match (&self.plan, self.done) {
            (Plan::Create(target), 0) => Some(self.put(target, Condition::Absent)),
            (Plan::Store { target, tag, .. }, 0) => Some(self.put(target, Condition::Matches(*tag))),
            (Plan::Rotate { target, condition, .. }, 0) => Some(self.put(target, *condition)),
            (Plan::Rotate { old_key, old_tag, .. }, 1) => {
                Some(Operation::Delete { key: *old_key, condition: Condition::Matches(*old_tag) })
            }
            (Plan::Destroy(key) | Plan::Ended(Some(key)), 0) => {
                Some(Operation::Delete { key: *key, condition: Condition::Any })
            }
            _ => None,
        }
    }

    /// Says that the operation was carried out.
    pub fn applied(&mut self) {
        self.done = self.done.saturating_add(1);
    }

    /// Whether the operations may be left undone if the store fails: the session is as good without.
    pub fn is_optional(&self) -> bool {
        matches!(self.plan, Plan::Store { purpose: Purpose::Touch, .. })
    }

    /// Says that the operations were left undone.
    pub fn drop_optional(&mut self) {
        if self.is_optional() {
            self.plan = Plan::Dropped;
        }
    }

    /// Whether the operations must all be carried out even if the client is gone: there is a delete among them.
    pub fn must_finish(&self) -> bool {
        matches!(self.plan, Plan::Rotate { .. } | Plan::Destroy(_) | Plan::Ended(Some(_)))
    }

    /// The new record, which no browser knows of, that a commit may leave behind when it is given up: worth deleting.
    pub fn orphan(&self) -> Option<StoreKey> {
        match &self.plan {
            Plan::Create(target) | Plan::Rotate { target, .. } => Some(target.key),
            _ => None,
        }
    }

    /// The name of the record that is written or deleted, for logs.
    pub fn key(&self) -> Option<StoreKey> {
        match &self.plan {
            Plan::Create(target) | Plan::Store { target, .. } | Plan::Rotate { target, .. } => {
                Some(target.key)
            }
            Plan::Destroy(key) => Some(*key),
            Plan::Ended(_) | Plan::Dropped | Plan::Nothing => self.session.key(),
        }
    }

    fn put<'c>(&'c self, target: &'c Target, condition: Condition) -> Operation<'c> {
        Operation::Put {
            key: target.key,
            record: self.session.data.token(),
            expires_at: self.session.expires_at().after(STORE_GRACE),
            condition,
            filing: target.filed.as_ref().map(Filed::filing),
        }
    }
}

impl Manager {
    /// Seals what a request did to its session, and says what is to be written.
    ///
    /// # Errors
    /// [`CommitError::PendingUpdate`]; [`CommitError::Session`] if a record from elsewhere is over the limit.
    pub fn commit<B: Buffer>(
        &self,
        mut session: Session<B>,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<Commit<B>, CommitError> {
        if session.pending_updates().next().is_some() && !session.intent.discarded {
            return Err(CommitError::PendingUpdate);
        }
        let plan = self.plan(&mut session, now, rng)?;
        Ok(Commit { session, plan, done: 0, now, failure: None })
    }

    fn plan<B: Buffer>(
        &self,
        session: &mut Session<B>,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<Plan, CommitError> {
        let intent = session.intent;
        let Origin::Stored(stored) = &mut session.origin else {
            if !intent.changed || intent.destroyed {
                return Ok(Plan::Nothing);
            }
            let id = self.generate_id(rng);
            return Ok(Plan::Create(self.seal(session, id, true, true, now, rng)?));
        };
        if intent.destroyed {
            return Ok(Plan::Destroy(stored.key));
        }
        if intent.discarded {
            return Ok(Plan::Nothing);
        }
        let (key, tag, is_current) = (stored.key, stored.tag, stored.is_current);
        if intent.rotate {
            let (id, condition) = match stored.successor.take() {
                Some(Successor { id, tag, .. }) => (id, Condition::Matches(tag)),
                None => (self.generate_id(rng), Condition::Absent),
            };
            let target = self.seal(session, id, true, true, now, rng)?;
            return Ok(Plan::Rotate { target, condition, old_key: key, old_tag: tag });
        }
        let touch_is_due = {
            let unseen = session.header.last_seen.age(now).as_secs();
            let idle = session.header.lifetimes(self.lifetimes).idle.as_secs();
            unseen.saturating_mul(TOUCHES_PER_IDLE_TIMEOUT) >= idle
        };
        let purpose = match (intent.changed, is_current && !touch_is_due) {
            (true, _) => Purpose::Change,
            (false, false) => Purpose::Touch,
            (false, true) => return Ok(Plan::Nothing),
        };
        let id = stored.id.clone();
        // Changed lifetimes change the cookie's as well, and how long the owner's list has to remember.
        let send_cookie = !is_current || intent.lifetimes;
        let target = self.seal(session, id, send_cookie, send_cookie, now, rng)?;
        Ok(Plan::Store { target, tag, purpose })
    }

    fn generate_id(&self, rng: &mut impl CryptoRng) -> SessionId {
        let mut random = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(random.as_mut_slice());
        (self.make_id)(*random)
    }

    /// Seals the session, in place, as the record of `id`.
    fn seal<B: Buffer>(
        &self,
        session: &mut Session<B>,
        id: SessionId,
        send_cookie: bool,
        is_new: bool,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<Target, CommitError> {
        session.ensure_csrf_secret(rng);
        session.data.prune(now);
        session.header.last_seen = session.header.last_seen.max(now);
        session.header.revision = session.header.revision.saturating_add(1);
        let key = self.namespace.store_key(&id);
        let filed = self.file(session, &key, is_new, now, rng);
        let mut ivs = [[0; 16]; 2];
        rng.fill_bytes(ivs.as_flattened_mut());
        let [record_iv, cookie_iv] = ivs;
        let record_key = self.namespace.record_key(self.ring.newest(), &id);
        session.data.seal(&session.header, &record_key, now, record_iv)?;
        Ok(Target { id, key, filed, cookie_iv: send_cookie.then_some(cookie_iv) })
    }
}
