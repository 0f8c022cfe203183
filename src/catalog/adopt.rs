//! Taking repositories and archives that are there into the configuration.
//!
//! Whether that is possible is found out before anything is written. One that the configuration has already
//! keeps its name there, and gets its new place: it has moved.
//!
//! # A copy is not what it was copied from
//!
//! What the configuration has already, and has at another place, is taken over only if it is no longer there: then
//! it has moved. Where it still is, this is a copy, perhaps an old one. A configuration that pointed to a copy
//! would lack the snapshots made since, and a prune would take their contents for left over.

use std::path::{Path, PathBuf};

use super::{Catalog, FoundRepository};
use crate::config::{ArchiveEntry, RepositoryEntry};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::Repository;
use crate::snapshot::archive::Archive;
use crate::snapshot::exigency::adopt::{AdoptedArchive, adopt_archive};
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// An archive that was taken into the configuration.
pub struct Adoption {
    /// The name that it has there.
    pub name: ArchiveName,
    pub entry: ArchiveEntry,
    pub archive: Archive,
    /// What could not be read on the way: damaged snapshots, a damaged `archive.toml`.
    pub problems: Vec<String>,
    /// Its repository, name and place, if the configuration did not have it before.
    pub adopted_repository: Option<(RepositoryName, PathBuf)>,
}

impl Catalog {
    /// Takes the repository in the folder `place`, an absolute path, into the configuration: under the name
    /// that it has there already, the one given, or that of its folder.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is none; [`ErrorKind::AlreadyExists`] when the name is
    /// another one's, or the configuration has it under another name; [`ErrorKind::Invalid`] when none is given
    /// and that of the folder cannot be one.
    pub fn adopt_repository(
        &self,
        place: &Path,
        name: Option<RepositoryName>,
    ) -> Result<FoundRepository> {
        let repository = Repository::open(place)?;
        let config = self.config();
        let entry = RepositoryEntry {
            id: repository.id(),
            place: repository.place().to_owned(),
        };
        let known = config.repository_with_id(entry.id)?;
        let name = match (known, name) {
            (Some(known), Some(wanted)) if known != wanted => {
                let why = format!("the configuration has this repository, as {known}");
                return Err(elsewhere(&wanted.to_string(), why));
            }
            (Some(known), _) => {
                let old = config.repositories.get(&known)?;
                if !is_same_place(&old.place, &entry.place) {
                    let there = self.open_repository(&old).map(|_| ());
                    expect_moved("repository", known.as_str(), &old.place, there)?;
                }
                config.repositories.set(&known, &entry)?;
                known
            }
            (None, wanted) => {
                let name = match wanted {
                    Some(name) => name,
                    None => name_of_folder(&repository)?,
                };
                config.repositories.add(&name, &entry)?;
                name
            }
        };
        Ok(FoundRepository {
            name,
            entry,
            repository,
        })
    }

    /// Takes the archive in the folder `place` into the configuration, under the name that it has there
    /// already, the one given, or its own; and with it its repository, if the configuration does not have that:
    /// the one at `repository`, or where it can be found.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is no archive, or its repository is not found;
    /// [`ErrorKind::AlreadyExists`] when the name is another one's, or the configuration has it under another
    /// name; [`ErrorKind::Invalid`] for a folder with snapshots of several archives.
    pub fn adopt_archive(
        &self,
        place: &Path,
        name: Option<ArchiveName>,
        repository: Option<&Path>,
    ) -> Result<Adoption> {
        let adopted = adopt_archive(place, repository)?;
        let (name, is_known) = self.name_to_adopt(&adopted, name)?;
        let (repository, adopted_place) = self.repository_to_adopt(&adopted)?;
        let adopted_repository = adopted_place.map(|place| (repository.clone(), place));
        let entry = ArchiveEntry {
            id: adopted.file.id,
            place: adopted.place.clone(),
            repository,
            specification: adopted.file.specification.clone(),
        };
        let archives = self.config().archives;
        match is_known {
            true => archives.set(&name, &entry)?,
            false => archives.add(&name, &entry)?,
        }
        let archive = match adopted.is_file_current {
            true => Archive::open(&adopted.place)?,
            // Lost or out of date: so that the next loss of the configuration costs as little as this one.
            false => Archive::replace_file(&adopted.place, &adopted.file)?,
        };
        Ok(Adoption {
            name,
            entry,
            archive,
            problems: adopted.problems,
            adopted_repository,
        })
    }

    /// The name for an archive, and whether the configuration has it under that.
    fn name_to_adopt(
        &self,
        adopted: &AdoptedArchive,
        wanted: Option<ArchiveName>,
    ) -> Result<(ArchiveName, bool)> {
        let config = self.config();
        match (config.archive_with_id(adopted.file.id)?, wanted) {
            (Some(known), Some(wanted)) if known != wanted => {
                let why = format!("the configuration has this archive, as {known}");
                Err(elsewhere(&wanted.to_string(), why))
            }
            (Some(known), _) => {
                let old = config.archives.get(&known)?;
                if !is_same_place(&old.place, &adopted.place) {
                    let there = self.open_archive(&old).map(|_| ());
                    expect_moved("archive", known.as_str(), &old.place, there)?;
                }
                Ok((known, true))
            }
            (None, wanted) => {
                let name = wanted.unwrap_or_else(|| adopted.file.name.clone());
                config.archives.expect_free(&name)?;
                Ok((name, false))
            }
        }
    }

    /// What the configuration calls the repository of an archive; its place, if it was adopted for that.
    fn repository_to_adopt(
        &self,
        adopted: &AdoptedArchive,
    ) -> Result<(RepositoryName, Option<PathBuf>)> {
        let config = self.config();
        let repository = &adopted.repository;
        if let Some(name) = config.repository_with_id(repository.id)? {
            return Ok((name, None));
        }
        // Under its own name, if that is free.
        let taken = config.repositories.names()?;
        let own = &repository.name;
        let mut name = own.clone();
        let mut number = 2;
        while taken.contains(&name) {
            name = RepositoryName::new(format!("{own}-{number}"))?;
            number += 1;
        }
        let found = self.adopt_repository(&repository.place, Some(name))?;
        Ok((found.name, Some(found.entry.place)))
    }
}

fn elsewhere(wanted: &str, why: String) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("adopt it as {wanted}")).because(why)
}

fn name_of_folder(repository: &Repository) -> Result<RepositoryName> {
    let name = repository.place().file_name().unwrap_or_default();
    RepositoryName::new(name.to_string_lossy())
}

/// Whether two paths lead to one folder.
fn is_same_place(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// What is configured at `place` has to be gone from there; `there` is what opening it said.
fn expect_moved(what: &str, name: &str, place: &Path, there: Result<()>) -> Result<()> {
    let why = match there {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Ok(()) => format!(
            "the configuration has this {what}, as {name}, and it is where it was: this is a copy"
        ),
        Err(error) => format!(
            "the configuration has this {what}, as {name}, and whether it is still where it was cannot be told: {}",
            error.why()
        ),
    };
    Err(
        Error::new(ErrorKind::AlreadyExists, format!("adopt the {what} again"))
            .at(place)
            .because(why)
            .advise("forget the one in the configuration first, if this is the one to go on with"),
    )
}
