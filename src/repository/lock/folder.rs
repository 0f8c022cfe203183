//! The folder of the locks: making, finding, reading and removing their files.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::HELD;
use super::holder::{Holder, LockKind, LockName, LockText};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{each_name, listing_buffer, retry_while_in_use};
use crate::progress::lock;
use crate::repository::storage::local::LocalStorage;
use crate::repository::storage::waiting::{self, Noted};

const FOLDER: &str = "locks";
/// An empty file that becomes a lock when there is no space for a new one.
const SPARE: &str = "spare";
/// More than this is not read of a lock's text.
const MAX_TEXT_LEN: u64 = 4096;

/// Where the locks of a repository lie. Clones are the same place.
#[derive(Clone, Debug)]
pub struct Locks {
    root: Arc<OwnedFd>,
    /// For messages.
    place: PathBuf,
}

impl Locks {
    /// Beside what this storage keeps.
    pub fn of(storage: &LocalStorage) -> Result<Locks> {
        let root = storage.root().try_clone_to_owned();
        let root = root.context("open the folder", storage.path())?;
        Ok(Locks {
            root: Arc::new(root),
            place: storage.path().to_owned(),
        })
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    pub(super) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// A share that hangs may do so here first.
    fn note(&self) -> Noted {
        waiting::note("look at the locks of", &self.place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.join(FOLDER).join(name)
    }

    /// The names of all files in the folder.
    pub(super) fn names(&self) -> Result<BTreeSet<String>> {
        let _call = self.note();
        let path = || self.place.join(FOLDER);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = retry_on_intr(|| rustix::fs::openat(&self.root, FOLDER, flags, Mode::empty()));
        let opened = match opened {
            Err(Errno::NOENT) => return Ok(BTreeSet::new()),
            opened => opened.context("list", path())?,
        };
        let mut names = BTreeSet::new();
        let listed = each_name(opened, &mut listing_buffer(), |name, _| {
            if let Ok(name) = name.to_str() {
                names.insert(name.to_owned());
            }
            Ok(())
        });
        listed.context("list", path())?;
        Ok(names)
    }

    /// Opens a lock's file for having a look at it.
    pub(super) fn open(&self, name: &str) -> Option<File> {
        let _call = self.note();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = |flags| rustix::fs::openat(&self.root, in_folder(name), flags, Mode::empty());
        // Some shares lock only files that are open for writing.
        let file = open(flags | OFlags::RDWR).or_else(|_| open(flags | OFlags::RDONLY));
        file.ok().map(File::from)
    }

    /// When the file was made, by the clock of where it lies.
    pub(super) fn made_at(&self, name: &str) -> Option<SystemTime> {
        let _call = self.note();
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let status = rustix::fs::statat(&self.root, in_folder(name), flags).ok()?;
        let seconds = u64::try_from(status.st_mtime).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }

    pub(super) fn holder(&self, name: &LockName) -> Holder {
        let _call = self.note();
        let mut bytes = Vec::new();
        if let Some(file) = self.open(&name.text) {
            // On some shares nobody can read what another has locked: then only the name tells.
            let _ = file.take(MAX_TEXT_LEN).read_to_end(&mut bytes);
        }
        Holder::new(name, LockText::from_bytes(&bytes))
    }

    /// Removes a lock's file; none is no error.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let _call = self.note();
        let name_in_folder = in_folder(name);
        let remove = |flags| rustix::fs::unlinkat(&self.root, name_in_folder.as_str(), flags);
        let unlink = || retry_on_intr(|| remove(AtFlags::empty()));
        match retry_while_in_use(unlink) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            // Somebody put a folder in its place.
            Err(Errno::ISDIR) => remove(AtFlags::REMOVEDIR).context("remove", self.path(name)),
            Err(errno) => Err(errno).context("remove", self.path(name)),
        }
    }

    /// Makes the spare file of a new repository.
    pub(in crate::repository) fn provide(&self) {
        self.provide_spare(&BTreeSet::new());
    }

