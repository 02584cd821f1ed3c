//! The SQL store keeps the contract on PostgreSQL and MariaDB, and survives their death.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fastsession::store::{Clock, ManualClock, Put, SqlStore, Store, StoreError, StoreErrorKind};
use fastsession::testing::Subject;
use fastsession_core::store::{Condition, Outcome, StoreKey, Tag};
use fastsession_core::time::UnixTime;
use fastsession_tests::servers::SqlServer;

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
