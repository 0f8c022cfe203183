//! Whether two snapshots have the same tree below a directory, told from what their pages are, without
//! reading them.

use super::read::Snapshot;
use crate::snapshot::tree::DirectoryEntry;

impl Snapshot {
    /// True if everything below `directory` is the same, entry by entry, as below `other_directory` of
    /// `other`. False says nothing: where something was added earlier in the tree, pages begin elsewhere.
    ///
    /// The listings of a tree are numbered without a gap, so that they lie in pages one after the other. Pages
    /// with the same digest hold the same entries; tokens name their segments by places in the snapshot's
    /// table, so the tables have to agree as well.
    pub fn is_written_alike(
        &self,
        directory: &DirectoryEntry,
        other: &Snapshot,
        other_directory: &DirectoryEntry,
    ) -> bool {
        directory.totals == other_directory.totals
            && self.has_segments_of(other)
            && self.pages_below(directory).is_some_and(|pages| {
                other.pages_below(other_directory).is_some_and(|others| {
                    pages.len() == others.len()
                        && self.offset_in(pages.start, directory)
                            == other.offset_in(others.start, other_directory)
                        && pages
                            .zip(others)
                            .all(|(page, of)| self.page_digest(page) == other.page_digest(of))
                })
            })
    }

    /// One table of segments goes on where the other ends: a place that is in both means the same.
    fn has_segments_of(&self, other: &Snapshot) -> bool {
        let mut both = self.segments().iter().zip(other.segments());
        both.all(|(one, other)| one == other)
    }

    /// The pages that have listings of a directory or of those below it.
    fn pages_below(&self, directory: &DirectoryEntry) -> Option<std::ops::Range<u32>> {
        let last = directory.listing.index;
        let first = last.checked_sub(directory.totals.directories)?;
        let range = self.pages_of_listing(first).start..self.pages_of_listing(last).end;
        (!range.is_empty()).then_some(range)
    }

    /// How many listings of the page come before those of the directory's tree.
    fn offset_in(&self, page: u32, directory: &DirectoryEntry) -> Option<u64> {
        let first = directory
            .listing
            .index
            .checked_sub(directory.totals.directories)?;
        first.checked_sub(self.first_listing(page)?)
    }
}
