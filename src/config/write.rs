//! Writing a file of the configuration so that it is there whole or not at all, and for its owner only.
//!
//! It is written under a name of its own, made durable, and then gets its final name in one step. A crash
//! leaves the old file or the new one, and at worst a hidden file that nobody reads.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};
use crate::format::id::Id;

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and that is an error.
    Keep,
    Replace,
}

/// Makes a folder that only its owner can enter, with those above it; one that is there is left as it is.
pub fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let attempted = "make the folder";
    if let Some(above) = folder.parent() {
        make_folder(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        // By another process, just now.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => return Ok(()),
        made => made.context(attempted, folder)?,
    }
    // The mode given above was subject to the umask, which may take away even the owner's rights.
    fs::set_permissions(folder, Permissions::from_mode(0o700)).context(attempted, folder)?;
    match folder.parent() {
        Some(above) => sync_folder(above),
        None => Ok(()),
    }
}

/// Writes a file; durable when this returns.
///
/// Errors: [`crate::error::ErrorKind::AlreadyExists`] with [`Existing::Keep`].
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::invalid("write", "it is not a file's path").at(path));
    };
    let temporary = folder.join(format!(".{}-{}.tmp", name.display(), Id::random()?));
    let written = write_new(&temporary, bytes).and_then(|()| give_name(&temporary, path, existing));
    if written.is_err() {
        // Whatever went wrong is what is told; the file that may be left is hidden and harmless.
        let _ = fs::remove_file(&temporary);
    }
    written.context("write the configuration", path)?;
    sync_folder(folder)
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn give_name(temporary: &Path, path: &Path, existing: Existing) -> std::io::Result<()> {
    if existing == Existing::Replace {
        return fs::rename(temporary, path);
    }
    match rustix::fs::renameat_with(CWD, temporary, CWD, path, RenameFlags::NOREPLACE) {
        // A file system that cannot do it in one step.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if path.symlink_metadata().is_ok() {
                return Err(Errno::EXIST.into());
            }
            fs::rename(temporary, path)
        }
        renamed => Ok(renamed?),
    }
}

/// Makes names that appeared in a folder, or vanished from it, durable.
pub fn sync_folder(folder: &Path) -> Result<()> {
    let attempted = "make durable the folder";
    let handle = File::open(folder).context(attempted, folder)?;
    match rustix::fs::fsync(&handle) {
        // A share that does not know what that is.
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        synced => synced.context(attempted, folder),
    }
}