    /// Makes the spare file where it is missing.
    pub(super) fn provide_spare(&self, names: &BTreeSet<String>) {
        if !names.contains(SPARE) {
            // Nothing depends on it while there is space.
            let _ = self.make(SPARE);
        }
    }

    fn make(&self, name: &str) -> rustix::io::Result<File> {
        let _call = self.note();
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let name = in_folder(name);
        let made = retry_on_intr(|| rustix::fs::openat(&self.root, name.as_str(), flags, mode));
        made.map(File::from)
    }

    /// Renames the spare file to `name`.
    pub(super) fn take_spare(&self, name: &str) -> rustix::io::Result<File> {
        let _call = self.note();
        let name = in_folder(name);
        retry_on_intr(|| {
            rustix::fs::renameat(&self.root, in_folder(SPARE), &self.root, name.as_str())
        })?;
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.root, name.as_str(), flags, Mode::empty());
        opened.map(File::from)
    }

    fn make_folder(&self) -> Result<()> {
        let _call = self.note();
        match retry_on_intr(|| rustix::fs::mkdirat(&self.root, FOLDER, Mode::RWXU)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(Errno::NOENT) => Err(Error::new(ErrorKind::Unavailable, "lock the repository")
                .because("its folder is gone")
                .at(&self.place)),
            Err(errno) => Err(errno).context("make the folder", self.place.join(FOLDER)),
        }
    }
}

fn in_folder(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// A lock's file, made by this process; dropped, it is removed.
#[derive(Debug)]
pub(super) struct OwnFile {
    locks: Locks,
    name: String,
    /// Kept open: the operating system's lock on it shows that this process lives.
    file: Option<File>,
    was_spare: bool,
}

impl OwnFile {
    pub(super) fn create(locks: &Locks, kind: LockKind, purpose: &str) -> Result<OwnFile> {
        let random = getrandom::u64().map_err(|e| {
            Error::new(ErrorKind::Io, "get random numbers from the system").because(e.to_string())
        })?;
        let mut own = OwnFile::named(locks, LockName::for_this_process(kind, random));
        let name = own.name.clone();
        let mut made = locks.make(&name);
        if matches!(made, Err(Errno::NOENT)) {
            locks.make_folder()?;
            made = locks.make(&name);
        }
        if matches!(made, Err(Errno::NOSPC | Errno::DQUOT))
            && let Ok(file) = locks.take_spare(&name)
        {
            own.was_spare = true;
            made = Ok(file);
        }
        let file = made.context("make the lock", locks.path(&name))?;
        own.hold(file, purpose).context("lock", locks.path(&name))?;
        Ok(own)
    }

    fn named(locks: &Locks, name: String) -> OwnFile {
        lock(&HELD).insert(name.clone());
        OwnFile {
            locks: locks.clone(),
            name,
            file: None,
            was_spare: false,
        }
    }

    fn hold(&mut self, mut file: File, purpose: &str) -> std::io::Result<()> {
        match file.try_lock() {
            // Places without such locks are told apart when they are relied on.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            // Somebody is finding out at this moment whether the file is left over.
            Err(TryLockError::WouldBlock) => file.lock()?,
        }
        // The text is for people: on a full disk the lock does without.
        let _ = file.write_all(&LockText::new(purpose).to_bytes());
        self.file = Some(file);
        Ok(())
    }

    pub(super) fn name(&self) -> &String {
        &self.name
    }

    pub(super) fn made_at(&self) -> Option<SystemTime> {
        self.locks.made_at(&self.name)
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Closed first: some shares do not remove what is open.
            self.file = None;
            let mut is_gone = false;
            if self.was_spare {
                let (root, name) = (&self.locks.root, in_folder(&self.name));
                is_gone = rustix::fs::renameat(root, name, root, in_folder(SPARE)).is_ok();
            }
            if !is_gone {
                // A file that stays is left over for all others, because it is not in `HELD` any more.
                let _ = self.locks.remove(&self.name);
            }
        }
        lock(&HELD).remove(&self.name);
    }
}
