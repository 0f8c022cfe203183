//! Trees of every sort come back as they were.

use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};

use rustix::fs::{FileType, Mode, OFlags, mkdirat, mknodat, openat};

use super::*;
use crate::snapshot::capture::open_folder;

#[test]
fn a_snapshot_has_what_was_on_the_disk() {
    let fixture = Fixture::new();
    fixture.write("a/small", "hello");
    fixture.write("a/empty", "");
    fixture.write("a/b/c/large", noise(1, 5 << 20));
    fixture.write("zeros", vec![0; 3 << 20]);
    fs::create_dir(fixture.source.join("empty folder")).unwrap();
    symlink("a/small", fixture.source.join("link")).unwrap();
    let handle = File::open(&fixture.source).unwrap();
    mknodat(&handle, "fifo", FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(fixture.source.join("socket")).unwrap();
    for name in [&b"\n"[..], b"-rf", b"\xff\xfe", b"\x1b[31m", &[b'n'; 255]] {
        fs::write(fixture.source.join(OsStr::from_bytes(name)), name).unwrap();
    }
    let script = fixture.write("script", "#!/bin/sh");
    fs::set_permissions(script, fs::Permissions::from_mode(0o4755)).unwrap();

    let backup = fixture.back_up();
    assert_eq!(backup.problems.kept.len(), 0, "{:?}", backup.problems);
    assert!(backup.report.is_complete && backup.snapshot.header().complete);
    backup.assert_is_the_disk();
    backup.snapshot.verify().unwrap();

    let stats = &backup.report.stats;
    assert_eq!((stats.files, stats.read_files), (10, 10));
    assert_eq!((stats.symbolic_links, stats.other), (1, 2));
    assert_eq!(stats.new_contents, 10);
    let above = fixture.source.ancestors().count() as u64 - 2;
    assert_eq!(stats.directories, 4 + 1 + above);
    let totals = backup.snapshot.header().totals;
    assert_eq!((totals.files, totals.bytes), (13, stats.bytes));
    assert_eq!(backup.snapshot.header().build, *stats);
    let owner = backup.entry("script").attributes.uid;
    assert!(
        backup
            .snapshot
            .header()
            .users
            .iter()
            .any(|user| user.id == owner)
    );
}

#[test]
fn many_folders_and_files_of_all_sizes_come_in_order() {
    let fixture = Fixture::new();
    // The first folder is read for long, while those after it are complete at once.
    fixture.write("0/long", noise(7, 30 << 20));
    for folder in 0..300 {
        for file in 0..3 {
            let len = (folder * 37 + file * 11) % 5000;
            fixture.write(&format!("{folder}/d{file}/f"), noise(folder as u64, len));
        }
    }
    let backup = fixture.back_up();
    assert_eq!(backup.problems.kept.len(), 0, "{:?}", backup.problems);
    backup.assert_is_the_disk();
    backup.snapshot.verify().unwrap();
}

#[test]
fn progress_ends_where_it_was_to_end() {
    let fixture = Fixture::new();
    let long = fixture.write("long", noise(1, 3 << 20));
    fs::hard_link(long, fixture.source.join("link")).unwrap();
    symlink("long", fixture.source.join("symbolic")).unwrap();
    fixture.write("small", "x");
    let sparse = File::create(fixture.source.join("sparse")).unwrap();
    sparse.set_len(10 << 20).unwrap();
    for _ in 0..2 {
        let monitor = Arc::new(Monitor::new());
        back_up(&fixture.request(), &monitor).unwrap();
        let value = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!(value(&monitor.files_done), 5);
        assert_eq!(value(&monitor.files_total), 5);
        assert_eq!(value(&monitor.bytes_done), (16 << 20) + 1);
        assert_eq!(value(&monitor.bytes_total), (16 << 20) + 1);
    }
}

#[test]
fn hard_links_are_read_once_and_known_as_such() {
    let fixture = Fixture::new();
    let first = fixture.write("a/first", noise(3, 2 << 20));
    fs::create_dir(fixture.source.join("b")).unwrap();
    for name in ["a/second", "b/third", "0"] {
        fs::hard_link(&first, fixture.source.join(name)).unwrap();
    }
    let other = fixture.write("other", "x");
    fs::hard_link(&other, fixture.source.join("other 2")).unwrap();
    fixture.write("single", "y");
    for round in 0..2 {
        let backup = fixture.back_up();
        backup.assert_is_the_disk();
        let stats = &backup.report.stats;
        assert_eq!(stats.hard_links, 4);
        assert_eq!(stats.read_files, if round == 0 { 3 } else { 0 });
        let names = ["a/first", "a/second", "b/third", "0"];
        let entries = names.map(|name| backup.entry(name));
        for entry in &entries {
            assert!(entry.hard_link.is_some());
            assert_eq!(entry.hard_link, entries[0].hard_link);
            assert_eq!(entry.kind, entries[0].kind);
            assert_eq!(entry.attributes, entries[0].attributes);
        }
        assert_ne!(backup.entry("other").hard_link, entries[0].hard_link);
        assert_eq!(backup.entry("single").hard_link, None);
    }
}

#[test]
fn holes_are_kept_and_not_read() {
    let fixture = Fixture::new();
    let sparse = File::create(fixture.source.join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    sparse.write_all_at(&noise(1, 100_000), 1 << 30).unwrap();
    sparse.write_all_at(&noise(2, 3 << 20), 1 << 39).unwrap();
    let small = File::create(fixture.source.join("small")).unwrap();
    small.write_all_at(b"start", 0).unwrap();
    small.write_all_at(b"end", 1 << 20).unwrap();
    if !crate::snapshot::capture::holes::may_have_holes(
        &crate::snapshot::capture::Stat::of(&small).unwrap(),
    ) {
        eprintln!("skipped: no sparse files here");
        return;
    }
    let backup = fixture.back_up();
    assert!(backup.report.stats.read_bytes < 4 << 20);
    let Kind::File(file) = backup.entry("sparse").kind else {
        panic!("no file");
    };
    assert_eq!(file.size, 1 << 40);
    assert_eq!(file.holes.len(), 3);
    let entry = backup.entry("small");
    assert_eq!(
        backup.bytes(&entry),
        fs::read(fixture.source.join("small")).unwrap()
    );
    assert_eq!(fixture.back_up().read_files(), 0);
}

#[test]
fn extended_attributes_are_kept() {
    let fixture = Fixture::new();
    let path = fixture.write("file", "");
    let flags = rustix::fs::XattrFlags::empty();
    if let Err(e) = rustix::fs::setxattr(&path, "user.note", b"\0x", flags) {
        eprintln!("skipped: no extended attributes here: {e}");
        return;
    }
    rustix::fs::setxattr(&fixture.source, "user.top", b"", flags).unwrap();
    for _ in 0..2 {
        let backup = fixture.back_up();
        let extended = &backup.entry("file").attributes.extended;
        let found = extended.iter().find(|a| a.name == b"user.note").unwrap();
        assert_eq!(found.value, b"\0x");
        let extended = &backup.entry("").attributes.extended;
        assert!(extended.iter().any(|a| a.name == b"user.top"));
    }
}

#[test]
fn paths_beyond_the_systems_limit_are_kept() {
    let fixture = Fixture::new();
    let mut handle = open_folder(
        rustix::fs::CWD,
        &CString::new(fixture.source.as_os_str().as_bytes()).unwrap(),
    )
    .unwrap();
    let name = CString::new("x".repeat(200)).unwrap();
    for _ in 0..1000 {
        mkdirat(&handle, &name, Mode::RWXU).unwrap();
        handle = open_folder(&handle, &name).unwrap();
    }
    let file = openat(&handle, "file", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR).unwrap();
    File::from(file).write_all_at(b"deep", 0).unwrap();
    for round in 0..2 {
        let backup = fixture.back_up();
        assert_eq!(backup.problems.kept.len(), 0);
        assert_eq!(backup.read_files(), 1 - round);
        let mut walk = backup.snapshot.walk(b"", backup.snapshot.root());
        let mut last = None;
        while let Some(step) = walk.advance().unwrap() {
            if step.entry.name.as_bytes() == b"file" {
                assert!(step.path.len() > 200_000);
                last = Some(step.entry);
            }
        }
        assert_eq!(backup.bytes(&last.unwrap()), b"deep");
    }
}

#[test]
fn a_folder_with_very_many_files_is_kept_whole() {
    let fixture = Fixture::new();
    for number in 0..20_000 {
        fs::write(fixture.source.join(format!("{number}")), "").unwrap();
    }
    let backup = fixture.back_up();
    assert_eq!(backup.tree().len(), 20_000);
    assert_eq!(backup.report.stats.new_contents, 1);
    assert_eq!(fixture.back_up().read_files(), 0);
}

#[test]
fn the_backups_themselves_are_left_out() {
    let fixture = Fixture::with(|specification| {
        let top = specification.includes[0].parent().unwrap().to_owned();
        specification.includes = vec![top];
    });
    fixture.write("file", "x");
    let backup = fixture.back_up();
    assert!(backup.find(&fixture.source.join("file")).is_some());
    assert!(backup.find(fixture.archive.place()).is_none());
    assert!(backup.find(fixture.repository.place()).is_none());
}
