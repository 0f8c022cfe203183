//! Whether what stands at the target is what the snapshot has.
//!
//! Size first, then content. A file that has the inode number, size, modification and change time that
//! the snapshot recorded is the one that was backed up, untouched since (the system sets the change
//! time, nobody else can), and is not read. Any other is read and hashed, but for its holes: what the
//! snapshot has as a hole must read as zeros.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{FileType, SeekFrom};
use rustix::io::Errno;

use super::apply::is_ours_to_remove;
use super::source::Contents;
use super::subject::Subject;
use super::target::{TargetFolder, stat_of};
use crate::error::Result;
use crate::format::digest::ContentHasher;
use crate::progress::Monitor;
use crate::repository::token::Token;
use crate::snapshot::capture::{Stat, is_in_steps};
use crate::snapshot::tree::{Attributes, Entry, Extent, FileEntry, Kind};

/// How like the snapshot's entry the existing file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same in everything.
    Identical,
    /// The same content (target, device number); the attributes differ.
    OtherAttributes,
    /// The same type, another content.
    OtherContent,
    /// Another type of file.
    OtherType,
}

/// Compares what was found at an entry's name in `folder` with the entry. Two directories are compared
/// in their attributes only.
///
/// Errors: cancelled; the repository is gone. A file that cannot be read is not known to be identical, so it is different.
pub fn compare(
    folder: &TargetFolder,
    found: &Stat,
    entry: &Entry,
    contents: &dyn Contents,
    monitor: &Monitor,
) -> Result<Likeness> {
    if found.file_type != file_type(&entry.kind) {
        return Ok(Likeness::OtherType);
    }
    match &entry.kind {
        Kind::File(wanted) => {
            return compare_files(folder, found, entry, wanted, contents, monitor);
        }
        Kind::SymbolicLink { target } => {
            let name = entry.name.as_bytes();
            match rustix::fs::readlinkat(folder, name, Vec::new()) {
                Ok(existing) if existing.as_bytes() == target => {}
                _ => return Ok(Likeness::OtherContent),
            }
        }
        Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            if found.device_number != (*major, *minor) {
                return Ok(Likeness::OtherContent);
            }
        }
        Kind::Directory(_) | Kind::Fifo | Kind::Socket => {}
    }
    let is_link = found.file_type == FileType::Symlink;
    let is_like = match folder.open_any(entry.name.as_bytes()) {
        Ok(fd) => has_attributes(found, &entry.attributes, Subject::referred(&fd, is_link)),
        Err(_) => false,
    };
    Ok(by_attributes(is_like))
}

/// The system's type of a file for a snapshot's.
pub fn file_type(kind: &Kind) -> FileType {
    match kind {
        Kind::File(_) => FileType::RegularFile,
        Kind::Directory(_) => FileType::Directory,
        Kind::SymbolicLink { .. } => FileType::Symlink,
        Kind::Fifo => FileType::Fifo,
        Kind::Socket => FileType::Socket,
        Kind::CharacterDevice { .. } => FileType::CharacterDevice,
        Kind::BlockDevice { .. } => FileType::BlockDevice,
    }
}

fn by_attributes(is_like: bool) -> Likeness {
    if is_like {
        Likeness::Identical
    } else {
        Likeness::OtherAttributes
    }
}

fn compare_files(
    folder: &TargetFolder,
    found: &Stat,
    entry: &Entry,
    wanted: &FileEntry,
    contents: &dyn Contents,
    monitor: &Monitor,
) -> Result<Likeness> {
    let Some(token) = &wanted.token else {
        return Ok(Likeness::OtherContent);
    };
    if found.size != wanted.size {
        return Ok(Likeness::OtherContent);
    }
    // Where times are coarse they do not tell of what was written just after the backup.
    if !entry.incomplete
        && found.is_unchanged_since(&entry.attributes)
        && !is_in_steps(entry.attributes.changed)
    {
        return Ok(Likeness::Identical);
    }
    let Ok(file) = folder.open_file(&entry.name) else {
        return Ok(Likeness::OtherContent);
    };
    let is_same_file = stat_of(&file).is_ok_and(|stat| stat.is_same_version(found));
    if !is_same_file || !has_content(&file, wanted, token, contents, monitor)? {
        return Ok(Likeness::OtherContent);
    }
    let is_like = has_attributes(found, &entry.attributes, Subject::opened(&file));
    // Attributes belong to the file, so they would change under its other names too.
    if !is_like && found.links > 1 && entry.hard_link.is_none() {
        return Ok(Likeness::OtherContent);
    }
    Ok(by_attributes(is_like))
}

