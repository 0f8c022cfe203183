//! Deleting snapshots, archives and repositories.
//!
//! An archive may have gone from one repository to another, so a deletion concerns all those that its snapshots
//! name. They are opened before anything is deleted: one that is not there is no reason to leave claims behind
//! in it for ever.
//!
//! The entry in the configuration goes last. A deletion that was interrupted can be told again.

use super::{Catalog, FoundArchive};
use crate::config::RepositoryEntry;
use crate::error::{Error, Result};
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::claims::ClaimState;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::delete::{DeletionPlan, DeletionReport, delete_snapshots, plan_deletion};
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// How much goes when an archive or a repository is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Only the entry in the configuration; what it stands for is left alone.
    Forget,
    /// The archive if it has no snapshots, the repository if it keeps nothing for any.
    IfEmpty,
    /// The archive with its snapshots, the repository with its contents.
    Everything,
}

/// Snapshots that are going to be deleted, and all that this concerns, opened.
pub struct Deletable {
    pub found: FoundArchive,
    pub plan: DeletionPlan,
    /// Those that keep the contents: that of the archive, and those that it had before.
    pub repositories: Vec<Repository>,
}

/// A repository that is going to be deleted.
pub struct RepositoryDeletion {
    pub name: RepositoryName,
    pub entry: RepositoryEntry,
    pub repository: Repository,
    /// How many snapshots it keeps contents for, though no archive of the configuration uses it.
    pub snapshots: u64,
}

impl RepositoryDeletion {
    /// Errors: [`crate::error::ErrorKind::Invalid`] when it keeps contents of snapshots.
    pub fn expect_empty(&self) -> Result<()> {
        if self.snapshots == 0 {
            return Ok(());
        }
        let why = format!(
            "it keeps the contents of {}, though no archive of the configuration uses it",
            snapshots(self.snapshots)
        );
        Err(Error::invalid(
            format!("delete the repository {}", self.name),
            why,
        ))
    }
}

impl Catalog {
    /// Plans to delete snapshots of an archive. Changes nothing.
    ///
    /// Errors: those of lookups; [`crate::error::ErrorKind::Invalid`] when none would be left, unless
    /// `allow_last`.
    pub fn plan_deletion(
        &self,
        name: &ArchiveName,
        snapshots: &[SnapshotName],
        allow_last: bool,
    ) -> Result<Deletable> {
        self.deletable(self.archive(name)?, snapshots, allow_last)
    }

    /// As [`Catalog::plan_deletion`], for an archive that is open already.
    pub fn deletable(
        &self,
        found: FoundArchive,
        snapshots: &[SnapshotName],
        allow_last: bool,
    ) -> Result<Deletable> {
        let plan = plan_deletion(&found.archive, snapshots, allow_last)?;
        let mut repositories = Vec::new();
        if !plan.deletions.is_empty() {
            repositories.push(self.repository(&found.entry.repository)?.repository);
        }
        for id in plan.repositories() {
            if repositories.iter().all(|repository| repository.id() != id) {
                repositories.push(self.repository_with_id(id)?.repository);
            }
        }
        Ok(Deletable {
            found,
            plan,
            repositories,
        })
    }

    /// Deletes snapshots as planned. When it is interrupted, what was deleted is deleted, whole.
    pub fn delete_snapshots(
        &self,
        deletable: &Deletable,
        monitor: &Monitor,
    ) -> Result<DeletionReport> {
        let archive = &deletable.found.archive;
        delete_snapshots(&deletable.plan, archive, &deletable.repositories, monitor)
    }

    /// Deletes an archive.
    ///
    /// Errors: those of lookups; [`crate::error::ErrorKind::Invalid`] when it has snapshots and `extent` is
    /// [`Extent::IfEmpty`].
    pub fn delete_archive(
        &self,
        name: &ArchiveName,
        extent: Extent,
        monitor: &Monitor,
    ) -> Result<DeletionReport> {
        if extent == Extent::Forget {
            self.config().archives.remove(name)?;
            return Ok(DeletionReport::default());
        }
        let found = self.archive(name)?;
        if extent == Extent::IfEmpty {
            expect_no_snapshots(&found)?;
        }
        self.delete_whole_archive(&self.whole_archive(found)?, monitor)
    }

