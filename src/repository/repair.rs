//! Repair: makes a damaged repository consistent again, with all that can still be read.
//!
//! - `repository.toml`, damaged or missing, is written anew ([`super::guess`]).
//! - Content tables that are damaged or missing are rebuilt, with the same content numbers: from the packs,
//!   which say what lies in them, and for loose contents from tokens that the caller knows (those of the
//!   snapshots).
//! - What is sound in a damaged pack moves to a new one.
//! - Contents that can no longer be read are marked as lost. From then on a backup does not believe that they
//!   are there, and stores again what the source still has: that makes them whole wherever they are
//!   claimed, also in the snapshots before.
//!
//! Nothing that could be read before is given up, and nothing is deleted but damaged files of which all
//! that can be read is elsewhere.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Repository;
use super::check::{CheckOptions, CheckReport};
use super::claims::LiveClaims;
use super::index::Index;
use super::loose::{digest_of, loose_name, name_of};
use super::pack::{PieceKind, StoredList, block_record, pack_id, pack_name, read_block, read_meta};
use super::prune::execute::Fate;
use super::settings::{self, Layout};
use super::storage::discard;
use super::store::existing_packs;
use super::table::publish::{delete_superseded, publish_rows};
use super::table::{ChunkRow, ContentRow, LoosePlace, Piece, Place};
use super::token::{ContentNumber, SegmentId, Token};
use crate::error::{ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::digest::{Blake3, ContentDigest, Sha1};
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Sealed};
use crate::progress::Monitor;

/// What a repair did.
#[derive(Clone, Debug, Default)]
pub struct RepairReport {
    /// `repository.toml` was damaged or lost and was made anew.
    pub replaced_settings: bool,
    /// Damaged content tables that were replaced.
    pub replaced_tables: u64,
    /// Rows that were rebuilt.
    pub rebuilt_rows: u64,
    /// Contents that something claims and that are lost. The next backup stores again what it still finds, and
    /// so makes them whole for every snapshot.
    pub lost_contents: HashMap<SegmentId, RoaringBitmap>,
    /// What was found before.
    pub check: CheckReport,
}

impl RepairReport {
    /// How many contents were given up.
    pub fn lost(&self) -> u64 {
        self.lost_contents.values().map(RoaringBitmap::len).sum()
    }
}

impl Repository {
    /// Repairs the repository. `known` are tokens handed out for contents, from wherever the caller has
    /// them; they are needed only where tables are lost: of loose contents, and of contents whose bytes another number
    /// has. Takes the exclusive lock.
    pub fn repair(
        &self,
        known: &mut dyn Iterator<Item = Result<Token>>,
        monitor: &Arc<Monitor>,
    ) -> Result<RepairReport> {
        let _lock = self.lock_exclusive("repairing the repository", monitor)?;
        self.close_files();
        let storage = &**self.storage();
        let mut report = RepairReport::default();
        if self.damaged_settings().is_some() {
            settings::publish_guessed(storage, &self.inner.file)?;
            *crate::progress::lock(&self.inner.damaged_file) = None;
            report.replaced_settings = true;
        }
        let (all, unopened) = Index::open_what_can_be(storage, self.id())?;
        let mut damaged: Vec<Id> = unopened.into_iter().map(|(id, _)| id).collect();
        let (mut contents, mut chunks) = (Vec::new(), Vec::new());
        for table in all.tables() {
            if table
                .verify()
                .is_err_and(|e| e.kind() == ErrorKind::Damaged)
            {
                // Its sound pages are worth having: for loose contents nothing else has the numbers.
                contents.extend(table.all_contents().filter_map(Result::ok));
                chunks.extend(table.all_chunks().filter_map(Result::ok));
                damaged.push(table.id());
            }
        }
        let mut index = all.without(&damaged);
        self.note_stale_rows(&mut index, monitor)?;
        let saved: HashSet<_> = contents.iter().map(|row: &ContentRow| row.number).collect();
        let (pack_contents, pack_chunks) = self.rows_of_packs(&index, monitor)?;
        contents.extend(
            pack_contents
                .into_iter()
                .filter(|r| !saved.contains(&r.number)),
        );
        chunks.extend(pack_chunks);
        let others = self.rows_of_known(&index, &contents, known, monitor)?;
        contents.extend(others);
        report.rebuilt_rows = (contents.len() + chunks.len()) as u64;
        let has_lost_packs = !index.lost_packs().is_empty();
        if report.rebuilt_rows > 0 || !damaged.is_empty() {
            let mut published = publish_rows(
                storage,
                self.id(),
                &index,
                index.next_generation(),
                &damaged,
                &mut contents,
                &mut chunks,
            )?;
            drop((all, index));
            delete_superseded(storage, &mut published.superseded);
            report.replaced_tables = damaged.len() as u64;
        }
        storage.flush_deletions("contents")?;

        report.check = self.check(&CheckOptions { read_data: true }, monitor)?;
        report.lost_contents = self.claimed_of(&report.check.damaged);
        // Rows into missing packs may stand before others that lead to the same bytes.
        if !report.check.damaged.is_empty() || has_lost_packs {
            self.give_up_damaged(&report, monitor)?;
        }
        self.replace_packs(&report.check.damaged_packs, monitor)?;
        self.close_files();
        Ok(report)
    }

