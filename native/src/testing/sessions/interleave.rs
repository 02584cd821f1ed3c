//! Seeded interleavings of requests, compared with a model.

use std::collections::BTreeSet;
use std::sync::Arc;

use fastsession_core::store::{Condition, StoreKey};

use super::super::failure::{Checked, Failure, ensure};
use super::super::random::Random;
use super::super::subject::Subject;
use super::model::{InFlight, Model};
use super::request::{Act, Change, Cookie, Ended, Plan, Seen, Task, USERS, manage, visit};
use super::table::{LANES, Table};
use super::turns::Event;
use crate::store::{DynStore, Store as _};

/// How many runs of overlapping requests to try.
#[derive(Clone, Copy, Debug)]
pub struct Interleavings {
    /// The number of the first run: each is another one, and the same one again with the same seed.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Whether [`Subject::advance`] lets hours pass at once, so that sessions can expire.
    pub passes_time: bool,
    /// One run in so many purges the store meanwhile (0: none); a purge may be slow.
    pub purges_one_in: u64,
}

/// A hundred runs, see [`interleave`].
pub async fn sessions_interleave<S: Subject>(subject: &S) -> Checked {
    interleave(subject, Interleavings { first: 0, count: 100, passes_time: false, purges_one_in: 20 }).await
}

/// Runs of up to four requests at a time and a dozen in all, on a session or two of two users: visits that change values,
/// sign in, rotate and sign out, and tasks that end all, all other and single sessions and purge the store.
///
/// A seed decides before each operation of the store whose turn it is. In the end everything must be as if the requests had
/// come one after the other, in the order in which they ended: no update is lost, no session comes back that was
/// ended, and none is there twice.
///
/// A failure names the run: [`Interleavings::first`] with its number and the printed seed repeats it.
pub async fn interleave<S: Subject>(subject: &S, how: Interleavings) -> Checked {
    let store = DynStore::new(subject.open().await);
    if !store.capabilities().owners {
        return Ok(());
    }
    let mut table = Table::set(subject, store)?;
    for number in how.first..how.first.saturating_add(how.count) {
        let mut run = Run::new(subject, &mut table, how, number);
        if let Err(failure) = run.finish().await {
            return Err(failure.within(&format!("run {number}")).after(&run.told));
        }
    }
    Ok(())
}

struct Run<'a, S: Subject> {
    subject: &'a S,
    table: &'a mut Table,
    how: Interleavings,
    random: Random,
    model: Model,
    lanes: [Option<InFlight>; LANES],
    /// Which of them wait for their turn.
    waiting: BTreeSet<usize>,
    begun: u64,
    written: BTreeSet<StoreKey>,
    purges: bool,
    small_steps: u32,
    told: Vec<Told>,
}

/// What has happened in a lane, for whoever has to find out why it went wrong.
#[derive(Debug)]
#[expect(dead_code, reason = "it is read by being printed")]
enum Told {
    Begins(usize, Plan),
    Waits(usize, &'static str),
    Loads(usize, Seen),
    Ends(usize, String),
    TimePasses(u64),
}

impl<'a, S: Subject> Run<'a, S> {
    fn new(subject: &'a S, table: &'a mut Table, how: Interleavings, number: u64) -> Self {
        table.clock.set(subject.now());
        let mut random = Random::seeded(number.wrapping_add(1_000_000));
        let purges = how.purges_one_in > 0 && random.below(how.purges_one_in) == 0;
        Self {
            subject,
            table,
            how,
            random,
            // Runs of other processes may be on the same engine.
            model: Model::new(super::super::random::key().to_hex().chars().take(20).collect()),
            lanes: [const { None }; LANES],
            waiting: BTreeSet::new(),
            begun: 0,
            written: BTreeSet::new(),
            purges,
            small_steps: 0,
            told: Vec::new(),
        }
    }

    async fn finish(&mut self) -> Checked {
        let requests = 4_u64.saturating_add(self.random.below(9));
        // There should be something to contend for.
        self.begin(0, Plan::Visit { cookie: None, changes: vec![Change::Count], act: Act::SignIn(USERS[0]) })
            .await?;
        while !self.waiting.is_empty() {
            self.turn(0).await?;
        }
        while self.begun < requests || self.lanes.iter().any(Option::is_some) {
            self.pass_time().await;
            let free = self.lanes.iter().position(Option::is_none).filter(|_| self.begun < requests);
            let choices = (self.waiting.len() as u64).saturating_add(free.is_some().into());
            let choice = usize::try_from(self.random.below(choices.max(1))).unwrap_or_default();
            match (self.waiting.iter().nth(choice).copied(), free) {
                (Some(lane), _) => self.turn(lane).await?,
                (None, Some(lane)) => {
                    let plan = self.plan();
                    self.begin(lane, plan).await?;
                }
                (None, None) => return Err(Failure::new("a request waits for nothing")),
            }
        }
        let checked = self.check().await;
        self.clear().await?;
        checked
    }

    async fn begin(&mut self, number: usize, plan: Plan) -> Checked {
        self.begun = self.begun.saturating_add(1);
        self.told.push(Told::Begins(number, plan.clone()));
        let (Some(lane), Some(manager)) = (self.table.lanes.get(number), self.table.managers.get(number))
        else {
            return Err(Failure::new("there is no such lane"));
        };
        let (lane, manager, run) = (Arc::clone(lane), manager.clone(), self.model.run().to_owned());
        if let Some(place) = self.lanes.get_mut(number) {
            *place = Some(InFlight::new(plan.clone()));
        }
        tokio::spawn(async move {
            let ended = match plan {
                Plan::Visit { cookie, changes, act } => {
                    let show = |seen| lane.tell(Event::Loaded(seen));
                    visit(manager, run, (cookie, changes, act), show).await
                }
                Plan::Manage(task) => manage(manager, run, task).await,
            };
            lane.tell(Event::Ended(ended));
        });
        self.follow(number).await
    }

