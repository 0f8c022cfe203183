//! Archives in real folders.

use super::file::tests::sample;
use super::*;
use crate::snapshot::places::ArchiveName;
use jiff::civil::datetime;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let name = ArchiveName::new("docs").unwrap();
    let path = crate::snapshot::places::archive_place(folder.path(), "laptop", "me", &name);
    Place {
        path,
        _folder: folder,
    }
}

fn noon() -> DateTime {
    datetime(2026, 11, 23, 12, 0, 0, 5)
}

fn publish(archive: &Archive, text: &str, now: DateTime) -> String {
    let mut file = archive.new_file().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    archive.publish(file, now).unwrap().stem()
}

#[test]
fn an_archive_is_found_again_as_it_was_made() {
    let place = place();
    let error = Archive::open(&place.path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let made = Archive::create(&place.path, &sample()).unwrap();
    assert_eq!(made.file(), &sample());
    let opened = Archive::open(&place.path).unwrap();
    assert_eq!(opened.file(), &sample());
    assert!(opened.snapshots().unwrap().is_empty());
    let error = Archive::create(&place.path, &sample()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

#[test]
fn an_archive_is_for_its_owner_only() {
    let place = place();
    Archive::create(&place.path, &sample()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path), 0o700);
    assert_eq!(mode(&place.path.join("archive.toml")), 0o600);
}

#[test]
fn another_archive_in_the_same_place_is_told_apart() {
    let place = place();
    let archive = Archive::create(&place.path, &sample()).unwrap();
    archive.expect_id(sample().id).unwrap();
    let error = archive.expect_id(Id([9; 16])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_change_leaves_one_file_with_the_next_number() {
    let place = place();
    let mut archive = Archive::create(&place.path, &sample()).unwrap();
    for glob in ["*.o", "*.tmp"] {
        archive
            .update(|file| file.specification.exclude_files.push(glob.into()))
            .unwrap();
    }
    // What changes nothing writes nothing.
    archive.update(|_| ()).unwrap();
    let opened = Archive::open(&place.path).unwrap();
    assert_eq!(opened.specification().exclude_files, ["*.o", "*.tmp"]);
    let numbers = file::numbered(&**opened.storage()).unwrap();
    assert_eq!(numbers, [(3, "archive-3.toml".to_owned())]);
}

#[test]
fn an_older_file_that_was_left_behind_does_not_count() {
    let place = place();
    let mut archive = Archive::create(&place.path, &sample()).unwrap();
    let old = fs::read(place.path.join("archive.toml")).unwrap();
    archive.update(|file| file.host = "other".into()).unwrap();
    fs::write(place.path.join("archive.toml"), old).unwrap();
    assert_eq!(Archive::open(&place.path).unwrap().file().host, "other");
}

#[test]
fn a_damaged_file_is_reported_and_can_be_replaced() {
    let place = place();
    Archive::create(&place.path, &sample()).unwrap();
    let path = place.path.join("archive.toml");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Archive::open(&place.path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("archive.toml"), "{error}");
    Archive::replace_file(&place.path, &sample()).unwrap();
    assert_eq!(Archive::open(&place.path).unwrap().file(), &sample());
}

#[test]
fn snapshots_are_listed_oldest_first_and_nothing_else_is() {
    let place = place();
    let archive = Archive::create(&place.path, &sample()).unwrap();
    assert_eq!(publish(&archive, "one", noon()), "2026-11-23-12-00-00");
    // In the same second, and with a clock that went back.
    assert_eq!(publish(&archive, "second", noon()), "2026-11-23-12-00-01");
    let before = datetime(2020, 1, 1, 0, 0, 0, 0);
    assert_eq!(publish(&archive, "3", before), "2026-11-23-12-00-02");
    for other in ["2026-11-23-12-00-09.snapshot~", "notes.txt", "x.snapshot"] {
        fs::write(place.path.join(other), "").unwrap();
    }
    fs::create_dir(place.path.join("2030-01-01-00-00-00.snapshot")).unwrap();
    let snapshots = archive.snapshots().unwrap();
    let length = |name: &SnapshotName| archive.path_of(*name).metadata().unwrap().len();
    let lengths: Vec<u64> = snapshots.iter().map(length).collect();
    assert_eq!(lengths, [3, 6, 1]);
    assert_eq!(archive.select(Select::Back(0)).unwrap(), snapshots[2]);
    let (_, on_opening) = Archive::open_with_snapshots(&place.path).unwrap();
    assert_eq!(on_opening, snapshots);
    let error = archive.select(Select::Back(3)).unwrap_err().to_string();
    assert!(
        error.contains("docs") && error.contains("3 snapshots"),
        "{error}"
    );
}

#[test]
fn snapshots_that_are_published_at_the_same_moment_all_get_names() {
    let place = place();
    let archive = Archive::create(&place.path, &sample()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let archive = &archive;
            scope.spawn(move || publish(archive, &number.to_string(), noon()));
        }
    });
    let snapshots = archive.snapshots().unwrap();
    assert_eq!(snapshots.len(), 8);
    assert!(archive.storage().leftovers().unwrap().is_empty());
}

#[test]
fn a_snapshot_is_removed_once() {
    let place = place();
    let archive = Archive::create(&place.path, &sample()).unwrap();
    publish(&archive, "one", noon());
    let name = archive.select(Select::Back(0)).unwrap();
    archive.remove(name).unwrap();
    assert!(!archive.path_of(name).exists());
    let error = archive.remove(name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn an_archive_is_deleted_only_when_it_has_no_snapshots() {
    let place = place();
    let archive = Archive::create(&place.path, &sample()).unwrap();
    publish(&archive, "one", noon());
    assert!(archive.clone().delete().is_err());
    archive
        .remove(archive.select(Select::Back(0)).unwrap())
        .unwrap();
    archive.delete().unwrap();
    assert!(!place.path.exists());

    let archive = Archive::create(&place.path, &sample()).unwrap();
    fs::write(place.path.join("mine.txt"), "keep me").unwrap();
    archive.delete().unwrap();
    assert_eq!(fs::read(place.path.join("mine.txt")).unwrap(), b"keep me");
}
