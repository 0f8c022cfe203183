//! Who holds what: every content and chunk with its stored bytes and the set of live claims that need it,
//! in memory, so that questions about what snapshots cost are answered at once.
//!
//! # Words
//!
//! - *Holding*: a claim holds the contents that it names. A content is *held* as often as it is named, with its
//!   size as a file.
//! - *Stored bytes*: what a content takes in the repository. For a piece of a block this is its share of the block;
//!   shares of the pieces of a block add up to the block exactly. A chunk that several big contents have in common counts
//!   once.
//! - *Share*: of a content's stored bytes, divided by all references to it, the part for one's own references. A
//!   chunk is divided evenly among the claims that need it. The shares of all claims add up to what is stored.
//! - *Alone*: what no other claim needs, that is, what releasing the claim frees.
//! - *New*: what no older claim needs.
//!
//! # How
//!
//! Contents are sorted by the set of claims that hold them ([`sets`]); sizes are summed up for each set, and for each
//! set within each block. A question goes over sets and blocks, not over contents ([`what_if`]); only the
//! weights of single contents need more ([`within`]).
//!
//! Memory: 8 bytes a content, about 20 a chunk of big contents (150 while it is opened), the claims' bitmaps, and
//! what sets and blocks take.

mod numbers;
mod read;
mod sets;
#[cfg(test)]
mod tests;
mod what_if;
mod within;

use std::collections::{BTreeSet, HashMap};

pub use self::what_if::WhatIf;
pub use self::within::{Weight, Within};

use self::numbers::Numbers;
use self::read::{BigContent, Block, Chunks, SetSums, Twin};
use self::sets::ClaimSets;
use super::Repository;
use super::claims::{ClaimId, Contents, LiveClaims};
use super::prune::packs::PackUse;
use crate::error::Result;
use crate::progress::Monitor;

/// A claim, as far as statistics are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimInfo {
    pub claim_id: ClaimId,
    /// For whom it is, in words for people.
    pub holder: String,
    /// In seconds since 1970 (UTC).
    pub created_at: i64,
    /// Length of its file.
    pub claim_bytes: u64,
}

/// What some claims hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimCosts {
    /// How many times contents are named, and the sizes of these, each counted as often as it is named.
    pub references: u64,
    pub held_bytes: u64,
    /// Different contents, and the sum of their sizes.
    pub contents: u64,
    pub content_bytes: u64,
    /// What these take in the repository.
    pub stored_bytes: u64,
    /// Of that, what is left when it is divided among all who need it.
    pub share_bytes: u64,
    /// Contents that no other claim names.
    pub alone_contents: u64,
    pub alone_content_bytes: u64,
    /// The stored bytes that only they need: what releasing these claims frees.
    pub alone_stored_bytes: u64,
}

impl ClaimCosts {
    /// Adds what is held in another repository.
    pub fn add(&mut self, other: &ClaimCosts) {
        self.references += other.references;
        self.held_bytes += other.held_bytes;
        self.contents += other.contents;
        self.content_bytes += other.content_bytes;
        self.stored_bytes += other.stored_bytes;
        self.share_bytes += other.share_bytes;
        self.alone_contents += other.alone_contents;
        self.alone_content_bytes += other.alone_content_bytes;
        self.alone_stored_bytes += other.alone_stored_bytes;
    }
}

/// How a repository has grown with one claim, as far as claims that are still live tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrowthPoint {
    pub claim_id: ClaimId,
    /// In seconds since 1970 (UTC).
    pub created_at: i64,
    /// Sizes of what the claim holds, each counted as often as it is held.
    pub held_bytes: u64,
    /// Stored bytes that no older claim needs.
    pub new_stored_bytes: u64,
    /// Both summed up over this claim and all older ones.
    pub total_held_bytes: u64,
    pub total_stored_bytes: u64,
}

/// Who holds what in a repository, as it was when this was made.
pub struct Holdings {
    repository: Repository,
    live: LiveClaims,
    claims: Vec<ClaimInfo>,
    positions: HashMap<ClaimId, usize>,
    sets: ClaimSets,
    /// Sums for each set.
    sums: Vec<SetSums>,
    /// For each claim what references beyond the first within it add, and its share of the contents that
    /// it or another claim names more than once.
    repeated: Vec<Repeated>,
    blocks: Vec<Block>,
    packs: Vec<PackUse>,
    /// How much a prune moves at a time.
    round_bytes: u64,
    /// Of each content that is in several places, these, in the order in which prune prefers them.
    twins: Vec<Vec<Twin>>,
    /// Length of the loose files that tables name.
    loose_bytes: u64,
    /// Something that is claimed cannot be found, and so prune gives nothing back before a repair.
    is_something_lost: bool,
    numbers: Numbers,
    big: Vec<BigContent>,
    chunks: Chunks,
}

