//! Sessions in a database: SQLite (embedded), PostgreSQL 12 or newer, MySQL 8 or MariaDB 10.5 or newer.
//!
//! Every write is one statement with its condition in the `WHERE`, so two servers never both believe that they
//! wrote. Expired rows stay until [`purge_expired`](Store::purge_expired) removes them, a batch at a time; a sweeper
//! should call it.
//!
//! SQLite runs in WAL mode with every commit synced; one connection writes and several read. A MySQL account that uses
//! `caching_sha2_password` needs TLS (feature `sql-tls`) or a Unix socket.

mod connect;
mod dialect;
mod pool;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Tag, Which};
use fastsession_core::time::UnixTime;

use self::dialect::{BATCH, Dialect};
use self::pool::{Bind, Pool};
use super::{Clock, Filed, Progress, Put, Stats, Step, Store, StoreError, StoreErrorKind, SystemClock};

/// A store in a database. Clones are the same store and share its connections.
#[derive(Clone)]
pub struct SqlStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    place: String,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// How to open a [`SqlStore`].
pub struct Builder {
    url: String,
    connections: u32,
    timeout: Duration,
    create: bool,
    migrate: bool,
    read_only: bool,
    clock: Arc<dyn Clock>,
}

/// What opening a store may do to the database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Make,
    /// Tables in a database that is there, and the sessions in them.
    Fill,
    /// Only the sessions in it.
    Change,
    Read,
}

impl SqlStore {
    /// Opens the database of `url`, making the tables if there are none; see [`builder`](Self::builder).
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).open().await
    }

    /// The store in the database of `url`, with settings to come:
    ///
    /// - `sqlite:FILE`; not one in memory, for which there is [`MemoryStore`](super::MemoryStore)
    /// - `postgres://user:password@host/database`
    /// - `mysql://user:password@host/database`, or `mariadb://` …
    pub fn builder(url: &str) -> Builder {
        Builder {
            url: url.to_owned(),
            connections: 10,
            timeout: Duration::from_secs(5),
            create: true,
            migrate: true,
            read_only: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// Makes the tables (`fastsession_records`, `fastsession_schema`) if there are none. It may be called at any
    /// time, by several at once; where the tables are as they should be it only reads.
    ///
    /// # Errors
    /// [`StoreErrorKind::Corrupt`] if a newer version made the tables, otherwise what the database says.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let Inner { pool, timeout, .. } = &*self.0;
        let version = self.within("migrate", pool.number(self.dialect().version, &[])).await;
        match version {
            Ok(Some(VERSION)) => return Ok(()),
            Ok(Some(_)) => return Err(self.is_newer("migrate")),
            Ok(None) => {}
            Err(error) if error.kind() == StoreErrorKind::Configuration => {}
            Err(error) => return Err(error),
        }
        for statement in self.dialect().migrate {
            let mut made = self.within("migrate", pool.execute(*timeout, statement, &[])).await;
            if made.is_err() {
                // PostgreSQL refuses the second of two that make the same table at once.
                tokio::time::sleep(Duration::from_millis(200)).await;
                made = self.within("migrate", pool.execute(*timeout, statement, &[])).await;
            }
            made?;
        }
        Ok(())
    }

    /// Finds out whether there are tables, for whoever must not make any.
    async fn check(&self) -> Result<(), StoreError> {
        const OPERATION: &str = "open";
        match self.within(OPERATION, self.0.pool.number(self.dialect().version, &[])).await {
            Ok(Some(VERSION)) => Ok(()),
            Ok(Some(_)) => Err(self.is_newer(OPERATION)),
            Err(error) if error.kind() != StoreErrorKind::Configuration => Err(error),
            Ok(None) | Err(_) => {
                let kind = StoreErrorKind::Configuration;
                let error = StoreError::message(kind, self.0.pool.engine(), OPERATION, NO_SESSIONS);
                Err(error.at(self.0.place.clone()))
            }
        }
    }

    fn is_newer(&self, operation: &'static str) -> StoreError {
        let detail = "a newer version of fastsession made the tables";
        StoreError::message(StoreErrorKind::Corrupt, self.0.pool.engine(), operation, detail)
            .at(self.0.place.clone())
    }

    /// Closes the connections; operations fail afterwards. Dropping the last clone does so too, a little later.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    fn dialect(&self) -> &'static Dialect {
        self.0.pool.dialect()
    }

    fn now(&self) -> Bind<'static> {
        Bind::Number(seconds(self.0.clock.now()))
    }

    async fn execute(
        &self,
        operation: &'static str,
        sql: &'static str,
        arguments: &[Bind<'_>],
    ) -> Result<u64, StoreError> {
        self.within(operation, self.0.pool.execute(self.0.timeout, sql, arguments)).await
    }

    /// Bounds the time of an operation and puts its error into words.
    async fn within<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, StoreError> {
        // The pool has a limit of its own for giving out a connection, with a better text.
        self.within_limit(self.0.timeout.saturating_mul(2), operation, work).await
    }

    async fn within_limit<T>(
        &self,
        limit: Duration,
        operation: &'static str,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, StoreError> {
        let engine = self.0.pool.engine();
        let result = match tokio::time::timeout(limit, work).await {
            Ok(result) => result.map_err(|error| pool::failed(engine, operation, error)),
            Err(elapsed) => Err(StoreError::new(StoreErrorKind::Unavailable, engine, operation, elapsed)),
        };
        result.map_err(|error| error.at(self.0.place.clone()))
    }

    async fn put_absent(&self, put: &Put<'_>) -> Result<u64, StoreError> {
        let (tag, now) = (Tag::of(put.record), self.now());
        let [record, tag, expires_at, owner, entry] = columns(put, &tag);
        let key = Bind::Name(put.key.to_hex());
        let Some(over_expired) = self.dialect().put_over_expired else {
            let arguments = [key, record, tag, expires_at, owner, entry, now];
            return self.execute("put", self.dialect().put_absent, &arguments).await;
        };
        let inserted = async {
            let arguments = [key, record, tag, expires_at, owner, entry];
            match self.0.pool.execute(self.0.timeout, self.dialect().put_absent, &arguments).await {
                Err(error) if pool::is_duplicate(&error) => Ok(0),
                inserted => inserted,
            }
        };
        if self.within("put", inserted).await? == 1 {
            return Ok(1);
        }
        self.execute("put", over_expired, &[record, tag, expires_at, owner, entry, key, now]).await
    }
}

