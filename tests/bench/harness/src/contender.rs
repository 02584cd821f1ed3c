//! Something that can be done again and again, and measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::allocations;

/// One way to do the work that is compared.
pub struct Contender {
    /// What the table calls it.
    pub name: String,
    run: Run,
    stepped: Stepped,
}

type Run = Box<dyn FnMut(Task) -> Result<Sample>>;

/// Which process to step through.
enum Stepped {
    /// This program, told to do this.
    Here,
    /// Another one, with this argument.
    Elsewhere(PathBuf, String),
    /// None: it would say little.
    No,
}

/// What a contender is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// How many operations.
    pub(crate) count: u64,
    /// Whether to count allocations rather than time.
    pub(crate) allocations: bool,
}

/// What some operations took together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    /// How long.
    pub(crate) time: Duration,
    /// How often memory was asked for; `None` where that is not known.
    pub(crate) allocations: Option<u64>,
}

impl Contender {
    /// Measures `run`, which does the operation as often as it is told.
    pub fn new(name: &str, mut run: impl FnMut(u64) + 'static) -> Self {
        let run: Run = Box::new(move |task| Ok(measure(task, &mut run)));
        Self { name: name.to_owned(), run, stepped: Stepped::Here }
    }

    /// Something in another process, which measures itself; `program` can be stepped through.
    pub(crate) fn elsewhere(
        name: &str,
        work: &str,
        program: Option<&Path>,
        run: impl FnMut(Task) -> Result<Sample> + 'static,
    ) -> Self {
        let stepped =
            program.map_or(Stepped::No, |program| Stepped::Elsewhere(program.to_owned(), work.to_owned()));
        Self { name: name.to_owned(), run: Box::new(run), stepped }
    }

    /// The time of `count` operations.
    pub fn time(&mut self, count: u64) -> Result<Duration> {
        Ok((self.run)(Task { count, allocations: false })?.time)
    }

    /// The allocations of an operation, once it is warm.
    pub fn allocations(&mut self) -> Result<Option<f64>> {
        const COUNT: u64 = 16;
        (self.run)(Task { count: COUNT, allocations: false })?;
        let sample = (self.run)(Task { count: COUNT, allocations: true })?;
        Ok(sample.allocations.map(|allocations| allocations as f64 / COUNT as f64))
    }

    /// The command whose process can be stepped through; `here` makes it where this program is to be told what to do.
    pub fn command_to_step(&self, here: impl FnOnce() -> Command) -> Option<Command> {
        match &self.stepped {
            Stepped::Here => Some(here()),
            Stepped::Elsewhere(program, argument) => {
                let mut command = Command::new(program);
                command.arg(argument);
                Some(command)
            }
            Stepped::No => None,
        }
    }
}

pub(crate) fn measure(task: Task, run: &mut dyn FnMut(u64)) -> Sample {
    if task.allocations {
        let allocations = allocations::count(|| run(task.count));
        return Sample { allocations: Some(allocations), ..Sample::default() };
    }
    let start = Instant::now();
    run(task.count);
    Sample { time: start.elapsed(), allocations: None }
}
