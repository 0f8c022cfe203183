//! A repository in memory, for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Repository;
use super::claims::{ClaimBuilder, ClaimId, release_claim};
use super::holdings::Holdings;
use super::lock::Locks;
use super::rehearse::RepositoryBytes;
use super::settings::{self, Layout, REPOSITORY_FORMAT, RepositoryFile};
use super::storage::local::LocalStorage;
use super::storage::memory::MemoryStorage;
use super::store::StoreSession;
use super::token::Token;
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::progress::Monitor;

/// A repository in memory; its locks are in a folder.
pub struct Place {
    pub repository: Repository,
    pub storage: MemoryStorage,
    pub monitor: Arc<Monitor>,
    locks: Arc<tempfile::TempDir>,
}

impl Place {
    pub fn new(layout: Layout, codec: Codec) -> Place {
        let file = RepositoryFile {
            format: REPOSITORY_FORMAT,
            id: Id::random().unwrap(),
            layout,
            codec,
            level: codec.default_level(),
        };
        let storage = MemoryStorage::new();
        release_claim(&storage, ClaimId(Id::random().unwrap())).unwrap();
        settings::publish(&storage, &file).unwrap();
        let locks = Arc::new(tempfile::tempdir().unwrap());
        Place::over(storage, file, locks)
    }

    fn over(storage: MemoryStorage, file: RepositoryFile, locks: Arc<tempfile::TempDir>) -> Place {
        let local = LocalStorage::create(&locks.path().join("locks")).unwrap();
        let locks_of = Locks::of(&local).unwrap();
        let shared = Arc::new(storage.clone());
        Place {
            repository: Repository::new(locks.path(), shared, locks_of, file),
            storage,
            monitor: Arc::new(Monitor::new()),
            locks,
        }
    }

    /// It after a power cut: `survives` is asked of each change that was not durable.
    pub fn after_power_cut(&self, survives: impl FnMut(&str) -> bool) -> Place {
        let file = self.repository.inner.file.clone();
        let storage = self.storage.after_power_cut(survives);
        Place::over(storage, file, Arc::clone(&self.locks))
    }

    /// Another one with the same files, which have nothing to do with these.
    pub fn copy(&self) -> Place {
        let copy = self.after_power_cut(|_| true);
        for name in copy.storage.names() {
            copy.storage.tamper(&name, copy.storage.bytes(&name));
        }
        copy
    }

    /// Stores contents and claims each of them, as often as it is given, together with what has a token already.
    pub fn store(&self, contents: &[Vec<u8>], tokens: &[Token]) -> (ClaimId, Vec<Token>) {
        self.store_in(self.begin(), contents, tokens)
    }

    pub fn begin(&self) -> StoreSession {
        let session = self.repository.begin_store("a test", &self.monitor);
        session.unwrap()
    }

    pub fn store_in(
        &self,
        session: StoreSession,
        contents: &[Vec<u8>],
        tokens: &[Token],
    ) -> (ClaimId, Vec<Token>) {
        let mut worker = session.worker();
        let mut all = tokens.to_vec();
        for content in contents {
            all.push(worker.store_bytes(content).unwrap().token);
        }
        worker.finish().unwrap();
        let mut claim = ClaimBuilder::new();
        for token in &all {
            claim.add(token);
        }
        let claim_id = session.claim_id();
        session.commit(claim, "a test", None).unwrap();
        (claim_id, all)
    }

    pub fn holdings(&self) -> Holdings {
        self.repository.holdings(&self.monitor).unwrap()
    }

    pub fn bytes(&self) -> RepositoryBytes {
        self.repository.bytes().unwrap()
    }

    pub fn release(&self, claims: &BTreeSet<ClaimId>) {
        for claim in claims {
            self.repository.release_contents(*claim).unwrap();
        }
    }
}
