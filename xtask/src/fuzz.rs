//! `cargo xtask fuzz`: runs the fuzz targets, as many at a time as there are processors.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::tools::target_folder;

/// An input that takes longer is a finding.
const SECONDS_AN_INPUT: u32 = 10;

/// How long to run which targets: all of them by default.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// How long each target runs
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Run only this target (may be repeated)
    #[arg(long, value_name = "TARGET")]
    only: Vec<String>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { seconds: 60, only: Vec::new() }
    }
}

/// Runs the selected targets, all of them even where one finds something.
///
/// # Errors
/// If a target does not exist, cannot be built, or finds something: then with where to look.
pub(crate) fn run(shell: &Shell, selection: &Selection) -> Result<()> {
    let list =
        cmd!(shell, "cargo +nightly fuzz list").read().context("no cargo-fuzz: run `cargo xtask setup`")?;
    let known: Vec<&str> = list.lines().collect();
    if let Some(name) = selection.only.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no fuzz target '{name}', only {}", known.join(", "));
    }
    let is_selected =
        |name: &&str| selection.only.is_empty() || selection.only.iter().any(|only| only == name);
    let names = known.into_iter().filter(is_selected).map(str::to_owned);
    cmd!(shell, "cargo +nightly fuzz build").run()?;
    let (root, logs) = (shell.current_dir(), target_folder(shell).join("fuzz"));
    shell.create_dir(&logs)?;
    let queue = Mutex::new(names.collect::<VecDeque<String>>());
    let failed = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(name) = next(&queue) {
                    let log = logs.join(format!("{name}.log"));
                    match fuzz(&root, &name, &log, selection.seconds) {
                        Ok(()) => println!("{name}: nothing found in {} s", selection.seconds),
                        Err(error) => {
                            eprintln!("{name}: {error:#}");
                            failed.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() { Ok(()) } else { bail!("look into {}", failed.join(", ")) }
}

fn next(queue: &Mutex<VecDeque<String>>) -> Option<String> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Runs one target on what earlier runs have collected and on its seeds.
fn fuzz(root: &Path, name: &str, log: &Path, seconds: u32) -> Result<()> {
    let corpus = format!("fuzz/corpus/{name}");
    std::fs::create_dir_all(root.join(&corpus))?;
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["+nightly", "fuzz", "run", name, &corpus]);
    let seeds = format!("fuzz/seeds/{name}");
    if root.join(&seeds).is_dir() {
        command.arg(seeds);
    }
    command.arg("--").arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={SECONDS_AN_INPUT}"));
    // A minute is too short to begin with the shortest inputs.
    command.args(["-len_control=0", "-max_len=1024"]);
    let output = File::create(log)?;
    command.stdout(output.try_clone()?).stderr(output);
    if command.status()?.success() {
        return Ok(());
    }
    let text = std::fs::read(log)?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n");
    bail!("the end of {}:\n{end}", log.display())
}
