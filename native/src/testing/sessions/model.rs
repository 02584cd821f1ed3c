//! What must come of requests that take turns.
//!
//! The last operation of a commit decides it, and the request is over in the same turn. So requests count in the order in
//! which they end, one after the other, on a plain map. Only where all of a user's sessions are ended while a request is
//! just moving one to another key, the new one may be met or not; then the store is asked.

use std::collections::BTreeMap;

use fastsession_core::store::StoreKey;

use super::super::failure::{Checked, Failure, ensure, ensure_eq};
use super::request::{Act, Change, Cookie, Ended, Plan, Seen, Task, User, Values};

/// The sessions of one run.
pub(super) struct Model {
    run: String,
    records: BTreeMap<StoreKey, Record>,
    /// All cookies that were ever set, those that are dead included.
    pub(super) cookies: Vec<Cookie>,
}

#[derive(Clone, Default)]
struct Record {
    lives: bool,
    owner: Option<User>,
    values: Values,
}

/// A request under way.
pub(super) struct InFlight {
    pub(super) plan: Plan,
    /// Whether sessions were ended by user, or by time, since it began.
    may_be_ended: bool,
    found: bool,
    /// Whether it changes something in the session that it has loaded: to remove what is not there is not to. If it does,
    /// all of its changes count, on whatever is there by then.
    writes: bool,
}

impl InFlight {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, may_be_ended: false, found: false, writes: false }
    }

    pub(super) fn may_be_ended(&mut self) {
        self.may_be_ended = true;
    }

    /// Whether it may have one record more than the model knows.
    fn moves(&self) -> bool {
        matches!(&self.plan, Plan::Visit { act: Act::SignIn(_) | Act::Rotate, .. })
    }
}

impl Model {
    pub(super) fn new(run: String) -> Self {
        Self { run, records: BTreeMap::new(), cookies: Vec::new() }
    }

    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// A request has loaded its session, just now.
    pub(super) fn loaded(&self, request: &mut InFlight, seen: &Seen) -> Checked {
        let Plan::Visit { cookie, changes, .. } = &request.plan else { return Ok(()) };
        request.found = seen.is_found;
        let mut values = seen.values.clone();
        for change in changes {
            request.writes |= change.apply_to(&mut values);
        }
        let record = cookie.as_ref().and_then(|cookie| self.records.get(&cookie.key));
        let expected = match record.filter(|record| record.lives) {
            Some(Record { owner, values, .. }) => {
                let owner = owner.map(|user| user.name(&self.run));
                Seen { is_found: true, owner, values: values.clone() }
            }
            None => Seen { is_found: false, owner: None, values: Values::new() },
        };
        ensure_eq!(*seen, expected, "the session that a request has loaded");
        Ok(())
    }

    /// A request is over, just now. Returns a record that the store has to be asked for.
    pub(super) fn ended(
        &mut self,
        request: &InFlight,
        ended: &Ended,
        others: &[&InFlight],
    ) -> Result<Option<StoreKey>, Failure> {
        if let Ended::Failed(error) = ended {
            return Err(Failure::new(format!("a request failed: {error}")));
        }
        match &request.plan {
            Plan::Visit { cookie, changes, act } => {
                let old = cookie.as_ref().map(|cookie| cookie.key).filter(|_| request.found);
                self.visited(request, old, changes, *act, ended)
            }
            Plan::Manage(task) => {
                let Ended::Done(count) = ended else { return Err(Failure::new("a task was no task")) };
                self.managed(*task, *count, others).map(|()| None)
            }
        }
    }

    /// What [`Self::ended`] asked for.
    pub(super) fn settle(&mut self, key: StoreKey, lives: bool) {
        if let Some(record) = self.records.get_mut(&key) {
            record.lives = lives;
        }
    }

    /// Time has passed that ends every session.
    pub(super) fn all_over(&mut self) {
        self.records.values_mut().for_each(|record| record.lives = false);
    }

