//! Requests that take turns: each stops before every operation of its store until it is told to go on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::request::{Ended, Seen};
use crate::store::{Capabilities, DynStore, Filed, Progress, Put, Store, StoreError};

/// What the request in a lane has come to.
pub(super) enum Event {
    /// It waits for its turn to do this operation.
    Waits(&'static str),
    /// It has loaded its session.
    Loaded(Seen),
    /// It is over.
    Ended(Ended),
}

/// One request at a time.
pub(super) struct Lane {
    number: usize,
    turn: Notify,
    events: UnboundedSender<(usize, Event)>,
    /// Under which keys it ever put something.
    written: Mutex<BTreeSet<StoreKey>>,
}

/// A lane's store.
pub(super) struct TakingTurns {
    store: DynStore,
    lane: Arc<Lane>,
}

impl Lane {
    pub(super) fn new(number: usize, events: UnboundedSender<(usize, Event)>) -> Self {
        Self { number, turn: Notify::new(), events, written: Mutex::default() }
    }

    /// Lets it go on, until it waits again or is over.
    pub(super) fn go_on(&self) {
        self.turn.notify_one();
    }

    pub(super) fn tell(&self, event: Event) {
        // Nobody listens any more where the check has failed.
        let _ = self.events.send((self.number, event));
    }

    pub(super) fn take_written(&self) -> BTreeSet<StoreKey> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn wait(&self, operation: &'static str) {
        self.tell(Event::Waits(operation));
        self.turn.notified().await;
    }
}

impl TakingTurns {
    pub(super) fn new(store: DynStore, lane: Arc<Lane>) -> Self {
        Self { store, lane }
    }
}

impl Store for TakingTurns {
    fn engine(&self) -> &'static str {
        self.store.engine()
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.lane.wait("get").await;
        self.store.get(key).await
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        self.lane.wait("put").await;
        self.lane.written.lock().unwrap_or_else(PoisonError::into_inner).insert(put.key);
        self.store.put(put).await
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        self.lane.wait("delete").await;
        self.store.delete(key, condition).await
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        self.lane.wait("list").await;
        self.store.list(owner).await
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        self.lane.wait("delete_owned").await;
        self.store.delete_owned(owner, which).await
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        self.lane.wait("purge_expired").await;
        self.store.purge_expired(now, progress).await
    }
}
