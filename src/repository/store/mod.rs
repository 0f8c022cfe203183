//! Storing contents: a session that many workers store into.
//!
//! # What makes it safe
//!
//! A token is handed out as soon as a content is hashed, long before its bytes are durable. Nothing
//! refers to it until [`StoreSession::commit`] has returned, and commit does these in this order, each
//! durable before the next begins:
//!
//! 1. the packs (or loose files) that hold the bytes,
//! 2. the content table that says where they are,
//! 3. a look at the repository: is every pack that was relied on still there? (Locks are advisory; on a
//!    share where they do nothing, a prune elsewhere could have run meanwhile.)
//! 4. the claim, which keeps them from being pruned.
//!
//! The caller then publishes its snapshot. A crash in between leaves contents without a row, rows without
//! a claim, or a claim without a snapshot: space that is kept too long, never a reference to nothing.
//!
//! A row of a big content is written only once all of its chunks are in packs that are published no later
//! than the row is ([`pipeline`]): so a row found in a table always stands for a readable content.
//!
//! Long sessions publish a table now and then (a *checkpoint*), so that an interrupted first backup of a
//! terabyte does not begin from nothing.

mod blocks;
mod cut;
mod known;
mod loose;
mod packed;
mod pipeline;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

pub(super) use self::blocks::NewPieceKind;
pub use self::cut::ZERO_RUN;
use self::known::{Known, Reserved};
use self::loose::LooseWorker;
use self::packed::PackedWorker;
use self::pipeline::Pipeline;
use super::claims::{ClaimBuilder, ClaimId, publish_claim};
use super::index::Index;
use super::lock::Lock;
use super::loose::loose_name;
use super::pack::pack_id;
use super::settings::{Layout, Settings};
use super::storage::Storage;
use super::table::publish::{delete_superseded, publish_rows};
use super::table::read::Table;
use super::table::{ChunkRow, ContentRow, Place, table_name};
use super::token::{ContentNumber, SegmentId, Token};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::digest::ContentDigest;
use crate::format::id::Id;
use crate::progress::{Monitor, lock};

/// Rows gathered before a checkpoint.
const CHECKPOINT_ROWS: usize = if cfg!(test) { 1 << 13 } else { 1 << 17 };
/// Bytes written before a checkpoint.
const CHECKPOINT_BYTES: u64 = 2 << 30;

/// A content that was stored, or was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub token: Token,
    /// Bytes read.
    pub size: u64,
    /// Whether this session was the first to store it.
    pub is_new: bool,
}

/// What a session added to the repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreReport {
    pub new_contents: u64,
    /// The sizes of the new contents.
    pub new_content_bytes: u64,
    /// What the repository grew by for them, tables and claim left out.
    pub stored_bytes: u64,
}

/// Why a content was not stored: the file that was read, or the repository.
#[derive(Debug)]
pub enum StoreFailure {
    /// Reading the source failed; the session goes on.
    Source(io::Error),
    /// The repository failed; the session is over.
    Repository(Error),
}

impl From<Error> for StoreFailure {
    fn from(error: Error) -> StoreFailure {
        StoreFailure::Repository(error)
    }
}

/// What the workers of a session share.
struct Shared {
    storage: Arc<dyn Storage>,
    repository: Id,
    settings: Settings,
    monitor: Arc<Monitor>,
    segment: SegmentId,
    next_ordinal: AtomicU32,
    /// Rows that tables of this session hold; together with `next_ordinal` it tells whether every content
    /// that was given a number also got its bytes stored.
    new_rows: AtomicU64,
    /// Tables of this session have at least this generation.
    generation: u64,
    index: RwLock<Arc<Index>>,
    known: Known,
    new_contents: AtomicU64,
    new_content_bytes: AtomicU64,
    stored_bytes: AtomicU64,
    has_failed: AtomicBool,
    failure: Mutex<Option<Error>>,
    ready: Mutex<ReadyRows>,
    superseded: Mutex<Superseded>,
    own_packs: Mutex<HashSet<Id>>,
}

