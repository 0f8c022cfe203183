//! A folder on this machine, or on a share that is mounted here, as [`Storage`].
//!
//! Everything goes through one *handle* on the folder, opened once. A disk that is pulled out, or a share
//! that is unmounted, leaves an empty mount point under the same path; a handle never leads there: it
//! fails, and nothing is written to the wrong disk.
//!
//! Round trips are what a share costs, so nothing is asked that an attempt would tell as well: folders
//! are made when something is missing a folder, not looked for beforehand.
//!
//! - this file: opening, listing, reading, deleting
//! - [`new_file`]: a file being written
//! - [`publish`]: how it gets durable, and then its name; why a crash at any moment is harmless
//! - [`folders`]: which folders have changes that are not durable yet

mod folders;
mod new_file;
mod publish;

pub(crate) use publish::is_known_local;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::{Errno, retry_on_intr};

use super::waiting::{self, DURABLE};
use super::{Listed, NewFile, Space, Storage};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{LocalFile, ReadAt, each_name, escaped_path, listing_buffer, retry_while_in_use};
use crate::repository::process::{Process, ProcessState};
use folders::Folders;
use new_file::LocalNewFile;

/// Where files are before they are published.
const TEMPORARY: &str = "tmp";
/// Temporary files of processes that cannot be seen from here (another machine, a container) count as
/// left over when nothing was written to them for this long.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Only the owner enters.
const FOLDER_MODE: Mode = Mode::RWXU;
/// How often a read that failed is tried again, and after what pause: cables and shares hiccup.
const READ_RETRIES: u32 = 2;
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// A folder that keeps write-once files.
pub struct LocalStorage {
    place: Arc<Place>,
}

/// What the storage and its unfinished files share.
struct Place {
    root: Arc<OwnedFd>,
    /// For messages only; never used to get at a file.
    path: PathBuf,
    folders: Folders,
    /// Whether the root has been listed by its handle, which can be done once.
    is_root_listed: AtomicBool,
    /// Whether one call makes everything durable, and reports when it could not; found out once.
    syncs_at_once: OnceLock<bool>,
    /// Held while that call is made.
    sync_turn: Mutex<()>,
    /// Set once something that was written may have been lost: nothing is believed durable after that.
    has_lost_writes: AtomicBool,
    /// The way in which a file gets a name that must be free, see [`publish`].
    naming: AtomicU8,
}

impl LocalStorage {
    /// Opens the folder, which is made, with those above it, where it is missing.
    pub fn create(path: &Path) -> Result<LocalStorage> {
        make_folders(path)?;
        LocalStorage::open(path)
    }

    /// Opens a folder that is there.
    ///
    /// Errors: [`ErrorKind::NotFound`] when it is not.
    pub fn open(path: &Path) -> Result<LocalStorage> {
        let _call = waiting::note("open", path);
        let root = reading(|| open_folder(CWD, path)).context("open the folder", path)?;
        let root = Arc::new(root);
        Ok(LocalStorage {
            place: Arc::new(Place {
                folders: Folders::new(&root),
                root,
                path: path.to_owned(),
                is_root_listed: AtomicBool::new(false),
                syncs_at_once: OnceLock::new(),
                sync_turn: Mutex::new(()),
                has_lost_writes: AtomicBool::new(false),
                naming: AtomicU8::new(0),
            }),
        })
    }

    /// Makes folders in here that files will be published to; durable with the next of those.
    pub fn provide_folders(&self, folders: &[&str]) -> Result<()> {
        for folder in folders {
            self.place.make_folder(folder)?;
            self.place.folders.changed(folder);
        }
        Ok(())
    }

    /// Says which folders there are. Their names are made durable with the first thing that is published, once for all of
    /// them, and not for each when it is used first.
    pub fn expect_folders(&self, folders: &[&str]) {
        self.place.folders.know(folders);
    }

