//! Time as an argument: the core has no clock.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates, since both sides of it may come from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(u64);

/// How far two honest clocks may differ, in seconds.
///
/// The value of the Fernet specification's reference implementations.
pub const MAX_CLOCK_SKEW: u64 = 60;

impl UnixTime {
    /// The time that is `seconds` after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This time and `duration` (its whole seconds) later, or the last representable second.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        self.after_secs(duration.as_secs())
    }

    /// As [`Self::after`], in seconds.
    #[must_use]
    pub(crate) const fn after_secs(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// How long ago this time was at `now`; zero if it lies ahead.
    #[must_use]
    pub const fn age(self, now: Self) -> Duration {
        Duration::from_secs(now.0.saturating_sub(self.0))
    }

    /// Whether this time lies further ahead of `now` than honest clocks differ.
    #[must_use]
    pub const fn is_beyond_skew(self, now: Self) -> bool {
        self.0 > now.0.saturating_add(MAX_CLOCK_SKEW)
    }

    /// The system's clock; on Linux as of its last tick, which is up to 10 ms ago. Whole seconds are all that is wanted, the
    /// clocks of servers differ by more, and the exact time is a good part of what a short token takes.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn now() -> Self {
        #[cfg(target_os = "linux")]
        let seconds = {
            let since_epoch = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
            u64::try_from(since_epoch.tv_sec).unwrap_or_default()
        };
        #[cfg(not(target_os = "linux"))]
        let seconds =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sums_saturate() {
        let (early, late) = (UnixTime::from_secs(100), UnixTime::from_secs(160));
        assert_eq!(early.age(late), Duration::from_mins(1));
        assert_eq!(late.age(early), Duration::ZERO);
        assert_eq!(UnixTime::from_secs(u64::MAX).after(Duration::from_secs(1)).as_secs(), u64::MAX);
    }

    #[cfg(feature = "std")]
    #[test]
    fn now_is_what_the_system_says() {
        let told = UnixTime::now().as_secs();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        // The tick may have been in the second before.
        assert!(told.abs_diff(now) <= 1, "{told} at {now}");
    }

    #[test]
    fn skew_is_inclusive() {
        let now = UnixTime::from_secs(1_000);
        assert!(!UnixTime::from_secs(1_060).is_beyond_skew(now));
        assert!(UnixTime::from_secs(1_061).is_beyond_skew(now));
    }
}
