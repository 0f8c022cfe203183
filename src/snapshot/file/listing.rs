//! The entries of one directory, streamed.

use std::sync::Arc;

use super::page::DecodedPage;
use super::read::Snapshot;
use super::values::damaged;
use super::write::checked_sum;
use crate::error::{Error, Result};
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind, Totals};

/// The entries of a directory one by one, in order. See [`Snapshot::entries`].
///
/// At the end it has proved what the module's comment asks for: the directories of the listing tile
/// the range below it, and its sums are those that its directory's entry has. An error is that of one
/// page, or of that proof; whoever asks on gets what the other pages have.
pub struct Listing<'a> {
    snapshot: &'a Snapshot,
    cursor: Cursor,
    held: Held,
}

impl<'a> Listing<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, directory: &DirectoryEntry) -> Listing<'a> {
        Listing {
            snapshot,
            cursor: Cursor::new(directory),
            held: Held::default(),
        }
    }
}

impl Iterator for Listing<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        let next = self.cursor.next(self.snapshot, &mut self.held);
        next.map_err(|error| self.snapshot.error(error)).transpose()
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
    /// The next directory's subtree has no listing below this one.
    below: u64,
    sums: Totals,
    /// Something could not be read, and was said so: there is nothing to prove at the end.
    is_broken: bool,
}

impl Cursor {
    pub fn new(directory: &DirectoryEntry) -> Cursor {
        Cursor {
            directory: *directory,
            pages: None,
            position: 0,
            below: 0,
            sums: Totals::default(),
            is_broken: false,
        }
    }

    /// The next entry. After an error, those behind what it concerns; `None` sooner or later.
    pub fn next(&mut self, snapshot: &Snapshot, held: &mut Held) -> Result<Option<Entry>> {
        let (mut page, end) = match self.pages {
            Some(pages) => pages,
            None => self.start(snapshot)?,
        };
        while page < end {
            match self.next_in(page, snapshot, held) {
                Ok(None) => {
                    self.position = 0;
                    page += 1;
                    self.pages = Some((page, end));
                }
                Ok(Some(entry)) => return Ok(Some(entry)),
                Err(error) => {
                    self.position = 0;
                    self.pages = Some((page + 1, end));
                    self.is_broken = true;
                    return Err(error);
                }
            }
        }
        if self.is_broken {
            return Ok(None);
        }
        let is_tiled = self.below == self.directory.listing.index;
        if is_tiled && self.sums == self.directory.totals {
            return Ok(None);
        }
        self.is_broken = true;
        Err(if is_tiled { wrong_sums() } else { misplaced() })
    }

    fn start(&mut self, snapshot: &Snapshot) -> Result<(u32, u32)> {
        // What holds if this fails.
        self.pages = Some((0, 0));
        self.is_broken = true;
        let directory = &self.directory;
        let below = directory
            .listing
            .index
            .checked_sub(directory.totals.directories);
        self.below = below.ok_or_else(misplaced)?;
        let pages = snapshot.pages_of(directory)?;
        self.is_broken = false;
        self.pages = Some((pages.start, pages.end));
        Ok((pages.start, pages.end))
    }

    fn next_in(
        &mut self,
        page: u32,
        snapshot: &Snapshot,
        held: &mut Held,
    ) -> Result<Option<Entry>> {
        let decoded = held.page(snapshot, page)?;
        let part = snapshot.part(decoded, page, &self.directory)?;
        if self.position == 0 && !part.below.is_empty() {
            // Behind a gap it is enough that no listing comes twice.
            let is_next = part.below.start == self.below;
            if !(is_next || self.is_broken && part.below.start > self.below) {
                return Err(misplaced());
            }
            self.below = part.below.end;
        }
        let entries = decoded.entries.get(part.entries.clone());
        let Some(entry) = entries.and_then(|entries| entries.get(self.position)) else {
            return Ok(None);
        };
        self.position += 1;
        if !self.is_broken {
            self.count(entry).ok_or_else(wrong_sums)?;
        }
        Ok(Some(entry.clone()))
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

fn misplaced() -> Error {
    damaged("folders are not where they should be")
}

fn wrong_sums() -> Error {
    damaged("the sums of a folder are not those of what is in it")
}
