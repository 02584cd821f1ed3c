//! The file store is shared by processes, and survives their death.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fastsession::store::{FileStore, Progress, Store};
use fastsession_core::store::StoreKey;
use fastsession_core::time::UnixTime;
use fastsession_tests::numbered::{number, numbered_keys};

const KEY: [u8; 32] = [0x3c; 32];

fn worker(work: &str, folder: &Path, durability: &str, times: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_store_worker"))
        .args([work, &format!("file:{}?durability={durability}", folder.display())])
        .args([StoreKey::from_bytes(&KEY).to_hex().as_str(), &times.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts")
}

#[tokio::test]
async fn processes_lose_no_update() {
    const TIMES: u64 = 100;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workers: Vec<_> = (0..4).map(|_| worker("count", folder.path(), "synced", TIMES)).collect();
    for mut worker in workers {
        assert!(worker.wait().expect("the worker ends").success());
    }
    let store = FileStore::open(folder.path()).await.expect("the store opens");
    let record = store.get(&StoreKey::from_bytes(&KEY)).await.expect("the store works").expect("a record");
    assert_eq!(number(&record), Ok(4 * TIMES));
}

/// `FASTSESSION_KILLS` says how often (1,000 unless set).
#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let kills = std::env::var("FASTSESSION_KILLS").ok();
    let kills: u32 = kills.map_or(1_000, |kills| kills.parse().expect("FASTSESSION_KILLS is a number"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = FileStore::open(folder.path()).await.expect("the store opens");
    let keys = numbered_keys(StoreKey::from_bytes(&KEY));
    let mut acknowledged = [0_u64; 8];
    let mut random = fastsession::testing::seed();
    for kill in 0..kills {
        // The death of a process takes nothing back, synced or not; unsynced there are more writes to hit.
        let durability = if kill % 2 == 0 { "synced" } else { "relaxed" };
        let mut worker = worker("write", folder.path(), durability, u64::from(u32::MAX));
        let mut lines = BufReader::new(worker.stdout.take().expect("a pipe")).lines();
        // Some are killed before their first write, most in the midst of one.
        if kill % 10 != 0 {
            note(&mut acknowledged, lines.next());
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros((random >> 33) % 8_000));
        worker.kill().expect("the worker is killed");
        worker.wait().expect("the worker ends");
        lines.for_each(|line| note(&mut acknowledged, Some(line)));
        for (key, acknowledged) in keys.iter().zip(&mut acknowledged) {
            let record = store.get(key).await.expect("the store works");
            let held = record.map_or(Ok(0), |record| number(&record)).expect("no record is torn");
            // The one write that was under way may have been done too.
            let lost = "an acknowledged write is lost";
            assert!(
                (*acknowledged..=*acknowledged + 1).contains(&held),
                "kill {kill}: {held}, {acknowledged}: {lost}"
            );
            *acknowledged = held;
        }
    }
    let total: u64 = acknowledged.iter().sum();
    println!("{kills} kills, {total} writes");
    assert!(total >= u64::from(kills) / 2, "only {total} writes were done before {kills} kills");
    store.purge_expired(UnixTime::now(), &Progress::none()).await.expect("the purge works");
    let records = folder.path().join("records");
    let shards = records.read_dir().expect("the folder").map(|shard| shard.expect("an entry").path());
    let left: usize = shards.map(|shard| shard.read_dir().expect("a folder").count()).sum();
    let written = acknowledged.iter().filter(|&&number| number > 0).count();
    assert_eq!(left, written, "what killed writers left behind is not swept");
}

fn note(acknowledged: &mut [u64; 8], line: Option<std::io::Result<String>>) {
    let line = line.expect("a line").expect("text");
    // The last line may have been cut.
    if let Some((index, number)) = line.split_once(' ')
        && let (Ok(index), Ok(number)) = (index.parse::<usize>(), number.parse())
    {
        acknowledged[index] = acknowledged[index].max(number);
    }
}
