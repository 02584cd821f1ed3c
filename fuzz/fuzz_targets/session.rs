//! Overlapping requests that do anything to one session: in a buffer of a fixed capacity it comes to the same as in one that
//! grows, and where there is no room nothing changes.
//!
//!     cargo +nightly fuzz run session

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use fastsession_core::buffer::Buffer;
use fastsession_core::manager::{Commit, CommitError, Conflict, Manager};
use fastsession_core::session::{Session, SessionError};
use fastsession_core::store::{Operation, StoreKey};
use fastsession_core::time::UnixTime;
use fastsession_fuzz::{AT, NOW, Numbers, manager};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 1_000;

static MANAGER: LazyLock<Manager> = LazyLock::new(|| manager(|builder| builder.limit(LIMIT)));

#[derive(Arbitrary, Clone, Debug)]
enum Change {
    Insert(u8, u16),
    InsertUntil(u8, u8, bool),
    Flash(u8, u8),
    Update(u8, u8),
    Remove(u8),
    Take(u8),
    TakeFlash(u8),
    Clear,
    SignIn(u8),
    Label(u8),
    Lifetime(u32),
    Csrf,
    Rotate,
    Destroy,
    Discard,
}

/// Two requests at a time, which overlap.
type Rounds = Vec<[Vec<Change>; 2]>;

fuzz_target!(|rounds: Rounds| {
    // So large that not even a value that is far too large finds an end of it.
    let fixed = run(heapless::Vec::<u8, 16_384>::new, &rounds);
    assert!(run(Vec::new, &rounds) == fixed);
    run(heapless::Vec::<u8, 700>::new, &rounds);
    run(heapless::Vec::<u8, 190>::new, &rounds);
});

/// What it came to: each outcome, and at last the store.
#[derive(Default, PartialEq)]
struct Run {
    outcomes: Vec<String>,
    store: BTreeMap<StoreKey, Vec<u8>>,
    cookie: String,
    rng: Numbers,
}

fn run<B: Buffer>(empty: fn() -> B, rounds: &Rounds) -> Run {
    let mut run = Run::default();
    for requests in rounds.iter().take(8) {
        let sessions = requests.each_ref().map(|changes| {
            let mut session = run.load(empty);
            for change in changes {
                run.apply(&mut session, change);
            }
            session
        });
        for (session, changes) in sessions.into_iter().zip(requests) {
            run.commit(session, changes, empty);
        }
        // What was stored is read.
        assert!(run.load(empty).len() < 16);
    }
    run
}

impl Run {
    fn load<B: Buffer>(&self, empty: fn() -> B) -> Session<B> {
        let header = format!("id={}", self.cookie);
        let pending = MANAGER.open([header.as_bytes()], NOW);
        let record = pending.key().map_or_else(empty, |key| self.fetch(key, empty));
        let is_there = !record.is_empty();
        let session = MANAGER.resume(pending, record, NOW);
        assert_eq!(session.reason().is_none(), is_there);
        session
    }

    fn fetch<B: Buffer>(&self, key: &StoreKey, empty: fn() -> B) -> B {
        let mut buffer = empty();
        if let Some(record) = self.store.get(key) {
            buffer.try_append(record).expect("the record was written from such a buffer");
        }
        buffer
    }

    fn apply<B: Buffer>(&mut self, session: &mut Session<B>, change: &Change) {
        let before = seen(session);
        let outcome = apply(session, change, &mut self.rng);
        if outcome.is_err() {
            assert!(seen(session) == before, "{change:?} failed and changed something");
        }
        if let Err(SessionError::TooLarge(error)) = &outcome {
            assert!(error.size() > error.limit(), "{error}");
        }
        self.outcomes.push(format!("{outcome:?}"));
    }

    fn commit<B: Buffer>(&mut self, mut session: Session<B>, changes: &[Change], empty: fn() -> B) {
        for _ in 0..4 {
            let commit = match MANAGER.commit(session, NOW, &mut self.rng) {
                Ok(commit) => commit,
                Err(CommitError::Session(SessionError::TooLarge(_))) => {
                    return self.outcomes.push("too large to commit".into());
                }
                // An update that found no room when it was run again.
                Err(CommitError::PendingUpdate) => return self.outcomes.push("pending".into()),
                Err(error) => panic!("{error}"),
            };
            match self.carry_out(commit, empty) {
                None => return,
                Some(merged) => session = merged,
            }
            let pending: Vec<String> = session.pending_updates().map(str::to_owned).collect();
            for change in changes {
                if let Change::Update(key, _) = change
                    && pending.contains(&name(*key).to_owned())
                {
                    self.apply(&mut session, change);
                }
            }
        }
        panic!("only one other request was there");
    }

