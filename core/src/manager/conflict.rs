//! What to do when the store says that a record changed meanwhile.

use super::Manager;
use super::commit::{Commit, Plan, Purpose};
use crate::buffer::Buffer;
use crate::id::SessionId;
use crate::session::{Data, How, Origin, Session, SessionError, Stored, Successor};
use crate::store::{Condition, StoreKey, Tag};
use crate::time::UnixTime;
use crate::value::ValueError;

/// What to do next.
#[expect(clippy::large_enum_variant, reason = "there may be no allocator to box with")]
pub enum Conflict<B: Buffer> {
    /// The fresh session with this request's changes: run its
    /// [`pending_updates`](Session::pending_updates) again, then commit it.
    Retry(Session<B>),
    /// Nothing to merge: go on with the commit's operations.
    Continue(Commit<B>),
}

impl Manager {
    /// Decides what a commit does whose operation met a conflict. `fresh` is what the store now holds under that
    /// operation's key, empty if nothing; it needs the capacity of the session's own buffer.
    ///
    /// Changes are replayed key by key: what was inserted or removed here wins, what was updated is to be run again.
    /// A session that was ended meanwhile stays ended.
    pub fn conflict<B: Buffer>(&self, mut commit: Commit<B>, fresh: B, now: UnixTime) -> Conflict<B> {
        let found = Tag::of(fresh.as_ref());
        let is_own = commit.done == 0 && !fresh.is_empty() && found == Tag::of(commit.session.data.token());
        if is_own {
            // An earlier attempt, whose answer was lost, had stored it.
            commit.applied();
            return Conflict::Continue(commit);
        }
        match core::mem::replace(&mut commit.plan, Plan::Nothing) {
            Plan::Create(target) => self.another_id(commit, &target.id),
            Plan::Store { purpose: Purpose::Touch, .. } => {
                commit.plan = Plan::Dropped;
                Conflict::Continue(commit)
            }
            Plan::Store { target, .. } => {
                let merged = self.merge(&mut commit, &target.id, fresh, now);
                go_on(commit, merged, None, None)
            }
            Plan::Rotate { target, condition: Condition::Absent, .. } if commit.done == 0 => {
                self.another_id(commit, &target.id)
            }
            Plan::Rotate { old_key, .. } if commit.done == 0 => ended(commit, Some(old_key)),
            Plan::Rotate { target, .. } => {
                let tag = Tag::of(commit.session.data.token());
                let merged = self.merge(&mut commit, &target.id, fresh, now);
                let stored_as = target.key;
                let successor = Successor { id: target.id, tag };
                go_on(commit, merged, Some(successor), Some(stored_as))
            }
            plan @ (Plan::Nothing | Plan::Destroy(_) | Plan::Ended(_) | Plan::Dropped) => {
                // These have no condition that could fail.
                commit.plan = plan;
                commit.applied();
                Conflict::Continue(commit)
            }
        }
    }

    /// A new id was taken: only an application's own id generator could make one twice.
    fn another_id<B: Buffer>(&self, mut commit: Commit<B>, id: &SessionId) -> Conflict<B> {
        let key = self.namespace.record_key(self.ring.newest(), id);
        match commit.session.data.open(&key) {
            Ok(_) => Conflict::Retry(commit.session),
            Err(_) => ended(commit, None),
        }
    }

    /// The fresh record with the commit's changes; `None` if the session has ended.
    fn merge<B: Buffer>(
        &self,
        commit: &mut Commit<B>,
        sealed_as: &SessionId,
        fresh: B,
        now: UnixTime,
    ) -> Result<Option<Session<B>>, SessionError> {
        let ours = &mut commit.session;
        let Origin::Stored(stored) = &ours.origin else { return Ok(None) };
        let tag = Tag::of(fresh.as_ref());
        let mut data = Data::new(fresh, self.limit);
        let Ok((header, opened_with)) = self.unseal(&mut data, &stored.id, 0, now) else { return Ok(None) };
        let origin = Stored {
            id: stored.id.clone(),
            key: stored.key,
            tag,
            is_current: stored.is_current && opened_with == 0,
            successor: None,
        };
        let key = self.namespace.record_key(self.ring.newest(), sealed_as);
        if ours.data.open(&key).is_err() {
            return Ok(None);
        }
        let mut merged = Session {
            data,
            header,
            origin: Origin::Stored(origin),
            intent: ours.intent,
            now,
            lifetimes: self.lifetimes,
        };
        replay(ours, &mut merged)?;
        Ok(Some(merged))
    }
}

/// Makes the changes of `ours` on `fresh`.
fn replay<B: Buffer>(ours: &Session<B>, fresh: &mut Session<B>) -> Result<(), SessionError> {
    if ours.intent.cleared {
        fresh.data.clear();
    }
    for change in ours.data.changes() {
        match (change.how, ours.data.find(change.key, change.flash)?) {
            (How::Set, Some(entry)) => {
                fresh.data.insert(change.key, entry.life, How::Set, |buffer, limit| {
                    let at_least = buffer.len().saturating_add(entry.value.len());
                    let full = ValueError::Full { at_least, limit };
                    if at_least > limit {
                        Err(full)
                    } else {
                        buffer.try_append(entry.value).map_err(|_| full)
                    }
                })?;
            }
            (How::Set, None) => {
                fresh.data.remove(change.key, change.flash)?;
            }
            (How::Update | How::Pending, _) => {
                fresh.data.log_change(change.key, change.flash, How::Pending)?;
            }
        }
    }
    if ours.intent.signed_in {
        fresh.data.set_owner(ours.owner().unwrap_or_default())?;
        fresh.header.created = ours.header.created;
        fresh.header.authenticated_at = ours.header.authenticated_at;
        fresh.header.csrf_secret = ours.header.csrf_secret;
    }
    if ours.intent.labelled {
        fresh.data.set_label(ours.label())?;
    }
    if ours.intent.lifetimes {
        fresh.header.idle_timeout = ours.header.idle_timeout;
        fresh.header.absolute_timeout = ours.header.absolute_timeout;
    }
    Ok(())
}

fn go_on<B: Buffer>(
    mut commit: Commit<B>,
    merged: Result<Option<Session<B>>, SessionError>,
    successor: Option<Successor>,
    stored_as: Option<StoreKey>,
) -> Conflict<B> {
    match merged {
        Ok(Some(mut session)) => {
            if let Origin::Stored(stored) = &mut session.origin {
                stored.successor = successor;
            }
            Conflict::Retry(session)
        }
        Ok(None) => ended(commit, stored_as),
        Err(error) => {
            commit.failure = Some(error);
            ended(commit, stored_as)
        }
    }
}

/// The session has ended; `stored_as` is a record to be deleted with it.
fn ended<B: Buffer>(mut commit: Commit<B>, stored_as: Option<StoreKey>) -> Conflict<B> {
    commit.plan = Plan::Ended(stored_as);
    commit.done = 0;
    Conflict::Continue(commit)
}
