//! What all comparisons have in common.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use harness::{Contender, Counter, Measured, Rounds};

/// How to compare.
pub(crate) struct Settings {
    pub(crate) rounds: Rounds,
    pub(crate) python: Option<PathBuf>,
    /// Where to draw plots.
    pub(crate) plots: Option<PathBuf>,
    pub(crate) is_quick: bool,
    pub(crate) counts_instructions: bool,
}

/// Work that several contenders do.
pub(crate) struct Case {
    pub(crate) name: String,
    contenders: Box<dyn FnOnce() -> Result<Vec<Contender>>>,
}

/// What a contender took.
pub(crate) struct Outcome {
    pub(crate) measured: Measured,
    /// Instructions an operation, where they could be counted.
    pub(crate) instructions: Option<f64>,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        contenders: impl FnOnce() -> Result<Vec<Contender>> + 'static,
    ) -> Self {
        Self { name: name.into(), contenders: Box::new(contenders) }
    }

    /// Measures all contenders in turn.
    pub(crate) fn run(self, settings: &Settings, counter: &mut Counter) -> Result<Vec<Outcome>> {
        let mut contenders = (self.contenders)().with_context(|| self.name.clone())?;
        let measured = settings.rounds.measure(&mut contenders).with_context(|| self.name.clone())?;
        let program = std::env::current_exe()?;
        let step = |name: &str| {
            let mut command = Command::new(&program);
            command.args(["--step", &self.name, name]);
            command
        };
        let outcomes = measured.into_iter().zip(&contenders).map(|(measured, contender)| Outcome {
            instructions: contender
                .command_to_step(|| step(&contender.name))
                .and_then(|mut command| counter.count(&mut command)),
            measured,
        });
        Ok(outcomes.collect())
    }

    /// Has one contender do its work, to be stepped through.
    pub(crate) fn announce(self, name: &str) -> Result<()> {
        let mut contender = self.contender(name)?;
        let mut failure = None;
        harness::announce(&mut |count| failure = contender.time(count).err())?;
        failure.map_or(Ok(()), Err)
    }

    /// Has one contender do its work for some time, to be profiled.
    pub(crate) fn repeat(self, name: &str, time: Duration) -> Result<()> {
        let mut contender = self.contender(name)?;
        let start = Instant::now();
        while start.elapsed() < time {
            contender.time(1_000)?;
        }
        Ok(())
    }

    fn contender(self, name: &str) -> Result<Contender> {
        let mut contenders = (self.contenders)()?.into_iter();
        contenders.find(|known| known.name == name).with_context(|| format!("there is no contender {name:?}"))
    }
}

/// A number, or a dash where there is none.
pub(crate) fn or_dash(number: Option<f64>) -> String {
    number.map_or_else(|| "–".to_owned(), harness::quantity)
}
