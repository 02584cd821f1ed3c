//! The manager: a server's settings, its store, and what can be done without a request.

mod builder;
mod drive;
mod owners;

use std::sync::Arc;

use fastsession_core::event::{Event, EventKind};
use fastsession_core::manager::Manager;
use fastsession_core::store::StoreKey;

pub use self::builder::Builder;
pub(crate) use self::drive::{CoreCommit, CoreFinished, CoreSession, Loading, Repeat};
pub use self::owners::{Listed, Listing};
use crate::Error;
use crate::session::Session;
use crate::store::{Clock, DynStore};

/// Loads, commits, lists and ends sessions. Clones are the same manager.
#[derive(Clone)]
pub struct SessionManager(Arc<Inner>);

pub(crate) struct Inner {
    core: Manager,
    store: DynStore,
    clock: Arc<dyn Clock>,
    observer: Option<Observer>,
}

type Observer = Box<dyn Fn(&Event) + Send + Sync>;

impl SessionManager {
    /// Loads the session that the values of a request's `Cookie` headers name; a fresh one if they name none.
    /// [`Session::commit`] stores what is changed.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails.
    pub async fn load<'h>(
        &self,
        cookie_headers: impl IntoIterator<Item = &'h [u8]>,
    ) -> Result<Session, Error> {
        // The headers are read before the first await, so that the future does not borrow them.
        let (session, copies) = match self.0.load(cookie_headers) {
            Loading::Loaded(session) => (session, Vec::new()),
            Loading::Waiting(reading) => reading.await?,
        };
        Ok(Session::new(self.clone(), session, copies))
    }

    /// The store that the sessions are in.
    pub fn store(&self) -> &DynStore {
        &self.0.store
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl Inner {
    fn emit(&self, event: Event) {
        let Event { kind, key } = event;
        match (kind, key) {
            (EventKind::Refused(reason), key) => {
                tracing::debug!(event = kind.name(), reason = reason.name(), key = ?key, "session");
            }
            (EventKind::StoreFailed | EventKind::Ended, key) => {
                tracing::warn!(event = kind.name(), key = ?key, "session");
            }
            (_, key) => tracing::debug!(event = kind.name(), key = ?key, "session"),
        }
        #[cfg(feature = "metrics")]
        match kind {
            EventKind::Refused(reason) => {
                metrics::counter!("fastsession_events_total", "event" => kind.name(), "reason" => reason.name())
                    .increment(1);
            }
            _ => metrics::counter!("fastsession_events_total", "event" => kind.name()).increment(1),
        }
        if let Some(observer) = &self.observer {
            observer(&event);
        }
    }

    fn emit_kind(&self, kind: EventKind, key: Option<StoreKey>) {
        self.emit(Event { kind, key });
    }
}

impl std::fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionManager")
            .field("core", &self.0.core)
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
