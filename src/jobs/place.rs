//! What a folder is like as a place for backups, and which repositories lie in it.
//!
//! People point at a disk or at a folder that they see in their file manager, not at the folder with
//! `repository.toml` five levels below: what they mean is found from there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::is_writable;
use crate::repository::settings::number_of;
use crate::repository::storage::Space;
use crate::snapshot::places::RepositoryName;

/// From a disk down to a repository: `gibus.d/repos/<user>/<name>`.
const MOST_LEVELS: usize = 4;
/// Of a folder with more folders in it than this, the rest are not looked into.
const MOST_FOLDERS: usize = 1000;

/// A folder, as a place for backups. Of one that is yet to be made, what the one above it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceFacts {
    pub space: Space,
    pub is_there: bool,
    pub is_writable: bool,
    /// It is on the same file system as the home folder, so both are lost together.
    pub is_beside_home: bool,
}

/// A repository that was found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPlace {
    pub place: PathBuf,
    /// The name of its folder, where that can be one.
    pub name: Option<RepositoryName>,
}

/// Looks at a folder.
///
/// Errors: [`ErrorKind::Invalid`] for a path that is not absolute; the disk does not say.
pub fn look_at(folder: &Path, home: Option<&Path>) -> Result<PlaceFacts> {
    if !folder.is_absolute() {
        let why = "the path does not begin with /";
        return Err(Error::invalid("look at the folder", why).at(folder));
    }
    let mut above = folder.ancestors().filter(|above| above.exists());
    let existing = above.next().unwrap_or(Path::new("/"));
    if !existing.is_dir() {
        return Err(Error::invalid("use the folder", "it is a file").at(existing));
    }
    let attempted = "ask for the free space of";
    let status = rustix::fs::statvfs(existing).context(attempted, existing)?;
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let its_device = device(existing);
    Ok(PlaceFacts {
        space: Space {
            total: status.f_blocks.saturating_mul(status.f_frsize),
            free: status.f_bavail.saturating_mul(status.f_frsize),
        },
        is_there: existing == folder,
        is_writable: is_writable(existing),
        is_beside_home: its_device.is_some() && its_device == home.and_then(device),
    })
}

/// The repositories in a folder: itself, or those that lie where Gibus makes them below it.
///
/// Errors: [`ErrorKind::NotFound`] when there is none.
pub fn repositories_in(folder: &Path) -> Result<Vec<FoundPlace>> {
    fs::read_dir(folder).context("look into", folder)?;
    let mut found = Vec::new();
    // Whoever points at a folder inside a repository means that repository.
    let own = [Some(folder), folder.parent()].into_iter().flatten();
    match own.into_iter().find(|folder| is_repository(folder)) {
        Some(own) => found.push(own.to_owned()),
        None => find_below(folder, MOST_LEVELS, &mut found),
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "find a repository in")
            .at(folder)
            .because("there is none in that folder")
            .advise(
                "choose the disk, the folder gibus.d on it, or the folder with repository.toml",
            ));
    }
    found.sort();
    let named = found.into_iter().map(|place| FoundPlace {
        name: place
            .file_name()
            .and_then(|name| RepositoryName::new(name.to_string_lossy()).ok()),
        place,
    });
    Ok(named.collect())
}

fn is_repository(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    names.take(MOST_FOLDERS).any(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|name| number_of(name).is_some())
    })
}

fn find_below(folder: &Path, levels: usize, found: &mut Vec<PathBuf>) {
    let tree = folder.join("gibus.d");
    if tree.is_dir() {
        // A disk: its other folders are none of ours.
        return find_in(&tree.join("repos"), levels.saturating_sub(2), found);
    }
    find_in(folder, levels.saturating_sub(1), found);
}

/// Looks at each folder in `folder`, and `levels` further down.
fn find_in(folder: &Path, levels: usize, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.take(MOST_FOLDERS) {
        // Links are not followed: they may lead round in a circle.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if is_repository(&path) {
            found.push(path);
        } else if levels > 1 {
            find_in(&path, levels - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Repository;
    use crate::repository::settings::Settings;

    #[test]
    fn a_repository_is_found_from_its_disk_and_from_every_folder_on_the_way() {
        let disk = tempfile::tempdir().unwrap();
        let place = disk.path().join("gibus.d/repos/me/main");
        Repository::create(&place, &Settings::default()).unwrap();
        for from in [
            "",
            "gibus.d",
            "gibus.d/repos",
            "gibus.d/repos/me",
            "gibus.d/repos/me/main",
        ] {
            let found = repositories_in(&disk.path().join(from)).unwrap();
            assert_eq!(found.len(), 1, "{from}");
            assert_eq!(found[0].place, place);
            assert_eq!(found[0].name.as_ref().unwrap().as_str(), "main");
        }
        let claims = repositories_in(&place.join("claims")).unwrap();
        assert_eq!(claims[0].place, place);
        let nothing = tempfile::tempdir().unwrap();
        let error = repositories_in(nothing.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_that_is_yet_to_be_made_is_as_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let there = look_at(dir.path(), Some(dir.path())).unwrap();
        let not_there = look_at(&dir.path().join("a/b"), Some(dir.path())).unwrap();
        assert!(there.is_there && there.is_beside_home && there.space.total > 0);
        assert!(!not_there.is_there && not_there.is_beside_home);
        assert_eq!(there.space.total, not_there.space.total);
        assert!(look_at(Path::new("relative"), None).is_err());
    }
}
