//! What changed: between two snapshots, or between a snapshot and the disk.
//!
//! - [`differences`]: everything that differs between two snapshots
//! - [`folder_changes`]: which names in one folder differ, quickly
//! - [`differences_with_disk`]: what the next backup would find
//!
//! Two trees are walked side by side, folder by folder, names in the order of their bytes; what only one
//! of them has comes with everything below it. Memory grows with the depth of the trees and not with the
//! number of their entries.

mod disk;
mod folder;

use std::cmp::Ordering;
use std::iter::Peekable;

pub use self::disk::{DiskDifference, DiskOptions, differences_with_disk};
pub use self::folder::{FolderChange, folder_changes};
use super::file::{Listing, Snapshot};
use super::tree::{Attributes, DirectoryEntry, Entry, Kind};
use super::versions::is_same_content;
use crate::error::Result;

/// How an entry differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the new snapshot has it.
    Added,
    /// Only the old snapshot has it.
    Removed,
    /// It is of another type.
    Type,
    /// Its content is another, or the target of a link, or the numbers of a device.
    Content,
    /// Owner, group, mode, extended attributes, or the time of what is not a folder. A folder's time
    /// changes whenever anything in it does, and says nothing more.
    Attributes,
}

/// An entry that differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Absolute.
    pub path: Vec<u8>,
    pub change: Change,
    /// As the old snapshot has it.
    pub old: Option<Entry>,
    pub new: Option<Entry>,
}

/// Yields the differences below a folder, each folder before what is in it. Ends after an error.
pub struct Differences<'a> {
    old: &'a Snapshot,
    new: &'a Snapshot,
    is_same_repository: bool,
    open: Vec<Level<'a>>,
    path: Vec<u8>,
}

/// A folder that is open, on the side or sides that have it.
struct Level<'a> {
    path_len: usize,
    old: Option<Peekable<Listing<'a>>>,
    new: Option<Peekable<Listing<'a>>>,
}

/// The differences between the folder `path` of two snapshots; one that does not have it has nothing there.
pub fn differences<'a>(
    old: &'a Snapshot,
    new: &'a Snapshot,
    path: &[u8],
) -> Result<Differences<'a>> {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let folder =
        |snapshot: &Snapshot| snapshot.directory(if path.is_empty() { b"/" } else { path });
    let mut differences = Differences {
        old,
        new,
        is_same_repository: is_same_repository(old, new),
        open: Vec::new(),
        path: path.to_vec(),
    };
    differences.enter(folder(old)?.as_ref(), folder(new)?.as_ref());
    Ok(differences)
}

impl Differences<'_> {
    fn enter(&mut self, old: Option<&DirectoryEntry>, new: Option<&DirectoryEntry>) {
        self.open.push(Level {
            path_len: self.path.len(),
            old: old.map(|folder| self.old.entries(folder).peekable()),
            new: new.map(|folder| self.new.entries(folder).peekable()),
        });
    }

    fn step(&mut self) -> Result<Option<Difference>> {
        while let Some(level) = self.open.last_mut() {
            self.path.truncate(level.path_len);
            let (old, new) = next_pair(level)?;
            let Some(entry) = old.as_ref().or(new.as_ref()) else {
                self.open.pop();
                continue;
            };
            self.path.push(b'/');
            self.path.extend_from_slice(entry.name.as_bytes());
            let (old_folder, new_folder) = (folder_of(old.as_ref()), folder_of(new.as_ref()));
            if old_folder.is_some() || new_folder.is_some() {
                self.enter(old_folder.as_ref(), new_folder.as_ref());
            }
            if let Some(change) = compare(old.as_ref(), new.as_ref(), self.is_same_repository) {
                return Ok(Some(Difference {
                    path: self.path.clone(),
                    change,
                    old,
                    new,
                }));
            }
        }
        Ok(None)
    }
}

impl Iterator for Differences<'_> {
    type Item = Result<Difference>;

    fn next(&mut self) -> Option<Result<Difference>> {
        let next = self.step();
        if next.is_err() {
            self.open.clear();
        }
        next.transpose()
    }
}

/// An entry of one side, if that has it.
type Side = Option<Entry>;

/// The next name of either side, with the entry of each side that has it.
fn next_pair(level: &mut Level) -> Result<(Side, Side)> {
    let new_name = match peek(&mut level.new) {
        Some(Ok(entry)) => Some(entry.name.as_bytes()),
        // An error comes out when it is taken.
        Some(Err(_)) => return Ok((None, take(&mut level.new)?)),
        None => None,
    };
    let Some((has_old, has_new)) = next_name(peek(&mut level.old), new_name) else {
        return Ok((None, None));
    };
    let old = match has_old {
        true => take(&mut level.old)?,
        false => None,
    };
    let new = match has_new {
        true => take(&mut level.new)?,
        false => None,
    };
    Ok((old, new))
}

/// Which sides have the lowest name of the two that come next; `None` when both are at their end.
fn next_name(old: Option<&Result<Entry>>, new: Option<&[u8]>) -> Option<(bool, bool)> {
    let order = match (old, new) {
        (None, None) => return None,
        (Some(_), None) | (Some(Err(_)), Some(_)) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(Ok(old)), Some(new)) => old.name.as_bytes().cmp(new),
    };
    Some((order != Ordering::Greater, order != Ordering::Less))
}

