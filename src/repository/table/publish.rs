//! Publishes a table of new rows, merged with the small tables before it.
//!
//! Tables grow like the digits of a number: a new table takes in the newest ones as long as each is at
//! most twice as long as what has been gathered, so there are never more than about as many tables as
//! the logarithm of the rows, and each row is rewritten about as often. Only the *newest* tables are taken, one
//! after the other, so that the order of generations stays true.

use std::sync::Arc;

use super::merge::{Source, merge_chunks, merge_contents};
use super::read::Table;
use super::write::{TableHead, TableWriter};
use super::{ChunkRow, ContentRow, table_name};
use crate::error::Result;
use crate::format::id::Id;
use crate::repository::index::Index;
use crate::repository::storage::{Storage, publish_one};

/// A table that was published, and those that it replaces.
pub struct Published {
    pub id: Id,
    /// For [`delete_superseded`], once they are closed.
    pub superseded: Vec<Id>,
}

/// Publishes one table with these rows (which are sorted here) and those of the tables it takes in. Its generation is
/// at least `generation`. It also says of the tables in `replaced` that nobody needs them any more.
pub fn publish_rows(
    storage: &dyn Storage,
    repository: Id,
    index: &Index,
    generation: u64,
    replaced: &[Id],
    contents: &mut [ContentRow],
    chunks: &mut [ChunkRow],
) -> Result<Published> {
    let mut rows = (contents.len() + chunks.len()) as u64;
    let mut taken: Vec<Arc<Table>> = Vec::new();
    for table in index.tables() {
        if table.rows() > rows.saturating_mul(2) {
            break;
        }
        rows += table.rows();
        taken.push(Arc::clone(table));
    }
    let id = Id::random()?;
    let mut superseded: Vec<Id> = taken.iter().map(|table| table.id()).collect();
    superseded.extend_from_slice(index.superseded());
    superseded.extend_from_slice(replaced);
    let head = TableHead {
        id,
        repository,
        generation: generation.max(index.next_generation()),
        supersedes: superseded.clone(),
    };
    let mut writer = TableWriter::new(storage.create()?, head)?;
    let mut content_sources = Vec::new();
    let mut chunk_sources = Vec::new();
    let new = Source::of_rows(contents, chunks);
    for source in std::iter::once(new).chain(taken.iter().map(|table| Source::of_table(table))) {
        content_sources.push(source.contents);
        chunk_sources.push(source.chunks);
    }
    merge_contents(
        content_sources,
        |row| index.is_lost_place(&row.place),
        |row| writer.add_content(&row),
    )?;
    merge_chunks(
        chunk_sources,
        |row| index.is_lost_chunk(row),
        |row| writer.add_chunk(&row),
    )?;
    let (file, _) = writer.finish()?;
    publish_one(storage, file, &table_name(id))?;
    Ok(Published { id, superseded })
}

/// Deletes tables that others have taken over; those that cannot be deleted now are left. Whoever opens the tables leaves
/// them out, so such a one (it may be open elsewhere) is no more than a file too many.
pub fn delete_superseded(storage: &dyn Storage, tables: &mut Vec<Id>) {
    tables.retain(|table| storage.delete(&table_name(*table)).is_err());
}
