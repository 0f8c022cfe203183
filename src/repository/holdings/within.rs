//! What contents weigh among all that one claim holds.

use std::collections::{HashMap, HashSet};

use super::Holdings;
use super::sets::SetId;
use crate::error::{Error, ErrorKind, Result};
use crate::repository::claims::{Claim, ClaimId};
use crate::repository::token::ContentNumber;

/// What one reference to a content weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Its part of what the content takes in the repository.
    pub stored_bytes: u64,
    /// Of that, what no other claim needs.
    pub alone_bytes: u64,
    /// Of that, what no older claim needs.
    pub new_bytes: u64,
}

impl Weight {
    fn add(&mut self, stored_bytes: u64, is_alone: bool, is_new: bool) {
        self.stored_bytes += stored_bytes;
        self.alone_bytes += if is_alone { stored_bytes } else { 0 };
        self.new_bytes += if is_new { stored_bytes } else { 0 };
    }

    /// The part for one of so many references; with the remainder for the first.
    fn part(&self, references: u64, is_first: bool) -> Weight {
        let part = |bytes: u64| {
            let rest = if is_first { bytes % references } else { 0 };
            bytes / references + rest
        };
        Weight {
            stored_bytes: part(self.stored_bytes),
            alone_bytes: part(self.alone_bytes),
            new_bytes: part(self.new_bytes),
        }
    }
}

/// What each content weighs in one claim.
pub struct Within<'a> {
    holdings: &'a Holdings,
    claim: &'a Claim,
    position: usize,
    /// What contents weigh that are stored in chunks, their chunks included.
    big: HashMap<ContentNumber, Weight>,
    /// Contents that are named more than once and have been charged before.
    charged: HashSet<ContentNumber>,
}

impl<'a> Within<'a> {
    pub(super) fn new(holdings: &'a Holdings, claim_id: ClaimId) -> Result<Within<'a>> {
        let claim = holdings.live.get(claim_id);
        let position = holdings.positions.get(&claim_id);
        let (Some(claim), Some(position)) = (claim, position) else {
            return Err(Error::new(ErrorKind::NotFound, "find the snapshot's claim")
                .because(format!("the repository has no live claim {claim_id}"))
                .advise("`gibus repo prune` supplies lost claims again"));
        };
        let mut within = Within {
            holdings,
            claim,
            position: *position,
            big: HashMap::new(),
            charged: HashSet::new(),
        };
        within.weigh_big()?;
        Ok(within)
    }

    fn is_alone(&self, set: SetId) -> bool {
        let mut positions = self.holdings.sets.positions(set);
        positions.next() == Some(self.position) && positions.next().is_none()
    }

    fn is_new(&self, set: SetId) -> bool {
        self.holdings.sets.first(set) == Some(self.position)
    }

    /// The weights of contents in chunks: a chunk that several of them have is divided among them, the first one
    /// getting the remainder.
    fn weigh_big(&mut self) -> Result<()> {
        let holdings = self.holdings;
        let big: Vec<_> = holdings
            .big
            .iter()
            .filter(|big| self.claim.references(big.number) > 0)
            .collect();
        let mut users: HashMap<usize, u64> = HashMap::new();
        let mut chunks_of = Vec::with_capacity(big.len());
        for big in &big {
            let repository = &holdings.repository;
            let blocks = &repository.inner.blocks;
            let list =
                repository.with_index(|index| blocks.chunk_list(index, &big.list, &big.digest))?;
            let found = list.needs().filter_map(|chunk| holdings.chunks.find(chunk));
            let mut chunks: Vec<usize> = found.collect();
            chunks.sort_unstable();
            chunks.dedup();
            for chunk in &chunks {
                *users.entry(*chunk).or_default() += 1;
            }
            chunks_of.push(chunks);
        }
        let mut met: HashSet<usize> = HashSet::new();
        for (big, chunks) in big.iter().zip(chunks_of) {
            let mut weight = self.weight_of_piece(big.number);
            for chunk in chunks {
                let (stored, set) = holdings.chunks.get(chunk);
                let users = users.get(&chunk).copied().unwrap_or(1).max(1);
                let rest = if met.insert(chunk) { stored % users } else { 0 };
                weight.add(stored / users + rest, self.is_alone(set), self.is_new(set));
            }
            self.big.insert(big.number, weight);
        }
        Ok(())
    }

    fn weight_of_piece(&self, number: ContentNumber) -> Weight {
        let set = self.holdings.numbers.set(number);
        let mut weight = Weight::default();
        weight.add(
            self.holdings.numbers.stored(number),
            self.is_alone(set),
            self.is_new(set),
        );
        weight
    }

    /// What a content weighs in the claim as a whole; nothing for one that the claim does not name.
    pub fn content(&self, number: ContentNumber) -> Weight {
        if self.references(number) == 0 {
            return Weight::default();
        }
        match self.big.get(&number) {
            Some(weight) => *weight,
            None => self.weight_of_piece(number),
        }
    }

    /// How many times the claim names a content.
    pub fn references(&self, number: ContentNumber) -> u64 {
        self.claim.references(number)
    }

    /// What one reference to a content weighs: an even part, where the claim names it more than once.
    pub fn weight(&self, number: ContentNumber) -> Weight {
        let references = self.references(number).max(1);
        self.content(number).part(references, false)
    }

    /// What the next reference to a content weighs. When each reference of the claim has been charged, the weights
    /// add up to what the claim holds.
    pub fn charge(&mut self, number: ContentNumber) -> Weight {
        let references = self.references(number).max(1);
        let is_first = references == 1 || self.charged.insert(number);
        self.content(number).part(references, is_first)
    }
}
