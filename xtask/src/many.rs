//! `cargo xtask many`: very many sessions in one store.

use std::path::PathBuf;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::tools::target_folder;

/// How many sessions, in which stores, and where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many sessions
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    /// Only this store (may be repeated)
    #[arg(long, value_name = "STORE", value_parser = ["file", "sqlite"])]
    only: Vec<String>,
    /// Where to keep them meanwhile; a million files take 5 GiB. The build's folder, if not given
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Fills each store, then tells how long a read takes and what a purge of all of it needs.
///
/// # Errors
/// If a read takes more than twice as long as among a thousand sessions, or a purge takes memory for each session.
pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    let folder = options.folder.clone().unwrap_or_else(|| target_folder(shell));
    let count = options.count.to_string();
    for store in ["file", "sqlite"] {
        if options.only.is_empty() || options.only.iter().any(|only| only == store) {
            cmd!(
                shell,
                "cargo run --release -p fastsession-tests --bin many_sessions -- {store} {count} {folder}"
            )
            .run()?;
        }
    }
    Ok(())
}
