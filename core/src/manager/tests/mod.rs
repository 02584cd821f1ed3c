//! The manager, driven as a device would: on the store of this crate, with a clock that stands still.

mod blocks;
mod flow;
mod lifetimes;
mod merge;
mod park;
mod placement;
#[cfg(not(feature = "alloc"))]
mod size;
mod touches;

use core::time::Duration;
use std::format;
use std::string::{String, ToString};

use super::{Builder, Commit, Conflict, Finished, Manager, SetCookie};
use crate::event::EventKind;
use crate::memory::MemoryStore;
use crate::session::Session;
use crate::store::{Operation, Outcome, StoreKey};
use crate::testing::SeededRng;
use crate::time::UnixTime;
use crate::token::testing::ring;

/// The buffers: growing ones, or without an allocator those of a fixed capacity.
#[cfg(feature = "alloc")]
type Bytes = std::vec::Vec<u8>;
#[cfg(not(feature = "alloc"))]
type Bytes = heapless::Vec<u8, 6_000>;

/// A host with a clock that stands still.
struct Host {
    manager: Manager,
    store: MemoryStore<16, 4096>,
    now: UnixTime,
    rng: SeededRng,
}

impl Host {
    fn new() -> Self {
        Self::with_keys(&[1])
    }

    fn with_keys(numbers: &[u8]) -> Self {
        Self::with(numbers, |builder| builder)
    }

    fn with(numbers: &[u8], settings: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Manager::builder(ring(numbers))
            .cookie_name("id")
            .idle_timeout(Duration::from_secs(1_000))
            .absolute_timeout(Duration::from_secs(10_000));
        let manager = settings(builder).build().unwrap();
        Self {
            manager,
            store: MemoryStore::new(),
            now: UnixTime::from_secs(1_000_000),
            rng: SeededRng::new(7),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn load(&self, cookie: &str) -> Session<Bytes> {
        let header = format!("other=1; id={cookie}");
        let pending = self.manager.open([header.as_bytes()], self.now);
        let mut record = Bytes::new();
        if let Some(key) = pending.key() {
            self.store.get(key, self.now, &mut record).unwrap();
        }
        self.manager.resume(pending, record, self.now)
    }

    fn fresh(&self, key: StoreKey) -> Bytes {
        let mut record = Bytes::new();
        self.store.get(&key, self.now, &mut record).unwrap();
        record
    }

    #[cfg_attr(
        not(feature = "alloc"),
        expect(clippy::result_large_err, reason = "the error is the session to commit again")
    )]
    /// Carries out the commit's operations; gives back what a conflict asks to be done.
    fn apply(&self, mut commit: Commit<Bytes>) -> Result<Finished<Bytes>, Session<Bytes>> {
        while let Some(operation) = commit.operation() {
            let (Operation::Put { key, .. } | Operation::Delete { key, .. }) = operation;
            match self.store.apply(&operation, self.now).unwrap() {
                Outcome::Applied => commit.applied(),
                Outcome::Conflict => match self.manager.conflict(commit, self.fresh(key), self.now) {
                    Conflict::Retry(session) => return Err(session),
                    Conflict::Continue(next) => commit = next,
                },
            }
        }
        Ok(self.manager.finish(commit).unwrap())
    }

    fn save(&mut self, session: Session<Bytes>) -> Saved {
        let commit = self.manager.commit(session, self.now, &mut self.rng).unwrap();
        let finished = self.apply(commit).expect("no conflict here");
        self.saved(&finished)
    }

    fn saved(&self, finished: &Finished<Bytes>) -> Saved {
        let header = self.manager.cookies(finished).next().map(|cookie| header(&cookie));
        let value = header.as_ref().map(|header| header.split(['=', ';']).nth(1).unwrap().to_string());
        Saved { kind: finished.event().map(|event| event.kind), header, cookie: value.unwrap_or_default() }
    }

    /// A stored session with `n` = 1; its cookie.
    fn stored(&mut self) -> String {
        let mut session = self.load("");
        session.insert("n", &1).unwrap();
        self.save(session).cookie
    }
}

fn header(cookie: &SetCookie<'_>) -> String {
    let mut bytes = heapless::Vec::<u8, 6_000>::new();
    cookie.append_to(&mut bytes).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

struct Saved {
    kind: Option<EventKind>,
    header: Option<String>,
    cookie: String,
}
