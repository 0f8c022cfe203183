//! A series of snapshots with no configuration: a folder of snapshot files, or one file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, ErrorKind, Result};
use crate::repository::storage::local::LocalStorage;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{self, ArchiveFile};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;
use crate::snapshot::file::{Snapshot, SnapshotHeader};

/// What the names of snapshot files end with.
pub const EXTENSION: &str = "snapshot";

/// A snapshot's file, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    pub path: PathBuf,
    /// By its file name if that is one, else by the time in its header.
    pub name: SnapshotName,
}

/// Snapshots of one archive.
#[derive(Debug)]
pub struct Series {
    /// The folder that they are in.
    pub place: PathBuf,
    /// What the archive is: from its own file, else from the newest of these snapshots.
    pub archive: ArchiveFile,
    /// Whether the folder has an `archive.toml` that can be read.
    pub has_archive_file: bool,
    /// Oldest first.
    pub snapshots: Vec<SnapshotFile>,
    /// What in the folder could not be read.
    pub problems: Vec<Error>,
}

impl Series {
    /// Opens a snapshot file, or a folder with snapshots of one archive.
    ///
    /// Errors: [`ErrorKind::NotFound`] where there are none, [`ErrorKind::Invalid`] for a folder with
    /// snapshots of several archives, else those of reading.
    pub fn open(path: &Path) -> Result<Series> {
        let metadata = fs::metadata(path).context("open the snapshots", path)?;
        if metadata.is_dir() {
            return Series::of_folder(path);
        }
        let (snapshot, header) = read_file(path)?;
        let place = path.parent().filter(|place| !place.as_os_str().is_empty());
        Ok(Series {
            place: place.unwrap_or(Path::new(".")).to_owned(),
            archive: ArchiveFile::from_header(&header),
            has_archive_file: false,
            snapshots: vec![snapshot],
            problems: Vec::new(),
        })
    }

    fn of_folder(folder: &Path) -> Result<Series> {
        let (mut all, problems) = series_in(folder)?;
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(Error::invalid(
                "open the snapshots in",
                "there are snapshots of several archives",
            )
            .at(folder)
            .advise(
                "name one of the files, or put those of one archive into a folder of their own",
            )),
            (None, _) => Err(problems.into_iter().next().unwrap_or_else(|| {
                Error::new(ErrorKind::NotFound, "open the snapshots in")
                    .at(folder)
                    .because("there are none in that folder")
                    .advise("name the folder that the files ending in .snapshot are in")
            })),
        }
    }

    /// The snapshots of an archive that is there.
    pub fn of_archive(archive: &Archive, snapshots: &[SnapshotName]) -> Series {
        let snapshots = snapshots.iter().map(|name| SnapshotFile {
            path: archive.path_of(*name),
            name: *name,
        });
        Series {
            place: archive.place().to_owned(),
            archive: archive.file().clone(),
            has_archive_file: true,
            snapshots: snapshots.collect(),
            problems: Vec::new(),
        }
    }

    /// The snapshot that is meant.
    ///
    /// Errors: [`ErrorKind::NotFound`], saying how many there are.
    pub fn select(&self, select: Select) -> Result<&SnapshotFile> {
        let names: Vec<SnapshotName> = self.snapshots.iter().map(|file| file.name).collect();
        let name = select.find(&names).map_err(|e| e.at(&self.place))?;
        let found = self.snapshots.iter().find(|file| file.name == name);
        // It is one of the names just listed.
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "find the snapshot").at(&self.place))
    }
}

/// All series in one folder: one where it has its `archive.toml`, else one for each archive that the headers of
/// its snapshots name. Also says what could not be read and belongs to no series that could.
pub fn series_in(folder: &Path) -> Result<(Vec<Series>, Vec<Error>)> {
    let mut problems = Vec::new();
    let archive = match LocalStorage::open(folder).and_then(|storage| file::read(&storage)) {
        Ok(archive) => archive,
        Err(error) => {
            problems.push(error);
            None
        }
    };
    let files = snapshot_files(folder)?;
    match archive {
        Some(archive) => Ok((vec![with_archive_file(folder, archive, files)], problems)),
        None => Ok(by_headers(folder, files, problems)),
    }
}

fn with_archive_file(folder: &Path, archive: ArchiveFile, files: Vec<PathBuf>) -> Series {
    let mut series = Series {
        place: folder.to_owned(),
        archive,
        has_archive_file: true,
        snapshots: Vec::new(),
        problems: Vec::new(),
    };
    for path in files {
        match name_of(&path) {
            Some(name) => series.snapshots.push(SnapshotFile { path, name }),
            None => match read_file(&path) {
                Ok((snapshot, header)) if header.archive.id == series.archive.id => {
                    series.snapshots.push(snapshot);
                }
                Ok(_) => {}
                Err(error) => series.problems.push(error),
            },
        }
    }
    series
        .snapshots
        .sort_by(|a, b| (a.name, &a.path).cmp(&(b.name, &b.path)));
    series
}

fn by_headers(
    folder: &Path,
    files: Vec<PathBuf>,
    mut problems: Vec<Error>,
) -> (Vec<Series>, Vec<Error>) {
    let mut read = Vec::new();
    for path in files {
        match read_file(&path) {
            Ok(found) => read.push(found),
            Err(error) => problems.push(error),
        }
    }
    read.sort_by(|(a, _), (b, _)| (a.name, &a.path).cmp(&(b.name, &b.path)));
    let mut all: Vec<Series> = Vec::new();
    for (snapshot, header) in read {
        match all
            .iter_mut()
            .find(|series| series.archive.id == header.archive.id)
        {
            Some(series) => {
                // The newest knows best where the repository is.
                series.archive = ArchiveFile::from_header(&header);
                series.snapshots.push(snapshot);
            }
            None => all.push(Series {
                place: folder.to_owned(),
                archive: ArchiveFile::from_header(&header),
                has_archive_file: false,
                snapshots: vec![snapshot],
                problems: Vec::new(),
            }),
        }
    }
    if let [only] = all.as_mut_slice() {
        only.problems = std::mem::take(&mut problems);
    }
    (all, problems)
}

/// Regular files in a folder that are called like snapshots.
fn snapshot_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).context("list", folder)? {
        let entry = entry.context("list", folder)?;
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            files.push(path);
        }
    }
    Ok(files)
}

fn name_of(path: &Path) -> Option<SnapshotName> {
    SnapshotName::of_file(path.file_name()?.to_str()?)
}

fn read_file(path: &Path) -> Result<(SnapshotFile, SnapshotHeader)> {
    if !fs::metadata(path)
        .context("open the snapshot", path)?
        .is_file()
    {
        return Err(Error::invalid("open the snapshot", "it is not a file").at(path));
    }
    let snapshot = Snapshot::open(path).map_err(|error| error.at(path))?;
    let header = snapshot.header().clone();
    let name = match name_of(path) {
        Some(name) => name,
        None => header
            .taken_at
            .local_name
            .parse()
            .map_err(|error: Error| error.at(path))?,
    };
    let path = path.to_owned();
    Ok((SnapshotFile { path, name }, header))
}
