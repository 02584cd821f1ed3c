//! Who may write: locks that all processes which use the folder share.

use std::fs::{File, TryLockError};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::disk::{self, Folder};
use super::records::Files;

pub(super) const LOCKS: &str = "locks";
/// What the names of the locks of owners' lists begin with.
pub(super) const OF_OWNERS: &str = "owners-";
/// The pauses between two looks at a lock: short, since whoever has it usually lets go soon, then longer.
const PAUSES: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

impl Files {
    /// Waits until nobody else changes records of this shard. The request has been waiting `since` then.
    pub(super) fn lock_records(&self, root: &Folder, shard: &str, since: Instant) -> io::Result<File> {
        self.lock(root, shard, since)
    }

    /// Waits until nobody else lets keys join a list of this shard of owners.
    pub(super) fn lock_owners(&self, root: &Folder, shard: &str, since: Instant) -> io::Result<File> {
        self.lock(root, &[OF_OWNERS, shard].concat(), since)
    }

    /// Waits for the lock, which goes when the file is closed. It asks again and again: to be woken by the system there is
    /// no limit of time, and a process that is stopped while it has the lock would stop all others. Whose time is over
    /// already asks once.
    fn lock(&self, root: &Folder, name: &str, since: Instant) -> io::Result<File> {
        let file = root.folder(LOCKS)?.open_or_create(name)?;
        disk::step("lock")?;
        let [mut pause, longest] = PAUSES;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if since.elapsed() >= self.patience => {
                    return Err(self.held_by_another(name));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(pause),
            }
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    /// The lock did not become free in time, for another process or for this one's other requests.
    pub(super) fn held_by_another(&self, name: &str) -> io::Error {
        let file = self.root.join(LOCKS).join(name);
        let text = format!(
            "the lock {} did not become free in {:?}: look for a process that has it and is stopped or hangs, which `fuser -v {}` \
             names, or for more writes than the disk can take",
            file.display(),
            self.patience,
            file.display()
        );
        io::Error::new(io::ErrorKind::TimedOut, text)
    }
}