impl Builder {
    /// How many connections it opens at most; 10 unless set.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// How long to wait for a connection; 5 seconds unless set. An operation may take twice as long in all.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether opening makes the file of SQLite's database if there is none; it does unless switched off.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Whether opening makes missing tables; it does unless switched off, for accounts that may not.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Whether nothing is to be written, so that SQLite's file and its folder may be closed to writing; not unless switched on.
    /// Then nothing is made either, and whatever writes is an error on SQLite. (Servers are only asked what they are asked.)
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// What to judge expiry by; the system's clock unless set. (The database's own is not asked.)
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects. Where neither a file nor tables are to be made they have to be there, and SQLite's file is not touched before
    /// that is known.
    ///
    /// # Errors
    /// [`StoreErrorKind::Configuration`] for a URL that it does not understand, or where there are no tables and none are
    /// to be made; otherwise what the database says.
    pub async fn open(self) -> Result<SqlStore, StoreError> {
        let access = match (self.read_only, self.create, self.migrate) {
            (true, ..) => Access::Read,
            (false, true, _) => Access::Make,
            (false, false, true) => Access::Fill,
            (false, false, false) => Access::Change,
        };
        let (pool, place) = connect::connect(&self.url, self.connections, self.timeout, access).await?;
        let store = SqlStore(Arc::new(Inner { pool, place, timeout: self.timeout, clock: self.clock }));
        match access {
            Access::Change | Access::Read => store.check().await?,
            Access::Make | Access::Fill if self.migrate => store.migrate().await?,
            Access::Make | Access::Fill => {}
        }
        Ok(store)
    }
}

