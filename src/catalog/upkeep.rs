//! Prune, convert and repair: what removes or rewrites contents.
//!
//! # What makes it safe
//!
//! All three go by the claims, so claims and snapshots are made to agree first (`snapshot::reconcile`). That
//! order is in the types: only [`Reconciled`] has the verbs that change contents. And none of it begins while
//! an archive that uses the repository cannot be read, for nobody knows what it needs.
//!
//! Between the two steps the lock is free, and another process may make a snapshot. That does no harm: it
//! publishes a claim, and the second step reads the claims under its own lock.

use std::sync::Arc;

use super::{Catalog, FoundRepository};
use crate::error::{ErrorKind, Result};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::check::{CheckOptions, CheckReport};
use crate::repository::convert::ConvertReport;
use crate::repository::prune::{PruneDepth, PrunePlan, PruneReport};
use crate::repository::repair::RepairReport;
use crate::repository::settings::Settings;
use crate::repository::token::Token;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::exigency::series::Series;
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::reconcile::{Disagreement, disagreement, reconcile};

/// A repository with the archives that need it, or may do so, opened.
pub struct Upkeep {
    pub found: FoundRepository,
    pub archives: Vec<Archive>,
}

/// A repository whose claims agree with the snapshots that need it.
pub struct Reconciled<'a> {
    upkeep: &'a Upkeep,
    /// What was amiss before.
    pub amiss: Disagreement,
}

/// What a repair did.
#[derive(Clone, Debug)]
pub struct Repaired {
    /// The repository that was repaired.
    pub repository: Id,
    /// The archives whose `archive.toml` was made anew; only [`Catalog::repair`] does that.
    pub remade_archive_files: Vec<ArchiveName>,
    /// What was amiss between claims and snapshots before.
    pub amiss: Disagreement,
    /// How many lost claims were given up.
    pub released_lost: usize,
    pub report: RepairReport,
}

impl Repaired {
    /// Whether nothing is lost, and every snapshot could be read.
    pub fn is_whole(&self) -> bool {
        self.report.lost() == 0 && self.amiss.unreadable.is_empty()
    }
}

impl Upkeep {
    /// What a prune would put right first, and give back. Changes nothing.
    pub fn plan_prune(
        &self,
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<(Disagreement, PrunePlan)> {
        let repository = &self.found.repository;
        let amiss = disagreement(repository, &self.archives, monitor)?;
        Ok((amiss, repository.plan_prune(depth, monitor)?))
    }

    /// What is damaged, with every byte read. Changes nothing.
    pub fn plan_repair(&self, monitor: &Monitor) -> Result<(Disagreement, CheckReport)> {
        let repository = &self.found.repository;
        let amiss = disagreement(repository, &self.archives, monitor)?;
        let options = CheckOptions { read_data: true };
        Ok((amiss, repository.check(&options, monitor)?))
    }

    /// Makes claims and snapshots agree. Takes the exclusive lock, and gives it back.
    pub fn reconcile(&self, monitor: &Monitor) -> Result<Reconciled<'_>> {
        let repository = &self.found.repository;
        let _lock = repository.lock_exclusive("looking for lost claims", monitor)?;
        let amiss = reconcile(repository, &self.archives, monitor)?;
        Ok(Reconciled {
            upkeep: self,
            amiss,
        })
    }
}

impl Reconciled<'_> {
    fn repository(&self) -> &Repository {
        &self.upkeep.found.repository
    }

    /// Gives back the space of contents that no snapshot needs.
    pub fn prune(&self, depth: PruneDepth, monitor: &Arc<Monitor>) -> Result<PruneReport> {
        self.repository().prune(depth, monitor)
    }

    /// Converts everything to other settings; the repository with these.
    pub fn convert(
        &self,
        settings: &Settings,
        monitor: &Arc<Monitor>,
    ) -> Result<(Repository, ConvertReport)> {
        self.repository().convert(settings, monitor)
    }

    /// Rebuilds what can be rebuilt. With `release_lost`, claims that cannot be read and that no snapshot needs
    /// are given up, which else keep everything from being pruned: only for when every archive that uses the
    /// repository is in the configuration.
    pub fn repair(&self, release_lost: bool, monitor: &Arc<Monitor>) -> Result<Repaired> {
        let released_lost = match release_lost {
            true => self.release_lost(monitor)?,
            false => 0,
        };
        let mut tokens = tokens(&self.upkeep.archives);
        let report = self.repository().repair(&mut tokens, monitor)?;
        Ok(Repaired {
            repository: self.repository().id(),
            remade_archive_files: Vec::new(),
            amiss: self.amiss.clone(),
            released_lost,
            report,
        })
    }

    fn release_lost(&self, monitor: &Monitor) -> Result<usize> {
        let lost = &self.amiss.lost;
        if lost.is_empty() {
            return Ok(0);
        }
        let repository = self.repository();
        let _lock = repository.lock_exclusive("releasing lost claims", monitor)?;
        for claim in lost {
            repository.release_contents(*claim)?;
        }
        Ok(lost.len())
    }
}

