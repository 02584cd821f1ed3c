//! What the file store does, with blocking calls.
//!
//! Locks (`lock.rs`), always taken in this order and held until the work is done:
//!
//! 1. the owner's, where a key joins an owner's list or the list is gone through to end sessions;
//! 2. the record's shard, for everything that changes a record.
//!
//! So a list and its records change together, and a read needs no lock, since a file gets its name when it is whole.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastsession_core::store::{Condition, Outcome, OwnerKey, StoreKey, Which};

use super::Durability;
use super::disk::{self, Folder};
use super::format::Held;
use crate::store::{Clock, Filed};

pub(super) const RECORDS: &str = "records";
pub(super) const OWNERS: &str = "owners";
/// What the name of a file that is being written ends in. The shard's lock is held from its creation to its
/// renaming, so whoever has the lock and sees one knows that its writer is dead.
pub(super) const UNFINISHED: &str = ".tmp";

pub(super) struct Files {
    pub(super) root: PathBuf,
    pub(super) durability: Durability,
    pub(super) clock: Arc<dyn Clock>,
    /// How long to wait for a lock.
    pub(super) patience: Duration,
    /// By shard: whether the folders for its records and its owners are known to be there durably.
    pub(super) known: Vec<[AtomicBool; 2]>,
}

/// A put, ready to be written.
pub(super) struct Write {
    pub(super) key: StoreKey,
    pub(super) image: Vec<u8>,
    pub(super) condition: Condition,
    pub(super) owner: Option<OwnerKey>,
    pub(super) is_new: bool,
}

pub(super) enum Written {
    Applied,
    Conflict,
    /// Nothing was done: the key has to join its owner's list, and for that the owner's lock is needed.
    NotOnList,
}

/// What came of reading a file's header.
pub(super) enum Found {
    Gone,
    Torn,
    Held(Held),
    /// Not ours to judge: another version's file, a symbolic link.
    Foreign,
}

impl Files {
    pub(super) fn get(&self, key: &StoreKey) -> io::Result<Option<Vec<u8>>> {
        let now = self.clock.now();
        let Some(folder) = shard(&self.root()?, RECORDS, &key.to_hex())? else { return Ok(None) };
        held(&folder, key)?.filter(|held| held.lives(now)).map(|held| held.record()).transpose()
    }

    /// `may_join` says whether the key may join its owner's list, under the owner's lock; `since` when the request
    /// began to wait for its turn.
    pub(super) fn put(&self, write: &Write, may_join: bool, since: Instant) -> io::Result<Written> {
        let root = self.root()?;
        let joins = write.owner.filter(|_| may_join);
        let _owner =
            joins.map(|owner| self.lock_owners(&root, shard_of(&owner.to_hex()), since)).transpose()?;
        let _shard = self.lock_records(&root, shard_of(&write.key.to_hex()), since)?;
        let folder = self.shard_to_write(&root, RECORDS, &write.key.to_hex())?;
        let held = held(&folder, &write.key)?;
        if !self.allows(write.condition, held.as_ref())? {
            return Ok(Written::Conflict);
        }
        let was = held.and_then(|held| held.owner);
        if let Some(owner) = &write.owner
            && (write.is_new || was.as_ref() != Some(owner))
        {
            if !may_join {
                return Ok(Written::NotOnList);
            }
            self.join(&root, owner, &write.key)?;
        }
        self.replace(&folder, &write.key.to_hex(), &write.image)?;
        if let Some(was) = was.filter(|was| Some(was) != write.owner.as_ref()) {
            leave(&root, &was, &write.key);
        }
        Ok(Written::Applied)
    }

    pub(super) fn delete(&self, key: &StoreKey, condition: Condition, since: Instant) -> io::Result<Outcome> {
        let root = self.root()?;
        let _shard = self.lock_records(&root, shard_of(&key.to_hex()), since)?;
        let folder = shard(&root, RECORDS, &key.to_hex())?;
        let held = match folder.as_ref().map(|folder| held(folder, key)).transpose() {
            // What goes whatever it is need not be read.
            Err(error) if condition == Condition::Any && is_unreadable(&error) => None,
            held => held?.flatten(),
        };
        if !self.allows(condition, held.as_ref())? {
            return Ok(Outcome::Conflict);
        }
        if let Some(folder) = folder {
            self.remove(&root, &folder, key, held.and_then(|held| held.owner))?;
        }
        Ok(Outcome::Applied)
    }

