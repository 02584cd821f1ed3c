//! Where stores that judge expiry themselves take the time from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastsession_core::time::UnixTime;

/// A source of time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> UnixTime;
}

/// The operating system's clock; on Linux as of its last tick, which is up to 10 ms ago: a request asks several times, whole
/// seconds are all it wants, and the clocks of servers differ by more.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(target_os = "linux")]
impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let since_epoch = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        UnixTime::from_secs(u64::try_from(since_epoch.tv_sec).unwrap_or_default())
    }
}

#[cfg(not(target_os = "linux"))]
impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::now()
    }
}

/// A clock that stands still until it is set, for tests. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_secs())))
    }

    /// Sets it to `now`, forwards or backwards.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.as_secs(), Ordering::SeqCst);
    }

    /// Lets `seconds` pass.
    pub fn advance(&self, seconds: u64) {
        // The closure never refuses, and the sum saturates.
        let _ =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(seconds)));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_tells_the_time() {
        let (told, now) = (SystemClock.now(), UnixTime::now());
        // The tick may have been in the second before.
        assert!(told.as_secs().abs_diff(now.as_secs()) <= 1, "{told:?} at {now:?}");
    }
}
