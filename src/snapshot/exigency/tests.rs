//! Finding backups on a disk with no configuration: real folders, real snapshot files.

use super::adopt::{adopt_archive, adopt_repository};
use super::repository::find_repository;
use super::search::{Found, search};
use super::series::Series;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::repository::settings::{self, REPOSITORY_FORMAT, RepositoryFile, Settings};
use crate::repository::storage::local::LocalStorage;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::archive::select::Select;
use crate::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, SnapshotHeader, SnapshotWriter, TakenAt,
};
use crate::snapshot::places::{ArchiveName, RepositoryName, archive_place, repository_place};
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::{Attributes, Timestamp, Totals};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const ARCHIVE: Id = Id([1; 16]);
const REPOSITORY: Id = Id([2; 16]);

/// A disk with a repository and an archive with two snapshots.
struct Disk {
    _folder: tempfile::TempDir,
    location: PathBuf,
    repository: PathBuf,
    archive: PathBuf,
}

fn make_repository(place: &Path, id: Id) {
    let storage = LocalStorage::create(place).unwrap();
    fs::create_dir(place.join("contents")).unwrap();
    let settings = Settings::default();
    let file = RepositoryFile {
        format: REPOSITORY_FORMAT,
        id,
        layout: settings.layout,
        codec: settings.codec,
        level: settings.level,
    };
    settings::publish(&storage, &file).unwrap();
}

fn snapshot(archive: &ArchiveFile, local_name: &str) -> Vec<u8> {
    let snapshot_id = Id::random().unwrap();
    let header = SnapshotHeader {
        snapshot_id,
        archive: ArchiveIdentity {
            id: archive.id,
            name: archive.name.to_string(),
            host: archive.host.clone(),
            user: archive.user.clone(),
        },
        taken_at: TakenAt {
            seconds: 1_800_000_000,
            nanoseconds: 0,
            utc_offset_seconds: 0,
            local_name: local_name.into(),
        },
        repository: RepositoryIdentity {
            id: archive.repository.id,
            place: path_bytes(&archive.repository.place).to_vec(),
        },
        claim_id: Id([3; 16]),
        predecessor_claim_id: None,
        specification: archive.specification.to_toml().unwrap(),
        build: BuildStats::default(),
        totals: Totals::default(),
        users: vec![],
        groups: vec![],
        complete: true,
        gibus_version: "0".into(),
    };
    let attributes = Attributes {
        mode: 0o755,
        uid: 0,
        gid: 0,
        modified: Timestamp::default(),
        changed: Timestamp::default(),
        inode: 1,
        extended: Default::default(),
    };
    let mut writer =
        SnapshotWriter::create(Vec::new(), snapshot_id, archive.id, Codec::Gzip).unwrap();
    let root = writer.add_listing(&[]).unwrap();
    writer.finish(root, &attributes, header).unwrap().0
}

fn archive_file(repository: &Path) -> ArchiveFile {
    let mut specification = Specification::of(vec!["/home/me".into()]);
    specification.exclude_files = vec!["*.o".into()];
    ArchiveFile {
        format: ARCHIVE_FORMAT,
        id: ARCHIVE,
        name: ArchiveName::new("docs").unwrap(),
        host: "laptop".into(),
        user: "me".into(),
        repository: RepositoryRef {
            id: REPOSITORY,
            place: repository.to_owned(),
        },
        specification,
    }
}

fn disk() -> Disk {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().canonicalize().unwrap().join("disk");
    let repository = repository_place(&location, "me", &RepositoryName::new("main").unwrap());
    make_repository(&repository, REPOSITORY);
    let file = archive_file(&repository);
    let place = archive_place(&location, "laptop", "me", &file.name);
    let archive = Archive::create(&place, &file).unwrap();
    for name in ["2026-01-01-00-00-00", "2026-01-02-00-00-00"] {
        let mut new = archive.new_file().unwrap();
        new.write_all(&snapshot(&file, name)).unwrap();
        archive
            .publish(
                new,
                name.parse::<crate::snapshot::archive::name::SnapshotName>()
                    .unwrap()
                    .time(),
            )
            .unwrap();
    }
    Disk {
        _folder: folder,
        location,
        repository,
        archive: place,
    }
}

impl Disk {
    /// The same disk, mounted somewhere else.
    fn moved(mut self) -> Disk {
        let old = self.location.clone();
        self.location = old.with_file_name("moved");
        fs::rename(&old, &self.location).unwrap();
        let moved = |path: &Path| self.location.join(path.strip_prefix(&old).unwrap());
        self.repository = moved(&self.repository);
        self.archive = moved(&self.archive);
        self
    }

    fn search(&self) -> Found {
        search(std::slice::from_ref(&self.location), &Monitor::new()).unwrap()
    }

    fn lose_archive_file(&self) {
        fs::remove_file(self.archive.join("archive.toml")).unwrap();
    }
}

fn names(series: &Series) -> Vec<String> {
    series
        .snapshots
        .iter()
        .map(|file| file.name.stem())
        .collect()
}

