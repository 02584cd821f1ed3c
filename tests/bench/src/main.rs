//! fastsession beside its peers, in one run.

mod axum;
mod fernet;
mod file;
mod growth;
mod redis;
mod suite;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use harness::Rounds;
use harness::allocations::Counting;

use crate::suite::Settings;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Compares fastsession with its peers, in one run.
#[derive(Parser)]
struct Arguments {
    /// What to compare: everything unless named
    what: Vec<What>,
    /// A few rounds only, to see that everything runs
    #[arg(long)]
    quick: bool,
    /// Count instructions too, step by step: this takes minutes
    #[arg(long)]
    instructions: bool,
    /// A Python interpreter that has the `cryptography` package
    #[arg(long)]
    python: Option<PathBuf>,
    /// A folder to draw the curves of growth into
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Do one work for some seconds, to be profiled: `--profile "decrypt 32 B" fastsession`
    #[arg(long, num_args = 2, value_names = ["CASE", "CONTENDER"])]
    profile: Vec<String>,
    /// Do one work, to be stepped through
    #[arg(long, hide = true, num_args = 2)]
    step: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Fernet tokens
    Fernet,
    /// Requests of an axum server with sessions in memory
    Axum,
    /// The same on a Redis server, which is started for it
    Redis,
    /// The same in files
    File,
    /// Cost against what grows
    Growth,
}

impl What {
    fn run(self, settings: &Settings) -> Result<()> {
        match self {
            Self::Fernet => fernet::run(settings),
            Self::Axum => axum::run(settings),
            Self::Redis => redis::run(settings),
            Self::File => file::run(settings),
            Self::Growth => growth::run(settings),
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let rounds = if arguments.quick { Rounds::QUICK } else { Rounds::THOROUGH };
    let settings = Settings {
        rounds,
        python: arguments.python,
        plots: arguments.plots,
        is_quick: arguments.quick,
        counts_instructions: arguments.instructions,
    };
    let find = |name: &str| {
        let mut cases = fernet::cases(&settings).into_iter().chain(axum::cases());
        cases.find(|case| case.name == name).with_context(|| format!("there is no case {name:?}"))
    };
    if let [case, contender] = &arguments.step[..] {
        return find(case)?.announce(contender);
    }
    if let [case, contender] = &arguments.profile[..] {
        return find(case)?.repeat(contender, Duration::from_secs(3));
    }
    let all = What::value_variants();
    for what in all.iter().filter(|what| arguments.what.is_empty() || arguments.what.contains(what)) {
        what.run(&settings)?;
    }
    Ok(())
}
