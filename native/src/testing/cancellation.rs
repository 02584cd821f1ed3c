//! Requests that are given up: a future may be dropped after any number of polls.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use fastsession_core::store::{Condition, Filing, Outcome, Which};

use super::failure::{Checked, Failure, ensure, ensure_eq};
use super::owners::{file_some, listed};
use super::random::{key, owner, record};
use super::subject::{LONG, Subject, later, matches, put};
use crate::store::{Put, Store};

/// How often a future is polled at most before it is dropped.
const POLLS: usize = 12;

/// A put or a delete that is given up is done whole or not at all, and holds nobody up.
pub async fn dropped_futures_leave_whole_records<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    for polls in 0..POLLS {
        let (key, old, new, last) = (key(), record(), record(), record());
        ensure_eq!(put(subject, &store, key, &old, Condition::Absent).await?, Outcome::Applied, "the put");
        drop(polled(polls, put(subject, &store, key, &new, matches(&old))).await);
        drop(polled(polls, store.get(&key)).await);
        // The put that was given up may still be under way; the last one comes after it or makes it a conflict.
        let mut outcome = Outcome::Conflict;
        while outcome == Outcome::Conflict {
            let Some(read) = store.get(&key).await? else {
                return Err(Failure::new(format!("a put dropped after {polls} polls left nothing")));
            };
            ensure!(read == old || read == new, "a put dropped after {polls} polls left what nobody wrote");
            outcome = put(subject, &store, key, &last, matches(&read)).await?;
        }
        ensure_eq!(store.get(&key).await?.as_ref(), Some(&last), "a record that was put after one given up");

        drop(polled(polls, store.delete(&key, matches(&last))).await);
        let _ = store.delete(&key, Condition::Any).await?;
        ensure_eq!(store.get(&key).await?, None, "a record that was deleted after a delete given up");
    }
    Ok(())
}

/// The same for what changes lists.
pub async fn dropped_futures_leave_lists_usable<S: Subject>(subject: &S) -> Checked {
    let store = subject.open().await;
    if !store.capabilities().owners {
        return Ok(());
    }
    for polls in 0..POLLS {
        let owner = owner();
        let keys = file_some(subject, &store, owner, 3).await?;
        let Some(key) = keys.first().copied() else { return Err(Failure::new("no key")) };
        let Some(read) = store.get(&key).await? else { return Err(Failure::new("no record")) };
        let expires_at = later(subject, LONG);
        let filing = Some(Filing { owner, entry: b"new", is_new: true, until: expires_at });
        let put = Put { key, record: &record(), expires_at, condition: matches(&read), filing };
        drop(polled(polls, store.put(put)).await);
        drop(polled(polls, store.list(&owner)).await);
        ensure_eq!(listed(&store, owner).await?, keys, "the list, after a put given up");
        drop(polled(polls, store.delete_owned(&owner, Which::Except(key))).await);
        store.delete_owned(&owner, Which::All).await?;
        ensure!(
            listed(&store, owner).await?.is_empty(),
            "the list is not empty after an ending given up and one done"
        );
        for key in keys {
            ensure_eq!(store.get(&key).await?, None, "a record that was ended");
        }
    }
    Ok(())
}

/// Polls a future at most `polls` times, then drops it.
async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left = left.saturating_sub(1);
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
