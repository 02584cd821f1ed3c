//! Valkey, which Debian 12 has among its backports only.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::tools::{find_program, target_folder};

/// Where the signed list of Debian's backports is. What is fetched from it is checked with the key that Debian's packages bring.
const BACKPORTS: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-backports main\n";
const PACKAGES: [&str; 2] = ["valkey-server", "valkey-tools"];

/// The server: the system's, or else the one that the set-up unpacked.
pub(crate) fn server(shell: &Shell) -> PathBuf {
    find_program(&["valkey-server"]).unwrap_or_else(|| folder(shell).join("usr/bin/valkey-server"))
}

/// Whether the system's own packages have it not, since this is Debian 12.
pub(super) fn is_apart(shell: &Shell) -> bool {
    shell
        .read_file("/etc/os-release")
        .is_ok_and(|release| release.lines().any(|line| line == "VERSION_CODENAME=bookworm"))
}

/// On Debian 12, unpacks the server into the build's folder, unless it is there; the system stays as it is. It runs with the
/// libraries that Redis needs too.
///
/// # Errors
/// If it cannot be had.
pub(super) fn unpack(shell: &Shell) -> Result<()> {
    if !is_apart(shell) || server(shell).is_file() {
        return Ok(());
    }
    let folder = folder(shell);
    let (lists, cache) = (folder.join("apt/lists"), folder.join("apt/cache"));
    for empty in [lists.join("partial"), cache.join("archives/partial"), folder.join("apt/none")] {
        shell.create_dir(empty)?;
    }
    let sources = folder.join("apt/sources.list");
    shell.write_file(&sources, BACKPORTS)?;
    let options = [
        format!("Dir::Etc::SourceList={}", sources.display()),
        format!("Dir::Etc::SourceParts={}", folder.join("apt/none").display()),
        format!("Dir::State::Lists={}", lists.display()),
        format!("Dir::Cache={}", cache.display()),
        // The folder may be closed to apt's own user.
        "APT::Sandbox::User=".to_owned(),
    ];
    let options: &Vec<&str> = &options.iter().flat_map(|option| ["-o", option.as_str()]).collect();
    let by_hand = "install valkey-server by hand, from Debian's backports";
    cmd!(shell, "apt-get {options...} --quiet update").run().context(by_hand)?;
    let _there = shell.push_dir(&folder);
    cmd!(shell, "apt-get {options...} --quiet download {PACKAGES...}").run().context(by_hand)?;
    for file in
        shell.read_dir(&folder)?.iter().filter(|file| file.extension().is_some_and(|end| end == "deb"))
    {
        cmd!(shell, "dpkg-deb --extract {file} {folder}").run().context(by_hand)?;
        shell.remove_path(file)?;
    }
    Ok(shell.remove_path(folder.join("apt"))?)
}

fn folder(shell: &Shell) -> PathBuf {
    target_folder(shell).join("valkey")
}
