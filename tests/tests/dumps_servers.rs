//! Somebody who has a dump of a server finds no id, no user and no value in it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

use fastsession::store::{RedisStore, SqlStore};
use fastsession_tests::dump::{assert_shows_nothing, files, output};
use fastsession_tests::servers::{Cluster, RedisServer, SqlServer};

/// All names, and what is under them.
fn scan(server: &RedisServer) -> Vec<u8> {
    let port = server.port().to_string();
    let say = |arguments: &[&str]| output("redis-cli", &[&["-p", &port], arguments].concat());
    let names = say(&["--scan"]);
    let mut dump = names.clone();
    for name in String::from_utf8(names).expect("names are text").lines() {
        let kind = String::from_utf8(say(&["type", name])).expect("a word");
        dump.extend(match kind.trim() {
            "string" => say(&["get", name]),
            "hash" => say(&["hgetall", name]),
            "list" => say(&["lrange", name, "0", "-1"]),
            "set" => say(&["smembers", name]),
            "zset" => say(&["zrange", name, "0", "-1", "withscores"]),
            // A slot of a Cluster that another server has.
            other => panic!("{name} is a {other}"),
        });
    }
    dump
}

#[tokio::test(flavor = "multi_thread")]
async fn of_redis() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    assert_shows_nothing(store, || scan(&server)).await;
}

/// The append-only file has the scripts' arguments, too.
#[tokio::test(flavor = "multi_thread")]
async fn of_the_files_of_redis() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    assert_shows_nothing(store, || files(server.folder())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cluster() {
    let cluster = Cluster::start();
    let store = RedisStore::connect(&cluster.url()).await.expect("Redis runs");
    // A replica answers for a slot only by naming its master.
    let files = || cluster.servers.iter().flat_map(|server| files(server.folder())).collect();
    assert_shows_nothing(store, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_postgresql() {
    let server = SqlServer::postgres();
    let url = server.new_database();
    let store = SqlStore::open(&url).await.expect("the server runs");
    assert_shows_nothing(store, || output("pg_dump", &[&url])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_mariadb() {
    let server = SqlServer::mariadb();
    let url = server.new_database();
    let store = SqlStore::open(&url).await.expect("the server runs");
    let (port, database) = (server.port().to_string(), url.rsplit('/').next().expect("a name"));
    let login = ["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root"];
    assert_shows_nothing(store, || {
        // Bytes as text with escapes, then as hex.
        let text = output("mariadb-dump", &[&login[..], &[database]].concat());
        let hex = output("mariadb-dump", &[&login[..], &["--hex-blob", database]].concat());
        [text, hex].concat()
    })
    .await;
}
