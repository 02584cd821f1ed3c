//! Owners' lists.

use std::collections::BTreeSet;

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Which};

use super::failure::{Checked, Failure, ensure, ensure_eq};
use super::random::{key, owner, record};
use super::subject::{LONG, Subject, file, later, matches, put};
use crate::store::{Filed, Put, Store};

/// A list holds exactly the owner's records that live.
pub async fn a_list_shows_what_lives<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (mine, another) = (owner(), owner());
    ensure_eq!(store.list(&mine).await?, [], "the list of an unknown owner");
    let keys = file_some(subject, &store, mine, 3).await?;
    file_some(subject, &store, another, 2).await?;
    put(subject, &store, key(), &record(), Condition::Absent).await.map(drop)?;
    ensure_eq!(listed(&store, mine).await?, keys, "the list");
    let deleted = keys.first().copied().unwrap_or_else(key);
    ensure_eq!(store.delete(&deleted, Condition::Any).await?, Outcome::Applied, "the delete");
    let left: BTreeSet<_> = keys.into_iter().filter(|key| *key != deleted).collect();
    ensure_eq!(listed(&store, mine).await?, left, "the list after a delete");

    let short = key();
    let expires_at = later(subject, 2);
    let filing = Some(Filing { owner: mine, entry: b"", is_new: true, until: later(subject, LONG) });
    let put = Put { key: short, record: &record(), expires_at, condition: Condition::Absent, filing };
    ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    ensure!(listed(&store, mine).await?.contains(&short), "a record with two seconds to live is not listed");
    subject.advance(3).await;
    ensure_eq!(listed(&store, mine).await?, left, "the list after a record's time was over");
    Ok(())
}

/// A record stays on the list as long as it lives, also if a later write lets it live longer than the first said, as where an
/// application grants its sessions more time.
pub async fn a_list_keeps_what_lives_longer_than_planned<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (owner, prolonged) = (owner(), key());
    let (first, second) = (record(), record());
    for (record, condition, seconds) in [(&first, Condition::Absent, 1), (&second, matches(&first), LONG)] {
        let until = later(subject, seconds);
        let filing = Some(Filing { owner, entry: b"", is_new: condition == Condition::Absent, until });
        let put = Put { key: prolonged, record, expires_at: later(subject, LONG), condition, filing };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    }
    subject.advance(3).await;
    // Stores that tidy a list do so when it grows.
    let mut keys = file_some(subject, &store, owner, 1).await?;
    keys.insert(prolonged);
    ensure_eq!(listed(&store, owner).await?, keys, "the list after the time that was planned first");
    ensure_eq!(store.delete_owned(&owner, Which::All).await?, 2, "how many were ended");
    Ok(())
}

/// The entry is the one that was written with the record last.
pub async fn a_list_gives_the_last_entry<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (key, owner) = (key(), owner());
    let records = [record(), record(), record()];
    let entries: [&[u8]; 3] = [b"first", b"", b"a longer third one"];
    let mut condition = Condition::Absent;
    for ((record, entry), is_new) in records.iter().zip(entries).zip([true, false, true]) {
        let expires_at = later(subject, LONG);
        let filing = Some(Filing { owner, entry, is_new, until: expires_at });
        let put = Put { key, record, expires_at, condition, filing };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
        condition = matches(record);
        ensure_eq!(store.list(&owner).await?, [Filed { key, entry: entry.to_vec() }], "the list");
    }
    let filing = Some(Filing { owner, entry: b"late", is_new: false, until: later(subject, LONG) });
    let late = Put {
        key,
        record: &record(),
        expires_at: later(subject, LONG),
        condition: Condition::Absent,
        filing,
    };
    ensure_eq!(store.put(late).await?, Outcome::Conflict, "a put that comes too late");
    let entries: Vec<_> = store.list(&owner).await?.into_iter().map(|filed| filed.entry).collect();
    ensure_eq!(entries, [b"a longer third one"], "the entry after a conflict");
    Ok(())
}

/// Written with another owner or none, a record leaves the list that it was on.
pub async fn a_record_is_on_one_list<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (key, first, second) = (key(), owner(), owner());
    let records = [record(), record(), record()];
    let [one, two, three] = &records;
    let expires_at = later(subject, LONG);
    let filing = |owner| Some(Filing { owner, entry: b"", is_new: true, until: expires_at });
    for (record, condition, filing) in
        [(one, Condition::Absent, filing(first)), (two, matches(one), filing(second))]
    {
        let put = Put { key, record, expires_at, condition, filing };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    }
    ensure_eq!(listed(&store, first).await?, BTreeSet::new(), "the list of the owner before");
    ensure_eq!(listed(&store, second).await?, BTreeSet::from([key]), "the list of the owner after");
    ensure_eq!(store.delete_owned(&first, Which::All).await?, 0, "how many the owner before could end");
    let put = Put { key, record: three, expires_at, condition: matches(two), filing: None };
    ensure_eq!(store.put(put).await?, Outcome::Applied, "a put without an owner");
    ensure_eq!(listed(&store, second).await?, BTreeSet::new(), "the list of the owner that it had");
    ensure_eq!(store.delete_owned(&second, Which::All).await?, 0, "how many the owner that it had could end");
    ensure_eq!(store.get(&key).await?.as_ref(), Some(three), "the record");
    Ok(())
}

