//! Are the packs there, and are their blocks what was stored?

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{CheckOptions, CheckReport, Severity, fatal_or};
use crate::error::{Error, Result};
use crate::format::digest::{Blake3, ContentDigest, ContentHasher, Sha1};
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Sealed};
use crate::fs::ReadAt;
use crate::progress::{Monitor, lock};
use crate::repository::Repository;
use crate::repository::index::Index;
use crate::repository::pack::{block_record, pack_id, pack_name, read_block, read_meta};
use crate::repository::read::slice_of;
use crate::repository::rounds::rounds;
use crate::repository::table::{BlockRecord, Piece, Place};

/// What is known of the blocks after looking at the packs.
#[derive(Default)]
pub(super) struct BlockStates {
    bad_blocks: HashSet<(Id, u32)>,
    pub bad_packs: HashSet<Id>,
    /// Pieces within sound blocks whose bytes are not what their rows say.
    pub bad_contents: HashSet<(Sha1, Blake3)>,
    pub bad_chunks: HashSet<Blake3>,
}

impl BlockStates {
    pub fn is_bad(&self, block: &BlockRecord) -> bool {
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
    pub(super) fn check_packs(
        &self,
        index: &Index,
        options: &CheckOptions,
        report: &mut CheckReport,
        monitor: &Monitor,
    ) -> Result<BlockStates> {
        let storage = &**self.storage();
        let mut states = BlockStates::default();
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
        let ids: Vec<Id> = packs.iter().map(|(id, _)| *id).collect();
        let mut bytes: HashMap<Id, u64> = packs.into_iter().collect();
        // Rows that cannot be read have been reported; without them there is one round.
        let rounds = match options.read_data {
            true => fatal_or(rounds(index, &ids))?.unwrap_or_else(|_| vec![ids]),
            false => vec![ids],
        };
        for round in rounds {
            let expected = match options.read_data {
                true => expected_pieces(index, &round)?,
                false => HashMap::new(),
            };
            let work: Vec<PackWork> = round
                .into_iter()
                .map(|id| PackWork {
                    id,
                    bytes: bytes.remove(&id).unwrap_or(0),
                    blocks: by_pack.remove(&id).unwrap_or_default(),
                })
                .collect();
            self.check_round(&work, &expected, options, &mut states, report, monitor)?;
        }
        Ok(states)
    }

    /// Checks some packs, several at a time.
    fn check_round(
        &self,
        work: &[PackWork],
        expected: &HashMap<(Id, u32), Expected>,
        options: &CheckOptions,
        states: &mut BlockStates,
        report: &mut CheckReport,
        monitor: &Monitor,
    ) -> Result<()> {
        let shared = Mutex::new((states, report));
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let run = || -> Result<()> {
            while let Some(pack) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                let found = self
                    .check_pack(pack, expected, options, monitor)
                    .inspect_err(|_| next.store(work.len(), Ordering::Relaxed))?;
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
            handles.into_iter().try_for_each(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|_| Err(Error::damaged("check the packs", "a thread panicked")))
            })
        })
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
            match fatal_or(read_block(&*file, block))? {
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
        let meta = read_meta(&sealed)?;
        for block in &pack.blocks {
            if block_record(&sealed, &meta, block.page)? != *block {
                return Err(disagree("its directory and a content table disagree"));
            }
        }
        Ok(())
    }
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

/// What rows say lies in the blocks of these packs.
fn expected_pieces(index: &Index, packs: &[Id]) -> Result<HashMap<(Id, u32), Expected>> {
    let packs: HashSet<Id> = packs.iter().copied().collect();
    let mut expected: HashMap<(Id, u32), Expected> = HashMap::new();
    // A page that cannot be read has been reported; what its rows would say is unknown.
    let _ = fatal_or(index.each_readable_content(|row| {
        if let Place::Piece(piece) = row.place
            && packs.contains(&piece.block.pack)
        {
            expected
                .entry((piece.block.pack, piece.block.page))
                .or_default()
                .contents
                .push((piece, row.digest));
        }
        Ok(())
    }))?;
    let _ = fatal_or(index.each_readable_chunk(|row| {
        if packs.contains(&row.piece.block.pack) {
            expected
                .entry((row.piece.block.pack, row.piece.block.page))
                .or_default()
                .chunks
                .push((row.piece, row.blake3));
        }
        Ok(())
    }))?;
    Ok(expected)
}
