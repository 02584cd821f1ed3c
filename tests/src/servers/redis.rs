//! Redis or Valkey: one server, three Sentinels over three servers, a Cluster of six.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, free_port, wait_for_port, wait_until};

/// A Redis server that keeps what it acknowledged when it is killed.
pub struct RedisServer {
    program: String,
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Starts a server with more `arguments`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_program("redis-server", arguments)
    }

    /// Starts Valkey instead.
    ///
    /// # Panics
    /// If it does not start.
    pub fn valkey() -> Self {
        let program = std::env::var("FASTSESSION_TEST_VALKEY")
            .expect("FASTSESSION_TEST_VALKEY names no valkey-server: run `cargo xtask test`, which gets one");
        Self::start_program(&program, &[])
    }

    fn start_program(program: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let program = program.to_owned();
        let mut server = Self { program, process: None, folder, port: free_port(), arguments };
        server.start_again();
        server
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it on the same port with what it held.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        let (port, folder) = (self.port.to_string(), self.folder.path().to_string_lossy().into_owned());
        let mut arguments = vec!["--port", &port, "--dir", &folder, "--bind", "127.0.0.1", "--save", ""];
        arguments.extend([
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--repl-diskless-sync-delay",
            "0",
        ]);
        arguments.extend(self.arguments.iter().map(String::as_str));
        let process = Process::start(&self.program, &arguments);
        // A server that found its port taken is gone, and another one answers there.
        let own = format!("process_id:{}\r", process.pid());
        wait_until("Redis answers", || redis_cli(self.port, &["info", "server"]).contains(&own));
        self.process = Some(process);
    }

    /// The process, unless it was killed.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }
}

/// A master called `main` with two replicas, watched by three Sentinels.
pub struct Sentinels {
    /// The master and the replicas.
    pub servers: Vec<RedisServer>,
    sentinels: Vec<(u16, Process, TempDir)>,
}

impl Sentinels {
    /// Starts all of them.
    ///
    /// # Panics
    /// If they do not start.
    pub fn start() -> Self {
        let master = RedisServer::start(&[]);
        let port = master.port().to_string();
        let mut servers = vec![master];
        servers.extend((0..2).map(|_| RedisServer::start(&["--replicaof", "127.0.0.1", &port])));
        let sentinels: Vec<_> = (0..3).map(|_| sentinel(&port)).collect();
        for (sentinel, ..) in &sentinels {
            wait_until("the Sentinels know each other and the replicas", || {
                let about = redis_cli(*sentinel, &["sentinel", "master", "main"]);
                let words: Vec<_> = about.lines().collect();
                let known = |name| {
                    words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1).copied())
                };
                known("num-slaves") == Some("2") && known("num-other-sentinels") == Some("2")
            });
        }
        Self { servers, sentinels }
    }

    /// Their URL.
    pub fn url(&self) -> String {
        let ports: Vec<_> = self.sentinels.iter().map(|(port, ..)| format!("127.0.0.1:{port}")).collect();
        format!("redis+sentinel://{}/main", ports.join(","))
    }
}

fn sentinel(master: &str) -> (u16, Process, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let file = folder.path().join("sentinel.conf");
    let settings = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor main 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds main 5000\nsentinel failover-timeout main 5000\n",
        folder.path().display()
    );
    fs::write(&file, settings).expect("a file");
    let process = Process::start("redis-server", &[&file.to_string_lossy(), "--sentinel"]);
    wait_for_port(port);
    (port, process, folder)
}

/// Three masters with a replica each.
pub struct Cluster {
    /// All six.
    pub servers: Vec<RedisServer>,
}

impl Cluster {
    /// Starts all of them and lets them form a Cluster that waits as long as Redis does before it counts a node as gone:
    /// a busy machine is no failure.
    ///
    /// # Panics
    /// If they do not.
    pub fn start() -> Self {
        Self::with_node_timeout("15000")
    }

    /// As [`Cluster::start`], but a replica takes over a moment after its master's end.
    ///
    /// # Panics
    /// If they do not form a Cluster.
    pub fn quick_to_fail_over() -> Self {
        Self::with_node_timeout("1500")
    }

    fn with_node_timeout(milliseconds: &str) -> Self {
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", milliseconds];
        let servers: Vec<_> = (0..6).map(|_| RedisServer::start(&settings)).collect();
        let nodes: Vec<_> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        let created = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&nodes)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .expect("redis-cli runs");
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        let cluster = Self { servers };
        cluster.wait_until_well();
        cluster
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let nodes: Vec<_> =
            self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// Waits until all six say that all is well, and three of them that they have what their master has.
    ///
    /// # Panics
    /// If that takes too long.
    pub fn wait_until_well(&self) {
        let ask = |what: &[&str], answer: &str| {
            self.servers.iter().filter(|server| redis_cli(server.port(), what).contains(answer)).count()
        };
        wait_until("the Cluster is well", || {
            ask(&["cluster", "info"], "cluster_state:ok") == 6
                && ask(&["cluster", "info"], "cluster_known_nodes:6") == 6
                && ask(&["info", "replication"], "master_link_status:up") == 3
        });
    }
}

/// What `redis-cli` says, or nothing.
pub fn redis_cli(port: u16, arguments: &[&str]) -> String {
    let said = Command::new("redis-cli").args(["-p", &port.to_string()]).args(arguments).output();
    said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default()
}
