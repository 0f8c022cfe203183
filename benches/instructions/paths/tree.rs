//! Backing up a tree.

use std::path::Path;
use std::sync::Arc;

use gibus::error::Result;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::snapshot::archive::Archive;
use gibus::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use gibus::snapshot::build::{BackupRequest, back_up};
use gibus::snapshot::places::ArchiveName;
use gibus::snapshot::specification::Specification;

use crate::count::measured;
use crate::made::{repository_in, repository_of, write_tree};

pub fn prepare_new(place: &Path) -> Result<()> {
    prepare(place, 100)
}

pub fn prepare_unchanged(place: &Path) -> Result<()> {
    prepare(place, 200)?;
    let archive = Archive::open(&place.join("archive"))?;
    back_up_now(&archive, &repository_in(place)?)
}

fn prepare(place: &Path, folders: usize) -> Result<()> {
    let tree = place.join("tree");
    write_tree(&tree, folders);
    let (repository, ..) = repository_of(place, [b"something"])?;
    let file = ArchiveFile {
        format: ARCHIVE_FORMAT,
        id: Id([2; 16]),
        name: ArchiveName::new("bench")?,
        host: "here".into(),
        user: "me".into(),
        repository: RepositoryRef {
            id: repository.id(),
            place: repository.place().to_owned(),
        },
        specification: Specification::of(vec![tree]),
    };
    Archive::create(&place.join("archive"), &file)?;
    Ok(())
}

pub fn back_up_again(place: &Path) -> Result<()> {
    let archive = Archive::open(&place.join("archive"))?;
    let repository = repository_in(place)?;
    measured(|| back_up_now(&archive, &repository))
}

fn back_up_now(archive: &Archive, repository: &Repository) -> Result<()> {
    let request = BackupRequest {
        archive,
        repository,
        now: &jiff::Zoned::now(),
        is_dry_run: false,
    };
    let report = back_up(&request, &Arc::new(Monitor::new()))?;
    assert!(report.is_complete);
    Ok(())
}
