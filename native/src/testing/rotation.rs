//! Sessions that change their key while all of them are ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fastsession_core::store::{Condition, Filing, Outcome, OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;
use tokio::task::JoinSet;

use super::failure::{Checked, Failure, ensure, ensure_eq};
use super::owners::{file_some, listed};
use super::random::{Random, key, owner, record};
use super::subject::{LONG, Subject, later, matches};
use crate::store::{Put, Store};

/// Ending all of an owner's sessions catches those that are just being rotated: put under a new key, then deleted
/// under the old one on condition that it is unchanged, else given up.
pub async fn ending_all_catches_rotations<S: Subject>(subject: &S) -> Checked {
    let handles = [Arc::new(subject.open().await), Arc::new(subject.open().await)];
    let [one, other] = &handles;
    if !one.capabilities().owners {
        return Ok(());
    }
    for round in 0..4_u64 {
        let ended = Arc::new(AtomicBool::new(false));
        let owner = owner();
        // Sessions that stand still make the ending take long enough for rotations to pass it by.
        file_some(subject, one, owner, 60).await?;
        let mut sessions = JoinSet::new();
        for (store, task) in handles.iter().cycle().zip(0..8) {
            let session = Rotating {
                store: Arc::clone(store),
                owner,
                expires_at: later(subject, LONG),
                random: Random::seeded(round.wrapping_mul(8).wrapping_add(task)),
            };
            let (key, record) = (key(), record());
            ensure_eq!(session.put(key, &record).await?, Outcome::Applied, "the put");
            sessions.spawn(session.rotate_until_ended(key, record, Arc::clone(&ended)));
        }
        let mut random = Random::seeded(round);
        for _ in 0..random.below(8) {
            random.stumble().await;
        }
        other.delete_owned(&owner, Which::All).await?;
        ended.store(true, Ordering::SeqCst);
        while let Some(session) = sessions.join_next().await {
            let last = session??;
            ensure_eq!(one.get(&last).await?, None, "the last record of a session that was ended");
        }
        ensure!(
            listed(one.as_ref(), owner).await?.is_empty(),
            "a session outlived the end of all of its owner's"
        );
    }
    Ok(())
}

struct Rotating<S> {
    store: Arc<S>,
    owner: OwnerKey,
    expires_at: UnixTime,
    random: Random,
}

impl<S: Store> Rotating<S> {
    async fn put(&self, key: StoreKey, record: &[u8]) -> Result<Outcome, Failure> {
        let filing = Some(Filing { owner: self.owner, entry: b"", is_new: true, until: self.expires_at });
        let (expires_at, condition) = (self.expires_at, Condition::Absent);
        Ok(self.store.put(Put { key, record, expires_at, condition, filing }).await?)
    }

    /// Returns the key that it had last.
    async fn rotate_until_ended(
        mut self,
        mut key: StoreKey,
        mut held: Vec<u8>,
        ended: Arc<AtomicBool>,
    ) -> Result<StoreKey, Failure> {
        loop {
            let must_notice = ended.load(Ordering::SeqCst);
            let (next, new) = (super::random::key(), record());
            ensure_eq!(self.put(next, &new).await?, Outcome::Applied, "a put of a fresh key");
            self.random.stumble().await;
            if self.store.delete(&key, matches(&held)).await? == Outcome::Conflict {
                ensure_eq!(
                    self.store.delete(&next, Condition::Any).await?,
                    Outcome::Applied,
                    "the giving up"
                );
                return Ok(next);
            }
            ensure!(!must_notice, "a session was rotated after all of its owner's were ended");
            (key, held) = (next, new);
        }
    }
}
