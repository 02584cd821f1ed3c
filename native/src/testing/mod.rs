//! What every store must do, as checks to run on yours.
//!
//! Implement [`Subject`] for a handle on your engine, then let each check be a test of its own:
//!
//! ```
//! use fastsession::store::{ManualClock, MemoryStore};
//! use fastsession::testing::Subject;
//! # use fastsession_core::time::UnixTime;
//!
//! struct Mine { store: MemoryStore, clock: ManualClock }
//!
//! impl Subject for Mine {
//!     type Store = MemoryStore;
//!
//!     async fn open(&self) -> MemoryStore {
//!         self.store.clone()
//!     }
//!
//!     fn now(&self) -> UnixTime {
//!         fastsession::store::Clock::now(&self.clock)
//!     }
//!
//!     async fn advance(&self, seconds: u64) {
//!         self.clock.advance(seconds);
//!     }
//! }
//!
//! fn mine() -> Mine {
//!     let clock = ManualClock::new(UnixTime::now());
//!     Mine { store: MemoryStore::with_limits(1 << 30, clock.clone()), clock }
//! }
//!
//! fastsession::store_contract!(mine());
//! ```
//!
//! The order in which racing tasks run is shuffled by a seed, which a failure prints; the environment variable
//! `FASTSESSION_TEST_SEED` sets it. The checks use keys of their own, so they may share one engine.

#![expect(
    clippy::missing_errors_doc,
    reason = "every check fails with a Failure that says what the store did"
)]

mod basics;
mod cancellation;
mod conditions;
mod failure;
mod owners;
mod purge;
mod races;
mod random;
mod rotation;
mod sessions;
mod subject;

pub use self::basics::*;
pub use self::cancellation::*;
pub use self::conditions::*;
pub use self::failure::{Checked, Failure};
pub use self::owners::*;
pub use self::purge::*;
pub use self::races::*;
pub use self::random::seed;
pub use self::rotation::*;
pub use self::sessions::*;
pub use self::subject::Subject;

use std::pin::Pin;
use std::time::Duration;

/// A check: its name, and what it does with a subject.
pub struct Check<S> {
    /// The name of the function in this module.
    pub name: &'static str,
    /// Runs it.
    pub run: for<'a> fn(&'a S) -> Pin<Box<dyn Future<Output = Checked> + Send + 'a>>,
}

/// How long a check may take; longer means that it hangs.
const PATIENCE: Duration = Duration::from_mins(3);

/// Runs all checks, one after the other, inside a Tokio runtime of several threads.
///
/// # Errors
/// One [`Failure`] for each check that fails.
pub async fn run_all<S: Subject>(subject: &S) -> Result<(), Vec<Failure>> {
    let mut failures = Vec::new();
    for check in checks::<S>() {
        failures.extend(patiently(check.name, (check.run)(subject)).await.err());
    }
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// Runs one check in a runtime of its own; what [`store_contract!`](crate::store_contract) makes tests of.
///
/// # Panics
/// If the check fails.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn run<S: Subject>(
    name: &'static str,
    subject: &S,
    check: for<'a> fn(&'a S) -> Pin<Box<dyn Future<Output = Checked> + Send + 'a>>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(patiently(name, check(subject))),
        Err(error) => Err(Failure::new(error.to_string())),
    };
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

async fn patiently(name: &'static str, check: impl Future<Output = Checked> + Send) -> Checked {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(result) => result.map_err(|failure| failure.of(name)),
        Err(_) => Err(Failure::new(format!("not done after {PATIENCE:?}")).of(name)),
    }
}

/// The list of checks, once, for [`checks`] and for the macro.
macro_rules! list {
    (($d:tt) $($name:ident)*) => {
        /// All checks.
        pub fn checks<S: Subject>() -> Vec<Check<S>> {
            vec![$(Check { name: stringify!($name), run: |subject| Box::pin($name(subject)) }),*]
        }

        /// Makes a `#[test]` of every check in [`testing`](crate::testing), for the
        /// [`Subject`](crate::testing::Subject) that the expression yields (once for each test).
        #[macro_export]
        macro_rules! store_contract {
            ($d subject:expr) => {
                $(
                    #[test]
                    fn $name() {
                        let subject = $d subject;
                        $d crate::testing::run(stringify!($name), &subject, |subject| {
                            ::std::boxed::Box::pin($d crate::testing::$name(subject))
                        });
                    }
                )*
            };
        }
    };
}

list! { ($)
    a_record_comes_back
    any_bytes_come_back
    any_size_comes_back
    a_record_expires
    an_expired_record_counts_as_absent
    a_renewed_record_lives_on
    a_record_may_be_born_expired
    handles_share_one_engine
    an_outage_is_an_error_and_passes
    conditions_decide_a_put
    conditions_decide_a_delete
    the_tag_is_all_that_counts
    a_list_shows_what_lives
    a_list_keeps_what_lives_longer_than_planned
    a_list_gives_the_last_entry
    a_record_is_on_one_list
    ending_all_ends_all
    ending_one_ends_one
    ending_others_keeps_one
    long_lists_are_whole
    purge_takes_what_is_over
    purge_spares_what_is_renewed
    statistics_count
    no_update_is_lost
    one_of_many_creates
    a_deleted_record_stays_deleted
    put_or_delete_but_not_both
    readers_see_whole_records
    ending_is_final_for_writers
    ended_sessions_are_counted_once
    ending_all_catches_rotations
    dropped_futures_leave_whole_records
    dropped_futures_leave_lists_usable
    sessions_interleave
    sessions_lose_no_update
    sessions_stay_ended
    sessions_stay_one
}
