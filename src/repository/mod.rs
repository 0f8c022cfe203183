//! The content repository: keeps each file's content once, and knows nothing of snapshots.
//!
//! # Five operations
//!
//! 1. [`StoreWorker::store_contents`] stores a content and hands out a [`Token`]; a [`StoreSession`]
//!    groups many of them and ends with a *claim* that keeps them.
//! 2. [`Repository::copy_contents_to`] copies a content to a path; [`Repository::copy_many`] is the batch
//!    form, which reads in storage order.
//! 3. [`Repository::release_contents`] gives back the tokens of a claim.
//! 4. [`Repository::open_contents_read_only`] opens a content for reading.
//! 5. [`Repository::content_storage_stats`] says what a content costs and how often it is referred to.
//!
//! Beside them: [`check`](Repository::check), [`prune`](Repository::prune),
//! [`convert`](Repository::convert), [`repair`](Repository::repair).
//!
//! # On disk
//!
//! Everything is write-once (see [`storage`]) and checked before it is believed (see
//! [`crate::format::sealed`]). `docs/format.md` has every byte.
//!
//! | file | module |
//! |---|---|
//! | `repository.toml` | [`settings`] |
//! | `packs/<id>.pack` | [`pack`] |
//! | `ab/cdef….gz` | [`loose`] |
//! | `contents/<id>.table` | [`table`], [`index`] |
//! | `claims/<id>.claim`, `.released` | [`claims`] |
//! | `locks/…` | [`lock`] |
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use gibus::progress::Monitor;
//! use gibus::repository::prune::PruneDepth;
//! use gibus::repository::{Repository, claims::ClaimBuilder, settings::Settings};
//!
//! # fn main() -> gibus::error::Result<()> {
//! let folder = tempfile::tempdir().unwrap();
//! let repository = Repository::create(&folder.path().join("repository"), &Settings::default())?;
//!
//! // Store a content, and claim it.
//! let monitor = Arc::new(Monitor::new());
//! let session = repository.begin_store("an example", &monitor)?;
//! let mut worker = session.worker();
//! let token = worker.store_contents(std::path::Path::new("Cargo.toml"))?;
//! worker.finish()?;
//! let claim_id = session.claim_id();
//! let mut claim = ClaimBuilder::new();
//! claim.add(&token);
//! session.commit(claim, "an example", None)?;
//!
//! // Read it back and count.
//! let copy = folder.path().join("copy");
//! repository.copy_contents_to(&token, &copy)?;
//! assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read("Cargo.toml").unwrap());
//! assert_eq!(repository.content_storage_stats(&token)?.references, 1);
//!
//! // Give it back, and reclaim its space.
//! repository.release_contents(claim_id)?;
//! repository.prune(PruneDepth::Blocks, &monitor)?;
//! assert!(repository.open_contents_read_only(&token).is_err());
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod claims;
pub mod convert;
pub mod delete;
pub mod guess;
pub mod holdings;
pub mod index;
pub mod lock;
pub mod loose;
#[cfg(test)]
mod memory_place;
pub mod pack;
pub mod process;
pub mod prune;
pub mod read;
pub mod rehearse;
pub mod repair;
mod rounds;
pub mod settings;
pub mod stats;
pub mod storage;
pub mod store;
pub mod table;
pub mod token;
pub mod upkeep;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use self::claims::{ClaimId, LiveClaims, release_claim};
use self::index::Index;
use self::lock::{Lock, LockKind, Locks};
use self::read::BlockSource;
use self::read::content::ContentReader;
use self::read::many::{ContentSink, Wanted, content_error, copy_many};
use self::settings::{Layout, REPOSITORY_FORMAT, RepositoryFile, Settings};
use self::storage::Storage;
use self::storage::local::LocalStorage;
use self::store::{StoreSession, existing_packs};
use self::table::{ContentRow, Place};
use self::token::Token;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::digest::ContentDigest;
use crate::format::id::Id;
use crate::progress::{Monitor, lock};

/// An opened repository. Cheap to clone; all methods may be called by several threads at once.
#[derive(Clone)]
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    place: PathBuf,
    storage: Arc<dyn Storage>,
    locks: Locks,
    file: RepositoryFile,
    /// What is wrong with `repository.toml`, where `file` is what could be guessed.
    damaged_file: Mutex<Option<Error>>,
    blocks: Arc<BlockSource>,
    index: Mutex<Option<Arc<Index>>>,
}

