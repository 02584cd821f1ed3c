//! The third phase: from the session to the writes that store it.

use core::time::Duration;

use rand_core::CryptoRng;

use super::placement::ENDED;
use super::{Filed, Manager, Placement};
use crate::buffer::Buffer;
use crate::held::{Held, held};
use crate::id::SessionId;
use crate::primitives::Secret;
use crate::session::{Origin, Session, SessionError, State};
use crate::store::{Condition, Operation, StoreKey};
use crate::time::{MAX_CLOCK_SKEW, UnixTime};
use crate::token::RecordKey;
use crate::value::ValueError;

/// How long a store keeps a record beyond its session's end, so that the core's clock judges.
pub(super) const STORE_GRACE: Duration = Duration::from_secs(MAX_CLOCK_SKEW);

/// The writes that store a session, one after the other.
///
/// The host carries out [`Self::operation`] and says [`Self::applied`], until there is none left. If the store says
/// that the condition does not hold, [`Manager::conflict`] decides what next; if the store fails, the commit is
/// given up, and its [`Self::orphan`] deleted if that can be done.
pub struct Commit<B: Buffer> {
    pub(super) session: Session<B>,
    pub(super) work: Held<Work>,
}

/// What a commit has to do, and how far it has come.
pub(super) struct Work {
    pub(super) plan: Plan,
    /// The record that the plan writes, if it does.
    pub(super) target: Option<Target>,
    pub(super) steps: Steps,
    /// How many steps are done.
    pub(super) done: usize,
    pub(super) now: UnixTime,
    /// Why changes are lost, if they are.
    pub(super) failure: Option<SessionError>,
}

/// What a commit comes to.
#[derive(Clone, Copy)]
pub(super) enum Plan {
    /// Nothing.
    Nothing,
    /// A new record.
    Create,
    /// The record again.
    Store(Purpose),
    /// A record under a new id instead of the old one, which has this key.
    Rotate(StoreKey),
    /// No record any more.
    Destroy(StoreKey),
    /// Another request ended the session.
    Ended,
    /// A touch met a conflict, or the store failed.
    Dropped,
}

/// What a plan takes: a marker, a put and a delete at the most.
pub(super) type Steps = heapless::Vec<Step, 3>;

/// One operation of a plan.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// Put the marker that a session has ended.
    Mark(StoreKey),
    /// Put the sealed session under the target's key.
    Put(Condition),
    /// Delete a record.
    Delete(StoreKey, Condition),
}

/// The record to seal.
struct Place {
    key: StoreKey,
    /// Its id, and its key under the newest key of the ring; nothing for the record that the session was read from, whose id is known
    /// and whose key follows from it, where it is not known.
    new: Option<(SessionId, RecordKey)>,
}

/// The record to write.
pub(super) struct Target {
    /// Its id, if that is not the one that the session was read under.
    pub(super) new_id: Option<SessionId>,
    pub(super) key: StoreKey,
    pub(super) filed: Option<Held<Filed>>,
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
        Some(match *self.work.steps.get(self.work.done)? {
            Step::Mark(key) => Operation::Put {
                key,
                record: ENDED,
                expires_at: self.ends_at().after(STORE_GRACE),
                condition: Condition::Absent,
                filing: None,
            },
            Step::Put(condition) => {
                let target = self.work.target.as_ref()?;
                Operation::Put {
                    key: target.key,
                    record: self.session.data.token(),
                    expires_at: self.session.expires_at().after(STORE_GRACE),
                    condition,
                    filing: target.filed.as_ref().map(|filed| filed.filing()),
                }
            }
            Step::Delete(key, condition) => Operation::Delete { key, condition },
        })
    }

    /// Until when the record that was read could come back, by a write that comes late.
    fn ends_at(&self) -> UnixTime {
        match &self.session.origin {
            Origin::Stored(stored) => stored.ends_at,
            Origin::Fresh(_) => self.work.now,
        }
    }

    /// Says that the operation was carried out.
    pub fn applied(&mut self) {
        self.work.done = self.work.done.saturating_add(1);
    }

    /// Whether the operation may be left undone if the store fails: a touch, without which the session is as good; and the
    /// deletion of a record that is marked as ended already, and so ended for every reader.
    pub fn is_optional(&self) -> bool {
        self.is_touch() || self.is_marked()
    }

    /// Says that the operation was left undone. Nothing happens if it [may not be](Self::is_optional).
    pub fn drop_optional(&mut self) {
        if self.is_touch() {
            self.work.give_up(Plan::Dropped);
        } else if self.is_marked() {
            self.applied();
        }
    }

    fn is_touch(&self) -> bool {
        matches!(self.work.plan, Plan::Store(Purpose::Touch))
    }

    /// Whether the marker is there that the session, or the one that it was before, has ended.
    fn is_marked(&self) -> bool {
        self.work.steps.iter().take(self.work.done).any(|step| matches!(step, Step::Mark(_)))
    }

    /// Whether the operations must all be carried out even if the client is gone: something ends with them.
    pub fn must_finish(&self) -> bool {
        self.work.steps.iter().any(|step| !matches!(step, Step::Put(_)))
    }

    /// The new record, which no browser knows of, that a commit may leave behind when it is given up: worth deleting.
    pub fn orphan(&self) -> Option<StoreKey> {
        match self.work.plan {
            Plan::Create | Plan::Rotate(_) => self.work.target.as_ref().map(|target| target.key),
            _ => None,
        }
    }

    /// The name of the record that is written or deleted, for logs.
    pub fn key(&self) -> Option<StoreKey> {
        self.work.key().or_else(|| self.session.key())
    }
}

