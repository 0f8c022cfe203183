//! Searching folders for repositories and snapshots.
//!
//! Links are not followed, and what cannot be read is noted and passed over. The insides of repositories, which can
//! be most of a disk, are not gone through.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use walkdir::{DirEntry, WalkDir};

use super::repository::repository_at;
use super::series::{EXTENSION, Series, series_in};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::path_bytes;
use crate::progress::{Monitor, Phase};
use crate::repository::settings::{self, RepositoryFile};
use crate::snapshot::archive::file;
use crate::snapshot::places::{is_archive_place, is_repository_place};

/// Deeper folders are not searched: nobody keeps backups there, and something may go round in a circle.
const MAX_DEPTH: usize = 64;
/// What the system shows here are no files on a disk.
const NOT_SEARCHED: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Folders of a repository.
const INSIDES: [&str; 5] = ["packs", "contents", "claims", "locks", "tmp"];

/// A repository that was found.
#[derive(Debug)]
pub struct FoundRepository {
    pub place: PathBuf,
    /// What it says of itself, or why that cannot be read.
    pub file: Result<RepositoryFile>,
}

/// What a search has come upon.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by place.
    pub repositories: Vec<FoundRepository>,
    /// Sorted by place. One place may have several, see [`series_in`].
    pub series: Vec<Series>,
    /// What looks like a part of a backup and cannot be read.
    pub problems: Vec<Error>,
}

impl Found {
    /// The folders of the repositories.
    pub fn repository_places(&self) -> Vec<PathBuf> {
        self.repositories
            .iter()
            .map(|found| found.place.clone())
            .collect()
    }
}

/// Searches these folders and all that is below them. Files looked at are counted as done; folders that cannot
/// be entered are reported as notices.
///
/// Errors: [`ErrorKind::Cancelled`]; a folder in `folders` itself that cannot be read.
pub fn search(folders: &[PathBuf], monitor: &Monitor) -> Result<Found> {
    monitor.enter(Phase::Scanning);
    let mut judged = Judged::new();
    let mut found = Found::default();
    for folder in folders {
        let folder = folder.canonicalize().context("search", folder)?;
        std::fs::read_dir(&folder).context("search", &folder)?;
        search_one(&folder, &mut judged, &mut found, monitor)?;
    }
    found.repositories.sort_by(|a, b| a.place.cmp(&b.place));
    found.series.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(found)
}

fn search_one(
    folder: &Path,
    judged: &mut Judged,
    found: &mut Found,
    monitor: &Monitor,
) -> Result<()> {
    // Files before folders: what a folder is shows in its files, before its folders are gone into.
    let walk = WalkDir::new(folder)
        .follow_links(false)
        .max_depth(MAX_DEPTH)
        .sort_by(|a, b| a.file_type().is_dir().cmp(&b.file_type().is_dir()));
    let mut walk = walk.into_iter();
    while let Some(entry) = walk.next() {
        monitor.check_cancelled()?;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let why = error
                    .into_io_error()
                    .map_or_else(String::new, |e| Error::io("search", &e).why().to_owned());
                monitor.notice(path_bytes(&path), "search", why);
                continue;
            }
        };
        monitor.files_done.fetch_add(1, Ordering::Relaxed);
        if entry.file_type().is_dir() {
            monitor.set_current(path_bytes(entry.path()));
            let is_hidden = NOT_SEARCHED
                .iter()
                .any(|path| entry.path() == Path::new(path));
            if is_hidden || is_inside_of_repository(&entry, judged) {
                walk.skip_current_dir();
            } else if is_repository_place(entry.path()) {
                // One that has lost its repository.toml is worth knowing of.
                found.judge(judged, entry.path(), Mark::Repository);
            }
            continue;
        }
        let Some(mark) = mark_of(&entry) else {
            continue;
        };
        let Some(place) = entry.path().parent() else {
            continue;
        };
        found.judge(judged, place, mark);
    }
    Ok(())
}

/// Folders that were looked at closely, and whether they are parts of a backup: a folder can have many files
/// that call for that, and the folders to be searched may overlap.
type Judged = HashMap<(PathBuf, Mark), bool>;

/// Whether a folder is one of those that a repository consists of. Other folders beside them are searched: a
/// `repository.toml` that somebody copied to the top of a disk must not hide the disk.
fn is_inside_of_repository(entry: &DirEntry, judged: &Judged) -> bool {
    let is_loose = |name: &[u8]| name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit);
    let name = path_bytes(Path::new(entry.file_name()));
    (INSIDES.iter().any(|inside| inside.as_bytes() == name) || is_loose(name))
        && entry
            .path()
            .parent()
            .is_some_and(|place| judged.get(&(place.to_owned(), Mark::Repository)) == Some(&true))
}

/// What a file's name makes of the folder that it is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Mark {
    Repository,
    Snapshots,
}

fn mark_of(entry: &DirEntry) -> Option<Mark> {
    if !entry.file_type().is_file() {
        return None;
    }
    let name = entry.file_name().to_str()?;
    if settings::number_of(name).is_some() {
        Some(Mark::Repository)
    } else if file::number_of(name).is_some() || Path::new(name).extension()? == EXTENSION {
        Some(Mark::Snapshots)
    } else {
        None
    }
}

impl Found {
    fn judge(&mut self, judged: &mut Judged, place: &Path, mark: Mark) {
        if let Entry::Vacant(new) = judged.entry((place.to_owned(), mark)) {
            new.insert(self.take(place, mark));
        }
    }

    /// Looks at a folder closely; false when it turns out to be something of another program.
    fn take(&mut self, place: &Path, mark: Mark) -> bool {
        match mark {
            Mark::Repository => {
                let file = repository_at(place);
                let is_ours = match &file {
                    Ok(_) => true,
                    Err(error) if error.kind() == ErrorKind::Unsupported => true,
                    Err(_) => place.join("contents").is_dir() || place.join("packs").is_dir(),
                };
                if is_ours {
                    let place = place.to_owned();
                    self.repositories.push(FoundRepository { place, file });
                }
                is_ours
            }
            Mark::Snapshots => match series_in(place) {
                Ok((series, problems)) => {
                    let is_ours = !series.is_empty() || is_archive_place(place);
                    if is_ours {
                        self.series.extend(series);
                        self.problems.extend(problems);
                    }
                    is_ours
                }
                Err(error) => {
                    self.problems.push(error);
                    true
                }
            },
        }
    }
}
