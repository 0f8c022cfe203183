//! Carries a prune out.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::packs::rounds_of;
use super::plan::{Move, Survey};
use super::{PrunePlan, PruneReport};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::digest::Blake3;
use crate::format::encoding::encode;
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Identity, PreparedPage, Sealed, SealedWriter};
use crate::progress::{Monitor, Phase};
use crate::repository::index::Index;
use crate::repository::pack::{
    PackLength, PackMeta, block_record, pack_id, pack_name, read_meta, read_stored_block,
};
use crate::repository::read::{BlockSource, slice_of};
use crate::repository::rounds::rounds;
use crate::repository::settings::{Layout, Settings};
use crate::repository::storage::{NewFile, discard, publish_one};
use crate::repository::store::{NewPieceKind, StoreSession, existing_packs};
use crate::repository::table::write::{TableHead, TableWriter};
use crate::repository::table::{BlockRecord, ContentRow, Piece, Place, table_name};

/// A block, and its pieces that are to be moved.
type BlockWork = (BlockRecord, Vec<(Piece, NewPieceKind)>);

/// Blocks by pack and page, and where they are now.
type Moved = HashMap<(Id, u32), BlockRecord>;

/// Packs into which blocks are gathered.
#[derive(Default)]
struct Gathering {
    open: Option<(Id, SealedWriter<Box<dyn NewFile>>)>,
    meta: PackMeta,
    length: PackLength,
    published: Vec<Id>,
    moved: Moved,
}

/// What becomes of a row when tables are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::repository) enum Fate {
    Kept,
    /// It stays, to say that its content was lost.
    Lost,
    Dropped,
}

/// What a prune works on.
pub(in crate::repository) struct Pruner<'a> {
    pub blocks: &'a Arc<BlockSource>,
    pub repository: Id,
    pub settings: Settings,
    pub monitor: &'a Arc<Monitor>,
    /// Files that stay for now, because somebody has them open on a share that does not delete such files.
    pub in_use: Cell<u64>,
}

