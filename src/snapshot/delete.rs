//! Deleting snapshots: first what would be done, then doing it.
//!
//! # What makes it safe
//!
//! The snapshot's file goes first, durably, and only then its claim is released. A crash in between leaves
//! a claim without a snapshot: its contents are kept for nothing until a prune finds that out
//! ([`super::reconcile`]). The other order could leave a snapshot whose contents prune has deleted.
//!
//! No space is needed and none is given back: that is for [`Repository::prune`].

use std::collections::BTreeSet;

use super::archive::Archive;
use super::archive::name::SnapshotName;
use super::file::Snapshot;
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::ClaimId;

/// A snapshot that is going to be deleted.
#[derive(Clone, Debug)]
pub struct Deletion {
    pub name: SnapshotName,
    /// Length of its file; 0 when that cannot be told.
    pub bytes: u64,
    /// The claim that goes with it, and the repository that it is in; `None` for a snapshot that cannot be
    /// read.
    pub claim: Option<(ClaimId, Id)>,
}

/// What is going to be deleted.
#[derive(Clone, Debug, Default)]
pub struct DeletionPlan {
    /// Oldest first.
    pub deletions: Vec<Deletion>,
    /// How many snapshots stay.
    pub kept: usize,
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionReport {
    /// Oldest first.
    pub deleted: Vec<SnapshotName>,
    /// Those of them whose claim is not known: what they held stays until a prune finds out.
    pub unreleased: Vec<SnapshotName>,
}

impl DeletionPlan {
    /// The repositories in which claims are going to be released.
    pub fn repositories(&self) -> BTreeSet<Id> {
        let claims = self.deletions.iter().filter_map(|deletion| deletion.claim);
        claims.map(|(_, id)| id).collect()
    }

    /// The claims in this repository that are going to be released.
    pub fn claims_in(&self, repository: Id) -> BTreeSet<ClaimId> {
        let claims = self.deletions.iter().filter_map(|deletion| deletion.claim);
        let here = claims.filter(|(_, id)| *id == repository);
        here.map(|(claim, _)| claim).collect()
    }
}

/// Plans to delete these snapshots of an archive. Reads their headers; changes nothing.
///
/// Errors: it would delete the last one, and `allow_last` is not set.
pub fn plan_deletion(
    archive: &Archive,
    names: &[SnapshotName],
    allow_last: bool,
) -> Result<DeletionPlan> {
    let names: BTreeSet<SnapshotName> = names.iter().copied().collect();
    let kept = archive
        .snapshots()?
        .into_iter()
        .filter(|name| !names.contains(name))
        .count();
    if kept == 0 && !names.is_empty() && !allow_last {
        return Err(Error::invalid(
            "delete the last snapshot of",
            "nothing would be left to restore",
        )
        .at(archive.place())
        .advise("say --allow-last if that is what you want"));
    }
    let deletions = names.into_iter().map(|name| {
        // A snapshot that cannot be read is what somebody may well want to be rid of.
        let path = archive.path_of(name);
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let snapshot = Snapshot::open(&path);
        let claim = snapshot.ok().map(|snapshot| {
            let header = snapshot.header();
            (ClaimId(header.claim_id), header.repository.id)
        });
        Deletion { name, bytes, claim }
    });
    Ok(DeletionPlan {
        deletions: deletions.collect(),
        kept,
    })
}

/// Carries out a plan, oldest first. `repositories` are those of [`DeletionPlan::repositories`]. When it is interrupted, what was deleted is deleted, whole.
pub fn delete_snapshots(
    plan: &DeletionPlan,
    archive: &Archive,
    repositories: &[Repository],
    monitor: &Monitor,
) -> Result<DeletionReport> {
    let mut report = DeletionReport::default();
    for deletion in &plan.deletions {
        monitor.check_cancelled()?;
        archive.remove(deletion.name)?;
        report.deleted.push(deletion.name);
        let release = deletion.claim.and_then(|(claim, id)| {
            let repository = repositories
                .iter()
                .find(|repository| repository.id() == id)?;
            Some(repository.release_contents(claim))
        });
        match release {
            Some(released) => released?,
            None => report.unreleased.push(deletion.name),
        }
    }
    Ok(report)
}
