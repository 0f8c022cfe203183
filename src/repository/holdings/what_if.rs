//! What releasing claims would free: the question of every deletion.
//!
//! What becomes of each pack is decided by the function that prune itself decides by, and how long packs come out follows
//! from the blocks that move to them. So the answer is exact, to the byte, without anything being read. It is about contents
//! and claims; how much shorter tables become is known only once they are written
//! ([`Repository::rehearse_release`] does it, on paper).
//!
//! [`Repository::rehearse_release`]: crate::repository::Repository::rehearse_release

use std::collections::BTreeSet;

use super::Holdings;
use super::read::TwinPlace;
use super::sets::SetId;
use crate::repository::claims::ClaimId;
use crate::repository::prune::packs::{
    BlockUse, PackFate, PackUse, fates, gathered_len, rounds_of,
};

/// What releasing some claims, and a prune then, would free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Contents that are gone for good then, and the sum of their sizes.
    pub freed_contents: u64,
    pub freed_content_bytes: u64,
    /// Stored bytes that only these claims need.
    pub freed_stored_bytes: u64,
    /// Length of the claims' own files.
    pub claim_bytes: u64,
    /// By how much packs and loose files are shorter together after a prune, without what it gives back now. Negative
    /// where short packs are gathered that come out longer.
    pub file_bytes: i64,
    /// Packs that are copied for it, and how many bytes of them.
    pub moved_packs: u64,
    pub moved_bytes: u64,
    /// Bytes that stay in blocks although nothing needs them, since something else there is needed: so many more than
    /// without this, about. Repacking gives them back.
    pub mixed_bytes: u64,
    /// What a prune gives back now, without this, of packs and of loose files that tables name.
    pub unclaimed_bytes: u64,
    /// Something that is claimed cannot be found: a prune gives nothing back before a repair.
    pub is_something_lost: bool,
}

impl WhatIf {
    /// Adds what would be freed in another repository.
    pub fn add(&mut self, other: &WhatIf) {
        self.freed_contents += other.freed_contents;
        self.freed_content_bytes += other.freed_content_bytes;
        self.freed_stored_bytes += other.freed_stored_bytes;
        self.claim_bytes += other.claim_bytes;
        self.file_bytes += other.file_bytes;
        self.moved_packs += other.moved_packs;
        self.moved_bytes += other.moved_bytes;
        self.mixed_bytes += other.mixed_bytes;
        self.unclaimed_bytes += other.unclaimed_bytes;
        self.is_something_lost |= other.is_something_lost;
    }

    /// Bytes of packs, loose files and claims that come back, not counting what a prune gives back without this: exact
    /// if nothing is lost.
    pub fn freed_bytes(&self) -> i64 {
        self.file_bytes.saturating_add_unsigned(self.claim_bytes)
    }

    pub fn is_exact(&self) -> bool {
        !self.is_something_lost
    }
}

/// What prune would leave of packs and loose files.
#[derive(Clone, Copy, Debug, Default)]
struct Left {
    packs: u64,
    loose: u64,
    moved_packs: u64,
    moved_bytes: u64,
    mixed: u64,
}

impl Left {
    fn bytes(&self) -> i64 {
        i64::try_from(self.packs + self.loose).unwrap_or(i64::MAX)
    }
}

