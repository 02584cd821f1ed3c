//! Many interleavings of requests, on both cores of a small machine.
#![allow(clippy::missing_panics_doc, reason = "a test fails by a panic")]

use std::time::Instant;

use fastsession::testing::{Interleavings, Subject, interleave, seed};

/// Runs `count` interleavings, or as many as the variable `FASTSESSION_INTERLEAVINGS` says, each half of them on a
/// subject of its own. `FASTSESSION_INTERLEAVING` names the only one to run, as a failure names it.
pub fn run<S: Subject>(subject: impl Fn() -> S + Sync, count: u64, passes_time: bool, purges_one_in: u64) {
    let (first, count, halves) =
        match (number("FASTSESSION_INTERLEAVING"), number("FASTSESSION_INTERLEAVINGS")) {
            (Some(only), _) => (only, 1, 1),
            (None, Some(count)) => (0, count, 2),
            (None, None) => (0, count, 2),
        };
    let start = Instant::now();
    std::thread::scope(|scope| {
        for half in 0..halves {
            let subject = &subject;
            let share = count / halves + u64::from(half < count % halves);
            let how = Interleavings {
                first: first + half * (count / 2 + 1),
                count: share,
                passes_time,
                purges_one_in,
            };
            scope.spawn(move || {
                // One thread: nothing but the seed decides.
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                let checked = runtime.block_on(async { interleave(&subject(), how).await });
                checked.unwrap_or_else(|failure| panic!("{failure}"));
            });
        }
    });
    println!("{count} interleavings in {:.1} s, seed {}", start.elapsed().as_secs_f64(), seed());
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}
