//! Reads claims, tables and chunk lists, and sums them up.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::numbers::Numbers;
use super::sets::{ClaimSets, SetId};
use super::{ClaimInfo, Holdings, Repeated};
use crate::error::Result;
use crate::format::digest::{Blake3, ContentDigest};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::{Claim, ClaimId, LiveClaims, claim_of_file};
use crate::repository::index::Index;
use crate::repository::pack::pack_id;
use crate::repository::prune::packs::{PackUse, round_bytes};
use crate::repository::table::{BlockRecord, ContentRow, Piece, Place};
use crate::repository::token::{ContentNumber, SegmentId};

/// Sums over all that one set of claims holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetSums {
    pub contents: u64,
    pub content_bytes: u64,
    pub stored_bytes: u64,
    /// The part of the stored bytes that is divided evenly among the claims.
    pub single_bytes: u64,
    /// The part of the stored bytes that is in files of their own.
    pub loose_bytes: u64,
}

/// A block, and who needs what of it.
#[derive(Debug)]
pub struct Block {
    /// Position of its pack; `None` for one that is missing.
    pub pack: Option<u32>,
    page: u32,
    pub stored_len: u32,
    pub raw_len: u32,
    pub listing_len: u32,
    /// For each set that needs something: bytes before compression.
    pub needs: Vec<(SetId, u64)>,
}

/// One of several places where a content is, with the claims that name it there. Prune keeps the first that is
/// still named, and so each is needed only if none before it is.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    pub set: SetId,
    pub place: TwinPlace,
}

#[derive(Clone, Copy, Debug)]
pub enum TwinPlace {
    /// Bytes before compression, in the block at this position.
    Block(u32, u64),
    /// A file of so many bytes.
    Loose(u64),
    Nowhere,
}

/// A content that is stored in chunks.
#[derive(Clone, Copy, Debug)]
pub struct BigContent {
    pub number: ContentNumber,
    pub list: Piece,
    pub digest: ContentDigest,
}

/// Chunks that claims need, by the first 8 bytes of their BLAKE3, sorted.
#[derive(Debug, Default)]
pub struct Chunks {
    keys: Vec<u64>,
    stored: Vec<u32>,
    sets: Vec<SetId>,
}

impl Chunks {
    fn key(chunk: &Blake3) -> u64 {
        let mut key = [0; 8];
        key.copy_from_slice(&chunk.0[..8]);
        u64::from_be_bytes(key)
    }

    /// Chunks come in the order of their BLAKE3.
    fn push(&mut self, chunk: &Blake3, stored: u64, set: SetId) {
        self.keys.push(Chunks::key(chunk));
        self.stored.push(u32::try_from(stored).unwrap_or(u32::MAX));
        self.sets.push(set);
    }

    /// The position of a chunk.
    pub fn find(&self, chunk: &Blake3) -> Option<usize> {
        self.keys.binary_search(&Chunks::key(chunk)).ok()
    }

    /// Stored bytes, and who needs it.
    pub fn get(&self, position: usize) -> (u64, SetId) {
        (u64::from(self.stored[position]), self.sets[position])
    }
}

/// Blocks while they are being filled.
struct Blocks {
    positions: HashMap<(Id, u32), usize>,
    blocks: Vec<Block>,
    needs: HashMap<(u32, SetId), u64>,
}

impl Blocks {
    fn of(index: &Index, packs: &HashMap<Id, u32>) -> Result<Blocks> {
        let mut positions = HashMap::new();
        let mut blocks = Vec::new();
        for table in index.tables() {
            for block in table.blocks()? {
                positions
                    .entry((block.pack, block.page))
                    .or_insert_with(|| {
                        blocks.push(Block {
                            pack: packs.get(&block.pack).copied(),
                            page: block.page,
                            stored_len: block.stored_len,
                            raw_len: block.raw_len,
                            listing_len: block.listing_len,
                            needs: Vec::new(),
                        });
                        blocks.len() - 1
                    });
            }
        }
        Ok(Blocks {
            positions,
            blocks,
            needs: HashMap::new(),
        })
    }

    fn position(&self, block: &BlockRecord) -> Option<u32> {
        let at = self.positions.get(&(block.pack, block.page))?;
        Some(*at as u32)
    }

    fn add(&mut self, block: &BlockRecord, set: SetId, len: u32) {
        if let Some(at) = self.position(block) {
            *self.needs.entry((at, set)).or_default() += u64::from(len);
        }
    }

