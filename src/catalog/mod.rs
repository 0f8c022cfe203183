//! The catalog: what this user has, by name, and what can be done with it as a whole.
//!
//! The engine knows one repository, one archive, one snapshot, each by its place. The configuration knows
//! names. What people ask for needs both, and the order in which things are done: a prune comes after
//! claims and snapshots agree, a deletion concerns every repository that an archive ever used. The command
//! line and the window both call this, so they do the same things.
//!
//! Nothing here prints, asks or waits for a lock. What is worth telling is in the values that come back.
//!
//! # Looking up, and then working
//!
//! Each verb first finds what it concerns, which is quick and changes nothing, and then works under a
//! [`crate::progress::Monitor`]. [`Catalog`] has verbs that do both. Whoever has to tell "there is no such
//! repository" from "something was missing on the way", or to say what comes in between, takes the two
//! steps one by one: the first gives a value that does the second.
//!
//! - here: opening, by name and by id
//! - [`create`][], [`adopt`][], [`change`][]: what is in the configuration
//! - [`defaults`][]: what is proposed to somebody who begins
//! - [`backup`][]: a new snapshot
//! - [`delete`][]: snapshots, archives, repositories; [`what_if`][]: what that would free
//! - [`check`][], [`upkeep`][]: check; prune, convert and repair
//!
//! # What makes opening safe
//!
//! What is found at the place that the configuration gives must have the id that it gives. Otherwise another
//! disk is mounted there, or nothing is, and the answer is [`ErrorKind::NotFound`] rather than a backup into
//! an empty folder.

pub mod adopt;
pub mod backup;
pub mod change;
pub mod check;
pub mod create;
pub mod defaults;
pub mod delete;
pub mod upkeep;
pub mod what_if;

use std::path::PathBuf;

pub use adopt::Adoption;
pub use backup::ReadyBackup;
pub use check::{Checkable, Checkup, UnavailableArchive};
pub use delete::{Deletable, Extent, RepositoryDeletion};
pub use upkeep::{Reconciled, Repaired, Upkeep};
pub use what_if::{DeletionEffect, RehearsedDeletion};

use crate::config::{ArchiveEntry, Config, RepositoryEntry};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::repository::Repository;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::RepositoryRef;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::exigency::series::Series;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// What a user has on a computer. Nothing is read before it is asked for, and nothing is kept.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Where the configuration is.
    pub config_dir: PathBuf,
    /// Where repositories and archives are made unless told otherwise.
    pub data_dir: PathBuf,
    /// This user's home folder, where there is one.
    pub home_dir: Option<PathBuf>,
    /// This user's and this computer's name.
    pub user: String,
    pub host: String,
}

/// A repository of the configuration, opened.
#[derive(Clone)]
pub struct FoundRepository {
    pub name: RepositoryName,
    pub entry: RepositoryEntry,
    pub repository: Repository,
}

/// An archive of the configuration, opened.
#[derive(Clone)]
pub struct FoundArchive {
    pub name: ArchiveName,
    pub entry: ArchiveEntry,
    pub archive: Archive,
}

impl FoundArchive {
    /// Brings the file beside the snapshots up to date with the configuration, which is what counts, so
    /// that losing the configuration loses nothing.
    pub(crate) fn bring_up_to_date(&mut self, repository: &RepositoryEntry) -> Result<()> {
        let specification = self.entry.specification.clone();
        let repository = RepositoryRef {
            id: repository.id,
            place: repository.place.clone(),
        };
        self.archive.update(|file| {
            file.specification = specification;
            file.repository = repository;
        })
    }
}

impl Catalog {
    /// The configuration; nothing is read by this.
    pub fn config(&self) -> Config {
        Config::new(&self.config_dir)
    }

    /// Errors: [`ErrorKind::NotFound`] when the configuration does not have it, or when it is not at its
    /// place; [`ErrorKind::Invalid`] for a configuration that cannot be used. All lookups have these.
    pub fn repository(&self, name: &RepositoryName) -> Result<FoundRepository> {
        let entry = self.config().repositories.get(name)?;
        let repository = self.open_repository(&entry)?;
        Ok(FoundRepository {
            name: name.clone(),
            entry,
            repository,
        })
    }

