//! What releasing claims would free: the question of every deletion.
//!
//! What becomes of each pack is decided by the function that prune itself decides by. Files that go whole are
//! exact to the byte. Where a pack is rewritten, what stays of it is compressed anew, in other company; how
//! much that will take is known only once it is done ([`Repository::rehearse_release`] does it, on paper).
//!
//! [`Repository::rehearse_release`]: crate::repository::Repository::rehearse_release

use std::collections::BTreeSet;

use super::Holdings;
use super::sets::SetId;
use crate::repository::claims::ClaimId;
use crate::repository::prune::packs::{BlockUse, PackFate, PackUse, fates};

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
    /// Length of the packs and loose files that go whole.
    pub whole_files_bytes: u64,
    /// Packs that are rewritten for it, and how many bytes less they take then, about.
    pub rewritten_packs: u64,
    pub rewritten_bytes: u64,
    /// Bytes that stay in packs though nothing needs them, since rewriting those is not worth it: so many more than
    /// without this.
    pub tolerated_bytes: u64,
    /// What a prune frees now, without this.
    pub unclaimed_bytes: u64,
}

impl WhatIf {
    /// Adds what would be freed in another repository.
    pub fn add(&mut self, other: &WhatIf) {
        self.freed_contents += other.freed_contents;
        self.freed_content_bytes += other.freed_content_bytes;
        self.freed_stored_bytes += other.freed_stored_bytes;
        self.claim_bytes += other.claim_bytes;
        self.whole_files_bytes += other.whole_files_bytes;
        self.rewritten_packs += other.rewritten_packs;
        self.rewritten_bytes += other.rewritten_bytes;
        self.tolerated_bytes += other.tolerated_bytes;
        self.unclaimed_bytes += other.unclaimed_bytes;
    }

    /// Bytes of packs, loose files and claims that come back, not counting what a prune frees now. Exact when
    /// [`WhatIf::is_exact`].
    pub fn freed_bytes(&self) -> u64 {
        self.whole_files_bytes + self.rewritten_bytes + self.claim_bytes
    }

    /// Whether no pack has to be rewritten, so that all is known to the byte.
    pub fn is_exact(&self) -> bool {
        // A pack that prune rewrites without this as well is not one more, and yet gets shorter.
        self.rewritten_packs == 0 && self.rewritten_bytes == 0
    }
}

/// What prune would do with all packs.
#[derive(Default)]
struct Packs {
    whole: u64,
    rewritten: u64,
    rewritten_bytes: u64,
    tolerated: u64,
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
                what_if.whole_files_bytes += sums.loose_bytes;
            }
        }
        let now = self.packs_without(&[]);
        let then = self.packs_without(&released);
        what_if.unclaimed_bytes = now.whole + now.rewritten_bytes;
        what_if.whole_files_bytes += then.whole.saturating_sub(now.whole);
        what_if.rewritten_packs = then.rewritten.saturating_sub(now.rewritten);
        what_if.rewritten_bytes = then.rewritten_bytes.saturating_sub(now.rewritten_bytes);
        what_if.tolerated_bytes = then.tolerated.saturating_sub(now.tolerated);
        what_if
    }

    fn packs_without(&self, released: &[bool]) -> Packs {
        let mut uses: Vec<PackUse> = self.packs.clone();
        for block in &self.blocks {
            let Some(pack) = block.pack.and_then(|pack| uses.get_mut(pack as usize)) else {
                continue;
            };
            let mut of_block = BlockUse {
                stored_len: block.stored_len,
                raw_len: block.raw_len,
                ..BlockUse::default()
            };
            for (set, bytes, pieces) in &block.needs {
                if !released.get(*set as usize).copied().unwrap_or(false) {
                    of_block.live_bytes += bytes;
                    of_block.live_pieces += pieces;
                }
            }
            pack.add(&of_block);
        }
        let mut packs = Packs::default();
        for (pack, fate) in uses.iter().zip(fates(&uses, false)) {
            match fate {
                PackFate::Orphaned | PackFate::Deleted => packs.whole += pack.bytes,
                PackFate::Rewritten { wasted } => {
                    packs.rewritten += 1;
                    packs.rewritten_bytes += wasted;
                }
                PackFate::Kept { wasted } => packs.tolerated += wasted,
            }
        }
        packs
    }
}
