//! Making a snapshot.
//!
//! ```text
//! scan ──batches of files──▶ readers ──▶ repository
//!   │                           │ entries with tokens
//!   └──unchanged entries──▶ assembler ──▶ snapshot file
//! ```
//!
//! The scan ([`super::scan`]) finds what is there and what is unchanged. Readers open, read, hash and store
//! the rest. One assembler puts folders together and writes them to the snapshot file, which nobody sees
//! yet. All channels are bounded, and so is what the assembler holds.
//!
//! **Why an interrupted backup harms nothing.** Contents are made durable, then the claim that names them is
//! published ([`crate::repository::store::StoreSession::commit`]), and only then the snapshot gets its
//! name: that is the commit. Before it there is no snapshot; what a crash leaves behind is space that prune
//! gives back. A run that is cancelled or fails keeps the contents that it has stored, without a claim, so
//! that the next one finds them.
//!
//! **Why a prune takes nothing away from it.** The shared lock is held from before the snapshot before
//! this one is chosen (its claim becomes the predecessor) until the new snapshot has its name. So a prune
//! never sees a claim whose snapshot is yet to come, which it would release ([`super::reconcile`]).
//!
//! **What ends a run.** The repository or the archive failing, or a cancel. What goes wrong with a file of
//! the source is reported to the monitor; the snapshot is then marked as not complete.

mod assemble;
mod batch;
mod dry_run;
mod flow;
mod header;
mod links;
mod owners;
mod read;
mod source;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Receiver, Sender, bounded};

use self::assemble::{Assembled, Assembler, Done, Message};
use self::batch::Batches;
use self::dry_run::{Counter, Counts};
use self::flow::Flow;
use self::header::Costs;
use self::read::FileReader;
use super::archive::Archive;
use super::archive::name::SnapshotName;
use super::file::{BuildStats, Snapshot, SnapshotWriter};
use super::matcher::Matcher;
use super::scan::{FileToRead, ScanOptions, scan};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::fs::path_bytes;
use crate::progress::{Monitor, Phase};
use crate::repository::Repository;
use crate::repository::claims::ClaimId;
use crate::repository::lock::Lock;
use crate::repository::storage::NewFile;
use crate::repository::store::StoreSession;

/// Messages on their way to the assembler.
const MESSAGES: usize = 64;
/// Scanning mostly waits: from a disk whose metadata is not in memory, four threads are several times as
/// fast as one, whatever the processors; from memory they are no slower.
const SCAN_THREADS: usize = 4;

/// What to back up, and when it is.
pub struct BackupRequest<'a> {
    pub archive: &'a Archive,
    /// The one that the archive names.
    pub repository: &'a Repository,
    /// The moment that the snapshot is named after, in the time zone of its name.
    pub now: &'a jiff::Zoned,
    /// Only find out what would be done.
    pub is_dry_run: bool,
}

/// What a backup came to.
#[derive(Clone, Debug)]
pub struct BackupReport {
    /// The new snapshot; `None` after a dry run.
    pub snapshot: Option<SnapshotName>,
    /// Length of its file, in bytes.
    pub snapshot_bytes: u64,
    /// The snapshot that unchanged files were taken over from.
    pub previous: Option<SnapshotName>,
    /// After a dry run, `read_files` and `read_bytes` are what would be read: it is new or has changed.
    pub stats: BuildStats,
    /// Everything that was asked for is in the snapshot, as it was at one moment for each file.
    pub is_complete: bool,
}

/// Makes a snapshot.
///
/// Errors: [`ErrorKind::NotFound`] when no include exists; [`ErrorKind::Cancelled`]; whatever concerns the
/// repository or the archive. No snapshot is made then.
pub fn back_up(request: &BackupRequest<'_>, monitor: &Arc<Monitor>) -> Result<BackupReport> {
    monitor.enter(Phase::Starting);
    let costs = Costs::start(monitor);
    let (archive, repository) = (request.archive, request.repository);
    check_repository(archive, repository)?;
    let own = [archive.place().to_owned(), repository.place().to_owned()];
    let matcher = Matcher::new(archive.specification(), &own)?;
    report_includes(archive, &matcher, monitor)?;
    let lock = match request.is_dry_run {
        true => None,
        false => {
            let purpose = format!("back up {}", archive.file().name);
            Some(Arc::new(repository.lock_shared(&purpose, monitor)?))
        }
    };
    let previous = find_previous(archive, repository.id(), monitor)?;
    if let Some(previous) = &previous {
        // The best guess until the scan has come to its end.
        let totals = previous.snapshot.header().totals;
        monitor.files_total.store(totals.files, Ordering::Relaxed);
        monitor.bytes_total.store(totals.bytes, Ordering::Relaxed);
    }
    let run = Run {
        request,
        monitor,
        matcher,
        previous,
        costs,
    };
    match lock {
        None => run.count(),
        Some(lock) => run.store(&lock),
    }
}

