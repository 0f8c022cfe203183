//! Conversion from one layout or codec to another.
//!
//! The new settings are published first, so that whatever is stored from then on has the new form. Then
//! what is claimed is rewritten in rounds, each of which ends with a table of a higher generation that says
//! where the contents are now; only then are the old bytes deleted. Whenever it is interrupted, every
//! content is where the newest table says, and converting again goes on with what still has the old form.
//!
//! It needs space for a second copy of what is in packs (old packs go at the end), or of one round of loose
//! contents.

use std::io::Read;
use std::sync::{Arc, Mutex};

use super::Repository;
use super::claims::LiveClaims;
use super::index::Index;
use super::loose::name_of;
use super::prune::{PruneDepth, PruneReport};
use super::read::many::{ContentBytes, ContentSink, Wanted, content_error};
use super::settings::{self, Layout, RepositoryFile, Settings};
use super::storage::discard;
use super::store::{StoreFailure, StoreSession, StoreWorker};
use super::table::{ContentRow, Place};
use super::token::Token;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Monitor, Phase, lock};

/// Contents rewritten in one round, and their bytes.
const ROUND_CONTENTS: usize = 200_000;
const ROUND_BYTES: u64 = 8 << 30;

/// What a conversion did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConvertReport {
    pub converted_contents: u64,
    pub converted_content_bytes: u64,
    /// The prune at its end, which deletes what has the old form.
    pub prune: PruneReport,
}

impl Repository {
    /// Converts everything that is claimed to other settings; what nothing claims is pruned.
    ///
    /// Takes the exclusive lock. Returns the repository with its new settings.
    pub fn convert(
        &self,
        settings: &Settings,
        monitor: &Arc<Monitor>,
    ) -> Result<(Repository, ConvertReport)> {
        self.expect_settings()?;
        let _lock = self.lock_exclusive("converting the repository", monitor)?;
        monitor.enter(Phase::Converting);
        let storage = self.storage();
        // Before anything is changed: without the claims and the tables nothing can be decided.
        self.fresh_index()?.expect_complete()?;
        let live = LiveClaims::load(&**storage, self.id())?;
        // From here on the converted one opens them.
        self.close_files();
        let file = RepositoryFile {
            layout: settings.layout,
            codec: settings.codec,
            level: settings.level,
            ..self.inner.file.clone()
        };
        settings::publish(&**storage, &file)?;
        let converted = Repository::new(
            self.place(),
            Arc::clone(storage),
            self.locks().clone(),
            file,
        );
        let mut report = ConvertReport::default();
        let packs_stay_packs = settings.layout == Layout::Packed;
        while converted.convert_round(&live, packs_stay_packs, &mut report, monitor)? {}
        // Packs are rewritten piece by piece, which keeps the chunks of big contents together.
        let depth = match packs_stay_packs {
            true => PruneDepth::Everything,
            false => PruneDepth::Blocks,
        };
        report.prune = converted.prune_locked(depth, monitor)?;
        self.close_files();
        Ok((converted, report))
    }

    /// Rewrites some contents that have the old form, content by content. False when there were none.
    fn convert_round(
        &self,
        live: &LiveClaims,
        packs_stay_packs: bool,
        report: &mut ConvertReport,
        monitor: &Arc<Monitor>,
    ) -> Result<bool> {
        let index = self.fresh_index()?;
        let settings = self.settings();
        let mut rows: Vec<ContentRow> = Vec::new();
        let mut bytes = 0_u64;
        index.each_content(|row| {
            let has_old_form = match row.place {
                Place::Empty | Place::Lost => false,
                Place::Piece(_) | Place::Chunked(_) => !packs_stay_packs,
                Place::Loose(place) => {
                    settings.layout == Layout::Packed || place.codec != settings.codec
                }
            };
            // Two numbers of one content may share a file, and so stay in one round.
            let is_full = (rows.len() >= ROUND_CONTENTS || bytes >= ROUND_BYTES)
                && rows.last().is_none_or(|last| last.digest != row.digest);
            if has_old_form && !is_full && live.contains(row.number) {
                bytes = bytes.saturating_add(row.digest.size);
                rows.push(row);
            }
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(false);
        }
        monitor
            .bytes_total
            .fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        self.rewrite_rows(&index, &rows, monitor)?;
        report.converted_contents += rows.len() as u64;
        report.converted_content_bytes += bytes;

        let storage = self.storage();
        let now = self.fresh_index()?;
        for row in &rows {
            // Not the file that the content is in now: another codec has another name, but the same
            // content may also have been stored under two numbers.
            if let Some(name) = name_of(row)
                && name_of(&now.locate(&token_of(row))?).as_ref() != Some(&name)
            {
                discard(&**storage, &name)?;
            }
        }
        Ok(true)
    }

    fn rewrite_rows(
        &self,
        index: &Index,
        rows: &[ContentRow],
        monitor: &Arc<Monitor>,
    ) -> Result<()> {
        let session = StoreSession::rewrite(
            Arc::clone(self.storage()),
            self.id(),
            self.settings(),
            index.next_generation(),
            Arc::clone(monitor),
        )?;
        let rewriter = Rewriter {
            rows,
            session: &session,
            workers: Mutex::new(Vec::new()),
            monitor,
        };
        let wanted = rows
            .iter()
            .enumerate()
            .map(|(position, row)| Wanted {
                token: token_of(row),
                key: position as u64,
            })
            .collect();
        let copied = self.copy_many(wanted, &rewriter, monitor);
        let workers = std::mem::take(&mut *lock(&rewriter.workers));
        copied?;
        for worker in workers {
            worker.finish()?;
        }
        session.keep()?;
        Ok(())
    }
}

fn token_of(row: &ContentRow) -> Token {
    Token {
        sha1: row.digest.sha1,
        number: row.number,
    }
}

/// Stores each content that it receives under the number that it has.
struct Rewriter<'a> {
    rows: &'a [ContentRow],
    session: &'a StoreSession,
    /// Workers that no thread is using at the moment.
    workers: Mutex<Vec<StoreWorker<'a>>>,
    monitor: &'a Monitor,
}

impl Rewriter<'_> {
    fn row(&self, key: u64) -> Result<&ContentRow> {
        self.rows
            .get(key as usize)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "find the row of a content"))
    }
}

impl ContentSink for Rewriter<'_> {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let row = self.row(key)?;
        let idle = lock(&self.workers).pop();
        let mut worker = idle.unwrap_or_else(|| self.session.worker());
        let mut whole;
        let reader: &mut dyn Read = match bytes {
            ContentBytes::Whole(bytes) => {
                whole = bytes;
                &mut whole
            }
            ContentBytes::Stream(reader) => reader,
        };
        let rewritten = worker.rewrite(row.number, &row.digest, reader);
        lock(&self.workers).push(worker);
        match rewritten {
            Ok(()) => {
                self.monitor.file_done(row.digest.size);
                Ok(())
            }
            Err(StoreFailure::Repository(error)) => Err(error),
            Err(StoreFailure::Source(error)) => self.failed(key, content_error(error)),
        }
    }

    fn failed(&self, key: u64, error: Error) -> Result<()> {
        let sha1 = self.row(key)?.digest.sha1;
        Err(Error::damaged(
            format!("convert the content {sha1}"),
            error.why().to_owned(),
        )
        .advise("nothing was lost by converting; `gibus repo repair` finds out what is damaged"))
    }
}
