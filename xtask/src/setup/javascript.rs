//! The npm packages that the tests import.

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

/// The oldest major version that the packages run on.
const OLDEST_NODE: u32 = 20;

const BY_HAND: &str = "by hand: install Node.js 20 or newer and npm, then `npm ci` in tests/ and wasm/js/";

/// Where packages are named.
const FOLDERS: [&str; 2] = ["tests", "wasm/js"];

/// Installs what each folder's package-lock.json names, unless an earlier run already did.
///
/// # Errors
/// If npm is missing or fails.
pub(crate) fn install_packages(shell: &Shell) -> Result<()> {
    FOLDERS.iter().try_for_each(|folder| install_in(shell, folder))
}

fn install_in(shell: &Shell, folder: &str) -> Result<()> {
    let _folder = shell.push_dir(folder);
    // npm keeps no copy of the lock file that could be compared, hence this one.
    let done = "node_modules/.installed-lock.json";
    let wanted = shell.read_file("package-lock.json")?;
    if shell.read_file(done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // npm does not refuse a Node.js that is too old for a package.
    let version = cmd!(shell, "node --version").quiet().read().context(BY_HAND)?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST_NODE) {
        bail!("Node.js {version} is too old; {BY_HAND}");
    }
    // No package's script is run: what programs they bring lies in packages of its own.
    cmd!(shell, "npm ci --no-audit --no-fund --ignore-scripts").run().context(BY_HAND)?;
    shell.write_file(done, wanted)?;
    Ok(())
}
