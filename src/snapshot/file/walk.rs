//! Everything below a directory, depth first.

use super::listing::{Cursor, Held};
use super::read::Snapshot;
use crate::error::Result;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind};

/// Yields the path and the entry of everything below a directory: each directory, then what is in it,
/// names in the order of their bytes. See [`Snapshot::walk`].
///
/// A stack of cursors, not recursion: depth costs some hundred bytes a level. Every listing is visited
/// once at most (the argument is in the module's comment).
///
/// An error concerns one page of the directory that [`Walk::path`] names; whoever asks on gets
/// everything else that can be read.
///
/// ```no_run
/// # fn show(snapshot: &gibus::snapshot::file::Snapshot) -> gibus::error::Result<()> {
/// let mut walk = snapshot.walk(b"/", snapshot.root());
/// while let Some(step) = walk.next() {
///     let (path, entry) = step?;
///     if entry.name.as_bytes() == b".cache" {
///         walk.skip_below();
///     }
/// #   let _ = path;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Walk<'a> {
    snapshot: &'a Snapshot,
    held: Held,
    /// The directories that are open, with the length of each one's path.
    open: Vec<(Cursor, usize)>,
    /// The directory yielded last, opened next.
    pending: Option<DirectoryEntry>,
    path: Vec<u8>,
}

/// One step of a walk.
#[derive(Debug)]
pub struct Step<'a> {
    pub path: &'a [u8],
    /// 1 for what is directly in the directory at which the walk began.
    pub depth: usize,
    pub entry: Entry,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        prefix: &[u8],
        directory: &DirectoryEntry,
    ) -> Walk<'a> {
        Walk {
            snapshot,
            held: Held::default(),
            open: Vec::new(),
            pending: Some(*directory),
            path: prefix.to_vec(),
        }
    }

    /// Leaves out what is below the directory that was yielded last. Without effect after anything
    /// else, and before the first step.
    pub fn skip_below(&mut self) {
        if !self.open.is_empty() {
            self.pending = None;
        }
    }

    /// The path of what was yielded last; after an error, that of the directory that it concerns.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The next step, without a copy of its path: in a very deep tree, paths are longer than all else.
    pub fn advance(&mut self) -> Result<Option<Step<'_>>> {
        let next = self
            .next_entry()
            .map_err(|error| self.snapshot.error(error));
        Ok(next?.map(|entry| Step {
            path: &self.path,
            depth: self.open.len(),
            entry,
        }))
    }

    fn next_entry(&mut self) -> Result<Option<Entry>> {
        if let Some(directory) = self.pending.take() {
            self.open.push((Cursor::new(&directory), self.path.len()));
        }
        while let Some((cursor, path_len)) = self.open.last_mut() {
            match cursor.next(self.snapshot, &mut self.held) {
                Err(error) => {
                    self.path.truncate(*path_len);
                    return Err(error);
                }
                Ok(None) => {
                    self.open.pop();
                }
                Ok(Some(entry)) => {
                    self.path.truncate(*path_len);
                    if !self.path.is_empty() && !self.path.ends_with(b"/") {
                        self.path.push(b'/');
                    }
                    self.path.extend_from_slice(entry.name.as_bytes());
                    if let Kind::Directory(directory) = &entry.kind {
                        self.pending = Some(*directory);
                    }
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<(Vec<u8>, Entry)>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(None) => None,
            Ok(Some(step)) => Some(Ok((step.path.to_vec(), step.entry))),
            Err(error) => Some(Err(error)),
        }
    }
}