    /// Marks as lost the rows that lead nowhere. Where the newest table is lost, an older one may still have
    /// rows that say where contents were before a prune or a conversion moved them.
    fn note_stale_rows(&self, index: &mut Index, monitor: &Monitor) -> Result<()> {
        let storage = &**self.storage();
        index.note_packs(&existing_packs(storage)?)?;
        let mut stale = Vec::new();
        index.each_content(|row| {
            if let (Some(name), Place::Loose(place)) = (name_of(&row), row.place) {
                monitor.check_cancelled()?;
                match storage.size(&name) {
                    Ok(Some(bytes)) if bytes == place.stored_bytes => {}
                    Err(e) if e.is_fatal() => return Err(e),
                    _ => stale.push(row.number),
                }
            }
            Ok(())
        })?;
        for number in stale {
            index.add_lost(number);
        }
        Ok(())
    }

    /// Rows for what lies in packs and is in no table.
    fn rows_of_packs(
        &self,
        index: &Index,
        monitor: &Monitor,
    ) -> Result<(Vec<ContentRow>, Vec<ChunkRow>)> {
        let storage = &**self.storage();
        let named = index.packs();
        let mut contents = Vec::new();
        let mut chunks = Vec::new();
        for listed in storage.list("packs")? {
            monitor.check_cancelled()?;
            let Some(id) = pack_id(&listed.name) else {
                continue;
            };
            let rebuilt = self.rows_of_pack(id, named.contains(&id), index);
            match rebuilt {
                Ok((pack_contents, pack_chunks)) => {
                    contents.extend(pack_contents);
                    chunks.extend(pack_chunks);
                }
                Err(e) if e.is_fatal() => return Err(e),
                // Its directory is lost, so nothing says what is in it; the check names it.
                Err(_) => {}
            }
        }
        Ok((contents, chunks))
    }

    fn rows_of_pack(
        &self,
        id: Id,
        is_named: bool,
        index: &Index,
    ) -> Result<(Vec<ContentRow>, Vec<ChunkRow>)> {
        let file = self.storage().open(&pack_name(id))?;
        let pack = Sealed::open(Arc::clone(&file), FileKind::Pack)?;
        let meta = read_meta(&pack)?;
        let (mut contents, mut chunks) = (Vec::new(), Vec::new());
        for page in 0..pack.pages().len() as u32 {
            let pieces = meta.pieces(page as usize)?;
            let is_missing = pieces.iter().any(|(kind, ..)| match kind {
                PieceKind::Content(number) | PieceKind::List(number) | PieceKind::Alias(number) => {
                    !index.has(*number)
                }
                PieceKind::Chunk => !is_named,
            });
            if !is_missing {
                continue;
            }
            let block = block_record(&pack, &meta, page)?;
            let bytes = match read_block(&*file, &block) {
                Ok(bytes) => bytes,
                Err(e) if e.is_fatal() => return Err(e),
                Err(_) => continue,
            };
            let mut last: Option<ContentRow> = None;
            for (kind, offset, len) in pieces {
                let piece = Piece { block, offset, len };
                let bytes = super::read::slice_of(&bytes, &piece)?;
                match kind {
                    PieceKind::Content(number) => {
                        let row = ContentRow {
                            digest: ContentDigest::of(bytes),
                            number,
                            place: Place::Piece(piece),
                        };
                        last = Some(row);
                        contents.push(row);
                    }
                    PieceKind::List(number) => {
                        let row = ContentRow {
                            digest: StoredList::from_bytes(bytes)?.digest,
                            number,
                            place: Place::Chunked(piece),
                        };
                        last = Some(row);
                        contents.push(row);
                    }
                    PieceKind::Alias(number) => {
                        contents.extend(last.map(|row| ContentRow { number, ..row }));
                    }
                    PieceKind::Chunk => chunks.push(ChunkRow {
                        blake3: Blake3::of(bytes),
                        piece,
                    }),
                }
            }
        }
        contents.retain(|row| !index.has(row.number));
        Ok((contents, chunks))
    }

    /// Rows for what somebody holds a token for, and what is neither in a table nor among those `rebuilt`: loose contents,
    /// empty ones, and those that a prune had share the bytes of another number, which only a table says.
    fn rows_of_known(
        &self,
        index: &Index,
        rebuilt: &[ContentRow],
        known: &mut dyn Iterator<Item = Result<Token>>,
        monitor: &Monitor,
    ) -> Result<Vec<ContentRow>> {
        let mut rows = Vec::new();
        let mut seen: HashSet<ContentNumber> = rebuilt.iter().map(|row| row.number).collect();
        let mut by_sha1: HashMap<Sha1, Vec<ContentRow>> = HashMap::new();
        for row in rebuilt {
            by_sha1.entry(row.digest.sha1).or_default().push(*row);
        }
        let empty = ContentDigest::of(b"");
        for token in known {
            let token = token?;
            if index.has(token.number) || !seen.insert(token.number) {
                continue;
            }
            monitor.check_cancelled()?;
            if token.sha1 == empty.sha1 {
                rows.push(ContentRow {
                    digest: empty,
                    number: token.number,
                    place: Place::Empty,
                });
            } else if let Some(row) = self.find_loose(&token)? {
                rows.push(row);
            } else {
                let mut twins = index.find_sha1(&token.sha1)?;
                twins.extend(by_sha1.get(&token.sha1).into_iter().flatten());
                // Of several contents with this SHA-1 nothing says any more which one the token is for.
                if let Some(first) = twins.first()
                    && twins.iter().all(|twin| twin.digest == first.digest)
                {
                    rows.push(ContentRow {
                        number: token.number,
                        ..*first
                    });
                }
            }
        }
        Ok(rows)
    }

