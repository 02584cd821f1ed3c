//! Interleavings of requests on each kind of store that needs nothing installed: 100,000 of them in an optimized build, as
//! `cargo xtask test` has it, and 2,000 otherwise.
//!
//! `FASTSESSION_INTERLEAVINGS` says how many, `FASTSESSION_TEST_SEED` and `FASTSESSION_INTERLEAVING` repeat one that failed.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use fastsession::store::MemoryStore;
use fastsession::testing::{
    Interleavings, interleave, sessions_lose_no_update, sessions_stay_ended, sessions_stay_one,
};
use fastsession_tests::careless::{Careless, FAULTS, Fault};
use fastsession_tests::interleavings::run;
use fastsession_tests::subjects::{Clocked, Sqlite};

const COUNT: u64 = if cfg!(debug_assertions) { 2_000 } else { 100_000 };

#[test]
fn in_memory() {
    run(Clocked::memory, COUNT, true, 4);
}

#[test]
fn in_the_memory_of_a_device() {
    run(Clocked::core_memory, COUNT, true, 4);
}

#[test]
fn in_files() {
    // A purge goes through 256 folders.
    run(Clocked::files, COUNT, true, 100);
}

#[test]
fn in_sqlite() {
    run(Sqlite::new, COUNT, true, 4);
}

fn careless(fault: Fault) -> Clocked<Careless> {
    Clocked::new(|clock| Careless { store: MemoryStore::with_limits(1 << 30, clock), fault })
}

/// The model can fail: it notices every fault, and nothing where there is none.
#[tokio::test]
async fn faults_are_noticed() {
    let how = Interleavings { first: 0, count: 2_000, passes_time: true, purges_one_in: 4 };
    interleave(&careless(Fault::None), how).await.expect("no fault");
    for fault in FAULTS {
        let failure = interleave(&careless(fault), how).await.expect_err("a fault");
        println!("{fault:?}: {failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_noticed_in_races() {
    let subject = careless(Fault::PutsOverChanges);
    println!("{}", sessions_lose_no_update(&subject).await.expect_err("a fault"));
    for fault in [Fault::PutsAlways, Fault::EndsNobody] {
        println!("{fault:?}: {}", sessions_stay_ended(&careless(fault)).await.expect_err("a fault"));
    }
    println!("{}", sessions_stay_one(&careless(Fault::DeletesAlways)).await.expect_err("a fault"));
}