/// Rows whose bytes are durable, and that no table has yet.
#[derive(Default)]
struct ReadyRows {
    contents: Vec<ContentRow>,
    chunks: Vec<ChunkRow>,
    bytes: u64,
}

/// Tables whose rows those of a session have taken over.
#[derive(Default)]
struct Superseded {
    known: HashSet<Id>,
    /// Those of them that were not deleted yet.
    left: Vec<Id>,
}

/// One run of storing, with a claim at its end. Shared by reference between its workers.
pub struct StoreSession {
    shared: Arc<Shared>,
    claim_id: ClaimId,
    /// When the claim is to be said to have been made; when it is, if left out.
    created_at: Option<i64>,
    pipeline: Option<Pipeline>,
    _lock: Option<Arc<Lock>>,
}

impl StoreSession {
    /// `lock` is held until the session ends.
    pub(super) fn begin(
        storage: Arc<dyn Storage>,
        repository: Id,
        settings: Settings,
        index: Arc<Index>,
        lock: Option<Arc<Lock>>,
        monitor: Arc<Monitor>,
    ) -> Result<StoreSession> {
        let generation = index.next_generation();
        StoreSession::start(
            storage, repository, settings, index, generation, lock, monitor,
        )
    }

    /// A session that moves contents which have their numbers already. It knows nothing of what is stored
    /// elsewhere, so everything given to it is written; its tables have `generation`, and so take precedence.
    pub(super) fn rewrite(
        storage: Arc<dyn Storage>,
        repository: Id,
        settings: Settings,
        generation: u64,
        monitor: Arc<Monitor>,
    ) -> Result<StoreSession> {
        let index = Arc::new(Index::default());
        StoreSession::start(
            storage, repository, settings, index, generation, None, monitor,
        )
    }

    fn start(
        storage: Arc<dyn Storage>,
        repository: Id,
        settings: Settings,
        index: Arc<Index>,
        generation: u64,
        lock: Option<Arc<Lock>>,
        monitor: Arc<Monitor>,
    ) -> Result<StoreSession> {
        let shared = Arc::new(Shared {
            storage,
            repository,
            settings,
            monitor,
            segment: random_segment()?,
            next_ordinal: AtomicU32::new(0),
            new_rows: AtomicU64::new(0),
            generation,
            index: RwLock::new(index),
            known: Known::new(),
            new_contents: AtomicU64::new(0),
            new_content_bytes: AtomicU64::new(0),
            stored_bytes: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            ready: Mutex::new(ReadyRows::default()),
            superseded: Mutex::default(),
            own_packs: Mutex::new(HashSet::new()),
        });
        let pipeline = match settings.layout {
            Layout::Packed => Some(Pipeline::start(&shared)?),
            Layout::Loose => None,
        };
        Ok(StoreSession {
            shared,
            claim_id: ClaimId(Id::random()?),
            created_at: None,
            pipeline,
            _lock: lock,
        })
    }

    /// The id of the claim that [`StoreSession::commit`] publishes.
    pub fn claim_id(&self) -> ClaimId {
        self.claim_id
    }

    /// Has the claim say that it was made at this time, in seconds since 1970 (UTC): what is new with a claim
    /// is what no older one names.
    pub fn set_created_at(&mut self, created_at: i64) {
        self.created_at = Some(created_at);
    }

