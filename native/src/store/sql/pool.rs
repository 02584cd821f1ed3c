//! The three engines behind one type: connections, arguments, rows, errors.

use std::time::{Duration, Instant};

use fastsession_core::store::Hex;
use sqlx::error::DatabaseError;

use super::super::{StoreError, StoreErrorKind};
use super::dialect::Dialect;
#[cfg(feature = "mysql")]
use super::dialect::MYSQL;
#[cfg(feature = "postgres")]
use super::dialect::POSTGRES;
#[cfg(feature = "sqlite")]
use super::dialect::SQLITE;

#[derive(Clone)]
pub(super) enum Pool {
    /// SQLite lets one connection write at a time; those that wait for it here wait in turn.
    #[cfg(feature = "sqlite")]
    Sqlite { readers: sqlx::SqlitePool, writer: sqlx::SqlitePool },
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// An argument of a statement.
#[derive(Clone, Copy)]
pub(super) enum Bind<'a> {
    Text(&'a str),
    /// A key's or an owner's name.
    Name(Hex),
    NameOrNull(Option<Hex>),
    Bytes(&'a [u8]),
    Number(i64),
}

macro_rules! bind {
    ($query:expr, $arguments:expr) => {{
        let mut query = $query;
        for argument in $arguments {
            query = match *argument {
                Bind::Text(text) => query.bind(text),
                Bind::Name(name) => query.bind(name.as_str().to_owned()),
                Bind::NameOrNull(name) => query.bind(name.map(|name| name.as_str().to_owned())),
                Bind::Bytes(bytes) => query.bind(bytes),
                Bind::Number(number) => query.bind(number),
            };
        }
        query
    }};
}

/// The same work on the pool of whichever engine it is.
macro_rules! on {
    ($self:expr, $which:ident, |$pool:ident| $work:expr) => {
        match $self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite { $which: $pool, .. } => $work,
            #[cfg(feature = "postgres")]
            Pool::Postgres($pool) => $work,
            #[cfg(feature = "mysql")]
            Pool::MySql($pool) => $work,
        }
    };
}

impl Pool {
    pub(super) fn engine(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } => "SQLite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "PostgreSQL",
            #[cfg(feature = "mysql")]
            Self::MySql(_) => "MySQL",
        }
    }

    pub(super) fn dialect(&self) -> &'static Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } => &SQLITE,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => &POSTGRES,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => &MYSQL,
        }
    }

    /// How many rows the statement wrote. One that the engine rolled back is repeated for as long as `limit`.
    pub(super) async fn execute(
        &self,
        limit: Duration,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> sqlx::Result<u64> {
        let execute = || async {
            on!(self, writer, |pool| {
                bind!(sqlx::query(sql), arguments).execute(pool).await.map(|done| done.rows_affected())
            })
        };
        repeated(limit, execute).await
    }

    /// The first column of the first row, if there is one.
    pub(super) async fn bytes(
        &self,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> sqlx::Result<Option<Vec<u8>>> {
        on!(self, readers, |pool| bind!(sqlx::query_scalar(sql), arguments).fetch_optional(pool).await)
    }

    /// The same for a number. It reads where the writes are done.
    pub(super) async fn number(
        &self,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> sqlx::Result<Option<i64>> {
        on!(self, writer, |pool| bind!(sqlx::query_scalar(sql), arguments).fetch_optional(pool).await)
    }

    pub(super) async fn keys_and_entries(
        &self,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> sqlx::Result<Vec<(String, Vec<u8>)>> {
        on!(self, readers, |pool| bind!(sqlx::query_as(sql), arguments).fetch_all(pool).await)
    }

    pub(super) async fn counts(
        &self,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> sqlx::Result<(i64, i64, i64, i64)> {
        on!(self, readers, |pool| bind!(sqlx::query_as(sql), arguments).fetch_one(pool).await)
    }

    pub(super) async fn close(&self) {
        on!(self, readers, |pool| pool.close().await);
        on!(self, writer, |pool| pool.close().await);
    }
}

/// What comes of `work`. What the engine rolled back (a deadlock, a serialization failure, a locked table) did nothing and
/// is done again, until `limit` is over.
pub(super) async fn repeated<T, F: Future<Output = sqlx::Result<T>>>(
    limit: Duration,
    mut work: impl FnMut() -> F,
) -> sqlx::Result<T> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match work().await {
            Err(error) if was_rolled_back(&error) && begun.elapsed() < limit => {
                tokio::time::sleep(pause).await;
            }
            result => return result,
        }
        pause = pause.saturating_mul(2).min(Duration::from_millis(100));
    }
}

/// Whether the row is there already.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

/// Whether the table is not there yet.
pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    // SQLite has no code for it.
    code(error) == "42P01" || mysql_number(error) == Some(1146) || error.message().contains("no such table")
}

/// Whether SQLite may not open, or not write to, a file that it needs.
#[cfg(feature = "sqlite")]
pub(super) fn is_closed_to_us(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| matches!(code(error).as_str(), "8" | "14"))
}

