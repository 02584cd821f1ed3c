//! Many tasks and two handles on the same records.

use std::sync::Arc;

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use tokio::task::JoinSet;

use super::failure::{Checked, Failure, ensure, ensure_eq};
use super::owners::{file_some, listed};
use super::random::{Random, key, owner, record};
use super::subject::{LONG, Subject, later, matches, put};
use crate::store::{Put, Store};

const TASKS: u64 = 64;

/// 64 tasks count on one record by compare-and-swap: every count is there in the end.
pub async fn no_update_is_lost<S: Subject>(subject: &S) -> Checked {
    const ROUNDS: u64 = 4;
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, _] = &handles;
    let key = key();
    let outcome = put(subject, one, key, &counted(0, &mut Random::seeded(3)), Condition::Absent).await?;
    ensure_eq!(outcome, Outcome::Applied, "the put");
    let expires_at = later(subject, LONG);
    let mut tasks = JoinSet::new();
    for (store, task) in handles.iter().cycle().zip(0..TASKS) {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut random = Random::seeded(100_u64.wrapping_add(task));
            for _ in 0..ROUNDS {
                loop {
                    let Some(read) = store.get(&key).await? else {
                        return Err(Failure::new("the record was gone while tasks counted on it"));
                    };
                    let new = counted(count(&read)?.saturating_add(1), &mut random);
                    let condition = matches(&read);
                    random.stumble().await;
                    let put = Put { key, record: &new, expires_at, condition, filing: None };
                    if store.put(put).await? == Outcome::Applied {
                        break;
                    }
                }
            }
            Ok(())
        });
    }
    finish(tasks).await?;
    let read = one.get(&key).await?.unwrap_or_default();
    ensure_eq!(
        count(&read)?,
        TASKS.saturating_mul(ROUNDS),
        "the sum that {TASKS} tasks counted {ROUNDS} times"
    );
    Ok(())
}

/// 64 tasks put on condition that there is none: one is told that it did, and its record is there.
pub async fn one_of_many_creates<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, _] = &handles;
    for round in 0..5_u64 {
        let key = key();
        let expires_at = later(subject, LONG);
        let mut tasks = JoinSet::new();
        for (store, task) in handles.iter().cycle().zip(0..TASKS) {
            let store = Arc::clone(store);
            tasks.spawn(async move {
                let mut random = Random::seeded(round.wrapping_mul(TASKS).wrapping_add(task));
                random.stumble().await;
                let record = random.bytes(64);
                let put =
                    Put { key, record: &record, expires_at, condition: Condition::Absent, filing: None };
                Ok::<_, Failure>((store.put(put).await? == Outcome::Applied).then_some(record))
            });
        }
        let mut winners: Vec<_> = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            winners.extend(ended??);
        }
        ensure_eq!(winners.len(), 1, "how many of {TASKS} tasks created the same record");
        ensure_eq!(one.get(&key).await?, winners.pop(), "the record of the one that did");
    }
    Ok(())
}

/// A delete that must win does: writers on condition never bring the record back.
pub async fn a_deleted_record_stays_deleted<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, other] = &handles;
    for round in 0..10_u64 {
        let key = key();
        let first = record();
        ensure_eq!(put(subject, one, key, &first, Condition::Absent).await?, Outcome::Applied, "the put");
        let writers = writers(&handles, &[key], later(subject, LONG), None, round);
        Random::seeded(round).stumble().await;
        ensure_eq!(other.delete(&key, Condition::Any).await?, Outcome::Applied, "the delete");
        ensure_eq!(one.get(&key).await?, None, "a deleted record, while others write on condition");
        finish(writers).await?;
        ensure_eq!(one.get(&key).await?, None, "a deleted record, after others wrote on condition");
    }
    Ok(())
}

/// A put and a delete on the same version: exactly one of them is applied.
pub async fn put_or_delete_but_not_both<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, other] = &handles;
    for round in 0..30_u64 {
        let (key, old, new) = (key(), record(), record());
        ensure_eq!(put(subject, one, key, &old, Condition::Absent).await?, Outcome::Applied, "the put");
        let condition = matches(&old);
        let delete = tokio::spawn({
            let other = Arc::clone(other);
            async move {
                Random::seeded(round).stumble().await;
                other.delete(&key, condition).await
            }
        });
        Random::seeded(round.wrapping_add(1_000)).stumble().await;
        let put = put(subject, one, key, &new, condition).await?;
        let delete = delete.await??;
        ensure!(put != delete, "a put and a delete of one version were both {put:?}");
        let left = (put == Outcome::Applied).then_some(new);
        ensure_eq!(one.get(&key).await?, left, "what the one that was applied leaves");
    }
    Ok(())
}