impl Work {
    /// The name of the record that is written or deleted, if any is.
    pub(super) fn key(&self) -> Option<StoreKey> {
        match self.plan {
            Plan::Destroy(key) => Some(key),
            _ => self.target.as_ref().map(|target| target.key),
        }
    }

    /// Changes to a plan that writes no record.
    pub(super) fn give_up(&mut self, plan: Plan) {
        self.plan = plan;
        self.target = None;
        self.steps.clear();
        self.done = 0;
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
        let mut work = held(|| Work {
            plan: Plan::Nothing,
            target: None,
            steps: Steps::new(),
            done: 0,
            now,
            failure: None,
        });
        work.plan = self.plan(&mut session, &mut work, rng)?;
        Ok(Commit { session, work })
    }

    #[inline(never)]
    fn plan<B: Buffer>(
        &self,
        session: &mut Session<B>,
        work: &mut Work,
        rng: &mut impl CryptoRng,
    ) -> Result<Plan, CommitError> {
        let Work { target, steps, now, .. } = work;
        if !self.needs_commit(session, *now) {
            return Ok(Plan::Nothing);
        }
        let intent = session.intent;
        // Changed lifetimes change the cookie's as well, and how long the owner's list has to remember.
        let mut is_new = true;
        let (plan, place) = match &mut session.origin {
            Origin::Fresh(_) => {
                self.step(steps, Step::Put(Condition::Absent));
                (Plan::Create, self.place(self.generate_id(rng)))
            }
            Origin::Stored(stored) if intent.destroyed => {
                self.mark(steps, &stored.id);
                self.step(steps, Step::Delete(stored.key, Condition::Any));
                return Ok(Plan::Destroy(stored.key));
            }
            Origin::Stored(stored) if intent.rotate => {
                let (id, condition) = match stored.successor.take() {
                    Some(successor) => (successor.id.clone(), Condition::Matches(successor.tag)),
                    None => (self.generate_id(rng), Condition::Absent),
                };
                self.step(steps, Step::Put(condition));
                // Not before the new record is there: a store that fails in between must not cost the visitor the session.
                self.mark(steps, &stored.id);
                self.step(steps, Step::Delete(stored.key, Condition::Matches(stored.tag)));
                (Plan::Rotate(stored.key), self.place(id))
            }
            Origin::Stored(stored) => {
                is_new = !stored.is_current || intent.lifetimes;
                self.step(steps, Step::Put(Condition::Matches(stored.tag)));
                let purpose = if intent.changed { Purpose::Change } else { Purpose::Touch };
                (Plan::Store(purpose), Place { key: stored.key, new: None })
            }
        };
        self.seal(target, session, place, is_new, *now, rng)?;
        Ok(plan)
    }

    fn place(&self, id: SessionId) -> Place {
        let record_key = self.record_roots.newest().record_key(&id);
        Place { key: self.namespace.store_key(&id), new: Some((id, record_key)) }
    }

    /// Adds a step, as far as the placement has it.
    fn step(&self, steps: &mut Steps, step: Step) {
        let step = match (self.placement, step) {
            (Placement::Cookie, _) => return,
            // Such a store cannot check a condition: what it shows may be old.
            (Placement::Both { .. }, Step::Put(_)) => Step::Put(Condition::Any),
            (Placement::Both { .. }, Step::Delete(key, _)) => Step::Delete(key, Condition::Any),
            (_, step) => step,
        };
        // No plan has more than three.
        let _ = steps.push(step);
    }

    /// Adds the marker that the session has ended, where reads may be old.
    fn mark(&self, steps: &mut Steps, id: &SessionId) {
        if let Placement::Both { .. } = self.placement {
            self.step(steps, Step::Mark(self.namespace.ended_key(id)));
        }
    }

    fn generate_id(&self, rng: &mut impl CryptoRng) -> SessionId {
        let mut random = Secret::<32>::zero();
        rng.fill_bytes(random.as_mut_slice());
        (self.make_id)(*random)
    }

    /// Seals the session, in its buffer, as the record of `place`, which becomes the target. What is new goes on the owner's list and
    /// into a cookie.
    fn seal<B: Buffer>(
        &self,
        target: &mut Option<Target>,
        session: &mut Session<B>,
        place: Place,
        is_new: bool,
        now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<(), CommitError> {
        if place.new.is_some() {
            // A new id would stand for another secret than the pages that are out were given.
            session.header.csrf_secret = session.csrf_secret();
        }
        session.data.prune(now);
        session.header.last_seen = session.header.last_seen.max(now);
        session.header.revision = session.header.revision.saturating_add(1);
        let Place { key, new } = place;
        let filed = if self.has_owners { self.file(session, &key, is_new, now, rng) } else { None };
        let mut random_iv = || {
            let mut iv = [0; 16];
            rng.fill_bytes(&mut iv);
            iv
        };
        let (record_iv, cookie_iv) = (random_iv(), is_new.then(&mut random_iv));
        let State { data, header, origin, record_key, .. } = &mut **session;
        let record_key = match (&new, origin) {
            (Some((_, key)), _) => key,
            (None, Origin::Stored(stored)) => {
                record_key.get_or_insert_with(|| self.record_roots.newest().record_key(&stored.id))
            }
            (None, Origin::Fresh(_)) => return Err(SessionError::Value(ValueError::Corrupt).into()),
        };
        data.seal(header, record_key, now, record_iv)?;
        *target = Some(Target { new_id: new.map(|(id, _)| id), key, filed, cookie_iv });
        Ok(())
    }
}
