//! System calls on a folder: every name is resolved relative to an open folder and no symbolic link is followed.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fstat, mkdirat, openat, renameat, unlinkat};
use rustix::io::{Errno, retry_on_intr};

/// An open folder.
pub(super) struct Folder(OwnedFd);

const PRIVATE_FOLDER: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);

impl Folder {
    /// The folder at `path`, which must not end in a symbolic link.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        step("open")?;
        retry_on_intr(|| openat(CWD, path, FOLDER, Mode::empty())).map(Self).map_err(io::Error::from)
    }

    /// The folder `name` in this one.
    pub(super) fn folder(&self, name: &str) -> io::Result<Self> {
        step("open")?;
        retry_on_intr(|| openat(&self.0, name, FOLDER, Mode::empty())).map(Self).map_err(
            |errno| match errno {
                Errno::LOOP | Errno::NOTDIR => in_the_way(name, "folder"),
                errno => errno.into(),
            },
        )
    }

    /// The folder `name` in this one, or `None` if there is none.
    pub(super) fn folder_if_any(&self, name: &str) -> io::Result<Option<Self>> {
        found(self.folder(name))
    }

    /// Makes the folder `name` (0700) if there is none.
    pub(super) fn make_folder(&self, name: &str) -> io::Result<()> {
        step("mkdir")?;
        match retry_on_intr(|| mkdirat(&self.0, name, PRIVATE_FOLDER)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The file `name` for reading, or `None` if there is none.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<File>> {
        // Without NONBLOCK somebody's FIFO would hold this thread for good.
        found(self.file(name, OFlags::RDONLY | OFlags::NONBLOCK))
    }

    /// A new file (0600); an error if there is one.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        self.file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
    }

    /// The file `name` for writing, made (0600) if there is none. It belongs to whom the folder belongs: an operator who looks
    /// after the store as root must not leave files that the server cannot open.
    pub(super) fn open_or_create(&self, name: &str) -> io::Result<File> {
        let file = self.file(name, OFlags::RDWR | OFlags::CREATE)?;
        let (folder, own) = (fstat(&self.0)?, fstat(&file)?);
        if own.st_uid != folder.st_uid {
            std::os::unix::fs::fchown(&file, Some(folder.st_uid), Some(folder.st_gid))?;
        }
        Ok(file)
    }

    /// Gives a file another name, over what had that name.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        step("rename")?;
        Ok(retry_on_intr(|| renameat(&self.0, from, &self.0, to))?)
    }

    /// Removes a file; returns whether there was one.
    pub(super) fn remove(&self, name: &str) -> io::Result<bool> {
        step("unlink")?;
        match retry_on_intr(|| unlinkat(&self.0, name, AtFlags::empty())) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Removes the folder `name` if it is empty.
    pub(super) fn remove_folder(&self, name: &str) -> io::Result<()> {
        step("rmdir")?;
        match retry_on_intr(|| unlinkat(&self.0, name, AtFlags::REMOVEDIR)) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Makes what was created, renamed and removed in this folder survive a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        step("fsync folder")?;
        Ok(retry_on_intr(|| rustix::fs::fsync(&self.0))?)
    }

    /// The names in this folder, a few at a time, in no particular order. Names that are not UTF-8 are left out.
    pub(super) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        step("readdir")?;
        let names = Dir::read_from(&self.0)?.filter_map(|entry| match entry {
            Ok(entry) => match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => None,
                Ok(name) => Some(Ok(name.to_owned())),
            },
            Err(errno) => Some(Err(errno.into())),
        });
        Ok(names)
    }

    fn file(&self, name: &str, flags: OFlags) -> io::Result<File> {
        step("open")?;
        match retry_on_intr(|| openat(&self.0, name, FILE | flags, PRIVATE_FILE)) {
            Ok(file) => Ok(file.into()),
            Err(Errno::LOOP) => Err(in_the_way(name, "file")),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// Writes all of `bytes` and, if `sync`, makes them survive a power cut.
pub(super) fn write(mut file: &File, bytes: &[u8], sync: bool) -> io::Result<()> {
    if let Err(error) = step("write") {
        // A disk that is full takes a part.
        file.write_all(bytes.split_at(bytes.len() / 2).0)?;
        return Err(error);
    }
    file.write_all(bytes)?;
    if sync {
        step("fsync")?;
        file.sync_all()?;
    }
    Ok(())
}

fn found<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn in_the_way(name: &str, what: &str) -> io::Error {
    let text = format!("{name} is no {what} (symbolic links are not followed)");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests let it fail")]
#[inline]
pub(super) fn step(_call: &'static str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) use faults::step;

/// Lets tests fail any system call of this thread.
#[cfg(test)]
pub(super) mod faults {
    use std::cell::{Cell, RefCell};
    use std::io;

    thread_local! {
        static PLAN: RefCell<Plan> = const { RefCell::new(Plan { calls: Vec::new(), fault: None }) };
        static WATCH: Cell<Option<fn(&'static str)>> = const { Cell::new(None) };
    }

    struct Plan {
        calls: Vec<&'static str>,
        fault: Option<Fault>,
    }

    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Fault {
        /// The call with this index fails with this code; the others work.
        Fails(usize, i32),
        /// This call and all after it fail, as if the process had been killed.
        Killed(usize),
    }

    /// Runs `work` with `fault`; returns its result and the names of the calls that it made.
    pub(crate) fn with<T>(fault: Option<Fault>, work: impl FnOnce() -> T) -> (T, Vec<&'static str>) {
        PLAN.with_borrow_mut(|plan| *plan = Plan { calls: Vec::new(), fault });
        let result = work();
        let calls = PLAN.with_borrow_mut(|plan| {
            plan.fault = None;
            std::mem::take(&mut plan.calls)
        });
        (result, calls)
    }

    /// Runs `work` and lets `watch` look at the disk before each system call.
    pub(crate) fn watched<T>(watch: fn(&'static str), work: impl FnOnce() -> T) -> T {
        WATCH.set(Some(watch));
        let result = work();
        WATCH.set(None);
        result
    }

    pub(crate) fn step(call: &'static str) -> io::Result<()> {
        if let Some(watch) = WATCH.take() {
            watch(call);
            WATCH.set(Some(watch));
        }
        PLAN.with_borrow_mut(|plan| {
            let index = plan.calls.len();
            plan.calls.push(call);
            match plan.fault {
                Some(Fault::Fails(at, code)) if at == index => Err(io::Error::from_raw_os_error(code)),
                Some(Fault::Killed(from)) if from <= index => Err(io::Error::other("killed")),
                _ => Ok(()),
            }
        })
    }
}
