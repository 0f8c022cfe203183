//! What becomes of a pack, by what is claimed of it.
//!
//! Apart from [`super::plan`], so that a question about a deletion that nobody has made yet gets the answer
//! that prune would act on.

use crate::repository::pack::{PACK_PIECES, PACK_TARGET};

/// A pack is rewritten when more than this share of it is unclaimed, in hundredths.
const TOLERATED_WASTE: u64 = 5;
/// Packs shorter than this are gathered into longer ones …
const SHORT_PACK: u64 = PACK_TARGET / 4;
/// … unless they have this many pieces in use: they would come out as short again …
const MANY_PIECES: u64 = PACK_PIECES as u64 / 4;
/// … when there are this many of them.
pub(super) const MANY_SHORT_PACKS: usize = 12;

/// What is claimed of a block, before compression.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockUse {
    pub stored_len: u32,
    pub raw_len: u32,
    pub live_bytes: u64,
    pub live_pieces: u64,
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
    is_used: bool,
    blocks: u64,
    live_pieces: u64,
    /// Of blocks that rows name.
    named: u64,
    /// Of those, what nothing is claimed of.
    wasted: u64,
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
        self.is_used |= block.live_bytes != 0;
        self.blocks += 1;
        self.live_pieces += block.live_pieces;
        self.named += u64::from(block.stored_len);
        self.wasted += block.waste();
    }

    /// About what its header, directory and trailer take, rather too much.
    fn directory_bytes(&self) -> u64 {
        512 + self.blocks * 64 + self.live_pieces * 8
    }

    /// Bytes for which nothing is claimed. Blocks that no row names any more are among them; the directory is not.
    fn waste(&self) -> u64 {
        let expected = self.named + self.directory_bytes();
        self.wasted
            .saturating_add(self.bytes.saturating_sub(expected))
    }

    fn is_short(&self) -> bool {
        self.bytes < SHORT_PACK && self.live_pieces < MANY_PIECES
    }
}

/// What becomes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackFate {
    /// No row names it. It goes, unless a row may have been lost.
    Orphaned,
    /// Nothing is claimed of it; it goes.
    Deleted,
    /// What is claimed moves to a new one, and about so many bytes come back.
    Rewritten { wasted: u64 },
    /// It stays, with so many bytes that nothing claims.
    Kept { wasted: u64 },
}

/// What becomes of each of all packs.
pub fn fates(packs: &[PackUse], rewrite_all: bool) -> Vec<PackFate> {
    let fate = |pack: &PackUse| {
        let wasted = pack.waste();
        if !pack.is_named {
            PackFate::Orphaned
        } else if !pack.is_used {
            PackFate::Deleted
        } else if rewrite_all || wasted * 100 > pack.bytes * TOLERATED_WASTE {
            PackFate::Rewritten { wasted }
        } else {
            PackFate::Kept { wasted }
        }
    };
    let mut fates: Vec<PackFate> = packs.iter().map(fate).collect();
    let is_short = |(pack, fate): &(&PackUse, &mut PackFate)| {
        matches!(fate, PackFate::Kept { .. }) && pack.is_short()
    };
    let pairs = packs.iter().zip(fates.iter_mut());
    let short: Vec<_> = pairs.filter(is_short).collect();
    if short.len() >= MANY_SHORT_PACKS {
        for (_, fate) in short {
            if let PackFate::Kept { wasted } = *fate {
                *fate = PackFate::Rewritten { wasted };
            }
        }
    }
    fates
}
