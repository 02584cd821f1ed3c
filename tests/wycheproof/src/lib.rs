//! Project Wycheproof's cases on the core's primitives, as a module of WebAssembly that needs nothing from its host.
//!
//! The primitives are the core's own file, which exports them to nobody.
// A build for tests would take the unit tests of that file along.
#![cfg(not(test))]

#[path = "../../../core/src/primitives/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the cases need less than the core")]
mod primitives;
#[path = "../../../core/src/primitives/vectors.rs"]
#[allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests may panic")]
mod vectors;

/// Runs the set of cases at this index: how many passed, if all did; if one failed its number, negated, minus one; the least
/// number where there is no such set.
#[unsafe(no_mangle)]
pub extern "C" fn run(set: usize) -> i32 {
    let outcome = vectors::SETS.get(set).map(|(_, _, run)| run());
    let number = |count| i32::try_from(count).unwrap_or(i32::MAX);
    match outcome {
        Some(Ok(passed)) => number(passed),
        Some(Err(failed)) => !number(failed),
        None => i32::MIN,
    }
}
