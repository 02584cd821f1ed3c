//! Purges a store now and then, for stores that do not forget by themselves.

use std::fmt;
use std::time::Duration;

use fastsession_core::time::UnixTime;
use tokio::task::JoinHandle;

use super::{Clock, DynStore, Progress, Store, StoreError, StoreErrorKind};

/// A task that calls `purge_expired` on a store, until this handle is dropped.
///
/// A purge that fails is logged and tried again at its next time. Several processes may sweep one store.
#[must_use = "sweeping stops when this is dropped"]
pub struct Sweeper(Option<JoinHandle<()>>);

/// How often to sweep, unless another time is asked for.
pub const SWEEP_INTERVAL: Duration = Duration::from_mins(10);

impl Sweeper {
    /// Starts sweeping `store` every `interval`, for the first time after a part of it, so that processes that
    /// start together do not sweep together. Nothing is started for a store that purges itself.
    ///
    /// # Errors
    /// [`StoreErrorKind::Configuration`] outside a Tokio runtime.
    pub fn start(store: DynStore, interval: Duration, clock: impl Clock) -> Result<Self, StoreError> {
        if store.capabilities().self_purging {
            return Ok(Self(None));
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
            StoreError::new(StoreErrorKind::Configuration, store.engine(), "sweep", error)
        })?;
        let interval = interval.max(SHORTEST);
        Ok(Self(Some(runtime.spawn(async move {
            tokio::time::sleep(part(interval, clock.now())).await;
            loop {
                sweep(&store, clock.now()).await;
                tokio::time::sleep(interval).await;
            }
        }))))
    }

    /// Stops sweeping and waits until a purge that is under way has been given up.
    pub async fn stop(mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            // It ends by being cancelled, which is what was asked for.
            let _ = task.await;
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl fmt::Debug for Sweeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Sweeper(running)" } else { "Sweeper(not needed)" })
    }
}

async fn sweep(store: &DynStore, now: UnixTime) {
    match store.purge_expired(now, &Progress::none()).await {
        Ok(0) => {}
        Ok(removed) => tracing::debug!(engine = store.engine(), removed, "purged expired sessions"),
        Err(error) => tracing::warn!(%error, "a purge failed and will be tried again"),
    }
}

/// A part of `interval` that differs from process to process.
fn part(interval: Duration, now: UnixTime) -> Duration {
    let mixed =
        now.as_secs().wrapping_mul(31).wrapping_add(u64::from(std::process::id()).wrapping_mul(7_919));
    let percent = u32::try_from(mixed.checked_rem(100).unwrap_or_default()).unwrap_or_default();
    interval.saturating_mul(percent).checked_div(100).unwrap_or(interval)
}

/// So that a setting of zero does not keep a thread busy.
const SHORTEST: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use fastsession_core::store::{Condition, Outcome, StoreKey};

    use super::super::{Capabilities, Put, SystemClock};
    use super::*;

    /// Fails at every other purge, and counts them.
    struct Counting {
        purges: Arc<AtomicU64>,
        self_purging: bool,
    }

    impl Store for Counting {
        fn engine(&self) -> &'static str {
            "counting"
        }

        fn capabilities(&self) -> Capabilities {
            Capabilities { self_purging: self.self_purging, ..Capabilities::default() }
        }

        async fn get(&self, _key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(None)
        }

        async fn put(&self, _put: Put<'_>) -> Result<Outcome, StoreError> {
            Ok(Outcome::Applied)
        }

        async fn delete(&self, _key: &StoreKey, _condition: Condition) -> Result<Outcome, StoreError> {
            Ok(Outcome::Applied)
        }

        async fn purge_expired(&self, _now: UnixTime, _progress: &Progress) -> Result<u64, StoreError> {
            match self.purges.fetch_add(1, Ordering::SeqCst) % 2 {
                0 => Err(StoreError::unsupported("counting", "purge_expired")),
                _ => Ok(1),
            }
        }
    }

    fn purges(self_purging: bool) -> (Sweeper, Arc<AtomicU64>) {
        let purges = Arc::new(AtomicU64::new(0));
        let store = DynStore::new(Counting { purges: Arc::clone(&purges), self_purging });
        (Sweeper::start(store, Duration::ZERO, SystemClock).unwrap(), purges)
    }

    #[tokio::test]
    async fn an_error_does_not_end_it_and_dropping_does() {
        for stopped in [true, false] {
            let (sweeper, purges) = purges(false);
            while purges.load(Ordering::SeqCst) < 5 {
                tokio::time::sleep(SHORTEST).await;
            }
            if stopped {
                sweeper.stop().await;
            } else {
                drop(sweeper);
                tokio::time::sleep(SHORTEST).await;
            }
            let after = purges.load(Ordering::SeqCst);
            tokio::time::sleep(SHORTEST * 5).await;
            assert_eq!(purges.load(Ordering::SeqCst), after);
        }
    }

    #[tokio::test]
    async fn a_store_that_purges_itself_is_left_alone() {
        let (sweeper, purges) = purges(true);
        tokio::time::sleep(SHORTEST * 5).await;
        assert_eq!(
            (format!("{sweeper:?}").as_str(), purges.load(Ordering::SeqCst)),
            ("Sweeper(not needed)", 0)
        );
    }

    #[test]
    fn without_a_runtime_it_is_an_error() {
        let store = DynStore::new(super::super::MemoryStore::new());
        let error = Sweeper::start(store, SWEEP_INTERVAL, SystemClock).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Configuration);
    }
}
