//! `cargo xtask bench`: this project beside its peers, in one run.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::tools::{target_folder, test_python};
use crate::wasm;

/// The workspace that has the peers.
pub(crate) const WORKSPACE: &str = "tests/bench/Cargo.toml";

/// What compares the npm package with its peers in Node.js.
const JAVASCRIPT: &str = "js";

/// What to compare, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to compare: fernet, axum, redis, file, growth, js; everything unless named
    what: Vec<String>,
    /// A few rounds only, to see that everything runs
    #[arg(long)]
    quick: bool,
    /// Count instructions too, step by step: this takes minutes
    #[arg(long)]
    instructions: bool,
    /// A folder to draw the curves of growth into, as docs/plots
    #[arg(long)]
    plots: Option<PathBuf>,
}

/// Builds the comparisons and runs them.
///
/// # Errors
/// If the peers cannot be built, or one of them fails.
pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    let is_asked = |name: &str| options.what.is_empty() || options.what.iter().any(|what| what == name);
    let natively: Vec<_> = options.what.iter().filter(|what| *what != JAVASCRIPT).collect();
    if options.what.is_empty() || !natively.is_empty() {
        compare_natively(shell, options, &natively)?;
    }
    if is_asked(JAVASCRIPT) {
        wasm::build(shell)?;
        let rounds = if options.quick { "3" } else { "21" };
        cmd!(shell, "node wasm/js/bench/bench.mjs {rounds}").run()?;
    }
    Ok(())
}

fn compare_natively(shell: &Shell, options: &Options, what: &[&String]) -> Result<()> {
    let program = build(shell)?;
    let python =
        std::env::var_os("FASTSESSION_TEST_PYTHON").map_or_else(|| test_python(shell), PathBuf::from);
    let mut command = cmd!(shell, "{program}").args(what);
    if python.exists() {
        command = command.arg("--python").arg(python);
    } else {
        eprintln!("pyca/cryptography is left out: `cargo xtask setup` installs it");
    }
    for (flag, is_set) in [("--quick", options.quick), ("--instructions", options.instructions)] {
        command = command.args(is_set.then_some(flag));
    }
    if let Some(folder) = &options.plots {
        shell.create_dir(folder)?;
        command = command.arg("--plots").arg(folder);
    }
    Ok(command.run()?)
}

/// Runs a few rounds of everything: a change of this project or a peer must not break the comparison unnoticed. Its
/// figures are not looked at.
///
/// # Errors
/// As [`run`].
pub(crate) fn test(shell: &Shell) -> Result<()> {
    run(shell, &Options { what: Vec::new(), quick: true, instructions: false, plots: None })
}

/// Builds the programs; returns the one that compares.
fn build(shell: &Shell) -> Result<PathBuf> {
    let target = target_folder(shell).join("bench");
    // One after the other, so that each is built with its own features of the crate that both have.
    for package in ["fastsession-bench-rustcrypto", "fastsession-bench"] {
        cmd!(shell, "cargo build --release --locked --manifest-path {WORKSPACE} --target-dir {target} --package {package}")
            .run()
            .context("the peers need OpenSSL's headers and pkg-config: `cargo xtask setup`")?;
    }
    Ok(target.join("release/fastsession-bench"))
}