    /// A worker, for one thread. All workers must be finished or dropped before the session ends.
    pub fn worker(&self) -> StoreWorker<'_> {
        StoreWorker {
            kind: match &self.pipeline {
                Some(pipeline) => WorkerKind::Packed(PackedWorker::new(&self.shared, pipeline)),
                None => WorkerKind::Loose(LooseWorker::new(&self.shared)),
            },
        }
    }

    /// Whether a content stored earlier is, as far as is known, still there. Costs no access to the
    /// repository.
    pub fn still_has(&self, token: &Token) -> bool {
        self.shared.index().has(token.number)
    }

    /// Makes everything durable and publishes the claim.
    ///
    /// `claim` names each content once for every reference to it; `holder` says in words who holds it;
    /// `predecessor` is the claim of the same holder before this one, if there is one.
    pub fn commit(
        mut self,
        claim: ClaimBuilder,
        holder: &str,
        predecessor: Option<ClaimId>,
    ) -> Result<StoreReport> {
        self.finish_storing()?;
        self.verify_all_stored()?;
        self.verify_packs()?;
        let created_at = self
            .created_at
            .unwrap_or_else(|| jiff::Timestamp::now().as_second());
        let claim = claim.build(self.claim_id, predecessor, holder, created_at);
        publish_claim(&*self.shared.storage, self.shared.repository, &claim)?;
        self.shared.close_tables();
        Ok(self.shared.report())
    }

    /// Ends the session without a claim, keeping what was stored for the next one to find.
    pub fn keep(mut self) -> Result<StoreReport> {
        self.finish_storing()?;
        self.shared.close_tables();
        Ok(self.shared.report())
    }

    fn finish_storing(&mut self) -> Result<()> {
        if let Some(pipeline) = self.pipeline.take() {
            pipeline.finish();
        }
        self.shared.check_failure()?;
        // Nothing is looked for in it any more.
        self.shared.publish_ready(false)
    }

    /// A worker that was dropped before it was finished has taken contents with it that tokens were handed
    /// out for; nothing may refer to those.
    fn verify_all_stored(&self) -> Result<()> {
        let given = u64::from(self.shared.next_ordinal.load(Ordering::Relaxed));
        let stored = self.shared.new_rows.load(Ordering::Relaxed);
        if given == stored {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Io, "finish storing")
            .because(format!("only {stored} of {given} new contents were stored")))
    }

    /// Errors: [`ErrorKind::Damaged`] when a pack that this session relied on has disappeared.
    fn verify_packs(&self) -> Result<()> {
        let shared = &self.shared;
        if shared.settings.layout == Layout::Loose && shared.index().packs().is_empty() {
            return Ok(());
        }
        let existing = existing_packs(&*shared.storage)?;
        let index = shared.index();
        let mut needed = index.packs();
        needed.extend(lock(&shared.own_packs).iter().copied());
        let gone = needed
            .iter()
            .find(|pack| !existing.contains(*pack) && !index.lost_packs().contains(*pack));
        match gone {
            None => Ok(()),
            Some(pack) => Err(Error::damaged(
                "finish storing",
                format!("the pack {pack} disappeared meanwhile"),
            )
            .at(shared.storage.describe())
            .advise(
                "another computer may have pruned the repository at the same time; run it again",
            )),
        }
    }
}

/// The packs that exist, by one listing.
pub(super) fn existing_packs(storage: &dyn Storage) -> Result<HashSet<Id>> {
    Ok(storage
        .names("packs")?
        .iter()
        .filter_map(|name| pack_id(name))
        .collect())
}

fn random_segment() -> Result<SegmentId> {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&Id::random()?.0[..8]);
    Ok(SegmentId(u64::from_le_bytes(bytes)))
}