#[test]
fn a_search_finds_the_repository_and_the_archive() {
    let disk = disk();
    let found = disk.search();
    assert!(found.problems.is_empty());
    assert_eq!(
        found.repository_places(),
        std::slice::from_ref(&disk.repository)
    );
    assert_eq!(found.repositories[0].file.as_ref().unwrap().id, REPOSITORY);
    assert_eq!(found.series.len(), 1);
    let series = &found.series[0];
    assert_eq!(series.place, disk.archive);
    assert_eq!(series.archive.name.as_str(), "docs");
    assert!(series.has_archive_file);
    assert_eq!(
        names(series),
        ["2026-01-01-00-00-00", "2026-01-02-00-00-00"]
    );
    // Searched twice, found once; a link leads nowhere.
    std::os::unix::fs::symlink(&disk.location, disk.location.join("again")).unwrap();
    let folders = [disk.location.clone(), disk.archive.clone()];
    let found = search(&folders, &Monitor::new()).unwrap();
    assert_eq!((found.repositories.len(), found.series.len()), (1, 1));
}

#[test]
fn the_insides_of_a_repository_are_not_gone_through_and_what_is_beside_it_is() {
    let disk = disk();
    let copy = disk.archive.join("2026-01-01-00-00-00.snapshot");
    for inside in ["packs", "ab", "notes"] {
        let folder = disk.repository.join(inside);
        fs::create_dir(&folder).unwrap();
        fs::copy(&copy, folder.join("x.snapshot")).unwrap();
    }
    let places: Vec<PathBuf> = disk.search().series.into_iter().map(|s| s.place).collect();
    assert_eq!(places, [disk.repository.join("notes"), disk.archive]);
}

#[test]
fn files_of_other_programs_are_no_backups() {
    let disk = disk();
    let other = disk.location.join("project");
    fs::create_dir_all(other.join("deep")).unwrap();
    for name in [
        "repository.toml",
        "archive.toml",
        "a.snapshot",
        "b.snapshot",
    ] {
        fs::write(other.join(name), "name = 'something'\n").unwrap();
    }
    fs::write(
        other.join("deep").join("2026-01-01-00-00-00.snapshot"),
        "no",
    )
    .unwrap();
    let found = disk.search();
    assert_eq!((found.repositories.len(), found.series.len()), (1, 1));
    assert!(found.problems.is_empty());
}

#[test]
fn what_is_damaged_is_listed_as_that() {
    let disk = disk();
    fs::write(disk.repository.join("repository.toml"), "garbage").unwrap();
    fs::write(disk.archive.join("archive.toml"), "garbage").unwrap();
    let found = disk.search();
    let error = found.repositories[0].file.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    fs::remove_file(disk.repository.join("repository.toml")).unwrap();
    let lost = disk.search();
    let error = lost.repositories[0].file.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // The snapshots tell what archive.toml does not.
    assert_eq!(found.series.len(), 1);
    assert!(!found.series[0].has_archive_file);
    assert_eq!(found.series[0].archive.id, ARCHIVE);
    assert_eq!(found.series[0].problems.len(), 1);
}

