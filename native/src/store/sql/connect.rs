//! From a URL to connections.

use std::time::Duration;

use super::super::{StoreError, StoreErrorKind};
use super::Access;
use super::pool::Pool;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::pool::failed;

/// Opens a pool of at most `connections`. Returns it with where it leads to, without a password.
pub(super) async fn connect(
    url: &str,
    connections: u32,
    timeout: Duration,
    access: Access,
) -> Result<(Pool, String), StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => super::sqlite::open(rest, connections, timeout, access).await,
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres(url, connections, timeout).await,
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => mysql(&format!("mysql:{rest}"), connections, timeout).await,
        _ => {
            let _ = (rest, connections, timeout, access);
            let detail = "the scheme is not known, or its cargo feature is not switched on";
            Err(StoreError::message(StoreErrorKind::Configuration, "SQL", "open", detail))
        }
    }
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str, connections: u32, timeout: Duration) -> Result<(Pool, String), StoreError> {
    use std::str::FromStr;

    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    let options = PgConnectOptions::from_str(url).map_err(|error| failed("PostgreSQL", "open", error))?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let pool = PgPoolOptions::new().acquire_timeout(timeout).max_connections(connections);
    let pool = match pool.connect_with(options.clone()).await {
        Err(sqlx::Error::PoolTimedOut) => Err(why(&options).await),
        pool => pool,
    };
    let pool = pool.map_err(|error| failed("PostgreSQL", "open", error).at(&place))?;
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
    let pool = match pool.connect_with(options.clone()).await {
        Err(sqlx::Error::PoolTimedOut) => Err(why(&options).await),
        pool => pool,
    };
    let pool = pool.map_err(|error| failed("MySQL", "open", error).at(&place))?;
    Ok((Pool::MySql(pool), place))
}

/// Why a pool found no connection in time: it goes on trying, and does not tell what kept it from one.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn why<Options: sqlx::ConnectOptions<Connection: Sized>>(options: &Options) -> sqlx::Error {
    match tokio::time::timeout(A_LAST_TRY, options.connect()).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
const A_LAST_TRY: Duration = Duration::from_secs(1);
