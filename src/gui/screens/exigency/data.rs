//! What was found, and how it is worded.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::fs::{escaped, escaped_path};
use crate::gui::{shell, words};
use crate::human::{count, counted};
use crate::jobs::get_back::{Picked, Picks, Request, Target};
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::file::RepositoryRef;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;

/// What a search, or opening a file or folder, has found.
#[derive(Debug, Default)]
pub struct Discovery {
    pub archives: Vec<FoundArchive>,
    pub repositories: Vec<FoundRepository>,
    /// What looks like a part of a backup and cannot be read.
    pub problems: Vec<Error>,
    /// Folders that could not be entered.
    pub not_entered: u64,
}

/// Snapshots of one archive.
#[derive(Debug)]
pub struct FoundArchive {
    pub id: Id,
    pub name: ArchiveName,
    pub user: String,
    pub host: String,
    /// The folder of its snapshots.
    pub place: PathBuf,
    /// What is opened to look into it: the folder, or one file.
    pub path: PathBuf,
    /// One snapshot file was opened, whatever else is in its folder.
    pub is_one_file: bool,
    /// Snapshots of other archives are in the same folder.
    pub shares_its_folder: bool,
    pub snapshots: u64,
    pub oldest: Option<SnapshotName>,
    /// File and name.
    pub newest: Option<(PathBuf, SnapshotName)>,
    /// The repository that has its contents, as its snapshots know it.
    pub wanted: RepositoryRef,
    /// Where that is now, or why it is not found.
    pub repository: Result<PathBuf>,
    pub problems: Vec<Error>,
}

/// A repository.
#[derive(Debug)]
pub struct FoundRepository {
    pub place: PathBuf,
    /// Or why it cannot be read.
    pub id: Result<Id>,
}

/// Something that was to be taken into the configuration.
#[derive(Debug)]
pub struct Adopted {
    pub place: PathBuf,
    /// In a sentence, where it was.
    pub result: Result<String>,
}

impl Discovery {
    /// What was found, in one line.
    pub fn headline(&self) -> String {
        let archives = self.archives.len() as u64;
        let repositories = self.repositories.len() as u64;
        match (archives, repositories) {
            (0, 0) => "No backups were found there".to_owned(),
            (0, _) => format!(
                "Found {}",
                counted(repositories, "repository", "repositories")
            ),
            (_, 0) => format!("Found {}", counted(archives, "archive", "archives")),
            _ => format!(
                "Found {} and {}",
                counted(archives, "archive", "archives"),
                counted(repositories, "repository", "repositories")
            ),
        }
    }
}

impl FoundArchive {
    /// `home of me on laptop`: what tells it apart, for people and in the names of buttons.
    pub fn title(&self) -> String {
        let shown = |text: &str| escaped(text.as_bytes()).to_string();
        format!(
            "{} of {} on {}",
            self.name,
            shown(&self.user),
            shown(&self.host)
        )
    }

    /// How many snapshots, and from when to when.
    pub fn range(&self) -> String {
        let date = |name: SnapshotName| words::date_time(name.time());
        let newest = self.newest.as_ref().map(|(_, name)| *name);
        match (self.snapshots, self.oldest, newest) {
            (1, _, Some(only)) => format!("1 snapshot, of {}", date(only)),
            (number, Some(oldest), Some(newest)) => format!(
                "{} snapshots, from {} to {}",
                count(number),
                date(oldest),
                date(newest)
            ),
            _ => "No snapshots".to_owned(),
        }
    }

    /// It, for looking into it without a configuration.
    pub fn source(&self) -> SeriesSource {
        SeriesSource::Exigency {
            path: self.path.clone(),
            repository: self.repository.as_ref().ok().cloned(),
        }
    }

