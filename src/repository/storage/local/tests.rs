//! Local storage on real folders: the suite that every storage passes, and what only this one does.

use super::*;
use crate::repository::storage::{publish_bytes, publish_one, read_bytes, suite};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

fn storage() -> (tempfile::TempDir, LocalStorage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = LocalStorage::create(&folder.path().join("a/b")).unwrap();
    (folder, storage)
}

#[test]
fn it_is_a_storage() {
    let (_folder, storage) = storage();
    suite::exercise(&storage);
}

#[test]
fn it_is_one_with_every_way_of_naming_and_syncing() {
    for naming in 0..3 {
        for at_once in [false, true] {
            let (_folder, storage) = storage();
            storage
                .place
                .naming
                .store(naming, std::sync::atomic::Ordering::Relaxed);
            storage.place.syncs_at_once.set(at_once).unwrap();
            suite::exercise(&storage);
        }
    }
}

#[test]
fn only_the_owner_can_enter_and_read() {
    let (folder, storage) = storage();
    publish_bytes(&storage, "x/y", b"1").unwrap();
    for (path, mode) in [
        ("a", 0o700),
        ("a/b", 0o700),
        ("a/b/x", 0o700),
        ("a/b/x/y", 0o600),
    ] {
        let found = std::fs::metadata(folder.path().join(path)).unwrap();
        assert_eq!(found.permissions().mode() & 0o7777, mode, "{path}");
    }
}

#[test]
fn a_missing_folder_is_not_opened() {
    let error = LocalStorage::open(Path::new("/nowhere/at/all"))
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn nothing_is_written_where_another_folder_took_the_place() {
    let (folder, storage) = storage();
    publish_bytes(&storage, "x/1", b"1").unwrap();
    // As when the disk is unmounted and its mount point remains.
    let place = folder.path().join("a/b");
    std::fs::rename(&place, folder.path().join("moved")).unwrap();
    std::fs::create_dir(&place).unwrap();
    publish_bytes(&storage, "x/2", b"2").unwrap();
    publish_bytes(&storage, "new/3", b"3").unwrap();
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    assert!(folder.path().join("moved/x/2").exists());
}

#[test]
fn a_place_that_was_deleted_is_unavailable() {
    let (folder, storage) = storage();
    std::fs::remove_dir_all(folder.path().join("a/b")).unwrap();
    let error = publish_bytes(&storage, "x/1", b"1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_file_that_is_not_published_leaves_nothing_behind() {
    let (folder, storage) = storage();
    let mut small = storage.create().unwrap();
    small.write_all(b"small").unwrap();
    let mut big = storage.create().unwrap();
    big.write_all(&[0; 1 << 20]).unwrap();
    let temporary = folder.path().join("a/b/tmp");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1);
    drop((small, big));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn what_dead_processes_left_is_found_and_what_others_write_is_not() {
    let (folder, storage) = storage();
    let mut mine = storage.create().unwrap();
    mine.write_all(&[0; 1 << 20]).unwrap();

    let mut dead = Process::current().clone();
    dead.start_time += 1;
    let mut foreign = dead.clone();
    foreign.boot ^= 1;
    foreign.machine ^= 1;
    let temporary = folder.path().join("a/b/tmp");
    for (owner, random) in [(&dead, 1), (&foreign, 2), (&foreign, 3)] {
        std::fs::write(temporary.join(format!("{owner}-{random}")), b"xyz").unwrap();
    }
    std::fs::write(temporary.join("not-ours"), b"").unwrap();
    let old = std::fs::File::open(temporary.join(format!("{foreign}-3"))).unwrap();
    let week_ago = SystemTime::now() - ABANDONED - Duration::from_secs(60);
    old.set_modified(week_ago).unwrap();

    let mut left = storage.leftovers().unwrap();
    left.sort();
    let mut expected = [format!("{dead}-1"), format!("{foreign}-3")];
    expected.sort();
    assert_eq!(left, expected.map(|name| Listed { name, bytes: 3 }));
    for file in left {
        storage.delete_leftover(&file.name).unwrap();
    }
    assert!(storage.leftovers().unwrap().is_empty());
    publish_one(&storage, mine, "x/mine").unwrap();
    assert_eq!(storage.size("x/mine").unwrap(), Some(1 << 20));
}

#[test]
fn what_is_not_a_file_is_damage_and_does_not_block() {
    let (folder, storage) = storage();
    let place = folder.path().join("a/b");
    std::fs::create_dir(place.join("folder")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.join("link")).unwrap();
    rustix::fs::mknodat(CWD, place.join("pipe"), FileType::Fifo, FOLDER_MODE, 0).unwrap();
    for name in ["folder", "pipe"] {
        assert_eq!(
            storage.open(name).err().unwrap().kind(),
            ErrorKind::Damaged,
            "{name}"
        );
    }
    assert!(storage.open("link").is_err());
    assert!(storage.size("link").is_err());
    assert!(storage.list("").unwrap().is_empty());
}

#[test]
fn a_write_that_was_lost_ends_the_run() {
    let (_folder, storage) = storage();
    storage.place.lose_writes();
    let error = publish_bytes(&storage, "x/1", b"1").unwrap_err();
    assert!(error.advice().is_some());
    assert!(read_bytes(&storage, "x/1", 9).is_err());
}

#[test]
fn a_file_in_which_a_write_failed_is_not_published() {
    let (folder, storage) = storage();
    let mut file = storage.create().unwrap();
    std::fs::write(folder.path().join("a/b/tmp"), b"in the way").unwrap();
    assert!(file.write_all(&[0; 1 << 20]).is_err());
    std::fs::remove_file(folder.path().join("a/b/tmp")).unwrap();
    file.write_all(b"rest").unwrap();
    assert!(publish_one(&storage, file, "x/1").is_err());
    assert_eq!(storage.size("x/1").unwrap(), None);
}
