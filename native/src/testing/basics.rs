//! What is put comes back, for as long as it lives.

use fastsession_core::store::{Condition, Filing, Outcome};

use super::failure::{Checked, Failure, ensure, ensure_eq};
use super::random::{Random, key, owner, record};
use super::subject::{LONG, Subject, later, matches, put};
use crate::store::{Put, Store, StoreErrorKind};

/// A put record is read, replaced and forgotten, and its neighbours are not.
pub async fn a_record_comes_back<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (here, there) = (key(), key());
    let (first, second, neighbour) = (record(), record(), record());
    ensure_eq!(store.get(&here).await?, None, "a key that was never written");
    ensure_eq!(
        put(subject, &store, here, &first, Condition::Absent).await?,
        Outcome::Applied,
        "the first put"
    );
    ensure_eq!(
        put(subject, &store, there, &neighbour, Condition::Absent).await?,
        Outcome::Applied,
        "another's put"
    );
    ensure_eq!(store.get(&here).await?, Some(first.clone()), "what was put");
    ensure_eq!(
        put(subject, &store, here, &second, matches(&first)).await?,
        Outcome::Applied,
        "the second put"
    );
    ensure_eq!(store.get(&here).await?, Some(second), "what was put over it");
    ensure_eq!(store.delete(&here, Condition::Any).await?, Outcome::Applied, "the delete");
    ensure_eq!(store.get(&here).await?, None, "what was deleted");
    ensure_eq!(store.get(&there).await?, Some(neighbour), "another record");
    Ok(())
}

/// Records and listing entries are bytes, not text.
pub async fn any_bytes_come_back<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let cases: [&[u8]; 7] =
        [&all, &[0; 40], &[0xff; 40], b"line\r\nline\n", b"'\"\\;--$1?:%s{}", b"\xc3\x28\0", b" x "];
    for bytes in cases {
        let (key, owner) = (key(), owner());
        let expires_at = later(subject, LONG);
        let filing = Some(Filing { owner, entry: bytes, is_new: true, until: expires_at });
        let put = Put { key, record: bytes, expires_at, condition: Condition::Absent, filing };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "a put of {bytes:?}");
        ensure_eq!(store.get(&key).await?.as_deref(), Some(bytes), "a record");
        if store.capabilities().owners {
            let entries: Vec<_> = store.list(&owner).await?.into_iter().map(|filed| filed.entry).collect();
            ensure_eq!(entries, [bytes], "a listing entry");
        }
    }
    Ok(())
}

/// From nothing to the bound; and one byte more is kept whole or refused, but not cut.
pub async fn any_size_comes_back<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let bound = subject.largest_record();
    let mut random = Random::seeded(1);
    for size in [0, 1, 31, 32, 33, 255, 256, 4_095, 4_096, 4_097, 32_768, bound.saturating_sub(1), bound] {
        let (key, record) = (key(), random.bytes(size.min(bound)));
        ensure_eq!(
            put(subject, &store, key, &record, Condition::Absent).await?,
            Outcome::Applied,
            "{size} bytes"
        );
        let read = store.get(&key).await?;
        ensure!(
            read.as_deref() == Some(&record),
            "{size} bytes came back as {:?}",
            read.map(|read| read.len())
        );
        // A record without a tag's length of bytes has a version all the same.
        let changed = put(subject, &store, key, b"short", matches(&record)).await?;
        ensure_eq!(changed, Outcome::Applied, "a put over {size} bytes, on condition of their tag");
    }
    let (key, old, large) = (key(), record(), random.bytes(bound.saturating_add(1)));
    ensure_eq!(put(subject, &store, key, &old, Condition::Absent).await?, Outcome::Applied, "the put");
    match put(subject, &store, key, &large, matches(&old)).await {
        Ok(outcome) => {
            ensure_eq!(outcome, Outcome::Applied, "a put of one byte over the bound");
            ensure!(
                store.get(&key).await? == Some(large),
                "one byte over the bound was accepted and not kept"
            );
        }
        Err(_) => {
            ensure_eq!(store.get(&key).await?, Some(old), "the old record, after a larger one was refused");
        }
    }
    Ok(())
}

/// A record is there before its time and not from its time on.
pub async fn a_record_expires<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (key, record) = (key(), record());
    let expires_at = later(subject, 3);
    let put = Put { key, record: &record, expires_at, condition: Condition::Absent, filing: None };
    ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    ensure_eq!(store.get(&key).await?, Some(record), "a record with three seconds to live");
    subject.advance(3).await;
    ensure_eq!(store.get(&key).await?, None, "a record whose time is over");
    Ok(())
}

