//! An archive on its disk: a folder with `archive.toml` and one file a snapshot.
//!
//! ```text
//! <location>/gibus.d/snapshots/<host>/<user>/<name>/
//!     archive.toml                     what it includes and excludes, and which repository it uses
//!     2026-11-23-01-02-03.snapshot     a snapshot, named by the local time at which it was taken
//! ```
//!
//! - [`name`][]: what a snapshot is called, and why a new one is always the latest
//! - [`file`][]: `archive.toml`
//! - [`keep`][]: which snapshots are worth keeping
//! - [`select`][]: saying which snapshot is meant

pub mod file;
pub mod keep;
pub mod name;
pub mod select;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::DateTime;

use self::file::ArchiveFile;
use self::name::SnapshotName;
use self::select::Select;
use super::specification::Specification;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::repository::storage::local::LocalStorage;
use crate::repository::storage::{NewFile, Storage};

/// How many seconds a new snapshot's name gives way to others that appear at the same time.
const NAME_ATTEMPTS: usize = 100;

/// An archive that is there.
#[derive(Clone)]
pub struct Archive {
    storage: Arc<dyn Storage>,
    place: PathBuf,
    file: ArchiveFile,
}

impl Archive {
    /// Makes a new archive in the folder `place`, which is made, with those above it, where it is missing.
    ///
    /// Errors: [`ErrorKind::AlreadyExists`] when there is one.
    pub fn create(place: &Path, file: &ArchiveFile) -> Result<Archive> {
        let storage = LocalStorage::create(place)?;
        let is_taken = storage
            .names("")?
            .iter()
            .any(|name| file::number_of(name).is_some() || SnapshotName::of_file(name).is_some());
        if is_taken {
            return Err(Error::new(ErrorKind::AlreadyExists, "make an archive in")
                .at(place)
                .because("there is one already")
                .advise("adopt it, or choose another name or location"));
        }
        file::publish(&storage, file)?;
        Ok(Archive::with(storage, place, file.clone()))
    }

    /// Opens the archive in the folder `place`.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is none; [`ErrorKind::Damaged`] when its file is not what was
    /// written ([`Archive::replace_file`] puts that right; the snapshots can be read all the same).
    pub fn open(place: &Path) -> Result<Archive> {
        let (archive, _) = Archive::open_with_snapshots(place)?;
        Ok(archive)
    }

    /// The same, and the snapshots that it has, oldest first, by one listing of the folder.
    pub fn open_with_snapshots(place: &Path) -> Result<(Archive, Vec<SnapshotName>)> {
        let none = |error: Error| {
            error
                .because("there is no archive in that folder")
                .advise("is the disk or share there that it is on?")
        };
        let storage = LocalStorage::open(place).map_err(|error| match error.kind() {
            ErrorKind::NotFound => none(error),
            _ => error,
        })?;
        let names = storage.names("")?;
        match file::read_newest(&storage, &names)? {
            Some(file) => Ok((Archive::with(storage, place, file), snapshots_in(&names))),
            None => Err(none(
                Error::new(ErrorKind::NotFound, "open the archive").at(place),
            )),
        }
    }

    /// Gives the folder `place` a new `archive.toml` whatever it has now, and opens it.
    pub fn replace_file(place: &Path, file: &ArchiveFile) -> Result<Archive> {
        let storage = LocalStorage::open(place)?;
        file::publish(&storage, file)?;
        Ok(Archive::with(storage, place, file.clone()))
    }

    fn with(storage: LocalStorage, place: &Path, file: ArchiveFile) -> Archive {
        Archive {
            storage: Arc::new(storage),
            place: place.to_owned(),
            file,
        }
    }

