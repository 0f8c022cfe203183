//! Rehearsals: what releasing claims and a prune would leave of a repository, to the byte.
//!
//! Both are carried out by the code that does them, on an [`Overlay`] that changes nothing, and so this takes as long as
//! prune does, but for the writing. What comes out is exact, of tables and of what is repacked too: the same pieces make the
//! same packs, and the length of tables does not depend on the random ids in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Repository;
use super::claims::ClaimId;
use super::loose::loose_folders;
use super::prune::{PruneDepth, PruneReport};
use super::settings::{Layout, was_changed};
use super::storage::Storage;
use super::storage::overlay::Overlay;
use crate::error::Result;
use crate::progress::Monitor;

/// How long the files of a repository are: contents, tables and claims, and what interrupted runs left. Its
/// settings and locks are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepositoryBytes {
    pub packs: u64,
    pub loose: u64,
    pub tables: u64,
    pub claims: u64,
    pub leftovers: u64,
}

impl RepositoryBytes {
    pub fn total(&self) -> u64 {
        self.packs + self.loose + self.tables + self.claims + self.leftovers
    }
}

/// What would be left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    pub before: RepositoryBytes,
    pub after: RepositoryBytes,
    /// What prune would have done.
    pub prune: PruneReport,
}

impl Rehearsal {
    /// How much less it would take. Negative when rewriting makes it longer, which a few bytes released can do.
    pub fn freed_bytes(&self) -> i64 {
        let before = i64::try_from(self.before.total()).unwrap_or(i64::MAX);
        before.saturating_sub_unsigned(self.after.total())
    }
}

impl Repository {
    /// How long its files are.
    pub fn bytes(&self) -> Result<RepositoryBytes> {
        bytes_in(&**self.storage(), self.settings().layout)
    }

    /// Finds out what releasing these claims and a prune would leave. Changes nothing, and keeps others from pruning
    /// meanwhile.
    ///
    /// Errors: those of [`Repository::prune`].
    pub fn rehearse_release(
        &self,
        claims: &BTreeSet<ClaimId>,
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<Rehearsal> {
        self.expect_settings()?;
        let _lock = self.lock_for_reading("working out what a deletion frees", monitor)?;
        let overlay: Arc<dyn Storage> = Arc::new(Overlay::over(self.storage()));
        let layout = self.settings().layout;
        let before = bytes_in(&*overlay, layout)?;
        let on_paper = Repository::new(
            self.place(),
            Arc::clone(&overlay),
            self.locks().clone(),
            self.inner.file.clone(),
        );
        for claim in claims {
            on_paper.release_contents(*claim)?;
        }
        let prune = on_paper.prune_locked(depth, monitor)?;
        Ok(Rehearsal {
            before,
            after: bytes_in(&*overlay, layout)?,
            prune,
        })
    }
}

fn bytes_in(storage: &dyn Storage, layout: Layout) -> Result<RepositoryBytes> {
    let sum = |folder: &str| -> Result<u64> {
        let files = storage.list(folder)?;
        Ok(files.iter().map(|listed| listed.bytes).sum())
    };
    let mut loose = 0;
    if layout == Layout::Loose || was_changed(storage)? {
        for folder in loose_folders() {
            loose += sum(&folder)?;
        }
    }
    Ok(RepositoryBytes {
        packs: sum("packs")?,
        loose,
        tables: sum("contents")?,
        claims: sum("claims")?,
        leftovers: storage.leftovers()?.iter().map(|listed| listed.bytes).sum(),
    })
}
