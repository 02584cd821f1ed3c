//! `cargo xtask bench`: measurements, side by side with others in one run.

use crate::wasm;
use anyhow::Result;
use std::process::ExitCode;
use xshell::{Shell, cmd};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// What to measure
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// The npm package in Node.js, against iron-session and WebCrypto
    Js,
}

/// Builds what is measured, and prints the table.
///
/// # Errors
/// If a command fails.
pub(crate) fn run(shell: &Shell, selection: &Selection) -> Result<ExitCode> {
    match selection.what {
        What::Js => {
            wasm::build(shell)?;
            cmd!(shell, "node wasm/js/bench/bench.mjs").run()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
