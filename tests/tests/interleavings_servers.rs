//! 2,000 interleavings of requests on each server, and 500 on a Cluster.
//!
//! The same variables as for the stores that need nothing installed set them.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::time::Duration;

use fastsession::store::{Clock, ManualClock, RedisStore, SqlStore};
use fastsession::testing::Subject;
use fastsession_core::time::UnixTime;
use fastsession_tests::interleavings::run;
use fastsession_tests::servers::{Cluster, RedisServer, SqlServer};

const COUNT: u64 = 2_000;

/// How long an operation may take: on a busy machine, longer than an application would wait.
const PATIENCE: Duration = Duration::from_mins(1);

struct Redis(String);

impl Subject for Redis {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        RedisStore::builder(&self.0).timeout(PATIENCE).connect().await.expect("Redis runs")
    }
}

struct Database {
    url: String,
    clock: ManualClock,
}

impl Subject for Database {
    type Store = SqlStore;

    async fn open(&self) -> SqlStore {
        let builder = SqlStore::builder(&self.url).clock(self.clock.clone()).timeout(PATIENCE);
        builder.open().await.expect("the server runs")
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    async fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }
}

fn on_databases(server: &SqlServer) {
    run(|| Database { url: server.new_database(), clock: ManualClock::new(UnixTime::now()) }, COUNT, true, 4);
}

#[test]
fn in_redis() {
    let server = RedisServer::start(&[]);
    run(|| Redis(server.url()), COUNT, false, 0);
}

#[test]
fn in_a_cluster() {
    let cluster = Cluster::start();
    run(|| Redis(cluster.url()), COUNT / 4, false, 0);
}

#[test]
fn in_postgresql() {
    on_databases(&SqlServer::postgres());
}

#[test]
fn in_mariadb() {
    on_databases(&SqlServer::mariadb());
}