impl Holdings {
    /// What releasing these claims would free. Claims that are not live change nothing.
    pub fn what_if(&self, claims: &BTreeSet<ClaimId>) -> WhatIf {
        let positions = self.positions(claims);
        let mask = self.sets.mask(positions.iter().copied());
        let sets = 0..self.sets.len() as SetId;
        let released: Vec<bool> = sets
            .map(|set| self.sets.overlap(set, &mask).is_all())
            .collect();
        let mut what_if = WhatIf::default();
        for position in positions {
            what_if.claim_bytes += self.claims[position].claim_bytes;
        }
        for (sums, is_released) in self.sums.iter().zip(&released) {
            if *is_released {
                what_if.freed_contents += sums.contents;
                what_if.freed_content_bytes += sums.content_bytes;
                what_if.freed_stored_bytes += sums.stored_bytes;
            }
        }
        let now = self.left_without(&[]);
        let then = self.left_without(&released);
        what_if.is_something_lost = self.is_something_lost;
        let bytes_now = self.bytes_now();
        what_if.unclaimed_bytes = bytes_now.saturating_sub(now.packs + now.loose);
        // Gathering short packs, which a prune does now as well, can make them longer: that is not left out.
        let before = now
            .bytes()
            .min(i64::try_from(bytes_now).unwrap_or(i64::MAX));
        what_if.file_bytes = before - then.bytes();
        what_if.moved_packs = then.moved_packs.saturating_sub(now.moved_packs);
        what_if.moved_bytes = then.moved_bytes.saturating_sub(now.moved_bytes);
        what_if.mixed_bytes = then.mixed.saturating_sub(now.mixed);
        what_if
    }

    /// Length of all packs, and of the loose files that tables name.
    fn bytes_now(&self) -> u64 {
        let packs: u64 = self.packs.iter().map(|pack| pack.bytes).sum();
        packs + self.loose_bytes
    }

    /// What a prune leaves when these sets are released.
    fn left_without(&self, released: &[bool]) -> Left {
        let is_released = |set: SetId| released.get(set as usize).copied().unwrap_or(false);
        let mut left = Left::default();
        for (sums, set) in self.sums.iter().zip(0..) {
            if !is_released(set) {
                left.loose += sums.loose_bytes;
            }
        }
        let mut of_blocks: Vec<BlockUse> = self
            .blocks
            .iter()
            .map(|block| {
                let needs = block.needs.iter().filter(|(set, _)| !is_released(*set));
                BlockUse {
                    stored_len: block.stored_len,
                    raw_len: block.raw_len,
                    listing_len: block.listing_len,
                    live_bytes: needs.map(|(_, bytes)| bytes).sum(),
                }
            })
            .collect();
        for twins in &self.twins {
            let kept = twins.iter().find(|twin| !is_released(twin.set));
            match kept.map(|twin| twin.place) {
                Some(TwinPlace::Loose(bytes)) => left.loose += bytes,
                Some(TwinPlace::Block(at, bytes)) => of_blocks[at as usize].live_bytes += bytes,
                Some(TwinPlace::Nowhere) | None => {}
            }
        }
        let mut uses: Vec<PackUse> = self.packs.clone();
        let with_pack = || self.blocks.iter().map(|block| block.pack).zip(&of_blocks);
        for (pack, block) in with_pack() {
            if let Some(pack) = pack.and_then(|pack| uses.get_mut(pack as usize)) {
                pack.add(block);
            }
        }
        let fates = fates(&uses);
        for (pack, fate) in uses.iter().zip(&fates) {
            match fate {
                PackFate::Orphaned | PackFate::Deleted => continue,
                PackFate::Kept => left.packs += pack.bytes,
                PackFate::Moved => left.moved_packs += 1,
            }
            left.mixed += pack.mixed_bytes();
        }
        // Blocks are in the order of their packs.
        let live = with_pack().filter(|(_, block)| block.live_bytes > 0);
        let moving: Vec<(u32, (u32, u32))> = live
            .filter_map(|(pack, block)| Some((pack?, (block.stored_len, block.listing_len))))
            .filter(|(pack, _)| fates.get(*pack as usize) == Some(&PackFate::Moved))
            .collect();
        let packs: Vec<&[(u32, (u32, u32))]> = moving.chunk_by(|(a, _), (b, _)| a == b).collect();
        let bytes_of = |pack: &&[(u32, (u32, u32))]| {
            let first = pack.first().and_then(|(pack, _)| uses.get(*pack as usize));
            first.map_or(0, |pack| pack.bytes)
        };
        for round in rounds_of(&packs, self.round_bytes, bytes_of) {
            let blocks = round.iter().copied().flatten().map(|(_, lens)| *lens);
            left.moved_bytes += gathered_len(blocks);
        }
        left.packs += left.moved_bytes;
        left
    }
}
