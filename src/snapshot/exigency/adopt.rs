//! What a configuration has to say of an archive or a repository that is there. The caller writes it.

use std::path::{Path, PathBuf};

use super::repository::{find_repository, repository_at};
use super::series::series_in;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::places::RepositoryName;

/// A repository to take into the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptedRepository {
    pub id: Id,
    /// Its folder, absolute.
    pub place: PathBuf,
    /// What its folder is called.
    pub name: RepositoryName,
}

/// An archive to take into the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptedArchive {
    /// Its folder, absolute.
    pub place: PathBuf,
    /// What it is, with the place where its repository is now.
    pub file: ArchiveFile,
    /// Whether the archive's folder says all this already. If not, `file` is to be written there with
    /// [`crate::snapshot::archive::Archive::replace_file`], so that the next loss of the configuration costs as
    /// little as this one.
    pub is_file_current: bool,
    pub repository: AdoptedRepository,
    /// What could not be read on the way: damaged snapshots, a damaged `archive.toml`.
    pub problems: Vec<String>,
}

/// The repository in the folder `place`.
///
/// Errors: [`ErrorKind::NotFound`] where there is none, [`ErrorKind::Damaged`], [`ErrorKind::Unsupported`].
pub fn adopt_repository(place: &Path) -> Result<AdoptedRepository> {
    let file = repository_at(place)?;
    let place = place.canonicalize().context("find the folder", place)?;
    let name = place.file_name().and_then(|name| name.to_str());
    let name = name.and_then(|name| RepositoryName::new(name).ok());
    Ok(AdoptedRepository {
        id: file.id,
        name: name.unwrap_or_default(),
        place,
    })
}

/// The archive in the folder `place`, with its repository: the one at `repository`, if given, else wherever
/// [`find_repository`] finds it.
///
/// Errors: [`ErrorKind::NotFound`] where there is no archive, or its repository is not found;
/// [`ErrorKind::Invalid`] for a folder with snapshots of several archives.
pub fn adopt_archive(place: &Path, repository: Option<&Path>) -> Result<AdoptedArchive> {
    let place = place.canonicalize().context("find the folder", place)?;
    let (mut all, mut problems) = series_in(&place)?;
    let series = match (all.pop(), all.is_empty()) {
        (Some(series), true) => series,
        (Some(_), false) => {
            let why = "there are snapshots of several archives";
            return Err(Error::invalid("adopt the archive in", why)
                .at(&place)
                .advise("put those of each archive into a folder of their own"));
        }
        (None, _) => {
            return Err(problems.drain(..).next().unwrap_or_else(|| {
                Error::new(ErrorKind::NotFound, "adopt the archive in")
                    .at(&place)
                    .because("there is none in that folder")
            }));
        }
    };
    let repository = find_repository(&series.archive.repository, &place, repository, &[])?;
    let repository = adopt_repository(&repository)?;
    let mut file = series.archive;
    let is_file_current = series.has_archive_file && file.repository.place == repository.place;
    file.repository.place.clone_from(&repository.place);
    problems.extend(series.problems);
    Ok(AdoptedArchive {
        place,
        file,
        is_file_current,
        repository,
        problems: problems.iter().map(Error::to_string).collect(),
    })
}
