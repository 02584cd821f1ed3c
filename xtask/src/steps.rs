//! What `cargo xtask test` does, in its order. A new test is one entry of [`STEPS`].

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::bench::WORKSPACE as PEERS;
use crate::tools::{find_program, target_folder, test_python};
use crate::{bare_metal, bench, fuzz, setup, wasm};

/// One step of the tests.
pub(crate) struct Step {
    /// What `--only` and `--skip` call it.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// Does it; an error is a failure of this step only.
    pub(crate) run: fn(&Shell) -> Result<()>,
}

/// All steps: what is quick or prepares others comes first.
pub(crate) const STEPS: &[Step] = &[
    step("setup", "what the tests need is installed", setup::run),
    step("format", "the code is formatted", format),
    step("clippy", "no lint complains, with the default features and with all", clippy),
    step("no-std", "the core builds without std and without an allocator", no_std),
    step("core-bare", "the core's tests pass without its default features", core_bare),
    step(
        "bare-metal",
        "sessions on a device without a heap, and docs/bare-metal.md states its figures",
        bare_metal::test,
    ),
    step("wasm", "the npm package builds", |shell| wasm::build(shell).map(drop)),
    step(
        "tests",
        "all crates with all features: stores on real servers, the demo from outside, Fernet against Python's, sessions in JavaScript",
        tests,
    ),
    step(
        "interleavings",
        "100,000 interleavings of requests on each kind of store lose nothing and bring nothing back",
        interleavings,
    ),
    step("doctests", "the examples of the documentation and of the README run", doctests),
    step("docs", "the documentation builds without warnings", docs),
    step("fuzz", "a minute of each fuzz target finds nothing", a_minute_of_fuzzing),
    step("browser", "the demo in a browser", browser),
    step(
        "npm",
        "the npm package in every JavaScript runtime, on every store, and as it is installed; Wycheproof's cases in WebAssembly",
        npm,
    ),
    step("bench", "the comparison with the peers builds, and a few rounds of it run", bench::test),
];

const fn step(name: &'static str, about: &'static str, run: fn(&Shell) -> Result<()>) -> Step {
    Step { name, about, run }
}

fn format(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo fmt --all --check").run()?;
    for workspace in [PEERS, "fuzz/Cargo.toml"] {
        cmd!(shell, "cargo fmt --all --check --manifest-path {workspace}").run()?;
    }
    Ok(())
}

fn clippy(shell: &Shell) -> Result<()> {
    for features in [None, Some("--all-features")] {
        cmd!(shell, "cargo clippy --workspace --all-targets {features...} -- -D warnings").run()?;
    }
    let target = target_folder(shell).join("bench");
    Ok(cmd!(
        shell,
        "cargo clippy --manifest-path {PEERS} --workspace --locked --target-dir {target} -- -D warnings"
    )
    .run()?)
}

/// A host build proves nothing here, since a dependency may use std there unnoticed.
fn no_std(shell: &Shell) -> Result<()> {
    for target in setup::TARGETS {
        for features in ["", "alloc"] {
            cmd!(
                shell,
                "cargo build -p fastsession-core --no-default-features --features {features} --target {target}"
            )
            .run()?;
        }
    }
    Ok(())
}

fn core_bare(shell: &Shell) -> Result<()> {
    for features in ["", "alloc"] {
        cmd!(
            shell,
            "cargo test -p fastsession-core --no-default-features --features {features} --lib --tests"
        )
        .run()?;
    }
    Ok(())
}

/// What these steps build: the same selection each time, since cargo compiles anew for another set of features.
const EVERYTHING: [&str; 5] = ["--workspace", "--all-features", "--lib", "--bins", "--tests"];

fn tests(shell: &Shell) -> Result<()> {
    build_everything(shell)?;
    let python = std::env::var_os("FASTSESSION_TEST_PYTHON").unwrap_or_else(|| test_python(shell).into());
    Ok(cmd!(shell, "cargo test --no-fail-fast {EVERYTHING...}")
        .env("FASTSESSION_TEST_PYTHON", python)
        .env("FASTSESSION_TEST_VALKEY", setup::valkey::server(shell))
        .run()?)
}

/// The demo's program among it.
fn build_everything(shell: &Shell) -> Result<()> {
    Ok(cmd!(shell, "cargo build {EVERYTHING...}").run()?)
}

/// Optimized, since it is all about numbers; one kind of store at a time, since each takes both cores.
fn interleavings(shell: &Shell) -> Result<()> {
    let threads = "--test-threads=1";
    Ok(cmd!(shell, "cargo test --release -p fastsession-tests --test interleavings -- --nocapture {threads}")
        .run()?)
}

fn doctests(shell: &Shell) -> Result<()> {
    Ok(cmd!(shell, "cargo test --workspace --doc --all-features").run()?)
}

fn docs(shell: &Shell) -> Result<()> {
    Ok(cmd!(shell, "cargo doc --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?)
}

fn a_minute_of_fuzzing(shell: &Shell) -> Result<()> {
    fuzz::run(shell, &fuzz::Selection::default())
}

fn browser(shell: &Shell) -> Result<()> {
    build_everything(shell)?;
    let chromium = find_program(&["chromium", "chromium-browser", "google-chrome"])
        .context("no Chromium: run `cargo xtask setup`")?;
    Ok(cmd!(shell, "node --test tests/browser/demo.test.mjs")
        .env("FASTSESSION_TEST_CHROMIUM", chromium)
        .env("FASTSESSION_TEST_TARGET", target_folder(shell))
        .run()?)
}

fn npm(shell: &Shell) -> Result<()> {
    let tarball = wasm::build(shell)?;
    let chromium = find_program(&["chromium", "chromium-browser", "google-chrome"])
        .context("no Chromium: run `cargo xtask setup`")?;
    cmd!(shell, "node wasm/js/test/run.mjs").env("FASTSESSION_TEST_CHROMIUM", chromium).run()?;
    let vectors = wasm::build_vectors(shell)?;
    cmd!(shell, "node wasm/js/test/wycheproof.mjs {vectors}").run()?;
    cmd!(shell, "node wasm/js/test/packaging.mjs {tarball}").run()?;
    cmd!(shell, "node examples/worker/test.mjs").run()?;
    build_everything(shell)?;
    let demo = target_folder(shell).join("debug/fastsession-demo");
    Ok(cmd!(shell, "node examples/shared/test.mjs").env("FASTSESSION_DEMO", demo).run()?)
}