    pub(super) fn list(&self, owner: &OwnerKey) -> io::Result<Vec<Filed>> {
        let now = self.clock.now();
        let root = self.root()?;
        let Some(list) = list_of(&root, owner)? else { return Ok(Vec::new()) };
        let mut filed = Vec::new();
        for key in keys(&list)? {
            let key = key?;
            let Some(folder) = shard(&root, RECORDS, &key.to_hex())? else { continue };
            let found = match look(&folder, &key)? {
                // It may have been written between the two looks at it.
                Found::Torn => look(&folder, &key)?,
                found => found,
            };
            match found {
                Found::Held(held) if held.owner == Some(*owner) && held.lives(now) => {
                    filed.push(Filed { key, entry: held.entry()? });
                }
                Found::Held(_) | Found::Gone => {}
                // One that cannot be read does not hide the others.
                Found::Torn | Found::Foreign => filed.push(Filed { key, entry: Vec::new() }),
            }
        }
        Ok(filed)
    }

    /// Ends what can be ended, even if something else on the list cannot.
    pub(super) fn delete_owned(&self, owner: &OwnerKey, which: Which, since: Instant) -> io::Result<u64> {
        let root = self.root()?;
        let _owner = self.lock_owners(&root, shard_of(&owner.to_hex()), since)?;
        let Some(list) = list_of(&root, owner)? else { return Ok(0) };
        let meant = keys(&list)?.filter(|key| key.as_ref().map_or(true, |key| which.includes(key)));
        let (mut ended, mut left): (u64, u64) = (0, 0);
        let mut failure = None;
        let mut waited = since.elapsed();
        for key in meant.collect::<io::Result<Vec<_>>>()? {
            match self.end(&root, owner, &key, &mut waited) {
                Ok(lived) => ended = ended.saturating_add(lived.into()),
                Err(error) => {
                    left = left.saturating_add(1);
                    failure.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failure {
            let text = format!("{left} could not be ended, {ended} were: {error}");
            return Err(io::Error::new(error.kind(), text));
        }
        if let Some(owners) = shard(&root, OWNERS, &owner.to_hex())? {
            owners.remove_folder(&owner.to_hex())?;
        }
        Ok(ended)
    }

    /// Ends what is on the owner's list, whose lock must be held; returns whether it lived. It adds to the time that was
    /// `waited` for locks, which is limited for all of the list together; the work itself may take its time.
    fn end(
        &self,
        root: &Folder,
        owner: &OwnerKey,
        key: &StoreKey,
        waited: &mut Duration,
    ) -> io::Result<bool> {
        let begun = Instant::now();
        let since = begun.checked_sub(*waited).unwrap_or(begun);
        let shard_lock = self.lock_records(root, shard_of(&key.to_hex()), since);
        *waited = since.elapsed();
        let _shard = shard_lock?;
        let Some(folder) = shard(root, RECORDS, &key.to_hex())? else { return Ok(false) };
        match look(&folder, key)? {
            Found::Held(held) if held.owner == Some(*owner) => {
                self.remove(root, &folder, key, held.owner)?;
                Ok(held.lives(self.clock.now()))
            }
            Found::Held(_) | Found::Gone => {
                leave(root, owner, key);
                Ok(false)
            }
            // Torn, or another version's, and it may live there: the list says whose it is, and ending it needs no reading.
            Found::Torn | Found::Foreign => self.remove(root, &folder, key, Some(*owner)).map(|()| true),
        }
    }

    /// Forgets a record and its place on a list. The shard's lock must be held.
    fn remove(
        &self,
        root: &Folder,
        folder: &Folder,
        key: &StoreKey,
        owner: Option<OwnerKey>,
    ) -> io::Result<()> {
        folder.remove(&key.to_hex())?;
        // Even if there was nothing: an earlier removal may have failed just here.
        self.sync(folder)?;
        if let Some(owner) = owner {
            leave(root, &owner, key);
        }
        Ok(())
    }

    /// Puts `key` on the owner's list. Both locks must be held.
    fn join(&self, root: &Folder, owner: &OwnerKey, key: &StoreKey) -> io::Result<()> {
        let owners = self.shard_to_write(root, OWNERS, &owner.to_hex())?;
        owners.make_folder(&owner.to_hex())?;
        self.sync(&owners)?;
        let list = owners.folder(&owner.to_hex())?;
        drop(list.open_or_create(&key.to_hex())?);
        self.sync(&list)
    }

    /// Writes a file whole before it gets its name. The shard's lock must be held.
    fn replace(&self, folder: &Folder, name: &str, image: &[u8]) -> io::Result<()> {
        let unfinished = [name, UNFINISHED].concat();
        let write = || {
            let file = match folder.create(&unfinished) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    folder.remove(&unfinished)?;
                    folder.create(&unfinished)?
                }
                created => created?,
            };
            disk::write(&file, image, self.durability == Durability::Synced)?;
            folder.rename(&unfinished, name)
        };
        if let Err(error) = write() {
            // If this fails too, the next writer or the next purge does it.
            let _ = folder.remove(&unfinished);
            return Err(error);
        }
        self.sync(folder)
    }

    fn allows(&self, condition: Condition, held: Option<&Held>) -> io::Result<bool> {
        let live = held.filter(|held| held.lives(self.clock.now()));
        let end = match condition {
            Condition::Matches(_) => live.map(Held::end_of_record).transpose()?,
            Condition::Absent | Condition::Any => live.map(|_| Vec::new()),
        };
        Ok(condition.holds(end.as_deref()))
    }

    fn sync(&self, folder: &Folder) -> io::Result<()> {
        if self.durability == Durability::Synced { folder.sync() } else { Ok(()) }
    }

    /// Opened anew each time: the folder may have been replaced, or its disk unmounted, since.
    pub(super) fn root(&self) -> io::Result<Folder> {
        Folder::open(&self.root)
    }

    /// The shard that `name` belongs to, made if there is none, and durably there.
    fn shard_to_write(&self, root: &Folder, kind: &str, name: &str) -> io::Result<Folder> {
        let shards = root.folder(kind)?;
        let shard = shard_of(name);
        // Another process may have made it and been killed before it could sync, so the first write of this
        // process to each shard does.
        let known = self
            .known
            .get(shard_number(name))
            .map(|[records, owners]| if kind == RECORDS { records } else { owners });
        if known.is_some_and(|known| known.load(Ordering::Relaxed))
            && let Some(folder) = shards.folder_if_any(shard)?
        {
            return Ok(folder);
        }
        shards.make_folder(shard)?;
        self.sync(&shards)?;
        if let Some(known) = known {
            known.store(true, Ordering::Relaxed);
        }
        shards.folder(shard)
    }
}

/// The shard of `kind` that `name` belongs to, or `None` if nothing was ever written there.
pub(super) fn shard(root: &Folder, kind: &str, name: &str) -> io::Result<Option<Folder>> {
    root.folder(kind)?.folder_if_any(shard_of(name))
}

/// The shard of a name: its first two characters.
pub(super) fn shard_of(name: &str) -> &str {
    name.get(..2).unwrap_or("00")
}

/// The same as a number, up to 255.
pub(super) fn shard_number(name: &str) -> usize {
    usize::from_str_radix(shard_of(name), 16).unwrap_or_default()
}

/// Whether it is this one file that cannot be read, and not the disk.
pub(super) fn is_unreadable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::PermissionDenied)
}

