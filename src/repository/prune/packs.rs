//! What becomes of a pack, by what is claimed of it.
//!
//! Apart from [`super::plan`], so that a question about a deletion that nobody has made yet gets the answer
//! that prune would act on.

use crate::repository::index::Index;
use crate::repository::pack::{LISTING_TARGET, PACK_TARGET, PackLength};

/// A pack is moved, or repacked, when more than this share of it comes back by that, in hundredths.
const TOLERATED_WASTE: u64 = 5;
/// Packs shorter than this are gathered into longer ones …
const SHORT_PACK: u64 = PACK_TARGET / 4;
/// … unless so many bytes say which pieces are in them: they would come out as short again …
const LONG_LISTING: u64 = LISTING_TARGET / 4;
/// … when there are this many of them.
pub(super) const MANY_SHORT_PACKS: usize = 12;
/// Packs that are moved before the old ones are deleted are together about as long as this: so much space a prune
/// needs.
const ROUND_BYTES: u64 = if cfg!(test) { 16 << 10 } else { 2 << 30 };
/// Or so many times as long as all tables, if that is more.
const TABLES_A_ROUND: u64 = if cfg!(test) { 1 } else { 8 };

/// What is claimed of a block, before compression.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockUse {
    pub stored_len: u32,
    pub raw_len: u32,
    pub listing_len: u32,
    pub live_bytes: u64,
}

impl BlockUse {
    /// Stored bytes for which nothing is claimed.
    fn waste(&self) -> u64 {
        let raw = u64::from(self.raw_len).max(1);
        let live = self.live_bytes.min(raw);
        u64::from(self.stored_len) * (raw - live) / raw
    }
}

/// A pack, and what is claimed of it, in stored bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct PackUse {
    /// Length of its file.
    pub bytes: u64,
    /// Some row names one of its blocks.
    is_named: bool,
    /// The blocks of which something is claimed, as a pack of their own.
    live: PackLength,
    /// What nothing is claimed of in these blocks.
    mixed: u64,
}

impl PackUse {
    pub fn of(bytes: u64) -> PackUse {
        PackUse {
            bytes,
            ..PackUse::default()
        }
    }

    /// Adds one of its blocks.
    pub fn add(&mut self, block: &BlockUse) {
        self.is_named = true;
        if block.live_bytes > 0 {
            self.live.add(block.stored_len, block.listing_len);
            self.mixed += block.waste();
        }
    }

    /// Bytes that nothing is claimed of, in blocks that hold something claimed, too. About.
    pub fn mixed_bytes(&self) -> u64 {
        self.mixed
    }

    fn is_short(&self) -> bool {
        self.bytes < SHORT_PACK && self.live.listing_bytes() < LONG_LISTING
    }
}

/// What becomes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackFate {
    /// No row names it. It goes, unless a row may have been lost.
    Orphaned,
    /// Nothing is claimed of it; it goes.
    Deleted,
    /// Its blocks of which something is claimed are copied, as they are, to a new one.
    Moved,
    Kept,
}

/// What becomes of each of all packs.
pub fn fates(packs: &[PackUse]) -> Vec<PackFate> {
    let fate = |pack: &PackUse| {
        if !pack.is_named {
            PackFate::Orphaned
        } else if pack.live.is_empty() {
            PackFate::Deleted
        } else if is_worth_it(pack.bytes.saturating_sub(pack.live.file_len()), pack.bytes) {
            PackFate::Moved
        } else {
            PackFate::Kept
        }
    };
    let mut fates: Vec<PackFate> = packs.iter().map(fate).collect();
    let is_short =
        |(pack, fate): &(&PackUse, &mut PackFate)| **fate == PackFate::Kept && pack.is_short();
    let short: Vec<_> = packs
        .iter()
        .zip(fates.iter_mut())
        .filter(is_short)
        .collect();
    if short.len() >= MANY_SHORT_PACKS {
        for (_, fate) in short {
            *fate = PackFate::Moved;
        }
    }
    fates
}

/// Whether a pack of which something is claimed is compressed anew without the rest, by a prune that is told to.
pub fn is_repacked(pack: &PackUse) -> bool {
    !pack.live.is_empty() && is_worth_it(pack.mixed, pack.live.file_len())
}

/// Whether so much gained is worth the work on all of it.
pub(super) fn is_worth_it(gain: u64, of: u64) -> bool {
    gain * 100 > of * TOLERATED_WASTE
}

/// How many bytes of packs are moved in one round. All tables are rewritten after each, so that with long tables rounds
/// are long as well.
pub fn round_bytes(index: &Index) -> u64 {
    let tables: u64 = index.tables().iter().map(|table| table.file_len()).sum();
    ROUND_BYTES.max(TABLES_A_ROUND * tables)
}

/// Divides packs that are moved, in their order, into rounds of about so many bytes; `bytes` tells how long one is.
pub fn rounds_of<'a, P>(
    packs: &'a [P],
    round_bytes: u64,
    bytes: impl Fn(&P) -> u64 + 'a,
) -> impl Iterator<Item = &'a [P]> {
    let mut rest = packs;
    std::iter::from_fn(move || {
        let mut sum = 0;
        let is_enough = |pack: &P| {
            sum += bytes(pack);
            sum >= round_bytes
        };
        let end = rest
            .iter()
            .position(is_enough)
            .map_or(rest.len(), |last| last + 1);
        let (round, after) = rest.split_at(end);
        rest = after;
        (!round.is_empty()).then_some(round)
    })
}

/// How long the packs are together into which blocks of these stored and listing lengths are gathered in one round.
pub fn gathered_len(blocks: impl IntoIterator<Item = (u32, u32)>) -> u64 {
    let mut sum = 0;
    let mut pack = PackLength::default();
    for (stored_len, listing_len) in blocks {
        pack.add(stored_len, listing_len);
        if pack.is_full() {
            sum += std::mem::take(&mut pack).file_len();
        }
    }
    match pack.is_empty() {
        true => sum,
        false => sum + pack.file_len(),
    }
}
