//! From a URL to connections.

use std::time::Duration;

use super::super::{StoreError, StoreErrorKind};
#[cfg(feature = "sqlite")]
use super::pool::repeated;
use super::pool::{Pool, failed};

/// Opens a pool of at most `connections`, making SQLite's file if there is none and `create`. Returns it with where it leads to, without a password.
pub(super) async fn connect(
    url: &str,
    connections: u32,
    timeout: Duration,
    create: bool,
) -> Result<(Pool, String), StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite(rest, connections, timeout, create).await,
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres(url, connections, timeout).await,
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => mysql(&format!("mysql:{rest}"), connections, timeout).await,
        _ => {
            let _ = (rest, connections, timeout, create);
            let detail =
                format!("the scheme \"{scheme}\" is not known, or its cargo feature is not switched on");
            Err(StoreError::message(StoreErrorKind::Configuration, "SQL", "open", detail))
        }
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(
    path: &str,
    connections: u32,
    timeout: Duration,
    create: bool,
) -> Result<(Pool, String), StoreError> {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

    // sqlite:///DIR/FILE is /DIR/FILE.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        let detail = "\"sqlite:\" needs a file";
        return Err(StoreError::message(StoreErrorKind::Configuration, "SQLite", "open", detail));
    }
    if create {
        private(path).map_err(|error| StoreError::io("SQLite", "open", error).at(path))?;
    } else if !std::path::Path::new(path).exists() {
        let detail = "there is no such file";
        let error = StoreError::message(StoreErrorKind::Configuration, "SQLite", "open", detail);
        return Err(error.at(path));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(create)
        // What was acknowledged survives a power cut; in WAL mode less does not guarantee it.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(timeout);
    let pool = |connections| SqlitePoolOptions::new().acquire_timeout(timeout).max_connections(connections);
    let connected = async {
        let writer = repeated(timeout, || pool(1).connect_with(options.clone())).await?;
        // SQLite's own timeout does not hold for this: where another connection begins to write, or does the same, it fails
        // at once. It stays with the file, so the other connections need not ask for it.
        repeated(timeout, || sqlx::query("PRAGMA journal_mode = WAL").execute(&writer)).await?;
        let readers = repeated(timeout, || pool(connections).connect_with(options.clone())).await?;
        Ok(Pool::Sqlite { readers, writer })
    };
    let pool = connected.await.map_err(|error| failed("SQLite", "open", error).at(path))?;
    Ok((pool, path.to_owned()))
}

/// Makes the database's file, for its owner's eyes only; SQLite gives the files beside it the same mode.
#[cfg(feature = "sqlite")]
fn private(path: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        opened => opened.map(drop),
    }
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str, connections: u32, timeout: Duration) -> Result<(Pool, String), StoreError> {
    use std::str::FromStr;

    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    let options = PgConnectOptions::from_str(url).map_err(|error| failed("PostgreSQL", "open", error))?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let pool = PgPoolOptions::new().acquire_timeout(timeout).max_connections(connections);
    let pool =
        pool.connect_with(options).await.map_err(|error| failed("PostgreSQL", "open", error).at(&place))?;
    Ok((Pool::Postgres(pool), place))
}

#[cfg(feature = "mysql")]
async fn mysql(url: &str, connections: u32, timeout: Duration) -> Result<(Pool, String), StoreError> {
    use std::str::FromStr;

    use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};

    let options = MySqlConnectOptions::from_str(url).map_err(|error| failed("MySQL", "open", error))?;
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let pool = MySqlPoolOptions::new().acquire_timeout(timeout).max_connections(connections);
    let pool = pool.connect_with(options).await.map_err(|error| failed("MySQL", "open", error).at(&place))?;
    Ok((Pool::MySql(pool), place))
}
