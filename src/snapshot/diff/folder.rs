//! What changed in one folder between two snapshots, quickly enough to be shown at once.
//!
//! A folder in it has changed if anything below has. The sums of a folder are in its entry, and the pages
//! that a folder is written in have digests: these two settle nearly all folders without reading what is
//! below. The others are compared entry by entry up to the first difference, and only so far.

use std::collections::HashMap;

use super::{Level, Side, compare, folder_of, next_pair};
use crate::error::Result;
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{DirectoryEntry, Name};

/// About a tenth of a second's work.
const MAX_COMPARED: usize = 100_000;

/// What became of a name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FolderChange {
    /// Only the new snapshot has it.
    Added,
    /// Only the old snapshot has it.
    Removed,
    /// It differs, or something below it does.
    Changed,
    /// Too much would have to be compared to say so at once.
    Unknown,
}

/// What differs in the folder `folder`, an absolute path, by name. A name that is the same in both
/// snapshots, with all that is below it, has no entry. A snapshot without the folder has nothing in it.
///
/// Errors: those of reading the snapshots; a path that is none.
pub fn folder_changes(
    old: &Snapshot,
    new: &Snapshot,
    folder: &[u8],
) -> Result<HashMap<Name, FolderChange>> {
    changes_within(old, new, folder, MAX_COMPARED)
}

fn changes_within(
    old: &Snapshot,
    new: &Snapshot,
    folder: &[u8],
    max_compared: usize,
) -> Result<HashMap<Name, FolderChange>> {
    let mut changes = HashMap::new();
    let (old_folder, new_folder) = (old.directory(folder)?, new.directory(folder)?);
    if let (Some(one), Some(other)) = (&old_folder, &new_folder)
        && old.is_written_alike(one, new, other)
    {
        return Ok(changes);
    }
    let mut comparison = Comparison {
        old,
        new,
        is_same_repository: super::is_same_repository(old, new),
        left: max_compared,
    };
    let mut level = comparison.level(old_folder.as_ref(), new_folder.as_ref());
    loop {
        let pair = next_pair(&mut level)?;
        let (name, change) = match &pair {
            (None, None) => break,
            (Some(old), None) => (&old.name, Some(FolderChange::Removed)),
            (None, Some(new)) => (&new.name, Some(FolderChange::Added)),
            (Some(old), Some(_)) => (&old.name, comparison.compare(&pair)?),
        };
        if let Some(change) = change {
            changes.insert(name.clone(), change);
        }
    }
    Ok(changes)
}

struct Comparison<'a> {
    old: &'a Snapshot,
    new: &'a Snapshot,
    is_same_repository: bool,
    /// How many entries may still be compared.
    left: usize,
}

