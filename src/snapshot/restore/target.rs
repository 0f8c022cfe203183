//! Folders of the target, reached by handle, and the few ways in which something gets a name there.
//!
//! Why nothing outside the target can be changed, whatever another process does meanwhile: no path
//! of more than one name is ever handed to the system. A folder is opened from its parent's handle
//! by one name, as a directory and without following a link; whatever is made is made in a folder's
//! handle under one name, exclusively. A folder that is swapped for a link after it was opened does
//! not matter (the handle stays with the folder), and one that is swapped before is not opened.
//!
//! Why no half-written file ever has its final name: a file is written under a part name
//! (`.gibus-<32 hex digits>.part`), gets its attributes, and only then its name, with one rename.
//! The part is locked while it is being written, so a later run can tell the leftovers of a killed
//! run from the parts of one that is alive.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{
    Access, AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags, Timespec, Timestamps,
    UTIME_NOW,
};
use rustix::io::{Errno, Result};

use crate::format::id::Id;
use crate::fs::{each_name, is_in_use, listing_buffer, path_bytes, retry_while_in_use};
use crate::snapshot::capture::Stat;
use crate::snapshot::tree::Name;

/// Mode of a folder until it is finished, so that nobody else looks in or puts things there.
const UNFINISHED_FOLDER: Mode = Mode::RWXU;
/// Mode of anything else until its owner is set.
pub(super) const UNFINISHED_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Whether `now` is still the file, and in the state, that was found before.
pub fn is_still(now: &Stat, before: &Stat) -> bool {
    // Taking away one of a file's names changes its change time.
    let has_other_names = before.links > 1;
    now.id == before.id
        && now.size == before.size
        && now.modified == before.modified
        && (now.changed == before.changed || has_other_names)
}

/// What is known of an open file.
pub fn stat_of(handle: impl AsFd) -> Result<Stat> {
    Stat::of(handle).map_err(|error| errno_of(&error))
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// How something takes its final name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// The name must be free.
    FreeName,
    /// A file that is there is replaced in the same step.
    Over,
}

/// A folder of the target, held open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TargetFolder(Arc<OwnedFd>);

