//! The order of functions.

use super::compressor::Compressor;
use anyhow::Result;
use fastrand::Rng;
use std::collections::HashSet;

/// So many orders are tried for each function.
const TRIES: usize = 24;

/// Functions are moved in runs of one of these lengths.
const RUNS: [usize; 7] = [1, 1, 1, 2, 3, 5, 10];

/// Functions are compared by the strings of so many bytes in them.
const STRING: usize = 4;

/// The indices of functions, in an order that makes them short once they are compressed: each beside the one most like it, and from there
/// on by moving some elsewhere as long as that helps. The same functions give the same order.
///
/// # Errors
/// If they cannot be compressed.
pub(super) fn order(functions: &[&[u8]]) -> Result<Vec<usize>> {
    let mut compressor = Compressor::quick();
    let mut length = |order: &[usize]| {
        let bodies: Vec<&[u8]> = order.iter().filter_map(|&index| functions.get(index).copied()).collect();
        compressor.length(&bodies.concat())
    };
    let mut order = nearest_neighbours(functions);
    let mut shortest = length(&order)?;
    let mut random = Rng::with_seed(1);
    for _ in 0..functions.len().saturating_mul(TRIES) {
        let changed = move_run(&order, &mut random);
        let changed_length = length(&changed)?;
        if changed_length <= shortest {
            (order, shortest) = (changed, changed_length);
        }
    }
    Ok(order)
}

/// Each function is followed by the one most like it among those that are left: the one that has most strings in common with it. Short ones
/// are preferred where they have as much in common as long ones.
fn nearest_neighbours(functions: &[&[u8]]) -> Vec<usize> {
    let strings: Vec<HashSet<&[u8]>> =
        functions.iter().map(|bytes| bytes.windows(STRING).collect()).collect();
    let mut left: Vec<(usize, &HashSet<&[u8]>)> = strings.iter().enumerate().collect();
    let mut order = Vec::new();
    let mut next = 0;
    while let Some((function, last)) = (next < left.len()).then(|| left.remove(next)) {
        order.push(function);
        let like = |other: &HashSet<&[u8]>| {
            let shared = u32::try_from(last.intersection(other).count()).unwrap_or(u32::MAX);
            let all = u32::try_from(other.len()).unwrap_or(u32::MAX);
            f64::from(shared) / (f64::from(all) + 8.0).sqrt()
        };
        let likeness: Vec<f64> = left.iter().map(|(_, other)| like(other)).collect();
        let nearest = likeness.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
        next = nearest.map_or(0, |(place, _)| place);
    }
    order
}

/// The same order with a few neighbours elsewhere, sometimes the other way round.
fn move_run(order: &[usize], random: &mut Rng) -> Vec<usize> {
    let length = random.choice(RUNS).unwrap_or(1).min(order.len());
    let start = random.usize(..=order.len().saturating_sub(length));
    let mut changed = order.to_vec();
    let mut run: Vec<usize> = changed.drain(start..start.saturating_add(length)).collect();
    if random.u8(..5) == 0 {
        run.reverse();
    }
    let place = random.usize(..=changed.len());
    changed.splice(place..place, run);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_place() {
        let functions: Vec<Vec<u8>> =
            (0..30_u8).map(|seed| (seed..seed + 40).map(|byte| byte % 7).collect()).collect();
        for count in [0, 1, 2, 30] {
            let functions: Vec<&[u8]> = functions.iter().take(count).map(Vec::as_slice).collect();
            let mut order = order(&functions).unwrap();
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn functions_that_are_alike_come_together() {
        let mut random = Rng::with_seed(1);
        let texts: Vec<Vec<u8>> = (0..2).map(|_| (0..20_000).map(|_| random.u8(..)).collect()).collect();
        let functions: Vec<&[u8]> = texts.iter().chain(&texts).map(Vec::as_slice).collect();
        let order = order(&functions).unwrap();
        let pairs = order.chunks(2).filter(|pair| pair[0] % 2 == pair[1] % 2).count();
        assert_eq!(pairs, 2, "{order:?}");
    }

    #[test]
    fn the_same_functions_give_the_same_order() {
        let functions: Vec<Vec<u8>> =
            (0..20_u8).map(|seed| (0..60).map(|byte| byte % (seed + 1)).collect()).collect();
        let functions: Vec<&[u8]> = functions.iter().map(Vec::as_slice).collect();
        assert_eq!(order(&functions).unwrap(), order(&functions).unwrap());
    }
}