impl<'a> Comparison<'a> {
    fn level(&self, old: Option<&DirectoryEntry>, new: Option<&DirectoryEntry>) -> Level<'a> {
        Level {
            path_len: 0,
            old: old.map(|folder| self.old.entries(folder).peekable()),
            new: new.map(|folder| self.new.entries(folder).peekable()),
        }
    }

    /// What becomes of a name that both have.
    fn compare(&mut self, pair: &(Side, Side)) -> Result<Option<FolderChange>> {
        if compare(pair.0.as_ref(), pair.1.as_ref(), self.is_same_repository).is_some() {
            return Ok(Some(FolderChange::Changed));
        }
        match (folder_of(pair.0.as_ref()), folder_of(pair.1.as_ref())) {
            (Some(old), Some(new)) => self.compare_below(&old, &new),
            _ => Ok(None),
        }
    }

    /// Whether anything below two folders differs.
    fn compare_below(
        &mut self,
        old: &DirectoryEntry,
        new: &DirectoryEntry,
    ) -> Result<Option<FolderChange>> {
        let mut open = Vec::new();
        let mut next = Some((*old, *new));
        loop {
            if let Some((old, new)) = next.take() {
                if old.totals != new.totals {
                    return Ok(Some(FolderChange::Changed));
                }
                if !self.old.is_written_alike(&old, self.new, &new) {
                    open.push(self.level(Some(&old), Some(&new)));
                }
            }
            let Some(level) = open.last_mut() else {
                return Ok(None);
            };
            let pair = next_pair(level)?;
            if pair.0.is_none() && pair.1.is_none() {
                open.pop();
                continue;
            }
            if compare(pair.0.as_ref(), pair.1.as_ref(), self.is_same_repository).is_some() {
                return Ok(Some(FolderChange::Changed));
            }
            match self.left.checked_sub(1) {
                Some(left) => self.left = left,
                None => return Ok(Some(FolderChange::Unknown)),
            }
            next = folder_of(pair.0.as_ref()).zip(folder_of(pair.1.as_ref()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::escaped;
    use crate::snapshot::restore::tests::{Sample, entry};
    use crate::snapshot::tree::{Entry, Kind};

    /// `folders` folders of 60 folders with 30 files each, one of which may be another one.
    fn tree(folders: usize, change: Option<(usize, usize)>) -> Snapshot {
        let mut sample = Sample::default();
        let mut top = Vec::new();
        for folder in 0..folders {
            let mut below = Vec::new();
            for inner in 0..60 {
                let is_changed = change == Some((folder, inner));
                let content: &[u8] = if is_changed { b"2" } else { b"1" };
                let files = (0..30).map(|file| sample.file(&format!("file {file:02}"), content));
                let files: Vec<Entry> = files.collect();
                let listing = sample.add(files);
                below.push(entry(
                    &format!("inner {inner:02}"),
                    Kind::Directory(listing),
                ));
            }
            let listing = sample.add(below);
            top.push(entry(
                &format!("folder {folder:02}"),
                Kind::Directory(listing),
            ));
        }
        top.push(sample.file("file", b"1"));
        sample.finish(top);
        sample.open_alone()
    }

    fn words(changes: HashMap<Name, FolderChange>) -> Vec<String> {
        let word = |(name, change): (Name, FolderChange)| {
            format!("{} {change:?}", escaped(name.as_bytes()))
        };
        let mut words: Vec<String> = changes.into_iter().map(word).collect();
        words.sort();
        words
    }

    #[test]
    fn a_folder_has_changed_when_anything_below_it_has() {
        let (old, new) = (tree(10, None), tree(10, Some((3, 59))));
        let changes = |folder: &str| words(folder_changes(&old, &new, folder.as_bytes()).unwrap());
        assert_eq!(changes("/"), ["folder 03 Changed"]);
        assert_eq!(changes("/folder 03/"), ["inner 59 Changed"]);
        assert_eq!(changes("/folder 03/inner 59").len(), 30);
        assert_eq!(changes("/folder 04"), [""; 0]);
        assert_eq!(changes("/nosuch"), [""; 0]);
    }

    #[test]
    fn what_only_one_has_is_added_or_removed() {
        let (old, new) = (tree(2, None), tree(3, None));
        let changes = |folder: &str| words(folder_changes(&old, &new, folder.as_bytes()).unwrap());
        assert_eq!(changes("/"), ["folder 02 Added"]);
        assert_eq!(changes("/folder 02").len(), 60);
        let back = folder_changes(&new, &old, b"/").unwrap();
        assert_eq!(words(back), ["folder 02 Removed"]);
    }

    #[test]
    fn what_would_take_too_long_to_compare_is_unknown() {
        let (old, new) = (tree(3, Some((2, 0))), tree(3, Some((2, 30))));
        let within = |left| words(changes_within(&old, &new, b"/", left).unwrap());
        assert_eq!(within(MAX_COMPARED), ["folder 02 Changed"]);
        assert!(within(0).contains(&"folder 02 Unknown".to_owned()));
    }

    #[test]
    fn pages_tell_what_is_the_same_without_being_compared() {
        let (old, new) = (tree(20, None), tree(20, Some((10, 30))));
        let same = |name: &str| {
            let folder =
                |snapshot: &Snapshot| snapshot.directory(name.as_bytes()).unwrap().unwrap();
            old.is_written_alike(&folder(&old), &new, &folder(&new))
        };
        assert!(same("/folder 02") && same("/folder 19"));
        assert!(!same("/folder 10") && !same("/"));
        // The page of the change has other folders as well; they are compared.
        let changes = words(changes_within(&old, &new, b"/", 8000).unwrap());
        assert_eq!(changes, ["folder 10 Changed"]);
        // A tree elsewhere, with other names, has other pages.
        let folder = |name: &[u8]| old.directory(name).unwrap().unwrap();
        let (one, other) = (folder(b"/folder 02"), folder(b"/folder 02/inner 01"));
        assert!(!old.is_written_alike(&one, &new, &other));
    }
}