impl AsFd for TargetFolder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Folders are opened without the right to list them: that is enough to work inside, and works in
/// a folder that one may pass through but not read.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl TargetFolder {
    /// Opens the root of a target by the path that a person gave: links in it are followed.
    pub fn open_root(path: &Path) -> Result<TargetFolder> {
        // A path can be longer than the system takes in one call.
        let bytes = path_bytes(path);
        let start = if bytes.first() == Some(&b'/') {
            "/"
        } else {
            "."
        };
        let mut folder = rustix::fs::open(start, FOLDER, Mode::empty())?;
        for part in bytes.split(|&byte| byte == b'/') {
            if !part.is_empty() {
                folder = rustix::fs::openat(&folder, part, FOLDER, Mode::empty())?;
            }
        }
        Ok(TargetFolder(Arc::new(folder)))
    }

    /// Opens a folder in this one. A symbolic link there is not a folder (`ENOTDIR`).
    pub fn open_folder(&self, name: &Name) -> Result<TargetFolder> {
        let flags = FOLDER | OFlags::NOFOLLOW;
        let folder = rustix::fs::openat(self, name.as_bytes(), flags, Mode::empty())?;
        Ok(TargetFolder(Arc::new(folder)))
    }

    /// Makes a folder that only this user may enter, and opens it.
    pub fn make_folder(&self, name: &Name) -> Result<TargetFolder> {
        rustix::fs::mkdirat(self, name.as_bytes(), UNFINISHED_FOLDER)?;
        self.open_folder(name)
    }

    /// The folder itself.
    pub fn found(&self) -> Result<Stat> {
        stat_of(self)
    }

    /// What stands at `name`, links not followed.
    pub fn find(&self, name: &Name) -> Result<Option<Stat>> {
        let name = CString::new(name.as_bytes()).map_err(|_| Errno::INVAL)?;
        match Stat::at(self, &name) {
            Ok(stat) => Ok(Some(stat)),
            Err(error) => match errno_of(&error) {
                Errno::NOENT => Ok(None),
                errno => Err(errno),
            },
        }
    }

    /// Whether things can be made and renamed here; the error says why not.
    pub fn check_writable(&self) -> Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::accessat(self, ".", access, AtFlags::EACCESS)
    }

    /// Opens a regular file for reading. Never waits (a FIFO that took its place), never follows.
    pub fn open_file(&self, name: &Name) -> Result<File> {
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::openat(self, name.as_bytes(), flags, Mode::empty()).map(File::from)
    }

    /// Opens whatever stands at `name` without reading it, links not followed: good for its
    /// attributes.
    pub fn open_any(&self, name: &[u8]) -> Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(self, name, flags, Mode::empty())
    }

    /// The folder opened for listing it and for its attributes.
    pub fn open_for_listing(&self) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(self, ".", flags, Mode::empty())
    }

    /// Starts a file without a final name.
    pub fn create_part(&self, names: &PartNames) -> Result<Part> {
        let name = names.next();
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self, name.as_slice(), flags, UNFINISHED_FILE)?;
        // Where the target has no locks, leftovers are told by their age alone.
        let _ = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Part {
            folder: self.clone(),
            name: PartName {
                name,
                is_there: true,
            },
            file: Some(File::from(file)),
        })
    }

    /// Makes something other than a regular file under a part name, to be renamed over what is
    /// at its final name.
    pub fn make_aside(
        &self,
        names: &PartNames,
        make: impl FnOnce(&TargetFolder, &[u8]) -> Result<()>,
    ) -> Result<AsidePart> {
        let mut name = PartName {
            name: names.next(),
            is_there: true,
        };
        match make(self, &name.name) {
            Ok(()) => Ok(AsidePart {
                folder: self.clone(),
                name,
            }),
            Err(errno) => {
                // exFAT in user space makes a file where it was to be a FIFO, and then says that it failed.
                if errno != Errno::EXIST {
                    name.remove(self);
                }
                Err(errno)
            }
        }
    }

    /// Whether symbolic links have attributes of their own here. sshfs sets those of what a link leads to, wherever on
    /// the server that is.
    pub fn links_have_attributes(&self, names: &PartNames) -> bool {
        const FUSE: u64 = 0x6573_5546;
        let is_in_user_space =
            |status: rustix::fs::StatFs| status.f_type as u64 & 0xffff_ffff == FUSE;
        if !rustix::fs::fstatfs(self).is_ok_and(is_in_user_space) {
            return true;
        }
        // A link that leads nowhere shows it.
        let nowhere = names.next();
        let made = self.make_aside(names, |folder, name| {
            rustix::fs::symlinkat(nowhere.as_slice(), folder, name)
        });
        let Ok(link) = made else {
            return false;
        };
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        let set = rustix::fs::utimensat(self, link.name(), &times, AtFlags::SYMLINK_NOFOLLOW);
        set != Err(Errno::NOENT)
    }

    /// Renames within this folder.
    ///
    /// Errors: `EEXIST` when the name is to be free and is not. Where the target cannot promise that
    /// in one step (CIFS), the name is looked at first.
    pub fn rename(&self, from: &[u8], to: &Name, taking: Taking) -> Result<()> {
        let to = to.as_bytes();
        if taking == Taking::Over {
            return rustix::fs::renameat(self, from, self, to);
        }
        match rustix::fs::renameat_with(self, from, self, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match rustix::fs::statat(self, to, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(_) => Err(Errno::EXIST),
                    Err(Errno::NOENT) => rustix::fs::renameat(self, from, self, to),
                    Err(errno) => Err(errno),
                }
            }
            result => result,
        }
    }

    /// Removes an empty folder; `ENOTEMPTY` for one that is not.
    pub fn remove_empty_folder(&self, name: &Name) -> Result<()> {
        rustix::fs::unlinkat(self, name.as_bytes(), AtFlags::REMOVEDIR)
    }

    /// Removes what killed runs left in this folder, and says how much that was.
    ///
    /// What bears a part name and is locked belongs to a run that is alive.
    pub fn remove_leftovers(&self) -> Result<u64> {
        let mut removed = 0;
        each_name(
            self.open_for_listing()?,
            &mut listing_buffer(),
            |name, _| {
                let name = name.to_bytes();
                if is_part_name(name) && self.is_leftover(name)? {
                    match rustix::fs::unlinkat(self, name, AtFlags::empty()) {
                        Ok(()) => removed += 1,
                        Err(Errno::NOENT) => {}
                        Err(errno) => return Err(errno),
                    }
                }
                Ok(())
            },
        )?;
        Ok(removed)
    }

    fn is_leftover(&self, name: &[u8]) -> Result<bool> {
        let stat = match rustix::fs::statat(self, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(false),
            Err(errno) => return Err(errno),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => return Ok(false),
            FileType::RegularFile => {}
            // Made and renamed in two calls, one after the other.
            _ => return Ok(true),
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(self, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(_) => return Ok(false),
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(_) => Ok(is_a_day_old(stat.st_ctime)),
        }
    }
}

