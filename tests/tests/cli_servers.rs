//! The operator's command line on servers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use std::path::PathBuf;
use std::process::Command;

use fastsession_tests::servers::{Certificate, Cluster, RedisServer, Sentinels, SqlServer};

#[path = "../../native/tests/cli/journey.rs"]
mod journey;

use journey::{journey, journey_on};

/// Cargo puts the tests of one package and the programs of another into neighbouring folders.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("fastsession");
    assert!(program.is_file(), "build it first: cargo build -p fastsession --all-features --bin fastsession");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_redis() {
    let server = RedisServer::start(&[]);
    journey(&program(), &server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_behind_sentinels() {
    let sentinels = Sentinels::start();
    journey(&program(), &sentinels.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_a_cluster() {
    let cluster = Cluster::start();
    journey(&program(), &cluster.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_postgresql() {
    let server = SqlServer::postgres();
    journey(&program(), &server.new_database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_mariadb() {
    let server = SqlServer::mariadb();
    journey(&program(), &server.new_database()).await;
}

/// With an authority of one's own, which a server is checked against.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_postgresql_over_tls() {
    let (server, certificate) = (SqlServer::postgres(), Certificate::new());
    server.speak_tls(&certificate);
    let url = server.new_database();
    let url_with = |authority: &Certificate| {
        let authority = authority.authority();
        let url = url.replace("127.0.0.1", "localhost");
        format!("{url}?sslmode=verify-full&sslrootcert={}", authority.display())
    };
    journey_on(&program(), &url, &url_with(&certificate)).await;
    assert_refused(&url_with(&Certificate::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_mariadb_over_tls() {
    let certificate = Certificate::new();
    let server = SqlServer::mariadb_over_tls(&certificate);
    let url = server.new_database();
    let url_with = |authority: &Certificate| {
        let authority = authority.authority();
        let url = url.replace("127.0.0.1", "localhost");
        format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={}", authority.display())
    };
    journey_on(&program(), &url, &url_with(&certificate)).await;
    assert_refused(&url_with(&Certificate::new()));
}

/// The server is not known to the authority that the URL names.
fn assert_refused(url: &str) {
    let refused = Command::new(program()).args(["store", "stats", "--store", url]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        refused.stderr.to_ascii_lowercase().windows(11).any(|part| part == b"certificate"),
        "{refused:?}"
    );
}