    /// The handle on the folder.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.place.root.as_fd()
    }

    /// The path that the folder was opened by, for messages.
    pub fn path(&self) -> &Path {
        &self.place.path
    }
}

impl Place {
    /// The path of a file or folder in here, for messages.
    fn full_path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a folder, and those above it within the storage.
    fn make_folder(&self, folder: &str) -> Result<()> {
        match retry_on_intr(|| rustix::fs::mkdirat(&self.root, folder, FOLDER_MODE)) {
            // Whoever has made it may not have made its name durable.
            Ok(()) | Err(Errno::EXIST) => {
                self.folders.changed(parent_of(folder));
                Ok(())
            }
            Err(Errno::NOENT) if folder.contains('/') => {
                self.make_folder(parent_of(folder))?;
                self.make_folder(folder)
            }
            Err(Errno::NOENT) => Err(Error::new(ErrorKind::Unavailable, "make the folder")
                .because("the folder that it belongs into is gone")
                .at(self.full_path(folder))),
            other => other.context("make the folder", self.full_path(folder)),
        }
    }
}

impl Storage for LocalStorage {
    fn list(&self, folder: &str) -> Result<Vec<Listed>> {
        let _call = waiting::note("list", &self.place.path);
        let mut listed = Vec::new();
        self.for_each_file(folder, StatxFlags::SIZE, |name, status| {
            listed.push(Listed {
                name: name.to_owned(),
                bytes: status.stx_size,
            });
        })?;
        Ok(listed)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>> {
        let _call = waiting::note("list", &self.place.path);
        let mut names = Vec::new();
        self.for_each_name(folder, |handle, name, kind| {
            let is_file = match kind {
                FileType::Unknown => {
                    let status = status_of(handle, name, StatxFlags::TYPE)?;
                    status.is_some_and(|status| is_regular(&status))
                }
                kind => kind == FileType::RegularFile,
            };
            if is_file {
                names.push(name.to_owned());
            }
            Ok(())
        })?;
        Ok(names)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn ReadAt>> {
        checked(name)?;
        let _call = waiting::note("open a file in", &self.place.path);
        let path = || self.place.full_path(name);
        // Should the name lead to a pipe, do not wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = reading(|| rustix::fs::openat(&self.place.root, name, flags, Mode::empty()));
        let file = File::from(opened.context("open", path())?);
        // Opening it has brought its attributes along, and what is stored never changes: a share need not be
        // asked for them again.
        let wanted = StatxFlags::TYPE | StatxFlags::SIZE;
        let status = status_of(file.as_fd(), "", wanted).context("open", path())?;
        let status = status.filter(is_regular);
        let Some(status) = status else {
            return Err(not_a_file("open").at(path()));
        };
        let file = LocalFile::with_len(file, status.stx_size);
        Ok(Arc::new(StoredFile {
            file,
            place: Arc::clone(&self.place),
        }))
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        checked(name)?;
        let _call = waiting::note("look into", &self.place.path);
        let found =
            reading(|| rustix::fs::statat(&self.place.root, name, AtFlags::SYMLINK_NOFOLLOW));
        match found {
            Ok(status) if FileType::from_raw_mode(status.st_mode) == FileType::RegularFile => {
                Ok(Some(status.st_size as u64))
            }
            Ok(_) => Err(not_a_file("look at").at(self.place.full_path(name))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(errno).context("look at", self.place.full_path(name)),
        }
    }

    fn create(&self) -> Result<Box<dyn NewFile>> {
        Ok(Box::new(LocalNewFile::new(Arc::clone(&self.place))))
    }

    fn publish(&self, files: Vec<(Box<dyn NewFile>, String)>) -> Result<Vec<usize>> {
        let _call = waiting::note(DURABLE, &self.place.path);
        self.place.publish(files)
    }

    fn publish_first_free(
        &self,
        file: Box<dyn NewFile>,
        names: &mut dyn Iterator<Item = String>,
    ) -> Result<String> {
        let _call = waiting::note(DURABLE, &self.place.path);
        self.place.publish_first_free(file, names)
    }

    fn delete(&self, name: &str) -> Result<()> {
        checked(name)?;
        let _call = waiting::note("delete from", &self.place.path);
        let unlink = || rustix::fs::unlinkat(&self.place.root, name, AtFlags::empty());
        let deleted = retry_while_in_use(|| retry_on_intr(unlink));
        match deleted {
            Ok(()) => {
                self.place.folders.changed(parent_of(name));
                Ok(())
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(errno) => Err(errno).context("delete", self.place.full_path(name)),
        }
    }

    fn flush_deletions(&self, folder: &str) -> Result<()> {
        let _call = waiting::note(DURABLE, &self.place.path);
        self.place.sync_folders(Some(folder))
    }

    fn leftovers(&self) -> Result<Vec<Listed>> {
        let now = SystemTime::now();
        let mut left = Vec::new();
        let wanted = StatxFlags::SIZE | StatxFlags::MTIME;
        self.for_each_file(TEMPORARY, wanted, |name, status| {
            let mark = name.rsplit_once('-').map(|(mark, _random)| mark);
            let is_left = match mark.and_then(Process::parse).map(|owner| owner.state()) {
                Some(ProcessState::Running) => false,
                Some(ProcessState::Ended | ProcessState::EarlierBoot) => true,
                Some(ProcessState::Hidden | ProcessState::Elsewhere) | None => {
                    let written = u64::try_from(status.stx_mtime.tv_sec).unwrap_or(0);
                    let written = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(written));
                    written
                        .and_then(|written| now.duration_since(written).ok())
                        .is_some_and(|age| age > ABANDONED)
                }
            };
            if is_left {
                left.push(Listed {
                    name: name.to_owned(),
                    bytes: status.stx_size,
                });
            }
        })?;
        Ok(left)
    }

    fn delete_leftover(&self, name: &str) -> Result<()> {
        self.delete(&format!("{TEMPORARY}/{name}"))
    }

    fn space(&self) -> Result<Space> {
        let _call = waiting::note("look into", &self.place.path);
        let status = reading(|| rustix::fs::fstatvfs(&self.place.root))
            .context("ask for the free space of", &self.place.path)?;
        Ok(Space {
            total: status.f_blocks.saturating_mul(status.f_frsize),
            free: status.f_bavail.saturating_mul(status.f_frsize),
        })
    }

    fn describe(&self) -> String {
        escaped_path(&self.place.path).to_string()
    }
}

impl LocalStorage {
    /// Calls `found` with name and status of every file in `folder`.
    fn for_each_file(
        &self,
        folder: &str,
        wanted: StatxFlags,
        mut found: impl FnMut(&str, &Statx),
    ) -> Result<()> {
        let wanted = wanted | StatxFlags::TYPE;
        self.for_each_name(folder, |handle, name, kind| {
            if matches!(kind, FileType::RegularFile | FileType::Unknown)
                && let Some(status) = status_of(handle, name, wanted)?
                && is_regular(&status)
            {
                found(name, &status);
            }
            Ok(())
        })
    }

    /// Calls `found` with a handle on `folder`, and name and type of everything in it that could be ours.
    fn for_each_name(
        &self,
        folder: &str,
        mut found: impl FnMut(BorrowedFd<'_>, &str, FileType) -> rustix::io::Result<()>,
    ) -> Result<()> {
        let path = || self.place.full_path(folder);
        // The folder of the storage itself is listed by the handle that is open anyway: to open and close another one would
        // be two round trips. Only once: some shares do not read a folder anew when its handle is set back to the
        // start, but give what they had, or nothing.
        let is_first =
            folder.is_empty() && !self.place.is_root_listed.swap(true, Ordering::Relaxed);
        let opened = match is_first {
            true => None,
            false => match reading(|| open_folder(&self.place.root, or_itself(folder))) {
                Err(Errno::NOENT) => return Ok(()),
                opened => Some(opened.context("list", path())?),
            },
        };
        let handle = opened.as_ref().unwrap_or(&self.place.root).as_fd();
        let listed = each_name(handle, &mut listing_buffer(), |name, kind| {
            // Names that are not text are not ours.
            name.to_str()
                .map_or(Ok(()), |name| found(handle, name, kind))
        });
        listed.context("list", path())
    }
}

/// Attributes of a file in a folder, or with an empty name of what `handle` is on; `None` if there is none. As the
/// listing, or the opening, brought them along: a share is not asked once more.
fn status_of(
    handle: BorrowedFd<'_>,
    name: &str,
    wanted: StatxFlags,
) -> rustix::io::Result<Option<Statx>> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC | AtFlags::EMPTY_PATH;
    match reading(|| rustix::fs::statx(handle, name, flags, wanted)) {
        Err(Errno::NOENT) => Ok(None),
        status => status.map(Some),
    }
}

fn is_regular(status: &Statx) -> bool {
    FileType::from_raw_mode(status.stx_mode.into()) == FileType::RegularFile
}

/// A stored file; a read that fails is tried again.
struct StoredFile {
    file: LocalFile,
    place: Arc<Place>,
}

impl ReadAt for StoredFile {
    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let _call = waiting::note("read from", &self.place.path);
        let mut retries = READ_RETRIES;
        loop {
            match self.file.read_exact_at(buffer, offset) {
                Err(e) if retries > 0 && is_hiccup(&e) => {
                    retries -= 1;
                    std::thread::sleep(RETRY_PAUSE);
                }
                done => return done,
            }
        }
    }
}

fn is_hiccup(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

/// Makes a call that changes nothing: again when it was interrupted, twice again when the device failed.
fn reading<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    let mut retries = READ_RETRIES;
    loop {
        match call() {
            Err(Errno::INTR) => {}
            Err(Errno::IO) if retries > 0 => {
                retries -= 1;
                std::thread::sleep(RETRY_PAUSE);
            }
            done => return done,
        }
    }
}

fn open_folder(at: impl AsFd, path: impl rustix::path::Arg + Copy) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty())
}

