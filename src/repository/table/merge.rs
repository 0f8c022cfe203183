//! Merges tables and new rows into one stream in the order of a table.
//!
//! Sources come newest first. Where two hold a row for the same content number, or for the same chunk, the
//! newer one's is kept, but for one thing: a row that says that a content is lost yields to one that leads
//! somewhere, whichever is newer. A repair writes such rows to one table that takes in all others, so the
//! other row is of a backup which has stored the bytes again since. Of two backups side by side the one that
//! has not may well publish the newer table, with the row that it found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::read::Table;
use super::{ChunkRow, ContentRow, Place};
use crate::error::Result;

/// Rows in order, of one table or of what was newly stored.
pub struct Source<'a> {
    pub contents: Box<dyn Iterator<Item = Result<ContentRow>> + 'a>,
    pub chunks: Box<dyn Iterator<Item = Result<ChunkRow>> + 'a>,
}

impl<'a> Source<'a> {
    pub fn of_table(table: &'a Table) -> Source<'a> {
        Source {
            contents: Box::new(table.all_contents()),
            chunks: Box::new(table.all_chunks()),
        }
    }

    /// Sorts the rows.
    pub fn of_rows(contents: &'a mut [ContentRow], chunks: &'a mut [ChunkRow]) -> Source<'a> {
        contents.sort_unstable_by_key(ContentRow::key);
        chunks.sort_unstable_by_key(|row| row.blake3);
        Source {
            contents: Box::new(contents.iter().copied().map(Ok)),
            chunks: Box::new(chunks.iter().copied().map(Ok)),
        }
    }
}

/// Calls `each` for every content row, in order, one for each number.
pub fn merge_contents(
    sources: Vec<Box<dyn Iterator<Item = Result<ContentRow>> + '_>>,
    mut each: impl FnMut(ContentRow) -> Result<()>,
) -> Result<()> {
    // Held back until it is clear that no other row for its number follows.
    let mut held: Option<ContentRow> = None;
    merge(sources, ContentRow::key, |row| {
        match &mut held {
            Some(held) if held.key() == row.key() => {
                if held.place == Place::Lost {
                    *held = row;
                }
            }
            _ => {
                if let Some(next) = held.replace(row) {
                    each(next)?;
                }
            }
        }
        Ok(())
    })?;
    held.map_or(Ok(()), each)
}

/// Calls `each` for every chunk row, in order, one for each chunk.
pub fn merge_chunks(
    sources: Vec<Box<dyn Iterator<Item = Result<ChunkRow>> + '_>>,
    mut each: impl FnMut(ChunkRow) -> Result<()>,
) -> Result<()> {
    let mut last = None;
    merge(
        sources,
        |row| row.blake3,
        |row| {
            if last.replace(row.blake3) == Some(row.blake3) {
                return Ok(());
            }
            each(row)
        },
    )
}

/// A merge of sorted sources; of equal keys the earlier source's row comes first.
fn merge<T, K: Ord + Copy>(
    mut sources: Vec<Box<dyn Iterator<Item = Result<T>> + '_>>,
    key: impl Fn(&T) -> K,
    mut each: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut heads: Vec<Option<T>> = Vec::with_capacity(sources.len());
    let mut heap: BinaryHeap<Reverse<(K, usize)>> = BinaryHeap::new();
    for (index, source) in sources.iter_mut().enumerate() {
        let head = source.next().transpose()?;
        if let Some(row) = &head {
            heap.push(Reverse((key(row), index)));
        }
        heads.push(head);
    }
    while let Some(Reverse((_, index))) = heap.pop() {
        let next = sources[index].next().transpose()?;
        if let Some(row) = &next {
            heap.push(Reverse((key(row), index)));
        }
        if let Some(row) = std::mem::replace(&mut heads[index], next) {
            each(row)?;
        }
    }
    Ok(())
}
