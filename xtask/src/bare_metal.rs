//! The program for a device: runs it in QEMU, and keeps what the documentation says of its size true.

use crate::tools::{find_program, target_folder};
use anyhow::{Context as _, Result, bail};
use object::{Object as _, ObjectSegment as _};
use xshell::{Shell, cmd};

const FOLDER: &str = "examples/bare-metal";
const TARGET: &str = "thumbv7m-none-eabi";
const PROGRAM: &str = "fastsession-bare-metal";
/// The page that states the figures, each in a row of a table.
const PAGE: &str = "docs/bare-metal.md";
/// How far the page may be off, in percent: compilers differ.
const TOLERANCE: u64 = 10;
/// Where RAM begins on a Cortex-M; flash lies below.
const RAM: u64 = 0x2000_0000;

/// What `cargo xtask bare-metal` does besides running the program.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write the figures into docs/bare-metal.md
    #[arg(long)]
    update: bool,
}

/// Runs the program and prints its figures.
///
/// # Errors
/// If it does not build or run, or one of its steps fails.
pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    let figures = measure(shell)?;
    for (label, bytes) in &figures {
        println!("{label}: {bytes} bytes");
    }
    if options.update {
        let page = figures.iter().try_fold(shell.read_file(PAGE)?, |page, figure| replace(&page, figure))?;
        shell.write_file(PAGE, page)?;
    }
    Ok(())
}

/// Checks the program's form, runs it and compares its figures with the page.
///
/// # Errors
/// If something is wrong with the program, or a figure is off by more than the tolerance.
pub(crate) fn test(shell: &Shell) -> Result<()> {
    let folder = target_folder(shell).join("bare-metal");
    {
        let _in = shell.push_dir(FOLDER);
        cmd!(shell, "cargo fmt --check").run()?;
        cmd!(shell, "cargo clippy --locked --target-dir {folder} -- -D warnings").run()?;
    }
    let page = shell.read_file(PAGE)?;
    for (label, bytes) in measure(shell)? {
        let stated = stated(&page, label)?;
        println!("{label}: {bytes} bytes; {PAGE} states {stated}");
        if bytes.abs_diff(stated).saturating_mul(100) > stated.saturating_mul(TOLERANCE) {
            bail!(
                "{PAGE} is out of date: look whether that is meant, then `cargo xtask bare-metal --update`"
            );
        }
    }
    Ok(())
}

/// A row's label and its bytes.
type Figure = (&'static str, u64);

fn measure(shell: &Shell) -> Result<[Figure; 3]> {
    find_program(&["qemu-system-arm"]).context("no qemu-system-arm: run `cargo xtask setup`")?;
    let folder = target_folder(shell).join("bare-metal");
    let _in = shell.push_dir(FOLDER);
    cmd!(shell, "cargo build --locked --release --target-dir {folder}").run()?;
    let (flash, ram) = occupied(&std::fs::read(folder.join(TARGET).join("release").join(PROGRAM))?)?;
    let output = cmd!(shell, "cargo run --locked --quiet --release --target-dir {folder}").ignore_status();
    let output = output.output()?;
    // QEMU writes what the program prints to its own standard error.
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    print!("{printed}");
    if !output.status.success() {
        bail!("the program failed: {}", output.status);
    }
    let stack = printed.lines().find_map(|line| line.strip_prefix("peak stack: ")?.split(' ').next());
    let stack = stack.and_then(|bytes| bytes.parse().ok()).context("the program did not tell its stack")?;
    Ok([("flash", flash), ("static RAM", ram), ("peak stack", stack)])
}

/// What the linker laid out: bytes that are written to flash, and bytes of RAM for static variables.
fn occupied(program: &[u8]) -> Result<(u64, u64)> {
    let program = object::File::parse(program)?;
    let flash = program.segments().map(|segment| segment.file_range().1).sum();
    let in_ram = program.segments().filter(|segment| segment.address() >= RAM);
    Ok((flash, in_ram.map(|segment| segment.size()).sum()))
}

/// The number in the row of `label`.
fn stated(page: &str, label: &str) -> Result<u64> {
    let cell = page.lines().find_map(|line| line.strip_prefix(&start(label))?.split(' ').next());
    let bytes = cell.and_then(|cell| cell.replace(',', "").parse().ok());
    bytes.with_context(|| format!("{PAGE} has no row for the {label}"))
}

fn replace(page: &str, (label, bytes): &Figure) -> Result<String> {
    let (start, old) = (start(label), with_commas(stated(page, label)?));
    Ok(page.replacen(&format!("{start}{old} "), &format!("{start}{} ", with_commas(*bytes)), 1))
}

/// How a row begins.
fn start(label: &str) -> String {
    format!("| {label} | ")
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "text\n\n| | bytes |\n| --- | --- |\n| flash | 76,000 of 262,144 |\n| peak stack | 9 |\n";

    #[test]
    fn a_row_is_read_and_rewritten() {
        assert_eq!(stated(TABLE, "flash").unwrap(), 76_000);
        let page = replace(TABLE, &("flash", 1_234_567)).unwrap();
        assert_eq!(page, TABLE.replace("76,000", "1,234,567"));
        assert_eq!(stated(&replace(&page, &("peak stack", 10)).unwrap(), "peak stack").unwrap(), 10);
        assert!(stated(TABLE, "static RAM").is_err());
    }
}
