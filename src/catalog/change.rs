//! Changing what an archive backs up, and which repository its next snapshots use.

use super::{Catalog, FoundArchive};
use crate::error::Result;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::specification::Specification;

impl Catalog {
    /// Gives an archive another specification, and another repository if one is given: the next backup goes by
    /// that. Snapshots and contents that are there stay where they are.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for a specification that cannot be used; those of lookups.
    pub fn change_archive(
        &self,
        name: &ArchiveName,
        specification: Specification,
        repository: Option<&RepositoryName>,
    ) -> Result<FoundArchive> {
        specification.validate()?;
        let mut found = self.archive(name)?;
        if let Some(repository) = repository {
            found.entry.repository = self.repository(repository)?.name;
        }
        found.entry.specification = specification;
        // The configuration first: it is what the next backup goes by, and a backup brings the copy beside the
        // snapshots up to date as well.
        let config = self.config();
        config.archives.set(name, &found.entry)?;
        found.bring_up_to_date(&config.repositories.get(&found.entry.repository)?)?;
        Ok(found)
    }
}