fn peek<'l>(side: &'l mut Option<Peekable<Listing<'_>>>) -> Option<&'l Result<Entry>> {
    side.as_mut().and_then(Peekable::peek)
}

fn take(side: &mut Option<Peekable<Listing<'_>>>) -> Result<Option<Entry>> {
    side.as_mut().and_then(Iterator::next).transpose()
}

fn folder_of(entry: Option<&Entry>) -> Option<DirectoryEntry> {
    match entry.map(|entry| &entry.kind) {
        Some(Kind::Directory(folder)) => Some(*folder),
        _ => None,
    }
}

/// Whether tokens of both can be compared.
fn is_same_repository(old: &Snapshot, new: &Snapshot) -> bool {
    old.header().repository.id == new.header().repository.id
}

fn compare(old: Option<&Entry>, new: Option<&Entry>, is_same_repository: bool) -> Option<Change> {
    let (old, new) = match (old, new) {
        (None, None) => return None,
        (Some(_), None) => return Some(Change::Removed),
        (None, Some(_)) => return Some(Change::Added),
        (Some(old), Some(new)) => (old, new),
    };
    let content = match (&old.kind, &new.kind) {
        // Where a listing lies, and what is below it, says nothing of the folder itself.
        (Kind::Directory(_), Kind::Directory(_)) => None,
        (Kind::File(old), Kind::File(new)) => {
            let is_same = is_same_content(old, new, is_same_repository);
            (!is_same.unwrap_or(true)).then_some(Change::Content)
        }
        (old, new) if std::mem::discriminant(old) != std::mem::discriminant(new) => {
            Some(Change::Type)
        }
        (old, new) => (old != new).then_some(Change::Content),
    };
    let is_folder = old.is_directory();
    content.or_else(|| {
        (!same_attributes(&old.attributes, &new.attributes, is_folder))
            .then_some(Change::Attributes)
    })
}

fn same_attributes(old: &Attributes, new: &Attributes, is_folder: bool) -> bool {
    old.mode == new.mode
        && old.uid == new.uid
        && old.gid == new.gid
        && old.extended == new.extended
        && (is_folder || old.modified == new.modified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::escaped;
    use crate::snapshot::restore::tests::{Sample, entry};

    fn folder(sample: &mut Sample, name: &str, entries: Vec<Entry>) -> Entry {
        let listing = sample.add(entries);
        entry(name, Kind::Directory(listing))
    }

    fn old() -> Snapshot {
        let mut sample = Sample::default();
        let same = sample.file("same", b"1");
        let a = folder(&mut sample, "a", vec![same]);
        let (gone, changed, moved) = (
            sample.file("gone", b"2"),
            sample.file("changed", b"3"),
            sample.file("was a file", b"4"),
        );
        let b = folder(&mut sample, "b", vec![gone, changed, moved]);
        let below = sample.file("below", b"5");
        let removed = folder(&mut sample, "removed", vec![below]);
        let mode = sample.file("mode", b"6");
        sample.finish(vec![a, b, removed, mode]);
        sample.open_alone()
    }

    fn new() -> Snapshot {
        let mut sample = Sample::default();
        let same = sample.file("same", b"1");
        let mut a = folder(&mut sample, "a", vec![same]);
        // A folder's time alone says nothing.
        a.attributes.modified.seconds += 5;
        let (added, changed) = (sample.file("added", b"22"), sample.file("changed", b"33"));
        let inside = sample.file("inside", b"4");
        let now_a_folder = folder(&mut sample, "was a file", vec![inside]);
        let b = folder(&mut sample, "b", vec![added, changed, now_a_folder]);
        let mut mode = sample.file("mode", b"6");
        mode.attributes.mode = 0o600;
        sample.finish(vec![a, b, mode]);
        sample.open_alone()
    }

    /// The differences in words, in the order in which they come.
    fn words(old: &Snapshot, new: &Snapshot, path: &str) -> Vec<String> {
        differences(old, new, path.as_bytes())
            .unwrap()
            .map(|difference| {
                let Difference { path, change, .. } = difference.unwrap();
                format!("{} {change:?}", escaped(&path))
            })
            .collect()
    }

    #[test]
    fn each_way_of_differing_is_told_apart() {
        let (old, new) = (old(), new());
        assert_eq!(
            words(&old, &new, "/"),
            [
                "/b/added Added",
                "/b/changed Content",
                "/b/gone Removed",
                "/b/was a file Type",
                "/b/was a file/inside Added",
                "/mode Attributes",
                "/removed Removed",
                "/removed/below Removed",
            ]
        );
        assert_eq!(words(&old, &new, "/removed"), ["/removed/below Removed"]);
        assert_eq!(words(&old, &new, "/a/"), [""; 0]);
    }

    #[test]
    fn a_snapshot_does_not_differ_from_itself() {
        let old = old();
        assert_eq!(words(&old, &old, "/"), [""; 0]);
    }

    #[test]
    fn trees_thousands_deep_are_compared() {
        let deep = |bottom: &[u8]| {
            let mut sample = Sample::default();
            let file = sample.file("bottom", bottom);
            let mut below = folder(&mut sample, "d", vec![file]);
            for _ in 0..2000 {
                below = folder(&mut sample, "d", vec![below]);
            }
            sample.finish(vec![below]);
            sample.open_alone()
        };
        let words = words(&deep(b"1"), &deep(b"2"), "/");
        assert_eq!(words.len(), 1);
        assert!(words[0].ends_with("/d/bottom Content"));
    }
}