    async fn turn(&mut self, number: usize) -> Checked {
        self.waiting.remove(&number);
        if let Some(lane) = self.table.lanes.get(number) {
            lane.go_on();
        }
        self.follow(number).await
    }

    /// Takes note of what a request does until it waits for its next turn or is over.
    async fn follow(&mut self, number: usize) -> Checked {
        loop {
            let Some((from, event)) = self.table.events.recv().await else { return Ok(()) };
            ensure!(from == number, "a request went on although it was not its turn");
            let Some(place) = self.lanes.get_mut(number) else { return Ok(()) };
            match (event, place.as_mut()) {
                (Event::Waits(operation), _) => {
                    self.told.push(Told::Waits(number, operation));
                    self.waiting.insert(number);
                    return Ok(());
                }
                (Event::Loaded(seen), Some(request)) => {
                    self.told.push(Told::Loads(number, seen.clone()));
                    self.model.loaded(request, &seen)?;
                }
                (Event::Ended(ended), Some(_)) => {
                    let Some(request) = place.take() else { return Ok(()) };
                    self.told.push(Told::Ends(number, format!("{ended:?}")));
                    return self.ended(&request, &ended).await;
                }
                (Event::Loaded(_) | Event::Ended(_), None) => {}
            }
        }
    }

    async fn ended(&mut self, request: &InFlight, ended: &Ended) -> Checked {
        if matches!(request.plan, Plan::Manage(Task::EndAll(_) | Task::EndOthers(..))) {
            self.lanes.iter_mut().flatten().for_each(InFlight::may_be_ended);
        }
        let others: Vec<&InFlight> = self.lanes.iter().flatten().collect();
        if let Some(key) = self.model.ended(request, ended, &others)? {
            let lives = self.table.store.get(&key).await?.is_some();
            self.model.settle(key, lives);
        }
        Ok(())
    }

    fn plan(&mut self) -> Plan {
        let cookie = self.cookie();
        let user = if self.random.below(3) == 0 { USERS[1] } else { USERS[0] };
        let handle = cookie.as_ref().map(|cookie| cookie.key);
        match (self.random.below(24), handle) {
            (0, _) => Plan::Manage(Task::EndAll(user)),
            (1, Some(kept)) => Plan::Manage(Task::EndOthers(user, kept)),
            (2, Some(handle)) => Plan::Manage(Task::EndOne(user, handle)),
            (3..=5, _) if self.purges && !self.table.store.capabilities().self_purging => {
                Plan::Manage(Task::Purge)
            }
            (choice, _) => {
                let act = match choice {
                    6 | 7 => Act::SignIn(user),
                    8..=10 => Act::Rotate,
                    11 | 12 => Act::SignOut,
                    _ => Act::Nothing,
                };
                let changes = Change::some(&mut self.random, self.begun);
                Plan::Visit { cookie, changes, act }
            }
        }
    }

    /// Mostly the last one; sometimes an old one or none.
    fn cookie(&mut self) -> Option<Cookie> {
        let cookies = &self.model.cookies;
        match self.random.below(10) {
            0 => None,
            1..=3 => {
                let choice = usize::try_from(self.random.below(cookies.len().max(1) as u64));
                cookies.get(choice.unwrap_or_default()).cloned()
            }
            _ => cookies.last().cloned(),
        }
    }

    /// Some minutes, so that visits are noted down, or more than any session lives.
    async fn pass_time(&mut self) {
        match self.random.below(80) {
            0 if self.how.passes_time && self.purges => {
                self.subject.advance(LONG).await;
                self.table.clock.advance(LONG);
                self.told.push(Told::TimePasses(LONG));
                self.model.all_over();
                self.lanes.iter_mut().flatten().for_each(InFlight::may_be_ended);
                self.small_steps = 0;
            }
            1 if self.small_steps < 4 => {
                // A server's own clock stands still for it.
                if self.how.passes_time {
                    self.subject.advance(SHORT).await;
                }
                self.table.clock.advance(SHORT);
                self.told.push(Told::TimePasses(SHORT));
                self.small_steps = self.small_steps.saturating_add(1);
            }
            _ => {}
        }
    }

    /// What is there when all requests are over.
    async fn check(&mut self) -> Checked {
        for lane in &self.table.lanes {
            self.written.extend(lane.take_written());
        }
        for key in &self.written {
            let is_there = self.table.store.get(key).await?.is_some();
            match (is_there, self.model.lives(key)) {
                (true, false) => {
                    return Err(Failure::new("a session is there that was ended, or is there twice"));
                }
                (false, true) => return Err(Failure::new("a session is gone that nobody has ended")),
                _ => {}
            }
        }
        for user in USERS {
            let listed = self.table.quiet.list(&user.name(self.model.run())).await;
            let listed = listed.map_err(|error| Failure::new(error.to_string()))?;
            let listed: BTreeSet<_> = listed.into_iter().map(|listing| listing.handle).collect();
            let owned: BTreeSet<_> = self.model.owned(user).into_iter().collect();
            ensure!(
                listed == owned,
                "a user's list has {} sessions and should have {}",
                listed.len(),
                owned.len()
            );
        }
        Ok(())
    }

    async fn clear(&self) -> Checked {
        for key in &self.written {
            let _ = self.table.store.delete(key, Condition::Any).await?;
        }
        Ok(())
    }
}

/// A tenth of an hour and a little: the next visit is noted down.
const SHORT: u64 = 400;
/// More than the absolute timeout, and the time that stores keep a record longer.
const LONG: u64 = 3 * 3_600;