    /// The blocks in the order in which prune moves them, and where each twin is among them.
    fn finish(mut self, twins: &mut [Vec<Twin>]) -> Vec<Block> {
        for ((at, set), bytes) in self.needs {
            self.blocks[at as usize].needs.push((set, bytes));
        }
        let mut order: Vec<u32> = (0..self.blocks.len() as u32).collect();
        order.sort_unstable_by_key(|at| {
            let block = &self.blocks[*at as usize];
            (block.pack, block.page)
        });
        let mut position = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            position[*old as usize] = new as u32;
        }
        for twin in twins.iter_mut().flatten() {
            if let TwinPlace::Block(at, _) = &mut twin.place {
                *at = position[*at as usize];
            }
        }
        let mut blocks: Vec<(u32, Block)> = position.into_iter().zip(self.blocks).collect();
        blocks.sort_unstable_by_key(|(new, _)| *new);
        blocks.into_iter().map(|(_, block)| block).collect()
    }
}

pub fn read(repository: &Repository, monitor: &Monitor) -> Result<Holdings> {
    let storage = &**repository.storage();
    let live = LiveClaims::load(storage, repository.id())?;
    let index = repository.fresh_index()?;
    index.expect_complete()?;
    let listed = storage.list("packs")?;
    let packs: BTreeMap<Id, PackUse> = listed
        .into_iter()
        .filter_map(|listed| Some((pack_id(&listed.name)?, PackUse::of(listed.bytes))))
        .collect();
    let pack_positions: HashMap<Id, u32> = packs.keys().copied().zip(0..).collect();
    let mut claims: Vec<&Claim> = live.claims().collect();
    claims.sort_by_key(|claim| {
        (
            claim.created_at,
            age_within_second(claim, &live),
            claim.claim_id,
        )
    });
    let mut sets = ClaimSets::new(claims.len());
    let mut numbers = Numbers::of(&index);
    for (position, claim) in claims.iter().enumerate() {
        monitor.check_cancelled()?;
        numbers.add_claim(claim, position, &mut sets);
    }
    let mut reader = Reader {
        repeated_in: repeated_in(&claims),
        repeated: vec![Repeated::default(); claims.len()],
        claims: &claims,
        sums: vec![SetSums::default(); sets.len()],
        sets,
        numbers,
        blocks: Blocks::of(&index, &pack_positions)?,
        big: Vec::new(),
        twins: Vec::new(),
        loose_bytes: 0,
        are_chunks_lost: false,
    };
    let mut twins: Vec<ContentRow> = Vec::new();
    let mut rows = 0_u64;
    index.each_content(|row| {
        rows += 1;
        if rows.is_multiple_of(4096) {
            monitor.check_cancelled()?;
        }
        if twins.first().is_some_and(|twin| twin.digest != row.digest) {
            reader.add(&twins);
            twins.clear();
        }
        twins.push(row);
        Ok(())
    })?;
    reader.add(&twins);
    let chunks = reader.add_chunks(repository, &index, monitor)?;
    let Reader {
        repeated,
        mut sets,
        sums,
        numbers,
        blocks,
        big,
        twins: mut several,
        loose_bytes,
        are_chunks_lost,
        ..
    } = reader;
    sets.close();
    let blocks = blocks.finish(&mut several);
    let is_known = |(segment, ordinals): (&SegmentId, &RoaringBitmap)| {
        numbers
            .rows(*segment)
            .is_some_and(|rows| ordinals.is_subset(rows))
    };
    let are_twins_lost = several.iter().flatten().any(|twin| match twin.place {
        TwinPlace::Block(at, _) => blocks
            .get(at as usize)
            .is_none_or(|block| block.pack.is_none()),
        TwinPlace::Loose(_) | TwinPlace::Nowhere => false,
    });
    let is_something_lost = !live.used().iter().all(is_known)
        || are_chunks_lost
        || are_twins_lost
        || blocks
            .iter()
            .any(|block| block.pack.is_none() && !block.needs.is_empty());
    let lengths: HashMap<ClaimId, u64> = claim_lengths(repository)?;
    let claims: Vec<ClaimInfo> = claims
        .iter()
        .map(|claim| ClaimInfo {
            claim_id: claim.claim_id,
            holder: claim.holder.clone(),
            created_at: claim.created_at,
            claim_bytes: lengths.get(&claim.claim_id).copied().unwrap_or(0),
        })
        .collect();
    Ok(Holdings {
        repository: repository.clone(),
        positions: claims
            .iter()
            .zip(0..)
            .map(|(claim, position)| (claim.claim_id, position))
            .collect(),
        live,
        claims,
        sets,
        sums,
        repeated,
        blocks,
        packs: packs.into_values().collect(),
        round_bytes: round_bytes(&index),
        twins: several,
        loose_bytes,
        is_something_lost,
        numbers,
        big,
        chunks,
    })
}

