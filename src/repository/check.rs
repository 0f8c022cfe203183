//! Check: is everything there, and is it what was stored?
//!
//! It reads and reports; it changes nothing, so it works on a read-only repository. What it finds is
//! either *damage* (something that is claimed cannot be read as it was stored, or will not be believed)
//! or a *leftover* (space that is kept too long, which prune puts right).

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use roaring::RoaringBitmap;

use super::Repository;
use super::claims::{ClaimState, LiveClaims, list_claims, read_claim};
use super::index::Index;
use super::loose::{digest_of, name_of};
use super::pack::{block_record, pack_id, pack_name, read_meta};
use super::read::slice_of;
use super::table::{BlockRecord, ContentRow, Piece, Place, table_name};
use super::token::{ContentNumber, SegmentId};
use crate::error::{Error, Result};
use crate::format::digest::{Blake3, ContentDigest, ContentHasher, Sha1};
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Sealed};
use crate::fs::ReadAt;
use crate::progress::{Monitor, Phase, lock};

/// How thorough to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Read every stored byte, not only the structure.
    pub read_data: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Space that is kept too long; prune puts it right.
    Leftover,
    /// Something stored is lost, or cannot be trusted.
    Damage,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The file of the repository, relative to it, or what else it is about.
    pub what: String,
    pub why: String,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    pub findings: Vec<Finding>,
    /// Contents that cannot be read as they were stored, claimed or not.
    pub damaged: HashMap<SegmentId, RoaringBitmap>,
    /// Packs that are not as they were written, though some of what is in them may be.
    pub damaged_packs: Vec<Id>,
    /// What was looked at.
    pub contents: u64,
    pub packs: u64,
    pub tables: u64,
    pub claims: u64,
    /// Stored bytes that were read and verified.
    pub bytes_read: u64,
}

impl CheckReport {
    /// True when nothing is damaged.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|f| f.severity == Severity::Damage)
    }

    /// True when this content cannot be read as it was stored.
    pub fn is_damaged(&self, number: ContentNumber) -> bool {
        self.damaged
            .get(&number.segment)
            .is_some_and(|ordinals| ordinals.contains(number.ordinal))
    }

    fn add(&mut self, severity: Severity, what: impl Into<String>, why: impl Into<String>) {
        self.findings.push(Finding {
            severity,
            what: what.into(),
            why: why.into(),
        });
    }

    fn mark(&mut self, number: ContentNumber) {
        self.damaged
            .entry(number.segment)
            .or_default()
            .insert(number.ordinal);
    }
}

/// What is known of the blocks after looking at the packs.
#[derive(Default)]
struct BlockStates {
    bad_blocks: HashSet<(Id, u32)>,
    bad_packs: HashSet<Id>,
    /// Pieces within sound blocks whose bytes are not what their rows say.
    bad_contents: HashSet<(Sha1, Blake3)>,
    bad_chunks: HashSet<Blake3>,
}

impl BlockStates {
    fn is_bad(&self, block: &BlockRecord) -> bool {
        self.bad_packs.contains(&block.pack) || self.bad_blocks.contains(&(block.pack, block.page))
    }
}

/// What the rows say lies in a block.
#[derive(Default)]
struct Expected {
    contents: Vec<(Piece, ContentDigest)>,
    chunks: Vec<(Piece, Blake3)>,
}

impl Repository {
    /// Looks at everything that is stored.
    ///
    /// Errors only where the looking itself fails (a disk that is gone, a cancel); whatever is wrong with
    /// what is stored is in the report.
    pub fn check(&self, options: &CheckOptions, monitor: &Monitor) -> Result<CheckReport> {
        monitor.enter(Phase::Checking);
        let storage = &**self.storage();
        let mut report = CheckReport::default();
        let (mut index, damaged_tables) = Index::open_what_can_be(storage, self.id())?;
        for (id, error) in &damaged_tables {
            report.add(Severity::Damage, table_name(*id), error.why());
        }
        report.tables = index.tables().len() as u64;
        for table in index.tables() {
            report.bytes_read += table.file_len();
            if let Err(e) = fatal_or(table.verify())? {
                report.add(Severity::Damage, table_name(table.id()), e.why());
            }
        }
        for id in index.superseded() {
            let why = "a table that another one has taken over";
            report.add(Severity::Leftover, table_name(*id), why);
        }
        let live = self.check_claims(&mut report)?;
        index.note_packs(&super::store::existing_packs(storage)?)?;
        let states = self.check_packs(&index, options, &mut report, monitor)?;
        self.check_contents(
            &index,
            live.as_ref(),
            &states,
            options,
            &mut report,
            monitor,
        )?;
        for listed in storage.leftovers()? {
            let what = format!("tmp/{}", listed.name);
            report.add(Severity::Leftover, what, "an unfinished file");
        }
        Ok(report)
    }

