//! Settings.

use std::sync::Arc;
use std::time::Duration;

use fastsession_core::cookie::SameSite;
use fastsession_core::event::Event;
use fastsession_core::id::SessionId;
use fastsession_core::manager::{self, ConfigError, Manager, Placement};
use fastsession_core::token::KeyRing;

use super::{Inner, Observer, SessionManager};
use crate::store::{Clock, DynStore, NoStore, Store, SystemClock};

/// What a store that is not consistent is taken to lag.
const DEFAULT_LAG: Duration = Duration::from_mins(1);

/// The settings of a [`SessionManager`]; the defaults are safe.
#[must_use]
pub struct Builder {
    core: manager::Builder,
    store: Option<DynStore>,
    lag: Duration,
    clock: Arc<dyn Clock>,
    observer: Option<Observer>,
}

impl SessionManager {
    /// Begins the settings of a manager that keeps sessions in `store`, sealed with the newest key of `keys` and
    /// opened with all of them.
    pub fn builder(keys: KeyRing, store: impl Store) -> Builder {
        Builder {
            core: Manager::builder(keys),
            store: Some(DynStore::new(store)),
            lag: DEFAULT_LAG,
            clock: Arc::new(SystemClock),
            observer: None,
        }
    }

    /// Begins the settings of a manager that keeps sessions in a cookie of the browser, and in no store: see
    /// [`Placement::Cookie`] for what that cannot do.
    pub fn cookie_builder(keys: KeyRing) -> Builder {
        Builder {
            core: Manager::builder(keys),
            store: None,
            lag: DEFAULT_LAG,
            clock: Arc::new(SystemClock),
            observer: None,
        }
    }
}

/// The setters of the core's builder, which say what they do.
macro_rules! settings {
    ($($name:ident: $type:ty),+ $(,)?) => {
        $(
            #[doc = concat!("See [`", stringify!($name), "`](manager::Builder::", stringify!($name), ") of the core.")]
            pub fn $name(mut self, $name: $type) -> Self {
                self.core = self.core.$name($name);
                self
            }
        )+
    };
}

impl Builder {
    settings! {
        idle_timeout: Duration,
        absolute_timeout: Duration,
        cookie_name: &str,
        cookie_path: &str,
        cookie_domain: &str,
        secure: bool,
        http_only: bool,
        same_site: SameSite,
        partitioned: bool,
        persistent: bool,
        namespace: &str,
        limit: usize,
        owners: bool,
        id_generator: fn([u8; 32]) -> SessionId,
    }

    /// How old the reads of the store may be, if it says that it is not consistent: a minute unless set. Visitors then
    /// carry a copy of their session, see [`Placement::Both`].
    pub fn lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    /// Where the time comes from: the system's clock unless set.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Calls `observer` with what happens to sessions. Events are also `tracing` events and, with the feature
    /// `metrics`, counted as `fastsession_events_total`.
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The manager with these settings.
    ///
    /// # Errors
    /// [`ConfigError`], the first setting that is wrong.
    pub fn build(self) -> Result<SessionManager, ConfigError> {
        let Self { core, store, lag, clock, observer } = self;
        let placement = match &store {
            None => Placement::Cookie,
            Some(store) if store.capabilities().consistent => Placement::Store,
            Some(_) => Placement::Both { lag },
        };
        let core = core.placement(placement).build()?;
        let store = store.unwrap_or_else(|| DynStore::new(NoStore));
        Ok(SessionManager(Arc::new(Inner { core, store, clock, observer })))
    }
}