/// How many claims before this one, in the same series, were made in the same second.
fn age_within_second(claim: &Claim, live: &LiveClaims) -> usize {
    let before = |claim: &&Claim| claim.predecessor.and_then(|before| live.get(before));
    let same_second = |before: &&Claim| before.created_at == claim.created_at;
    // Claims that name each other in a circle are nobody's work but harm's; it ends all the same.
    std::iter::successors(Some(claim), |claim| before(claim).filter(same_second))
        .skip(1)
        .take(1000)
        .count()
}

/// How long the files of each claim are, all versions together.
fn claim_lengths(repository: &Repository) -> Result<HashMap<ClaimId, u64>> {
    let mut lengths = HashMap::new();
    for listed in repository.storage().list("claims")? {
        if let Some(claim) = claim_of_file(&listed.name) {
            *lengths.entry(claim).or_default() += listed.bytes;
        }
    }
    Ok(lengths)
}

/// The contents that some claim names more than once.
fn repeated_in(claims: &[&Claim]) -> HashMap<SegmentId, RoaringBitmap> {
    let mut repeated: HashMap<SegmentId, RoaringBitmap> = HashMap::new();
    for claim in claims {
        for (segment, contents) in claim.segments() {
            if !contents.repeated().is_empty() {
                *repeated.entry(*segment).or_default() |= contents.repeated();
            }
        }
    }
    repeated
}

struct Reader<'a> {
    claims: &'a [&'a Claim],
    repeated_in: HashMap<SegmentId, RoaringBitmap>,
    repeated: Vec<Repeated>,
    sets: ClaimSets,
    sums: Vec<SetSums>,
    numbers: Numbers,
    blocks: Blocks,
    big: Vec<BigContent>,
    twins: Vec<Vec<Twin>>,
    loose_bytes: u64,
    are_chunks_lost: bool,
}

