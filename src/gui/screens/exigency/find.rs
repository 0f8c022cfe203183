//! Looking for backups, and taking them into the configuration; all of it on threads.

use std::path::{Path, PathBuf};

use super::data::{Adopted, Discovery, FoundArchive, FoundRepository};
use crate::catalog::Catalog;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::escaped_path;
use crate::progress::Monitor;
use crate::snapshot::archive::file::RepositoryRef;
use crate::snapshot::exigency::repository::find_repository;
use crate::snapshot::exigency::search::search;
use crate::snapshot::exigency::series::{Series, series_in};
use crate::snapshot::places::ArchiveName;

/// Opens a snapshot file, or a folder with snapshots of one or more archives.
pub(super) fn open(path: &Path) -> Result<Discovery> {
    let metadata = std::fs::metadata(path).context("open", path)?;
    if metadata.is_dir() {
        let (series, problems) = series_in(path)?;
        if series.is_empty() {
            return Err(problems.into_iter().next().unwrap_or_else(|| {
                Error::new(ErrorKind::NotFound, "open the snapshots in")
                    .at(path)
                    .because("there are none in that folder itself")
                    .advise("search it, and what is below it, with the search further down")
            }));
        }
        return Ok(discovery(series, Vec::new(), problems));
    }
    let series = Series::open(path)?;
    let mut discovery = discovery(vec![series], Vec::new(), Vec::new());
    for archive in &mut discovery.archives {
        archive.is_one_file = true;
        archive.path = path.to_owned();
    }
    Ok(discovery)
}

/// Searches folders and all that is below them.
pub(super) fn search_in(folders: &[PathBuf], monitor: &Monitor) -> Result<Discovery> {
    let found = search(folders, monitor)?;
    let repositories = found.repositories.into_iter();
    let repositories = repositories.map(|found| FoundRepository {
        place: found.place,
        id: found.file.map(|file| file.id),
    });
    let mut discovery = discovery(found.series, repositories.collect(), found.problems);
    discovery.not_entered = monitor.problems().notices;
    Ok(discovery)
}

fn discovery(
    series: Vec<Series>,
    repositories: Vec<FoundRepository>,
    problems: Vec<Error>,
) -> Discovery {
    let places: Vec<PathBuf> = repositories
        .iter()
        .map(|repository| repository.place.clone())
        .collect();
    let folders: Vec<PathBuf> = series.iter().map(|series| series.place.clone()).collect();
    let archives = series.into_iter().map(|series| {
        let shares_its_folder = folders
            .iter()
            .filter(|place| **place == series.place)
            .count()
            > 1;
        found_archive(series, shares_its_folder, &places)
    });
    Discovery {
        archives: archives.collect(),
        repositories,
        problems,
        not_entered: 0,
    }
}

fn found_archive(series: Series, shares_its_folder: bool, places: &[PathBuf]) -> FoundArchive {
    let archive = series.archive;
    let newest = series.snapshots.last();
    let path = match newest {
        // A folder with snapshots of several archives cannot be opened as one series.
        Some(newest) if shares_its_folder => newest.path.clone(),
        _ => series.place.clone(),
    };
    FoundArchive {
        id: archive.id,
        name: archive.name,
        user: archive.user,
        host: archive.host,
        path,
        is_one_file: false,
        shares_its_folder,
        snapshots: series.snapshots.len() as u64,
        oldest: series.snapshots.first().map(|file| file.name),
        newest: newest.map(|file| (file.path.clone(), file.name)),
        repository: find_repository(&archive.repository, &series.place, None, places),
        wanted: archive.repository,
        problems: series.problems,
        place: series.place,
    }
}

/// Whether the repository that is wanted is in this folder.
pub(super) fn repository_in(wanted: &RepositoryRef, near: &Path, given: &Path) -> Result<PathBuf> {
    find_repository(wanted, near, Some(given), &[])
}

/// What is to be taken into the configuration.
#[derive(Clone, Debug)]
pub(super) enum Adopt {
    Archive {
        place: PathBuf,
        name: Option<ArchiveName>,
        repository: Option<PathBuf>,
    },
    Repository(PathBuf),
}

impl Adopt {
    fn place(&self) -> &Path {
        match self {
            Adopt::Archive { place, .. } | Adopt::Repository(place) => place,
        }
    }
}

/// Takes them in, one after the other; one that fails does not keep the others from it.
pub(super) fn adopt(catalog: &Catalog, all: &[Adopt]) -> Vec<Adopted> {
    all.iter()
        .map(|one| Adopted {
            place: one.place().to_owned(),
            result: adopt_one(catalog, one),
        })
        .collect()
}

fn adopt_one(catalog: &Catalog, one: &Adopt) -> Result<String> {
    match one {
        Adopt::Archive {
            place,
            name,
            repository,
        } => {
            let adoption = catalog.adopt_archive(place, name.clone(), repository.as_deref())?;
            let archive = &adoption.name;
            let mut told = match &adoption.adopted_repository {
                None => format!("The archive {archive} is in the configuration now."),
                Some((repository, _)) => format!(
                    "The archive {archive} and its repository {repository} are in the \
                     configuration now."
                ),
            };
            for problem in &adoption.problems {
                told.push_str(&format!(" Note: {problem}."));
            }
            Ok(told)
        }
        Adopt::Repository(place) => {
            let found = catalog.adopt_repository(place, None)?;
            Ok(format!(
                "The repository {} in {} is in the configuration now.",
                found.name,
                escaped_path(place)
            ))
        }
    }
}
