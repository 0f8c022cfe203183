//! Which folders have certain contents, by the tokens of a page alone: no entry is made of what is not looked
//! for.

use super::columns::{Columns, flags};
use super::read::Snapshot;
use super::tokens::TokenDecoder;
use super::values::damaged;
use crate::error::Result;
use crate::format::encoding::decode;
use crate::repository::token::{ContentNumber, SegmentId};

/// Which parts of a page have one of the contents that were looked for.
#[derive(Clone, Debug)]
pub struct PartsFound {
    /// Which of the listings of which the page has a part, counted from 0 in the page; ascending.
    pub parts: Vec<u32>,
    /// What the page's tokens mean depends on the snapshot's table of segments: these of its places, as they
    /// were.
    segments: Vec<(u32, SegmentId)>,
}

impl Snapshot {
    /// Which listings of a page have a content there for which `is_wanted` says yes.
    pub fn parts_with_contents(
        &self,
        page: u32,
        is_wanted: &mut dyn FnMut(ContentNumber) -> bool,
    ) -> Result<PartsFound> {
        self.find_contents(page, is_wanted)
            .map_err(|error| self.error(error))
    }

    fn find_contents(
        &self,
        page: u32,
        is_wanted: &mut dyn FnMut(ContentNumber) -> bool,
    ) -> Result<PartsFound> {
        let page = self.page_bytes(page)?;
        let columns: Columns = decode(&page.raw)?;
        let mut tokens = TokenDecoder::new(&columns, &page.plain, self.segments())?;
        let mut kinds = columns.flags.0.iter().map(|bits| bits & flags::KIND);
        let mut parts = Vec::new();
        for (part, len) in (0..).zip(&columns.part_entries.0) {
            let mut has_one = false;
            for _ in 0..*len {
                let kind = kinds
                    .next()
                    .ok_or_else(|| damaged("a page ends too early"))?;
                if kind == flags::FILE {
                    let token = tokens.next()?;
                    has_one = has_one || is_wanted(token.number);
                }
            }
            if has_one {
                parts.push(part);
            }
        }
        tokens.finish()?;
        let places = columns.segments.0.iter().copied();
        let segments = places.filter_map(|place| Some((place, self.segment_at(place)?)));
        Ok(PartsFound {
            parts,
            segments: segments.collect(),
        })
    }

    /// Whether what was found in a page, maybe of another snapshot, is so in a page of this one that has the
    /// same digest.
    pub fn agrees_with(&self, found: &PartsFound) -> bool {
        let mut segments = found.segments.iter();
        segments.all(|(place, segment)| self.segment_at(*place) == Some(*segment))
    }

    fn segment_at(&self, place: u32) -> Option<SegmentId> {
        self.segments().get(place as usize).copied()
    }
}
