//! Another process on a store, for tests: `store_worker count|write URL KEY TIMES`.
//!
//! - `count` adds 1 to the number in the record KEY, TIMES times, by compare-and-swap.
//! - `write` replaces eight records by ever higher numbers and prints each one when it is acknowledged, until it
//!   is killed (or TIMES numbers are written).

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use fastsession::store::{DynStore, Put, Store, open};
use fastsession_core::store::{Condition, Outcome, StoreKey, Tag};
use fastsession_core::time::UnixTime;
use fastsession_tests::numbered::{number, numbered, numbered_keys};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [work, url, key, times] = arguments.as_slice() else {
        return Err("usage: store_worker count|write URL KEY TIMES".into());
    };
    let store = open(url).await?;
    let key = StoreKey::from_hex(key).ok_or("the key is not 64 characters of hex")?;
    let times = times.parse()?;
    match work.as_str() {
        "count" => count(&store, key, times).await,
        "write" => write(&store, key, times).await,
        _ => Err("count or write?".into()),
    }
}

async fn count(store: &DynStore, key: StoreKey, times: u64) -> Result<(), Box<dyn Error>> {
    for _ in 0..times {
        while add(store, key).await?.is_none() {}
    }
    Ok(())
}

async fn write(store: &DynStore, key: StoreKey, times: u64) -> Result<(), Box<dyn Error>> {
    let keys: Vec<_> = numbered_keys(key).into_iter().enumerate().collect();
    let first = usize::try_from(std::process::id())? % 8;
    for (index, key) in keys.into_iter().cycle().skip(first).take(usize::try_from(times)?) {
        let number = add(store, key).await?.ok_or("somebody else writes to this record")?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{index} {number}")?;
        out.flush()?;
    }
    Ok(())
}

/// Adds 1 to the number in a record (which begins at 0); `None` if somebody else was faster.
async fn add(store: &DynStore, key: StoreKey) -> Result<Option<u64>, Box<dyn Error>> {
    let held = store.get(&key).await?;
    let next = held.as_deref().map(number).transpose()?.map_or(1, |number| number.saturating_add(1));
    let condition = held.as_deref().map_or(Condition::Absent, |held| Condition::Matches(Tag::of(held)));
    let expires_at = UnixTime::now().after(Duration::from_hours(1));
    let put = Put { key, record: &numbered(next), expires_at, condition, filing: None };
    Ok((store.put(put).await? == Outcome::Applied).then_some(next))
}
