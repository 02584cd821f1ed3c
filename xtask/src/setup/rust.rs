//! The targets that the core is built for, and what fuzzing needs.

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

/// What the core is built for besides this machine: a browser, and a device without an operating system.
pub(crate) const TARGETS: &[&str] = &["wasm32-unknown-unknown", "thumbv7m-none-eabi"];

/// Adds the targets that the toolchain lacks, and the source of the standard library.
///
/// # Errors
/// If they cannot be added.
pub(crate) fn install_targets(shell: &Shell) -> Result<()> {
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read().context("rustc does not run")?;
    let libraries = shell.current_dir().join(sysroot).join("lib/rustlib");
    let missing: Vec<&str> =
        TARGETS.iter().copied().filter(|target| !libraries.join(target).is_dir()).collect();
    let has_source = libraries.join("src/rust/library/Cargo.lock").is_file();
    if missing.is_empty() && has_source {
        return Ok(());
    }
    if cmd!(shell, "rustup --version").quiet().ignore_stderr().read().is_err() {
        bail!(
            "this Rust is not managed by rustup; install the standard libraries of {} and their source from where it came",
            TARGETS.join(" and ")
        );
    }
    if !missing.is_empty() {
        let by_hand = || format!("by hand: rustup target add {}", missing.join(" "));
        cmd!(shell, "rustup target add").args(&missing).run().with_context(by_hand)?;
    }
    if !has_source {
        // The module of the npm package is built with a standard library of its own.
        cmd!(shell, "rustup component add rust-src")
            .run()
            .context("by hand: rustup component add rust-src")?;
    }
    Ok(())
}

/// Installs cargo-fuzz and the nightly compiler that it needs, where they are missing.
///
/// # Errors
/// If they cannot be installed.
pub(crate) fn install_fuzzer(shell: &Shell) -> Result<()> {
    if cmd!(shell, "cargo +nightly --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        cmd!(shell, "rustup toolchain install nightly --profile minimal")
            .run()
            .context("by hand: rustup toolchain install nightly")?;
    }
    if cmd!(shell, "cargo fuzz --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        cmd!(shell, "cargo install cargo-fuzz --locked")
            .run()
            .context("by hand: cargo install cargo-fuzz")?;
    }
    Ok(())
}
