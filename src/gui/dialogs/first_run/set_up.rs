//! Making the first repository and the first archive.

use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::error::{ErrorKind, Result};
use crate::repository::settings::Settings;
use crate::snapshot::places::{ArchiveName, RepositoryName, repository_place};
use crate::snapshot::specification::Specification;

/// What is to be made.
pub struct SetUp {
    pub archive: ArchiveName,
    pub repository: RepositoryName,
    /// An absolute path; the user's data folder if left out.
    pub location: Option<PathBuf>,
    pub specification: Specification,
}

impl SetUp {
    /// Makes them. Called again after it has failed half way, it goes on with the repository that it has made.
    pub fn carry_out(self, catalog: &Catalog) -> Result<ArchiveName> {
        let location = self.location.as_ref().unwrap_or(&catalog.data_dir);
        let place = repository_place(location, &catalog.user, &self.repository);
        let repository = match catalog.repository(&self.repository) {
            Ok(found) if found.entry.place == place => found,
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {
                let location = self.location.as_deref();
                catalog.create_repository(&self.repository, location, &Settings::default())?
            }
        };
        let archive = &self.archive;
        catalog.create_archive(archive, &repository, None, self.specification)?;
        Ok(self.archive)
    }
}
