//! A second backup reads what changed, and nothing else.

use std::fs::{self, FileTimes, OpenOptions};
use std::io::Write;
use std::time::SystemTime;

use super::*;

#[test]
fn an_unchanged_tree_is_not_read() {
    let fixture = Fixture::new();
    for number in 0..50 {
        fixture.write(&format!("d{}/f{number}", number % 7), noise(number, 1000));
    }
    let first = fixture.back_up();
    let second = fixture.back_up();
    let stats = &second.report.stats;
    assert_eq!((stats.read_files, stats.read_bytes), (0, 0));
    assert_eq!((stats.unchanged_files, stats.new_contents), (50, 0));
    assert_eq!(second.report.previous, first.report.snapshot);
    second.assert_is_the_disk();
    let kinds = |backup: &Backup<'_>| -> Vec<_> {
        let files = backup.tree().into_values();
        files.filter_map(|entry| entry.token().copied()).collect()
    };
    assert_eq!(kinds(&first), kinds(&second));
    let (first, second) = (first.snapshot.header(), second.snapshot.header());
    assert_eq!(second.predecessor_claim_id, Some(first.claim_id));
    assert_ne!(second.claim_id, first.claim_id);
}

#[test]
fn what_changed_is_read_and_nothing_else() {
    let fixture = Fixture::new();
    for name in ["grown", "same", "d/replaced", "d/same", "gone"] {
        fixture.write(name, name);
    }
    fixture.back_up();
    let mut grown = OpenOptions::new()
        .append(true)
        .open(fixture.source.join("grown"))
        .unwrap();
    grown.write_all(b" more").unwrap();
    fixture.write("d/new", "!");
    fixture.write("new folder/new", "?");
    fs::remove_file(fixture.source.join("gone")).unwrap();
    fs::remove_file(fixture.source.join("d/replaced")).unwrap();
    fs::create_dir(fixture.source.join("d/replaced")).unwrap();
    let backup = fixture.back_up();
    backup.assert_is_the_disk();
    assert_eq!(backup.read_files(), 3);
    assert_eq!(backup.report.stats.unchanged_files, 2);
}

#[test]
fn other_bytes_under_the_same_size_and_time_are_noticed() {
    let fixture = Fixture::new();
    let path = fixture.write("file", "aaaa");
    let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    let set_time = || {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
    };
    set_time();
    fixture.back_up();
    fs::write(&path, "bbbb").unwrap();
    set_time();
    let backup = fixture.back_up();
    assert_eq!(backup.bytes(&backup.entry("file")), b"bbbb");
}

#[test]
fn a_write_right_after_the_backup_is_noticed() {
    let fixture = Fixture::new();
    for round in 0..10_u8 {
        let path = fixture.write("file", [round; 4]);
        fixture.back_up();
        // As a rule within the same tick of the clock that stamps files.
        fs::write(&path, [round + 100; 4]).unwrap();
        let backup = fixture.back_up();
        assert_eq!(backup.bytes(&backup.entry("file")), [round + 100; 4]);
    }
}

#[test]
fn a_changed_mode_is_kept_without_new_content() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let path = fixture.write("file", "x");
    fixture.back_up();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let backup = fixture.back_up();
    backup.assert_is_the_disk();
    assert_eq!(backup.report.stats.new_contents, 0);
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let fixture = Fixture::new();
    fixture.write("old", "12345");
    fixture.back_up();
    fixture.write("new", "123");
    let files = |folder: &Path| walkdir::WalkDir::new(folder).into_iter().count();
    let before = (
        files(fixture.archive.place()),
        files(fixture.repository.place()),
    );
    let request = BackupRequest {
        is_dry_run: true,
        ..fixture.request()
    };
    let report = back_up(&request, &Arc::new(Monitor::new())).unwrap();
    assert_eq!(report.snapshot, None);
    let stats = &report.stats;
    assert_eq!((stats.files, stats.bytes), (2, 8));
    assert_eq!(
        (stats.unchanged_files, stats.read_files, stats.read_bytes),
        (1, 1, 3)
    );
    let after = (
        files(fixture.archive.place()),
        files(fixture.repository.place()),
    );
    assert_eq!(before, after);
    let stored = fixture.back_up().report.stats;
    assert_eq!(stats.directories, stored.directories);
}

#[test]
fn a_damaged_snapshot_costs_the_comparison_with_it_only() {
    let fixture = Fixture::new();
    fixture.write("a", "a");
    let first = fixture.back_up();
    fixture.write("b", "b");
    let second = fixture.back_up();
    let damaged = fixture.archive.path_of(second.report.snapshot.unwrap());
    let len = fs::metadata(&damaged).unwrap().len();
    let file = OpenOptions::new().write(true).open(&damaged).unwrap();
    file.set_len(len / 2).unwrap();
    let third = fixture.back_up();
    third.assert_is_the_disk();
    assert_eq!(third.report.previous, first.report.snapshot);
    assert_eq!(third.read_files(), 1);
    assert_eq!((third.problems.notices, third.problems.warnings), (1, 0));
}
