//! Making repositories and archives: first what lies on the disk, then the entry in the configuration, so that
//! an entry never stands for something that was not made.

use std::path::{Path, PathBuf};

use super::{Catalog, FoundArchive, FoundRepository};
use crate::config::{ArchiveEntry, RepositoryEntry};
use crate::error::Result;
use crate::format::id::Id;
use crate::repository::Repository;
use crate::repository::settings::Settings;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::places::{
    ArchiveName, RepositoryName, archive_place, repository_place, split_at_tree,
};
use crate::snapshot::specification::Specification;

impl Catalog {
    /// Makes an empty repository below `location`, an absolute path, or in the user's data folder.
    ///
    /// Errors: [`crate::error::ErrorKind::AlreadyExists`] when the name is taken, before anything is made, or
    /// when there is one in that folder.
    pub fn create_repository(
        &self,
        name: &RepositoryName,
        location: Option<&Path>,
        settings: &Settings,
    ) -> Result<FoundRepository> {
        let repositories = self.config().repositories;
        repositories.expect_free(name)?;
        let location = location.unwrap_or(&self.data_dir);
        let place = repository_place(location, &self.user, name);
        let repository = Repository::create(&place, settings)?;
        let entry = RepositoryEntry {
            id: repository.id(),
            place,
        };
        repositories.add(name, &entry)?;
        Ok(FoundRepository {
            name: name.clone(),
            entry,
            repository,
        })
    }

    /// Makes an archive that has no snapshots yet, below `location`, an absolute path, or where its
    /// repository is.
    ///
    /// Errors: as [`Catalog::create_repository`]; [`crate::error::ErrorKind::Invalid`] for a specification that
    /// cannot be used.
    pub fn create_archive(
        &self,
        name: &ArchiveName,
        repository: &FoundRepository,
        location: Option<&Path>,
        specification: Specification,
    ) -> Result<FoundArchive> {
        let archives = self.config().archives;
        archives.expect_free(name)?;
        specification.validate()?;
        let location = match location {
            Some(location) => location.to_owned(),
            None => self.location_beside(repository),
        };
        let place = archive_place(&location, &self.host, &self.user, name);
        let file = ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: Id::random()?,
            name: name.clone(),
            host: self.host.clone(),
            user: self.user.clone(),
            repository: RepositoryRef {
                id: repository.entry.id,
                place: repository.entry.place.clone(),
            },
            specification,
        };
        let archive = Archive::create(&place, &file)?;
        let entry = ArchiveEntry {
            id: file.id,
            place,
            repository: repository.name.clone(),
            specification: file.specification,
        };
        archives.add(name, &entry)?;
        Ok(FoundArchive {
            name: name.clone(),
            entry,
            archive,
        })
    }

    /// Snapshots lie beside the contents that they need, so that whoever has the disk has both.
    fn location_beside(&self, repository: &FoundRepository) -> PathBuf {
        match split_at_tree(&repository.entry.place) {
            Some((location, _)) => location.to_owned(),
            None => self.data_dir.clone(),
        }
    }
}
