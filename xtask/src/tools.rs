//! Where things are: the workspace, and programs on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Shell;

/// A shell whose current folder is the workspace's root, wherever `cargo xtask` was called.
pub(crate) fn shell_at_root() -> Result<Shell> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask/ lies in no workspace")?;
    let shell = Shell::new()?;
    shell.change_dir(root);
    Ok(shell)
}

/// The first of `names` that is a program on the `PATH`.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Debian keeps servers where an ordinary user's PATH does not look.
    let folders: Vec<PathBuf> =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// The folder of build results, where the set-up keeps its things too.
pub(crate) fn target_folder(shell: &Shell) -> PathBuf {
    let root = shell.current_dir();
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// The Python interpreter that has what the tests import.
pub(crate) fn test_python(shell: &Shell) -> PathBuf {
    target_folder(shell).join("venv/bin/python")
}
