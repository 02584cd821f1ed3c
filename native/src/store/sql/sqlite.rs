//! Opening SQLite's file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use super::super::{StoreError, StoreErrorKind};
use super::Access;
use super::dialect::SQLITE;
use super::pool::{Pool, failed, is_closed_to_us, is_missing_table, repeated};

/// Opens the file of the URL's path. Whoever is not to make anything changes nothing in a file that holds no sessions.
pub(super) async fn open(
    path: &str,
    connections: u32,
    timeout: Duration,
    access: Access,
) -> Result<(Pool, String), StoreError> {
    // sqlite:///DIR/FILE is /DIR/FILE.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(misused("\"sqlite:\" needs a file"));
    }
    if is_memory(path) {
        return Err(misused(IN_MEMORY));
    }
    let file = File { path: PathBuf::from(path), connections, timeout };
    let pool = match access {
        Access::Make => file.make().await,
        _ if !file.is_there()? => Err(misused("there is no such file")),
        _ if file.path.is_dir() => Err(misused("this is a folder, not a file")),
        Access::Fill => file.make().await,
        Access::Change => file.change().await,
        Access::Read => file.read().await,
    };
    Ok((pool.map_err(|error| error.at(path))?, path.to_owned()))
}

struct File {
    path: PathBuf,
    connections: u32,
    timeout: Duration,
}

impl File {
    fn is_there(&self) -> Result<bool, StoreError> {
        let is_there = self.path.try_exists();
        is_there.map_err(|error| StoreError::io(ENGINE, "open", error).at(self.path.display().to_string()))
    }

    async fn make(&self) -> Result<Pool, StoreError> {
        private(&self.path).map_err(|error| StoreError::io(ENGINE, "open", error))?;
        let options = self.options();
        let connected = async {
            let writer = self.pool(1, &options).await?;
            // SQLite's own timeout does not hold for this: where another connection begins to write, or does the same, it
            // fails at once. It stays with the file, so the other connections need not ask for it.
            repeated(self.timeout, || sqlx::query("PRAGMA journal_mode = WAL").execute(&writer)).await?;
            let readers = self.pool(self.connections, &options).await?;
            Ok(Pool::Sqlite { readers, writer })
        };
        connected.await.map_err(|error| failed(ENGINE, "open", error))
    }

    async fn change(&self) -> Result<Pool, StoreError> {
        // Opened for writing, even a file of somebody else's would get a log taken up, or a journal rolled back.
        self.read().await?.close().await;
        let options = self.options();
        let connected = async {
            let writer = self.pool(1, &options).await?;
            let readers = self.pool(self.connections, &options).await?;
            Ok(Pool::Sqlite { readers, writer })
        };
        connected.await.map_err(|error| failed(ENGINE, "open", error))
    }

    /// Looks first whether there are sessions in it.
    async fn read(&self) -> Result<Pool, StoreError> {
        let options = self.options().read_only(true);
        // Where nobody has it open the file holds everything, and can be read without any file beside it.
        let at_rest = !self.has_log();
        let as_it_is = options.clone().immutable(true);
        if at_rest {
            self.check(&as_it_is)
                .await
                .map_err(|error| told(&error).unwrap_or_else(|| failed(ENGINE, "open", error)))?;
        }
        let readers = match self.check(&options).await {
            // To read what others may write meanwhile SQLite needs files beside this one, and may not make them here.
            Err(error) if at_rest && is_closed_to_us(&error) => self.check(&as_it_is).await,
            Err(error) if is_closed_to_us(&error) => return Err(closed(&error)),
            readers => readers,
        };
        let readers =
            readers.map_err(|error| told(&error).unwrap_or_else(|| failed(ENGINE, "open", error)))?;
        Ok(Pool::Sqlite { writer: readers.clone(), readers })
    }

    /// A pool on a file that holds sessions.
    async fn check(&self, options: &SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
        let pool = self.pool(self.connections, options).await?;
        let version: sqlx::Result<Option<i64>> =
            repeated(self.timeout, || sqlx::query_scalar(SQLITE.version).fetch_optional(&pool)).await;
        match version {
            Ok(_) => Ok(pool),
            Err(error) => {
                pool.close().await;
                Err(error)
            }
        }
    }

    async fn pool(&self, connections: u32, options: &SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
        let pool = || SqlitePoolOptions::new().acquire_timeout(self.timeout).max_connections(connections);
        repeated(self.timeout, || pool().connect_with(options.clone())).await
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            // What was acknowledged survives a power cut; in WAL mode less does not guarantee it.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(self.timeout)
    }

    /// Whether somebody has the file open in WAL mode, or left it without closing it. A log without content, as who only reads
    /// leaves it, holds nothing.
    fn has_log(&self) -> bool {
        ["-wal", "-journal"].iter().any(|end| {
            let mut name = self.path.clone().into_os_string();
            name.push(end);
            match Path::new(&name).metadata() {
                Ok(log) => log.len() > 0,
                Err(error) => error.kind() != std::io::ErrorKind::NotFound,
            }
        })
    }
}

/// Makes the database's file, for its owner's eyes only; SQLite gives the files beside it the same mode.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        opened => opened.map(drop),
    }
}

/// Whether this is how a database is named that is in no file.
fn is_memory(path: &str) -> bool {
    let (file, settings) = path.split_once('?').unwrap_or((path, ""));
    file == ":memory:" || settings.split('&').any(|setting| setting == "mode=memory")
}

/// What to say of a file without sessions.
fn told(error: &sqlx::Error) -> Option<StoreError> {
    is_missing_table(error).then(|| misused(super::NO_SESSIONS))
}

fn closed(error: &sqlx::Error) -> StoreError {
    let detail = format!(
        "{error}: a program has this file open, or was killed, so that SQLite needs its -wal and -shm files too and has to write \
         to them even for reading: use the server's account, or copy all three into a folder of your own and read that"
    );
    StoreError::message(StoreErrorKind::Denied, ENGINE, "open", detail)
}

fn misused(detail: &str) -> StoreError {
    StoreError::message(StoreErrorKind::Configuration, ENGINE, "open", detail)
}

const ENGINE: &str = "SQLite";
/// Each of a pool's connections would have a database of its own.
const IN_MEMORY: &str =
    "this store keeps sessions in a file; for sessions in memory, open \"memory:\" (MemoryStore)";