impl Store for SqlStore {
    fn engine(&self) -> &'static str {
        self.0.pool.engine()
    }

    async fn get(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, StoreError> {
        let arguments = [Bind::Name(key.to_hex()), self.now()];
        self.within("get", self.0.pool.bytes(self.dialect().get, &arguments)).await
    }

    async fn put(&self, put: Put<'_>) -> Result<Outcome, StoreError> {
        let tag = Tag::of(put.record);
        let [record, new_tag, expires_at, owner, entry] = columns(&put, &tag);
        let key = Bind::Name(put.key.to_hex());
        let rows = match put.condition {
            Condition::Absent => self.put_absent(&put).await?,
            Condition::Matches(before) => {
                let before = Bind::Bytes(before.as_bytes());
                let arguments = [record, new_tag, expires_at, owner, entry, key, before, self.now()];
                self.execute("put", self.dialect().put_matches, &arguments).await?
            }
            Condition::Any => {
                let arguments = [key, record, new_tag, expires_at, owner, entry];
                self.execute("put", self.dialect().put_any, &arguments).await?
            }
        };
        Ok(if rows == 0 { Outcome::Conflict } else { Outcome::Applied })
    }

    async fn delete(&self, key: &StoreKey, condition: Condition) -> Result<Outcome, StoreError> {
        let (name, now) = (Bind::Name(key.to_hex()), self.now());
        let applied = match condition {
            Condition::Any => {
                self.execute("delete", self.dialect().delete_any, &[name]).await.map(|_| true)?
            }
            Condition::Matches(tag) => {
                let arguments = [name, Bind::Bytes(tag.as_bytes()), now];
                self.execute("delete", self.dialect().delete_matches, &arguments).await? > 0
            }
            // Nothing is to be done, whether or not it holds.
            Condition::Absent => self.get(key).await?.is_none(),
        };
        Ok(if applied { Outcome::Applied } else { Outcome::Conflict })
    }

    async fn list(&self, owner: &OwnerKey) -> Result<Vec<Filed>, StoreError> {
        let arguments = [Bind::Name(owner.to_hex()), self.now()];
        let rows = self.within("list", self.0.pool.keys_and_entries(self.dialect().list, &arguments)).await?;
        let filed =
            rows.into_iter().filter_map(|(key, entry)| Some(Filed { key: StoreKey::from_hex(&key)?, entry }));
        Ok(filed.collect())
    }

    async fn delete_owned(&self, owner: &OwnerKey, which: Which) -> Result<u64, StoreError> {
        let owner = Bind::Name(owner.to_hex());
        let kept = match &which {
            Which::Only(key) => {
                let arguments = [owner, Bind::Name(key.to_hex()), self.now()];
                return self.execute("delete_owned", self.dialect().end_one, &arguments).await;
            }
            Which::Except(key) => Bind::Name(key.to_hex()),
            Which::All => Bind::Text(""),
        };
        let mut ended: u64 = 0;
        loop {
            let arguments = [owner, kept, self.now()];
            let rows = self.execute("delete_owned", self.dialect().end_others, &arguments).await?;
            ended = ended.saturating_add(rows);
            // A rotation puts the new record, then deletes the old one. A DELETE may find the old one gone and not yet
            // see the new one; one look at all rows, afterwards, sees at least one of them.
            let left =
                self.within("delete_owned", self.0.pool.number(self.dialect().others, &arguments)).await?;
            if left.unwrap_or_default() == 0 {
                return Ok(ended);
            }
        }
    }

    async fn purge_expired(&self, now: UnixTime, progress: &Progress) -> Result<u64, StoreError> {
        const OPERATION: &str = "purge_expired";
        let arguments = [Bind::Number(seconds(now))];
        let total =
            self.within(OPERATION, self.0.pool.number(self.dialect().count_expired, &arguments)).await?;
        let mut step = Step { of: total.and_then(|total| u64::try_from(total).ok()), ..Step::default() };
        loop {
            let removed = self.execute(OPERATION, self.dialect().purge, &arguments).await?;
            step.records = step.records.saturating_add(removed);
            step.done = step.records;
            progress.report(step);
            if removed < BATCH {
                return Ok(step.records);
            }
        }
    }

    async fn stats(&self, progress: &Progress) -> Result<Stats, StoreError> {
        let arguments = vec![self.now(); self.dialect().times_in_count];
        let counts = self.0.pool.counts(self.dialect().count, &arguments);
        let (records, expired, owners, bytes) = self.within_limit(COUNTING, "stats", counts).await?;
        let number = |number| u64::try_from(number).unwrap_or_default();
        progress.report(Step { done: 1, of: Some(1), records: number(records) });
        Ok(Stats {
            records: number(records),
            expired: Some(number(expired)),
            owners: Some(number(owners)),
            bytes: Some(number(bytes)),
            unreadable: None,
        })
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlStore({}, {})", self.engine(), self.0.place)
    }
}

impl fmt::Debug for Builder {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({} connections, {:?})", self.connections, self.timeout)
    }
}

/// Record, tag, expiry, owner, entry.
fn columns<'a>(put: &'a Put<'a>, tag: &'a Tag) -> [Bind<'a>; 5] {
    let filing = put.filing.as_ref();
    [
        Bind::Bytes(put.record),
        Bind::Bytes(tag.as_bytes()),
        Bind::Number(seconds(put.expires_at)),
        Bind::NameOrNull(filing.map(|filing| filing.owner.to_hex())),
        Bind::Bytes(filing.map_or(&[], |filing| filing.entry)),
    ]
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Counting goes through all rows.
const COUNTING: Duration = Duration::from_mins(10);
/// What to say where there are no tables and none are to be made.
const NO_SESSIONS: &str = "there are no sessions in this database: it is not the one that the server uses, or the server has \
     not been started yet";
/// The tables' version.
const VERSION: i64 = 1;
