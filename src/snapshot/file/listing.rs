//! The entries of one directory, streamed.

use std::sync::Arc;

use super::decode::{DecodedPage, damaged};
use super::read::Snapshot;
use super::write::checked_sum;
use crate::error::Result;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind, Totals};

/// The entries of a directory one by one, in order. See [`Snapshot::entries`].
///
/// At the end it has proved what the module's comment asks for: the directories of the listing tile
/// the range below it, and its sums are those that its directory's entry has. Ends after an error.
pub struct Listing<'a> {
    snapshot: &'a Snapshot,
    cursor: Option<Cursor>,
    held: Held,
}

impl<'a> Listing<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, directory: &DirectoryEntry) -> Listing<'a> {
        Listing {
            snapshot,
            cursor: Some(Cursor::new(directory)),
            held: Held::default(),
        }
    }
}

impl Iterator for Listing<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        let next = self.cursor.as_mut()?.next(self.snapshot, &mut self.held);
        if !matches!(next, Ok(Some(_))) {
            self.cursor = None;
        }
        next.transpose()
    }
}

/// The page that was used last, kept by whoever goes through many entries.
#[derive(Default)]
pub(super) struct Held(Option<(u32, Arc<DecodedPage>)>);

impl Held {
    fn page(&mut self, snapshot: &Snapshot, index: u32) -> Result<&DecodedPage> {
        let held = match self.0.take() {
            Some(held) if held.0 == index => held,
            _ => (index, snapshot.page(index)?),
        };
        Ok(&self.0.insert(held).1)
    }
}

/// How far a directory's listing has been read. Holds no page, so that a stack of these, as deep as a
/// tree is, stays small.
pub(super) struct Cursor {
    directory: DirectoryEntry,
    /// The page that comes next, and the end of the pages; `None` before the first.
    pages: Option<(u32, u32)>,
    /// Place in the part.
    position: usize,
    /// The lowest listing of the next directory's subtree.
    below: u64,
    sums: Totals,
}

impl Cursor {
    pub fn new(directory: &DirectoryEntry) -> Cursor {
        Cursor {
            directory: *directory,
            pages: None,
            position: 0,
            below: 0,
            sums: Totals::default(),
        }
    }

    pub fn next(&mut self, snapshot: &Snapshot, held: &mut Held) -> Result<Option<Entry>> {
        let listing = self.directory.listing.index;
        let misplaced = || snapshot.error(damaged("folders are not where they should be"));
        let (mut page, end) = match self.pages {
            Some(pages) => pages,
            None => {
                let below = listing.checked_sub(self.directory.totals.directories);
                self.below = below.ok_or_else(misplaced)?;
                let pages = snapshot.pages_of(&self.directory)?;
                (pages.start, pages.end)
            }
        };
        while page < end {
            let decoded = held.page(snapshot, page)?;
            let part = snapshot.part(decoded, page, &self.directory)?;
            if self.position == 0 && !part.below.is_empty() {
                if part.below.start != self.below {
                    return Err(misplaced());
                }
                self.below = part.below.end;
            }
            let entries = decoded
                .entries
                .get(part.entries.clone())
                .unwrap_or_default();
            if let Some(entry) = entries.get(self.position) {
                self.position += 1;
                self.pages = Some((page, end));
                self.count(entry)
                    .ok_or_else(|| snapshot.error(wrong_sums()))?;
                return Ok(Some(entry.clone()));
            }
            self.position = 0;
            page += 1;
        }
        self.pages = Some((page, end));
        if self.below != listing {
            return Err(misplaced());
        }
        if self.sums != self.directory.totals {
            return Err(snapshot.error(wrong_sums()));
        }
        Ok(None)
    }

    fn count(&mut self, entry: &Entry) -> Option<()> {
        let one = match &entry.kind {
            Kind::Directory(directory) => {
                self.sums.directories = self.sums.directories.checked_add(1)?;
                directory.totals
            }
            _ => Totals {
                files: 1,
                directories: 0,
                bytes: entry.size(),
            },
        };
        self.sums = checked_sum(&self.sums, &one)?;
        Some(())
    }
}

fn wrong_sums() -> crate::error::Error {
    damaged("the sums of a folder are not those of what is in it")
}
