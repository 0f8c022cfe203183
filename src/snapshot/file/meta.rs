//! The meta of a snapshot file: its header, the attributes of `/`, the table of segments, and the map
//! that finds the pages of a listing.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::attributes::{check_set, timestamp};
use super::header::SnapshotHeader;
use super::values::damaged;
use crate::error::{Error, ErrorKind, Result};
use crate::format::encoding::{Bytes, decode, encode};
use crate::repository::token::SegmentId;
use crate::snapshot::tree::{Attributes, ExtendedAttribute, Name, Timestamp};

/// How the meta and the pages are laid out; the first two bytes of the meta.
const LAYOUT: u16 = 1;
/// Far more than any tree needs (commonly 60 bytes a page), and a bound to what a few hostile bytes
/// can unfold to.
const MAX_META_LEN: usize = 32 << 20;

/// What is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    pub header: SnapshotHeader,
    pub root: RootAttributes,
    pub segments: Vec<SegmentId>,
    pub pages: Vec<PageFence>,
}

/// The attributes of `/`, as they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RootAttributes {
    mode: u16,
    uid: u32,
    gid: u32,
    modified: (i64, u32),
    changed: (i64, u32),
    inode: u64,
    extended: Vec<(Bytes, Bytes)>,
}

/// What the map says of one page.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PageFence {
    /// How many listings have entries in the page, or are empty and lie in it; at least 1.
    pub parts: u32,
    pub entries: u32,
    /// There is one if the page's first part goes on with a listing that an earlier page began:
    /// above every name before, not above any in the page.
    pub separator: Option<Bytes>,
}

impl Meta {
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = LAYOUT.to_le_bytes().to_vec();
        bytes.extend_from_slice(&encode(self)?);
        if bytes.len() > MAX_META_LEN {
            return Err(Error::invalid(
                "write the snapshot",
                "its header is too long",
            ));
        }
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Meta> {
        let (layout, rest) = bytes
            .split_first_chunk()
            .ok_or_else(|| damaged("it says nothing of itself"))?;
        if rest.len() > MAX_META_LEN {
            return Err(damaged("its header is too long"));
        }
        match u16::from_le_bytes(*layout) {
            LAYOUT => decode(rest),
            layout => Err(Error::new(ErrorKind::Unsupported, "read the snapshot")
                .because(format!("it has layout {layout}, which is not known"))
                .advise("use a newer version of Gibus")),
        }
    }
}

impl RootAttributes {
    pub fn new(attributes: &Attributes) -> RootAttributes {
        let time = |time: Timestamp| (time.seconds, time.nanoseconds);
        let extended = attributes.extended.iter();
        RootAttributes {
            mode: attributes.mode,
            uid: attributes.uid,
            gid: attributes.gid,
            modified: time(attributes.modified),
            changed: time(attributes.changed),
            inode: attributes.inode,
            extended: extended
                .map(|one| (Bytes(one.name.clone()), Bytes(one.value.clone())))
                .collect(),
        }
    }

    pub fn check(self) -> Result<Attributes> {
        let extended: Vec<ExtendedAttribute> = self
            .extended
            .into_iter()
            .map(|(name, value)| ExtendedAttribute {
                name: name.0,
                value: value.0,
            })
            .collect();
        check_set(&extended).map_err(damaged)?;
        if self.mode > 0o7777 {
            return Err(damaged("a mode is out of range"));
        }
        Ok(Attributes {
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            modified: timestamp(self.modified.0, self.modified.1)?,
            changed: timestamp(self.changed.0, self.changed.1)?,
            inode: self.inode,
            extended: extended.into(),
        })
    }
}

/// Finds the pages of a listing. Pages hold listings in the order of their numbers, so that the
/// numbers follow from how many each page holds.
pub(super) struct PageMap {
    pages: Vec<MappedPage>,
    listings: u64,
}

struct MappedPage {
    first_listing: u64,
    parts: u32,
    entries: u32,
    separator: Option<Box<[u8]>>,
}

/// What the map says of one page, with what it says of the next.
pub(super) struct PlacedPage<'a> {
    /// The listing of the page's first part.
    pub first_listing: u64,
    pub parts: u32,
    pub entries: u32,
    /// Not above any name of the first part.
    pub separator: Option<&'a [u8]>,
    /// Above every name of the last part.
    pub next_separator: Option<&'a [u8]>,
}

