//! Prune: gives back the space of contents that nothing claims.
//!
//! What is not claimed comes back by whole blocks: packs of which nothing is claimed are deleted, and others are copied
//! without the blocks of which nothing is. No content is read or compressed for it, and how much comes back follows
//! from the tables, to the byte ([`packs`]); so it can be told beforehand, at once. What is not claimed within blocks that hold
//! something claimed too comes back by repacking ([`PruneDepth::Pieces`]), which compresses these anew; how long they come out
//! is known only then.
//!
//! Deciding is apart from doing: [`plan`] reads claims and tables and says what would go;
//! [`execute`] carries it out.
//!
//! # What makes it safe
//!
//! - It holds the exclusive lock, so nothing is being stored that no claim names yet.
//! - It refuses unless every claim can be read and none is missing: what is not known to be unclaimed stays.
//! - Bytes that something claims are copied, published and entered into a table before the pack that held
//!   them is deleted. So whenever it is interrupted, everything claimed is where the tables say.
//! - Two numbers of one content come to share the bytes of one that is claimed and there, never of one that is
//!   about to be deleted.
//! - As long as something claimed has no row, or its row leads nowhere, no pack, loose file or table is touched at
//!   all. Where a table or a pack is lost, what seems to be unclaimed may be where a repair finds it: in a pack that no
//!   row names any more, or under another number of the same bytes. A repair says of what it finds nowhere that it is
//!   lost, and that holds nothing up.
//! - Blocks move as they are stored, and their checksums are compared on the way.
//! - Rows that nothing claims are dropped before what they lead to is deleted, so that no store session relies on it.
//!   Only where there is no space for the tables are packs and loose files of which nothing is claimed deleted first: it
//!   works on a full disk. Rows that then point to nothing are of contents that nothing claims; a store session,
//!   whatever its layout, looks which packs exist, and looks at a loose file before it relies on it. (A share that
//!   lists a pack that was deleted, as long as somebody has it open, could mislead it, if a prune on a full disk
//!   is interrupted there.)

pub mod execute;
pub mod packs;
pub mod plan;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::sync::Arc;

use self::execute::Pruner;
use self::packs::is_worth_it;
use self::plan::{Survey, Surveyor};
use super::Repository;
use super::claims::LiveClaims;
use super::index::Index;
use super::storage::Listed;
use super::store::existing_packs;
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::progress::{Monitor, Phase};

/// How far a prune goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PruneDepth {
    /// Whole blocks.
    #[default]
    Blocks,
    /// Repacks, too, where it is worth it.
    Pieces,
    /// Repacks everything (for a conversion).
    Everything,
}

/// What a prune would do, and what it would give back.
#[derive(Clone, Debug, Default)]
pub struct PrunePlan {
    /// Contents that are claimed, and that are not.
    pub live_contents: u64,
    pub dead_contents: u64,
    /// The sizes of the contents that are not claimed, as files.
    pub dead_content_bytes: u64,
    /// Packs nothing of which is claimed, with their length.
    pub packs_to_delete: Vec<(Id, u64)>,
    /// Packs that no table names, left by an interrupted run.
    pub orphan_packs: Vec<(Id, u64)>,
    /// Packs that are copied without the blocks of which nothing is claimed, or gathered because they are short.
    pub packs_to_move: Vec<(Id, u64)>,
    /// Packs that are compressed anew, without what nothing claims.
    pub packs_to_repack: Vec<(Id, u64)>,
    /// Packs that stay as they are.
    pub packs_to_keep: u64,
    /// Stored bytes that nothing claims, in blocks that hold something claimed too; about. What repacking would give
    /// back.
    pub mixed_bytes: u64,
    /// Loose files nothing claims.
    pub loose_to_delete: Vec<(String, u64)>,
    /// Unfinished files of processes that are gone.
    pub leftovers: Vec<Listed>,
    /// Length of all packs and loose contents before.
    pub stored_bytes_before: u64,
    /// The packs' part of it.
    pub pack_bytes_before: u64,
    /// How much less that will be afterwards: exact if nothing is repacked.
    pub freed_bytes: u64,
    /// Rows to drop, tables to merge.
    pub(super) rewrites_tables: bool,
    /// Contents that are stored twice (by two backups at the same time), with both numbers claimed.
    pub(super) has_duplicates: bool,
    /// Something claimed has no row in any table, or its row leads nowhere. Nothing is given back then.
    pub is_something_lost: bool,
}

impl PrunePlan {
    /// Contents that go.
    pub fn contents_to_delete(&self) -> u64 {
        match self.is_something_lost {
            true => 0,
            false => self.dead_contents,
        }
    }

    /// Why what is not claimed stays, if it does.
    pub fn left_undone(&self) -> Option<String> {
        let why = "something that is needed is damaged or lost, and nothing is deleted that a repair may need; \
                   `gibus repo repair` finds out what can be found";
        self.is_something_lost.then(|| why.to_owned())
    }