/// A snapshot that a new one is compared with.
struct Previous {
    name: SnapshotName,
    snapshot: Snapshot,
}

fn check_repository(archive: &Archive, repository: &Repository) -> Result<()> {
    if archive.file().repository.id == repository.id() {
        return Ok(());
    }
    let why = "it is not the repository that the archive uses";
    Err(Error::invalid("back up to the repository", why)
        .at(repository.place())
        .advise("is the right disk mounted?"))
}

/// Reports the includes that lead nowhere.
///
/// Errors: [`ErrorKind::NotFound`] when all of them do.
fn report_includes(archive: &Archive, matcher: &Matcher, monitor: &Monitor) -> Result<()> {
    if matcher.roots().is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "back up the archive")
            .at(archive.file().name.as_str())
            .because("nothing of what it includes is there")
            .advise("is the disk mounted that it is on?"));
    }
    for problem in matcher.problems() {
        let path = problem.path().map_or(&b""[..], path_bytes);
        monitor.warn(path, "include", problem.why());
    }
    Ok(())
}

/// The newest snapshot that can be opened and belongs to this repository.
fn find_previous(
    archive: &Archive,
    repository_id: Id,
    monitor: &Monitor,
) -> Result<Option<Previous>> {
    for name in archive.snapshots()?.into_iter().rev() {
        match Snapshot::open_in(&**archive.storage(), &name.to_string()) {
            Ok(snapshot) if snapshot.header().repository.id == repository_id => {
                return Ok(Some(Previous { name, snapshot }));
            }
            // The archive has moved to another repository: all has to be stored again.
            Ok(_) => return Ok(None),
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                let path = archive.path_of(name);
                monitor.notice(path_bytes(&path), "compare with the snapshot", error.why());
            }
        }
    }
    Ok(None)
}

/// A backup with everything settled that comes before the scan.
struct Run<'a> {
    request: &'a BackupRequest<'a>,
    monitor: &'a Arc<Monitor>,
    matcher: Matcher,
    previous: Option<Previous>,
    costs: Costs<'a>,
}