/// What comes of contents that are named more than once.
#[derive(Clone, Copy, Debug, Default)]
struct Repeated {
    references: u64,
    held_bytes: u64,
    share_bytes: f64,
}

impl Repository {
    /// Finds out who holds what. Reads claims, tables and chunk lists, no contents.
    ///
    /// Errors: [`crate::error::ErrorKind::Damaged`] when a claim cannot be read or is missing, or a table is
    /// damaged: what is not known might hold what seems to be free.
    pub fn holdings(&self, monitor: &Monitor) -> Result<Holdings> {
        read::read(self, monitor)
    }
}

impl Holdings {
    /// The live claims, the oldest first; of the same second, in the order of their series.
    pub fn claims(&self) -> &[ClaimInfo] {
        &self.claims
    }

    /// The positions of those of the claims that are live.
    fn positions(&self, claims: &BTreeSet<ClaimId>) -> Vec<usize> {
        let positions = claims.iter().filter_map(|id| self.positions.get(id));
        positions.copied().collect()
    }

    /// What these claims hold together. Those that are not live hold nothing.
    pub fn costs(&self, claims: &BTreeSet<ClaimId>) -> ClaimCosts {
        let positions = self.positions(claims);
        let mask = self.sets.mask(positions.iter().copied());
        let mut costs = ClaimCosts::default();
        let mut share = 0.0;
        for position in positions {
            let repeated = &self.repeated[position];
            costs.references += repeated.references;
            costs.held_bytes += repeated.held_bytes;
            share += repeated.share_bytes;
        }
        for (sums, set) in self.sums.iter().zip(0..) {
            let overlap = self.sets.overlap(set, &mask);
            if !overlap.is_some() {
                continue;
            }
            costs.references += sums.contents * overlap.inside;
            costs.held_bytes += sums.content_bytes.saturating_mul(overlap.inside);
            costs.contents += sums.contents;
            costs.content_bytes += sums.content_bytes;
            costs.stored_bytes += sums.stored_bytes;
            share += sums.single_bytes as f64 * overlap.inside as f64 / overlap.all as f64;
            if overlap.is_all() {
                costs.alone_contents += sums.contents;
                costs.alone_content_bytes += sums.content_bytes;
                costs.alone_stored_bytes += sums.stored_bytes;
            }
        }
        costs.share_bytes = share.round() as u64;
        costs
    }

    /// What these claims name and no other one does.
    pub fn held_only_by(&self, claims: &BTreeSet<ClaimId>) -> Contents {
        self.live.held_only_by(claims)
    }

    /// How the repository has grown, one claim after the other.
    pub fn growth(&self) -> Vec<GrowthPoint> {
        let mut new = vec![0; self.claims.len()];
        let mut held = vec![0_u64; self.claims.len()];
        for (sums, set) in self.sums.iter().zip(0..) {
            if let Some(first) = self.sets.first(set) {
                new[first] += sums.stored_bytes;
            }
            if sums.content_bytes > 0 {
                for position in self.sets.positions(set) {
                    held[position] += sums.content_bytes;
                }
            }
        }
        let (mut total_held_bytes, mut total_stored_bytes) = (0, 0);
        let points = self.claims.iter().enumerate().map(|(position, claim)| {
            let held_bytes = held[position] + self.repeated[position].held_bytes;
            total_held_bytes += held_bytes;
            total_stored_bytes += new[position];
            GrowthPoint {
                claim_id: claim.claim_id,
                created_at: claim.created_at,
                held_bytes,
                new_stored_bytes: new[position],
                total_held_bytes,
                total_stored_bytes,
            }
        });
        points.collect()
    }

    /// What contents weigh among all that a claim holds.
    ///
    /// Errors: [`crate::error::ErrorKind::NotFound`] when it is not live; chunk lists that cannot be read.
    pub fn within(&self, claim: ClaimId) -> Result<Within<'_>> {
        Within::new(self, claim)
    }
}
