//! Before a prune: do the claims of a repository agree with the snapshots that use it?
//!
//! Three things can be amiss, each put right here:
//! - the claim of a snapshot is missing or damaged: it is supplied again from the snapshot, which names
//!   every content that it refers to;
//! - a claim has no snapshot, since a backup was killed before its snapshot was published, or a deletion
//!   after the snapshot was removed: it is released;
//! - a snapshot's claim was released: the snapshot was put back by hand after it was deleted. Its contents
//!   may be gone; it is told, and nothing can be done.
//!
//! # What makes it safe
//!
//! The caller holds the repository's exclusive lock, and a backup holds its shared lock from before it
//! publishes its claim until its snapshot is published. So while this runs there is no claim whose snapshot
//! is yet to come. Only a claim that says of itself that it is of one of the given archives is released,
//! and only if every snapshot of that archive can be read: one that cannot be might be the one it is for.

use std::collections::BTreeSet;

use super::archive::Archive;
use super::archive::name::SnapshotName;
use super::file::{ArchiveIdentity, Snapshot};
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::{ClaimBuilder, ClaimId, ClaimState};
use crate::repository::upkeep::ClaimStates;

/// What is amiss.
#[derive(Clone, Debug, Default)]
pub struct Disagreement {
    /// Snapshots whose claims are missing or damaged.
    pub unclaimed: Vec<(Id, SnapshotName)>,
    /// Claims without a snapshot.
    pub orphans: Vec<ClaimId>,
    /// Snapshots whose claims were released, by their archive's id.
    pub released: Vec<(Id, SnapshotName)>,
    /// Snapshots that cannot be read.
    pub unreadable: Vec<(Id, SnapshotName, Error)>,
    /// Lost claims that belong to none of the snapshots.
    pub lost: Vec<ClaimId>,
    /// How many snapshots of the repository there are.
    pub snapshots: u64,
}

/// The words by which a claim says of which archive it is. The id in it is what counts.
pub fn holder(archive: &ArchiveIdentity) -> String {
    format!(
        "archive {} ({} of {} on {})",
        archive.id, archive.name, archive.user, archive.host
    )
}

/// Whether a claim held by `holder` is of the archive with this id.
fn is_of(holder: &str, archive: Id) -> bool {
    holder.contains(&archive.to_string())
}

/// Finds out what is amiss between a repository and the archives that use it. Changes nothing.
pub fn disagreement(
    repository: &Repository,
    archives: &[Archive],
    monitor: &Monitor,
) -> Result<Disagreement> {
    let claims = repository.claim_states()?;
    let mut amiss = Disagreement::default();
    let mut needed = BTreeSet::new();
    for archive in archives {
        for name in archive.snapshots()? {
            monitor.check_cancelled()?;
            let snapshot = match Snapshot::open(&archive.path_of(name)) {
                Ok(snapshot) => snapshot,
                Err(error) => {
                    amiss.unreadable.push((archive.id(), name, error));
                    continue;
                }
            };
            let header = snapshot.header();
            // An archive may have moved from one repository to another.
            if header.repository.id != repository.id() {
                continue;
            }
            amiss.snapshots += 1;
            let claim = ClaimId(header.claim_id);
            needed.insert(claim);
            match claims.of(claim) {
                ClaimState::Live => {}
                ClaimState::Missing | ClaimState::Damaged => {
                    amiss.unclaimed.push((archive.id(), name));
                }
                ClaimState::Released => amiss.released.push((archive.id(), name)),
            }
        }
    }
    amiss.orphans = orphans(&claims, &needed, archives, &amiss);
    amiss.lost = claims
        .lost()
        .filter(|claim| !needed.contains(claim))
        .collect();
    Ok(amiss)
}

fn orphans(
    claims: &ClaimStates,
    needed: &BTreeSet<ClaimId>,
    archives: &[Archive],
    amiss: &Disagreement,
) -> Vec<ClaimId> {
    let is_whole = |archive: &Archive| {
        !amiss
            .unreadable
            .iter()
            .any(|(id, _, _)| *id == archive.id())
    };
    let is_known = |holder: &str| {
        archives
            .iter()
            .any(|archive| is_whole(archive) && is_of(holder, archive.id()))
    };
    let holders = claims.holders.iter();
    holders
        .filter(|(claim, holder)| {
            claims.of(**claim) == ClaimState::Live && !needed.contains(claim) && is_known(holder)
        })
        .map(|(claim, _)| *claim)
        .collect()
}

/// Puts right what can be: supplies the claims of snapshots again, releases those without a snapshot, deletes
/// the unfinished snapshots of runs that were killed.
/// The repository is locked exclusively.
pub fn reconcile(
    repository: &Repository,
    archives: &[Archive],
    monitor: &Monitor,
) -> Result<Disagreement> {
    let amiss = disagreement(repository, archives, monitor)?;
    for (id, name) in &amiss.unclaimed {
        monitor.check_cancelled()?;
        if let Some(archive) = archives.iter().find(|archive| archive.id() == *id) {
            supply(repository, &Snapshot::open(&archive.path_of(*name))?)?;
        }
    }
    for claim in &amiss.orphans {
        monitor.check_cancelled()?;
        repository.release_contents(*claim)?;
    }
    for archive in archives {
        archive.delete_leftovers()?;
    }
    Ok(amiss)
}

/// Publishes the claim of a snapshot again.
fn supply(repository: &Repository, snapshot: &Snapshot) -> Result<()> {
    let header = snapshot.header();
    let mut tokens = ClaimBuilder::new();
    for token in snapshot.tokens() {
        tokens.add(&token?);
    }
    repository.supply_claim(
        ClaimId(header.claim_id),
        tokens,
        &holder(&header.archive),
        header.predecessor_claim_id.map(ClaimId),
    )
}