/// What a content costs, and how often it is referred to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContentStorageStats {
    /// Bytes that it takes in the repository: for a piece of a block its share of the block.
    pub stored_bytes: u64,
    /// How many times live claims name it.
    pub references: u64,
}

impl Repository {
    /// Makes a repository in the folder `place`, which must be missing or empty, or have no more in it than
    /// this leaves when it is interrupted.
    ///
    /// Errors: [`ErrorKind::AlreadyExists`] when there is something in it.
    pub fn create(place: &Path, settings: &Settings) -> Result<Repository> {
        if !is_free(place) {
            return Err(Error::new(ErrorKind::AlreadyExists, "create a repository")
                .at(place)
                .because("the folder is not empty")
                .advise("`gibus repo adopt` takes over a repository that is there"));
        }
        let storage = LocalStorage::create(place)?;
        let locks = Locks::of(&storage)?;
        let file = RepositoryFile {
            format: REPOSITORY_FORMAT,
            id: Id::random()?,
            layout: settings.layout,
            codec: settings.codec,
            level: settings.level,
        };
        // All that a first backup would have to find out is missing: each is several round trips on a share.
        storage.provide_folders(&["tmp", "locks", "claims", "contents"])?;
        if settings.layout == Layout::Packed {
            storage.provide_folders(&["packs"])?;
        }
        locks.provide();
        // A first tombstone, of nothing: from now on a repository in which there is no trace of any claim
        // is one that has lost them.
        release_claim(&storage, ClaimId(Id::random()?))?;
        settings::publish(&storage, &file)?;
        Ok(Repository::new(place, Arc::new(storage), locks, file))
    }

    /// Opens the repository in the folder `place`. Where its `repository.toml` is damaged or lost it can be
    /// read, checked and repaired; what would store something refuses.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is none.
    pub fn open(place: &Path) -> Result<Repository> {
        let storage = LocalStorage::open(place)?;
        let locks = Locks::of(&storage)?;
        let (file, damage) = settings::read_or_guess(&storage)?;
        storage.expect_folders(match file.layout {
            Layout::Packed => &["claims", "contents", "packs"],
            Layout::Loose => &["claims", "contents"],
        });
        let repository = Repository::new(place, Arc::new(storage), locks, file);
        *lock(&repository.inner.damaged_file) = damage;
        Ok(repository)
    }

    fn new(
        place: &Path,
        storage: Arc<dyn Storage>,
        locks: Locks,
        file: RepositoryFile,
    ) -> Repository {
        Repository {
            inner: Arc::new(Inner {
                place: place.to_owned(),
                blocks: Arc::new(BlockSource::new(Arc::clone(&storage))),
                storage,
                locks,
                file,
                damaged_file: Mutex::new(None),
                index: Mutex::new(None),
            }),
        }
    }

    pub fn id(&self) -> Id {
        self.inner.file.id
    }

    pub fn place(&self) -> &Path {
        &self.inner.place
    }

    pub fn settings(&self) -> Settings {
        self.inner.file.settings()
    }

    /// What is wrong with its `repository.toml`, if anything is.
    pub fn damaged_settings(&self) -> Option<Error> {
        lock(&self.inner.damaged_file).clone()
    }

    /// Errors: its settings are not known, see [`Repository::open`].
    fn expect_settings(&self) -> Result<()> {
        self.damaged_settings().map_or(Ok(()), Err)
    }

