//! Set-up, tests and builds of this workspace: `cargo xtask setup`, `cargo xtask test`, `cargo xtask fuzz`,
//! `cargo xtask wasm`, `cargo xtask bench`.

mod bare_metal;
mod bench;
mod fuzz;
mod many;
mod setup;
mod steps;
mod test;
mod tools;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xshell::Shell;

/// Set-up, tests and builds of this workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need and this machine lacks
    Setup,
    /// Set up, then run every test
    Test(test::Selection),
    /// Run the fuzz targets, for as long as you like
    Fuzz(fuzz::Selection),
    /// Run the program for a device in QEMU, and print what flash, RAM and stack it takes
    BareMetal(bare_metal::Options),
    /// Build the npm package
    Wasm,
    /// Measure this project beside its peers, and print ratios
    Bench(bench::Options),
    /// Fill stores with a million sessions, read and purge them, and print how long that takes
    Many(many::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = tools::shell_at_root().and_then(|shell: Shell| match arguments.task {
        Task::Setup => setup::run(&shell).map(|()| ExitCode::SUCCESS),
        Task::Wasm => wasm::build(&shell).map(|tarball| {
            println!("{}", tarball.display());
            ExitCode::SUCCESS
        }),
        Task::Test(selection) => test::run(&shell, &selection),
        Task::Fuzz(selection) => fuzz::run(&shell, &selection).map(|()| ExitCode::SUCCESS),
        Task::BareMetal(options) => bare_metal::run(&shell, &options).map(|()| ExitCode::SUCCESS),
        Task::Bench(options) => bench::run(&shell, &options).map(|()| ExitCode::SUCCESS),
        Task::Many(options) => many::run(&shell, &options).map(|()| ExitCode::SUCCESS),
    });
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
