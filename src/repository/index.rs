//! The index: all content tables of a repository, opened.
//!
//! It answers where a content is, and whether a content is there already. It is a value that does not
//! change; whoever finds that the tables on disk have changed (a table merged away by another backup, a
//! pack rewritten by prune) opens a new one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::storage::Storage;
use super::table::merge::{merge_chunks, merge_contents};
use super::table::read::Table;
use super::table::{ChunkRow, ContentRow, Place, table_id};
use super::token::{ContentNumber, SegmentId, Token};
use crate::error::{Error, ErrorKind, Result};
use crate::format::digest::{Blake3, ContentDigest, Sha1};
use crate::format::id::Id;

/// How many times the tables are listed anew when one of them disappears while they are opened.
const ATTEMPTS: usize = 5;

/// All tables, the newest generation first.
#[derive(Default)]
pub struct Index {
    tables: Vec<Arc<Table>>,
    /// Tables whose rows another table has all taken over; to be deleted.
    superseded: Vec<Id>,
    /// Contents that are known not to be there, though a table has a row for them.
    lost: HashMap<SegmentId, RoaringBitmap>,
    lost_packs: HashSet<Id>,
    /// What is wrong with a table that could not be opened.
    unopened: Option<Error>,
}

impl Index {
    /// Opens every table.
    ///
    /// Errors: [`ErrorKind::Damaged`] naming a table that cannot be trusted.
    pub fn open(storage: &dyn Storage, repository: Id) -> Result<Index> {
        let index = Index::open_for_reading(storage, repository)?;
        index.expect_complete()?;
        Ok(index)
    }

    /// Opens every table that is sound. Contents that are not found because of the others can be told by
    /// the error ([`Index::locate`]), so one damaged table does not keep what it has nothing to do with from
    /// being read.
    pub fn open_for_reading(storage: &dyn Storage, repository: Id) -> Result<Index> {
        let (mut index, mut damaged) = Index::open_what_can_be(storage, repository)?;
        index.unopened = damaged
            .pop()
            .map(|(_, error)| error.advise("`gibus repo repair` rebuilds content tables"));
        Ok(index)
    }

    /// Errors: [`ErrorKind::Damaged`] when there is a table that could not be opened.
    pub fn expect_complete(&self) -> Result<()> {
        self.unopened.clone().map_or(Ok(()), Err)
    }

