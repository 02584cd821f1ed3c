//! Project Wycheproof's cases on the core's primitives, as a module of WebAssembly that needs nothing from its host.
//!
//! The primitives are the core's own file, which exports them to nobody.

#[path = "../../../core/src/primitives/mod.rs"]
#[allow(dead_code, reason = "the cases need less than the core")]
mod primitives;
#[path = "../../../core/src/primitives/vectors.rs"]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may panic"
)]
mod vectors;

/// Runs the set of cases at this index: how many passed, if all did; less than zero, if one failed: its number, negated,
/// minus one. Traps where there is no such set.
#[unsafe(no_mangle)]
#[allow(clippy::expect_used, reason = "a test may panic")]
pub extern "C" fn run(set: usize) -> i32 {
    let (_, _, run) = vectors::SETS.get(set).expect("a set of that index");
    let outcome = run().map(i32::try_from).map_err(i32::try_from);
    match outcome {
        Ok(passed) => passed.unwrap_or(i32::MAX),
        Err(failed) => failed.map_or(i32::MIN, |failed| !failed),
    }
}
