//! What holders cost: what each of them holds, and what releasing it would free.
//!
//! A content, or a chunk of a big one, is freed when nothing but the claims that are released names it.
//! The figures are exact for the contents as stored bytes; how much of the disk comes back depends on how
//! prune packs what stays.

use std::collections::{BTreeSet, HashMap};

use super::Repository;
use super::claims::{ClaimId, LiveClaims};
use super::index::Index;
use super::table::{ContentRow, Piece, Place};
use super::token::ContentNumber;
use crate::error::Result;
use crate::format::digest::{Blake3, ContentDigest};
use crate::progress::Monitor;

/// What some claims hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimCosts {
    /// Different contents, and the sum of their sizes.
    pub contents: u64,
    pub content_bytes: u64,
    /// Those that no other claim names.
    pub alone_contents: u64,
    pub alone_content_bytes: u64,
    /// The stored bytes that only they need: what releasing these claims frees.
    pub alone_stored_bytes: u64,
}

/// Who needs a chunk: one group alone, or several or somebody else as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    ByGroup(usize),
    ByOthers,
}

impl Repository {
    /// What each of these groups of claims holds. No claim is in two groups; claims that are not live hold
    /// nothing.
    ///
    /// Errors: as [`Repository::prune`], for a lost claim may hold what seems to be free.
    pub fn claim_costs(
        &self,
        groups: &[BTreeSet<ClaimId>],
        monitor: &Monitor,
    ) -> Result<Vec<ClaimCosts>> {
        let live = LiveClaims::load(&**self.storage(), self.id())?;
        let alone: Vec<_> = groups
            .iter()
            .map(|group| live.held_only_by(group))
            .collect();
        let is_alone = |group: usize, number: ContentNumber| {
            let ordinals = alone
                .get(group)
                .and_then(|contents| contents.get(&number.segment));
            ordinals.is_some_and(|ordinals| ordinals.contains(number.ordinal))
        };
        let holds = |group: &BTreeSet<ClaimId>, number: ContentNumber| {
            let mut claims = group.iter().filter_map(|claim| live.get(*claim));
            claims.any(|claim| claim.references(number) > 0)
        };
        let index = self.fresh_index()?;
        index.expect_complete()?;
        let mut costs = vec![ClaimCosts::default(); groups.len()];
        let mut big: Vec<(Piece, ContentDigest, Needed)> = Vec::new();
        let mut rows = 0_u64;
        index.each_content(|row| {
            rows += 1;
            if rows.is_multiple_of(4096) {
                monitor.check_cancelled()?;
            }
            if !live.contains(row.number) {
                return Ok(());
            }
            let mut needed = Needed::ByOthers;
            for (group, (claims, costs)) in groups.iter().zip(&mut costs).enumerate() {
                if is_alone(group, row.number) {
                    needed = Needed::ByGroup(group);
                    costs.add_alone(&row);
                } else if holds(claims, row.number) {
                    costs.contents += 1;
                    costs.content_bytes += row.digest.size;
                }
            }
            if let Place::Chunked(piece) = row.place {
                big.push((piece, row.digest, needed));
            }
            Ok(())
        })?;
        self.add_chunks(&index, big, &mut costs, monitor)?;
        Ok(costs)
    }

    fn add_chunks(
        &self,
        index: &Index,
        mut big: Vec<(Piece, ContentDigest, Needed)>,
        costs: &mut [ClaimCosts],
        monitor: &Monitor,
    ) -> Result<()> {
        big.sort_unstable_by_key(|(list, _, _)| (list.block.pack, list.block.page, list.offset));
        let mut chunks: HashMap<Blake3, Needed> = HashMap::new();
        for (piece, digest, needed) in big {
            monitor.check_cancelled()?;
            let list = self.inner.blocks.chunk_list(&piece, &digest)?;
            for (chunk, _) in &list.chunks {
                let known = chunks.entry(*chunk).or_insert(needed);
                if *known != needed {
                    *known = Needed::ByOthers;
                }
            }
        }
        if chunks.is_empty() {
            return Ok(());
        }
        index.each_chunk(|row| {
            if let Some(Needed::ByGroup(group)) = chunks.get(&row.blake3)
                && let Some(costs) = costs.get_mut(*group)
            {
                costs.alone_stored_bytes += row.piece.stored_bytes();
            }
            Ok(())
        })
    }
}

impl ClaimCosts {
    fn add_alone(&mut self, row: &ContentRow) {
        let size = row.digest.size;
        self.contents += 1;
        self.content_bytes += size;
        self.alone_contents += 1;
        self.alone_content_bytes += size;
        self.alone_stored_bytes += match row.place {
            Place::Empty | Place::Lost => 0,
            // Of a big content this is the list of its chunks; they are counted by themselves.
            Place::Piece(piece) | Place::Chunked(piece) => piece.stored_bytes(),
            Place::Loose(place) => place.stored_bytes,
        };
    }
}