/// `Which::All` ends the owner's records and no others.
pub async fn ending_all_ends_all<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (mine, another) = (owner(), owner());
    ensure_eq!(store.delete_owned(&mine, Which::All).await?, 0, "how many an unknown owner could end");
    let keys = file_some(subject, &store, mine, 3).await?;
    let others = file_some(subject, &store, another, 2).await?;
    ensure_eq!(store.delete_owned(&mine, Which::All).await?, 3, "how many were ended");
    for key in keys {
        ensure_eq!(store.get(&key).await?, None, "a record that was ended");
    }
    ensure_eq!(listed(&store, mine).await?, BTreeSet::new(), "the list");
    ensure_eq!(listed(&store, another).await?, others, "another owner's list");
    ensure_eq!(store.delete_owned(&mine, Which::All).await?, 0, "how many were left to end");
    let keys = file_some(subject, &store, mine, 1).await?;
    ensure_eq!(listed(&store, mine).await?, keys, "the list of an owner who came back");
    Ok(())
}

/// `Which::Only` ends one of the owner's records, and none that is not the owner's.
pub async fn ending_one_ends_one<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let (mine, another) = (owner(), owner());
    let mut keys = file_some(subject, &store, mine, 3).await?;
    let others = file_some(subject, &store, another, 1).await?;
    for foreign in others.iter().copied().chain([key()]) {
        ensure_eq!(
            store.delete_owned(&mine, Which::Only(foreign)).await?,
            0,
            "how many were ended of another owner's"
        );
    }
    ensure_eq!(listed(&store, another).await?, others, "another owner's list");
    let Some(ended) = keys.pop_first() else { return Err(Failure::new("no key")) };
    ensure_eq!(store.delete_owned(&mine, Which::Only(ended)).await?, 1, "how many were ended");
    ensure_eq!(store.get(&ended).await?, None, "the record that was ended");
    ensure_eq!(
        store.delete_owned(&mine, Which::Only(ended)).await?,
        0,
        "how many were ended the second time"
    );
    ensure_eq!(listed(&store, mine).await?, keys, "the list");
    Ok(())
}

/// `Which::Except` ends all of the owner's records but one, which need not exist.
pub async fn ending_others_keeps_one<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let mine = owner();
    let keys = file_some(subject, &store, mine, 4).await?;
    let Some(kept) = keys.first().copied() else { return Err(Failure::new("no key")) };
    ensure_eq!(store.delete_owned(&mine, Which::Except(kept)).await?, 3, "how many were ended");
    ensure_eq!(listed(&store, mine).await?, BTreeSet::from([kept]), "the list");
    ensure!(store.get(&kept).await?.is_some(), "the record to keep was ended");
    ensure_eq!(
        store.delete_owned(&mine, Which::Except(key())).await?,
        1,
        "how many were ended but for a foreign one"
    );
    Ok(())
}

/// Lists of some hundred are listed and ended without a gap.
pub async fn long_lists_are_whole<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    let mine = owner();
    let keys = file_some(subject, &store, mine, 300).await?;
    ensure_eq!(listed(&store, mine).await?.len(), 300, "the length of the list");
    ensure!(listed(&store, mine).await? == keys, "the list of 300 holds other keys than were filed");
    ensure_eq!(store.delete_owned(&mine, Which::All).await?, 300, "how many were ended");
    Ok(())
}

/// Files `count` records under fresh keys.
pub(super) async fn file_some<S: Subject>(
    subject: &S,
    store: &S::Store,
    owner: OwnerKey,
    count: usize,
) -> Result<BTreeSet<StoreKey>, Failure> {
    let mut keys = BTreeSet::new();
    for _ in 0..count {
        let key = key();
        if file(subject, store, key, &record(), Condition::Absent, owner).await? == Outcome::Conflict {
            return Err(Failure::new("a put on Absent of a key that was never used is a conflict"));
        }
        keys.insert(key);
    }
    Ok(keys)
}

/// The keys on a list, which must not hold one twice.
pub(super) async fn listed<S: Store>(store: &S, owner: OwnerKey) -> Result<BTreeSet<StoreKey>, Failure> {
    let list = store.list(&owner).await?;
    let keys: BTreeSet<_> = list.iter().map(|filed| filed.key).collect();
    if keys.len() == list.len() { Ok(keys) } else { Err(Failure::new("a list holds a key twice")) }
}
