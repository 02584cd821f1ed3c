//! The Redis store keeps the contract on one server, behind Sentinels and on a Cluster.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::sync::LazyLock;

use fastsession::store::RedisStore;
use fastsession::testing::Subject;
use fastsession_tests::servers::{Cluster, RedisServer, Sentinels};
use tokio::sync::Mutex;

struct Single(Mutex<RedisServer>);

impl Single {
    fn start() -> Self {
        Self(Mutex::new(RedisServer::start(&[])))
    }
}

impl Subject for Single {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        RedisStore::connect(&self.0.lock().await.url()).await.expect("Redis runs")
    }

    async fn break_down(&self) -> bool {
        self.0.lock().await.kill();
        true
    }

    async fn repair(&self) {
        self.0.lock().await.start_again();
    }
}

fastsession::store_contract!(Single::start());

struct Shared(String);

impl Subject for Shared {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        RedisStore::connect(&self.0).await.expect("Redis runs")
    }
}

mod sentinel {
    use super::{LazyLock, Sentinels, Shared};

    static SENTINELS: LazyLock<Sentinels> = LazyLock::new(Sentinels::start);

    fastsession::store_contract!(Shared(SENTINELS.url()));
}

mod cluster {
    use super::{Cluster, LazyLock, Shared};

    static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

    fastsession::store_contract!(Shared(CLUSTER.url()));
}