/// A reader sees one record or the other, never parts of both.
pub async fn readers_see_whole_records<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [writer, reader] = &handles;
    let key = key();
    let largest = subject.largest_record().max(1) as u64;
    let expires_at = later(subject, LONG);
    let mut tasks = JoinSet::new();
    for store in [writer, reader] {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut random = Random::seeded(4);
            for _ in 0..60 {
                // A record of one byte value, whose first bytes say how long it is.
                let length = random.below(largest);
                let mut record = length.to_le_bytes().to_vec();
                let fill = random.next().to_le_bytes();
                record.extend(fill.iter().cycle().take(usize::try_from(length).unwrap_or_default()));
                let put = Put { key, record: &record, expires_at, condition: Condition::Any, filing: None };
                let _ = store.put(put).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    let mut reads: u32 = 0;
    while !tasks.is_empty() {
        while let Some(ended) = tasks.try_join_next() {
            ended??;
        }
        let Some(read) = reader.get(&key).await? else {
            ensure_eq!(reads, 0, "reads before a record vanished that is only ever replaced");
            continue;
        };
        reads = reads.saturating_add(1);
        let Some((length, rest)) = read.split_first_chunk::<8>() else {
            return Err(Failure::new(format!("a record of {} bytes was never written", read.len())));
        };
        ensure_eq!(
            rest.len() as u64,
            u64::from_le_bytes(*length),
            "the length of a record that was being replaced"
        );
        let whole = rest.iter().zip(rest.iter().skip(8)).all(|(byte, next)| byte == next);
        ensure!(whole, "a record of {} bytes is a mixture of two", read.len());
    }
    Ok(())
}

/// Ending all of an owner's sessions is final, however many writers hold an older version.
pub async fn ending_is_final_for_writers<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, other] = &handles;
    if !one.capabilities().owners {
        return Ok(());
    }
    for round in 0..5 {
        let owner = owner();
        let keys: Vec<_> = file_some(subject, one, owner, 8).await?.into_iter().collect();
        let writers = writers(&handles, &keys, later(subject, LONG), Some(owner), round);
        Random::seeded(round).stumble().await;
        other.delete_owned(&owner, Which::All).await?;
        finish(writers).await?;
        for key in &keys {
            ensure_eq!(one.get(key).await?, None, "a record that was ended while others wrote to it");
        }
        ensure!(
            listed(one.as_ref(), owner).await?.is_empty(),
            "the list is not empty after all on it were ended"
        );
    }
    Ok(())
}

/// Two that end the same sessions at once count each of them once.
pub async fn ended_sessions_are_counted_once<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, _] = &handles;
    if !one.capabilities().owners {
        return Ok(());
    }
    for _ in 0..5 {
        let owner = owner();
        file_some(subject, one, owner, 20).await?;
        let mut tasks = JoinSet::new();
        for store in handles.iter().cycle().take(4) {
            let store = Arc::clone(store);
            tasks.spawn(async move { store.delete_owned(&owner, Which::All).await });
        }
        let mut ended: u64 = 0;
        while let Some(task) = tasks.join_next().await {
            ended = ended.saturating_add(task??);
        }
        ensure_eq!(ended, 20, "how many sessions four tasks ended together");
    }
    Ok(())
}

/// Tasks that each read a record and write it back on condition, until it is gone or they have done so often enough.
fn writers<S: Store>(
    handles: &[Arc<S>; 2],
    keys: &[StoreKey],
    expires_at: UnixTime,
    owner: Option<OwnerKey>,
    round: u64,
) -> JoinSet<Result<(), Failure>> {
    let mut tasks = JoinSet::new();
    for ((store, key), task) in handles.iter().cycle().zip(keys.iter().copied().cycle()).zip(0..16_u64) {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut random = Random::seeded(round.wrapping_mul(16).wrapping_add(task));
            for _ in 0..10 {
                let Some(read) = store.get(&key).await? else { break };
                random.stumble().await;
                let new = random.bytes(48);
                let filing =
                    owner.map(|owner| Filing { owner, entry: b"", is_new: false, until: expires_at });
                let put = Put { key, record: &new, expires_at, condition: matches(&read), filing };
                let _ = store.put(put).await?;
            }
            Ok(())
        });
    }
    tasks
}

async fn finish(mut tasks: JoinSet<Result<(), Failure>>) -> Checked {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

fn counted(count: u64, random: &mut Random) -> Vec<u8> {
    let mut record = count.to_le_bytes().to_vec();
    record.extend(random.bytes(32));
    record
}

fn count(record: &[u8]) -> Result<u64, Failure> {
    match record.split_first_chunk::<8>() {
        Some((count, tag)) if tag.len() == 32 => Ok(u64::from_le_bytes(*count)),
        _ => Err(Failure::new(format!("a record of {} bytes was never written", record.len()))),
    }
}
