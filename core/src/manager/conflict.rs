//! What to do when the store says that a record changed meanwhile.

use super::Manager;
use super::commit::{Commit, Plan, Purpose, Step, Target};
use crate::buffer::Buffer;
use crate::held::Held;
use crate::id::SessionId;
use crate::record::header::Header;
use crate::session::{How, Origin, Session, SessionError, Stored, Successor};
use crate::store::{Condition, StoreKey, Tag};
use crate::time::UnixTime;
use crate::value::writer::Writer;

/// What to do next.
#[cfg_attr(
    not(feature = "alloc"),
    expect(clippy::large_enum_variant, reason = "there may be no allocator to box with")
)]
pub enum Conflict<B: Buffer> {
    /// The fresh session with this request's changes: run its
    /// [`pending_updates`](Session::pending_updates) again, then commit it.
    Retry(Session<B>),
    /// Nothing to merge: go on with the commit's operations.
    Continue(Commit<B>),
}

/// What became of a commit that met a conflict. The commit itself stays where it is: it is large.
#[cfg_attr(
    not(feature = "alloc"),
    expect(clippy::large_enum_variant, reason = "there may be no allocator to box with")
)]
enum Resolution<B: Buffer> {
    /// Go on with the commit's operations.
    GoOn,
    /// Commit its session again.
    Again,
    /// Commit this one instead.
    Merged(Session<B>),
}

impl Manager {
    /// Decides what a commit does whose operation met a conflict. `fresh` is what the store now holds under that
    /// operation's key, empty if nothing; it needs the capacity of the session's own buffer.
    ///
    /// Changes are replayed key by key: what was inserted or removed here wins, what was updated is to be run again.
    /// A session that was ended meanwhile stays ended.
    pub fn conflict<B: Buffer>(&self, mut commit: Commit<B>, fresh: B, now: UnixTime) -> Conflict<B> {
        match self.resolve(&mut commit, fresh, now) {
            Resolution::GoOn => Conflict::Continue(commit),
            Resolution::Again => Conflict::Retry(commit.session),
            Resolution::Merged(session) => Conflict::Retry(session),
        }
    }

    #[inline(never)]
    fn resolve<B: Buffer>(&self, commit: &mut Commit<B>, fresh: B, now: UnixTime) -> Resolution<B> {
        let Some(step) = commit.work.steps.get(commit.work.done).copied() else { return Resolution::GoOn };
        let own = Tag::of(commit.session.data.token());
        if let Step::Put(_) = step
            && !fresh.is_empty()
            && Tag::of(fresh.as_ref()) == own
        {
            // An earlier attempt, whose answer was lost, had stored it.
            commit.applied();
            return Resolution::GoOn;
        }
        let target = commit.work.target.take();
        match (commit.work.plan, step, target) {
            (
                Plan::Create | Plan::Rotate(_),
                Step::Put(Condition::Absent),
                Some(Target { new_id: Some(id), .. }),
            ) => self.another_id(commit, &id),
            (Plan::Store(Purpose::Touch), ..) => {
                // Whoever goes on with the session must not do so without a record.
                commit.session.intent.destroyed = fresh.is_empty();
                commit.work.give_up(Plan::Dropped);
                Resolution::GoOn
            }
            (Plan::Store(_), ..) => {
                let merged = self.merge(commit, None, fresh, now);
                go_on(commit, merged, None)
            }
            // The record that this rotation has stored was ended under its new id.
            (Plan::Rotate(old_key), Step::Put(_), _) => ended(commit, Some(old_key)),
            (Plan::Rotate(_), Step::Delete(..), Some(Target { new_id: Some(id), key, .. })) => {
                let merged = self.merge(commit, Some(&id), fresh, now);
                go_on(commit, merged, Some((key, Successor { id, tag: own })))
            }
            // The marker was there: another request had ended the session.
            (Plan::Rotate(_), Step::Mark(_), Some(target)) => ended(commit, Some(target.key)),
            (_, _, target) => {
                // A sign-out goes on, whatever it finds.
                commit.work.target = target;
                commit.applied();
                Resolution::GoOn
            }
        }
    }

