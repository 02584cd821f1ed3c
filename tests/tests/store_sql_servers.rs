//! The SQL store keeps the contract on PostgreSQL and MariaDB, and survives their death.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fastsession::store::{Clock, ManualClock, Put, SqlStore, Store, StoreError, StoreErrorKind};
use fastsession::testing::Subject;
use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Tag, Which};
use fastsession_core::time::UnixTime;
use fastsession_tests::servers::{SqlServer, wait_until};

static POSTGRES: LazyLock<SqlServer> = LazyLock::new(SqlServer::postgres);
static MARIADB: LazyLock<SqlServer> = LazyLock::new(SqlServer::mariadb);

struct Database {
    url: String,
    clock: ManualClock,
}

impl Database {
    fn on(server: &SqlServer) -> Self {
        Self { url: server.new_database(), clock: ManualClock::new(UnixTime::now()) }
    }
}

impl Subject for Database {
    type Store = SqlStore;

    async fn open(&self) -> SqlStore {
        SqlStore::builder(&self.url).clock(self.clock.clone()).open().await.expect("the server runs")
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

mod postgres {
    use super::{Database, POSTGRES};

    fastsession::store_contract!(Database::on(&POSTGRES));
}

mod mariadb {
    use super::{Database, MARIADB};

    fastsession::store_contract!(Database::on(&MARIADB));
}

async fn put(store: &SqlStore, record: &[u8], condition: Condition) -> Result<Outcome, StoreError> {
    let (key, expires_at) = (StoreKey::from_bytes(&[1; 32]), UnixTime::now().after(Duration::from_hours(1)));
    store.put(Put { key, record, expires_at, condition, filing: None }).await
}

async fn dies_and_comes_back(mut server: SqlServer) {
    let url = server.new_database();
    let builder = SqlStore::builder(&url).timeout(Duration::from_secs(1));
    let store = builder.open().await.expect("the server runs");
    assert_eq!(
        put(&store, b"acknowledged", Condition::Absent).await.expect("the server runs"),
        Outcome::Applied
    );
    server.kill();
    let error = put(&store, b"lost", Condition::Any).await.expect_err("nobody is there");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    server.start_again();
    let start = Instant::now();
    let read = loop {
        match store.get(&StoreKey::from_bytes(&[1; 32])).await {
            Ok(read) => break read,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(20), "no recovery: {error}"),
        }
    };
    assert_eq!(read.expect("a record"), b"acknowledged");
    let condition = Condition::Matches(Tag::of(b"acknowledged"));
    assert_eq!(put(&store, b"new", condition).await.expect("the server runs"), Outcome::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_dies_and_comes_back() {
    dies_and_comes_back(SqlServer::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_dies_and_comes_back() {
    dies_and_comes_back(SqlServer::mariadb()).await;
}

/// A rotation that commits while the `DELETE` of an ending waits for its old record: the `DELETE` finds that one gone and
/// does not see the new one.
#[tokio::test(flavor = "multi_thread")]
async fn an_ending_looks_again_at_what_came_while_it_waited() {
    let url = POSTGRES.new_database();
    let store = SqlStore::open(&url).await.expect("the server runs");
    let (old, new, owner) =
        (StoreKey::from_bytes(&[1; 32]), StoreKey::from_bytes(&[2; 32]), OwnerKey::from_bytes(&[3; 32]));
    let file = async |key| {
        let expires_at = UnixTime::now().after(Duration::from_hours(1));
        let filing = Some(Filing { owner, entry: b"", is_new: true, until: expires_at });
        let put = Put { key, record: b"record", expires_at, condition: Condition::Absent, filing };
        assert_eq!(store.put(put).await.expect("the server runs"), Outcome::Applied);
    };
    let mut psql =
        Command::new("psql").args([url.as_str(), "-q"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let psql = psql.as_mut().expect("psql runs");
    let mut say =
        |text: String| psql.stdin.as_mut().expect("a pipe").write_all(text.as_bytes()).expect("psql listens");
    // Of the clients of this database, as the server sees them.
    let wait_for_one = |state: &str| {
        let count =
            format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {state}");
        wait_until(state, || {
            let asked =
                Command::new("psql").args([url.as_str(), "-Atc", &count]).output().expect("psql runs");
            asked.stdout.trim_ascii() == b"1"
        });
    };

    file(old).await;
    say(format!("BEGIN; SELECT 1 FROM fastsession_records WHERE store_key = '{old}' FOR UPDATE;\n"));
    wait_for_one("state = 'idle in transaction'");
    let ending = tokio::spawn({
        let store = store.clone();
        async move { store.delete_owned(&owner, Which::All).await }
    });
    wait_for_one("wait_event_type = 'Lock'");
    file(new).await;
    say(format!("DELETE FROM fastsession_records WHERE store_key = '{old}'; COMMIT;\n"));
    assert_eq!(ending.await.expect("a task").expect("the server runs"), 1);
    assert_eq!(store.get(&new).await.expect("the server runs"), None, "a rotation slipped past the ending");
    drop(psql.stdin.take());
    psql.wait().expect("psql ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_by_many_at_once() {
    for server in [&*POSTGRES, &*MARIADB] {
        let url = server.new_database();
        let opening: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { SqlStore::open(&url).await.map(drop) }
                })
            })
            .collect();
        for opened in opening {
            opened.await.expect("a task").expect("the tables are made");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told() {
    let url = POSTGRES.new_database();
    assert!(POSTGRES.sql("CREATE ROLE guest LOGIN"));
    let url = url.replace("postgres@", "guest@");
    let error = SqlStore::open(&url).await.map(drop).expect_err("a guest may not make tables");
    assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
    let error =
        SqlStore::open("postgres://me:secret@127.0.0.1:1/x").await.map(drop).expect_err("nobody is there");
    assert!(!error.to_string().contains("secret"), "{error}");
}
