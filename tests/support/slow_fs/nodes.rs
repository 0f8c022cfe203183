//! The files and folders that the kernel knows, by their numbers.
//!
//! Each is held by a handle that names the file itself (`O_PATH`), not a path, so that renaming needs no
//! bookkeeping. The number is that of the file below, but for the root, which has to be 1.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{FileAttr, FileType, INodeNo};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::Manner;

type Result<T> = rustix::io::Result<T>;

const ROOT: u64 = 1;

struct Node {
    handle: Arc<OwnedFd>,
    /// How often the kernel was told of it, less how often it has forgotten it.
    lookups: u64,
}

pub(super) struct Nodes {
    nodes: Mutex<HashMap<u64, Node>>,
    /// Number of the root in the file system below.
    root_below: u64,
    manner: Manner,
}

impl Nodes {
    pub(super) fn new(root: &Path, manner: Manner) -> Result<Nodes> {
        let handle =
            rustix::fs::openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?;
        let root_below = rustix::fs::fstat(&handle)?.st_ino;
        let node = Node {
            handle: Arc::new(handle),
            lookups: 1,
        };
        Ok(Nodes {
            nodes: Mutex::new(HashMap::from([(ROOT, node)])),
            root_below,
            manner,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handle of a node, good for calls relative to it.
    pub(super) fn handle(&self, number: INodeNo) -> Result<Arc<OwnedFd>> {
        let nodes = self.lock();
        let node = nodes.get(&number.0).ok_or(Errno::STALE)?;
        Ok(Arc::clone(&node.handle))
    }

    /// Looks a name up below a folder; the kernel is told of what is found.
    pub(super) fn look_up(&self, parent: INodeNo, name: &OsStr) -> Result<FileAttr> {
        let parent = self.handle(parent)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&*parent, name, flags, Mode::empty())?;
        let attributes = self.attributes(&handle)?;
        self.lock()
            .entry(attributes.ino.0)
            .or_insert_with(|| Node {
                handle: Arc::new(handle),
                lookups: 0,
            })
            .lookups += 1;
        Ok(attributes)
    }

    pub(super) fn forget(&self, number: INodeNo, count: u64) {
        let mut nodes = self.lock();
        if let Some(node) = nodes.get_mut(&number.0)
            && number.0 != ROOT
        {
            node.lookups = node.lookups.saturating_sub(count);
            if node.lookups == 0 {
                nodes.remove(&number.0);
            }
        }
    }

    pub(super) fn attributes(&self, handle: impl AsFd) -> Result<FileAttr> {
        let mut status = rustix::fs::statat(handle, "", AtFlags::EMPTY_PATH)?;
        if self.manner.no_change_time {
            (status.st_ctime, status.st_ctime_nsec) = (status.st_mtime, status.st_mtime_nsec);
        }
        Ok(FileAttr {
            ino: self.number(status.st_ino),
            size: status.st_size as u64,
            blocks: status.st_blocks as u64,
            atime: time(status.st_atime as i64, status.st_atime_nsec as u32),
            mtime: self.time(status.st_mtime as i64, status.st_mtime_nsec as u32),
            ctime: self.time(status.st_ctime as i64, status.st_ctime_nsec as u32),
            crtime: SystemTime::UNIX_EPOCH,
            kind: file_type(rustix::fs::FileType::from_raw_mode(status.st_mode)),
            perm: (status.st_mode & 0o7777) as u16,
            nlink: status.st_nlink as u32,
            uid: status.st_uid,
            gid: status.st_gid,
            rdev: status.st_rdev as u32,
            blksize: 4096,
            flags: 0,
        })
    }

    /// The number by which the kernel knows a file.
    pub(super) fn number(&self, below: u64) -> INodeNo {
        INodeNo(if below == self.root_below {
            ROOT
        } else {
            below ^ self.manner.number_mask
        })
    }

    fn time(&self, seconds: i64, nanoseconds: u32) -> SystemTime {
        match self.manner.time_step as i64 {
            0 => time(seconds, nanoseconds),
            step => time(seconds - seconds.rem_euclid(step), 0),
        }
    }
}

/// A path that leads to what a handle names, for calls that take no such handle.
pub(super) fn path_of(handle: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()))
}

/// The type of a file in the words of the protocol.
pub(super) fn file_type(kind: rustix::fs::FileType) -> FileType {
    match kind {
        rustix::fs::FileType::Directory => FileType::Directory,
        rustix::fs::FileType::Symlink => FileType::Symlink,
        rustix::fs::FileType::Fifo => FileType::NamedPipe,
        rustix::fs::FileType::Socket => FileType::Socket,
        rustix::fs::FileType::CharacterDevice => FileType::CharDevice,
        rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
        _ => FileType::RegularFile,
    }
}

fn time(seconds: i64, nanoseconds: u32) -> SystemTime {
    let nanoseconds = Duration::from_nanos(nanoseconds.into());
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    let time = second.and_then(|second| second.checked_add(nanoseconds));
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