    /// The repository that an entry of the configuration means. It can be read even if its settings are
    /// damaged; [`Repository::damaged_settings`] says so.
    pub fn open_repository(&self, entry: &RepositoryEntry) -> Result<Repository> {
        let repository = Repository::open(&entry.place).map_err(|error| match error.kind() {
            ErrorKind::NotFound => error
                .because("there is no repository in that folder")
                .advise("is the disk or share there that it is on?"),
            _ => error,
        })?;
        if repository.id() != entry.id {
            let why = format!(
                "another repository is there, with the id {}",
                repository.id()
            );
            return Err(Error::new(ErrorKind::NotFound, "open the repository")
                .at(&entry.place)
                .because(why)
                .advise("is the right disk mounted?"));
        }
        Ok(repository)
    }

    /// The repository with this id. A snapshot says which one it needs, and its archive may have gone on to
    /// another one since.
    pub fn repository_with_id(&self, id: Id) -> Result<FoundRepository> {
        match self.config().repository_with_id(id)? {
            Some(name) => self.repository(&name),
            None => Err(
                Error::new(ErrorKind::NotFound, "find the repository of the snapshot")
                    .because(format!("the configuration has none with the id {id}"))
                    .advise("adopt it into the configuration"),
            ),
        }
    }

    /// The archive of this name, opened.
    pub fn archive(&self, name: &ArchiveName) -> Result<FoundArchive> {
        let entry = self.config().archives.get(name)?;
        let archive = self.open_archive(&entry)?;
        Ok(FoundArchive {
            name: name.clone(),
            entry,
            archive,
        })
    }

    /// The archive that an entry of the configuration means.
    pub fn open_archive(&self, entry: &ArchiveEntry) -> Result<Archive> {
        let (archive, _) = open_with_snapshots(entry)?;
        Ok(archive)
    }

    /// Where an archive keeps its snapshots and their contents, as far as the configuration says: no backup of
    /// it takes those in.
    pub fn own_places(&self, entry: &ArchiveEntry) -> Vec<PathBuf> {
        let repository = self.config().repositories.get(&entry.repository);
        let repository = repository.ok().map(|repository| repository.place);
        [entry.place.clone()]
            .into_iter()
            .chain(repository)
            .collect()
    }

    /// The archives of the configuration that keep their contents in a repository, and those that may have
    /// done so before, opened.
    ///
    /// Errors: one of the former cannot be read. What it needs is not known then, so nothing may be removed.
    pub fn archives_of(&self, repository: &RepositoryName) -> Result<Vec<Archive>> {
        let config = self.config();
        let users = config.archives_of(repository)?;
        let mut archives = Vec::new();
        for (name, entry) in config.archives.all()? {
            match entry.and_then(|entry| self.open_archive(&entry)) {
                Ok(archive) => archives.push(archive),
                Err(error) if users.contains(&name) => return Err(error),
                // What it has in this repository, if anything, is held by its claims all the same.
                Err(_) => {}
            }
        }
        Ok(archives)
    }

    /// The snapshots of an archive. One whose `archive.toml` is damaged or lost has them all the same, for they
    /// say themselves of which archive they are; the error is then what is wrong with it.
    pub fn series(&self, name: &ArchiveName) -> Result<(Series, Option<Error>)> {
        let entry = self.config().archives.get(name)?;
        let error = match open_with_snapshots(&entry) {
            Ok((archive, snapshots)) => {
                return Ok((Series::of_archive(&archive, &snapshots), None));
            }
            Err(error) => error,
        };
        match Series::open(&entry.place) {
            Ok(series) if series.archive.id == entry.id => Ok((series, Some(error))),
            _ => Err(error),
        }
    }
}

fn open_with_snapshots(entry: &ArchiveEntry) -> Result<(Archive, Vec<SnapshotName>)> {
    let (archive, snapshots) = Archive::open_with_snapshots(&entry.place)?;
    archive.expect_id(entry.id)?;
    Ok((archive, snapshots))
}

#[cfg(test)]
mod tests;