    /// A new id was taken: only an application's own id generator could make one twice.
    fn another_id<B: Buffer>(&self, commit: &mut Commit<B>, id: &SessionId) -> Resolution<B> {
        let key = self.record_roots.newest().record_key(id);
        match commit.session.data.open(&key, &mut Header::default()) {
            Ok(()) => Resolution::Again,
            Err(_) => ended(commit, None),
        }
    }

    /// The fresh record with the commit's changes, which were sealed under a new id if there is one; `None` if the session has
    /// ended.
    fn merge<B: Buffer>(
        &self,
        commit: &mut Commit<B>,
        new_id: Option<&SessionId>,
        fresh: B,
        now: UnixTime,
    ) -> Result<Option<Session<B>>, SessionError> {
        let ours = &mut commit.session;
        let Origin::Stored(stored) = &ours.origin else { return Ok(None) };
        let tag = Tag::of(fresh.as_ref());
        let mut merged = Session::new(fresh, self.limit, self.lifetimes, now);
        let Ok(opened_with) = self.unseal(&mut merged, &stored.id, 0, now) else { return Ok(None) };
        merged.origin = Origin::Stored(Stored {
            id: stored.id.clone(),
            key: stored.key,
            tag,
            is_current: stored.is_current && opened_with == 0,
            ends_at: merged.header.ends_at(self.lifetimes),
            successor: None,
        });
        merged.intent = ours.intent;
        let key = self.record_roots.newest().record_key(new_id.unwrap_or(&stored.id));
        if ours.data.open(&key, &mut Header::default()).is_err() {
            return Ok(None);
        }
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
        match (change.how, ours.data.find(change.key(), change.flash)?) {
            (How::Set, Some(entry)) => {
                fresh.data.insert(change.key(), entry.life, How::Set, |buffer, limit| {
                    Writer::new(buffer, limit).append([], entry.value)
                })?;
            }
            (How::Set, None) => {
                fresh.data.remove(change.key(), change.flash)?;
            }
            (How::Update | How::Pending, _) => {
                fresh.data.log_change(change.key(), change.flash, How::Pending)?;
            }
        }
    }
    if ours.intent.signed_in {
        fresh.data.set_owner(ours.owner().unwrap_or_default())?;
        fresh.header.created = ours.header.created;
        fresh.header.authenticated_at = ours.header.authenticated_at;
        fresh.header.csrf_secret.clone_from(&ours.header.csrf_secret);
    }
    if ours.intent.labelled {
        fresh.data.set_label(ours.label())?;
    }
    if ours.intent.lifetimes || ours.intent.signed_in {
        fresh.header.idle_timeout = ours.header.idle_timeout;
        fresh.header.absolute_timeout = ours.header.absolute_timeout;
    }
    Ok(())
}

fn go_on<B: Buffer>(
    commit: &mut Commit<B>,
    merged: Result<Option<Session<B>>, SessionError>,
    stored_as: Option<(StoreKey, Successor)>,
) -> Resolution<B> {
    let (key, successor) = stored_as.unzip();
    match merged {
        Ok(Some(mut session)) => {
            if let Origin::Stored(stored) = &mut session.origin {
                stored.successor = successor.map(Held::new);
            }
            Resolution::Merged(session)
        }
        Ok(None) => ended(commit, key),
        Err(error) => {
            commit.work.failure = Some(error);
            ended(commit, key)
        }
    }
}

/// The session has ended; a record that was stored for it meanwhile is to be deleted.
fn ended<B: Buffer>(commit: &mut Commit<B>, left_behind: Option<StoreKey>) -> Resolution<B> {
    commit.work.give_up(Plan::Ended);
    commit.work.steps = left_behind.into_iter().map(|key| Step::Delete(key, Condition::Any)).collect();
    Resolution::GoOn
}
