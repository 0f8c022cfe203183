//! A decoded page: the entries of its listings, held to what the map says of it.

use std::ops::Range;

use super::columns::{Columns, MAX_ROWS};
use super::decode::Decoder;
use super::meta::PlacedPage;
use super::values::damaged;
use crate::error::Result;
use crate::format::encoding::decode;
use crate::format::sealed::Page;
use crate::repository::token::SegmentId;
use crate::snapshot::tree::Entry;

/// About what an entry takes in memory besides its name, in bytes.
const ENTRY_COST: usize = size_of::<Entry>() + 32;

/// A decoded page.
pub(super) struct DecodedPage {
    pub parts: Vec<Part>,
    pub entries: Vec<Entry>,
    /// About how much memory it takes, in bytes.
    pub cost: usize,
}

/// A run of entries of one listing.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub entries: Range<usize>,
    /// The listings below the directories of this part; empty, and meaningless, if it has none.
    pub below: Range<u64>,
}

impl DecodedPage {
    pub fn new(
        page: &Page,
        placed: &PlacedPage<'_>,
        segments: &[SegmentId],
    ) -> Result<DecodedPage> {
        let columns: Columns = decode(&page.raw)?;
        let rows = columns.flags.0.len();
        if rows > MAX_ROWS || rows != placed.entries as usize {
            return Err(damaged(
                "a page has not the number of entries that it should",
            ));
        }
        let part_lens = &columns.part_entries.0;
        if part_lens.len() != placed.parts as usize || part_lens.len() != columns.part_first.0.len()
        {
            return Err(damaged(
                "a page has not the number of listings that it should",
            ));
        }
        let mut decoder = Decoder::new(&columns, &page.plain, segments)?;
        let mut entries = Vec::with_capacity(rows);
        let mut parts = Vec::with_capacity(part_lens.len());
        for (index, (&len, &first)) in part_lens.iter().zip(&columns.part_first.0).enumerate() {
            let listing = placed.first_listing + index as u64;
            let from = entries.len();
            let below = decoder.part(len, listing, first, &mut entries)?;
            let part = Part {
                entries: from..entries.len(),
                below,
            };
            let names = entries.get(part.entries.clone()).unwrap_or_default();
            let too_low = match (index, placed.separator, names.first()) {
                (0, Some(separator), Some(entry)) => entry.name.as_bytes() < separator,
                _ => false,
            };
            let is_last = index + 1 == part_lens.len();
            let too_high = match (is_last, placed.next_separator, names.last()) {
                (true, Some(separator), Some(entry)) => entry.name.as_bytes() >= separator,
                _ => false,
            };
            if too_low || too_high {
                return Err(damaged("the names of a long folder are not in order"));
            }
            parts.push(part);
        }
        decoder.finish()?;
        let cost = page.raw.len() * 2 + decoder.names_len() + entries.len() * ENTRY_COST;
        Ok(DecodedPage {
            parts,
            entries,
            cost,
        })
    }
}
