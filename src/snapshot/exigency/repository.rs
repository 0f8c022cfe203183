//! Finding the repository that goes with some snapshots.
//!
//! Its id is known, and only a repository with that id is taken. Where it is may have changed: a disk is mounted
//! somewhere else on another computer, or was copied to a new one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::repository::settings::{self, RepositoryFile};
use crate::repository::storage::local::LocalStorage;
use crate::snapshot::archive::file::RepositoryRef;
use crate::snapshot::places::{repositories_below, split_at_tree};

/// What the repository in the folder `place` says of itself, or what can be guessed where its `repository.toml`
/// is damaged or lost.
///
/// Errors: [`ErrorKind::NotFound`] where there is none, [`ErrorKind::Damaged`], [`ErrorKind::Unsupported`].
pub fn repository_at(place: &Path) -> Result<RepositoryFile> {
    Ok(settings::read_or_guess(&LocalStorage::open(place)?)?.0)
}

/// The folder of the repository that is meant. In this order:
/// 1. `given`, where somebody said it; another repository there is an error;
/// 2. where it was when the snapshots were made;
/// 3. at the same place in the `gibus.d` that the snapshots are in now, or elsewhere in that;
/// 4. among `found`, repositories that a search has come upon.
///
/// `near` is the snapshots' folder.
///
/// Errors: [`ErrorKind::NotFound`], or what is wrong with the one place where it seems to be.
pub fn find_repository(
    wanted: &RepositoryRef,
    near: &Path,
    given: Option<&Path>,
    found: &[PathBuf],
) -> Result<PathBuf> {
    if let Some(given) = given {
        let there = repository_at(given)?.id;
        if there != wanted.id {
            return Err(Error::new(ErrorKind::NotFound, "use the repository")
                .at(given)
                .because(format!(
                    "it is another one: its id is {there}, not {}",
                    wanted.id
                )));
        }
        return Ok(given.to_owned());
    }
    let mut failure = None;
    for place in candidates(wanted, near, found) {
        match repository_at(&place) {
            Ok(file) if file.id == wanted.id => return Ok(place),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                // Worth telling only about the places that it is known by.
                if is_known_place(&place, wanted, near) {
                    failure.get_or_insert(error);
                }
            }
        }
    }
    Err(failure.unwrap_or_else(|| not_found(wanted)))
}

fn not_found(wanted: &RepositoryRef) -> Error {
    let id: Id = wanted.id;
    Error::new(ErrorKind::NotFound, "find the repository")
        .at(&wanted.place)
        .because(format!(
            "neither there nor beside the snapshots is one with the id {id}"
        ))
        .advise("is its disk or share mounted? if it was moved, say where it is")
}

fn candidates(wanted: &RepositoryRef, near: &Path, found: &[PathBuf]) -> Vec<PathBuf> {
    let mut places = vec![wanted.place.clone()];
    // Relative paths have no parents to speak of.
    let near = near.canonicalize().unwrap_or_else(|_| near.to_owned());
    places.extend(moved_place(wanted, &near));
    if let Some((location, _)) = split_at_tree(&near) {
        for users in subfolders(&repositories_below(location)) {
            places.extend(subfolders(&users));
        }
    }
    places.extend_from_slice(found);
    places
}

/// Where it is if the whole `gibus.d` was moved or is mounted elsewhere.
fn moved_place(wanted: &RepositoryRef, near: &Path) -> Option<PathBuf> {
    let (location, _) = split_at_tree(near)?;
    let (_, rest) = split_at_tree(&wanted.place)?;
    // What comes out of a hostile header must not lead out of the tree; ids are compared all the same.
    let is_plain = rest
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    is_plain.then(|| location.join(rest))
}

fn is_known_place(place: &Path, wanted: &RepositoryRef, near: &Path) -> bool {
    let near = near.canonicalize().unwrap_or_else(|_| near.to_owned());
    *place == wanted.place || moved_place(wanted, &near).is_some_and(|moved| moved == *place)
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let folders = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}