    /// Reads every claim; `None` when they cannot all be believed.
    fn check_claims(&self, report: &mut CheckReport) -> Result<Option<LiveClaims>> {
        let storage = &**self.storage();
        for (claim, state) in list_claims(storage)? {
            if state != ClaimState::Live {
                continue;
            }
            report.claims += 1;
            if let Err(e) = fatal_or(read_claim(storage, self.id(), claim))? {
                report.add(
                    Severity::Damage,
                    format!("claims/{}.claim", claim.0),
                    e.why(),
                );
            }
        }
        match fatal_or(LiveClaims::load(storage, self.id()))? {
            Ok(live) => Ok(Some(live)),
            Err(e) => {
                if report.is_sound() {
                    report.add(Severity::Damage, "claims", e.why());
                }
                Ok(None)
            }
        }
    }

    fn check_packs(
        &self,
        index: &Index,
        options: &CheckOptions,
        report: &mut CheckReport,
        monitor: &Monitor,
    ) -> Result<BlockStates> {
        let storage = &**self.storage();
        let mut states = BlockStates::default();
        let mut expected = expected_pieces(index, options)?;
        let existing = storage.list("packs")?;
        let named = index.packs();
        let mut present = HashSet::new();
        let mut packs = Vec::new();
        for listed in existing {
            let Some(id) = pack_id(&listed.name) else {
                continue;
            };
            present.insert(id);
            if named.contains(&id) {
                packs.push((id, listed.bytes));
            } else {
                let why = "a pack that no content table names";
                report.add(Severity::Leftover, pack_name(id), why);
            }
        }
        for id in named.difference(&present) {
            states.bad_packs.insert(*id);
        }
        report.packs = packs.len() as u64;
        monitor.bytes_total.store(
            packs.iter().map(|(_, bytes)| *bytes).sum(),
            Ordering::Relaxed,
        );

        let mut by_pack: HashMap<Id, Vec<BlockRecord>> = HashMap::new();
        let mut seen = HashSet::new();
        for table in index.tables() {
            let Ok(blocks) = fatal_or(table.blocks())? else {
                continue;
            };
            for block in blocks {
                if seen.insert((block.pack, block.page)) {
                    by_pack.entry(block.pack).or_default().push(*block);
                }
            }
        }
        packs.sort_unstable();
        let work: Vec<PackWork> = packs
            .into_iter()
            .map(|(id, bytes)| PackWork {
                id,
                bytes,
                blocks: by_pack.remove(&id).unwrap_or_default(),
            })
            .collect();
        let expected = std::mem::take(&mut expected);
        let shared = Mutex::new((&mut states, &mut *report));
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let run = || -> Result<()> {
            while let Some(pack) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = self.check_pack(pack, &expected, options, monitor);
                if let Err(e) = &outcome {
                    next.store(work.len(), Ordering::Relaxed);
                    return Err(e.clone());
                }
                let found = outcome?;
                let mut shared = lock(&shared);
                let (states, report) = &mut *shared;
                states.bad_blocks.extend(found.bad_blocks);
                states.bad_contents.extend(found.bad_contents);
                states.bad_chunks.extend(found.bad_chunks);
                if found.is_gone {
                    states.bad_packs.insert(pack.id);
                }
                report.bytes_read += found.bytes_read;
                if !found.findings.is_empty() {
                    report.damaged_packs.push(pack.id);
                }
                for why in found.findings {
                    report.add(Severity::Damage, pack_name(pack.id), why);
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            for handle in handles {
                handle.join().unwrap_or_else(|_| {
                    Err(Error::damaged("check the packs", "a thread panicked"))
                })?;
            }
            Ok(())
        })?;
        Ok(states)
    }