impl Catalog {
    /// Opens a repository with the archives that need it.
    ///
    /// Errors: those of lookups; an archive that uses it cannot be read.
    pub fn upkeep(&self, name: &RepositoryName) -> Result<Upkeep> {
        self.upkeep_of(self.repository(name)?)
    }

    /// As [`Catalog::upkeep`], for one that is open already.
    pub fn upkeep_of(&self, found: FoundRepository) -> Result<Upkeep> {
        let archives = self.archives_of(&found.name)?;
        Ok(Upkeep { found, archives })
    }

    /// What a prune would put right first, and give back. Changes nothing.
    pub fn plan_prune(
        &self,
        name: &RepositoryName,
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<(Disagreement, PrunePlan)> {
        self.upkeep(name)?.plan_prune(depth, monitor)
    }

    /// Makes claims and snapshots agree, then gives back the space of contents that no snapshot needs.
    pub fn prune(
        &self,
        name: &RepositoryName,
        depth: PruneDepth,
        monitor: &Arc<Monitor>,
    ) -> Result<(Disagreement, PruneReport)> {
        let upkeep = self.upkeep(name)?;
        let agreed = upkeep.reconcile(monitor)?;
        let report = agreed.prune(depth, monitor)?;
        Ok((agreed.amiss, report))
    }

    /// Makes claims and snapshots agree, then converts the repository to other settings.
    pub fn convert(
        &self,
        name: &RepositoryName,
        settings: &Settings,
        monitor: &Arc<Monitor>,
    ) -> Result<(Disagreement, ConvertReport)> {
        let upkeep = self.upkeep(name)?;
        let agreed = upkeep.reconcile(monitor)?;
        let (_, report) = agreed.convert(settings, monitor)?;
        Ok((agreed.amiss, report))
    }

    /// What is damaged in a repository, with every byte read. Changes nothing.
    pub fn plan_repair(
        &self,
        name: &RepositoryName,
        monitor: &Monitor,
    ) -> Result<(Disagreement, CheckReport)> {
        self.upkeep(name)?.plan_repair(monitor)
    }

    /// Rebuilds what can be rebuilt in a damaged repository, and the files of its archives. `release_lost` as
    /// with [`Reconciled::repair`].
    pub fn repair(
        &self,
        name: &RepositoryName,
        release_lost: bool,
        monitor: &Arc<Monitor>,
    ) -> Result<Repaired> {
        let found = self.repository(name)?;
        let remade_archive_files = self.repair_archive_files(&found)?;
        let upkeep = self.upkeep_of(found)?;
        let repaired = upkeep.reconcile(monitor)?.repair(release_lost, monitor)?;
        Ok(Repaired {
            remade_archive_files,
            ..repaired
        })
    }

    /// Makes the `archive.toml` anew of archives of this repository that have lost it, or whose is damaged: the
    /// configuration says what is backed up, the snapshots say the rest. The names of those archives.
    pub fn repair_archive_files(&self, found: &FoundRepository) -> Result<Vec<ArchiveName>> {
        let mut remade = Vec::new();
        for (name, entry) in self.config().archives.all()? {
            let Ok(entry) = entry else { continue };
            if entry.repository != found.name {
                continue;
            }
            let Err(error) = self.open_archive(&entry) else {
                continue;
            };
            let file = ArchiveFile {
                format: ARCHIVE_FORMAT,
                id: entry.id,
                name: name.clone(),
                host: self.host.clone(),
                user: self.user.clone(),
                repository: RepositoryRef {
                    id: found.entry.id,
                    place: found.entry.place.clone(),
                },
                specification: entry.specification.clone(),
            };
            let file = match Series::open(&entry.place) {
                Ok(series) if series.archive.id == entry.id => ArchiveFile {
                    name: series.archive.name,
                    host: series.archive.host,
                    user: series.archive.user,
                    ..file
                },
                Err(none) if none.kind() == error.kind() && error.kind() == ErrorKind::Damaged => {
                    file
                }
                // Where no snapshot says so it may not be that archive, or not that disk.
                _ => continue,
            };
            Archive::replace_file(&entry.place, &file)?;
            remade.push(name);
        }
        Ok(remade)
    }
}

/// Every token of every snapshot that can be read, one snapshot after the other.
fn tokens(archives: &[Archive]) -> impl Iterator<Item = Result<Token>> {
    let paths = archives.iter().flat_map(|archive| {
        // An archive that cannot be listed was refused before.
        let names = archive.snapshots().unwrap_or_default();
        names.into_iter().map(|name| archive.path_of(name))
    });
    let snapshots = paths.filter_map(|path| Snapshot::open(&path).ok());
    let tokens = |snapshot: Snapshot| snapshot.tokens().filter_map(Result::ok).collect::<Vec<_>>();
    snapshots.flat_map(tokens).map(Ok)
}
