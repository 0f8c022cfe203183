//! Answers each request by doing the same in the folder below.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use std::{io, thread};

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, FileAttr, FileHandle, FileType, Filesystem,
    FopenFlags, Generation, INodeNo, KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr,
    ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyLseek, ReplyOpen,
    ReplyStatfs, ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use rustix::fs::{AtFlags, CWD, Dir, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::Manner;
use super::counts::{Counts, Operation};
use super::handles::Handles;
use super::nodes::{Nodes, file_type, path_of};

type Result<T> = rustix::io::Result<T>;

/// Reads ahead and closings that the kernel sends without waiting for an answer.
const IN_THE_BACKGROUND: u16 = 64;

pub(super) struct PassThrough {
    nodes: Nodes,
    delay: Duration,
    /// How long names and attributes are good.
    remembered: Duration,
    keeps_open_files: bool,
    follows_links: bool,
    loses_its_place: bool,
    counts: Arc<Counts>,
    files: Handles<File>,
    folders: Handles<Folder>,
}

/// An open folder, as it was when it was opened.
struct Folder {
    handle: OwnedFd,
    entries: Vec<(INodeNo, FileType, OsString)>,
    /// Where the last answer ended.
    told: AtomicU64,
}

impl PassThrough {
    pub(super) fn new(
        backing: &Path,
        manner: Manner,
        counts: Arc<Counts>,
    ) -> io::Result<PassThrough> {
        Ok(PassThrough {
            nodes: Nodes::new(backing, manner)?,
            delay: manner.delay,
            remembered: manner.remembered,
            keeps_open_files: manner.keeps_open_files,
            follows_links: manner.follows_links,
            loses_its_place: manner.loses_its_place,
            counts,
            files: Handles::new(),
            folders: Handles::new(),
        })
    }

    /// Counts an operation, and takes the time that it is to take.
    fn begin(&self, operation: Operation) {
        self.counts.add(operation);
        if !self.delay.is_zero() {
            thread::sleep(self.delay);
        }
    }

    /// Does what makes a name below `parent`, and looks it up.
    fn make(
        &self,
        parent: INodeNo,
        name: &OsStr,
        make: impl FnOnce(&OwnedFd) -> Result<()>,
    ) -> Result<FileAttr> {
        make(&*self.nodes.handle(parent)?)?;
        self.nodes.look_up(parent, name)
    }

    fn tell(&self, reply: ReplyEntry, found: Result<FileAttr>) {
        match found {
            Ok(attributes) => reply.entry(&self.remembered, &attributes, Generation(0)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn open_again(&self, number: INodeNo, flags: OFlags) -> Result<OwnedFd> {
        let handle = self.nodes.handle(number)?;
        let flags = (flags | OFlags::CLOEXEC) - OFlags::NOFOLLOW;
        rustix::fs::openat(CWD, path_of(&handle), flags, Mode::empty())
    }

    fn read_folder(&self, number: INodeNo) -> Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut entries = Vec::new();
        for entry in Dir::new(self.open_again(number, flags)?)? {
            let entry = entry?;
            let kind = file_type(entry.file_type());
            let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
            entries.push((self.nodes.number(entry.ino()), kind, name));
        }
        Ok(Folder {
            handle: self.open_again(number, flags)?,
            entries,
            told: AtomicU64::new(0),
        })
    }

    /// Errors: `EBUSY` for a file that is open, where those are kept.
    fn expect_closed(&self, folder: &OwnedFd, name: &OsStr) -> Result<()> {
        if !self.keeps_open_files {
            return Ok(());
        }
        let Ok(meant) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(());
        };
        let is_it = |file: &File| rustix::fs::fstat(file).is_ok_and(|it| it.st_ino == meant.st_ino);
        match self.files.has(is_it) {
            true => Err(Errno::BUSY),
            false => Ok(()),
        }
    }

    fn create_file(
        &self,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        flags: i32,
    ) -> Result<(FileAttr, File)> {
        let flags = OFlags::from_bits_retain(flags as u32);
        let flags = flags | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = self.nodes.handle(parent)?;
        let file = rustix::fs::openat(&*handle, name, flags, Mode::from_raw_mode(mode))?;
        Ok((self.nodes.look_up(parent, name)?, File::from(file)))
    }

    fn set(&self, number: INodeNo, change: &Change) -> Result<FileAttr> {
        let mut handle = self.nodes.handle(number)?;
        if self.follows_links {
            // Where the file below is, which the system follows from there.
            let below = rustix::fs::readlink(path_of(&handle), Vec::new())?;
            handle = Arc::new(rustix::fs::openat(CWD, below, OFlags::PATH, Mode::empty())?);
        }
        let path = path_of(&handle);
        if let Some(mode) = change.mode {
            let mode = Mode::from_raw_mode(mode & 0o7777);
            rustix::fs::chmodat(CWD, &path, mode, AtFlags::empty())?;
        }
        if change.owner.is_some() || change.group.is_some() {
            let (owner, group) = (change.owner, change.group);
            let (owner, group) = (owner.map(Uid::from_raw), group.map(Gid::from_raw));
            rustix::fs::chownat(&*handle, "", owner, group, AtFlags::EMPTY_PATH)?;
        }
        if let Some(size) = change.size {
            match change.file {
                Some(file) => rustix::fs::ftruncate(&*self.files.get(file)?, size)?,
                None => rustix::fs::ftruncate(self.open_again(number, OFlags::WRONLY)?, size)?,
            }
        }
        if change.accessed.is_some() || change.modified.is_some() {
            let times = Timestamps {
                last_access: timespec(change.accessed),
                last_modification: timespec(change.modified),
            };
            rustix::fs::utimensat(&*handle, "", &times, AtFlags::EMPTY_PATH)
                .or_else(|_| rustix::fs::utimensat(CWD, &path, &times, AtFlags::empty()))?;
        }
        self.nodes.attributes(&*handle)
    }
}

/// What a request to set attributes asks for.
struct Change {
    mode: Option<u32>,
    owner: Option<u32>,
    group: Option<u32>,
    size: Option<u64>,
    accessed: Option<TimeOrNow>,
    modified: Option<TimeOrNow>,
    file: Option<FileHandle>,
}

fn timespec(time: Option<TimeOrNow>) -> Timespec {
    let (tv_sec, tv_nsec) = match time {
        None => (0, rustix::fs::UTIME_OMIT),
        Some(TimeOrNow::Now) => (0, rustix::fs::UTIME_NOW),
        Some(TimeOrNow::SpecificTime(time)) => match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (after.as_secs() as i64, after.subsec_nanos().into()),
            Err(error) => {
                let before = error.duration();
                match before.subsec_nanos() {
                    0 => (-(before.as_secs() as i64), 0),
                    part => (
                        -(before.as_secs() as i64) - 1,
                        (1_000_000_000 - part).into(),
                    ),
                }
            }
        },
    };
    Timespec { tv_sec, tv_nsec }
}

fn errno(error: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(error.raw_os_error())
}

/// Answers with what came of it.
macro_rules! answer {
    ($reply:ident, $result:expr, |$value:pat_param| $send:expr) => {
        match $result {
            Ok($value) => $send,
            Err(error) => $reply.error(errno(error)),
        }
    };
}

impl Filesystem for PassThrough {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let done = config.set_max_background(IN_THE_BACKGROUND);
        done.map(|_| ()).map_err(|_| io::ErrorKind::Other.into())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.begin(Operation::Lookup);
        let found = self.nodes.look_up(parent, name);
        self.tell(reply, found);
    }

    fn forget(&self, _: &Request, number: INodeNo, count: u64) {
        self.nodes.forget(number, count);
    }

    fn getattr(&self, _: &Request, number: INodeNo, file: Option<FileHandle>, reply: ReplyAttr) {
        self.begin(Operation::Getattr);
        let got = match file {
            Some(file) => self
                .files
                .get(file)
                .and_then(|f| self.nodes.attributes(&*f)),
            None => self
                .nodes
                .handle(number)
                .and_then(|h| self.nodes.attributes(&*h)),
        };
        answer!(reply, got, |attr| reply.attr(&self.remembered, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        mode: Option<u32>,
        owner: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        file: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        self.begin(Operation::Setattr);
        let change = Change {
            mode,
            owner,
            group,
            size,
            accessed,
            modified,
            file,
        };
        answer!(reply, self.set(number, &change), |attr| reply
            .attr(&self.remembered, &attr));
    }

    fn readlink(&self, _: &Request, number: INodeNo, reply: ReplyData) {
        self.begin(Operation::Readlink);
        let handle = self.nodes.handle(number);
        let read = handle.and_then(|handle| rustix::fs::readlinkat(&*handle, "", Vec::new()));
        answer!(reply, read, |target| reply.data(target.to_bytes()));
    }

    fn mknod(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        device: u32,
        reply: ReplyEntry,
    ) {
        self.begin(Operation::Mknod);
        let made = self.make(parent, name, |folder| {
            let kind = rustix::fs::FileType::from_raw_mode(mode);
            let permissions = Mode::from_raw_mode(mode & 0o7777);
            rustix::fs::mknodat(folder, name, kind, permissions, device.into())
        });
        self.tell(reply, made);
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        self.begin(Operation::Mkdir);
        let made = self.make(parent, name, |folder| {
            rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(mode))
        });
        self.tell(reply, made);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.begin(Operation::Unlink);
        let handle = self.nodes.handle(parent);
        let gone = handle.and_then(|folder| {
            self.expect_closed(&folder, name)?;
            rustix::fs::unlinkat(&*folder, name, AtFlags::empty())
        });
        answer!(reply, gone, |()| reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.begin(Operation::Rmdir);
        let handle = self.nodes.handle(parent);
        let gone =
            handle.and_then(|folder| rustix::fs::unlinkat(&*folder, name, AtFlags::REMOVEDIR));
        answer!(reply, gone, |()| reply.ok());
    }

    fn symlink(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        self.begin(Operation::Symlink);
        let made = self.make(parent, name, |folder| {
            rustix::fs::symlinkat(target, folder, name)
        });
        self.tell(reply, made);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        self.begin(Operation::Rename);
        let renamed = (|| {
            let (from, to) = (self.nodes.handle(parent)?, self.nodes.handle(new_parent)?);
            self.expect_closed(&from, name)?;
            self.expect_closed(&to, new_name)?;
            let flags = rustix::fs::RenameFlags::from_bits_retain(flags.bits());
            rustix::fs::renameat_with(&*from, name, &*to, new_name, flags)
        })();
        answer!(reply, renamed, |()| reply.ok());
    }

    fn link(&self, _: &Request, number: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.begin(Operation::Link);
        let linked = self.nodes.handle(number).and_then(|file| {
            self.make(parent, name, |folder| {
                let follow = AtFlags::SYMLINK_FOLLOW;
                rustix::fs::linkat(CWD, path_of(&file), folder, name, follow)
            })
        });
        self.tell(reply, linked);
    }

    fn open(&self, _: &Request, number: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        self.begin(Operation::Open);
        let opened = self.open_again(number, OFlags::from_bits_retain(flags.0 as u32));
        answer!(reply, opened, |file| {
            let number = self.files.add(File::from(file));
            reply.opened(number, FopenFlags::empty());
        });
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        self.begin(Operation::Create);
        let made = self.create_file(parent, name, mode, flags);
        answer!(reply, made, |(attr, file)| {
            let number = self.files.add(file);
            reply.created(
                &self.remembered,
                &attr,
                Generation(0),
                number,
                FopenFlags::empty(),
            );
        });
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        file: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.begin(Operation::Read);
        let read = self.files.get(file).and_then(|file| {
            let mut bytes = vec![0; size as usize];
            let mut len = 0;
            while len < bytes.len() {
                match file.read_at(&mut bytes[len..], offset + len as u64) {
                    Ok(0) => break,
                    Ok(count) => len += count,
                    Err(error) => return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
                }
            }
            bytes.truncate(len);
            Ok(bytes)
        });
        answer!(reply, read, |bytes| reply.data(&bytes));
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        file: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        self.begin(Operation::Write);
        let written = self.files.get(file).and_then(|file| {
            let written = file.write_all_at(bytes, offset);
            written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
        });
        answer!(reply, written, |()| reply.written(bytes.len() as u32));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        self.begin(Operation::Flush);
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        file: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.begin(Operation::Release);
        self.files.remove(file);
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, file: FileHandle, only_data: bool, reply: ReplyEmpty) {
        self.begin(Operation::Fsync);
        let synced = self.files.get(file).and_then(|file| match only_data {
            true => rustix::fs::fdatasync(&*file),
            false => rustix::fs::fsync(&*file),
        });
        answer!(reply, synced, |()| reply.ok());
    }

    fn opendir(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        self.begin(Operation::Opendir);
        answer!(reply, self.read_folder(number), |folder| {
            let number = self.folders.add(folder);
            reply.opened(number, FopenFlags::empty());
        });
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        folder: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        self.begin(Operation::Readdir);
        answer!(reply, self.folders.get(folder), |folder| {
            let is_lost = self.loses_its_place
                && offset != 0
                && offset != folder.told.load(Ordering::Relaxed);
            let left = if is_lost { 0 } else { usize::MAX };
            let entries = folder.entries.iter().enumerate();
            for (at, (number, kind, name)) in entries.skip(offset as usize).take(left) {
                if reply.add(*number, at as u64 + 1, *kind, name) {
                    break;
                }
                folder.told.store(at as u64 + 1, Ordering::Relaxed);
            }
            reply.ok();
        });
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        folder: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.begin(Operation::Releasedir);
        self.folders.remove(folder);
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, folder: FileHandle, _: bool, reply: ReplyEmpty) {
        self.begin(Operation::Fsyncdir);
        let folder = self.folders.get(folder);
        let synced = folder.and_then(|folder| rustix::fs::fsync(&folder.handle));
        answer!(reply, synced, |()| reply.ok());
    }

    fn statfs(&self, _: &Request, number: INodeNo, reply: ReplyStatfs) {
        self.begin(Operation::Statfs);
        let handle = self.nodes.handle(number);
        let got = handle.and_then(|handle| rustix::fs::fstatvfs(&*handle));
        answer!(reply, got, |status| reply.statfs(
            status.f_blocks,
            status.f_bfree,
            status.f_bavail,
            status.f_files,
            status.f_ffree,
            status.f_bsize as u32,
            status.f_namemax as u32,
            status.f_frsize as u32,
        ));
    }

    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        self.begin(Operation::Access);
        reply.ok();
    }

    // Shares commonly have no extended attributes. The kernel does not ask again after this answer.

    fn setxattr(
        &self,
        _: &Request,
        _: INodeNo,
        _: &OsStr,
        _: &[u8],
        _: i32,
        _: u32,
        reply: ReplyEmpty,
    ) {
        self.begin(Operation::Xattr);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn getxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, reply: ReplyXattr) {
        self.begin(Operation::Xattr);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn listxattr(&self, _: &Request, _: INodeNo, _: u32, reply: ReplyXattr) {
        self.begin(Operation::Xattr);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn removexattr(&self, _: &Request, _: INodeNo, _: &OsStr, reply: ReplyEmpty) {
        self.begin(Operation::Xattr);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn lseek(&self, _: &Request, _: INodeNo, _: FileHandle, _: i64, _: i32, reply: ReplyLseek) {
        self.begin(Operation::Refused);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: u64,
        _: i32,
        reply: ReplyEmpty,
    ) {
        self.begin(Operation::Refused);
        reply.error(fuser::Errno::ENOSYS);
    }

    fn copy_file_range(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: u64,
        _: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        self.begin(Operation::Refused);
        reply.error(fuser::Errno::ENOSYS);
    }
}
