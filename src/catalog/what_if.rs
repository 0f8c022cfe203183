//! What deletions would free, before anybody makes them: of any snapshots of any archives.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Catalog, Deletable};
use crate::error::Result;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::WhatIf;
use crate::repository::prune::PruneDepth;
use crate::repository::rehearse::Rehearsal;

/// What deleting snapshots, and a prune then, would free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionEffect {
    pub snapshots: u64,
    /// Length of the snapshots' files.
    pub snapshot_bytes: u64,
    /// Snapshots that cannot be read: nobody knows what else they hold.
    pub unreadable: u64,
    /// In all repositories together.
    pub repositories: WhatIf,
}

impl DeletionEffect {
    /// Bytes that come back in all, see [`WhatIf::freed_bytes`].
    pub fn freed_bytes(&self) -> i64 {
        let freed = self.repositories.freed_bytes();
        freed.saturating_add_unsigned(self.snapshot_bytes)
    }
}

/// What would be left, to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RehearsedDeletion {
    pub snapshot_bytes: u64,
    /// One for each repository.
    pub rehearsals: Vec<Rehearsal>,
}

impl RehearsedDeletion {
    /// How much less all files take then, what a prune frees anyway included. Negative when they take more.
    pub fn freed_bytes(&self) -> i64 {
        let freed = self.rehearsals.iter().map(Rehearsal::freed_bytes);
        freed
            .fold(0_i64, i64::saturating_add)
            .saturating_add_unsigned(self.snapshot_bytes)
    }
}

/// The repositories that deletions concern, each once, with the claims that go there.
fn claims_by_repository(deletions: &[Deletable]) -> Vec<(&Repository, BTreeSet<ClaimId>)> {
    let mut all: Vec<(&Repository, BTreeSet<ClaimId>)> = Vec::new();
    for deletable in deletions {
        for repository in &deletable.repositories {
            let claims = deletable.plan.claims_in(repository.id());
            match all
                .iter_mut()
                .find(|(known, _)| known.id() == repository.id())
            {
                Some((_, known)) => known.extend(claims),
                None => all.push((repository, claims)),
            }
        }
    }
    all
}

impl Catalog {
    /// What carrying out these deletions together would free. Changes nothing.
    ///
    /// Errors: those of [`Repository::holdings`].
    pub fn what_if_deleted(
        &self,
        deletions: &[Deletable],
        monitor: &Monitor,
    ) -> Result<DeletionEffect> {
        let mut effect = DeletionEffect::default();
        for deletion in deletions.iter().flat_map(|each| &each.plan.deletions) {
            effect.snapshots += 1;
            effect.snapshot_bytes += deletion.bytes;
            effect.unreadable += u64::from(deletion.claim.is_none());
        }
        for (repository, claims) in claims_by_repository(deletions) {
            let what_if = repository.holdings(monitor)?.what_if(&claims);
            effect.repositories.add(&what_if);
        }
        Ok(effect)
    }

    /// The same with tables and whatever is repacked, by carrying it out on paper; takes as long as such a prune.
    /// Changes nothing.
    ///
    /// Errors: those of [`Repository::rehearse_release`].
    pub fn rehearse_deletion(
        &self,
        deletions: &[Deletable],
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<RehearsedDeletion> {
        let snapshots = deletions.iter().flat_map(|each| &each.plan.deletions);
        let mut rehearsed = RehearsedDeletion {
            snapshot_bytes: snapshots.map(|deletion| deletion.bytes).sum(),
            rehearsals: Vec::new(),
        };
        for (repository, claims) in claims_by_repository(deletions) {
            let rehearsal = repository.rehearse_release(&claims, depth, monitor)?;
            rehearsed.rehearsals.push(rehearsal);
        }
        Ok(rehearsed)
    }
}
