//! What a prune would do.
//!
//! Memory: a few numbers for each block of a pack, a digest for each chunk of a claimed big content, and
//! the claims' bitmaps; rows are streamed.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::packs::{
    BlockUse, PackFate, PackUse, fates, gathered_len, is_repacked, round_bytes, rounds_of,
};
use super::{PruneDepth, PrunePlan};
use crate::error::Result;
use crate::format::digest::{Blake3, ContentDigest};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::claims::LiveClaims;
use crate::repository::index::Index;
use crate::repository::loose::{loose_folders, name_of, parse_loose_name};
use crate::repository::pack::pack_id;
use crate::repository::read::BlockSource;
use crate::repository::settings::Layout;
use crate::repository::table::{ContentRow, Piece, Place};

/// More tables than this are merged.
const MANY_TABLES: usize = 4;

/// The plan, and what carrying it out needs to know.
pub(super) struct Survey {
    pub plan: PrunePlan,
    pub live: LiveClaims,
    pub live_chunks: HashSet<Blake3>,
    pub moves: Vec<Move>,
    /// How much of them is moved in one round.
    pub round_bytes: u64,
}

/// A pack that is moved.
pub(super) struct Move {
    pub pack: Id,
    pub bytes: u64,
    /// The pages of its blocks of which something is claimed, in order.
    pub pages: Vec<u32>,
}

/// What to look at.
pub(super) struct Surveyor<'a> {
    pub blocks: &'a BlockSource,
    pub index: &'a Index,
    pub layout: Layout,
    /// The repository may hold loose contents although its layout is packed.
    pub may_have_loose: bool,
    /// Contents that are stored twice are to be kept once.
    pub folds_duplicates: bool,
    pub depth: PruneDepth,
    pub monitor: &'a Monitor,
}

