//! `cargo xtask test`: runs the steps and sums up.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use xshell::Shell;

use crate::steps::{STEPS, Step};

/// Which steps to run: all of them by default.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// Run only this step (may be repeated)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Leave this step out (may be repeated)
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// List the steps and do nothing
    #[arg(long)]
    list: bool,
}

/// Runs the selected steps, all of them even where one fails.
///
/// # Errors
/// If the selection names a step that does not exist. A failed step is told by the exit code.
pub(crate) fn run(shell: &Shell, selection: &Selection) -> Result<ExitCode> {
    if selection.list {
        for step in STEPS {
            println!("{:<12}{}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let results: Vec<Finished> = selection.steps()?.into_iter().map(|step| finish(shell, step)).collect();
    Ok(sum_up(&results))
}

impl Selection {
    fn steps(&self) -> Result<Vec<&'static Step>> {
        for name in self.only.iter().chain(&self.skip) {
            if !STEPS.iter().any(|step| step.name == name) {
                bail!("there is no step '{name}': see `cargo xtask test --list`");
            }
        }
        let is_selected = |step: &&Step| {
            (self.only.is_empty() || self.only.iter().any(|name| name == step.name))
                && !self.skip.iter().any(|name| name == step.name)
        };
        let steps: Vec<_> = STEPS.iter().filter(is_selected).collect();
        if steps.is_empty() {
            bail!("no step is left to run: --skip takes all that --only names");
        }
        Ok(steps)
    }
}

/// A step that was run.
struct Finished {
    step: &'static Step,
    duration: Duration,
    result: Result<()>,
}

fn finish(shell: &Shell, step: &'static Step) -> Finished {
    println!("\n=== {}: {}", step.name, step.about);
    let start = Instant::now();
    let result = (step.run)(shell);
    let finished = Finished { step, duration: start.elapsed(), result };
    println!("--- {finished}");
    finished
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, seconds) = (self.step.name, self.duration.as_secs_f64());
        match &self.result {
            Ok(()) => write!(f, "{name:<12} ok     {seconds:>7.1} s"),
            Err(error) => write!(f, "{name:<12} FAILED {seconds:>7.1} s  {error:#}"),
        }
    }
}

fn sum_up(results: &[Finished]) -> ExitCode {
    println!("\n=== summary");
    for finished in results {
        println!("{finished}");
    }
    let (passed, failed): (Vec<_>, Vec<_>) = results.iter().partition(|finished| finished.result.is_ok());
    println!("{} passed, {} failed", passed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
