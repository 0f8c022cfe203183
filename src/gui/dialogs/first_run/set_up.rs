//! Making the first repository and the first archive.

use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind, Result};
use crate::gui::disks::{Place, look_at};
use crate::repository::settings::Settings;
use crate::snapshot::places::{ArchiveName, RepositoryName, repository_place};
use crate::snapshot::specification::Specification;

/// What is to be made.
pub struct SetUp {
    pub archive: ArchiveName,
    pub repository: RepositoryName,
    /// An absolute path; the user's data folder if left out.
    pub location: Option<PathBuf>,
    /// What was found when that location was looked at.
    pub looked_at: Option<Place>,
    pub specification: Specification,
}

impl SetUp {
    /// Makes them. Called again after it has failed half way, it goes on with the repository that it has made.
    pub fn carry_out(self, catalog: &Catalog) -> Result<ArchiveName> {
        if let Some(looked_at) = &self.looked_at {
            expect_same_disk(looked_at, catalog)?;
        }
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

/// A disk may have been taken out since it was looked at: in its empty mount point everything would be made on
/// another disk than the one that was meant.
fn expect_same_disk(looked_at: &Place, catalog: &Catalog) -> Result<()> {
    let now = look_at(&looked_at.path, catalog)?;
    if now.device == looked_at.device && (now.is_there || !looked_at.is_there) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unavailable, "set up the backup in")
        .at(&looked_at.path)
        .because("the disk or share that was there is not there any more")
        .advise("connect it again, or close this and begin anew"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_where_another_disk_was_looked_at_or_the_folder_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog {
            config_dir: dir.path().join("config"),
            data_dir: dir.path().join("data"),
            home_dir: None,
            user: "me".to_owned(),
            host: "here".to_owned(),
        };
        let disk = dir.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let looked_at = look_at(&disk, &catalog).unwrap();
        let set_up = |looked_at: &Place| SetUp {
            archive: ArchiveName::new("home").unwrap(),
            repository: RepositoryName::new("disk").unwrap(),
            location: Some(disk.clone()),
            looked_at: Some(looked_at.clone()),
            specification: Specification::of(vec![dir.path().join("home")]),
        };
        let mut other = looked_at.clone();
        other.device ^= 1;
        let error = set_up(&other).carry_out(&catalog).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("not there any more"), "{error}");
        assert_eq!(std::fs::read_dir(&disk).unwrap().count(), 0);
        std::fs::remove_dir(&disk).unwrap();
        assert!(set_up(&looked_at).carry_out(&catalog).is_err());
        assert!(!disk.exists());
        std::fs::create_dir(&disk).unwrap();
        set_up(&looked_at).carry_out(&catalog).unwrap();
        assert!(disk.join("gibus.d").is_dir());
    }
}