#[test]
fn a_cancelled_search_does_not_look_complete() {
    let disk = disk();
    let monitor = Monitor::new();
    monitor.cancel();
    let error = search(std::slice::from_ref(&disk.location), &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let error = search(&[disk.location.join("none")], &Monitor::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn loose_snapshots_are_enough() {
    let disk = disk();
    disk.lose_archive_file();
    let series = Series::open(&disk.archive).unwrap();
    assert_eq!(series.archive, archive_file(&disk.repository));
    assert_eq!(
        names(&series),
        ["2026-01-01-00-00-00", "2026-01-02-00-00-00"]
    );
    let newest = series.select(Select::Back(0)).unwrap();
    assert!(newest.path.ends_with("2026-01-02-00-00-00.snapshot"));
    let error = series.select(Select::Back(2)).unwrap_err().to_string();
    assert!(error.contains("2 snapshots"), "{error}");

    // One file, under a name of its own.
    let copy = disk.location.join("old letters.snapshot");
    fs::copy(&newest.path, &copy).unwrap();
    let series = Series::open(&copy).unwrap();
    assert_eq!(names(&series), ["2026-01-02-00-00-00"]);
    assert_eq!(series.place, disk.location);
    assert_eq!(disk.search().series.len(), 2);
}

#[test]
fn a_folder_with_snapshots_of_two_archives_is_refused_but_found() {
    let disk = disk();
    disk.lose_archive_file();
    let mut other = archive_file(&disk.repository);
    other.id = Id([9; 16]);
    fs::write(
        disk.archive.join("x.snapshot"),
        snapshot(&other, "2026-01-05-00-00-00"),
    )
    .unwrap();
    let error = Series::open(&disk.archive).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(adopt_archive(&disk.archive, None).is_err());
    let found = disk.search();
    assert_eq!(found.series.len(), 2);
    assert_eq!(
        Series::open(&disk.archive.join("x.snapshot"))
            .unwrap()
            .archive
            .id,
        other.id
    );
}

#[test]
fn a_damaged_snapshot_hides_no_other() {
    let disk = disk();
    disk.lose_archive_file();
    fs::write(disk.archive.join("2026-01-01-00-00-00.snapshot"), "garbage").unwrap();
    let series = Series::open(&disk.archive).unwrap();
    assert_eq!(names(&series), ["2026-01-02-00-00-00"]);
    assert!(series.problems[0].to_string().contains("2026-01-01"));
    fs::write(disk.archive.join("2026-01-02-00-00-00.snapshot"), "garbage").unwrap();
    assert_eq!(
        Series::open(&disk.archive).unwrap_err().kind(),
        ErrorKind::Damaged
    );
}

#[test]
fn where_there_are_no_snapshots_the_error_says_so() {
    let disk = disk();
    let error = Series::open(&disk.location).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains(".snapshot"), "{error}");
    let error = Series::open(&disk.location.join("none")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn the_repository_is_found_where_it_was_and_where_the_disk_is_now() {
    let disk = disk();
    let wanted = archive_file(&disk.repository).repository;
    let find = |disk: &Disk| find_repository(&wanted, &disk.archive, None, &[]);
    assert_eq!(find(&disk).unwrap(), disk.repository);
    let disk = disk.moved();
    assert_eq!(find(&disk).unwrap(), disk.repository);
    // Under another name in the same tree.
    let renamed = disk.repository.with_file_name("renamed");
    fs::rename(&disk.repository, &renamed).unwrap();
    assert_eq!(find(&disk).unwrap(), renamed);
    // Anywhere at all.
    let away = disk.location.with_file_name("away");
    fs::rename(&renamed, &away).unwrap();
    assert_eq!(find(&disk).unwrap_err().kind(), ErrorKind::NotFound);
    let found = [disk.archive.clone(), away.clone()];
    assert_eq!(
        find_repository(&wanted, &disk.archive, None, &found).unwrap(),
        away
    );
    assert_eq!(
        find_repository(&wanted, &disk.archive, Some(&away), &[]).unwrap(),
        away
    );
}

#[test]
fn a_repository_with_another_id_is_never_taken() {
    let disk = disk();
    let wanted = archive_file(&disk.repository).repository;
    fs::remove_dir_all(&disk.repository).unwrap();
    make_repository(&disk.repository, Id([7; 16]));
    let error = find_repository(&wanted, &disk.archive, None, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let given = Some(&*disk.repository);
    let error = find_repository(&wanted, &disk.archive, given, &[]).unwrap_err();
    assert!(error.to_string().contains("another one"), "{error}");
    // One that is damaged is told apart from one that is not there.
    fs::write(disk.repository.join("repository.toml"), "garbage").unwrap();
    let error = find_repository(&wanted, &disk.archive, None, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
}

#[test]
fn an_archive_is_adopted_with_its_repository() {
    let disk = disk();
    let adopted = adopt_archive(&disk.archive, None).unwrap();
    assert!(adopted.is_file_current && adopted.problems.is_empty());
    assert_eq!(adopted.file, archive_file(&disk.repository));
    assert_eq!(adopted.place, disk.archive);
    assert_eq!(adopted.repository.id, REPOSITORY);
    assert_eq!(adopted.repository.name.as_str(), "main");
    assert_eq!(
        adopt_repository(&disk.repository).unwrap(),
        adopted.repository
    );

    let disk = disk.moved();
    let adopted = adopt_archive(&disk.archive, None).unwrap();
    assert!(!adopted.is_file_current);
    assert_eq!(adopted.file.repository.place, disk.repository);
    Archive::replace_file(&adopted.place, &adopted.file).unwrap();
    assert!(adopt_archive(&disk.archive, None).unwrap().is_file_current);

    fs::write(disk.archive.join("archive-2.toml"), "garbage").unwrap();
    let adopted = adopt_archive(&disk.archive, Some(&disk.repository)).unwrap();
    assert!(!adopted.is_file_current);
    assert_eq!(adopted.file, archive_file(&disk.repository));
    assert_eq!(adopted.problems.len(), 1);
}

#[test]
fn a_header_with_a_hostile_name_and_place_is_tamed() {
    let disk = disk();
    let mut file = archive_file(Path::new("/x/gibus.d/../../etc"));
    file.specification.includes.clear();
    let bytes = snapshot(&file, "2026-01-05-00-00-00");
    let path = disk.location.join("x.snapshot");
    fs::write(&path, bytes).unwrap();
    let series = Series::open(&path).unwrap();
    let error = find_repository(&series.archive.repository, &series.place, None, &[]);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    let mut header = crate::snapshot::file::Snapshot::open(&path)
        .unwrap()
        .header()
        .clone();
    header.archive.name = "../../etc".into();
    header.specification = "not = [toml".into();
    let file = ArchiveFile::from_header(&header);
    assert_eq!(file.name, ArchiveName::default());
    assert!(file.specification.validate().is_err());
}
