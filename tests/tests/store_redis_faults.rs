//! Redis that dies, hangs, fills up, moves and refuses.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastsession::store::redis::RedisStore;
use fastsession::store::{Progress, Put, Store, StoreError, StoreErrorKind};
use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Tag, Which};
use fastsession_core::time::UnixTime;
use fastsession_tests::numbered::{number, numbered};
use fastsession_tests::servers::{Certificate, Cluster, RedisServer, Sentinels, redis_cli, wait_until};
use tokio::task::JoinHandle;

fn key(index: u8) -> StoreKey {
    StoreKey::from_bytes(&[index; 32])
}

fn later() -> UnixTime {
    UnixTime::now().after(Duration::from_hours(1))
}

async fn put(
    store: &RedisStore,
    key: StoreKey,
    record: &[u8],
    condition: Condition,
) -> Result<Outcome, StoreError> {
    store.put(Put { key, record, expires_at: later(), condition, filing: None }).await
}

/// Tasks that each count on a record of their own, as long as they are let.
struct Load {
    stop: Arc<AtomicBool>,
    errors: Arc<AtomicU64>,
    writes: Arc<AtomicU64>,
    writers: Vec<JoinHandle<u64>>,
}

impl Load {
    fn start(store: &RedisStore) -> Self {
        let (stop, errors, writes) = (Arc::default(), Arc::default(), Arc::default());
        let mut load = Self { stop, errors, writes, writers: Vec::new() };
        for index in 0..16 {
            let (store, stop) = (store.clone(), Arc::clone(&load.stop));
            let (errors, writes) = (Arc::clone(&load.errors), Arc::clone(&load.writes));
            load.writers.push(tokio::spawn(async move {
                let mut acknowledged = 0;
                while !stop.load(Ordering::SeqCst) {
                    match count(&store, key(index)).await {
                        Ok(Some(number)) => {
                            assert!(
                                number > acknowledged,
                                "{number} was written after {acknowledged}: one was lost"
                            );
                            acknowledged = number;
                            writes.fetch_add(1, Ordering::SeqCst);
                        }
                        // An earlier write whose answer was lost.
                        Ok(None) => {}
                        Err(error) => {
                            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                            errors.fetch_add(1, Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                    }
                }
                acknowledged
            }));
        }
        load
    }

    /// Waits until some more writes succeed.
    async fn goes_on(&self) {
        let (start, before) = (Instant::now(), self.writes.load(Ordering::SeqCst));
        while self.writes.load(Ordering::SeqCst) < before + 200 {
            assert!(start.elapsed() < Duration::from_secs(40), "the writers do not go on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops it, and checks that what was acknowledged is there.
    async fn stop(self, store: &RedisStore) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        for (index, writer) in (0..).zip(self.writers) {
            let acknowledged = writer.await.expect("a writer");
            let record = store.get(&key(index)).await.expect("Redis runs").expect("a record");
            assert!(
                number(&record).expect("a whole record") >= acknowledged,
                "an acknowledged write is lost"
            );
        }
        self.errors.load(Ordering::SeqCst)
    }
}

async fn count(store: &RedisStore, key: StoreKey) -> Result<Option<u64>, StoreError> {
    let held = store.get(&key).await?;
    let next = held.as_deref().map_or(1, |held| number(held).expect("a whole record") + 1);
    let condition = held.as_deref().map_or(Condition::Absent, |held| Condition::Matches(Tag::of(held)));
    Ok((put(store, key, &numbered(next), condition).await? == Outcome::Applied).then_some(next))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_and_comes_back_loses_nothing() {
    let mut server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    let load = Load::start(&store);
    for _ in 0..3 {
        load.goes_on().await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let error = store.get(&key(1)).await.expect_err("nobody is there");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains(&server.port().to_string()), "{error}");
        server.start_again();
    }
    load.goes_on().await;
    assert!(load.stop(&store).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_an_error_in_time() {
    let server = RedisServer::start(&[]);
    let builder = RedisStore::builder(&server.url()).timeout(Duration::from_millis(500));
    let store = builder.connect().await.expect("Redis runs");
    assert_eq!(put(&store, key(1), b"old", Condition::Absent).await.expect("Redis runs"), Outcome::Applied);
    let process = server.process().expect("it runs");
    process.signal("-STOP");
    let start = Instant::now();
    let read = store.get(&key(1)).await.expect_err("nobody answers");
    let write = put(&store, key(1), b"new", Condition::Any).await.expect_err("nobody answers");
    process.signal("-CONT");
    assert_eq!((read.kind(), write.kind()), (StoreErrorKind::Unavailable, StoreErrorKind::Unavailable));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let held = store.get(&key(1)).await.expect("Redis goes on").expect("a record");
    assert!(held == b"old" || held == b"new");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_find_another_master() {
    let mut sentinels = Sentinels::start();
    let store = RedisStore::connect(&sentinels.url()).await.expect("Redis runs");
    assert_eq!(put(&store, key(1), b"old", Condition::Absent).await.expect("Redis runs"), Outcome::Applied);
    for server in &sentinels.servers[1..] {
        wait_until("the replicas have it", || redis_cli(server.port(), &["dbsize"]).trim() == "1");
    }
    sentinels.servers[0].kill();
    let start = Instant::now();
    let mut errors = 0;
    while let Err(error) = put(&store, key(1), b"new", Condition::Matches(Tag::of(b"old"))).await {
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        assert!(start.elapsed() < Duration::from_secs(40), "no failover: {error}");
        errors += 1;
    }
    assert!(errors > 0);
    assert_eq!(store.get(&key(1)).await.expect("Redis runs").expect("a record"), b"new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_goes_on_without_a_master() {
    let mut cluster = Cluster::quick_to_fail_over();
    let store = RedisStore::connect(&cluster.url()).await.expect("Redis runs");
    let keys: Vec<_> = (0..60).map(key).collect();
    for key in &keys {
        assert_eq!(put(&store, *key, b"old", Condition::Absent).await.expect("Redis runs"), Outcome::Applied);
    }
    wait_until("the replicas have all of it", || {
        let sizes = cluster.servers.iter().map(|server| redis_cli(server.port(), &["dbsize"]));
        sizes.filter_map(|size| size.trim().parse::<usize>().ok()).sum::<usize>() == 2 * keys.len()
    });
    cluster.servers[0].kill();
    let start = Instant::now();
    for key in &keys {
        let mut failed = false;
        loop {
            match put(&store, *key, b"new", Condition::Matches(Tag::of(b"old"))).await {
                // A put that failed may have been done all the same.
                Ok(outcome) => break assert!(outcome == Outcome::Applied || failed),
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                    assert!(start.elapsed() < Duration::from_secs(40), "no failover: {error}");
                    failed = true;
                }
            }
        }
        assert_eq!(store.get(key).await.expect("Redis runs").expect("a record"), b"new");
    }
    cluster.servers[0].start_again();
    cluster.wait_until_well();
    for key in &keys {
        assert_eq!(store.get(key).await.expect("Redis runs").expect("a record"), b"new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_moves_slots_refuses_nothing() {
    let cluster = Cluster::start();
    let store = RedisStore::connect(&cluster.url()).await.expect("Redis runs");
    let load = Load::start(&store);
    load.goes_on().await;
    let ports: Vec<_> = cluster.servers.iter().map(RedisServer::port).collect();
    let ids: Vec<_> =
        ports.iter().map(|port| redis_cli(*port, &["cluster", "myid"]).trim().to_owned()).collect();
    let address = format!("127.0.0.1:{}", ports[0]);
    let (from, to) = (ids[0].clone(), ids[1].clone());
    let moving = tokio::task::spawn_blocking(move || {
        let to = ["--cluster-from", &from, "--cluster-to", &to, "--cluster-slots", "500", "--cluster-yes"];
        Command::new("redis-cli").args(["--cluster", "reshard", &address]).args(to).output()
    });
    let moved = moving.await.expect("a thread").expect("redis-cli runs");
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stdout));
    load.goes_on().await;
    assert_eq!(load.stop(&store).await, 0, "operations failed while slots were moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_keeps_what_it_has() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    assert_eq!(put(&store, key(1), b"old", Condition::Absent).await.expect("Redis runs"), Outcome::Applied);
    redis_cli(server.port(), &["config", "set", "maxmemory", "1"]);
    let error = put(&store, key(1), b"new", Condition::Any).await.expect_err("there is no room");
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert_eq!(store.get(&key(1)).await.expect("Redis runs").expect("a record"), b"old");
    redis_cli(server.port(), &["config", "set", "maxmemory", "0"]);
    assert_eq!(put(&store, key(1), b"new", Condition::Any).await.expect("Redis runs"), Outcome::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_asked_for_and_not_shown() {
    let server = RedisServer::start(&[]);
    redis_cli(server.port(), &["config", "set", "requirepass", "right"]);
    for login in ["", ":wrong@"] {
        let opened = RedisStore::connect(&format!("redis://{login}127.0.0.1:{}", server.port())).await;
        let error = opened.map(drop).expect_err("the password is asked for");
        assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
        assert!(!error.to_string().contains("wrong@"), "{error}");
    }
    let store = RedisStore::connect(&format!("redis://:right@127.0.0.1:{}", server.port())).await;
    let store = store.expect("the password is right");
    assert_eq!(store.get(&key(1)).await.expect("Redis runs"), None);
    assert!(!format!("{store:?}").contains("right"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_writes_are_one_round_trip_each() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    let owner = OwnerKey::from_bytes(&[9; 32]);
    let filing = Some(Filing { owner, entry: b"entry", is_new: true, until: later() });
    for round in 0..2 {
        for index in 0..10 {
            let put = Put {
                key: key(index),
                record: b"record",
                expires_at: later(),
                condition: Condition::Any,
                filing,
            };
            assert_eq!(store.put(put).await.expect("Redis runs"), Outcome::Applied);
            assert!(store.get(&key(index)).await.expect("Redis runs").is_some());
        }
        assert_eq!(store.list(&owner).await.expect("Redis runs").len(), 10);
        let calls = redis_cli(server.port(), &["info", "commandstats"]);
        let calls = |name: &str| {
            let line = calls.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:calls=")));
            let number = line.and_then(|line| line.split(['=', ',']).nth(1));
            number.map_or(0, |number| number.parse().expect("a number"))
        };
        // The first call of each script is in full, since the server does not know it.
        let known = if round == 0 { 2 } else { 0 };
        assert_eq!((calls("get"), calls("evalsha"), calls("eval")), (10, 11, known), "round {round}");
        redis_cli(server.port(), &["config", "resetstat"]);
    }
    // Without its owner a record leaves the list; the last one takes the list with it.
    let put = Put { key: key(0), record: b"", expires_at: later(), condition: Condition::Any, filing: None };
    assert_eq!(store.put(put).await.expect("Redis runs"), Outcome::Applied);
    let list = format!("fastsession:owner:{owner}");
    assert_eq!(redis_cli(server.port(), &["zcard", &list]).trim(), "9");
    redis_cli(server.port(), &["script", "flush"]);
    assert_eq!(store.delete_owned(&owner, Which::All).await.expect("Redis runs"), 9);
    assert_eq!(redis_cli(server.port(), &["dbsize"]).trim(), "1", "something is left of the list");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ended_leaves_its_list_in_a_cluster() {
    let cluster = Cluster::start();
    let store = RedisStore::connect(&cluster.url()).await.expect("Redis runs");
    let owner = OwnerKey::from_bytes(&[9; 32]);
    let count = || {
        let list = format!("fastsession:owner:{{{owner}}}");
        [list.clone(), list + ":order"].map(|name| {
            let counts = cluster.servers.iter().map(|server| redis_cli(server.port(), &["zcard", &name]));
            counts.filter_map(|count| count.trim().parse::<u64>().ok()).max()
        })
    };
    for index in 0..9 {
        let filing = Some(Filing { owner, entry: b"", is_new: true, until: later() });
        let put =
            Put { key: key(index), record: b"", expires_at: later(), condition: Condition::Absent, filing };
        assert_eq!(store.put(put).await.expect("Redis runs"), Outcome::Applied);
    }
    assert_eq!(count(), [Some(9), Some(9)]);
    for index in 0..3 {
        assert_eq!(store.delete(&key(index), Condition::Any).await.expect("Redis runs"), Outcome::Applied);
    }
    assert_eq!(count(), [Some(6), Some(6)]);
    assert_eq!(store.delete_owned(&owner, Which::Except(key(5))).await.expect("Redis runs"), 5);
    assert_eq!(count(), [Some(1), Some(1)]);
    assert_eq!(store.list(&owner).await.expect("Redis runs").len(), 1);
}

/// Writes at the same time, each on condition that the record still is `old`; the outcomes in their order.
async fn write_at_once(
    store: &RedisStore,
    writes: impl Iterator<Item = (StoreKey, Vec<u8>)>,
) -> Vec<JoinHandle<Result<Outcome, StoreError>>> {
    let mut writers = Vec::new();
    for (key, record) in writes {
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            put(&store, key, &record, Condition::Matches(Tag::of(b"old"))).await
        }));
    }
    // Until all of them have sent their command, or have handed it over to be sent.
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    writers
}

async fn begin(store: &RedisStore, keys: std::ops::Range<u8>) {
    for index in keys {
        let outcome = put(store, key(index), b"old", Condition::Absent).await;
        assert_eq!(outcome.expect("Redis runs"), Outcome::Applied);
    }
}

/// How often the server has read from its clients.
fn reads(server: &RedisServer) -> u64 {
    let stats = redis_cli(server.port(), &["info", "stats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
    line.and_then(|number| number.trim().parse().ok()).expect("a number")
}

#[tokio::test]
async fn what_travels_together_succeeds_and_fails_alone() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    begin(&store, 0..50).await;
    let [other, gone, large] = [7, 8, 9];
    let name = format!("fastsession:record:{}", key(other));
    redis_cli(server.port(), &["del", &name]);
    redis_cli(server.port(), &["lpush", &name, "a list"]);
    assert_eq!(store.delete(&key(gone), Condition::Any).await.expect("Redis runs"), Outcome::Applied);
    // Every script has to be sent in full again.
    redis_cli(server.port(), &["script", "flush"]);
    let record = |index: u8| vec![index; if index == large { 1 << 20 } else { 100 }];
    for round in 0..2 {
        let before = reads(&server);
        let writers = write_at_once(&store, (0..50).map(|index| (key(index), record(index)))).await;
        for (index, writer) in (0..).zip(writers) {
            match (index, writer.await.expect("a writer")) {
                (_, Err(error)) => {
                    assert_eq!((index, error.kind()), (other, StoreErrorKind::Corrupt), "{error}");
                }
                (_, Ok(outcome)) => {
                    let applied = round == 0 && index != gone;
                    assert_eq!(outcome == Outcome::Applied, applied, "{index} in round {round}");
                }
            }
        }
        // The large one takes many; in the first round all are sent twice.
        assert!(round == 0 || reads(&server) - before < 100, "{} for 50 commands", reads(&server) - before);
    }
    for index in 0..50 {
        let held = store.get(&key(index)).await;
        match index {
            _ if index == other => {
                assert_eq!(held.expect_err("a list").kind(), StoreErrorKind::Corrupt);
            }
            _ if index == gone => assert_eq!(held.expect("Redis runs"), None),
            _ => assert!(held.expect("Redis runs").expect("a record") == record(index), "{index}"),
        }
    }
}

#[tokio::test]
async fn of_two_writes_that_travel_together_one_wins() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    begin(&store, 0..10).await;
    let before = reads(&server);
    let writers = write_at_once(&store, (0..40).map(|index| (key(index % 10), vec![index]))).await;
    let mut winners = Vec::new();
    for (index, writer) in (0..40).zip(writers) {
        if writer.await.expect("a writer").expect("Redis runs") == Outcome::Applied {
            winners.push(index);
        }
    }
    assert!(reads(&server) - before < 10, "{} for 40 commands", reads(&server) - before);
    assert_eq!(winners.len(), 10, "{winners:?}");
    for winner in winners {
        let held = store.get(&key(winner % 10)).await.expect("Redis runs");
        assert_eq!(held.expect("a record"), [winner]);
    }
}

#[tokio::test]
async fn who_hangs_up_takes_nobody_along() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    begin(&store, 0..40).await;
    // The script is known.
    assert_eq!(
        put(&store, key(0), b"old", Condition::Matches(Tag::of(b"old"))).await.expect("Redis runs"),
        Outcome::Applied
    );
    let process = server.process().expect("it runs");
    process.signal("-STOP");
    let writers = write_at_once(&store, (0..40).map(|index| (key(index), b"new".to_vec()))).await;
    for writer in writers.iter().step_by(2) {
        writer.abort();
    }
    process.signal("-CONT");
    for (index, writer) in (0..).zip(writers) {
        match writer.await {
            Ok(outcome) => assert_eq!(outcome.expect("Redis goes on"), Outcome::Applied, "{index}"),
            Err(error) => assert!(error.is_cancelled() && index % 2 == 0, "{index}: {error}"),
        }
        let held = store.get(&key(index)).await.expect("Redis runs").expect("a record");
        assert!(held == b"new" || held == b"old" && index % 2 == 0, "{index}: {held:?}");
    }
}

#[tokio::test]
async fn a_server_that_dies_with_writes_under_way_leaves_each_unknown() {
    let mut server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    begin(&store, 0..100).await;
    server.process().expect("it runs").signal("-STOP");
    let writers = write_at_once(&store, (0..100).map(|index| (key(index), b"new".to_vec()))).await;
    server.kill();
    for writer in writers {
        let error = writer.await.expect("a writer").expect_err("nobody has answered");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    }
    server.start_again();
    let start = Instant::now();
    while let Err(error) = store.get(&key(0)).await {
        assert!(start.elapsed() < Duration::from_secs(20), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for index in 0..100 {
        // Not sent again: the server read none of them.
        assert_eq!(store.get(&key(index)).await.expect("Redis runs").expect("a record"), b"old");
    }
    let writers = write_at_once(&store, (0..100).map(|index| (key(index), b"new".to_vec()))).await;
    for writer in writers {
        assert_eq!(writer.await.expect("a writer").expect("Redis runs"), Outcome::Applied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_the_server_expires() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    let owner = OwnerKey::from_bytes(&[9; 32]);
    let soon = UnixTime::now().after(Duration::from_secs(2));
    let filing = Some(Filing { owner, entry: b"entry", is_new: true, until: soon });
    let put = Put { key: key(1), record: b"record", expires_at: soon, condition: Condition::Absent, filing };
    assert_eq!(store.put(put).await.expect("Redis runs"), Outcome::Applied);
    let stats = store.stats(&Progress::none()).await.expect("Redis runs");
    assert_eq!((stats.records, stats.owners, stats.bytes), (1, Some(1), Some(11)));
    wait_until("nothing is left", || redis_cli(server.port(), &["keys", "*"]).trim().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn prefixes_keep_stores_apart() {
    let server = RedisServer::start(&[]);
    let one = RedisStore::connect(&format!("{}?prefix=one:", server.url())).await.expect("Redis runs");
    let two = RedisStore::builder(&server.url()).prefix("t*o:").connect().await.expect("Redis runs");
    assert_eq!(put(&one, key(1), b"one", Condition::Absent).await.expect("Redis runs"), Outcome::Applied);
    assert_eq!(two.get(&key(1)).await.expect("Redis runs"), None);
    assert_eq!(two.stats(&Progress::none()).await.expect("Redis runs").records, 0);
    assert!(redis_cli(server.port(), &["--scan"]).starts_with("one:record:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_corrupt() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url()).await.expect("Redis runs");
    let name = format!("fastsession:record:{}", key(1));
    redis_cli(server.port(), &["set", &name, "something else"]);
    assert_eq!(store.get(&key(1)).await.expect_err("no record").kind(), StoreErrorKind::Corrupt);
    redis_cli(server.port(), &["del", &name]);
    redis_cli(server.port(), &["lpush", &name, "a list"]);
    assert_eq!(store.get(&key(1)).await.expect_err("no record").kind(), StoreErrorKind::Corrupt);
    let error = put(&store, key(1), b"new", Condition::Absent).await.expect_err("no record");
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_and_checked() {
    let certificate = Certificate::new();
    let [ca, server, private] = [certificate.authority(), certificate.server(), certificate.private_key()]
        .map(|path| path.to_string_lossy().into_owned());
    let tls_port = fastsession_tests::servers::free_port();
    let port = tls_port.to_string();
    let files = ["--tls-cert-file", &server, "--tls-key-file", &private, "--tls-ca-cert-file", &ca];
    let arguments = [&["--tls-port", &port, "--tls-auth-clients", "no"][..], &files].concat();
    let server = RedisServer::start(&arguments);
    let worker = |trusted: &str| {
        Command::new(env!("CARGO_BIN_EXE_store_worker"))
            .args(["count", &format!("rediss://localhost:{tls_port}"), key(1).to_hex().as_str(), "3"])
            .env("SSL_CERT_FILE", trusted)
            .output()
            .expect("the worker runs")
    };
    let refused = worker("/dev/null");
    assert!(!refused.status.success());
    let done = worker(&ca);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(redis_cli(server.port(), &["--scan"]).contains(key(1).to_hex().as_str()));
}

/// Another version's record, and another program's value under a record's name.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_neither_hides_nor_keeps_the_others() {
    let (server, cluster) = (RedisServer::start(&[]), Cluster::start());
    for (url, port) in [(server.url(), server.port()), (cluster.url(), cluster.servers[0].port())] {
        let store = RedisStore::connect(&url).await.expect("Redis runs");
        let (owner, other) = (OwnerKey::from_bytes(&[9; 32]), OwnerKey::from_bytes(&[8; 32]));
        let filing = Some(Filing { owner, entry: b"entry", is_new: true, until: later() });
        let spoil = || {
            for (index, change) in
                [(0, ["setrange", "3", "2"]), (1, ["lpush", "a", "b"]), (2, ["setrange", "0", "x"])]
            {
                let name = format!("fastsession:record:{}", key(index));
                if index == 1 {
                    redis_cli(port, &["-c", "del", &name]);
                }
                redis_cli(port, &["-c", change[0], &name, change[1], change[2]]);
            }
        };
        for which in [Which::All, Which::Only(key(0)), Which::Only(key(1)), Which::Except(key(3))] {
            for index in 0..5 {
                let (key, expires_at) = (key(index), later());
                let put = Put { key, record: b"record", expires_at, condition: Condition::Any, filing };
                assert_eq!(store.put(put).await.expect("Redis runs"), Outcome::Applied);
            }
            spoil();
            let mut listed = store.list(&owner).await.expect("the others are listed");
            listed.sort_by_key(|filed| filed.key);
            let entries: Vec<_> = listed.iter().map(|filed| filed.entry.as_slice()).collect();
            assert_eq!(entries, [&b""[..], b"", b"", b"entry", b"entry"], "{url}");
            let stats = store.stats(&Progress::none()).await.expect("the others are counted");
            assert_eq!((stats.records, stats.unreadable), (2, Some(3)), "{url}");
            // On nobody else's list, and so not to be ended as somebody else's.
            assert_eq!(store.delete_owned(&other, Which::Only(key(0))).await.expect("Redis runs"), 0);
            let ended = store.delete_owned(&owner, which).await.expect("all are ended");
            let left = store.list(&owner).await.expect("Redis runs").len();
            let expected = match which {
                Which::All => (5, 0),
                Which::Only(_) => (1, 4),
                Which::Except(_) => (4, 1),
            };
            assert_eq!((ended, left), expected, "{url}, {which:?}");
            for index in 0..5 {
                assert_eq!(
                    store.delete(&key(index), Condition::Any).await.expect("whatever it is"),
                    Outcome::Applied
                );
            }
            assert_eq!(store.stats(&Progress::none()).await.expect("Redis runs").unreadable, Some(0));
        }
    }
}
