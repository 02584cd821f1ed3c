//! The Redis store keeps the contract on Valkey.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use fastsession::store::RedisStore;
use fastsession::testing::Subject;
use fastsession_tests::servers::RedisServer;
use tokio::sync::Mutex;

struct Valkey(Mutex<RedisServer>);

impl Subject for Valkey {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        RedisStore::connect(&self.0.lock().await.url()).await.expect("Valkey runs")
    }

    async fn break_down(&self) -> bool {
        self.0.lock().await.kill();
        true
    }

    async fn repair(&self) {
        self.0.lock().await.start_again();
    }
}

fastsession::store_contract!(Valkey(Mutex::new(RedisServer::valkey())));