/// Conditions see no record whose time is over, and its key can be used again.
pub async fn an_expired_record_counts_as_absent<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (here, there) = (key(), key());
    let (old, new) = (record(), record());
    for key in [here, there] {
        let expires_at = later(subject, 1);
        let put = Put { key, record: &old, expires_at, condition: Condition::Absent, filing: None };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
    }
    subject.advance(2).await;
    let outcome = put(subject, &store, here, &new, matches(&old)).await?;
    ensure_eq!(outcome, Outcome::Conflict, "a put on condition of a record whose time is over");
    let outcome = store.delete(&there, matches(&old)).await?;
    ensure_eq!(outcome, Outcome::Conflict, "a delete on condition of a record whose time is over");
    let outcome = put(subject, &store, here, &new, Condition::Absent).await?;
    ensure_eq!(outcome, Outcome::Applied, "a put over a record whose time is over");
    ensure_eq!(store.get(&here).await?, Some(new), "a record put over one whose time was over");
    Ok(())
}

/// A put moves the expiry, in both directions.
pub async fn a_renewed_record_lives_on<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (longer, shorter) = (key(), key());
    let (first, second) = (record(), record());
    for (key, expires_in, then_in) in [(longer, 2, LONG), (shorter, LONG, 2)] {
        let expires_at = later(subject, expires_in);
        let put = Put { key, record: &first, expires_at, condition: Condition::Absent, filing: None };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the put");
        let expires_at = later(subject, then_in);
        let put = Put { key, record: &second, expires_at, condition: matches(&first), filing: None };
        ensure_eq!(store.put(put).await?, Outcome::Applied, "the renewal");
    }
    subject.advance(3).await;
    ensure_eq!(store.get(&longer).await?, Some(second), "a record that was renewed");
    ensure_eq!(store.get(&shorter).await?, None, "a record whose life was cut short");
    Ok(())
}

/// A put of what is over already is no error, and what was there is gone.
pub async fn a_record_may_be_born_expired<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (key, old, new) = (key(), record(), record());
    ensure_eq!(put(subject, &store, key, &old, Condition::Absent).await?, Outcome::Applied, "the put");
    let expires_at = fastsession_core::time::UnixTime::from_secs(1);
    let put = Put { key, record: &new, expires_at, condition: matches(&old), filing: None };
    ensure_eq!(store.put(put).await?, Outcome::Applied, "a put with an expiry in 1970");
    ensure_eq!(store.get(&key).await?, None, "a record with an expiry in 1970");
    Ok(())
}

/// What one handle writes, all others read.
pub async fn handles_share_one_engine<S: Subject>(subject: &S) -> Checked {
    let (one, other) = (subject.open().await, subject.open().await);
    let (key, first, second) = (key(), record(), record());
    ensure_eq!(put(subject, &one, key, &first, Condition::Absent).await?, Outcome::Applied, "one's put");
    ensure_eq!(other.get(&key).await?, Some(first.clone()), "what one put and the other reads");
    ensure_eq!(
        put(subject, &other, key, &second, matches(&first)).await?,
        Outcome::Applied,
        "the other's put"
    );
    ensure_eq!(put(subject, &one, key, &first, matches(&first)).await?, Outcome::Conflict, "one's late put");
    ensure_eq!(one.delete(&key, matches(&second)).await?, Outcome::Applied, "one's delete");
    ensure_eq!(other.get(&key).await?, None, "what one deleted and the other reads");
    Ok(())
}

/// While the engine is out of order every operation is an error, never an absent record; afterwards all is there.
pub async fn an_outage_is_an_error_and_passes<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (key, old, new) = (key(), record(), record());
    ensure_eq!(put(subject, &store, key, &old, Condition::Absent).await?, Outcome::Applied, "the put");
    if !subject.break_down().await {
        return Ok(());
    }
    let failed = [
        ("get", store.get(&key).await.err()),
        ("put", put(subject, &store, key, &new, matches(&old)).await.err()),
        ("delete", store.delete(&super::random::key(), Condition::Any).await.err()),
    ];
    subject.repair().await;
    for (operation, error) in failed {
        let Some(error) = error else {
            return Err(Failure::new(format!("{operation} succeeded while the engine was out of order")));
        };
        let told = matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Denied);
        ensure!(told, "{operation} failed with the wrong kind of error: {error:?}");
    }
    let mut read = store.get(&key).await;
    for _ in 0..100 {
        if read.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        read = store.get(&key).await;
    }
    ensure_eq!(read?, Some(old.clone()), "the record, after the outage");
    ensure_eq!(
        put(subject, &store, key, &new, matches(&old)).await?,
        Outcome::Applied,
        "a put, after the outage"
    );
    Ok(())
}