    /// The storage that it lies on.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.inner.storage
    }

    /// Where its locks lie.
    pub fn locks(&self) -> &Locks {
        &self.inner.locks
    }

    /// The index, opened when it is first needed. It may lack tables that cannot be read.
    fn index(&self) -> Result<Arc<Index>> {
        let mut index = lock(&self.inner.index);
        if let Some(index) = &*index {
            return Ok(Arc::clone(index));
        }
        let opened = Index::open_for_reading(&*self.inner.storage, self.id())?;
        let opened = Arc::new(opened);
        *index = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Closes tables and packs: they are about to change, or have changed.
    fn close_files(&self) {
        *lock(&self.inner.index) = None;
        self.inner.blocks.close_packs();
    }

    /// The index as it is on disk now.
    fn fresh_index(&self) -> Result<Arc<Index>> {
        *lock(&self.inner.index) = None;
        self.index()
    }

    /// Runs `work` with the index, and once more with a fresh one when it fails: another process may have
    /// rearranged the repository since the index was opened.
    fn with_index<T>(&self, work: impl Fn(&Arc<Index>) -> Result<T>) -> Result<T> {
        match work(&self.index()?) {
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::Damaged) => {
                work(&self.fresh_index()?).map_err(|again| {
                    // What was wrong at first is the better explanation of content that is not there.
                    if again.kind() == ErrorKind::NotFound {
                        e
                    } else {
                        again
                    }
                })
            }
            result => result,
        }
    }

    /// Begins to store contents. Takes a shared lock, which says `purpose` to others, until the session
    /// ends; any number of sessions run side by side.
    ///
    /// Errors: [`ErrorKind::Locked`] while prune or conversion are at work.
    pub fn begin_store(&self, purpose: &str, monitor: &Arc<Monitor>) -> Result<StoreSession> {
        let lock = Arc::new(self.lock_shared(purpose, monitor)?);
        self.begin_store_under(&lock, monitor)
    }

    /// [`Repository::begin_store`] under a shared lock that the caller has already, and keeps for as long as
    /// nothing refers to its claim yet: a prune in between would take it for one that nobody needs.
    pub fn begin_store_under(
        &self,
        lock: &Arc<Lock>,
        monitor: &Arc<Monitor>,
    ) -> Result<StoreSession> {
        self.expect_settings()?;
        let index = self.index_for_storing()?;
        StoreSession::begin(
            Arc::clone(&self.inner.storage),
            self.id(),
            self.settings(),
            Arc::new(index),
            Some(Arc::clone(lock)),
            Arc::clone(monitor),
        )
    }

    /// Takes a lock that others may have at the same time, while nothing is being rearranged. `purpose` is
    /// told to those who have to wait.
    ///
    /// Errors: [`ErrorKind::Locked`], saying who is in the way.
    pub fn lock_shared(&self, purpose: &str, monitor: &Monitor) -> Result<Lock> {
        Lock::acquire(&self.inner.locks, LockKind::Shared, purpose, None, monitor)
    }

    /// Takes a shared lock so that nothing is rearranged while it is read, where locks can be taken: `None`
    /// on a place that cannot be written.
    pub fn lock_for_reading(&self, purpose: &str, monitor: &Monitor) -> Result<Option<Lock>> {
        Lock::try_for_reading(&self.inner.locks, purpose, None, monitor)
    }

    /// Takes the lock that nobody else has.
    ///
    /// Errors: as [`Repository::lock_shared`].
    pub fn lock_exclusive(&self, purpose: &str, monitor: &Monitor) -> Result<Lock> {
        Lock::acquire(
            &self.inner.locks,
            LockKind::Exclusive,
            purpose,
            None,
            monitor,
        )
    }

    /// A fresh index that knows which packs are missing.
    fn index_for_storing(&self) -> Result<Index> {
        let storage = &*self.inner.storage;
        let mut index = Index::open(storage, self.id())?;
        if index.tables().is_empty() {
            return Ok(index);
        }
        index.note_packs(&existing_packs(storage)?)?;
        if !index.lost_packs().is_empty() {
            let incomplete = self.contents_with_missing_chunks(&index)?;
            for number in incomplete {
                index.add_lost(number);
            }
        }
        Ok(index)
    }

    /// Big contents some of whose chunks cannot be found.
    fn contents_with_missing_chunks(&self, index: &Index) -> Result<Vec<token::ContentNumber>> {
        let mut found = Vec::new();
        index.each_content(|row| {
            let Place::Chunked(piece) = row.place else {
                return Ok(());
            };
            let list = self.inner.blocks.chunk_list(index, &piece, &row.digest);
            let is_whole = list.and_then(|list| {
                for (blake3, _) in &list.chunks {
                    if index.find_chunk(blake3)?.is_none() {
                        return Ok(false);
                    }
                }
                Ok(true)
            });
            if !is_whole.unwrap_or(false) {
                found.push(row.number);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Opens a content for reading; what it yields is verified.
    ///
    /// Errors: [`ErrorKind::NotFound`] for a token that the repository does not have.
    pub fn open_contents_read_only(&self, token: &Token) -> Result<ContentReader> {
        self.with_index(|index| {
            let row = index.locate(token)?;
            ContentReader::open(&self.inner.blocks, index, &row)
        })
    }

    /// Both digests of a content, and its length: what tells whether other bytes are the same content.
    /// (Two contents can have one SHA-1, which is all of it that a token shows.)
    ///
    /// Errors: [`ErrorKind::NotFound`] for a token that the repository does not have.
    pub fn content_digest(&self, token: &Token) -> Result<ContentDigest> {
        self.with_index(|index| Ok(index.locate(token)?.digest))
    }

    /// Copies a content to a new file at `path`.
    ///
    /// Errors: [`ErrorKind::AlreadyExists`] when there is something at `path`. A file that could not be
    /// completed is removed.
    pub fn copy_contents_to(&self, token: &Token, path: &Path) -> Result<()> {
        let mut content = self.open_contents_read_only(token)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .context("create", path)?;
        let copied = io::copy(&mut content, &mut file);
        copied.map(|_| ()).map_err(|e| {
            let _ = std::fs::remove_file(path);
            if e.kind() == io::ErrorKind::InvalidData {
                content_error(e)
            } else {
                Error::io("write", &e).at(path)
            }
        })
    }

    /// Delivers many contents to `sink`, in storage order, on several threads. Blocks that hold several
    /// of them are read and decompressed once.
    pub fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()> {
        let index = self.index()?;
        let refreshed: OnceLock<Arc<Index>> = OnceLock::new();
        let refresh = || match refreshed.get() {
            Some(index) => Ok(Arc::clone(index)),
            None => {
                let index = self.fresh_index()?;
                Ok(Arc::clone(refreshed.get_or_init(|| index)))
            }
        };
        copy_many(&self.inner.blocks, &index, &refresh, wanted, sink, monitor)
    }

    /// What a content costs, and how often live claims name it. Twins (the same content under another
    /// number, stored by two backups at the same time) count separately until a prune joins them.
    pub fn content_storage_stats(&self, token: &Token) -> Result<ContentStorageStats> {
        let live = LiveClaims::load(&*self.inner.storage, self.id())?;
        self.with_index(|index| {
            let row = index.locate(token)?;
            Ok(ContentStorageStats {
                stored_bytes: self.stored_bytes(index, &row)?,
                references: live.references(token.number),
            })
        })
    }

    /// Bytes that a content takes: its share of a block, or of its chunks' blocks and its list's.
    fn stored_bytes(&self, index: &Index, row: &ContentRow) -> Result<u64> {
        Ok(match row.place {
            Place::Empty | Place::Lost => 0,
            Place::Piece(piece) => piece.stored_bytes(),
            Place::Loose(place) => place.stored_bytes,
            Place::Chunked(piece) => {
                let list = self.inner.blocks.chunk_list(index, &piece, &row.digest)?;
                let mut bytes = piece.stored_bytes();
                for blake3 in list.needs() {
                    let chunk = index.find_chunk(blake3)?;
                    bytes += chunk.map_or(0, |chunk| chunk.piece.stored_bytes());
                }
                bytes
            }
        })
    }

    /// Gives back the contents of a claim: they are no longer kept for it, and the next
    /// [`Repository::prune`] reclaims those that nothing else claims.
    pub fn release_contents(&self, claim: ClaimId) -> Result<()> {
        release_claim(&*self.inner.storage, claim)
    }
}

/// True for a folder in which a repository can be made: it is missing or empty, or holds what
/// [`Repository::create`] leaves when it is killed before there is a `repository.toml`.
fn is_free(place: &Path) -> bool {
    let names_in = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.collect()
    };
    names_in(place).iter().all(|name| match name.as_str() {
        "locks" | "tmp" => true,
        "contents" | "packs" => names_in(&place.join(name)).is_empty(),
        // Tombstones of nothing. Whatever else there is may be what somebody looks for.
        "claims" => names_in(&place.join(name))
            .iter()
            .all(|name| name.ends_with(".released")),
        _ => false,
    })
}
