//! A series of snapshots: an archive of the configuration, or files alone (an exigency).

use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::repository::Repository;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::exigency::repository::find_repository;
use crate::snapshot::exigency::series::Series;
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::ArchiveName;

/// Where snapshots are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SeriesSource {
    /// An archive of the configuration.
    Archive(ArchiveName),
    /// A snapshot file or a folder of them; no configuration is needed.
    Exigency {
        path: PathBuf,
        /// The repository's folder, where it is not where the snapshot says.
        repository: Option<PathBuf>,
    },
}

impl SeriesSource {
    /// The archive, where it is one of the configuration.
    pub fn archive(&self) -> Option<&ArchiveName> {
        match self {
            SeriesSource::Archive(name) => Some(name),
            SeriesSource::Exigency { .. } => None,
        }
    }

    /// The snapshots, oldest first.
    pub fn series(&self, catalog: &Catalog) -> Result<Series> {
        match self {
            SeriesSource::Archive(name) => Ok(catalog.series(name)?.0),
            SeriesSource::Exigency { path, .. } => Series::open(path),
        }
    }

    /// The repository that has the contents of `snapshot`, which is one of this series.
    pub fn repository(&self, catalog: &Catalog, snapshot: &Snapshot) -> Result<Repository> {
        let wanted = ArchiveFile::from_header(snapshot.header()).repository;
        match self {
            SeriesSource::Archive(_) => Ok(catalog.repository_with_id(wanted.id)?.repository),
            SeriesSource::Exigency { path, repository } => {
                let folder = match path.is_dir() {
                    true => path.as_path(),
                    false => path.parent().unwrap_or(path),
                };
                let place = find_repository(&wanted, folder, repository.as_deref(), &[])?;
                Repository::open(&place)
            }
        }
    }
}
