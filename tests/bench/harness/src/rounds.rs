//! Many short rounds, in each of which every contender has its turn.

use std::time::Duration;

use anyhow::Result;

use crate::contender::Contender;
use crate::table::Spread;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// How many rounds.
    pub rounds: usize,
    /// How long a contender's turn takes.
    pub turn: Duration,
}

/// What the rounds told of a contender.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The contender's name.
    pub name: String,
    /// Nanoseconds an operation.
    pub nanoseconds: Spread,
    /// This contender's time over the first contender's in the same round.
    pub ratio: Spread,
    /// The times of the rounds, in their order.
    pub times: Vec<f64>,
    /// Allocations an operation, where they are known.
    pub allocations: Option<f64>,
}

impl Rounds {
    /// For figures that are to be written down.
    pub const THOROUGH: Self = Self { rounds: 401, turn: Duration::from_micros(500) };
    /// To see that everything runs.
    pub const QUICK: Self = Self { rounds: 15, turn: Duration::from_micros(200) };

    /// Measures all contenders in turn. Every round begins with another one.
    pub fn measure(&self, contenders: &mut [Contender]) -> Result<Vec<Measured>> {
        let mut counts = Vec::new();
        let mut allocations = Vec::new();
        for contender in contenders.iter_mut() {
            allocations.push(contender.allocations()?);
            counts.push(self.calibrate(contender)?);
        }
        let mut times = vec![Vec::with_capacity(self.rounds); contenders.len()];
        for round in 0..self.rounds {
            for turn in 0..contenders.len() {
                let at = (round + turn) % contenders.len();
                let time = contenders[at].time(counts[at])?;
                times[at].push(time.as_secs_f64() * 1e9 / counts[at] as f64);
            }
        }
        let results = contenders.iter().zip(&times).zip(allocations);
        Ok(results
            .map(|((contender, own), allocations)| Measured {
                name: contender.name.clone(),
                nanoseconds: Spread::of(own.iter().copied()),
                ratio: Spread::of(own.iter().zip(&times[0]).map(|(own, first)| own / first)),
                times: own.clone(),
                allocations,
            })
            .collect())
    }

    /// How many operations fill a turn; at least one.
    fn calibrate(&self, contender: &mut Contender) -> Result<u64> {
        let mut count = 1;
        loop {
            let time = contender.time(count)?.max(Duration::from_nanos(1));
            let wanted = self.turn.as_secs_f64() / time.as_secs_f64();
            if wanted < 2.0 {
                return Ok(count);
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
            let factor = wanted.min(16.0) as u64;
            count *= factor.max(2);
        }
    }
}