/// The record's file, if there is one and it is whole.
pub(super) fn held(folder: &Folder, key: &StoreKey) -> io::Result<Option<Held>> {
    let Some(file) = folder.read(&key.to_hex())? else { return Ok(None) };
    let held = Held::read(file)?;
    if held.is_none() {
        tracing::warn!(%key, "the file of this record is not whole; it counts as absent");
    }
    Ok(held)
}

/// The folder that is the owner's list, if there is one.
fn list_of(root: &Folder, owner: &OwnerKey) -> io::Result<Option<Folder>> {
    let shard = shard(root, OWNERS, &owner.to_hex())?;
    Ok(shard.map(|shard| shard.folder_if_any(&owner.to_hex())).transpose()?.flatten())
}

/// The keys that files in `folder` are named after.
pub(super) fn keys(folder: &Folder) -> io::Result<impl Iterator<Item = io::Result<StoreKey>>> {
    Ok(folder.names()?.filter_map(|name| name.map(|name| StoreKey::from_hex(&name)).transpose()))
}

/// Takes `key` off the owner's list. The lock of the record's shard must be held.
/// What fails here costs a little room until the next purge, and no more.
pub(super) fn leave(root: &Folder, owner: &OwnerKey, key: &StoreKey) {
    let left = list_of(root, owner).and_then(|list| list.map(|list| list.remove(&key.to_hex())).transpose());
    if let Err(error) = left {
        tracing::warn!(%key, %error, "an owner's list still names a record that is gone");
    }
}

pub(super) fn look(folder: &Folder, key: &StoreKey) -> io::Result<Found> {
    match held(folder, key) {
        Ok(Some(held)) => Ok(Found::Held(held)),
        // Without the lock it may be another file by now; under the lock it is the same.
        Ok(None) if folder.read(&key.to_hex())?.is_some() => Ok(Found::Torn),
        Ok(None) => Ok(Found::Gone),
        Err(error) if is_unreadable(&error) => {
            tracing::warn!(%key, %error, "this session cannot be read");
            Ok(Found::Foreign)
        }
        Err(error) => Err(error),
    }
}