impl Reader<'_> {
    fn sums(&mut self, set: SetId) -> &mut SetSums {
        let at = set as usize;
        if self.sums.len() <= at {
            self.sums.resize(at + 1, SetSums::default());
        }
        &mut self.sums[at]
    }

    /// Adds the rows of one content: usually one; several where it was stored more than once.
    fn add(&mut self, twins: &[ContentRow]) {
        let mut files: Vec<Place> = Vec::new();
        for row in twins {
            if let Place::Loose(place) = row.place
                && !files.contains(&row.place)
            {
                self.loose_bytes += place.stored_bytes;
                files.push(row.place);
            }
        }
        let held: Vec<(&ContentRow, SetId)> = twins
            .iter()
            .map(|row| (row, self.numbers.set(row.number)))
            .filter(|(_, set)| *set != 0)
            .collect();
        let is_elsewhere = |(row, _): &(&ContentRow, SetId)| {
            Some(row.place) != held.first().map(|(row, _)| row.place)
        };
        if held.iter().any(is_elsewhere) {
            self.add_twins(&held);
        }
        for (position, (row, set)) in held.iter().enumerate() {
            let size = row.digest.size;
            let sums = self.sums(*set);
            sums.contents += 1;
            sums.content_bytes += size;
            self.count_repeated(row.number, *set, size);
            // Bytes that several numbers share are needed by whoever names any of them, and counted once.
            let shares = |other: &&(&ContentRow, SetId)| other.0.place == row.place;
            let (before, from_here) = held.split_at(position);
            if before.iter().any(|other| shares(&other)) {
                continue;
            }
            let sharing: Vec<_> = from_here.iter().filter(shares).copied().collect();
            let all = sharing
                .iter()
                .fold(0, |all, (_, set)| self.sets.union(all, *set));
            let is_twin = held.iter().any(is_elsewhere);
            self.add_bytes(row.place, &sharing, all, is_twin);
        }
    }

    /// Notes where a content is that is in several places.
    fn add_twins(&mut self, held: &[(&ContentRow, SetId)]) {
        let twins = held.iter().map(|(row, set)| {
            let place = match row.place {
                Place::Empty | Place::Lost => TwinPlace::Nowhere,
                Place::Loose(place) => TwinPlace::Loose(place.stored_bytes),
                Place::Piece(piece) | Place::Chunked(piece) => {
                    match self.blocks.position(&piece.block) {
                        Some(at) => TwinPlace::Block(at, u64::from(piece.len)),
                        None => TwinPlace::Nowhere,
                    }
                }
            };
            Twin { set: *set, place }
        });
        self.twins.push(twins.collect());
    }

    /// Adds the bytes at `place`, which these rows share, each named by its set of claims, together `all`. What prune
    /// keeps of a content that is elsewhere too is another question.
    fn add_bytes(
        &mut self,
        place: Place,
        sharing: &[(&ContentRow, SetId)],
        all: SetId,
        is_twin: bool,
    ) {
        let stored = match place {
            Place::Empty | Place::Lost => 0,
            Place::Loose(place) => {
                if !is_twin {
                    self.sums(all).loose_bytes += place.stored_bytes;
                }
                place.stored_bytes
            }
            Place::Piece(piece) | Place::Chunked(piece) => {
                if !is_twin {
                    self.blocks.add(&piece.block, all, piece.len);
                }
                piece.stored_bytes()
            }
        };
        if let Place::Chunked(list) = place {
            self.big.extend(sharing.iter().map(|(row, _)| BigContent {
                number: row.number,
                list,
                digest: row.digest,
            }));
        }
        let is_repeated = sharing.iter().any(|(row, _)| self.is_repeated(row.number));
        let sums = self.sums(all);
        sums.stored_bytes += stored;
        if is_repeated {
            self.divide(sharing, stored);
        } else {
            sums.single_bytes += stored;
        }
        for (row, _) in sharing {
            self.numbers.note(row.number, all, stored);
        }
    }

    fn is_repeated(&self, number: ContentNumber) -> bool {
        let repeated = self.repeated_in.get(&number.segment);
        repeated.is_some_and(|ordinals| ordinals.contains(number.ordinal))
    }

    /// Counts references beyond the first of each claim.
    fn count_repeated(&mut self, number: ContentNumber, set: SetId, size: u64) {
        if !self.is_repeated(number) {
            return;
        }
        for position in self.sets.positions(set) {
            let extra = self.claims[position].references(number).saturating_sub(1);
            let repeated = &mut self.repeated[position];
            repeated.references += extra;
            repeated.held_bytes = repeated
                .held_bytes
                .saturating_add(size.saturating_mul(extra));
        }
    }

    /// Divides stored bytes by references.
    fn divide(&mut self, sharing: &[(&ContentRow, SetId)], stored: u64) {
        let mut references: Vec<(usize, u64)> = Vec::new();
        for (row, set) in sharing {
            for position in self.sets.positions(*set) {
                references.push((position, self.claims[position].references(row.number)));
            }
        }
        let all: u64 = references.iter().map(|(_, count)| count).sum();
        for (position, count) in references {
            self.repeated[position].share_bytes += stored as f64 * count as f64 / all.max(1) as f64;
        }
    }

    /// Adds the chunks of big contents, and the parts of their lists.
    fn add_chunks(
        &mut self,
        repository: &Repository,
        index: &Index,
        monitor: &Monitor,
    ) -> Result<Chunks> {
        self.big.sort_unstable_by_key(|big| {
            (big.list.block.pack, big.list.block.page, big.list.offset)
        });
        let mut needed: HashMap<Blake3, SetId> = HashMap::new();
        for big in &self.big {
            monitor.check_cancelled()?;
            let set = self.numbers.set(big.number);
            let blocks = &repository.inner.blocks;
            let list = blocks.chunk_list(index, &big.list, &big.digest)?;
            for chunk in list.needs() {
                let needs = needed.entry(*chunk).or_default();
                *needs = self.sets.union(*needs, set);
            }
        }
        let mut chunks = Chunks::default();
        if needed.is_empty() {
            return Ok(chunks);
        }
        let mut found = 0;
        index.each_chunk(|row| {
            if let Some(set) = needed.get(&row.blake3).copied() {
                let stored = row.piece.stored_bytes();
                self.blocks.add(&row.piece.block, set, row.piece.len);
                let sums = self.sums(set);
                sums.stored_bytes += stored;
                sums.single_bytes += stored;
                chunks.push(&row.blake3, stored, set);
                found += 1;
            }
            Ok(())
        })?;
        self.are_chunks_lost = found < needed.len();
        Ok(chunks)
    }
}