impl Pruner<'_> {
    /// The caller holds the exclusive lock. `index` is what the survey was made with.
    pub(super) fn execute(&self, index: Index, survey: Survey) -> Result<PruneReport> {
        let Survey {
            plan,
            live,
            live_chunks,
            moves,
            round_bytes,
        } = survey;
        let storage = self.blocks.storage();
        let mut report = PruneReport {
            stored_bytes_before: plan.stored_bytes_before,
            mixed_bytes: plan.mixed_bytes,
            ..PruneReport::default()
        };
        self.monitor.enter(Phase::Pruning);
        self.in_use.set(0);
        let mut index = index;
        let fate = |row: &ContentRow| match live.contains(row.number) {
            true => Fate::Kept,
            false => Fate::Dropped,
        };
        let mut is_table_due = plan.rewrites_tables;
        // Rows go before what they lead to. And two numbers of one content come to share bytes before the spare ones
        // are deleted.
        if is_table_due && plan.deletes_what_has_rows() {
            match self.rewrite_tables(index, fate, Some(&live_chunks), &HashMap::new()) {
                Ok(()) => is_table_due = false,
                Err(e) if e.kind() == ErrorKind::NoSpace && !plan.has_duplicates => {}
                Err(e) => return Err(e),
            }
            index = self.open_index()?;
        }
        let loose_bytes = self.delete_unclaimed(&plan, &mut report)?;
        live.delete_unneeded(storage)?;

        let rewriting = (|| -> Result<()> {
            for round in rounds_of(&moves, round_bytes, |of_pack| of_pack.bytes) {
                let moved = self.move_blocks(round)?;
                self.rewrite_tables(index, fate, Some(&live_chunks), &moved)?;
                index = self.open_index()?;
                self.delete_packs(round.iter().map(|of_pack| of_pack.pack))?;
                report.moved_packs += round.len() as u64;
                is_table_due = false;
            }
            let packs: Vec<Id> = plan.packs_to_repack.iter().map(|(id, _)| *id).collect();
            for round in rounds(&index, &packs)? {
                self.monitor.check_cancelled()?;
                let keep = |row: &ContentRow| live.contains(row.number);
                self.move_pieces(&index, &round, keep, Some(&live_chunks))?;
                index = self.open_index()?;
                report.repacked_packs += round.len() as u64;
                self.delete_packs(round)?;
                is_table_due = true;
            }
            if is_table_due {
                self.rewrite_tables(index, fate, Some(&live_chunks), &HashMap::new())?;
            }
            Ok(())
        })();
        match rewriting {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NoSpace => {
                report.left_undone = Some(e.why().to_owned());
            }
            Err(e) => return Err(e),
        }
        report.left_undone = report
            .left_undone
            .or(plan.left_undone())
            .or(self.left_in_use());
        report.deleted_contents = plan.contents_to_delete();
        report.stored_bytes_after = self.stored_bytes_after(&plan, loose_bytes)?;
        Ok(report)
    }

    /// What the tables say now, and which of the packs that they name are missing.
    fn open_index(&self) -> Result<Index> {
        let storage = self.blocks.storage();
        let mut index = Index::open(storage, self.repository)?;
        index.note_packs(&existing_packs(storage)?)?;
        Ok(index)
    }

    /// What needs no space: everything of which nothing is claimed. Returns how long the loose files were that are gone.
    fn delete_unclaimed(&self, plan: &PrunePlan, report: &mut PruneReport) -> Result<u64> {
        let storage = self.blocks.storage();
        for listed in &plan.leftovers {
            match storage.delete_leftover(&listed.name) {
                Ok(()) => report.deleted_leftovers += 1,
                Err(e) if e.is_in_use() => self.in_use.set(self.in_use.get() + 1),
                Err(e) => return Err(e),
            }
        }
        for (pack, _) in plan.orphan_packs.iter().chain(&plan.packs_to_delete) {
            self.monitor.check_cancelled()?;
            report.deleted_packs += u64::from(self.discard(&pack_name(*pack))?);
        }
        let mut folders = HashSet::new();
        let mut loose_bytes = 0;
        for (name, bytes) in &plan.loose_to_delete {
            self.monitor.check_cancelled()?;
            if self.discard(name)? {
                report.deleted_loose_files += 1;
                loose_bytes += bytes;
            }
            folders.extend(name.split_once('/').map(|(folder, _)| folder));
        }
        if report.deleted_packs > 0 {
            storage.flush_deletions("packs")?;
        }
        for folder in folders {
            storage.flush_deletions(folder)?;
        }
        Ok(loose_bytes)
    }

    /// Deletes packs, all of whose blocks that are claimed are elsewhere now.
    fn delete_packs(&self, packs: impl IntoIterator<Item = Id>) -> Result<()> {
        let storage = self.blocks.storage();
        self.blocks.close_packs();
        for pack in packs {
            self.discard(&pack_name(pack))?;
        }
        storage.flush_deletions("packs")
    }

    /// Deletes a file that nothing needs. False when somebody has it open, and it stays for now.
    fn discard(&self, name: &str) -> Result<bool> {
        let is_gone = discard(self.blocks.storage(), name)?;
        self.in_use.set(self.in_use.get() + u64::from(!is_gone));
        Ok(is_gone)
    }

    fn left_in_use(&self) -> Option<String> {
        let files = match self.in_use.get() {
            0 => return None,
            1 => "a file is".to_owned(),
            files => format!("{files} files are"),
        };
        Some(format!(
            "{files} open in another program or on another computer, and this share does not delete what is open; \
             the next prune does it"
        ))
    }

    /// Copies blocks to new packs; returns where each is now.
    fn move_blocks(&self, moves: &[Move]) -> Result<Moved> {
        let storage = self.blocks.storage();
        let mut gathering = Gathering::default();
        let copying = moves.iter().try_for_each(|of_pack| {
            self.monitor.check_cancelled()?;
            let from = pack_name(of_pack.pack);
            self.copy_blocks(of_pack, &mut gathering)
                .map_err(|e| e.at(from))
        });
        let copied = copying.and_then(|()| self.close_gathering(&mut gathering));
        if copied.is_err() {
            // No table names them, and the space may be short.
            for pack in &gathering.published {
                let _ = storage.delete(&pack_name(*pack));
            }
        }
        copied.map(|()| gathering.moved)
    }

    fn copy_blocks(&self, of_pack: &Move, gathering: &mut Gathering) -> Result<()> {
        let storage = self.blocks.storage();
        let file = storage.open(&pack_name(of_pack.pack))?;
        let old = Sealed::open(Arc::clone(&file), FileKind::Pack)?;
        let meta = read_meta(&old)?;
        let damaged = || {
            Error::damaged(
                "move a block",
                "the pack's directory and a content table disagree",
            )
            .advise("`gibus repo repair` finds out what is damaged")
        };
        if old.identity().own_id != of_pack.pack || old.identity().owner_id != self.repository {
            return Err(damaged());
        }
        for page in &of_pack.pages {
            let block = block_record(&old, &meta, *page)?;
            let record = old.pages().get(*page as usize).ok_or_else(damaged)?;
            let pieces = meta.blocks.get(*page as usize).ok_or_else(damaged)?;
            let prepared = PreparedPage {
                page_kind: record.page_kind,
                codec: block.codec,
                plain_len: 0,
                raw_len: block.raw_len,
                stored: read_stored_block(&*file, &block)?,
                blake3: block.blake3,
            };
            let (id, out) = match &mut gathering.open {
                Some(open) => open,
                None => {
                    let id = Id::random()?;
                    let identity = Identity {
                        kind: FileKind::Pack,
                        own_id: id,
                        owner_id: self.repository,
                    };
                    let out = SealedWriter::new(storage.create()?, identity)?;
                    gathering.open.insert((id, out))
                }
            };
            let moved = BlockRecord {
                pack: *id,
                offset: out.written(),
                page: out.add(&prepared)?,
                ..block
            };
            gathering.moved.insert((of_pack.pack, *page), moved);
            gathering.meta.blocks.push(pieces.clone());
            gathering.length.add(block.stored_len, block.listing_len);
            if gathering.length.is_full() {
                self.close_gathering(gathering)?;
            }
        }
        Ok(())
    }

    fn close_gathering(&self, gathering: &mut Gathering) -> Result<()> {
        let Some((id, out)) = gathering.open.take() else {
            return Ok(());
        };
        let meta = std::mem::take(&mut gathering.meta);
        gathering.length = PackLength::default();
        // Its length is to follow from what is in it.
        let (file, _) = out.finish(&encode(&meta)?, Codec::None)?;
        publish_one(self.blocks.storage(), file, &pack_name(id))?;
        gathering.published.push(id);
        Ok(())
    }

    /// Copies from `packs` to new ones the contents that `keep` says and the chunks named (`None`: all),
    /// and publishes a table that says so.
    pub(in crate::repository) fn move_pieces(
        &self,
        index: &Index,
        packs: &[Id],
        keep: impl Fn(&ContentRow) -> bool,
        live_chunks: Option<&HashSet<Blake3>>,
    ) -> Result<()> {
        let packs: HashSet<Id> = packs.iter().copied().collect();
        let mut blocks: HashMap<(Id, u32), BlockWork> = HashMap::new();
        let mut add = |piece: Piece, what: NewPieceKind| {
            if packs.contains(&piece.block.pack) {
                blocks
                    .entry((piece.block.pack, piece.block.page))
                    .or_insert_with(|| (piece.block, Vec::new()))
                    .1
                    .push((piece, what));
            }
        };
        index.each_content(|row| {
            if keep(&row) {
                match row.place {
                    Place::Piece(piece) => {
                        add(piece, NewPieceKind::Content(row.digest, row.number));
                    }
                    Place::Chunked(piece) => {
                        add(piece, NewPieceKind::List(row.digest, row.number));
                    }
                    Place::Empty | Place::Loose(_) | Place::Lost => {}
                }
            }
            Ok(())
        })?;
        index.each_chunk(|row| {
            if live_chunks.is_none_or(|chunks| chunks.contains(&row.blake3)) {
                add(row.piece, NewPieceKind::Chunk(row.blake3));
            }
            Ok(())
        })?;
        let mut blocks: Vec<_> = blocks.into_values().collect();
        blocks.sort_by_key(|(block, _)| (block.pack, block.offset));

        // What lies in packs stays in packs: a conversion to the other layout may have been interrupted, and
        // goes on only when somebody says so.
        let settings = Settings {
            layout: Layout::Packed,
            ..self.settings
        };
        let session = StoreSession::rewrite(
            Arc::clone(self.blocks.shared_storage()),
            self.repository,
            settings,
            index.next_generation(),
            Arc::clone(self.monitor),
        )?;
        let mut worker = session.worker();
        for (block, mut pieces) in blocks {
            self.monitor.check_cancelled()?;
            let bytes = self.blocks.read(&block)?;
            pieces.sort_by_key(|(piece, _)| (piece.offset, piece.len));
            for group in pieces.chunk_by(|(a, _), (b, _)| a == b) {
                let Some((piece, first)) = group.first() else {
                    continue;
                };
                let bytes = slice_of(&bytes, piece)?;
                let expected = match first {
                    NewPieceKind::Content(digest, _) => Some(digest.blake3),
                    NewPieceKind::Chunk(blake3) => Some(*blake3),
                    NewPieceKind::List(..) => None,
                };
                if expected.is_some_and(|blake3| Blake3::of(bytes) != blake3) {
                    return Err(Error::damaged(
                        "move a content",
                        "its bytes do not match its digest",
                    )
                    .at(pack_name(block.pack))
                    .advise("`gibus repo repair` finds out what is damaged"));
                }
                let what: Vec<NewPieceKind> = group.iter().map(|(_, what)| *what).collect();
                worker.add_piece(&what, bytes)?;
            }
        }
        worker.finish()?;
        session.keep()?;
        Ok(())
    }

    /// Merges all tables into one that has only the rows that `fate` says and the chunks named (`None`:
    /// all), the rows of one content that stay pointing to the same bytes if one of them leads to some, and
    /// blocks that are `moved` being where they are now. The index ends with the tables that it is made of.
    pub(in crate::repository) fn rewrite_tables(
        &self,
        index: Index,
        fate: impl Fn(&ContentRow) -> Fate,
        live_chunks: Option<&HashSet<Blake3>>,
        moved: &Moved,
    ) -> Result<()> {
        let storage = self.blocks.storage();
        let old: Vec<Id> = index
            .tables()
            .iter()
            .map(|table| table.id())
            .chain(index.superseded().iter().copied())
            .collect();
        let id = Id::random()?;
        let head = TableHead {
            id,
            repository: self.repository,
            generation: index.next_generation(),
            supersedes: old.clone(),
        };
        let mut writer = TableWriter::new(storage.create()?, head)?;
        // Rows of one content lie side by side.
        let mut twins: Vec<(ContentRow, Fate)> = Vec::new();
        index.each_content(|mut row| {
            let fate = fate(&row);
            if let Place::Piece(piece) | Place::Chunked(piece) = &mut row.place {
                follow(piece, moved);
            }
            if fate == Fate::Dropped {
                return Ok(());
            }
            let is_another = |(first, _): &(ContentRow, Fate)| first.digest != row.digest;
            if twins.first().is_some_and(is_another) {
                add_twins(&mut writer, &index, &mut twins)?;
            }
            twins.push((row, fate));
            Ok(())
        })?;
        add_twins(&mut writer, &index, &mut twins)?;
        index.each_chunk(|mut row| match live_chunks {
            Some(chunks) if !chunks.contains(&row.blake3) => Ok(()),
            _ => {
                follow(&mut row.piece, moved);
                writer.add_chunk(&row)
            }
        })?;
        if writer.rows() == 0 && old.is_empty() {
            return Ok(());
        }
        let (file, _) = writer.finish()?;
        publish_one(storage, file, &table_name(id))?;
        drop(index);
        for table in old {
            self.discard(&table_name(table))?;
        }
        storage.flush_deletions("contents")
    }

    fn stored_bytes_after(&self, plan: &PrunePlan, loose_bytes: u64) -> Result<u64> {
        let storage = self.blocks.storage();
        let packs: u64 = storage
            .list("packs")?
            .into_iter()
            .filter(|listed| pack_id(&listed.name).is_some())
            .map(|listed| listed.bytes)
            .sum();
        let loose_before = plan.stored_bytes_before - plan.pack_bytes_before;
        Ok(packs + loose_before.saturating_sub(loose_bytes))
    }
}

/// A piece of a block that was moved is where the block is.
fn follow(piece: &mut Piece, moved: &Moved) {
    if let Some(block) = moved.get(&(piece.block.pack, piece.block.page)) {
        piece.block = *block;
    }
}

/// Adds the rows of one content: those that are kept or lost all point to the same bytes, if one that is kept
/// leads to some.
fn add_twins<W: std::io::Write>(
    writer: &mut TableWriter<W>,
    index: &Index,
    twins: &mut Vec<(ContentRow, Fate)>,
) -> Result<()> {
    let leads_somewhere = |row: &ContentRow| row.place != Place::Lost && index.has(row.number);
    let found = twins
        .iter()
        .find(|(row, fate)| *fate == Fate::Kept && leads_somewhere(row))
        .map(|(row, _)| row.place);
    for (mut row, fate) in twins.drain(..) {
        row.place = match fate {
            Fate::Kept => found.unwrap_or(row.place),
            Fate::Lost => found.unwrap_or(Place::Lost),
            Fate::Dropped => row.place,
        };
        writer.add_content(&row)?;
    }
    Ok(())
}
