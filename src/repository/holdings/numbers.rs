//! A value for each content, found by its number.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::sets::{ClaimSets, SetId};
use crate::repository::claims::Claim;
use crate::repository::index::Index;
use crate::repository::token::{ContentNumber, SegmentId};

/// Ordinals with neighbours: values lie side by side in leaves of this many.
const LEAF: usize = 1024;

/// What is kept of a content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry {
    /// The claims that need its bytes.
    pub set: SetId,
    /// Stored bytes of its piece, file or chunk list; `u32::MAX` for what does not fit.
    stored: u32,
}

/// The contents that claims name and tables have a row for. 8 bytes each.
///
/// A claim may name numbers that no table has, when somebody means harm or a table is lost; they take no
/// memory here.
#[derive(Debug, Default)]
pub struct Numbers {
    segments: HashMap<SegmentId, Segment>,
    /// Stored bytes of the few whose do not fit.
    long: HashMap<ContentNumber, u64>,
}

#[derive(Debug, Default)]
struct Segment {
    rows: RoaringBitmap,
    leaves: BTreeMap<u32, Box<[Entry; LEAF]>>,
}

impl Segment {
    /// The leaf for the ordinals around this one, if any of those has a row.
    fn leaf(&mut self, ordinal: u32) -> Option<&mut [Entry; LEAF]> {
        use std::collections::btree_map::Entry as Place;
        let at = ordinal / LEAF as u32;
        match self.leaves.entry(at) {
            Place::Occupied(leaf) => Some(leaf.into_mut()),
            Place::Vacant(place) => {
                let first = at * LEAF as u32;
                let last = first + (LEAF as u32 - 1);
                if self.rows.range_cardinality(first..=last) == 0 {
                    return None;
                }
                Some(place.insert(Box::new([Entry::default(); LEAF])))
            }
        }
    }
}

impl Numbers {
    /// For the contents that these tables have rows for.
    pub fn of(index: &Index) -> Numbers {
        let mut numbers = Numbers::default();
        for table in index.tables() {
            for (segment, rows) in table.segments() {
                numbers.segments.entry(*segment).or_default().rows |= rows;
            }
        }
        numbers
    }

    /// The ordinals of a segment for which tables have a row that leads somewhere.
    pub fn rows(&self, segment: SegmentId) -> Option<&RoaringBitmap> {
        self.segments.get(&segment).map(|segment| &segment.rows)
    }

    /// Adds the claim at `position` to the sets of the contents that it names.
    pub fn add_claim(&mut self, claim: &Claim, position: usize, sets: &mut ClaimSets) {
        // What each set becomes with the claim; 0 for those that have not been met yet.
        let mut extended: Vec<SetId> = vec![0; sets.len()];
        for (segment, contents) in claim.segments() {
            let Some(segment) = self.segments.get_mut(segment) else {
                continue;
            };
            let mut ordinals = contents.ordinals().iter().peekable();
            while let Some(first) = ordinals.peek().copied() {
                let at = first / LEAF as u32;
                let is_in_leaf = |ordinal: &u32| ordinal / LEAF as u32 == at;
                let Some(leaf) = segment.leaf(first) else {
                    while ordinals.next_if(is_in_leaf).is_some() {}
                    continue;
                };
                while let Some(ordinal) = ordinals.next_if(is_in_leaf) {
                    let entry = &mut leaf[ordinal as usize % LEAF];
                    let with = &mut extended[entry.set as usize];
                    if *with == 0 {
                        *with = sets.extended(entry.set, position);
                    }
                    entry.set = *with;
                }
            }
        }
    }

    fn get(&self, number: ContentNumber) -> Option<&Entry> {
        let segment = self.segments.get(&number.segment)?;
        let leaf = segment.leaves.get(&(number.ordinal / LEAF as u32))?;
        leaf.get(number.ordinal as usize % LEAF)
    }

    /// The claims that need a content; the empty set for one that is not known.
    pub fn set(&self, number: ContentNumber) -> SetId {
        self.get(number).map_or(0, |entry| entry.set)
    }

    /// Stored bytes of a content's piece, file or chunk list.
    pub fn stored(&self, number: ContentNumber) -> u64 {
        match self.get(number) {
            None => 0,
            Some(entry) if entry.stored == u32::MAX => {
                let long = self.long.get(&number).copied();
                long.unwrap_or(u64::from(u32::MAX))
            }
            Some(entry) => u64::from(entry.stored),
        }
    }

    /// Says what is known of a content that some claim names.
    pub fn note(&mut self, number: ContentNumber, set: SetId, stored: u64) {
        let Some(segment) = self.segments.get_mut(&number.segment) else {
            return;
        };
        let Some(leaf) = segment.leaf(number.ordinal) else {
            return;
        };
        let stored = u32::try_from(stored).unwrap_or_else(|_| {
            self.long.insert(number, stored);
            u32::MAX
        });
        leaf[number.ordinal as usize % LEAF] = Entry { set, stored };
    }
}
