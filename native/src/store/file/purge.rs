//! Going through the whole folder, one shard at a time and with flat memory: purge and statistics.

use std::io;
use std::time::Instant;

use fastsession_core::store::{OwnerKey, StoreKey};
use fastsession_core::time::UnixTime;

use super::disk::Folder;
use super::records::{self, Files, Found, OWNERS, RECORDS, UNFINISHED, keys, leave, look};

/// How many files are removed under one lock, so that writers do not wait long.
const BATCH: usize = 128;

/// What a shard holds.
#[derive(Default)]
pub(super) struct Count {
    pub(super) live: u64,
    pub(super) expired: u64,
    pub(super) bytes: u64,
    pub(super) owners: u64,
    pub(super) unreadable: u64,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.live, other.live),
            (&mut self.expired, other.expired),
            (&mut self.bytes, other.bytes),
            (&mut self.owners, other.owners),
            (&mut self.unreadable, other.unreadable),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

impl Files {
    /// Removes what is over in one shard, and what writers that were killed left behind.
    pub(super) fn purge_shard(&self, shard: &str, now: UnixTime) -> io::Result<u64> {
        let root = self.root()?;
        let Some(folder) = records::shard(&root, RECORDS, shard)? else { return Ok(0) };
        let mut removed: u64 = 0;
        let mut batch = Vec::with_capacity(BATCH);
        for name in folder.names()? {
            let name = name?;
            if is_garbage(&folder, &name, now)?.is_some() {
                batch.push(name);
            }
            if batch.len() == BATCH {
                removed = removed.saturating_add(self.remove_batch(&root, shard, &folder, &mut batch, now)?);
            }
        }
        Ok(removed.saturating_add(self.remove_batch(&root, shard, &folder, &mut batch, now)?))
    }

    /// Removes from the lists of one shard what has no record (a process was killed between the two), and
    /// lists that are empty.
    pub(super) fn purge_lists(&self, shard: &str) -> io::Result<()> {
        let root = self.root()?;
        let Some(owners) = records::shard(&root, OWNERS, shard)? else { return Ok(()) };
        for name in owners.names()? {
            let name = name?;
            let Some(owner) = OwnerKey::from_hex(&name) else { continue };
            // Whoever makes a record for a key on this list holds this lock.
            let _owner = self.lock_owners(&root, shard, Instant::now())?;
            let Some(list) = owners.folder_if_any(&name)? else { continue };
            for key in keys(&list)? {
                let key = key?;
                let folder = records::shard(&root, RECORDS, &key.to_hex())?;
                let found = folder.map(|folder| look(&folder, &key)).transpose()?;
                let belongs = match found.unwrap_or(Found::Gone) {
                    Found::Held(held) => held.owner == Some(owner),
                    Found::Gone | Found::Torn => false,
                    Found::Foreign => true,
                };
                if !belongs {
                    list.remove(&key.to_hex())?;
                }
            }
            owners.remove_folder(&name)?;
        }
        Ok(())
    }

    /// Looks again under the lock, since a record may have been renewed meanwhile.
    fn remove_batch(
        &self,
        root: &Folder,
        shard: &str,
        folder: &Folder,
        batch: &mut Vec<String>,
        now: UnixTime,
    ) -> io::Result<u64> {
        let mut removed: u64 = 0;
        if batch.is_empty() {
            return Ok(removed);
        }
        let _shard = self.lock_records(root, shard, Instant::now())?;
        for name in batch.drain(..) {
            match is_garbage(folder, &name, now)? {
                None => {}
                Some(Garbage::Unfinished) => {
                    folder.remove(&name)?;
                }
                Some(Garbage::Record(key, owner)) => {
                    // Not synced, unlike a sign-out: what a power cut brings back is over all the same.
                    folder.remove(&name)?;
                    if let Some(owner) = owner {
                        leave(root, &owner, &key);
                    }
                    removed = removed.saturating_add(1);
                }
            }
        }
        Ok(removed)
    }

    /// Counts the records and the owners of one shard.
    pub(super) fn count_shard(&self, shard: &str, now: UnixTime) -> io::Result<Count> {
        let root = self.root()?;
        let mut count = Count::default();
        if let Some(folder) = records::shard(&root, RECORDS, shard)? {
            for key in keys(&folder)? {
                let found = look(&folder, &key?)?;
                let kind = match &found {
                    Found::Held(held) if held.lives(now) => &mut count.live,
                    Found::Held(_) => &mut count.expired,
                    Found::Torn | Found::Foreign => &mut count.unreadable,
                    Found::Gone => continue,
                };
                *kind = kind.saturating_add(1);
                if let Found::Held(held) = found {
                    count.bytes = count.bytes.saturating_add(held.bytes());
                }
            }
        }
        if let Some(owners) = records::shard(&root, OWNERS, shard)? {
            for name in owners.names()? {
                let is_owner = OwnerKey::from_hex(&name?).is_some();
                count.owners = count.owners.saturating_add(is_owner.into());
            }
        }
        Ok(count)
    }
}

/// The names of all shards.
pub(super) fn shards() -> impl Iterator<Item = String> {
    (0..=u8::MAX).map(|shard| format!("{shard:02x}"))
}

enum Garbage {
    Unfinished,
    Record(StoreKey, Option<OwnerKey>),
}

fn is_garbage(folder: &Folder, name: &str, now: UnixTime) -> io::Result<Option<Garbage>> {
    if name.strip_suffix(UNFINISHED).and_then(StoreKey::from_hex).is_some() {
        return Ok(Some(Garbage::Unfinished));
    }
    let Some(key) = StoreKey::from_hex(name) else { return Ok(None) };
    Ok(match look(folder, &key)? {
        Found::Held(held) if !held.lives(now) => Some(Garbage::Record(key, held.owner)),
        Found::Torn => Some(Garbage::Record(key, None)),
        Found::Held(_) | Found::Gone | Found::Foreign => None,
    })
}
