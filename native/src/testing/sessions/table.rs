//! What all runs of requests that take turns share.

use std::sync::Arc;
use std::time::Duration;

use fastsession_core::token::KeyRing;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::super::failure::Failure;
use super::super::subject::Subject;
use super::turns::{Event, Lane, TakingTurns};
use crate::SessionManager;
use crate::store::{DynStore, ManualClock, Store};

/// How many requests run at a time.
pub(super) const LANES: usize = 4;

/// What all runs share.
pub(super) struct Table {
    pub(super) store: DynStore,
    pub(super) clock: ManualClock,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) managers: Vec<SessionManager>,
    /// One that waits for no turn.
    pub(super) quiet: SessionManager,
    pub(super) events: UnboundedReceiver<(usize, Event)>,
}

impl Table {
    pub(super) fn set(subject: &impl Subject, store: DynStore) -> Result<Self, Failure> {
        let clock = ManualClock::new(subject.now());
        let (sender, events) = mpsc::unbounded_channel();
        let lanes: Vec<_> = (0..LANES).map(|number| Arc::new(Lane::new(number, sender.clone()))).collect();
        let manager =
            |lane: &Arc<Lane>| manager_on(TakingTurns::new(store.clone(), Arc::clone(lane)), &clock);
        let managers = lanes.iter().map(manager).collect::<Result<_, _>>()?;
        let quiet = manager_on(store.clone(), &clock)?;
        Ok(Self { store, clock, lanes, managers, quiet, events })
    }
}

/// A manager whose sessions live for an hour.
pub(super) fn manager_on(store: impl Store, clock: &ManualClock) -> Result<SessionManager, Failure> {
    let keys = KeyRing::parse(KEY).map_err(|error| Failure::new(error.to_string()))?;
    let builder = SessionManager::builder(keys, store)
        .clock(clock.clone())
        .idle_timeout(HOUR)
        .absolute_timeout(TWO_HOURS);
    builder.build().map_err(|error| Failure::new(error.to_string()))
}

const HOUR: Duration = Duration::from_hours(1);
const TWO_HOURS: Duration = Duration::from_hours(2);
const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