impl Surveyor<'_> {
    pub fn survey(&self, live: LiveClaims) -> Result<Survey> {
        let storage = self.blocks.storage();
        let mut plan = PrunePlan::default();
        let mut usage: HashMap<(Id, u32), BlockUse> = HashMap::new();
        for table in self.index.tables() {
            for block in table.blocks()? {
                let unused = BlockUse {
                    stored_len: block.stored_len,
                    raw_len: block.raw_len,
                    listing_len: block.listing_len,
                    live_bytes: 0,
                };
                usage.entry((block.pack, block.page)).or_insert(unused);
            }
        }
        let mut used = |piece: &Piece| {
            if let Some(block) = usage.get_mut(&(piece.block.pack, piece.block.page)) {
                block.live_bytes += u64::from(piece.len);
            }
        };

        let mut without_row = live.used().clone();
        let mut lists: Vec<(Piece, ContentDigest)> = Vec::new();
        let mut loose_live: HashMap<String, u64> = HashMap::new();
        let mut loose_dead: Vec<(String, u64)> = Vec::new();
        let mut rows = 0_u64;
        let mut stored_bytes = 0_u64;
        // Rows of one content lie side by side: the first claimed one stands for all of them.
        let mut last_live: Option<ContentRow> = None;
        let mut lost: Option<ContentDigest> = None;
        self.index.each_content(|row| {
            rows += 1;
            if rows.is_multiple_of(4096) {
                self.monitor.check_cancelled()?;
            }
            if !live.contains(row.number) {
                plan.dead_contents += 1;
                plan.dead_content_bytes += row.digest.size;
                if let (Some(name), Place::Loose(place)) = (name_of(&row), row.place) {
                    loose_dead.push((name, place.stored_bytes));
                }
                return Ok(());
            }
            plan.live_contents += 1;
            if let Some(ordinals) = without_row.get_mut(&row.number.segment) {
                ordinals.remove(row.number.ordinal);
            }
            // What a repair has given up is only a row. It comes back with another one of the same bytes.
            if row.place == Place::Lost {
                let has_twin = last_live.is_some_and(|last: ContentRow| last.digest == row.digest);
                plan.has_duplicates |= has_twin && self.folds_duplicates;
                lost = Some(row.digest);
                return Ok(());
            }
            let is_there = self.index.has(row.number);
            plan.is_something_lost |= !is_there;
            plan.has_duplicates |= is_there && lost == Some(row.digest) && self.folds_duplicates;
            if let Some(last) = last_live
                && last.digest == row.digest
                && (self.folds_duplicates || last.place == row.place)
            {
                plan.has_duplicates |= last.place != row.place;
                return Ok(());
            }
            // Bytes that are known to be lost stand for nobody else's.
            last_live = is_there.then_some(row);
            match row.place {
                Place::Empty | Place::Lost => {}
                Place::Piece(piece) => used(&piece),
                Place::Chunked(piece) => {
                    used(&piece);
                    lists.push((piece, row.digest));
                }
                Place::Loose(place) => {
                    stored_bytes += place.stored_bytes;
                    if let Some(name) = name_of(&row) {
                        loose_live.insert(name, place.stored_bytes);
                    }
                }
            }
            Ok(())
        })?;

        plan.is_something_lost |= without_row.values().any(|ordinals| !ordinals.is_empty());
        loose_dead.retain(|(name, _)| !loose_live.contains_key(name));
        if self.may_have_loose || self.layout == Layout::Loose || !loose_dead.is_empty() {
            let planned: HashSet<&String> = loose_dead.iter().map(|(name, _)| name).collect();
            let mut orphans = Vec::new();
            let mut found = 0;
            for folder in loose_folders() {
                self.monitor.check_cancelled()?;
                for listed in storage.list(&folder)? {
                    let name = format!("{folder}/{}", listed.name);
                    if let Some(stored_bytes) = loose_live.get(&name) {
                        found += usize::from(listed.bytes == *stored_bytes);
                    } else if parse_loose_name(&folder, &listed.name).is_some()
                        && !planned.contains(&name)
                    {
                        orphans.push((name, listed.bytes));
                    }
                }
            }
            plan.is_something_lost |= found < loose_live.len();
            if !plan.is_something_lost {
                loose_dead.extend(orphans);
            }
        }

        let live_chunks = self.chunks_of(lists)?;
        let mut found_chunks = 0;
        let mut dead_chunks = false;
        let mut used = |piece: &Piece| {
            if let Some(block) = usage.get_mut(&(piece.block.pack, piece.block.page)) {
                block.live_bytes += u64::from(piece.len);
            }
        };
        self.index.each_chunk(|row| {
            if live_chunks.contains(&row.blake3) {
                used(&row.piece);
                found_chunks += usize::from(!self.index.is_lost_chunk(&row));
            } else {
                dead_chunks = true;
            }
            Ok(())
        })?;
        plan.is_something_lost |= found_chunks < live_chunks.len();

        // Numbers of one content share a file.
        loose_dead.sort_unstable();
        loose_dead.dedup();
        stored_bytes += loose_dead.iter().map(|(_, bytes)| *bytes).sum::<u64>();
        if !plan.is_something_lost {
            plan.freed_bytes += loose_dead.iter().map(|(_, bytes)| *bytes).sum::<u64>();
            plan.loose_to_delete = loose_dead;
        }

        let moves = self.plan_packs(&mut plan, &usage, &mut stored_bytes)?;
        plan.leftovers = storage.leftovers()?;
        plan.stored_bytes_before = stored_bytes;
        plan.has_duplicates &= !plan.is_something_lost;
        plan.rewrites_tables = !plan.is_something_lost
            && (plan.dead_contents > 0
                || dead_chunks
                || plan.has_duplicates
                || !self.index.superseded().is_empty()
                // Rows that others stand before, which name packs all the same.
                || !plan.packs_to_delete.is_empty()
                || !self.index.lost_packs().is_empty()
                || self.index.tables().len() > MANY_TABLES);
        Ok(Survey {
            plan,
            live,
            live_chunks,
            moves,
            round_bytes: round_bytes(self.index),
        })
    }

    /// The chunks of big contents, and the parts of their lists.
    fn chunks_of(&self, mut lists: Vec<(Piece, ContentDigest)>) -> Result<HashSet<Blake3>> {
        lists.sort_unstable_by_key(|(piece, _)| (piece.block.pack, piece.block.page, piece.offset));
        let mut chunks = HashSet::new();
        for (piece, digest) in lists {
            self.monitor.check_cancelled()?;
            // A list that cannot be read stops the prune: its chunks would look unclaimed.
            let list = self.blocks.chunk_list(self.index, &piece, &digest);
            let list = list.map_err(|e| {
                e.advise("nothing was pruned; `gibus repo repair` says what is damaged")
            })?;
            chunks.extend(list.needs());
        }
        Ok(chunks)
    }

    fn plan_packs(
        &self,
        plan: &mut PrunePlan,
        usage: &HashMap<(Id, u32), BlockUse>,
        stored_bytes: &mut u64,
    ) -> Result<Vec<Move>> {
        let mut packs: BTreeMap<Id, PackUse> = self
            .blocks
            .storage()
            .list("packs")?
            .into_iter()
            .filter_map(|listed| Some((pack_id(&listed.name)?, PackUse::of(listed.bytes))))
            .collect();
        for ((pack, _), block) in usage {
            if let Some(pack) = packs.get_mut(pack) {
                pack.add(block);
            }
        }
        let uses: Vec<PackUse> = packs.values().copied().collect();
        let mut moves: BTreeMap<Id, Move> = BTreeMap::new();
        for ((id, pack), fate) in packs.into_iter().zip(fates(&uses)) {
            let listed = (id, pack.bytes);
            *stored_bytes += pack.bytes;
            plan.pack_bytes_before += pack.bytes;
            plan.mixed_bytes += pack.mixed_bytes();
            let is_repacked = match self.depth {
                PruneDepth::Blocks => false,
                PruneDepth::Pieces => is_repacked(&pack),
                PruneDepth::Everything => true,
            };
            match fate {
                // Any of them may be where a repair finds it.
                _ if plan.is_something_lost => plan.packs_to_keep += 1,
                PackFate::Orphaned => {
                    plan.orphan_packs.push(listed);
                    plan.freed_bytes += pack.bytes;
                }
                PackFate::Deleted => {
                    plan.packs_to_delete.push(listed);
                    plan.freed_bytes += pack.bytes;
                }
                PackFate::Moved | PackFate::Kept if is_repacked => {
                    plan.packs_to_repack.push(listed);
                    plan.freed_bytes += pack.mixed_bytes();
                }
                PackFate::Moved => {
                    plan.packs_to_move.push(listed);
                    let bytes = pack.bytes;
                    let pages = Vec::new();
                    moves.insert(
                        id,
                        Move {
                            pack: id,
                            bytes,
                            pages,
                        },
                    );
                }
                PackFate::Kept => plan.packs_to_keep += 1,
            }
        }
        for ((pack, page), block) in usage {
            if let Some(of_pack) = moves.get_mut(pack)
                && block.live_bytes > 0
            {
                of_pack.pages.push(*page);
            }
        }
        let mut moves: Vec<Move> = moves.into_values().collect();
        moves
            .iter_mut()
            .for_each(|of_pack| of_pack.pages.sort_unstable());
        let mut moved_bytes = 0;
        for round in rounds_of(&moves, round_bytes(self.index), |of_pack| of_pack.bytes) {
            let blocks = round.iter().flat_map(|Move { pack, pages, .. }| {
                let block = |page: &u32| usage.get(&(*pack, *page));
                pages.iter().filter_map(block)
            });
            plan.freed_bytes += round.iter().map(|of_pack| of_pack.bytes).sum::<u64>();
            moved_bytes += gathered_len(blocks.map(|block| (block.stored_len, block.listing_len)));
        }
        // Gathering short packs can make them a few bytes longer.
        plan.freed_bytes = plan.freed_bytes.saturating_sub(moved_bytes);
        Ok(moves)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::repository::Repository;
    use crate::repository::claims::ClaimBuilder;
    use crate::repository::pack::PACK_PIECES;
    use crate::repository::prune::packs::MANY_SHORT_PACKS;
    use crate::repository::settings::Settings;

    /// Stores so many short contents; returns how many packs there are, and the plan to prune them.
    fn store_short(count: usize) -> (u64, PrunePlan) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &Settings::default()).unwrap();
        let monitor = Arc::new(Monitor::new());
        let session = repository.begin_store("a test", &monitor).unwrap();
        let mut worker = session.worker();
        let mut claim = ClaimBuilder::new();
        for number in 0..count {
            let stored = worker.store_bytes(format!("{number}").as_bytes()).unwrap();
            claim.add(&stored.token);
        }
        worker.finish().unwrap();
        session.commit(claim, "a test", None).unwrap();
        let packs = std::fs::read_dir(place.join("packs")).unwrap().count();
        (
            packs as u64,
            repository.plan_prune(PruneDepth::Blocks, &monitor).unwrap(),
        )
    }

    #[test]
    fn the_directory_of_a_pack_is_no_waste_however_little_is_in_it() {
        for count in [1, 2, 10, 60] {
            let (packs, plan) = store_short(count);
            assert!(plan.is_empty(), "{count}: {plan:?}");
            assert_eq!((packs, plan.packs_to_keep), (1, 1));
        }
    }

    #[test]
    fn packs_that_are_short_because_their_contents_are_stay_as_they_are() {
        let (packs, plan) = store_short(PACK_PIECES * (MANY_SHORT_PACKS + 2));
        assert!(packs > MANY_SHORT_PACKS as u64, "{packs}");
        assert_eq!(plan.packs_to_move, []);
        assert_eq!(plan.packs_to_keep, packs);
    }
}