    /// The request to restore all of the newest snapshot; the person chooses where to.
    pub fn restore_everything(&self) -> Option<Request> {
        let (file, name) = self.newest.clone()?;
        Some(Request {
            source: self.source(),
            picks: vec![Picks {
                file,
                name,
                what: Picked::All,
            }],
            target: Target::Origin,
            overwrite: false,
        })
    }

    /// Why its files cannot be had now.
    pub fn reason_against_restoring(&self) -> Option<&'static str> {
        if self.newest.is_none() {
            Some("There is no snapshot in it")
        } else if self.repository.is_err() {
            Some("Say first where its repository is: that has the contents of the files")
        } else {
            None
        }
    }

    /// Why it cannot be taken into the configuration.
    pub fn reason_against_adopting(&self) -> Option<&'static str> {
        if self.is_one_file {
            Some("This is one snapshot by itself: open its whole folder to take the archive in")
        } else if self.shares_its_folder {
            Some("There are snapshots of several archives in its folder: move them apart first")
        } else if self.repository.is_err() {
            Some("Say first where its repository is")
        } else {
            None
        }
    }

    /// What to type in a terminal to look into it and to take it in.
    pub fn command_lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "gibus snapshots --exigency {}",
            shell::quoted_path(&self.path)
        )];
        if self.reason_against_adopting().is_none() {
            let mut line = format!("gibus archive adopt {}", shell::quoted_path(&self.place));
            if let Ok(repository) = &self.repository
                && *repository != self.wanted.place
            {
                line.push_str(&format!(" --repository {}", shell::quoted_path(repository)));
            }
            lines.push(line);
        }
        lines
    }
}

/// What to type in a terminal for a search.
pub fn scan_line(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders.iter().map(|f| shell::quoted_path(f)).collect();
    format!("gibus exigency scan {}", folders.join(" "))
}

/// How far a search is.
pub fn progress_line(looked_at: u64, current: &[u8]) -> String {
    let looked_at = counted(looked_at, "file or folder", "files and folders");
    match current {
        b"" => format!("Looked at {looked_at}"),
        current => format!("Looked at {looked_at}; now in {}", escaped(current)),
    }
}

/// A place as it is shown.
pub fn place_text(place: &Path) -> String {
    escaped_path(place).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn archive() -> FoundArchive {
        let name = |text: &str| text.parse::<SnapshotName>().unwrap();
        FoundArchive {
            id: Id::random().unwrap(),
            name: ArchiveName::new("home").unwrap(),
            user: "me".to_owned(),
            host: "laptop".to_owned(),
            place: PathBuf::from("/media/disk/my backups"),
            path: PathBuf::from("/media/disk/my backups"),
            is_one_file: false,
            shares_its_folder: false,
            snapshots: 2,
            oldest: Some(name("2026-11-20-10-00-00")),
            newest: Some((PathBuf::from("/x"), name("2026-11-21-10-00-00"))),
            wanted: RepositoryRef {
                id: Id::random().unwrap(),
                place: PathBuf::from("/old/place"),
            },
            repository: Ok(PathBuf::from("/media/disk/repo")),
            problems: Vec::new(),
        }
    }

    #[test]
    fn an_archive_says_whose_it_is_and_how_far_it_reaches() {
        let mut archive = archive();
        assert_eq!(archive.title(), "home of me on laptop");
        assert_eq!(
            archive.range(),
            "2 snapshots, from Fri 20 Nov 2026, 10:00 to Sat 21 Nov 2026, 10:00"
        );
        assert_eq!(
            archive.command_lines(),
            [
                "gibus snapshots --exigency '/media/disk/my backups'",
                "gibus archive adopt '/media/disk/my backups' --repository /media/disk/repo"
            ]
        );
        assert_eq!(archive.reason_against_adopting(), None);
        archive.repository = Err(Error::new(ErrorKind::NotFound, "find it"));
        assert!(archive.reason_against_adopting().is_some());
        assert!(archive.reason_against_restoring().is_some());
        archive.newest = None;
        assert!(archive.restore_everything().is_none());
    }
}