impl Shared {
    fn index(&self) -> Arc<Index> {
        let guard = self
            .index
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&guard)
    }

    /// Remembers the first failure and makes all workers stop.
    fn fail(&self, error: Error) {
        let mut failure = lock(&self.failure);
        if failure.is_none() {
            *failure = Some(error);
        }
        self.has_failed.store(true, Ordering::Relaxed);
    }

    fn check_failure(&self) -> Result<()> {
        if !self.has_failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut failure = lock(&self.failure);
        let error = failure.take().unwrap_or_else(Error::cancelled);
        // Later callers learn the same in other words; the first one reports it.
        *failure = Some(Error::new(error.kind(), "go on storing").because(error.why()));
        Err(error)
    }

    fn report(&self) -> StoreReport {
        StoreReport {
            new_contents: self.new_contents.load(Ordering::Relaxed),
            new_content_bytes: self.new_content_bytes.load(Ordering::Relaxed),
            stored_bytes: self.stored_bytes.load(Ordering::Relaxed),
        }
    }

    fn number(&self, ordinal: u32) -> ContentNumber {
        ContentNumber {
            segment: self.segment,
            ordinal,
        }
    }

    /// The token of a content: the one that it has already, or a new number for the caller to store
    /// the bytes under.
    fn reserve(&self, digest: &ContentDigest) -> Result<Reserved> {
        if let Some(ordinal) = self.known.content(digest) {
            return Ok(Reserved::Existing(self.token(digest, self.number(ordinal))));
        }
        if let Some(row) = self.index().find_content(digest)?
            && self.is_there(&row)?
        {
            return Ok(Reserved::Existing(self.token(digest, row.number)));
        }
        let reserved = self.known.reserve_content(digest, || {
            self.next_ordinal
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1))
                .map_err(|_| {
                    Error::new(ErrorKind::Unsupported, "store more contents")
                        .because("one run can store four thousand million of them")
                })
        })?;
        Ok(match reserved {
            Ok(ordinal) => {
                self.new_contents.fetch_add(1, Ordering::Relaxed);
                self.new_content_bytes
                    .fetch_add(digest.size, Ordering::Relaxed);
                Reserved::New(self.number(ordinal))
            }
            Err(ordinal) => Reserved::Existing(self.token(digest, self.number(ordinal))),
        })
    }

    /// Whether the bytes of a row are still there, as far as it does not follow from which packs exist. One look for
    /// each duplicate in a file of its own: prune deletes those before it drops their rows, and what was deleted
    /// behind our back is stored again.
    fn is_there(&self, row: &ContentRow) -> Result<bool> {
        let Place::Loose(place) = row.place else {
            return Ok(true);
        };
        let name = loose_name(&row.digest, place.codec, place.alternate);
        match self.storage.size(&name) {
            Err(e) if e.kind() == ErrorKind::Damaged => Ok(false),
            size => Ok(size? == Some(place.stored_bytes)),
        }
    }

    fn token(&self, digest: &ContentDigest, number: ContentNumber) -> Token {
        Token {
            sha1: digest.sha1,
            number,
        }
    }

    /// Takes over rows whose bytes are durable; publishes a table when they have become many. The same bytes
    /// that were lost under other numbers are found again by these rows.
    fn add_ready(
        &self,
        mut contents: Vec<ContentRow>,
        chunks: Vec<ChunkRow>,
        bytes: u64,
    ) -> Result<()> {
        self.stored_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.monitor
            .bytes_written
            .fetch_add(bytes, Ordering::Relaxed);
        let index = self.index();
        for position in 0..contents.len() {
            let row = contents[position];
            let twins = index.lost_twins(&row.digest)?;
            contents.extend(twins.into_iter().map(|number| ContentRow { number, ..row }));
        }
        let is_due = {
            let mut ready = lock(&self.ready);
            ready.contents.extend(contents);
            ready.chunks.extend(chunks);
            ready.bytes += bytes;
            ready.contents.len() + ready.chunks.len() >= CHECKPOINT_ROWS
                || ready.bytes >= CHECKPOINT_BYTES
        };
        if is_due {
            self.publish_ready(true)?;
        }
        Ok(())
    }

    /// Publishes a table of the rows that are ready, and uses it from then on if `is_needed`.
    fn publish_ready(&self, is_needed: bool) -> Result<()> {
        // Held to the end: tables of one session are published one after the other.
        let mut ready = lock(&self.ready);
        let mut rows = std::mem::take(&mut *ready);
        if rows.contents.is_empty() && rows.chunks.is_empty() {
            return Ok(());
        }
        let index = self.index();
        let own = |row: &&ContentRow| row.number.segment == self.segment;
        let new_rows = rows.contents.iter().filter(own).count() as u64;
        let published = publish_rows(
            &*self.storage,
            self.repository,
            &index,
            self.generation,
            &[],
            &mut rows.contents,
            &mut rows.chunks,
        )?;
        {
            // Each table names those that the ones before it have taken over as well.
            let Superseded { known, left } = &mut *lock(&self.superseded);
            left.extend(
                published
                    .superseded
                    .into_iter()
                    .filter(|id| known.insert(*id)),
            );
        }
        self.new_rows.fetch_add(new_rows, Ordering::Relaxed);
        if !is_needed {
            return Ok(());
        }
        let id = published.id;
        let table =
            Table::open(&*self.storage, id, self.repository).map_err(|e| e.at(table_name(id)))?;
        *self
            .index
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) =
            Arc::new(index.with(Arc::new(table)));
        // Only now: whoever does not find a content among the known ones looks into the index.
        self.known.forget(&rows.contents, &rows.chunks);
        drop(index);
        self.delete_superseded();
        Ok(())
    }

    /// Closes all tables, and deletes those that were taken over.
    fn close_tables(&self) {
        let closed = Arc::new(Index::default());
        *self
            .index
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = closed;
        self.delete_superseded();
    }

    /// Deletes tables that were taken over. What a worker has open still, on a share that does not delete such files, is left
    /// for the next time.
    fn delete_superseded(&self) {
        delete_superseded(&*self.storage, &mut lock(&self.superseded).left);
    }
}

