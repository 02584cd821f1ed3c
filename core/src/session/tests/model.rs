//! Sessions in buffers of many sizes against a plain model: what does not fit changes nothing.

use core::time::Duration;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use crate::buffer::Buffer;
use crate::manager::{CommitError, Manager};
use crate::record::entries::Life;
use crate::record::header;
use crate::session::{Session, SessionError};
use crate::testing::SeededRng;
use crate::time::UnixTime;
use crate::token::sealed_len;
use crate::token::testing::ring;

const NOW: UnixTime = UnixTime::from_secs(1_000_000);
const KEYS: [&str; 4] = ["a", "b", "another", "key"];

#[derive(Clone, Copy, Debug)]
enum Change {
    Insert(usize, usize),
    InsertUntil(usize, usize, u64),
    Flash(usize, usize),
    Update(usize, usize),
    Remove(usize),
    Take(usize),
    TakeFlash(usize),
    Clear,
    Owner(usize),
    Label(usize),
    Csrf,
    Lifetime,
}

fn change() -> impl Strategy<Value = Change> {
    let key = || 0..KEYS.len();
    let length = || prop_oneof![4 => 0..40_usize, 3 => 40..300_usize, 1 => 300..2_000_usize];
    prop_oneof![
        4 => (key(), length()).prop_map(|(key, length)| Change::Insert(key, length)),
        1 => (key(), length(), 0..3_u64)
            .prop_map(|(key, length, left)| Change::InsertUntil(key, length, left)),
        1 => (key(), length()).prop_map(|(key, length)| Change::Flash(key, length)),
        3 => (key(), length()).prop_map(|(key, length)| Change::Update(key, length)),
        2 => key().prop_map(Change::Remove),
        1 => key().prop_map(Change::Take),
        1 => key().prop_map(Change::TakeFlash),
        1 => Just(Change::Clear),
        1 => (1..256_usize).prop_map(Change::Owner),
        1 => (0..129_usize).prop_map(Change::Label),
        1 => Just(Change::Csrf),
        1 => Just(Change::Lifetime),
    ]
}

/// Some requests, one after the other.
fn requests() -> impl Strategy<Value = Vec<Vec<Change>>> {
    proptest::collection::vec(proptest::collection::vec(change(), 1..20), 1..4)
}

/// What a session should hold; entries in the order in which they were last written.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    owner: Option<String>,
    label: String,
    entries: Vec<(&'static str, Life, String)>,
}

impl Model {
    fn position(&self, key: &str, flash: bool) -> Option<usize> {
        self.entries.iter().position(|(known, life, _)| *known == key && life.is_flash() == flash)
    }

    fn visible(&self, key: &str) -> Option<&(&'static str, Life, String)> {
        let entry = self.entries.get(self.position(key, false)?)?;
        (!entry.1.is_over(NOW)).then_some(entry)
    }

    fn remove(&mut self, key: &str, flash: bool) {
        if let Some(at) = self.position(key, flash) {
            self.entries.remove(at);
        }
    }

    fn write(&mut self, key: &'static str, life: Life, length: usize) {
        self.remove(key, life.is_flash());
        self.entries.push((key, life, "x".repeat(length)));
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Insert(key, length) => self.write(KEYS[key], Life::Session, length),
            Change::InsertUntil(key, length, left) => {
                self.write(KEYS[key], Life::Until(NOW.after(Duration::from_secs(left))), length);
            }
            Change::Flash(key, length) => self.write(KEYS[key], Life::Flash, length),
            Change::Update(key, length) => {
                let old = self.visible(KEYS[key]).map(|(_, life, text)| (*life, text.len()));
                let (life, old) = old.unwrap_or((Life::Session, 0));
                self.write(KEYS[key], life, updated(old, length));
            }
            Change::Remove(key) | Change::Take(key) => self.remove(KEYS[key], false),
            Change::TakeFlash(key) => self.remove(KEYS[key], true),
            Change::Clear => self.entries.clear(),
            Change::Owner(length) => self.owner = Some("o".repeat(length)),
            Change::Label(length) => self.label = "l".repeat(length),
            Change::Csrf | Change::Lifetime => {}
        }
    }

    fn forget_what_is_over(&mut self) {
        self.entries.retain(|(_, life, _)| !life.is_over(NOW));
    }

    /// Bytes of the sealed record with the longest header.
    fn size(&self) -> usize {
        let text = |text: &str| varint(text.len()) + text.len();
        let life = |life: &Life| match life {
            Life::Until(end) => 1 + varint(usize::try_from(end.as_secs()).unwrap()),
            Life::Session | Life::Flash => 1,
        };
        let entries =
            self.entries.iter().map(|(key, lives, value)| text(key) + life(lives) + 1 + text(value));
        let owner = 1 + self.owner.as_deref().map_or(0, text);
        let count = varint(self.entries.len());
        sealed_len(header::MAX_LENGTH + owner + text(&self.label) + count + entries.sum::<usize>())
    }
}

fn varint(number: usize) -> usize {
    (1..=10).find(|bytes| number >> (7 * bytes) == 0).unwrap()
}

fn updated(old: usize, length: usize) -> usize {
    (old + length) % 700
}