    /// Opens every table that is sound; the others are returned with what is wrong with them.
    pub fn open_what_can_be(
        storage: &dyn Storage,
        repository: Id,
    ) -> Result<(Index, Vec<(Id, Error)>)> {
        let mut attempt = 1;
        loop {
            match Index::open_listed(storage, repository) {
                // Another backup has merged a table away between the list and its opening.
                Err(e) if e.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// Errors: [`ErrorKind::NotFound`] when a table that is listed is not there, and no other one says that it has taken
    /// it over.
    fn open_listed(storage: &dyn Storage, repository: Id) -> Result<(Index, Vec<(Id, Error)>)> {
        let mut tables = Vec::new();
        let mut damaged = Vec::new();
        let mut absent = Vec::new();
        for name in storage.names("contents")? {
            let Some(id) = table_id(&name) else {
                continue;
            };
            match Table::open(storage, id, repository) {
                Ok(table) => tables.push(Arc::new(table)),
                Err(e) if e.kind() == ErrorKind::NotFound => absent.push((id, e)),
                Err(e) if matches!(e.kind(), ErrorKind::Damaged | ErrorKind::Io) => {
                    damaged.push((id, e));
                }
                Err(e) => return Err(e),
            }
        }
        let gone: HashSet<Id> = tables
            .iter()
            .flat_map(|table| table.supersedes().iter().copied())
            .collect();
        // A share may go on to list a file that was deleted, as long as somebody has it open.
        if let Some((_, error)) = absent.iter().find(|(id, _)| !gone.contains(id)) {
            return Err(error.clone());
        }
        let superseded = tables
            .iter()
            .map(|table| table.id())
            .chain(damaged.iter().chain(&absent).map(|(id, _)| *id))
            .filter(|id| gone.contains(id))
            .collect();
        tables.retain(|table| !gone.contains(&table.id()));
        damaged.retain(|(id, _)| !gone.contains(id));
        let mut index = Index {
            tables,
            superseded,
            ..Index::default()
        };
        index.sort();
        Ok((index, damaged))
    }

    fn sort(&mut self) {
        self.tables
            .sort_by_key(|table| (std::cmp::Reverse(table.generation()), table.id()));
    }

    /// The same index with `added`, and without the tables that it supersedes.
    pub fn with(&self, added: Arc<Table>) -> Index {
        let mut tables = self.tables.clone();
        let added_supersedes = added.supersedes().to_vec();
        tables.retain(|table| !added_supersedes.contains(&table.id()));
        tables.push(added);
        let mut index = Index {
            tables,
            // They may be there still, and come back to life if a later one did not name them.
            superseded: added_supersedes,
            lost: self.lost.clone(),
            lost_packs: self.lost_packs.clone(),
            unopened: self.unopened.clone(),
        };
        index.sort();
        index
    }

    /// The same index without some of its tables.
    pub fn without(&self, ids: &[Id]) -> Index {
        let mut tables = self.tables.clone();
        tables.retain(|table| !ids.contains(&table.id()));
        Index {
            tables,
            superseded: self.superseded.clone(),
            lost: self.lost.clone(),
            lost_packs: self.lost_packs.clone(),
            unopened: self.unopened.clone(),
        }
    }

    pub fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }

    /// Tables that another one has taken over, still on disk.
    pub fn superseded(&self) -> &[Id] {
        &self.superseded
    }

    /// The generation of a table published next.
    pub fn next_generation(&self) -> u64 {
        self.tables
            .iter()
            .map(|table| table.generation())
            .max()
            .unwrap_or(0)
            .saturating_add(1)
    }

    /// Compares the packs that rows name with those that exist, and from then on treats contents in
    /// missing packs as lost. Costs nothing unless a pack is missing.
    pub fn note_packs(&mut self, existing: &HashSet<Id>) -> Result<()> {
        self.lost_packs = self
            .tables
            .iter()
            .flat_map(|table| table.packs().iter())
            .filter(|pack| !existing.contains(*pack))
            .copied()
            .collect();
        self.lost.clear();
        if self.lost_packs.is_empty() {
            return Ok(());
        }
        let mut lost: HashMap<SegmentId, RoaringBitmap> = HashMap::new();
        self.each_content(|row| {
            if self.is_lost_place(&row.place) {
                let number = row.number;
                lost.entry(number.segment)
                    .or_default()
                    .insert(number.ordinal);
            }
            Ok(())
        })?;
        self.lost = lost;
        Ok(())
    }

    /// Numbers whose bytes are in missing packs, as far as their rows say (chunks are not followed).
    pub fn lost(&self) -> &HashMap<SegmentId, RoaringBitmap> {
        &self.lost
    }

    pub fn lost_packs(&self) -> &HashSet<Id> {
        &self.lost_packs
    }

    /// Marks more contents as lost.
    pub fn add_lost(&mut self, number: ContentNumber) {
        self.lost
            .entry(number.segment)
            .or_default()
            .insert(number.ordinal);
    }

    /// Whether what is in this place is known to be lost.
    pub fn is_lost_place(&self, place: &Place) -> bool {
        match place {
            Place::Piece(piece) | Place::Chunked(piece) => {
                self.lost_packs.contains(&piece.block.pack)
            }
            Place::Empty | Place::Loose(_) => false,
            Place::Lost => true,
        }
    }

    /// Whether the pack of a chunk is known to be missing.
    pub fn is_lost_chunk(&self, row: &ChunkRow) -> bool {
        self.lost_packs.contains(&row.piece.block.pack)
    }

    /// True when some table has a row for this number and its bytes are not known to be lost.
    pub fn has(&self, number: ContentNumber) -> bool {
        let lost = self
            .lost
            .get(&number.segment)
            .is_some_and(|lost| lost.contains(number.ordinal));
        !lost && self.tables.iter().any(|table| table.has(number))
    }

    /// The row of a token.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is none; [`ErrorKind::Damaged`] when the table that could
    /// have it is.
    pub fn locate(&self, token: &Token) -> Result<ContentRow> {
        let mut rows = Vec::new();
        for table in &self.tables {
            if table.has(token.number) {
                table.find(&token.sha1, &mut rows)?;
            }
        }
        rows.retain(|row| row.number == token.number);
        let found = rows.iter().find(|row| !self.is_lost_place(&row.place));
        if let Some(row) = found.or(rows.first()) {
            return Ok(*row);
        }
        self.expect_complete()?;
        Err(Error::new(
            ErrorKind::NotFound,
            format!("find the content {} in the repository", token.sha1),
        )
        .because("the repository does not have it")
        .advise("`gibus repo check` says what else is missing"))
    }

    /// A stored content with these digests, to be used instead of storing it again.
    pub fn find_content(&self, digest: &ContentDigest) -> Result<Option<ContentRow>> {
        let rows = self.find_sha1(&digest.sha1)?;
        Ok(rows.into_iter().find(|row| row.digest == *digest))
    }

    /// All contents with this SHA-1 that are not known to be lost.
    pub fn find_sha1(&self, sha1: &Sha1) -> Result<Vec<ContentRow>> {
        let mut rows = Vec::new();
        for table in &self.tables {
            table.find(sha1, &mut rows)?;
        }
        rows.retain(|row| !self.is_lost_place(&row.place) && self.has(row.number));
        Ok(rows)
    }

    /// Numbers of contents with these digests that are known to be lost. Costs nothing where nothing is.
    pub fn lost_twins(&self, digest: &ContentDigest) -> Result<Vec<ContentNumber>> {
        if self.lost.is_empty() && !self.tables.iter().any(|table| table.has_lost_rows()) {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for table in &self.tables {
            table.find(&digest.sha1, &mut rows)?;
        }
        let mut twins: Vec<ContentNumber> = rows
            .iter()
            .filter(|row| row.digest == *digest && !self.has(row.number))
            .map(|row| row.number)
            .collect();
        twins.sort_unstable();
        twins.dedup();
        Ok(twins)
    }

    /// True when another content with the same SHA-1 is there.
    pub fn collides(&self, digest: &ContentDigest) -> Result<bool> {
        let mut rows = Vec::new();
        for table in &self.tables {
            table.find(&digest.sha1, &mut rows)?;
        }
        Ok(rows.iter().any(|row| row.digest != *digest))
    }

    /// Where a chunk is, unless its pack is missing.
    pub fn find_chunk(&self, blake3: &Blake3) -> Result<Option<ChunkRow>> {
        for table in &self.tables {
            if let Some(row) = table.find_chunk(blake3)?
                && !self.lost_packs.contains(&row.piece.block.pack)
            {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Calls `each` for every content row in the order of tables, one for each number: that of the newest
    /// table, of those that are not lost if there are any. Rows of equal contents come one after the other.
    pub fn each_content(&self, each: impl FnMut(ContentRow) -> Result<()>) -> Result<()> {
        let tables = self.tables.iter();
        let sources = tables.map(|t| boxed(t.all_contents())).collect();
        merge_contents(sources, |row| self.is_lost_place(&row.place), each)
    }

    /// Calls `each` for every chunk row in the order of tables, one for each chunk: that of the newest
    /// table, of those whose pack is not missing if there are any.
    pub fn each_chunk(&self, each: impl FnMut(ChunkRow) -> Result<()>) -> Result<()> {
        let tables = self.tables.iter();
        let sources = tables.map(|t| boxed(t.all_chunks())).collect();
        merge_chunks(sources, |row| self.is_lost_chunk(row), each)
    }

    /// [`Index::each_content`] without the rows of pages that are damaged.
    pub fn each_readable_content(&self, each: impl FnMut(ContentRow) -> Result<()>) -> Result<()> {
        let tables = self.tables.iter();
        let sources = tables.map(|t| boxed(t.all_contents().filter(is_worth_telling)));
        merge_contents(
            sources.collect(),
            |row| self.is_lost_place(&row.place),
            each,
        )
    }

    /// [`Index::each_chunk`] without the rows of pages that are damaged.
    pub fn each_readable_chunk(&self, each: impl FnMut(ChunkRow) -> Result<()>) -> Result<()> {
        let tables = self.tables.iter();
        let sources = tables.map(|t| boxed(t.all_chunks().filter(is_worth_telling)));
        merge_chunks(sources.collect(), |row| self.is_lost_chunk(row), each)
    }

    /// Every pack that rows name.
    pub fn packs(&self) -> HashSet<Id> {
        self.tables
            .iter()
            .flat_map(|table| table.packs().iter().copied())
            .collect()
    }
}

fn boxed<'a, T>(rows: impl Iterator<Item = T> + 'a) -> Box<dyn Iterator<Item = T> + 'a> {
    Box::new(rows)
}

/// Rows, and what ends all work; not that a page is damaged.
fn is_worth_telling<T>(row: &Result<T>) -> bool {
    match row {
        Ok(_) => true,
        Err(e) => e.is_fatal(),
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;
    use crate::format::compression::Codec;
    use crate::repository::memory_place::Place;
    use crate::repository::settings::Layout;
    use crate::repository::storage::memory::Fault;

    /// Opens a repository of one table; that many times it is not there when it is opened after it was listed.
    fn open_missing(times: usize) -> Result<usize> {
        let place = Place::new(Layout::Packed, Codec::Zstd);
        place.store(&[b"something".to_vec()], &[]);
        for time in 0..times as u64 {
            let listed_before = 2 * time + 1;
            place
                .storage
                .fail_after(listed_before, Fault::Once(Errno::NOENT));
        }
        let id = place.repository.id();
        Ok(Index::open(&place.storage, id)?.tables().len())
    }

    #[test]
    fn a_table_that_vanishes_meanwhile_is_looked_for_again() {
        assert_eq!(open_missing(0).unwrap(), 1);
        assert_eq!(open_missing(1).unwrap(), 1);
        assert_eq!(open_missing(ATTEMPTS - 1).unwrap(), 1);
        let error = open_missing(ATTEMPTS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