    /// Gives back the session to be committed again, if there was a conflict.
    fn carry_out<B: Buffer>(&mut self, mut commit: Commit<B>, empty: fn() -> B) -> Option<Session<B>> {
        while let Some(operation) = commit.operation() {
            let (Operation::Put { key, condition, .. } | Operation::Delete { key, condition }) = operation;
            if condition.holds(self.store.get(&key).map(Vec::as_slice)) {
                match operation {
                    Operation::Put { record, .. } => {
                        assert!(record.len() <= LIMIT);
                        self.store.insert(key, record.to_vec());
                    }
                    Operation::Delete { .. } => drop(self.store.remove(&key)),
                }
                commit.applied();
                continue;
            }
            match MANAGER.conflict(commit, self.fetch(&key, empty), NOW) {
                Conflict::Retry(session) => return Some(session),
                Conflict::Continue(next) => commit = next,
            }
        }
        match MANAGER.finish(commit) {
            Ok(finished) => {
                self.outcomes.push(format!("{:?}", finished.event()));
                for cookie in MANAGER.cookies(&finished) {
                    let header = String::from_utf8(cookie.to_bytes()).unwrap();
                    self.cookie = header.split(['=', ';']).nth(1).unwrap().to_owned();
                }
                let reopened = MANAGER.reopen(finished, NOW);
                if let Some(key) = reopened.key() {
                    assert!(self.store.contains_key(&key) || !reopened.is_changed());
                }
            }
            Err(error) => self.outcomes.push(error.to_string()),
        }
        None
    }
}

const NAMES: [&str; 5] = ["a", "b", "cart", "a longer key, of twenty or so bytes", "é"];

fn name(key: u8) -> &'static str {
    NAMES[usize::from(key) % NAMES.len()]
}

fn apply<B: Buffer>(
    session: &mut Session<B>,
    change: &Change,
    rng: &mut Numbers,
) -> Result<(), SessionError> {
    let text = |length: u16| "x".repeat(length.into());
    match change {
        Change::Insert(key, length) => session.insert(name(*key), &text(length % 1_500)),
        Change::InsertUntil(key, length, is_over) => {
            let end = UnixTime::from_secs(if *is_over { AT } else { AT + 60 });
            session.insert_until(name(*key), &text((*length).into()), end)
        }
        Change::Flash(key, length) => session.flash(name(*key), &text((*length).into())),
        Change::Update(key, length) => session
            .update(name(*key), |old: Option<String>| {
                old.unwrap_or_default()
                    .chars()
                    .chain(text((*length).into()).chars())
                    .take(800)
                    .collect::<String>()
            })
            .map(drop),
        Change::Remove(key) => session.remove(name(*key)).map(drop),
        Change::Take(key) => session.take::<String>(name(*key)).map(drop),
        Change::TakeFlash(key) => session.take_flash::<String>(name(*key)).map(drop),
        Change::Clear => session.clear(),
        Change::SignIn(length) => session.sign_in(&text((*length).into())),
        Change::Label(length) => session.set_label(&text((*length).into())),
        Change::Lifetime(seconds) => session.set_lifetime(Some(Duration::from_secs((*seconds).into())), None),
        Change::Csrf => session.csrf_token(rng).map(drop),
        Change::Rotate => session.rotate(),
        Change::Destroy => {
            session.destroy();
            Ok(())
        }
        Change::Discard => {
            session.discard_changes();
            Ok(())
        }
    }
}

/// All that can be seen of a session.
fn seen<B: Buffer>(session: &Session<B>) -> impl PartialEq + use<B> {
    let values: Vec<_> = session.values().map(|(key, value)| (key.to_owned(), value.to_vec())).collect();
    let flashes: Vec<_> = session.flash_keys().map(str::to_owned).collect();
    let pending: Vec<_> = session.pending_updates().map(str::to_owned).collect();
    let named = (session.owner().map(str::to_owned), session.label().to_owned(), session.authenticated_at());
    let states = [session.is_changed(), session.needs_cookie(), session.is_destroyed()];
    (values, flashes, pending, named, states, session.expires_at())
}
