//! PostgreSQL and MariaDB.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::certificate::Certificate;
use super::process::{Process, free_port, wait_until};

/// A database server with any number of empty databases.
pub struct SqlServer {
    kind: Kind,
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    databases: AtomicU32,
    /// More arguments.
    arguments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    MariaDb,
}

impl SqlServer {
    /// Starts PostgreSQL.
    ///
    /// # Panics
    /// If it does not start.
    pub fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data").to_string_lossy().into_owned();
        if is_root() {
            run("chown", &["postgres", &folder.path().to_string_lossy()]);
        }
        let initdb = postgres_program("initdb");
        let settings =
            ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
        run_as_postgres(&initdb, &settings);
        Self::start(Kind::Postgres, folder, Vec::new())
    }

    /// Starts MariaDB.
    ///
    /// # Panics
    /// If it does not start.
    pub fn mariadb() -> Self {
        Self::mariadb_with(Vec::new())
    }

    /// The same, and it speaks TLS.
    ///
    /// # Panics
    /// If it does not start.
    pub fn mariadb_over_tls(certificate: &Certificate) -> Self {
        let files = [("ssl-cert", certificate.server()), ("ssl-key", certificate.private_key())];
        Self::mariadb_with(files.map(|(name, file)| format!("--{name}={}", file.display())).into())
    }

    fn mariadb_with(arguments: Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = format!("--datadir={}", folder.path().join("data").display());
        let user = format!("--user={}", user());
        let method = "--auth-root-authentication-method=normal";
        run("mariadb-install-db", &["--no-defaults", &data, &user, method, "--skip-test-db"]);
        Self::start(Kind::MariaDb, folder, arguments)
    }

    fn start(kind: Kind, folder: TempDir, arguments: Vec<String>) -> Self {
        let (port, databases) = (free_port(), AtomicU32::new(0));
        let mut server = Self { kind, process: None, folder, port, databases, arguments };
        server.start_again();
        server
    }

    /// The URL of a new database.
    ///
    /// # Panics
    /// If there is no server.
    pub fn new_database(&self) -> String {
        let name = format!("sessions{}", self.databases.fetch_add(1, Ordering::SeqCst));
        assert!(self.sql(&format!("CREATE DATABASE {name}")), "no database");
        match self.kind {
            Kind::Postgres => format!("postgres://postgres@127.0.0.1:{}/{name}", self.port),
            Kind::MariaDb => format!("mysql://root@127.0.0.1:{}/{name}", self.port),
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement; returns whether that worked.
    pub fn sql(&self, statement: &str) -> bool {
        let port = self.port.to_string();
        let output = match self.kind {
            Kind::Postgres => Command::new("psql")
                .args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", "postgres", "-qc", statement])
                .output(),
            Kind::MariaDb => Command::new("mariadb")
                .args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "-e", statement])
                .output(),
        };
        output.is_ok_and(|output| output.status.success())
    }

    /// Lets PostgreSQL speak TLS.
    ///
    /// # Panics
    /// If it does not.
    pub fn speak_tls(&self, certificate: &Certificate) {
        let own = |path: PathBuf, name: &str| {
            let copy = self.folder.path().join(name);
            std::fs::copy(path, &copy).expect("a copy");
            if is_root() {
                run("chown", &["postgres", &copy.to_string_lossy()]);
            }
            run("chmod", &["600", &copy.to_string_lossy()]);
            copy.to_string_lossy().into_owned()
        };
        let (server, key) =
            (own(certificate.server(), "server.pem"), own(certificate.private_key(), "server.key"));
        assert!(self.sql(&format!("ALTER SYSTEM SET ssl_cert_file = '{server}'")));
        assert!(self.sql(&format!("ALTER SYSTEM SET ssl_key_file = '{key}'")));
        assert!(self.sql("ALTER SYSTEM SET ssl = 'on'") && self.sql("SELECT pg_reload_conf()"));
        let answers = || {
            self.sql_at(
                &format!("host=localhost port={} user=postgres sslmode=require", self.port),
                "SELECT 1",
            )
        };
        wait_until("PostgreSQL speaks TLS", answers);
    }

    fn sql_at(&self, connection: &str, statement: &str) -> bool {
        let output = Command::new("psql").args(["-d", connection, "-qc", statement]).output();
        self.kind == Kind::Postgres && output.is_ok_and(|output| output.status.success())
    }

    /// Ends it without warning, as far as its own processes let it be started again afterwards.
    pub fn kill(&mut self) {
        if let (Kind::Postgres, Some(process)) = (self.kind, &self.process) {
            // "Immediate shutdown": no checkpoint, recovery at the next start.
            process.signal("-QUIT");
            wait_until("PostgreSQL has ended", || !self.data().join("postmaster.pid").exists());
        }
        self.process = None;
    }

    /// Starts it on the same port with what it held.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        let (port, data) = (self.port.to_string(), self.data().to_string_lossy().into_owned());
        let folder = self.folder.path().to_string_lossy().into_owned();
        self.process = Some(match self.kind {
            Kind::Postgres => {
                let program = postgres_program("postgres");
                let arguments = [
                    "-D",
                    &data,
                    "-p",
                    &port,
                    "-k",
                    &folder,
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "max_connections=300",
                ];
                let (program, arguments) = as_postgres(&program, &arguments);
                Process::start(&program, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Kind::MariaDb => {
                let mut arguments = vec![
                    "--no-defaults".to_owned(),
                    format!("--datadir={data}"),
                    format!("--port={port}"),
                    format!("--socket={folder}/socket"),
                    format!("--user={}", user()),
                    "--bind-address=127.0.0.1".to_owned(),
                    "--max-connections=300".to_owned(),
                ];
                arguments.extend_from_slice(&self.arguments);
                Process::start("mariadbd", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
            }
        });
        wait_until("the database answers", || self.sql("SELECT 1"));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// Debian keeps these programs out of the path.
fn postgres_program(name: &str) -> String {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    found.map_or_else(|| name.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// PostgreSQL refuses to run as root; Debian has a user for it.
fn as_postgres(program: &str, arguments: &[&str]) -> (String, Vec<String>) {
    let own = arguments.iter().map(|&argument| argument.to_owned());
    if is_root() {
        let switch = ["--reuid=postgres", "--regid=postgres", "--clear-groups", program].map(str::to_owned);
        ("setpriv".to_owned(), switch.into_iter().chain(own).collect())
    } else {
        (program.to_owned(), own.collect())
    }
}

fn run_as_postgres(program: &str, arguments: &[&str]) {
    let (program, arguments) = as_postgres(program, arguments);
    run(&program, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_root() -> bool {
    user() == "root"
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
