//! The Python packages that the tests import, in an environment of their own.

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::tools::{target_folder, test_python};

/// What the environment holds.
const REQUIREMENTS: &str = "tests/requirements.txt";

/// Makes the environment and installs into it, unless an earlier run already did or the user has named another
/// interpreter in `FASTSESSION_TEST_PYTHON`.
///
/// # Errors
/// If Python, its `venv` module or the packages cannot be had.
pub(crate) fn install_packages(shell: &Shell) -> Result<()> {
    if std::env::var_os("FASTSESSION_TEST_PYTHON").is_some() {
        return Ok(());
    }
    let folder = target_folder(shell).join("venv");
    let python = test_python(shell);
    // A copy of what was installed tells whether that is still what is wanted.
    let done = folder.join("installed.txt");
    let wanted = shell.read_file(REQUIREMENTS)?;
    if shell.read_file(&done).is_ok_and(|installed| installed == wanted) && python.exists() {
        return Ok(());
    }
    cmd!(shell, "python3 -m venv {folder}")
        .run()
        .context("install Python 3 with its venv module by hand, or name an interpreter that has the packages of tests/requirements.txt in FASTSESSION_TEST_PYTHON")?;
    cmd!(shell, "{python} -m pip install --quiet --requirement {REQUIREMENTS}")
        .run()
        .with_context(|| format!("by hand: {} -m pip install -r {REQUIREMENTS}", python.display()))?;
    shell.write_file(done, wanted)?;
    Ok(())
}
