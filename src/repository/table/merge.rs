//! Merges tables and new rows into one stream in the order of a table.
//!
//! Sources come newest first. Where two hold a row for the same content number, or for the same chunk, the
//! newer one's is kept, but for one thing: a row that says that a content is lost, or leads to a pack that is known to be
//! missing, yields to one that leads somewhere, whichever is newer. A repair writes such rows to one table that takes in all others, so the
//! other row is of a backup which has stored the bytes again since. Of two backups side by side the one that
//! has not may well publish the newer table, with the row that it found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::read::Table;
use super::{ChunkRow, ContentRow};
use crate::error::Result;

/// Rows in order.
type Rows<'a, T> = Box<dyn Iterator<Item = Result<T>> + 'a>;

/// The rows of one table, or of what was newly stored.
pub struct Source<'a> {
    pub contents: Rows<'a, ContentRow>,
    pub chunks: Rows<'a, ChunkRow>,
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

/// Calls `each` for every content row, in order, one for each number: the first that is not lost, if there is one.
pub fn merge_contents(
    sources: Vec<Rows<'_, ContentRow>>,
    is_lost: impl Fn(&ContentRow) -> bool,
    each: impl FnMut(ContentRow) -> Result<()>,
) -> Result<()> {
    merge_found(sources, ContentRow::key, is_lost, each)
}

/// Calls `each` for every chunk row, in order, one for each chunk: the first that is not lost, if there is one.
pub fn merge_chunks(
    sources: Vec<Rows<'_, ChunkRow>>,
    is_lost: impl Fn(&ChunkRow) -> bool,
    each: impl FnMut(ChunkRow) -> Result<()>,
) -> Result<()> {
    merge_found(sources, |row| row.blake3, is_lost, each)
}

fn merge_found<T: Copy, K: Ord + Copy>(
    sources: Vec<Rows<'_, T>>,
    key: impl Fn(&T) -> K,
    is_lost: impl Fn(&T) -> bool,
    mut each: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    // Held back until it is clear that no other row of its key follows.
    let mut held: Option<T> = None;
    merge(sources, &key, |row| {
        match &mut held {
            Some(held) if key(held) == key(&row) => {
                if is_lost(held) {
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

/// A merge of sorted sources; of equal keys the earlier source's row comes first.
fn merge<T, K: Ord + Copy>(
    mut sources: Vec<Rows<'_, T>>,
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
