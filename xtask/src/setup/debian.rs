//! Programs from Debian's (or Ubuntu's) packages.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use super::valkey;
use crate::tools::find_program;

/// A program that the tests call.
struct Program {
    /// Its names; any of them will do.
    names: &'static [&'static str],
    /// The Debian package that brings it.
    package: &'static str,
    /// What for.
    purpose: &'static str,
}

const VALKEY: &str = "valkey-server";

/// What the tests call.
const PROGRAMS: &[Program] = &[
    Program { names: &["curl"], package: "curl", purpose: "the demo as a user of the command line sees it" },
    Program {
        names: &["chromium", "chromium-browser", "google-chrome"],
        package: "chromium",
        purpose: "the demo in a browser",
    },
    Program { names: &["node"], package: "nodejs", purpose: "JavaScript tests" },
    Program { names: &["npm"], package: "npm", purpose: "packages of the JavaScript tests" },
    Program { names: &["python3"], package: "python3-venv", purpose: "an independent Fernet implementation" },
    Program { names: &["redis-server"], package: "redis-server", purpose: "the Redis store" },
    Program { names: &["redis-cli"], package: "redis-tools", purpose: "the Redis store" },
    Program { names: &[VALKEY], package: "valkey-server", purpose: "the Redis store on Valkey" },
    Program { names: &["openssl"], package: "openssl", purpose: "certificates of the Redis store's tests" },
    // Debian keeps the server's programs off the PATH.
    Program { names: &["initdb", "pg_ctlcluster"], package: "postgresql", purpose: "the SQL store" },
    Program { names: &["psql"], package: "postgresql-client", purpose: "the SQL store" },
    Program { names: &["mariadbd"], package: "mariadb-server", purpose: "the SQL store" },
    Program { names: &["mariadb"], package: "mariadb-client", purpose: "the SQL store" },
    Program {
        names: &["pkg-config"],
        package: "pkg-config",
        purpose: "OpenSSL, in the comparison with peers",
    },
    Program { names: &["qemu-system-arm"], package: "qemu-system-arm", purpose: "the core on a bare device" },
];

/// Installs the packages of the programs that are missing.
///
/// # Errors
/// If there is no apt-get, if it may not be used, or if it fails: with the list of what is missing.
pub(crate) fn install_packages(shell: &Shell) -> Result<()> {
    let mut missing: Vec<&Program> =
        PROGRAMS.iter().filter(|program| find_program(program.names).is_none()).collect();
    if valkey::is_apart(shell) {
        missing.retain(|program| program.names != [VALKEY]);
    }
    let mut packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    if needs_venv(shell) && !packages.contains(&"python3-venv") {
        packages.push("python3-venv");
    }
    if needs_openssl(shell) {
        packages.push("libssl-dev");
    }
    if packages.is_empty() {
        return Ok(());
    }
    let by_hand = || {
        let purposes: Vec<String> = missing
            .iter()
            .map(|program| format!("{} ({})", program.names.join(" or "), program.purpose))
            .collect();
        format!("install by hand: {}; on Debian: apt-get install {}", purposes.join(", "), packages.join(" "))
    };
    if find_program(&["apt-get"]).is_none() {
        bail!("this is not Debian; {}", by_hand());
    }
    let Some(root) = Root::obtain(shell) else {
        bail!("neither root nor sudo without a password; {}", by_hand());
    };
    root.install(shell, &packages).with_context(by_hand)
}

/// Debian splits `venv` off Python. A Python from elsewhere has it.
fn needs_venv(shell: &Shell) -> bool {
    find_program(&["python3"]).is_some()
        && cmd!(shell, "python3 -c {IMPORT_VENV}").quiet().ignore_stdout().ignore_stderr().run().is_err()
}

/// Headers are no program that could be looked for.
fn needs_openssl(shell: &Shell) -> bool {
    cmd!(shell, "pkg-config --exists openssl").quiet().ignore_stdout().ignore_stderr().run().is_err()
}

const IMPORT_VENV: &str = "import venv, ensurepip";

/// The right to install, and how to use it.
#[derive(Clone, Copy)]
enum Root {
    /// This user has it.
    Already,
    /// `sudo` gives it without asking for a password.
    Sudo,
}

impl Root {
    fn obtain(shell: &Shell) -> Option<Self> {
        if cmd!(shell, "id -u").quiet().read().is_ok_and(|id| id == "0") {
            return Some(Self::Already);
        }
        let sudo = cmd!(shell, "sudo -n true").quiet().ignore_stdout().ignore_stderr().run();
        sudo.is_ok().then_some(Self::Sudo)
    }

    /// The command that runs `program` with this right.
    fn command<'s>(self, shell: &'s Shell, program: &str) -> Cmd<'s> {
        match self {
            Self::Already => shell.cmd(program),
            Self::Sudo => cmd!(shell, "sudo -n {program}"),
        }
    }

    fn install(self, shell: &Shell, packages: &[&str]) -> Result<()> {
        // An incomplete list of packages may still name the wanted ones: the installation decides.
        if let Err(error) = self.command(shell, "apt-get").arg("update").run() {
            eprintln!("{error}; going on with the package lists that are there");
        }
        let forbidden = self.forbid_services(shell);
        let installed = self
            .command(shell, "env")
            .args([
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "--yes",
                "--no-install-recommends",
            ])
            .args(packages)
            .run();
        if forbidden {
            self.command(shell, "rm").args(["-f", POLICY]).run()?;
        }
        Ok(installed?)
    }

    /// Has Debian not start the servers that it installs: the tests start their own, on ports of their own.
    /// Returns whether there is something to take back.
    fn forbid_services(self, shell: &Shell) -> bool {
        let script = format!("printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}");
        // A policy that is there already is the administrator's.
        !Path::new(POLICY).exists() && self.command(shell, "sh").arg("-c").arg(script).quiet().run().is_ok()
    }
}

/// Debian asks this program whether a package may start its service; 101 means no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
