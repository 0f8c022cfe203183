//! Every entry of a tree, in the order that reads each page of the snapshot once.
//!
//! Listings are numbered in post-order, that of a folder behind those of everything below it
//! ([`crate::snapshot::file`]). Whoever reads a folder's whole listing first, and then goes into the last of the
//! folders in it, gets them in descending order, one next to the other: no page is come back to, however
//! big the tree is.

use crate::error::{Error, Result};
use crate::progress::Monitor;
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind};

/// Between this many entries the cancel flag is looked at.
const CANCEL_EVERY: u64 = 1024;

/// Whoever is told of the entries. A folder has whatever mark its visitor gives it.
pub(super) trait Visitor {
    type Mark;

    /// A folder in the folder marked `within`. Returns its own mark.
    fn folder(&mut self, within: &Self::Mark, entry: &Entry) -> Result<Self::Mark>;

    /// Anything that is no folder.
    fn file(&mut self, within: &Self::Mark, entry: &Entry) -> Result<()>;

    /// A part of a folder could not be read; the rest follows.
    fn unreadable(&mut self, within: &Self::Mark, error: Error);
}

/// Goes through everything below `top`, which is marked `mark`. All folders in a folder come one after the
/// other, in the order of their names.
///
/// Errors: the work was cancelled; the place where the snapshot is is gone; what the visitor fails with.
pub(super) fn visit<V: Visitor>(
    snapshot: &Snapshot,
    top: &DirectoryEntry,
    mark: V::Mark,
    visitor: &mut V,
    monitor: &Monitor,
) -> Result<()> {
    let mut pending = vec![(*top, mark)];
    let mut count = 0_u64;
    while let Some((directory, mark)) = pending.pop() {
        for entry in snapshot.entries(&directory) {
            count += 1;
            if count.is_multiple_of(CANCEL_EVERY) {
                monitor.check_cancelled()?;
            }
            match entry {
                Ok(entry) => match &entry.kind {
                    Kind::Directory(below) => {
                        let of_below = visitor.folder(&mark, &entry)?;
                        pending.push((*below, of_below));
                    }
                    _ => visitor.file(&mark, &entry)?,
                },
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => visitor.unreadable(&mark, error),
            }
        }
    }
    monitor.check_cancelled()
}
