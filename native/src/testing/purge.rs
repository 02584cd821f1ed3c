//! Clearing away what is over, and counting what is there.

use std::sync::Arc;

use fastsession_core::store::{Condition, Filing, Outcome};

use super::failure::{Checked, ensure, ensure_eq};
use super::owners::listed;
use super::random::{Random, key, owner, record};
use super::subject::{LONG, Subject, file, later, matches, put};
use crate::store::{Progress, Put, Store, StoreErrorKind};

/// Purge removes what is over, also from the lists, and nothing else.
pub async fn purge_takes_what_is_over<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if store.capabilities().self_purging {
        return Ok(());
    }
    let (stays, owner) = (key(), owner());
    let kept = record();
    ensure_eq!(put(subject, &store, stays, &kept, Condition::Absent).await?, Outcome::Applied, "the put");
    let expires_at = later(subject, 1);
    for filed in [true, false, true, false, true] {
        let filing = filed.then_some(Filing { owner, entry: b"entry", is_new: true, until: expires_at });
        let put = Put { key: key(), record: &record(), expires_at, condition: Condition::Absent, filing };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    }
    subject.advance(2).await;
    let removed = store.purge_expired(subject.now(), &Progress::none()).await?;
    ensure!(removed >= 5, "a purge removed {removed} records of 5 or more whose time was over");
    ensure_eq!(
        store.purge_expired(expires_at, &Progress::none()).await?,
        0,
        "what was left of them to purge"
    );
    ensure_eq!(store.get(&stays).await?, Some(kept), "a record whose time is not over");
    ensure!(listed(&store, owner).await?.is_empty(), "the list still holds a record that was purged");
    Ok(())
}

/// A purge that runs against renewals removes none of the renewed records.
pub async fn purge_spares_what_is_renewed<S: Subject>(subject: &S) -> Checked {
    let store = Arc::new(subject.open().await);
    if store.capabilities().self_purging {
        return Ok(());
    }
    // The purge is told a later time than the store's, so that the records are over for it and not yet for
    // the writers.
    let (expires_at, purged_at) = (later(subject, 100), later(subject, 200));
    let mut random = Random::seeded(2);
    for _ in 0..10 {
        let mut renewals = Vec::new();
        let records: Vec<_> = std::iter::repeat_with(|| (key(), record())).take(16).collect();
        for (key, record) in &records {
            let put = Put { key: *key, record, expires_at, condition: Condition::Absent, filing: None };
            ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
        }
        for (key, old) in records {
            let (store, new, expires_at) = (Arc::clone(&store), record(), later(subject, LONG));
            let mut random = Random::seeded(random.next());
            renewals.push(tokio::spawn(async move {
                random.stumble().await;
                let put = Put { key, record: &new, expires_at, condition: matches(&old), filing: None };
                let outcome = store.put(put).await;
                (key, new, outcome)
            }));
        }
        random.stumble().await;
        store.purge_expired(purged_at, &Progress::none()).await?;
        for renewal in renewals {
            let (key, new, outcome) = renewal.await?;
            let expected = if outcome? == Outcome::Applied { Some(new) } else { None };
            ensure_eq!(store.get(&key).await?, expected, "a record that was renewed while a purge ran");
        }
    }
    Ok(())
}

/// Statistics count records and owners, if the store has them.
pub async fn statistics_count<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let key = key();
    let outcome = file(subject, &store, key, &record(), Condition::Absent, owner()).await?;
    ensure_eq!(outcome, Outcome::Applied, "the put");
    let stats = match store.stats(&Progress::none()).await {
        Err(error) if error.kind() == StoreErrorKind::Unsupported => return Ok(()),
        stats => stats?,
    };
    ensure!(stats.records >= 1, "a store with a record counts {}", stats.records);
    ensure!(stats.owners.is_none_or(|owners| owners >= 1), "a store with an owner counts {:?}", stats.owners);
    ensure!(stats.bytes.is_none_or(|bytes| bytes >= 100), "a store with 100 bytes counts {:?}", stats.bytes);
    Ok(())
}
