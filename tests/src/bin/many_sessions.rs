//! Very many sessions in one store: `many_sessions file|sqlite COUNT FOLDER`.
//!
//! It shows that a read takes no longer for them, and that a purge of all of them needs no more memory than one of few. It works in
//! a temporary folder inside of FOLDER and removes it. A process of its own, since it measures its memory.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastsession::store::file::Durability;
use fastsession::store::{Clock, DynStore, FileStore, ManualClock, Progress, Put, SqlStore, Step, Store};
use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey};
use fastsession_core::time::UnixTime;
use fastsession_tests::subjects::quick_folder;

/// What the other store holds.
const FEW: u64 = 1_000;
const READS: u64 = 5_000;
/// Each owner has that many sessions; nine in ten sessions have none.
const OF_AN_OWNER: u64 = 10;
/// A usual record, and a usual entry.
const RECORD: usize = 400;
const ENTRY: &[u8] = &[7; 120];
const LIFE: Duration = Duration::from_hours(1);
/// How much more memory than before a purge may take.
const MOST_MEMORY: u64 = 24 << 20;
const TASKS: u64 = 8;

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [kind, count, folder] = arguments.as_slice() else {
        panic!("usage: many_sessions file|sqlite COUNT FOLDER")
    };
    let count: u64 = count.parse().unwrap();
    let folder = tempfile::tempdir_in(folder).unwrap();
    let clock = ManualClock::new(UnixTime::now());
    let start = Instant::now();
    let few = filled(kind, &folder.path().join("few"), FEW, &clock).await;
    let many = filled(kind, &folder.path().join("many"), count, &clock).await;
    println!("{kind}: {count} sessions written in {:.1} s", start.elapsed().as_secs_f64());

    compare_reads(&few, &many, count).await;
    count_all(&many, count, 0).await;
    clock.advance(LIFE.as_secs() + 1);
    purge(&few, FEW, clock.now()).await;
    purge(&many, count, clock.now()).await;
    count_all(&many, 0, 0).await;
}

/// A store with as many sessions.
async fn filled(kind: &str, folder: &Path, count: u64, clock: &ManualClock) -> DynStore {
    std::fs::create_dir(folder).unwrap();
    if kind == "file" {
        // What was written counts here, not when.
        let builder = FileStore::builder(folder).durability(Durability::Relaxed).clock(clock.clone());
        fill(&DynStore::new(builder.open().await.unwrap()), count, clock).await;
        let store = FileStore::builder(folder).clock(clock.clone()).open().await;
        return DynStore::new(store.unwrap());
    }
    // Each put is synced: a disk would take hours, a file in memory does not.
    let quick = quick_folder();
    let open = async |folder: &Path| {
        let url = format!("sqlite:{}/sessions.db", folder.display());
        SqlStore::builder(&url).clock(clock.clone()).open().await.unwrap()
    };
    let store = open(quick.path()).await;
    fill(&DynStore::new(store.clone()), count, clock).await;
    store.close().await;
    std::fs::copy(quick.path().join("sessions.db"), folder.join("sessions.db")).unwrap();
    DynStore::new(open(folder).await)
}

async fn fill(store: &DynStore, count: u64, clock: &ManualClock) {
    let expires_at = clock.now().after(LIFE);
    let tasks = (0..TASKS).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (task..count).step_by(usize::try_from(TASKS).unwrap()) {
                let record: Vec<u8> = name(number).into_iter().cycle().take(RECORD).collect();
                let owner = OwnerKey::from_bytes(&name(u64::MAX - number / (10 * OF_AN_OWNER)));
                let filing = Filing { owner, entry: ENTRY, is_new: true, until: expires_at };
                let filing = (number % 10 == 0).then_some(filing);
                let condition = Condition::Absent;
                let put = Put { key: key(number), record: &record, expires_at, condition, filing };
                assert_eq!(store.put(put).await.unwrap(), Outcome::Applied);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

/// In turn, so that what else the machine does meets both.
async fn compare_reads(few: &DynStore, many: &DynStore, count: u64) {
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for read in 0..READS {
        let choice = u64::from_le_bytes(*name(read ^ 0x5eed).first_chunk().unwrap());
        for (store, size, times) in [(few, FEW, &mut of_few), (many, count, &mut of_many)] {
            let key = key(choice % size);
            let start = Instant::now();
            let record = store.get(&key).await.unwrap();
            times.push(start.elapsed());
            assert_eq!(record.unwrap().len(), RECORD);
        }
    }
    let (few, many) = (quantiles(of_few), quantiles(of_many));
    let ratio = many[0].as_secs_f64() / few[0].as_secs_f64();
    println!("a read, median and 95 %: {few:?} of {FEW}, {many:?} of {count}; {ratio:.2} times as long");
    assert!(ratio <= 2.0, "reads get slower with the number of sessions");
}

fn quantiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[times.len() * 95 / 100]]
}

async fn count_all(store: &DynStore, live: u64, expired: u64) {
    let start = Instant::now();
    let stats = store.stats(&Progress::none()).await.unwrap();
    println!("counted in {:.1} s: {stats:?}", start.elapsed().as_secs_f64());
    assert_eq!((stats.records, stats.expired), (live, Some(expired)));
    assert_eq!(stats.owners, Some(live.div_ceil(10 * OF_AN_OWNER)));
}

/// Purges all of them; looks at the memory and at the reports meanwhile.
async fn purge(store: &DynStore, count: u64, now: UnixTime) {
    let reports: Arc<Mutex<Vec<Step>>> = Arc::default();
    let progress = Progress::new({
        let reports = Arc::clone(&reports);
        move |step| reports.lock().unwrap().push(step)
    });
    let before = reset_peak();
    let start = Instant::now();
    assert_eq!(store.purge_expired(now, &progress).await.unwrap(), count);
    let (seconds, more) = (start.elapsed().as_secs_f64(), status("VmHWM").saturating_sub(before));
    let reports = reports.lock().unwrap();
    println!(
        "{count} purged in {seconds:.1} s with {} reports; memory rose by {} KiB from {} KiB",
        reports.len(),
        more >> 10,
        before >> 10
    );
    assert!(more <= MOST_MEMORY, "the memory of a purge grows with the number of sessions");
    assert!(reports.windows(2).all(|two| two[0].done <= two[1].done && two[0].records <= two[1].records));
    let last = reports.last().unwrap();
    assert_eq!((last.records, Some(last.done)), (count, last.of));
    assert!(reports.len() as u64 > count / 4_096, "a long purge says too little of its progress");
}

/// Lets the peak begin anew; returns the memory that is in use, in bytes.
fn reset_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    status("VmRSS")
}

/// A figure of this process, in bytes.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

fn key(number: u64) -> StoreKey {
    StoreKey::from_bytes(&name(number))
}

/// 32 bytes that look like a hash (`SplitMix64`).
fn name(number: u64) -> [u8; 32] {
    let mut name = [0; 32];
    for (index, part) in (1_u64..).zip(name.chunks_mut(8)) {
        let state = number.wrapping_mul(4).wrapping_add(index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    name
}