fn is_a_day_old(changed_seconds: i64) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs() as i64);
    now.saturating_sub(changed_seconds) > 24 * 60 * 60
}

const PART_PREFIX: &[u8] = b".gibus-";
const PART_SUFFIX: &[u8] = b".part";

/// Hands out part names that no other run uses.
#[derive(Debug)]
pub struct PartNames {
    run: String,
    next: AtomicU64,
}

impl PartNames {
    pub fn new() -> crate::error::Result<PartNames> {
        let run = Id::random()?.to_string();
        Ok(PartNames {
            run: run.get(..16).unwrap_or_default().to_owned(),
            next: AtomicU64::new(0),
        })
    }

    fn next(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!(".gibus-{}{number:016x}.part", self.run).into_bytes()
    }
}

/// Whether this is a name that [`PartNames`] gives.
fn is_part_name(name: &[u8]) -> bool {
    let digits = name
        .strip_prefix(PART_PREFIX)
        .and_then(|rest| rest.strip_suffix(PART_SUFFIX));
    digits.is_some_and(|digits| {
        digits.len() == 32
            && digits
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A part name that is removed with whatever bears it, unless that got its final name.
#[derive(Debug)]
struct PartName {
    name: Vec<u8>,
    is_there: bool,
}

impl PartName {
    fn publish(&mut self, folder: &TargetFolder, to: &Name, taking: Taking) -> Result<()> {
        folder.rename(&self.name, to, taking)?;
        self.is_there = false;
        Ok(())
    }

    fn remove(&mut self, folder: &TargetFolder) {
        if std::mem::take(&mut self.is_there) {
            // What cannot be removed now is a leftover, and the next run's to remove.
            let name = self.name.as_slice();
            let _ = retry_while_in_use(|| rustix::fs::unlinkat(folder, name, AtFlags::empty()));
        }
    }
}

/// A regular file being written. Dropped without being published, it is removed.
#[derive(Debug)]
pub struct Part {
    folder: TargetFolder,
    name: PartName,
    file: Option<File>,
}

impl Part {
    /// The open file.
    ///
    /// Errors: `EBADF` where it had to be closed to get its name, and could not be opened again.
    pub fn file(&self) -> Result<&File> {
        self.file.as_ref().ok_or(Errno::BADF)
    }

    /// Gives the file its final name.
    pub fn publish(&mut self, to: &Name, taking: Taking) -> Result<()> {
        match self.name.publish(&self.folder, to, taking) {
            // Some shares do not rename a file that is open.
            Err(errno) if is_in_use(errno) => {}
            published => return published,
        }
        let before = self.file.take().and_then(|file| stat_of(&file).ok());
        retry_while_in_use(|| self.name.publish(&self.folder, to, taking))?;
        // The share may number it anew, but it is the same file by everything else.
        let is_it = |file: &File| {
            let now = stat_of(file).ok();
            let known = |stat: &Stat| (stat.file_type, stat.size, stat.modified);
            now.is_some() && now.as_ref().map(known) == before.as_ref().map(known)
        };
        self.file = self.folder.open_file(to).ok().filter(is_it);
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Nor do they delete one.
        self.file = None;
        self.name.remove(&self.folder);
    }
}

/// A link or special file under a part name. Dropped without being published, it is removed.
#[derive(Debug)]
pub struct AsidePart {
    folder: TargetFolder,
    name: PartName,
}

impl AsidePart {
    pub fn name(&self) -> &[u8] {
        &self.name.name
    }

    /// Gives it its final name.
    pub fn publish(&mut self, to: &Name, taking: Taking) -> Result<()> {
        self.name.publish(&self.folder, to, taking)?;
        // Renaming one name of a file over another name of it leaves both.
        self.name.is_there = taking == Taking::Over;
        Ok(())
    }
}

impl Drop for AsidePart {
    fn drop(&mut self) {
        self.name.remove(&self.folder);
    }
}
