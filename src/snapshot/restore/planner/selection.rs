//! Which parts of a snapshot's tree were asked for.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use super::super::plan::ExtractItem;
use super::Wish;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{bytes_path, escaped};
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{Entry, Kind};

/// The entries of the items under the names that they get, sorted by them.
pub(super) fn item_entries(snapshot: &Snapshot, items: &[ExtractItem]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for item in items {
        let path = normal_path(&item.path)?;
        if path.is_empty() {
            let directory = *snapshot.root();
            match &item.new_name {
                Some(name) => entries.push(Entry {
                    name: name.clone(),
                    attributes: snapshot.root_attributes().clone(),
                    kind: Kind::Directory(directory),
                    hard_link: None,
                    incomplete: false,
                }),
                None => entries.extend(snapshot.list(&directory)?),
            }
            continue;
        }
        let mut entry = find(snapshot, &path)?;
        if let Some(name) = &item.new_name {
            entry.name = name.clone();
        }
        entries.push(entry);
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in entries.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
        {
            return Err(Error::invalid(
                "plan the extraction",
                format!("two of its items have the name '{}'", a.name),
            )
            .advise("extract one of them under another name"));
        }
    }
    Ok(entries)
}

pub(super) fn find(snapshot: &Snapshot, path: &[u8]) -> Result<Entry> {
    snapshot.lookup(path)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "find")
            .at(bytes_path(path))
            .because("it is not in this snapshot")
    })
}

/// An absolute path without trailing, doubled or dotted parts; empty for `/`.
///
/// Errors: it is not absolute, or has `..` in it.
pub(super) fn normal_path(path: &[u8]) -> Result<Vec<u8>> {
    let wrong = |why: &str| Error::invalid(format!("use the path '{}'", escaped(path)), why);
    if path.first() != Some(&b'/') {
        return Err(wrong("it does not begin with a slash"));
    }
    let mut normal = Vec::with_capacity(path.len());
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(wrong("it holds '..'")),
            part => {
                normal.push(b'/');
                normal.extend_from_slice(part);
            }
        }
    }
    Ok(normal)
}

/// Which parts of the snapshot's tree were asked for.
pub(super) struct Selection {
    /// Normal paths; each stands for all that is below it.
    wanted: BTreeSet<Vec<u8>>,
    /// Folders that keep their attributes although they are below a wanted path.
    on_the_way: HashSet<Vec<u8>>,
}

impl Selection {
    pub(super) fn new(snapshot: &Snapshot, wish: &Wish) -> Result<Selection> {
        let mut selection = Selection {
            wanted: BTreeSet::new(),
            on_the_way: HashSet::new(),
        };
        match wish {
            Wish::Paths(paths) => {
                for path in paths {
                    let path = normal_path(path)?;
                    if !path.is_empty() {
                        find(snapshot, &path)?;
                    }
                    selection.wanted.insert(path);
                }
            }
            Wish::All { included } => {
                selection.wanted.insert(Vec::new());
                for path in included {
                    let path = normal_path(path)?;
                    for (at, &byte) in path.iter().enumerate() {
                        if byte == b'/' {
                            let above = path.get(..at).unwrap_or_default();
                            selection.on_the_way.insert(above.to_vec());
                        }
                    }
                }
            }
        }
        Ok(selection)
    }

    fn is_above_wanted(&self, path: &[u8]) -> bool {
        let mut below = path.to_vec();
        below.push(b'/');
        let from = (Bound::Included(below.clone()), Bound::Unbounded);
        let next = self.wanted.range::<Vec<u8>, _>(from).next();
        next.is_some_and(|wanted| wanted.starts_with(&below))
    }
}

/// How far an entry was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It and all that is below it.
    Whole,
    /// All that is below it; it is left as it is where it exists.
    Below,
    /// Some of what is below it.
    Part,
    No,
}

impl Selection {
    /// How far `/` was asked for.
    pub(super) fn asked_of_root(&self) -> Asked {
        match self.wanted.contains(&b""[..]) {
            true if self.on_the_way.contains(&b""[..]) => Asked::Below,
            true => Asked::Whole,
            false => Asked::Part,
        }
    }

    /// How far the entry at `path` was asked for, in a folder that was asked for as far as `above`.
    pub(super) fn asked(&self, path: &[u8], above: Asked) -> Asked {
        if above == Asked::Below || self.wanted.contains(path) {
            match self.on_the_way.contains(path) {
                true => Asked::Below,
                false => Asked::Whole,
            }
        } else if self.is_above_wanted(path) {
            Asked::Part
        } else {
            Asked::No
        }
    }
}
