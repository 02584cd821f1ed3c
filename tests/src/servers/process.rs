//! A server process that does not outlive the test.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A running server.
pub struct Process {
    guard: Child,
    /// Its end tells the guard that the test is over.
    lifeline: Option<ChildStdin>,
    pid: u32,
}

/// Starts the server, says its pid, and kills it when the lifeline is cut.
const GUARD: &str =
    r#""$@" >/dev/null 2>&1 & pid=$!; echo $pid; read -r _; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null"#;

impl Process {
    /// Starts `program` with `arguments`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let lifeline = guard.stdin.take();
        let mut line = String::new();
        let said = guard.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        said.expect("a pipe").expect("the server's pid");
        Self { guard, lifeline, pid: line.trim().parse().expect("a number") }
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends it a signal: "-KILL", "-STOP" …
    ///
    /// # Panics
    /// If there is no such signal.
    pub fn signal(&self, signal: &str) {
        Command::new("kill").args([signal, &self.pid.to_string()]).status().expect("kill runs");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.lifeline.take();
        let _ = self.guard.wait();
    }
}

/// A port that nobody listens on, nor on the one 10,000 above (where a Cluster's servers talk to each other). No two
/// calls of one process get the same: a second server would end at once, and its test would talk to the first one.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let port = (0..1_000).find_map(|_| {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        // Below the ports that the system gives to clients, which would be taken again soon.
        let port = 10_000 + port % 10_000;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        (!given.contains(&port) && free(port) && free(port + 10_000)).then_some(port)
    });
    let port = port.expect("a free port");
    given.insert(port);
    port
}

/// Waits until something listens on `port`.
///
/// # Panics
/// After 30 seconds.
pub fn wait_for_port(port: u16) {
    wait_until(&format!("something listens on port {port}"), || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
}

/// Waits until `done`.
///
/// # Panics
/// After 60 seconds.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