/// What kind of failure it is, and what to say about it.
pub(super) fn failed(engine: &'static str, operation: &'static str, error: sqlx::Error) -> StoreError {
    use StoreErrorKind::{Configuration, Corrupt, Denied, Full, Unavailable};
    let kind = match &error {
        _ if is_missing_table(&error) => {
            let detail = "the tables fastsession_records and fastsession_schema are missing: open the store with migrations, or \
                 call migrate()";
            return StoreError::message(Configuration, engine, operation, detail);
        }
        sqlx::Error::Database(error) => match (code(&**error).as_str(), mysql_number(&**error)) {
            // SQLite: busy.
            ("5", None) => {
                return StoreError::message(Unavailable, engine, operation, LOCKED);
            }
            // PostgreSQL: disk full, out of memory; SQLite: full; MySQL: record file full, disk full.
            ("53100" | "53200" | "13", None) | (_, Some(1021 | 1041 | 1114 | 1118)) => Full,
            // No such role, wrong password, privileges, read-only transaction; SQLite: permission, read-only.
            ("28000" | "28P01" | "42501" | "25006" | "3" | "8", None)
            | (_, Some(1044 | 1045 | 1142 | 1143 | 1227 | 1290 | 1792 | 1836)) => Denied,
            // SQLite: corrupt, not a database.
            ("11" | "26", None) => Corrupt,
            // No such database.
            ("3D000", None) | (_, Some(1049)) => Configuration,
            _ => Unavailable,
        },
        sqlx::Error::PoolTimedOut => {
            return StoreError::message(Unavailable, engine, operation, NO_CONNECTION);
        }
        sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => Configuration,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::TypeNotFound { .. } => {
            Corrupt
        }
        _ => Unavailable,
    };
    match error {
        // It says itself that it is one.
        sqlx::Error::Configuration(error) => StoreError::new(kind, engine, operation, error),
        error => StoreError::new(kind, engine, operation, error),
    }
}

const NO_CONNECTION: &str =
    "no connection in time: the server does not answer, or more requests wait than it has connections";
const LOCKED: &str = "another program holds the database's lock: a backup, a transaction that was left open, or a process \
     that is stopped; `fuser FILE` names those that have the file open";

fn was_rolled_back(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    // PostgreSQL: serialization failure, deadlock; SQLite: busy, locked, too many at the log's locks; MySQL: deadlock,
    // changed since it was read.
    matches!(code(error).as_str(), "40001" | "40P01" | "5" | "6" | "15")
        || matches!(mysql_number(error), Some(1213 | 1020))
}

/// The engine's code; of SQLite's only the part that its documentation calls primary.
fn code(error: &dyn DatabaseError) -> String {
    let code = error.code().unwrap_or_default();
    #[cfg(feature = "sqlite")]
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return code.parse::<u32>().map_or_else(|_| code.into_owned(), |code| (code & 0xff).to_string());
    }
    code.into_owned()
}

fn mysql_number(error: &dyn DatabaseError) -> Option<u16> {
    #[cfg(feature = "mysql")]
    return error
        .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
        .map(sqlx::mysql::MySqlDatabaseError::number);
    #[cfg(not(feature = "mysql"))]
    {
        let _ = error;
        None
    }
}