/// Stores contents, for one thread.
pub struct StoreWorker<'s> {
    kind: WorkerKind<'s>,
}

enum WorkerKind<'s> {
    Packed(PackedWorker<'s>),
    Loose(LooseWorker<'s>),
}

impl StoreWorker<'_> {
    /// Stores a whole content.
    pub fn store_bytes(&mut self, bytes: &[u8]) -> std::result::Result<Stored, StoreFailure> {
        match &mut self.kind {
            WorkerKind::Packed(worker) => worker.store_bytes(bytes),
            WorkerKind::Loose(worker) => worker.store_bytes(bytes),
        }
    }

    /// Stores what `reader` gives, of any length, in one pass. `size_hint` is about how much that will
    /// be.
    pub fn store_reader(
        &mut self,
        reader: &mut dyn Read,
        size_hint: u64,
    ) -> std::result::Result<Stored, StoreFailure> {
        self.store_sparse(reader, size_hint, &[])
    }

    /// The same for a reader that leaves zeros out. `gaps` are the offsets in what it gives, in order, at which it left out
    /// [`ZERO_RUN`] of them or more.
    pub fn store_sparse(
        &mut self,
        reader: &mut dyn Read,
        size_hint: u64,
        gaps: &[u64],
    ) -> std::result::Result<Stored, StoreFailure> {
        match &mut self.kind {
            WorkerKind::Packed(worker) => worker.store_reader(reader, size_hint, gaps),
            WorkerKind::Loose(worker) => worker.store_reader(reader),
        }
    }

    /// Stores the content of a file, as it is while it is read.
    pub fn store_contents(&mut self, path: &Path) -> Result<Token> {
        let mut file = File::open(path).context("open", path)?;
        let size = file.metadata().context("read", path)?.len();
        match self.store_reader(&mut file, size) {
            Ok(stored) => Ok(stored.token),
            Err(StoreFailure::Source(e)) => Err(Error::io("read", &e).at(path)),
            Err(StoreFailure::Repository(e)) => Err(e),
        }
    }

    /// Stores a content under a number that it has already, in a session that rewrites.
    pub(super) fn rewrite(
        &mut self,
        number: ContentNumber,
        digest: &ContentDigest,
        reader: &mut dyn Read,
    ) -> std::result::Result<(), StoreFailure> {
        match &mut self.kind {
            WorkerKind::Packed(worker) => worker.rewrite(number, digest, reader),
            WorkerKind::Loose(worker) => worker.rewrite(number, digest, reader),
        }
    }

    /// Adds a piece as it is to the packs of a session that rewrites. All in `what` share the bytes.
    pub(super) fn add_piece(&mut self, what: &[NewPieceKind], bytes: &[u8]) -> Result<()> {
        match &mut self.kind {
            WorkerKind::Packed(worker) => worker.add_piece(what, bytes),
            WorkerKind::Loose(_) => Err(Error::invalid(
                "move a piece",
                "the layout of the repository is loose",
            )),
        }
    }

    /// Hands over what this worker still holds. A worker that is dropped instead loses it, and with it
    /// the session.
    pub fn finish(self) -> Result<()> {
        match self.kind {
            WorkerKind::Packed(worker) => worker.finish(),
            WorkerKind::Loose(worker) => worker.finish(),
        }
    }
}

/// Reads until the buffer is full or the source ends; `EINTR` is not an end.
fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
