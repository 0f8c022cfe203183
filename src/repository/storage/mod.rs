//! The narrow interface through which a repository or an archive reaches its place: list, read a
//! range, publish, delete.
//!
//! Everything stored is write-once. A file is written under a temporary name, made durable and
//! published with one rename to a name that did not exist; it is never modified, appended to or renamed
//! over. CIFS servers break all three, object stores have none. Whatever implements [`Storage`] can hold
//! a repository.
//!
//! Names are relative, with `/` between their parts, made of ASCII letters, digits, `.`, `-` and `_`.
//! They are made by Gibus and hold nothing from outside.

pub mod local;
pub mod memory;
pub mod overlay;
#[cfg(test)]
mod suite;
pub mod waiting;

use std::io::Write;
use std::sync::Arc;

use crate::error::Result;
use crate::fs::ReadAt;

/// One file in a folder of the storage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Name within the folder that was listed.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Space on the place where a storage lies, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub total: u64,
    /// What is free for this user.
    pub free: u64,
}

/// A place that keeps write-once files. All methods may be called by several threads at once.
pub trait Storage: Send + Sync {
    /// The files directly in `folder` (not the folders), in any order. A missing folder has none.
    fn list(&self, folder: &str) -> Result<Vec<Listed>>;

    /// The names of the files that [`Storage::list`] finds. Costs nothing for each file where a listing tells
    /// files from folders, which all usual places do.
    fn names(&self, folder: &str) -> Result<Vec<String>>;

    /// Opens a file for reading at positions.
    ///
    /// Errors: [`crate::error::ErrorKind::NotFound`] when there is none.
    fn open(&self, name: &str) -> Result<Arc<dyn ReadAt>>;

    /// Length of a file in bytes, `None` when there is none.
    fn size(&self, name: &str) -> Result<Option<u64>>;

    /// Starts a new file, invisible until it is published.
    fn create(&self) -> Result<Box<dyn NewFile>>;

    /// Makes a batch of files durable, and only then visible under their names, in order; the names
    /// are durable too when this returns. One call costs less than one for each file.
    ///
    /// Returns the positions of files whose name was taken already: those were not published and are
    /// deleted, all others were. Most callers want [`publish_one`], for which that is an error.
    fn publish(&self, files: Vec<(Box<dyn NewFile>, String)>) -> Result<Vec<usize>>;

    /// Makes one file durable, and then visible under the first of `names` that is free; returns which
    /// that is. For names that others may take meanwhile.
    ///
    /// Errors: [`crate::error::ErrorKind::AlreadyExists`] when all are taken.
    fn publish_first_free(
        &self,
        file: Box<dyn NewFile>,
        names: &mut dyn Iterator<Item = String>,
    ) -> Result<String>;

    /// Deletes a file; one that does not exist is no error. Durable with the next
    /// [`Storage::publish`] or [`Storage::flush_deletions`].
    fn delete(&self, name: &str) -> Result<()>;

    /// Makes the deletions so far in `folder` durable.
    fn flush_deletions(&self, folder: &str) -> Result<()>;

    /// Names of unpublished files that no running process of this host owns, left by a crash.
    fn leftovers(&self) -> Result<Vec<Listed>>;

    /// Deletes one of the [`Storage::leftovers`].
    fn delete_leftover(&self, name: &str) -> Result<()>;

    fn space(&self) -> Result<Space>;

    /// Where this is, for messages.
    fn describe(&self) -> String;
}

/// A file being written. Dropped without being published, it is deleted.
pub trait NewFile: Write + Send {
    /// For the storage that made it, to find it again.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

/// Publishes one file.
///
/// Errors: [`crate::error::ErrorKind::AlreadyExists`] when the name is taken.
pub fn publish_one(storage: &dyn Storage, file: Box<dyn NewFile>, name: &str) -> Result<()> {
    let taken = storage.publish(vec![(file, name.to_owned())])?;
    if taken.is_empty() {
        return Ok(());
    }
    Err(name_taken(&format!("{}/{name}", storage.describe())))
}

/// The error of a file whose name is taken.
fn name_taken(at: &str) -> crate::error::Error {
    crate::error::Error::new(crate::error::ErrorKind::AlreadyExists, "publish")
        .at(at)
        .because("there is a file of that name already")
}

/// Deletes a file that nothing depends on being gone. False when somebody has it open on a share that does not delete
/// such files (SMB); it is left for a later prune.
pub fn discard(storage: &dyn Storage, name: &str) -> Result<bool> {
    match storage.delete(name) {
        Ok(()) => Ok(true),
        Err(error) if error.is_in_use() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Publishes one small file with these bytes.
pub fn publish_bytes(storage: &dyn Storage, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = storage.create()?;
    file.write_all(bytes)
        .map_err(|e| crate::error::Error::io("write", &e).at(name))?;
    publish_one(storage, file, name)
}

/// The whole of a small file, at most `limit` bytes.
pub fn read_bytes(storage: &dyn Storage, name: &str, limit: u64) -> Result<Vec<u8>> {
    let file = storage.open(name)?;
    if file.len() > limit {
        return Err(crate::error::Error::damaged(
            "read",
            format!("it is {} bytes long, more than it can be", file.len()),
        )
        .at(name));
    }
    let mut bytes = vec![0; file.len() as usize];
    file.read_exact_at(&mut bytes, 0)
        .map_err(|e| crate::error::Error::io("read", &e).at(name))?;
    Ok(bytes)
}