    /// Whether something is deleted, or comes to be shared, that rows lead to.
    pub(super) fn deletes_what_has_rows(&self) -> bool {
        !self.packs_to_delete.is_empty() || !self.loose_to_delete.is_empty() || self.has_duplicates
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.packs_to_delete.is_empty()
            && self.orphan_packs.is_empty()
            && self.packs_to_move.is_empty()
            && self.packs_to_repack.is_empty()
            && self.loose_to_delete.is_empty()
            && self.leftovers.is_empty()
            && !self.rewrites_tables
    }
}

/// What a prune did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    pub deleted_contents: u64,
    pub deleted_packs: u64,
    pub moved_packs: u64,
    pub repacked_packs: u64,
    pub deleted_loose_files: u64,
    pub deleted_leftovers: u64,
    /// Length of all packs and loose contents before, and after.
    pub stored_bytes_before: u64,
    pub stored_bytes_after: u64,
    /// Stored bytes that nothing claims, in blocks that hold something claimed too; about.
    pub mixed_bytes: u64,
    /// Why not everything was done that could have been: something is lost, or there was no space to write into.
    pub left_undone: Option<String>,
}

impl PruneReport {
    /// Whether repacking gives back so much that people should know.
    pub fn is_repacking_worth_it(&self) -> bool {
        self.repacked_packs == 0 && is_worth_it(self.mixed_bytes, self.stored_bytes_after)
    }
}

impl PrunePlan {
    /// Whether repacking, too, gives back so much that people should know.
    pub fn is_repacking_worth_it(&self) -> bool {
        let left = self.stored_bytes_before.saturating_sub(self.freed_bytes);
        self.packs_to_repack.is_empty() && is_worth_it(self.mixed_bytes, left)
    }
}

impl Repository {
    /// What [`Repository::prune`] would do now. Changes nothing.
    pub fn plan_prune(&self, depth: PruneDepth, monitor: &Arc<Monitor>) -> Result<PrunePlan> {
        monitor.enter(Phase::Planning);
        let (_, survey) = self.survey(depth, true, monitor)?;
        Ok(survey.plan)
    }

    /// Gives back the space of contents that nothing claims. Takes the exclusive lock.
    ///
    /// Errors: [`ErrorKind::Locked`] while anything is being stored; [`ErrorKind::Damaged`], with nothing
    /// deleted, when a claim cannot be read or is missing.
    pub fn prune(&self, depth: PruneDepth, monitor: &Arc<Monitor>) -> Result<PruneReport> {
        self.expect_settings()?;
        let _lock = self.lock_exclusive("pruning the repository", monitor)?;
        self.prune_locked(depth, monitor)
    }

    /// Prunes; the caller holds the exclusive lock.
    pub(super) fn prune_locked(
        &self,
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<PruneReport> {
        self.close_files();
        let report = self.prune_once(depth, monitor);
        self.close_files();
        report
    }

    fn prune_once(&self, depth: PruneDepth, monitor: &Arc<Monitor>) -> Result<PruneReport> {
        let pruner = self.pruner(monitor);
        monitor.enter(Phase::Planning);
        let (index, survey) = self.survey(depth, true, monitor)?;
        let has_duplicates = survey.plan.has_duplicates;
        let report = pruner.execute(index, survey);
        if has_duplicates
            && report
                .as_ref()
                .is_err_and(|e| e.kind() == ErrorKind::NoSpace)
        {
            // No space to say that twins share their bytes: leave both.
            let (index, survey) = self.survey(depth, false, monitor)?;
            return pruner.execute(index, survey);
        }
        report
    }

    pub(super) fn pruner<'a>(&'a self, monitor: &'a Arc<Monitor>) -> Pruner<'a> {
        Pruner {
            blocks: &self.inner.blocks,
            repository: self.id(),
            settings: self.settings(),
            monitor,
            in_use: Cell::new(0),
        }
    }

    fn survey(
        &self,
        depth: PruneDepth,
        folds_duplicates: bool,
        monitor: &Arc<Monitor>,
    ) -> Result<(Index, Survey)> {
        let storage = &**self.storage();
        let live = LiveClaims::load(storage, self.id())?;
        let mut index = Index::open(storage, self.id())?;
        if !live.has_any_trace() && !index.tables().is_empty() {
            return Err(Error::damaged(
                "prune the repository",
                "there is no trace of any claim in it, though there are contents",
            )
            .at(self.place())
            .advise("has the folder 'claims' been lost? nothing was deleted"));
        }
        index.note_packs(&existing_packs(storage)?)?;
        let surveyor = Surveyor {
            blocks: &self.inner.blocks,
            index: &index,
            layout: self.settings().layout,
            may_have_loose: super::settings::was_changed(storage)?,
            folds_duplicates,
            depth,
            monitor,
        };
        let survey = surveyor.survey(live)?;
        Ok((index, survey))
    }
}