    /// Errors: [`ErrorKind::NotFound`] when this is another archive than the one with the id `expected`,
    /// say because another disk is mounted where that one was.
    pub fn expect_id(&self, expected: Id) -> Result<()> {
        if self.file.id == expected {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotFound, "open the archive")
            .at(&self.place)
            .because(format!(
                "another archive is there, with the id {}",
                self.file.id
            ))
            .advise("is the right disk mounted?"))
    }

    pub fn id(&self) -> Id {
        self.file.id
    }

    pub fn file(&self) -> &ArchiveFile {
        &self.file
    }

    pub fn specification(&self) -> &Specification {
        &self.file.specification
    }

    /// Its folder.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Where its snapshots are read from, by their names.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The path of a snapshot's file, for messages and for people.
    pub fn path_of(&self, name: SnapshotName) -> PathBuf {
        self.place.join(name.to_string())
    }

    /// Publishes a changed `archive.toml`. The id stays.
    pub fn update(&mut self, change: impl FnOnce(&mut ArchiveFile)) -> Result<()> {
        let mut file = self.file.clone();
        change(&mut file);
        file.id = self.file.id;
        if file != self.file {
            file::publish(&*self.storage, &file)?;
            self.file = file;
        }
        Ok(())
    }

    /// The snapshots, oldest first.
    pub fn snapshots(&self) -> Result<Vec<SnapshotName>> {
        Ok(snapshots_in(&self.storage.names("")?))
    }

    /// The snapshot that is meant.
    ///
    /// Errors: [`ErrorKind::NotFound`], saying how many there are.
    pub fn select(&self, select: Select) -> Result<SnapshotName> {
        select
            .find(&self.snapshots()?)
            .map_err(|e| e.at(&self.place))
    }

    /// Starts the file of a new snapshot, invisible until [`Archive::publish`].
    pub fn new_file(&self) -> Result<Box<dyn NewFile>> {
        self.storage.create()
    }

    /// Makes the finished file of a snapshot taken at `now`, local time, durable, and gives it its name:
    /// see [`SnapshotName::for_new`]. When this has returned the snapshot is there for good.
    pub fn publish(&self, file: Box<dyn NewFile>, now: DateTime) -> Result<SnapshotName> {
        let newest = self.snapshots()?.pop();
        let first = SnapshotName::for_new(now, newest)?;
        // Another backup of this archive may finish in the same second.
        let names = std::iter::successors(Some(first), |name| name.next().ok());
        let mut names = names.take(NAME_ATTEMPTS).map(|name| name.to_string());
        self.storage.publish_first_free(file, &mut names)?.parse()
    }

    /// Deletes a snapshot's file; durable when this returns. Its claim is released afterwards, by the
    /// caller.
    ///
    /// Errors: [`ErrorKind::NotFound`] when there is none of that name.
    pub fn remove(&self, name: SnapshotName) -> Result<()> {
        let file_name = name.to_string();
        if self.storage.size(&file_name)?.is_none() {
            return Err(Error::new(ErrorKind::NotFound, "delete the snapshot")
                .at(self.path_of(name))
                .because("it is not there"));
        }
        self.storage.delete(&file_name)?;
        self.storage.flush_deletions("")
    }

    /// Deletes the unfinished files of runs that are over; how many there were.
    pub fn delete_leftovers(&self) -> Result<usize> {
        let leftovers = self.storage.leftovers()?;
        for leftover in &leftovers {
            self.storage.delete_leftover(&leftover.name)?;
        }
        Ok(leftovers.len())
    }

    /// Deletes an archive that has no snapshots, with its folder.
    ///
    /// Errors: [`ErrorKind::Invalid`] when it has any.
    pub fn delete(self) -> Result<()> {
        let count = self.snapshots()?.len();
        if count > 0 {
            return Err(
                Error::invalid("delete the archive", format!("it has snapshots: {count}"))
                    .at(&self.place)
                    .advise("delete them first"),
            );
        }
        self.delete_leftovers()?;
        for (_, name) in file::numbered(&*self.storage)? {
            self.storage.delete(&name)?;
        }
        self.storage.flush_deletions("")?;
        remove_folder(&self.place.join("tmp"))?;
        remove_folder(&self.place)
    }
}

/// Removes an empty folder. One that is gone is fine, and so is one in which somebody keeps something.
fn remove_folder(folder: &Path) -> Result<()> {
    use std::io::ErrorKind::{DirectoryNotEmpty, NotFound};
    match std::fs::remove_dir(folder) {
        Err(e) if matches!(e.kind(), NotFound | DirectoryNotEmpty) => Ok(()),
        done => done.context("remove the folder", folder),
    }
}

/// The snapshots among the files in the folder, oldest first. Files with other names are passed over.
fn snapshots_in(names: &[String]) -> Vec<SnapshotName> {
    let names = names.iter().filter_map(|name| SnapshotName::of_file(name));
    let mut snapshots: Vec<SnapshotName> = names.collect();
    snapshots.sort();
    snapshots
}

#[cfg(test)]
mod tests;