fn apply<B: Buffer>(
    session: &mut Session<B>,
    change: Change,
    rng: &mut SeededRng,
) -> Result<(), SessionError> {
    let value = |length| "x".repeat(length);
    match change {
        Change::Insert(key, length) => session.insert(KEYS[key], &value(length)),
        Change::InsertUntil(key, length, left) => {
            session.insert_until(KEYS[key], &value(length), NOW.after(Duration::from_secs(left)))
        }
        Change::Flash(key, length) => session.flash(KEYS[key], &value(length)),
        Change::Update(key, length) => session
            .update(KEYS[key], |old: Option<String>| value(updated(old.unwrap_or_default().len(), length)))
            .map(drop),
        Change::Remove(key) => session.remove(KEYS[key]).map(drop),
        Change::Take(key) => session.take::<String>(KEYS[key]).map(drop),
        Change::TakeFlash(key) => session.take_flash::<String>(KEYS[key]).map(drop),
        Change::Clear => session.clear(),
        Change::Owner(length) => session.sign_in(&"o".repeat(length)),
        Change::Label(length) => session.set_label(&"l".repeat(length)),
        Change::Csrf => session.csrf_token(rng).map(drop),
        Change::Lifetime => session.set_lifetime(Some(Duration::from_hours(1)), None),
    }
}

fn content<B: Buffer>(session: &Session<B>) -> Model {
    let entries = session.data.entries().map(|entry| {
        let entry = entry.unwrap();
        let key = KEYS.into_iter().find(|key| *key == entry.key()).unwrap();
        (key, entry.life, crate::value::read::<String>(entry.value).unwrap())
    });
    Model {
        owner: session.owner().map(ToString::to_string),
        label: session.label().to_string(),
        entries: entries.collect(),
    }
}

fn check<B: Buffer>(session: &Session<B>, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(&content(session), model);
    prop_assert_eq!(session.data.count(), model.entries.len());
    let visible = model.entries.iter().filter(|(_, life, _)| !life.is_flash() && !life.is_over(NOW));
    prop_assert!(session.keys().eq(visible.map(|(key, ..)| *key)));
    Ok(())
}

/// What each change came to, and what was stored at the end of each request.
#[derive(Default)]
struct Protocol {
    outcomes: Vec<bool>,
    /// One a request; `None` where there was nothing to store.
    records: Vec<Option<Vec<u8>>>,
}

/// Makes the changes on a session in `buffer`, and checks it after each.
fn run<B: Buffer>(buffer: B, limit: usize, requests: &[Vec<Change>]) -> Result<Protocol, TestCaseError> {
    let manager = Manager::builder(ring(&[1])).limit(limit).build().unwrap();
    let mut rng = SeededRng::new(3);
    let capacity = buffer.max_capacity();
    let mut session = manager.resume(manager.open([], NOW), buffer, NOW);
    let (mut model, mut protocol) = (Model::default(), Protocol::default());
    for changes in requests {
        for change in changes {
            let mut changed = model.clone();
            changed.apply(*change);
            let outcome = apply(&mut session, *change, &mut rng);
            protocol.outcomes.push(outcome.is_ok());
            match outcome {
                Ok(()) => model = changed,
                Err(SessionError::TooLarge(error)) => {
                    // Removing never makes a session larger, but is noted, for which a buffer may have no room.
                    prop_assert!(changed.size() > limit || capacity < 4 * limit);
                    prop_assert!(error.size() > error.limit(), "{error}");
                }
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
            check(&session, &model)?;
        }
        prop_assert!(model.size() <= limit);
        let mut commit = match manager.commit(session, NOW, &mut rng) {
            Ok(commit) => commit,
            Err(error) => {
                // What needs no room before the commit, as the CSRF secret, finds none in it.
                prop_assert!(matches!(error, CommitError::Session(SessionError::TooLarge(_))));
                prop_assert!(capacity < sealed_len(header::MAX_LENGTH + 3));
                return Ok(protocol);
            }
        };
        let mut stored = None;
        while let Some(operation) = commit.operation() {
            if let crate::store::Operation::Put { record, .. } = operation {
                prop_assert!(record.len() <= limit);
                stored = Some(record.to_vec());
                model.forget_what_is_over();
            }
            commit.applied();
        }
        protocol.records.push(stored);
        session = manager.reopen(manager.finish(commit).unwrap(), NOW);
        check(&session, &model)?;
    }
    Ok(protocol)
}

macro_rules! in_buffers_of {
    ($requests:expr, $limit:expr, $($size:literal)*) => {
        $(run(heapless::Vec::<u8, $size>::new(), $limit, $requests)?;)*
    };
}

proptest! {
    #[test]
    fn a_full_buffer_changes_nothing(requests in requests(), limit in 256..1_200_usize) {
        in_buffers_of!(&requests, limit, 0 1 27 28 29 60 128 168 169 170 200 233 256 300 345 400 512 600 777 1_024 1_500 2_048);
    }

    #[test]
    fn the_limit_is_exact_and_the_same_in_every_buffer(requests in requests(), limit in 256..1_200_usize) {
        let fixed = run(heapless::Vec::<u8, 16_384>::new(), limit, &requests)?;
        let stored = fixed.records.iter().map(Option::is_some);
        prop_assert_eq!(&fixed.outcomes, &expected(limit, requests.iter().zip(stored)));
        #[cfg(feature = "alloc")]
        {
            let growing = run(Vec::new(), limit, &requests)?;
            prop_assert_eq!(growing.outcomes, fixed.outcomes);
            prop_assert!(growing.records == fixed.records);
        }
    }
}

/// Which changes fit, in requests of which each was stored or not.
fn expected<'a>(limit: usize, requests: impl Iterator<Item = (&'a Vec<Change>, bool)>) -> Vec<bool> {
    let (mut model, mut outcomes) = (Model::default(), vec![]);
    for (changes, is_stored) in requests {
        for change in changes {
            let mut changed = model.clone();
            changed.apply(*change);
            let fits = changed.size() <= limit;
            outcomes.push(fits);
            if fits {
                model = changed;
            }
        }
        if is_stored {
            model.forget_what_is_over();
        }
    }
    outcomes
}
