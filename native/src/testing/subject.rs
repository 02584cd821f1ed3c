//! What a check needs to know about the store.

use std::time::Duration;

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Tag};
use fastsession_core::time::UnixTime;

use crate::store::{Put, Store, StoreError};

/// An engine with stores on it.
pub trait Subject: Send + Sync + 'static {
    /// The store that is checked.
    type Store: Store;

    /// One more handle on the engine, the same engine each time.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// What time it is for the store.
    fn now(&self) -> UnixTime {
        UnixTime::now()
    }

    /// Lets `seconds` pass for the store.
    fn advance(&self, seconds: u64) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(Duration::from_secs(seconds))
    }

    /// The longest record, in bytes, that has to fit.
    fn largest_record(&self) -> usize {
        64 * 1024
    }

    /// Puts the engine out of order; returns `false` if that cannot be done (the default), which skips the check.
    fn break_down(&self) -> impl Future<Output = bool> + Send {
        async { false }
    }

    /// Puts it right again, with everything that it held.
    fn repair(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Far enough away that nothing expires while a check runs.
pub(super) const LONG: u64 = 10_000;

pub(super) fn later(subject: &impl Subject, seconds: u64) -> UnixTime {
    subject.now().after(Duration::from_secs(seconds))
}

/// A put without an owner, which expires after the check.
pub(super) async fn put<S: Subject>(
    subject: &S,
    store: &S::Store,
    key: StoreKey,
    record: &[u8],
    condition: Condition,
) -> Result<Outcome, StoreError> {
    store.put(Put { key, record, expires_at: later(subject, LONG), condition, filing: None }).await
}

/// A put in an owner's list, which expires after the check.
pub(super) async fn file<S: Subject>(
    subject: &S,
    store: &S::Store,
    key: StoreKey,
    record: &[u8],
    condition: Condition,
    owner: OwnerKey,
) -> Result<Outcome, StoreError> {
    let expires_at = later(subject, LONG);
    let is_new = condition == Condition::Absent;
    let filing = Some(Filing { owner, entry: b"entry", is_new, until: expires_at });
    store.put(Put { key, record, expires_at, condition, filing }).await
}

/// The condition that the store still holds `record`.
pub(super) fn matches(record: &[u8]) -> Condition {
    Condition::Matches(Tag::of(record))
}