impl Run<'_> {
    /// A dry run.
    fn count(self) -> Result<BackupReport> {
        self.monitor.enter(Phase::Scanning);
        let flow = Flow::new(self.monitor);
        let counts = Counts::default();
        let counter = || Counter {
            flow: &flow,
            counts: &counts,
        };
        let sinks = (0..SCAN_THREADS).map(|_| counter()).collect();
        let scanned = scan(&self.scan_options(&|_| true), sinks)?;
        let mut stats = counts.stats();
        stats.excluded = scanned.excluded;
        self.costs.add_to(&mut stats);
        Ok(self.report(stats, None, 0))
    }

    /// `lock` is held until the snapshot has its name, see the module's comment.
    fn store(self, lock: &Arc<Lock>) -> Result<BackupReport> {
        let session = self
            .request
            .repository
            .begin_store_under(lock, self.monitor)?;
        match self.assemble(&session) {
            Ok(assembled) => self.commit(session, assembled),
            Err(error) => {
                // What was stored is found by the next run. That this may fail as well changes nothing.
                let _ = session.keep();
                Err(error)
            }
        }
    }

    /// Scans, reads, and writes all of the snapshot file but its header.
    fn assemble(&self, session: &StoreSession) -> Result<Unfinished> {
        self.monitor.enter(Phase::Storing);
        let archive = self.request.archive;
        let snapshot_id = Id::random()?;
        let codec = match archive.specification().compress_snapshots {
            true => Codec::Gzip,
            false => Codec::None,
        };
        let file = archive.new_file()?;
        let writer = SnapshotWriter::create(file, snapshot_id, archive.id(), codec)?;

        let flow = Flow::new(self.monitor);
        let threads = reader_threads();
        let (to_readers, batches) = bounded(2 * threads);
        let (to_assembler, messages) = bounded(MESSAGES);
        let mut assembled = None;
        let mut excluded = 0;
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (flow, batches, to_assembler) = (&flow, batches.clone(), to_assembler.clone());
                let reader = FileReader::new(flow, session.worker());
                scope.spawn(move || {
                    flow.fail_if(read_batches(reader, flow, &batches, &to_assembler));
                });
            }
            // Only the readers keep it, so that the scan ends when they do.
            drop(batches);
            let scanning = scope.spawn(|| {
                let still_has = |token: &_| session.still_has(token);
                let batches = |_| Batches::new(&flow, to_readers.clone(), to_assembler.clone());
                let sinks = (0..SCAN_THREADS).map(batches).collect();
                // The readers and the assembler end when nobody can send to them any more.
                let outcome = scan(&self.scan_options(&still_has), sinks);
                drop((to_readers, to_assembler));
                flow.set_totals();
                outcome.map_err(|error| flow.fail(error)).ok()
            });
            let reader = FileReader::new(&flow, session.worker());
            match Assembler::new(&flow, writer, reader).run(&messages) {
                Ok(done) => assembled = Some(done),
                Err(error) => flow.fail(error),
            }
            drop(messages);
            if let Ok(Some(scanned)) = scanning.join() {
                excluded = scanned.excluded;
            }
        });
        let read_files = flow.read_files.load(Ordering::Relaxed);
        let read_bytes = flow.read_bytes.load(Ordering::Relaxed);
        flow.into_outcome()?;
        let Some(mut assembled) = assembled else {
            return Err(Error::new(ErrorKind::Io, "back up").because("a thread ended early"));
        };
        let stats = &mut assembled.built.stats;
        stats.read_files = read_files;
        stats.read_bytes = read_bytes;
        stats.excluded = excluded;
        Ok(Unfinished {
            snapshot_id,
            assembled,
        })
    }

    /// Makes the contents durable, publishes the claim, then the snapshot.
    fn commit(self, mut session: StoreSession, unfinished: Unfinished) -> Result<BackupReport> {
        self.monitor.enter(Phase::Finishing);
        let Unfinished {
            snapshot_id,
            assembled,
        } = unfinished;
        let mut built = assembled.built;
        let archive = self.request.archive;
        let claim_id = session.claim_id();
        let previous = self.previous.as_ref();
        let predecessor = previous.map(|p| ClaimId(p.snapshot.header().claim_id));
        let holder = header::holder(archive, self.request.now);
        // The claims of snapshots are in the order of the snapshots, whatever took longer.
        session.set_created_at(self.request.now.timestamp().as_second());
        let stored = session.commit(std::mem::take(&mut built.claim), &holder, predecessor)?;
        built.stats.new_contents = stored.new_contents;
        built.stats.new_content_bytes = stored.new_content_bytes;
        built.stats.stored_bytes = stored.stored_bytes;
        self.costs.add_to(&mut built.stats);
        let header = header::new(
            self.request,
            snapshot_id,
            (claim_id, predecessor),
            &built,
            assembled.root.totals,
        )?;
        let (file, len) =
            assembled
                .writer
                .finish(assembled.root, &assembled.root_attributes, header)?;
        let name = archive.publish(file, self.request.now.datetime())?;
        Ok(self.report(built.stats, Some(name), len))
    }

    fn scan_options<'s>(
        &'s self,
        still_has: &'s (dyn Fn(&crate::repository::token::Token) -> bool + Sync),
    ) -> ScanOptions<'s> {
        ScanOptions {
            matcher: &self.matcher,
            previous: self.previous.as_ref().map(|previous| &previous.snapshot),
            still_has,
            monitor: self.monitor,
        }
    }

    fn report(
        &self,
        stats: BuildStats,
        snapshot: Option<SnapshotName>,
        snapshot_bytes: u64,
    ) -> BackupReport {
        BackupReport {
            snapshot,
            snapshot_bytes,
            previous: self.previous.as_ref().map(|previous| previous.name),
            is_complete: stats.problems == 0,
            stats,
        }
    }
}

/// A snapshot file that lacks its header.
struct Unfinished {
    snapshot_id: Id,
    assembled: Assembled<Box<dyn NewFile>>,
}

/// One reading thread.
fn read_batches(
    mut reader: FileReader<'_>,
    flow: &Flow<'_>,
    batches: &Receiver<Vec<FileToRead>>,
    to_assembler: &Sender<Message>,
) -> Result<()> {
    let read_all = |reader: &mut FileReader<'_>| -> Result<()> {
        for batch in batches {
            let mut done = Vec::with_capacity(batch.len());
            for file in batch {
                let entry = reader.read(&file)?;
                done.push(Done::new(&file, entry));
            }
            // The assembler ends early only when the run is over, and keeps the reason.
            let sent = to_assembler.send(Message::Read(done));
            sent.map_err(|_| Error::cancelled())?;
        }
        Ok(())
    };
    let outcome = read_all(&mut reader);
    if let Err(error) = &outcome {
        flow.fail(error.clone());
    }
    // Also after an error: what was read so far is worth keeping.
    outcome.and(reader.finish())
}

/// Reading and hashing keeps a processor busy.
fn reader_threads() -> usize {
    std::thread::available_parallelism().map_or(2, |count| count.get().max(2))
}

#[cfg(test)]
pub(in crate::snapshot) mod tests;