/// Makes `path` and what is missing above it; what was made is durable.
fn make_folders(path: &Path) -> Result<()> {
    let mut missing = Vec::new();
    for folder in path.ancestors().filter(|path| !path.as_os_str().is_empty()) {
        match make_durable_folder(folder) {
            Err(Errno::NOENT) => missing.push(folder),
            made => {
                made.context("make the folder", folder)?;
                break;
            }
        }
    }
    for folder in missing.into_iter().rev() {
        make_durable_folder(folder).context("make the folder", folder)?;
    }
    Ok(())
}

fn make_durable_folder(folder: &Path) -> rustix::io::Result<()> {
    match retry_on_intr(|| rustix::fs::mkdirat(CWD, folder, FOLDER_MODE)) {
        Err(Errno::EXIST) => return Ok(()),
        made => made?,
    }
    let above = folder.parent().filter(|path| !path.as_os_str().is_empty());
    match open_folder(CWD, above.unwrap_or(Path::new("."))) {
        Ok(above) => folders::sync_folder(&above).map(|_| ()),
        // One may be allowed to make a folder where one may not list.
        Err(Errno::ACCESS) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// The folder of a file, empty for the root.
fn parent_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn or_itself(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

/// Refuses names that could lead outside the storage; none that Gibus makes do.
fn checked(name: &str) -> Result<()> {
    let is_plain =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
    if name.split('/').all(is_plain) {
        Ok(())
    } else {
        Err(Error::invalid("use the name", "it is not one of a stored file").at(name))
    }
}

fn not_a_file(attempted: &str) -> Error {
    Error::damaged(attempted, "something that is not a file is in its place")
}

#[cfg(test)]
mod tests;
