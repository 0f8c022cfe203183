//! Checking a repository together with the snapshots that need it.

use super::{Catalog, FoundRepository};
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::check::{CheckOptions, CheckReport};
use crate::snapshot::archive::Archive;
use crate::snapshot::check::{SnapshotsCheck, check_snapshots};
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// A repository and the archives that are checked with it, opened.
pub struct Checkable {
    pub found: FoundRepository,
    pub archives: Vec<Archive>,
    pub unavailable: Vec<UnavailableArchive>,
}

/// An archive that uses a repository, or may do so, and cannot be read.
#[derive(Clone, Debug)]
pub struct UnavailableArchive {
    pub name: ArchiveName,
    pub error: Error,
}

/// The outcome.
#[derive(Debug)]
pub struct Checkup {
    /// The repository that was checked.
    pub repository: Id,
    pub report: CheckReport,
    pub snapshots: SnapshotsCheck,
    /// The archives that could not be checked with it.
    pub unavailable: Vec<UnavailableArchive>,
}

impl Checkup {
    /// Whether every snapshot that uses the repository can be had back, as far as was looked. Space that is
    /// kept too long does not count.
    pub fn is_sound(&self) -> bool {
        self.report.is_sound() && self.snapshots.findings.is_empty() && self.unavailable.is_empty()
    }
}

impl Checkable {
    /// Errors: the checking itself fails; [`crate::error::ErrorKind::Cancelled`]. Damage is in the outcome.
    pub fn check(&self, options: &CheckOptions, monitor: &Monitor) -> Result<Checkup> {
        let repository = &self.found.repository;
        let report = repository.check(options, monitor)?;
        let snapshots = check_snapshots(repository, &self.archives, &report, monitor)?;
        Ok(Checkup {
            repository: repository.id(),
            report,
            snapshots,
            unavailable: self.unavailable.clone(),
        })
    }
}

impl Catalog {
    /// Opens a repository with the archives that use it, or may have done so before. One that cannot be read is
    /// a finding, and keeps nothing from being checked.
    pub fn checkable(&self, name: &RepositoryName) -> Result<Checkable> {
        let found = self.repository(name)?;
        let (mut archives, mut unavailable) = (Vec::new(), Vec::new());
        for (name, entry) in self.config().archives.all()? {
            // Of one that has gone on to another repository, older snapshots may need this one.
            let is_user = entry
                .as_ref()
                .map_or(true, |entry| entry.repository == found.name);
            match entry.and_then(|entry| self.open_archive(&entry)) {
                Ok(archive) => archives.push(archive),
                Err(_) if !is_user => {}
                Err(error) => unavailable.push(UnavailableArchive { name, error }),
            }
        }
        Ok(Checkable {
            found,
            archives,
            unavailable,
        })
    }

    /// Checks a repository with the snapshots that need it.
    pub fn check(
        &self,
        name: &RepositoryName,
        options: &CheckOptions,
        monitor: &Monitor,
    ) -> Result<Checkup> {
        self.checkable(name)?.check(options, monitor)
    }
}