    /// Whether there must be a record.
    pub(super) fn lives(&self, key: &StoreKey) -> bool {
        self.records.get(key).is_some_and(|record| record.lives)
    }

    /// The records that live and are `user`'s.
    pub(super) fn owned(&self, user: User) -> Vec<StoreKey> {
        let owned = self.records.iter().filter(|(_, record)| record.lives && record.owner == Some(user));
        owned.map(|(key, _)| *key).collect()
    }

    fn visited(
        &mut self,
        request: &InFlight,
        old: Option<StoreKey>,
        changes: &[Change],
        act: Act,
        ended: &Ended,
    ) -> Result<Option<StoreKey>, Failure> {
        let cookie = match (ended, old) {
            (Ended::Committed(cookie), _) => cookie.as_ref(),
            // Its new record was ended, and with it the session.
            (_, Some(old)) if request.may_be_ended && request.moves() => return Ok(Some(old)),
            (_, Some(old)) => {
                ensure!(!self.lives(&old), "an update was lost: its session was neither ended nor rotated");
                return Ok(None);
            }
            (_, None) => return Err(Failure::new("an update was lost: its session was a new one")),
        };
        let before = match old {
            None => Record::default(),
            Some(old) if act == Act::SignOut => {
                self.end(&old);
                Record::default()
            }
            Some(old) => {
                let record = self.records.get(&old).cloned().unwrap_or_default();
                let writes = request.writes || act != Act::Nothing;
                ensure!(record.lives || !writes, "a session was written to that had been ended or rotated");
                record
            }
        };
        let mut record = Record { lives: true, ..before };
        for change in changes {
            change.apply_to(&mut record.values);
        }
        if let Act::SignIn(user) = act {
            record.owner = Some(user);
        }
        match (cookie, old) {
            (Some(cookie), _) => {
                ensure!(
                    !self.records.contains_key(&cookie.key),
                    "a session was given a key that was used before"
                );
                ensure!(act != Act::SignOut, "a sign-out was given a new cookie");
                if let Some(old) = old {
                    ensure!(matches!(act, Act::SignIn(_) | Act::Rotate), "a cookie that nobody asked for");
                    self.end(&old);
                }
                self.records.insert(cookie.key, record);
                self.cookies.push(cookie.clone());
                return Ok(request.may_be_ended.then_some(cookie.key));
            }
            (None, Some(old)) if act == Act::Nothing => {
                if request.writes {
                    self.records.insert(old, record);
                }
            }
            (None, Some(_)) => ensure!(act == Act::SignOut, "a session was moved without a new cookie"),
            (None, None) => {
                let kept = act != Act::SignOut && (!record.values.is_empty() || record.owner.is_some());
                ensure!(!kept, "a new session was stored without a cookie");
            }
        }
        Ok(None)
    }

    fn managed(&mut self, task: Task, count: u64, others: &[&InFlight]) -> Checked {
        let mut moving = others.iter().filter(|other| other.moves()).count();
        let ended: Vec<StoreKey> = match task {
            Task::EndAll(user) => self.owned(user),
            Task::EndOthers(user, kept) => self.owned(user).into_iter().filter(|key| *key != kept).collect(),
            Task::EndOne(user, handle) => {
                moving = 0;
                self.owned(user).into_iter().filter(|key| *key == handle).collect()
            }
            // How many are over already depends on what other runs have left.
            Task::Purge => return Ok(()),
        };
        for key in &ended {
            self.end(key);
        }
        let least = ended.len() as u64;
        let most = least.saturating_add(moving as u64);
        ensure!(
            (least..=most).contains(&count),
            "{count} sessions were ended of {least} to {most}: {task:?}"
        );
        Ok(())
    }

    fn end(&mut self, key: &StoreKey) {
        if let Some(record) = self.records.get_mut(key) {
            record.lives = false;
        }
    }
}
