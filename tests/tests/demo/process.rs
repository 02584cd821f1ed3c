//! The demo as a process, in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running demo. It is killed, by its own process id, when this is dropped.
pub(crate) struct Demo {
    folder: TempDir,
    environment: Vec<(String, String)>,
    port: u16,
    child: Option<Child>,
}

impl Demo {
    /// Starts it on a free port, with an empty store and no key.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with some variables set.
    pub(crate) fn start_with(environment: &[(&str, &str)]) -> Self {
        let mut demo = Self::prepare(environment);
        demo.resume();
        demo
    }

    /// A folder for it, but no process yet.
    pub(crate) fn prepare(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { folder: TempDir::new().unwrap(), environment, port: 0, child: None }
    }

    /// Kills it, as a power cut would, if it runs.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again at the same address.
    pub(crate) fn resume(&mut self) {
        self.run(Command::new(program()));
    }

    /// Starts it again at the same address, where no file may grow: the writes fail, as on a full disk.
    pub(crate) fn resume_without_space(&mut self) {
        let mut shell = Command::new("sh");
        // The signal would end the process before the write could fail.
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\""]).arg(program());
        self.run(shell);
    }

    /// Kills it and starts it again at the same address.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.resume();
    }

    /// Starts it where it should refuse to run: what it says on standard error, and its status.
    pub(crate) fn refuse(&self) -> (String, ExitStatus) {
        let mut command = self.command(Command::new(program()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
                None => {
                    child.kill().unwrap();
                    break child.wait().unwrap();
                }
            }
        };
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        (complaint, status)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        child.wait().unwrap()
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The folder in which it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of its sessions.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join(".fastsession")
    }

    /// The key that it made.
    pub(crate) fn key(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(".fastsession-key")).unwrap().trim().into()
    }

    fn run(&mut self, command: Command) {
        assert!(self.child.is_none(), "it runs already");
        let mut child = self.command(command).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://127.0.0.1:") else {
            output.read_to_string(&mut line).unwrap();
            panic!("the demo did not start: {line}");
        };
        self.port = address.parse().unwrap();
        self.child = Some(child);
    }

    /// Nothing of the tester's own settings reaches the demo.
    fn command(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("PORT", self.port.to_string())
            .env("RUST_BACKTRACE", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Cargo puts the tests of one package and the programs of another into neighbouring folders.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("fastsession-demo");
    assert!(program.is_file(), "build it first: cargo build --workspace --bin fastsession-demo");
    program
}