    fn check_pack(
        &self,
        pack: &PackWork,
        expected: &HashMap<(Id, u32), Expected>,
        options: &CheckOptions,
        monitor: &Monitor,
    ) -> Result<PackFindings> {
        monitor.check_cancelled()?;
        let mut found = PackFindings::default();
        let storage = &**self.storage();
        let file = match fatal_or(storage.open(&pack_name(pack.id)))? {
            Ok(file) => file,
            Err(e) => {
                found.is_gone = true;
                found.findings.push(e.why().to_owned());
                return Ok(found);
            }
        };
        // The directory is not needed to read contents, only to rebuild tables; its loss is damage all the
        // same.
        if let Err(e) = fatal_or(self.check_directory(Arc::clone(&file), pack))? {
            found.findings.push(e.why().to_owned());
        }
        let file_len = file.len();
        for block in &pack.blocks {
            monitor.check_cancelled()?;
            let end = block.offset.saturating_add(u64::from(block.stored_len));
            if end > file_len {
                found.bad_blocks.insert((pack.id, block.page));
                found
                    .findings
                    .push(format!("block {} is cut off", block.page));
                continue;
            }
            if !options.read_data {
                continue;
            }
            found.bytes_read += u64::from(block.stored_len);
            match fatal_or(super::pack::read_block(&*file, block))? {
                Ok(bytes) => {
                    if let Some(expected) = expected.get(&(pack.id, block.page)) {
                        found.compare(block.page, &bytes, expected);
                    }
                }
                Err(e) => {
                    found.bad_blocks.insert((pack.id, block.page));
                    found.findings.push(e.why().to_owned());
                }
            }
        }
        monitor.bytes_done.fetch_add(pack.bytes, Ordering::Relaxed);
        Ok(found)
    }

    /// The pack's own directory agrees with what tables say of its blocks.
    fn check_directory(&self, file: Arc<dyn ReadAt>, pack: &PackWork) -> Result<()> {
        let sealed = Sealed::open(file, FileKind::Pack)?;
        let disagree = |why: &str| Error::damaged("read the pack", why);
        if sealed.identity().own_id != pack.id || sealed.identity().owner_id != self.id() {
            return Err(disagree("another file has taken its place"));
        }
        read_meta(&sealed)?;
        for block in &pack.blocks {
            if block_record(&sealed, block.page)? != *block {
                return Err(disagree("its directory and a content table disagree"));
            }
        }
        Ok(())
    }

    fn check_contents(
        &self,
        index: &Index,
        live: Option<&LiveClaims>,
        states: &BlockStates,
        options: &CheckOptions,
        report: &mut CheckReport,
        monitor: &Monitor,
    ) -> Result<()> {
        let storage = &**self.storage();
        let mut chunks_bad: HashSet<Blake3> = states.bad_chunks.clone();
        let mut chunks_good: HashSet<Blake3> = HashSet::new();
        let rows_failed = fatal_or(index.each_chunk(|row| {
            if states.is_bad(&row.piece.block) || states.bad_chunks.contains(&row.blake3) {
                chunks_bad.insert(row.blake3);
            } else {
                chunks_good.insert(row.blake3);
            }
            Ok(())
        }))?
        .err();
        let mut claimed = live.map(|live| live.used().clone()).unwrap_or_default();
        let mut unclaimed = 0_u64;
        let mut lost = 0_u64;
        let mut lost_in: HashSet<Id> = HashSet::new();
        let outcome = fatal_or(index.each_content(|row| {
            report.contents += 1;
            if report.contents.is_multiple_of(1024) {
                monitor.check_cancelled()?;
            }
            let is_claimed = claimed
                .get_mut(&row.number.segment)
                .is_some_and(|ordinals| ordinals.remove(row.number.ordinal));
            let is_claimed = is_claimed || live.is_none();
            if !is_claimed {
                unclaimed += 1;
            }
            let why = match row.place {
                Place::Empty => None,
                Place::Piece(piece) => {
                    let digest = (row.digest.sha1, row.digest.blake3);
                    (states.is_bad(&piece.block) || states.bad_contents.contains(&digest))
                        .then(|| pack_name(piece.block.pack))
                }
                Place::Chunked(piece) => {
                    if states.is_bad(&piece.block) {
                        Some(pack_name(piece.block.pack))
                    } else {
                        self.bad_list(&piece, &row, &chunks_good)?
                    }
                }
                Place::Loose(place) => {
                    let name = name_of(&row).unwrap_or_default();
                    let why = check_loose(storage, &row, &name, place.stored_bytes, options)?;
                    if options.read_data {
                        report.bytes_read += place.stored_bytes;
                        monitor
                            .bytes_done
                            .fetch_add(place.stored_bytes, Ordering::Relaxed);
                    }
                    if let Some(why) = why {
                        if is_claimed {
                            report.add(Severity::Damage, name.clone(), why);
                        }
                        report.mark(row.number);
                    }
                    None
                }
            };
            if let Some(place) = why {
                report.mark(row.number);
                if is_claimed {
                    lost += 1;
                }
                if let Place::Piece(piece) | Place::Chunked(piece) = row.place
                    && states.bad_packs.contains(&piece.block.pack)
                    && is_claimed
                    && lost_in.insert(piece.block.pack)
                {
                    report.add(Severity::Damage, place, "the pack is missing");
                }
            }
            Ok(())
        }))?;
        if let Some(e) = outcome.err().or(rows_failed) {
            report.add(Severity::Damage, "contents", e.why());
        }
        if lost > 0 {
            let why = format!("{lost} contents cannot be read as they were stored");
            report.add(Severity::Damage, "contents", why);
        }
        let missing: u64 = claimed.values().map(RoaringBitmap::len).sum();
        if missing > 0 {
            let why = format!("{missing} contents are claimed that no content table has");
            report.add(Severity::Damage, "contents", why);
            for (segment, ordinals) in claimed {
                *report.damaged.entry(segment).or_default() |= ordinals;
            }
        }
        if unclaimed > 0 {
            let why = format!("{unclaimed} contents are stored that nothing claims");
            report.add(Severity::Leftover, "contents", why);
        }
        Ok(())
    }

