//! `cargo xtask setup`: installs what is missing and leaves alone what is there.

mod debian;
mod javascript;
mod python;
mod rust;
pub(crate) mod valkey;

pub(crate) use rust::TARGETS;

use anyhow::{Result, bail};
use xshell::Shell;

/// Installs what the tests need. Everything that can be installed is, even if something else cannot.
///
/// # Errors
/// Where something is missing still: each is named, with what to do by hand.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    // Python and JavaScript need programs that the system's packages bring.
    let results = [
        ("Rust targets", rust::install_targets(shell)),
        ("cargo-fuzz", rust::install_fuzzer(shell)),
        ("system packages", debian::install_packages(shell)),
        ("Valkey", valkey::unpack(shell)),
        ("Python packages", python::install_packages(shell)),
        ("JavaScript packages", javascript::install_packages(shell)),
    ];
    let mut missing = 0_u32;
    for (what, result) in results {
        match result {
            Ok(()) => println!("{what}: ready"),
            Err(error) => {
                missing = missing.saturating_add(1);
                eprintln!("{what}: NOT ready: {error:#}");
            }
        }
    }
    if missing > 0 {
        bail!("the set-up is incomplete: see above what to install by hand, then run it again");
    }
    Ok(())
}
