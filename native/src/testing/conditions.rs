//! A write is carried out exactly if its condition holds.

use fastsession_core::store::{Condition, Outcome, StoreKey, TAG_LENGTH};

use super::failure::{Checked, ensure_eq};
use super::random::{key, record};
use super::subject::{Subject, matches, put};
use crate::store::Store;

/// What is under the key when the write arrives.
#[derive(Clone, Copy, Debug)]
enum Before {
    Missing,
    Unchanged,
    Changed,
}

const BEFORE: [Before; 3] = [Before::Missing, Before::Unchanged, Before::Changed];

/// All conditions on all states, for a put.
pub async fn conditions_decide_a_put<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let (read, new) = (record(), record());
    for before in BEFORE {
        for condition in [Condition::Absent, matches(&read), Condition::Any] {
            let (key, held) = prepare(subject, &store, before, &read).await?;
            let outcome = put(subject, &store, key, &new, condition).await?;
            ensure_eq!(
                outcome,
                expected(before, condition),
                "a put on {condition:?}, the record being {before:?}"
            );
            let after = if outcome == Outcome::Applied { Some(new.clone()) } else { held };
            ensure_eq!(store.get(&key).await?, after, "what a put on {condition:?} leaves");
        }
    }
    Ok(())
}

/// All conditions on all states, for a delete.
pub async fn conditions_decide_a_delete<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let read = record();
    for before in BEFORE {
        for condition in [Condition::Absent, matches(&read), Condition::Any] {
            let (key, held) = prepare(subject, &store, before, &read).await?;
            let outcome = store.delete(&key, condition).await?;
            let text = format!("a delete on {condition:?}, the record being {before:?}");
            ensure_eq!(outcome, expected(before, condition), "{text}");
            let after = if outcome == Outcome::Applied { None } else { held };
            ensure_eq!(store.get(&key).await?, after, "what is left after {text}");
        }
    }
    Ok(())
}

/// A record's version is its last 32 bytes; those before do not matter, each of those does.
pub async fn the_tag_is_all_that_counts<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    let held = record();
    let mut same_tag = vec![0; 3];
    same_tag.extend(held.iter().skip(held.len().saturating_sub(TAG_LENGTH)));
    for changed in 0..TAG_LENGTH {
        let key = key();
        ensure_eq!(put(subject, &store, key, &held, Condition::Absent).await?, Outcome::Applied, "the put");
        let mut other = held.clone();
        if let Some(byte) = other.iter_mut().rev().nth(changed) {
            *byte ^= 1;
        }
        let outcome = put(subject, &store, key, &other, matches(&other)).await?;
        ensure_eq!(outcome, Outcome::Conflict, "a put on a tag whose byte {changed} from the end differs");
        let outcome = store.delete(&key, matches(&other)).await?;
        ensure_eq!(outcome, Outcome::Conflict, "a delete on a tag whose byte {changed} from the end differs");
        let outcome = put(subject, &store, key, &other, matches(&same_tag)).await?;
        ensure_eq!(outcome, Outcome::Applied, "a put on the tag of a record that differs before its tag");
    }
    Ok(())
}

/// A fresh key and what it holds then.
async fn prepare<S: Subject>(
    subject: &S,
    store: &S::Store,
    before: Before,
    read: &[u8],
) -> Result<(StoreKey, Option<Vec<u8>>), super::Failure> {
    let key = key();
    let held = match before {
        Before::Missing => None,
        Before::Unchanged => Some(read.to_vec()),
        Before::Changed => Some(record()),
    };
    if let Some(held) = &held
        && put(subject, store, key, held, Condition::Absent).await? == Outcome::Conflict
    {
        return Err(super::Failure::new("a put on Absent of a key that was never used is a conflict"));
    }
    Ok((key, held))
}

fn expected(before: Before, condition: Condition) -> Outcome {
    match (before, condition) {
        (_, Condition::Any)
        | (Before::Missing, Condition::Absent)
        | (Before::Unchanged, Condition::Matches(_)) => Outcome::Applied,
        _ => Outcome::Conflict,
    }
}