    /// Why a chunk list cannot be followed, if it cannot.
    fn bad_list(
        &self,
        piece: &Piece,
        row: &ContentRow,
        chunks_good: &HashSet<Blake3>,
    ) -> Result<Option<String>> {
        match fatal_or(self.inner.blocks.chunk_list(piece, &row.digest))? {
            Err(e) => Ok(Some(e.why().to_owned())),
            Ok(list) => {
                let missing = list
                    .chunks
                    .iter()
                    .any(|(blake3, _)| !chunks_good.contains(blake3));
                Ok(missing.then(|| "a chunk".to_owned()))
            }
        }
    }
}

fn check_loose(
    storage: &dyn super::storage::Storage,
    row: &ContentRow,
    name: &str,
    stored_bytes: u64,
    options: &CheckOptions,
) -> Result<Option<String>> {
    if options.read_data {
        let Place::Loose(place) = row.place else {
            return Ok(None);
        };
        return Ok(match fatal_or(digest_of(storage, name, place.codec))? {
            Ok(found) if found == row.digest => None,
            Ok(_) => Some("its bytes do not match its digest".to_owned()),
            Err(e) => Some(e.why().to_owned()),
        });
    }
    Ok(match fatal_or(storage.size(name))? {
        Ok(Some(bytes)) if bytes == stored_bytes => None,
        Ok(Some(_)) => Some("its length is not what was stored".to_owned()),
        Ok(None) => Some("it is missing".to_owned()),
        Err(e) => Some(e.why().to_owned()),
    })
}

struct PackWork {
    id: Id,
    bytes: u64,
    blocks: Vec<BlockRecord>,
}

#[derive(Default)]
struct PackFindings {
    is_gone: bool,
    bad_blocks: HashSet<(Id, u32)>,
    bad_contents: HashSet<(Sha1, Blake3)>,
    bad_chunks: HashSet<Blake3>,
    bytes_read: u64,
    findings: Vec<String>,
}

impl PackFindings {
    fn compare(&mut self, page: u32, block: &[u8], expected: &Expected) {
        let mut wrong = 0_u64;
        for (piece, digest) in &expected.contents {
            let is_right = slice_of(block, piece).is_ok_and(|bytes| {
                let mut hasher = ContentHasher::new();
                hasher.update(bytes);
                hasher.finish() == *digest
            });
            if !is_right {
                wrong += 1;
                self.bad_contents.insert((digest.sha1, digest.blake3));
            }
        }
        for (piece, blake3) in &expected.chunks {
            let is_right = slice_of(block, piece).is_ok_and(|b| Blake3::of(b) == *blake3);
            if !is_right {
                wrong += 1;
                self.bad_chunks.insert(*blake3);
            }
        }
        if wrong > 0 {
            self.findings.push(format!(
                "{wrong} pieces of block {page} do not match their digests"
            ));
        }
    }
}

/// What rows say lies in each block; nothing unless data is to be read.
fn expected_pieces(index: &Index, options: &CheckOptions) -> Result<HashMap<(Id, u32), Expected>> {
    let mut expected: HashMap<(Id, u32), Expected> = HashMap::new();
    if !options.read_data {
        return Ok(expected);
    }
    // A page that cannot be read has been reported; what its rows would say is unknown.
    let _ = fatal_or(index.each_content(|row| {
        if let Place::Piece(piece) = row.place {
            expected
                .entry((piece.block.pack, piece.block.page))
                .or_default()
                .contents
                .push((piece, row.digest));
        }
        Ok(())
    }))?;
    let _ = fatal_or(index.each_chunk(|row| {
        expected
            .entry((row.piece.block.pack, row.piece.block.page))
            .or_default()
            .chunks
            .push((row.piece, row.blake3));
        Ok(())
    }))?;
    Ok(expected)
}

/// Separates what stops everything (the disk is gone, a cancel) from what is to be reported.
fn fatal_or<T>(result: Result<T>) -> Result<std::result::Result<T, Error>> {
    match result {
        Err(e) if e.is_fatal() => Err(e),
        other => Ok(other),
    }
}