impl PageMap {
    /// Checks that the pages' numbers add up and that separators ascend within a listing.
    pub fn new(fences: Vec<PageFence>) -> Result<PageMap> {
        let mut pages: Vec<MappedPage> = Vec::with_capacity(fences.len());
        let mut listings = 0_u64;
        for fence in fences {
            let mut first_listing = listings;
            if let Some(Bytes(separator)) = &fence.separator {
                let previous = pages.last();
                let lowest = previous.filter(|page| page.parts == 1);
                let lowest = lowest.and_then(|page| page.separator.as_deref());
                let ascends = lowest.is_none_or(|lowest| lowest < separator.as_slice());
                let is_short = !separator.is_empty() && separator.len() <= Name::MAX_LEN;
                if previous.is_none() || !ascends || !is_short {
                    return Err(damaged("the map of its pages contradicts itself"));
                }
                first_listing -= 1;
            }
            if fence.parts == 0 {
                return Err(damaged("a page holds no listing"));
            }
            // At most 2^32 pages of 2^32 listings: no overflow.
            listings = first_listing + u64::from(fence.parts);
            pages.push(MappedPage {
                first_listing,
                parts: fence.parts,
                entries: fence.entries,
                separator: fence.separator.map(|Bytes(bytes)| bytes.into()),
            });
        }
        if listings == 0 {
            return Err(damaged("it holds no listing"));
        }
        Ok(PageMap { pages, listings })
    }

    /// How many listings there are; at least 1.
    pub fn listings(&self) -> u64 {
        self.listings
    }

    pub fn pages(&self) -> u32 {
        self.pages.len() as u32
    }

    pub fn page(&self, index: u32) -> Option<PlacedPage<'_>> {
        let page = self.pages.get(index as usize)?;
        let next = self.pages.get(index as usize + 1);
        Some(PlacedPage {
            first_listing: page.first_listing,
            parts: page.parts,
            entries: page.entries,
            separator: page.separator.as_deref(),
            next_separator: next.and_then(|next| next.separator.as_deref()),
        })
    }

    /// The pages that have a part of this listing; at least one, if there is such a listing.
    pub fn pages_of(&self, listing: u64) -> Range<u32> {
        if listing >= self.listings {
            return 0..0;
        }
        let pages = &self.pages;
        let end = pages.partition_point(|page| page.first_listing <= listing);
        let mut start = pages.partition_point(|page| page.first_listing < listing);
        // The first page that begins with this listing may only go on with it.
        if start == end
            || pages
                .get(start)
                .is_some_and(|page| page.separator.is_some())
        {
            start = start.saturating_sub(1);
        }
        start as u32..end as u32
    }

    /// Of the pages of a listing, the one in which a name is if it is anywhere.
    pub fn page_of_name(&self, listing: u64, name: &[u8]) -> Option<u32> {
        let range = self.pages_of(listing);
        let pages = self.pages.get(range.start as usize..range.end as usize)?;
        // All but the first page of a listing have a separator, in ascending order.
        let after_first = pages.get(1..)?;
        let passed = after_first.partition_point(|page| {
            page.separator
                .as_deref()
                .is_some_and(|separator| separator <= name)
        });
        Some(range.start + passed as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(parts: u32, separator: Option<&str>) -> PageFence {
        PageFence {
            parts,
            entries: 1,
            separator: separator.map(|text| Bytes(text.as_bytes().to_vec())),
        }
    }

    #[test]
    fn a_listing_is_found_in_the_pages_that_have_a_part_of_it() {
        // Listings 0 1 2 | 2 | 2 3 | 4 | 4
        let fences = vec![
            fence(3, None),
            fence(1, Some("f")),
            fence(2, Some("m")),
            fence(1, None),
            fence(1, Some("c")),
        ];
        let map = PageMap::new(fences).unwrap();
        assert_eq!(map.listings(), 5);
        let ranges: Vec<_> = (0..6).map(|listing| map.pages_of(listing)).collect();
        assert_eq!(ranges, [0..1, 0..1, 0..3, 2..3, 3..5, 0..0]);
        let page_of = |listing, name: &str| map.page_of_name(listing, name.as_bytes());
        assert_eq!(page_of(2, "a"), Some(0));
        assert_eq!(page_of(2, "f"), Some(1));
        assert_eq!(page_of(2, "lz"), Some(1));
        assert_eq!(page_of(2, "z"), Some(2));
        assert_eq!(page_of(3, "z"), Some(2));
        assert_eq!(page_of(4, "b"), Some(3));
        assert_eq!(page_of(4, "d"), Some(4));
        assert_eq!(page_of(5, "d"), None);
    }

    #[test]
    fn a_map_that_contradicts_itself_is_refused() {
        assert!(PageMap::new(vec![]).is_err());
        assert!(PageMap::new(vec![fence(0, None)]).is_err());
        assert!(PageMap::new(vec![fence(1, Some("a"))]).is_err());
        let unordered = vec![fence(1, None), fence(1, Some("b")), fence(1, Some("b"))];
        assert!(PageMap::new(unordered).is_err());
        // Of two listings, so in any order.
        let ordered = vec![fence(1, None), fence(2, Some("b")), fence(1, Some("a"))];
        assert!(PageMap::new(ordered).is_ok());
    }
}
