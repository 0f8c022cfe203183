//! Can every content that is claimed be read, as far as its row and its block say?

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use roaring::RoaringBitmap;

use super::packs::BlockStates;
use super::{CheckOptions, CheckReport, Severity, fatal_or};
use crate::error::Result;
use crate::format::digest::Blake3;
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::LiveClaims;
use crate::repository::index::Index;
use crate::repository::loose::{digest_of, name_of};
use crate::repository::pack::pack_name;
use crate::repository::storage::Storage;
use crate::repository::table::{ContentRow, Piece, Place};

impl Repository {
    pub(super) fn check_contents(
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
        let rows_failed = fatal_or(index.each_readable_chunk(|row| {
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
        let mut given_up = 0_u64;
        let mut lost_in: HashSet<Id> = HashSet::new();
        let outcome = fatal_or(index.each_readable_content(|row| {
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
                Place::Lost => {
                    report.mark(row.number);
                    given_up += u64::from(is_claimed);
                    None
                }
                Place::Piece(piece) => {
                    let digest = (row.digest.sha1, row.digest.blake3);
                    (states.is_bad(&piece.block) || states.bad_contents.contains(&digest))
                        .then(|| pack_name(piece.block.pack))
                }
                Place::Chunked(piece) => {
                    if states.is_bad(&piece.block) {
                        Some(pack_name(piece.block.pack))
                    } else {
                        self.bad_list(index, &piece, &row, &chunks_good)?
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
        if given_up > 0 {
            let why = format!(
                "{given_up} contents are lost; a backup of what still has them makes them whole"
            );
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
        index: &Index,
        piece: &Piece,
        row: &ContentRow,
        chunks_good: &HashSet<Blake3>,
    ) -> Result<Option<String>> {
        match fatal_or(self.inner.blocks.chunk_list(index, piece, &row.digest))? {
            Err(e) => Ok(Some(e.why().to_owned())),
            Ok(list) => {
                let missing = list.needs().any(|blake3| !chunks_good.contains(blake3));
                Ok(missing.then(|| "a chunk".to_owned()))
            }
        }
    }
}

fn check_loose(
    storage: &dyn Storage,
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
