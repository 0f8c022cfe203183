//! Repositories and archives by their names in the configuration.
//!
//! What is found at the place that the configuration gives must have the id that it gives: otherwise
//! another disk is mounted there, or nothing is, and the answer is "no such repository" (exit code 10)
//! rather than a backup into an empty folder.

use crate::config::{ArchiveEntry, RepositoryEntry};
use crate::error::{Error, ErrorKind};
use crate::format::id::Id;
use crate::repository::Repository;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::RepositoryRef;
use crate::snapshot::places::{ArchiveName, RepositoryName};

use super::context::Context;
use super::failure::{Failure, Missing};
use super::output::complain;

/// A repository of the configuration, opened.
pub struct FoundRepository {
    pub name: RepositoryName,
    pub entry: RepositoryEntry,
    pub repository: Repository,
}

/// An archive of the configuration, opened.
pub struct FoundArchive {
    pub name: ArchiveName,
    pub entry: ArchiveEntry,
    pub archive: Archive,
}

impl FoundArchive {
    /// Brings the file beside the snapshots up to date with the configuration, which is what counts, so
    /// that losing the configuration loses nothing.
    pub fn bring_up_to_date(&mut self, repository: &RepositoryEntry) -> Result<(), Failure> {
        let specification = self.entry.specification.clone();
        let repository = RepositoryRef {
            id: repository.id,
            place: repository.place.clone(),
        };
        self.archive.update(|file| {
            file.specification = specification;
            file.repository = repository;
        })?;
        Ok(())
    }
}

/// Errors: exit code 10 when the configuration does not have it, or when it is not at its place.
pub fn repository(context: &Context, name: &str) -> Result<FoundRepository, Failure> {
    let name = RepositoryName::new(name)?;
    let entry = configured(context.config().repositories.get(&name))?;
    let repository = open_repository(&entry)?;
    Ok(FoundRepository {
        name,
        entry,
        repository,
    })
}

/// A configuration that cannot be used is no wrong usage of the command.
fn configured<T>(entry: crate::error::Result<T>) -> Result<T, Failure> {
    match entry {
        Err(error) if error.kind() == ErrorKind::Invalid => Err(Failure::refused(error)),
        entry => entry.or_missing(),
    }
}

/// The repository that an entry of the configuration means.
pub fn open_repository(entry: &RepositoryEntry) -> Result<Repository, Failure> {
    let repository = Repository::open(&entry.place)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => error
                .because("there is no repository in that folder")
                .advise("is the disk or share there that it is on?"),
            _ => error,
        })
        .or_missing()?;
    if repository.id() != entry.id {
        let error = Error::new(ErrorKind::NotFound, "open the repository")
            .at(&entry.place)
            .because(format!(
                "another repository is there, with the id {}",
                repository.id()
            ))
            .advise("is the right disk mounted?");
        return Err(error).or_missing();
    }
    tell_damage(&repository);
    Ok(repository)
}

/// A repository whose settings are damaged can be read; that must not go unnoticed.
pub fn tell_damage(repository: &Repository) {
    if let Some(error) = repository.damaged_settings() {
        complain(&format!("note: {error}"));
    }
}

/// Errors: exit code 10 when the configuration does not have it, or when it is not at its place.
pub fn archive(context: &Context, name: &str) -> Result<FoundArchive, Failure> {
    let entry = archive_entry(context, name)?;
    let archive = open_archive(&entry)?;
    Ok(FoundArchive {
        name: ArchiveName::new(name)?,
        entry,
        archive,
    })
}

/// What the configuration says of an archive.
///
/// Errors: exit code 10 when it does not have it.
pub fn archive_entry(context: &Context, name: &str) -> Result<ArchiveEntry, Failure> {
    let name = ArchiveName::new(name)?;
    configured(context.config().archives.get(&name))
}

/// The archive that an entry of the configuration means.
pub fn open_archive(entry: &ArchiveEntry) -> Result<Archive, Failure> {
    let archive = Archive::open(&entry.place).or_missing()?;
    archive.expect_id(entry.id).or_missing()?;
    Ok(archive)
}

/// The repository of an archive of the configuration.
pub fn repository_of(
    context: &Context,
    archive: &ArchiveEntry,
) -> Result<FoundRepository, Failure> {
    repository(context, archive.repository.as_str())
}

/// The repository with this id. A snapshot says which one it needs, and its archive may have gone on to
/// another one since.
///
/// Errors: exit code 10 when the configuration has none with that id.
pub fn repository_with_id(context: &Context, id: Id) -> Result<Repository, Failure> {
    match context.config().repository_with_id(id)? {
        Some(name) => Ok(repository(context, name.as_str())?.repository),
        None => Err(
            Error::new(ErrorKind::NotFound, "find the repository of the snapshot")
                .because(format!("the configuration has none with the id {id}"))
                .advise("'gibus repo adopt' takes it into the configuration"),
        )
        .or_missing(),
    }
}

/// The archives of the configuration that keep their contents in a repository, and those that may have done
/// so before, opened.
///
/// Errors: one of the former cannot be read. What it needs is not known then, so nothing may be removed.
pub fn archives_of(
    context: &Context,
    repository: &RepositoryName,
) -> Result<Vec<Archive>, Failure> {
    let config = context.config();
    let users = configured(config.archives_of(repository))?;
    let mut archives = Vec::new();
    for name in config.archives.names()? {
        let opened = configured(config.archives.get(&name)).and_then(|entry| open_archive(&entry));
        match opened {
            Ok(archive) => archives.push(archive),
            Err(failure) if users.contains(&name) => return Err(failure),
            // What it has in this repository, if anything, is held by its claims all the same.
            Err(_) => {}
        }
    }
    Ok(archives)
}