    /// Plans to delete all snapshots of an archive. Changes nothing; looks for no repository when there are none.
    pub fn whole_archive(&self, found: FoundArchive) -> Result<Deletable> {
        let snapshots = found.archive.snapshots()?;
        self.deletable(found, &snapshots, true)
    }

    /// Deletes an archive with all its snapshots, as [`Catalog::whole_archive`] has planned.
    pub fn delete_whole_archive(
        &self,
        deletable: &Deletable,
        monitor: &Monitor,
    ) -> Result<DeletionReport> {
        let report = self.delete_snapshots(deletable, monitor)?;
        deletable.found.archive.clone().delete()?;
        self.config().archives.remove(&deletable.found.name)?;
        Ok(report)
    }

    /// Deletes a repository.
    ///
    /// Errors: those of lookups; [`crate::error::ErrorKind::Invalid`] when archives of the configuration use it,
    /// or when it keeps contents of snapshots and `extent` is [`Extent::IfEmpty`].
    pub fn delete_repository(
        &self,
        name: &RepositoryName,
        extent: Extent,
        monitor: &Monitor,
    ) -> Result<()> {
        if extent == Extent::Forget {
            return self.forget_repository(name);
        }
        let deletion = self.plan_repository_deletion(name)?;
        if extent == Extent::IfEmpty {
            deletion.expect_empty()?;
        }
        self.delete_planned_repository(&deletion, monitor)
    }

    /// Removes the entry of a repository from the configuration.
    fn forget_repository(&self, name: &RepositoryName) -> Result<()> {
        self.expect_unused(name)?;
        self.config().repositories.remove(name)
    }

    /// Finds out what deleting a repository would cost. Changes nothing.
    ///
    /// Errors: those of lookups; [`crate::error::ErrorKind::Invalid`] when archives of the configuration use it.
    pub fn plan_repository_deletion(&self, name: &RepositoryName) -> Result<RepositoryDeletion> {
        let entry = self.config().repositories.get(name)?;
        self.expect_unused(name)?;
        let repository = self.open_repository(&entry)?;
        Ok(RepositoryDeletion {
            name: name.clone(),
            entry,
            snapshots: held_claims(&repository)?,
            repository,
        })
    }

    /// Deletes a repository with everything in it, as planned.
    pub fn delete_planned_repository(
        &self,
        deletion: &RepositoryDeletion,
        monitor: &Monitor,
    ) -> Result<()> {
        let repository = &deletion.repository;
        let lock = repository.lock_exclusive("deleting the repository", monitor)?;
        // Nobody can add to it any more; before the lock somebody may have.
        self.expect_unused(&deletion.name)?;
        if held_claims(repository)? > deletion.snapshots {
            return Err(Error::invalid(
                format!("delete the repository {}", deletion.name),
                "a snapshot was made into it meanwhile",
            ));
        }
        repository.clone().delete(lock, monitor)?;
        self.config().repositories.remove(&deletion.name)
    }

    /// Errors: [`crate::error::ErrorKind::Invalid`] when archives of the configuration use a repository, or one
    /// of them cannot be read.
    pub fn expect_unused(&self, name: &RepositoryName) -> Result<()> {
        let users = self.config().archives_of(name)?;
        if users.is_empty() {
            return Ok(());
        }
        let users: Vec<String> = users.iter().map(ArchiveName::to_string).collect();
        Err(
            Error::invalid(format!("delete the repository {name}"), "archives use it")
                .advise(format!("delete them first: {}", users.join(", "))),
        )
    }
}

/// Errors: [`crate::error::ErrorKind::Invalid`] when an archive has snapshots.
pub fn expect_no_snapshots(found: &FoundArchive) -> Result<()> {
    let count = found.archive.snapshots()?.len() as u64;
    if count == 0 {
        return Ok(());
    }
    let attempted = format!("delete the archive {}", found.name);
    Err(Error::invalid(
        attempted,
        format!("it has {}", snapshots(count)),
    ))
}

fn snapshots(count: u64) -> String {
    match count {
        1 => "1 snapshot".to_owned(),
        count => format!("{count} snapshots"),
    }
}

/// For how many snapshots a repository keeps contents.
fn held_claims(repository: &Repository) -> Result<u64> {
    let states = repository.claim_states()?.states;
    let held = states.values().filter(|s| **s != ClaimState::Released);
    Ok(held.count() as u64)
}