    /// The loose file of a token, when there is exactly one content with its SHA-1.
    fn find_loose(&self, token: &Token) -> Result<Option<ContentRow>> {
        let storage = &**self.storage();
        let wanted = ContentDigest {
            sha1: token.sha1,
            blake3: Blake3([0; 32]),
            size: 0,
        };
        let plain = loose_name(&wanted, Codec::None, false);
        let (folder, stem) = plain.split_once('/').unwrap_or_default();
        let is_loose = self.settings().layout == Layout::Loose || settings::was_changed(storage)?;
        if !is_loose {
            return Ok(None);
        }
        for codec in [Codec::Zstd, Codec::Gzip, Codec::None] {
            let name = loose_name(&wanted, codec, false);
            let stored_bytes = match storage.size(&name) {
                Ok(Some(bytes)) => bytes,
                // Not there, or something else is in its place.
                Ok(None) => continue,
                Err(e) if e.kind() == ErrorKind::Damaged => continue,
                Err(e) => return Err(e),
            };
            let has_twin = storage
                .list(folder)?
                .iter()
                .any(|listed| listed.name.starts_with(&format!("{stem}-")));
            if has_twin {
                // Two contents share this SHA-1, and nothing says any more which one the token is for.
                return Ok(None);
            }
            match digest_of(storage, &name, codec) {
                Ok(digest) if digest.sha1 == token.sha1 => {
                    return Ok(Some(ContentRow {
                        digest,
                        number: token.number,
                        place: Place::Loose(LoosePlace {
                            codec,
                            alternate: false,
                            stored_bytes,
                        }),
                    }));
                }
                Err(e) if e.is_fatal() => return Err(e),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Those that something claims, or may claim. What an interrupted prune has deleted already is no loss.
    fn claimed_of(
        &self,
        damaged: &HashMap<SegmentId, RoaringBitmap>,
    ) -> HashMap<SegmentId, RoaringBitmap> {
        let Ok(live) = LiveClaims::load(&**self.storage(), self.id()) else {
            return damaged.clone();
        };
        let claimed = damaged.iter().filter_map(|(segment, ordinals)| {
            let claimed = ordinals & live.used().get(segment)?;
            (!claimed.is_empty()).then_some((*segment, claimed))
        });
        claimed.collect()
    }

    /// Copies what can be read of damaged packs to new ones, and deletes them.
    fn replace_packs(&self, packs: &[Id], monitor: &Arc<Monitor>) -> Result<()> {
        if packs.is_empty() {
            return Ok(());
        }
        let storage = &**self.storage();
        let index = Index::open(storage, self.id())?;
        self.pruner(monitor)
            .move_pieces(&index, packs, |_| true, None)?;
        drop(index);
        self.close_files();
        for pack in packs {
            // One that is in use is a pack that no table names then.
            discard(storage, &pack_name(*pack))?;
        }
        storage.flush_deletions("packs")
    }

    /// Writes tables in which what cannot be read is lost, or gone if nothing claims it.
    fn give_up_damaged(&self, report: &RepairReport, monitor: &Arc<Monitor>) -> Result<()> {
        self.close_files();
        let storage = &**self.storage();
        let mut index = Index::open(storage, self.id())?;
        index.note_packs(&existing_packs(storage)?)?;
        let mut sound_chunks = HashSet::new();
        index.each_chunk(|row| {
            let is_sound = self
                .inner
                .blocks
                .read_kept(&row.piece.block)
                .and_then(|block| {
                    super::read::verified_slice(&block, &row.piece, &row.blake3).map(|_| ())
                });
            match is_sound {
                Ok(()) => {
                    sound_chunks.insert(row.blake3);
                }
                Err(e) if e.is_fatal() => return Err(e),
                Err(_) => {}
            }
            Ok(())
        })?;
        let fate = |row: &ContentRow| {
            let ContentNumber { segment, ordinal } = row.number;
            let lost = report.lost_contents.get(&segment);
            if !report.check.is_damaged(row.number) {
                Fate::Kept
            } else if lost.is_some_and(|lost| lost.contains(ordinal)) {
                Fate::Lost
            } else {
                Fate::Dropped
            }
        };
        self.pruner(monitor)
            .rewrite_tables(index, fate, Some(&sound_chunks), &HashMap::new())
    }
}