/// Whether everything that a restore would set is set.
fn has_attributes(found: &Stat, wanted: &Attributes, subject: Subject<'_>) -> bool {
    let is_link = found.file_type == FileType::Symlink;
    if (found.uid, found.gid) != (wanted.uid, wanted.gid)
        || found.modified != wanted.modified
        || (found.mode != wanted.mode & 0o7777 && !is_link)
    {
        return false;
    }
    match subject.read_extended() {
        Ok(mut existing) => {
            // What the system keeps for itself is no difference.
            existing.retain(|attribute| {
                is_ours_to_remove(&attribute.name) || wanted.extended.contains(attribute)
            });
            existing.as_slice() == &*wanted.extended
        }
        Err(_) => false,
    }
}

/// Whether the file's bytes are those of the snapshot.
pub fn has_content(
    file: &File,
    wanted: &FileEntry,
    token: &Token,
    contents: &dyn Contents,
    monitor: &Monitor,
) -> Result<bool> {
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; 128 << 10];
    let mut at = 0;
    let end = Extent {
        offset: wanted.size,
        len: 0,
    };
    for hole in wanted.holes.iter().chain([&end]) {
        let data = read_run(file, at, hole.offset, &mut buffer, monitor, |bytes| {
            hasher.update(bytes);
            true
        });
        if !data? || !is_zero(file, hole, &mut buffer, monitor)? {
            return Ok(false);
        }
        at = hole.offset.saturating_add(hole.len);
    }
    let digest = hasher.finish();
    if digest.sha1 != token.sha1 {
        return Ok(false);
    }
    // Two contents can be made that have one SHA-1.
    match contents.content_digest(token) {
        Ok(wanted) => Ok(wanted == digest),
        // Nothing can be restored in its place, either: better leave what seems right.
        Err(error) if !error.is_fatal() => Ok(true),
        Err(error) => Err(error),
    }
}

/// Hands the bytes from `at` to `end` to `take` until that says no; false then, and when they cannot be
/// read.
fn read_run(
    file: &File,
    mut at: u64,
    end: u64,
    buffer: &mut [u8],
    monitor: &Monitor,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<bool> {
    while at < end {
        monitor.check_cancelled()?;
        let want = (end - at).min(buffer.len() as u64) as usize;
        let Some(part) = buffer.get_mut(..want) else {
            return Ok(false);
        };
        match file.read_at(part, at) {
            Ok(0) => return Ok(false),
            Ok(len) => {
                if !part.get(..len).is_some_and(&mut take) {
                    return Ok(false);
                }
                at += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether the file reads as zeros there. Its own holes are passed over.
fn is_zero(file: &File, hole: &Extent, buffer: &mut [u8], monitor: &Monitor) -> Result<bool> {
    let end = hole.offset.saturating_add(hole.len);
    let mut at = hole.offset;
    while at < end {
        at = match rustix::fs::seek(file.as_fd(), SeekFrom::Data(at)) {
            Ok(data) => data,
            // No data from here to the end of the file.
            Err(Errno::NXIO) => return Ok(true),
            Err(_) => at,
        };
        let data_end = match rustix::fs::seek(file.as_fd(), SeekFrom::Hole(at)) {
            Ok(data_end) if data_end > at => data_end.min(end),
            _ => end,
        };
        let is_zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
        if !read_run(file, at, data_end, buffer, monitor, is_zero)? {
            return Ok(false);
        }
        at = data_end.max(at);
    }
    Ok(true)
}
