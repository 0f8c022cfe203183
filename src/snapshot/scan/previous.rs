//! The same folder in the previous snapshot.

use std::collections::HashMap;
use std::iter::Peekable;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::snapshot::file::{Listing, Snapshot};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind, Timestamp};

/// The previous snapshot of a scan.
pub struct PreviousTree<'a> {
    snapshot: &'a Snapshot,
    monitor: &'a Monitor,
    is_reported: AtomicBool,
}

/// A folder that was in the previous snapshot.
pub struct PreviousFolder {
    directory: DirectoryEntry,
    pub attributes: Attributes,
}

impl PreviousFolder {
    /// `None` for what was no folder then.
    pub fn new(entry: Entry) -> Option<PreviousFolder> {
        match entry.kind {
            Kind::Directory(directory) => Some(PreviousFolder {
                directory,
                attributes: entry.attributes,
            }),
            _ => None,
        }
    }
}

impl<'a> PreviousTree<'a> {
    pub fn new(snapshot: &'a Snapshot, monitor: &'a Monitor) -> PreviousTree<'a> {
        PreviousTree {
            snapshot,
            monitor,
            is_reported: AtomicBool::new(false),
        }
    }

    /// When it was begun: no file was read before that. In seconds since 1970.
    pub fn began_at(&self) -> i64 {
        self.snapshot.header().taken_at.seconds
    }

    /// `/`.
    pub fn top(&self) -> PreviousFolder {
        PreviousFolder {
            directory: *self.snapshot.root(),
            attributes: self.snapshot.root_attributes().clone(),
        }
    }

    /// What was in `folder`.
    pub fn entries(&self, folder: &PreviousFolder) -> PreviousEntries<'_> {
        PreviousEntries {
            tree: Some(self),
            listing: Some(self.snapshot.entries(&folder.directory).peekable()),
            folder: Some(folder.directory),
            alike: None,
        }
    }

    /// A previous snapshot that is damaged somewhere costs time, no more: what cannot be looked up in it
    /// is read again.
    fn report(&self, error: &Error) {
        if !self.is_reported.swap(true, Ordering::Relaxed) {
            let place = path_bytes(self.snapshot.place());
            self.monitor.notice(
                place,
                "compare with the whole previous snapshot",
                error.why(),
            );
        }
    }
}

/// The entries of one folder of the previous snapshot, taken in the order of their names.
#[derive(Default)]
pub struct PreviousEntries<'a> {
    tree: Option<&'a PreviousTree<'a>>,
    listing: Option<Peekable<Listing<'a>>>,
    folder: Option<DirectoryEntry>,
    /// How many files there were of each length and time, once somebody has asked.
    alike: Option<HashMap<(u64, Timestamp), u32>>,
}

impl PreviousEntries<'_> {
    /// The entry called `name`, if there was one. Names have to be asked for in ascending order.
    pub fn take(&mut self, name: &[u8]) -> Option<Entry> {
        let listing = self.listing.as_mut()?;
        let is_due = |entry: &Result<Entry, Error>| match entry {
            Ok(entry) => entry.name.as_bytes() <= name,
            Err(_) => true,
        };
        while let Some(entry) = listing.next_if(is_due) {
            match entry {
                Ok(entry) if entry.name.as_bytes() == name => return Some(entry),
                Ok(_) => {}
                Err(error) => {
                    if let Some(tree) = self.tree {
                        tree.report(&error);
                    }
                }
            }
        }
        None
    }

    /// Whether another file in the folder had the same length and time as this one.
    pub fn has_another_like(&mut self, entry: &Entry) -> bool {
        let (tree, folder) = (self.tree, self.folder.as_ref());
        let alike = self.alike.get_or_insert_with(|| {
            let mut alike = HashMap::new();
            if let (Some(tree), Some(folder)) = (tree, folder) {
                // What cannot be read of it was told when it was taken, or will be.
                for entry in tree.snapshot.entries(folder).flatten() {
                    *alike.entry(length_and_time(&entry)).or_default() += 1;
                }
            }
            alike
        });
        alike
            .get(&length_and_time(entry))
            .is_none_or(|files| *files > 1)
    }
}

fn length_and_time(entry: &Entry) -> (u64, Timestamp) {
    (entry.size(), entry.attributes.modified)
}
