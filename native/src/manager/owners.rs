//! A user's sessions: listing and ending them.

use std::collections::{BTreeSet, HashSet};

use fastsession_core::store::{OwnerKey, StoreKey, Which};
use fastsession_core::time::UnixTime;

use super::SessionManager;
use crate::Error;
use crate::store::{Progress, Store as _, StoreError};

/// How often a user's lists are gone through to end sessions, while the key ring turns and sessions move between them.
const MAX_PASSES: u32 = 8;

/// One of a user's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What [`SessionManager::end`] takes to end it. It is a hash: whoever sees it cannot use the session.
    pub handle: StoreKey,
    /// When the user signed in.
    pub created: UnixTime,
    /// The last request that was written down.
    pub last_seen: UnixTime,
    /// What [`Session::set_label`](crate::Session::set_label) set, or nothing.
    pub label: String,
}

/// What is on a user's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The sessions, the one used last first.
    pub sessions: Vec<Listing>,
    /// The handles of those that this program cannot read: torn, another version's, or sealed under another key. They may
    /// live where they can be read; ending works for them as well.
    pub unreadable: Vec<StoreKey>,
}

impl SessionManager {
    /// The sessions that `user` is signed in with, the one used last first. One that cannot be read is left out, and
    /// [`Self::list_all`] tells that.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails or keeps no lists.
    pub async fn list(&self, user: &str) -> Result<Vec<Listing>, Error> {
        Ok(self.list_all(user).await?.sessions)
    }

    /// All that is on the user's list, with what cannot be read.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn list_all(&self, user: &str) -> Result<Listed, Error> {
        let inner = self.inner();
        let mut listings: Vec<Listing> = Vec::new();
        let mut listed = HashSet::new();
        let mut unreadable = BTreeSet::new();
        for owner in self.owner_lists(user) {
            for filed in self.store().list(&owner).await? {
                if listed.contains(&filed.key) {
                    continue;
                }
                let Some(listing) = inner.core().open_listing(&filed.key, &filed.entry) else {
                    unreadable.insert(filed.key);
                    continue;
                };
                listed.insert(filed.key);
                listings.push(Listing {
                    handle: filed.key,
                    created: listing.created,
                    last_seen: listing.last_seen,
                    label: listing.label.as_str().to_owned(),
                });
            }
        }
        listings.sort_by_key(|listing| std::cmp::Reverse((listing.last_seen, listing.created)));
        unreadable.retain(|key| !listed.contains(key));
        Ok(Listed { sessions: listings, unreadable: unreadable.into_iter().collect() })
    }

    /// Ends the session of `user` that `handle` names; `false` if the user has none of that name, whoever else may.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails or keeps no lists, or if its reads may be old: the session could go on then
    /// from its copy in a cookie.
    pub async fn end(&self, user: &str, handle: &StoreKey) -> Result<bool, Error> {
        Ok(self.end_which(user, Which::Only(*handle)).await? > 0)
    }

    /// Ends all sessions of `user`, and tells how many there were.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails or keeps no lists, or if its reads may be old: it could miss one then. What could be
    /// ended has been ended.
    pub async fn end_all(&self, user: &str) -> Result<u64, Error> {
        self.end_which(user, Which::All).await
    }

    /// Ends all sessions of `user` but the one that `handle` names, and tells how many there were.
    ///
    /// # Errors
    /// As [`Self::end_all`].
    pub async fn end_others(&self, user: &str, handle: &StoreKey) -> Result<u64, Error> {
        self.end_which(user, Which::Except(*handle)).await
    }

    /// Deletes the records of sessions that are over, and tells how many there were; for stores that do not do that by
    /// themselves.
    ///
    /// # Errors
    /// [`Error::Store`] if the store fails.
    pub async fn purge_expired(&self) -> Result<u64, Error> {
        Ok(self.store().purge_expired(self.inner().clock.now(), &Progress::none()).await?)
    }

    async fn end_which(&self, user: &str, which: Which) -> Result<u64, Error> {
        if !self.store().capabilities().consistent {
            return Err(StoreError::unsupported(
                self.store().engine(),
                "end sessions from elsewhere (its reads may miss one, and copies in cookies would go on)",
            )
            .into());
        }
        let mut ended = 0_u64;
        for _ in 0..MAX_PASSES {
            let mut in_this_pass = 0_u64;
            let mut failure = None;
            for owner in self.owner_lists(user) {
                match self.store().delete_owned(&owner, which).await {
                    Ok(ended) => in_this_pass = in_this_pass.saturating_add(ended),
                    // One list that fails does not keep the others from being ended.
                    Err(error) => {
                        failure.get_or_insert(error);
                    }
                }
            }
            if let Some(error) = failure {
                return Err(error.into());
            }
            ended = ended.saturating_add(in_this_pass);
            if in_this_pass == 0 || self.owner_lists(user).len() == 1 {
                break;
            }
        }
        Ok(ended)
    }

    /// The user's lists, the oldest first: a session that is sealed anew meanwhile moves to the newest, and is met there.
    fn owner_lists(&self, user: &str) -> Vec<OwnerKey> {
        let mut lists: Vec<OwnerKey> = self.inner().core().owner_keys(user).collect();
        lists.reverse();
        lists
    }
}
