//! What goes wrong with one file is reported, and the rest is saved.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode};

use super::*;
use crate::snapshot::capture::Stat;
use crate::snapshot::scan::FoundFolder;
use crate::snapshot::scan::place::{Handles, Place};

/// Runs `test` as somebody who may not read everything: on a thread of its own, as root does not.
fn as_ordinary_user<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            test()
        });
        thread.join().unwrap()
    })
}

fn open_to_all(path: &Path) {
    for found in walkdir::WalkDir::new(path) {
        let found = found.unwrap();
        let mode = if found.file_type().is_dir() {
            0o777
        } else {
            0o666
        };
        fs::set_permissions(found.path(), fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn what_cannot_be_read_stays_in_the_snapshot_without_its_content() {
    let fixture = Fixture::new();
    fixture.write("closed", "secret");
    fixture.write("folder/inside", "secret");
    fixture.write("open", "x");
    open_to_all(fixture.source.parent().unwrap());
    for name in ["closed", "folder"] {
        let none = fs::Permissions::from_mode(0o000);
        fs::set_permissions(fixture.source.join(name), none).unwrap();
    }
    as_ordinary_user(|| {
        let backup = fixture.back_up();
        assert_eq!(backup.problems.warnings, 2, "{:?}", backup.problems);
        assert!(!backup.report.is_complete && !backup.snapshot.header().complete);
        assert_eq!(backup.report.stats.problems, 2);
        let closed = backup.entry("closed");
        assert!(closed.incomplete && closed.token().is_none());
        assert_eq!((closed.size(), closed.attributes.mode), (6, 0));
        let folder = backup.entry("folder");
        assert!(folder.incomplete && folder.is_directory());
        assert_eq!(backup.bytes(&backup.entry("open")), b"x");
    });
    // Once it can be read, it is, although nothing else about it changed.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(fixture.source.join("folder"), readable).unwrap();
    if rustix::process::geteuid().is_root() {
        let backup = fixture.back_up();
        assert!(backup.report.is_complete);
        backup.assert_is_the_disk();
    }
}

#[test]
fn an_unchanged_file_is_kept_whoever_may_read_it() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root, to save what others may not read");
        return;
    }
    let fixture = Fixture::new();
    let path = fixture.write("file", "kept");
    open_to_all(fixture.source.parent().unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    fixture.back_up();
    open_to_all(fixture.archive.place());
    open_to_all(fixture.repository.place());
    as_ordinary_user(|| {
        let backup = fixture.back_up();
        assert!(backup.report.is_complete, "{:?}", backup.problems);
        assert_eq!(backup.bytes(&backup.entry("file")), b"kept");
    });
}

#[test]
fn a_file_that_keeps_growing_is_kept_as_far_as_it_was_read() {
    let fixture = Fixture::new();
    let small = fixture.write("small log", "start\n");
    let long = fixture.write("long log", noise(1, 6 << 20));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let append = |path| OpenOptions::new().append(true).open(path).unwrap();
            let mut logs = [append(&small), append(&long)];
            while !is_over.load(Ordering::Relaxed) {
                for log in &mut logs {
                    log.write_all(b"more\n").unwrap();
                }
            }
        });
        for _ in 0..5 {
            let backup = fixture.back_up();
            for (name, path) in [("small log", &small), ("long log", &long)] {
                let entry = backup.entry(name);
                let bytes = backup.bytes(&entry);
                let now = fs::read(path).unwrap();
                assert!(now.starts_with(&bytes), "{name} is no start of the file");
                let is_reported = backup
                    .problems
                    .kept
                    .iter()
                    .any(|problem| problem.path == path_bytes(path));
                assert_eq!(entry.incomplete, is_reported);
            }
            assert_eq!(backup.report.is_complete, backup.problems.warnings == 0);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let backup = fixture.back_up();
    assert!(backup.report.is_complete);
    backup.assert_is_the_disk();
}

#[test]
fn a_tree_that_changes_all_the_time_ends_in_sound_snapshots() {
    let fixture = Fixture::new();
    for number in 0..20 {
        fixture.write(&format!("d{number}/f"), noise(number, 10_000));
    }
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut turn = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                turn += 1;
                let folder = fixture.source.join(format!("d{}", turn % 20));
                let _ = match turn % 7 {
                    0 => fs::remove_dir_all(&folder),
                    1 => fs::create_dir_all(&folder),
                    2 => fs::rename(folder.join("f"), folder.join("g")),
                    3 => symlink("/etc/passwd", folder.join("f")),
                    4 => fs::remove_file(folder.join("f")),
                    5 => fs::hard_link(folder.join("g"), folder.join("h")),
                    _ => fs::write(folder.join("f"), noise(turn, 2_000_000)),
                };
            }
        });
        for _ in 0..20 {
            let backup = fixture.back_up();
            backup.snapshot.verify().unwrap();
            for entry in backup.tree().values() {
                if entry.token().is_some() {
                    backup.bytes(entry);
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let backup = fixture.back_up();
    assert!(backup.report.is_complete, "{:?}", backup.problems);
}

/// A file as a scan gives it, found in the folder `top` as if that were `/`.
fn found(top: &Path, name: &std::ffi::CStr) -> FileToRead {
    let handle = File::open(top).unwrap();
    let place = Arc::new(Place::root(Stat::of(&handle).unwrap().id));
    let handles = Handles::default();
    let handle = handles.hold(handle.into());
    FileToRead {
        stat: Stat::at(&handle, name).unwrap(),
        folder: handles.keep(&place, &handle),
        name: name.to_owned(),
        hard_link: Some(1),
    }
}

/// Reads one file that was found and then changed by `change`.
fn read_after(change: impl FnOnce(&Path)) -> (Option<Entry>, Problems) {
    let fixture = Fixture::new();
    let path = fixture.write("file", "found");
    let file = found(&fixture.source, c"file");
    change(&path);
    let monitor = Arc::new(Monitor::new());
    let session = fixture.repository.begin_store("test", &monitor).unwrap();
    let flow = Flow::new(&monitor);
    let mut reader = FileReader::new(&flow, session.worker());
    let entry = reader.read(&file).unwrap();
    reader.finish().unwrap();
    session.keep().unwrap();
    (entry, monitor.problems())
}

#[test]
fn a_file_that_vanished_is_reported_and_left_out() {
    let (entry, problems) = read_after(|path| fs::remove_file(path).unwrap());
    assert!(entry.is_none());
    assert_eq!(problems.kept[0].why, "it was deleted meanwhile");
}

#[test]
fn what_became_another_type_is_reported_and_never_opened_further() {
    let changes: [fn(&Path); 3] = [
        |path| symlink("/etc/passwd", path).unwrap(),
        |path| fs::create_dir(path).unwrap(),
        |path| {
            let cwd = rustix::fs::CWD;
            rustix::fs::mknodat(cwd, path, FileType::Fifo, Mode::RUSR, 0).unwrap();
        },
    ];
    for change in changes {
        let (entry, problems) = read_after(|path| {
            fs::remove_file(path).unwrap();
            change(path);
        });
        assert!(entry.is_none());
        assert_eq!(problems.kept[0].why, "it is no regular file any more");
    }
}

#[test]
fn a_file_that_was_replaced_is_recorded_as_what_was_opened() {
    let (entry, problems) = read_after(|path| {
        let new = path.with_extension("new");
        fs::write(&new, "replaced by a longer one").unwrap();
        fs::rename(new, path).unwrap();
    });
    let entry = entry.unwrap();
    assert_eq!(entry.size(), 24);
    assert!(!entry.incomplete);
    assert_eq!(
        entry.hard_link, None,
        "it is not the file that had the links"
    );
    assert_eq!(problems.warnings, 0);
}

#[test]
fn a_file_whose_first_name_is_gone_is_read_through_the_next() {
    let fixture = Fixture::new();
    fixture.write("a", "moved by linking");
    for name in ["b", "c"] {
        fs::hard_link(fixture.source.join("a"), fixture.source.join(name)).unwrap();
    }
    let [a, b, c] = [c"a", c"b", c"c"].map(|name| found(&fixture.source, name));
    fs::remove_file(fixture.source.join("a")).unwrap();
    let place = a.folder.place.clone();
    let attributes = a.stat.attributes(Arc::default());

    let monitor = Arc::new(Monitor::new());
    let session = fixture.repository.begin_store("test", &monitor).unwrap();
    let flow = Flow::new(&monitor);
    let mut reader = FileReader::new(&flow, session.worker());
    let writer = SnapshotWriter::create(Vec::new(), Id([1; 16]), Id([2; 16]), Codec::None).unwrap();
    let assembler = Assembler::new(&flow, writer, FileReader::new(&flow, session.worker()));
    let (sender, messages) = bounded(4);
    sender.send(Message::Later(b)).unwrap();
    let entry = reader.read(&a).unwrap();
    assert!(entry.is_none());
    let done = Done::new(&a, entry);
    sender.send(Message::Read(vec![done])).unwrap();
    sender.send(Message::Later(c)).unwrap();
    let folder = FoundFolder {
        place,
        attributes,
        is_incomplete: false,
        entries: 3,
        subfolders: 1..1,
    };
    sender.send(Message::Folder(folder)).unwrap();
    drop(sender);
    let assembled = assembler.run(&messages).unwrap();
    reader.finish().unwrap();
    let stats = assembled.built.stats;
    assert_eq!((stats.files, stats.hard_links, stats.bytes), (2, 1, 32));
    assert_eq!(session.keep().unwrap().new_contents, 1);
}

#[test]
fn a_folder_mounted_below_itself_is_kept_as_an_empty_one() {
    let fixture = Fixture::new();
    fixture.write("d/file", "x");
    let below = fixture.source.join("d/loop");
    fs::create_dir(&below).unwrap();
    let mount = |arguments: &[&std::ffi::OsStr]| {
        let status = std::process::Command::new("mount").args(arguments).status();
        status.is_ok_and(|status| status.success())
    };
    if !mount(&["--bind".as_ref(), fixture.source.as_ref(), below.as_ref()]) {
        eprintln!("skipped: needs root, to mount a folder below itself");
        return;
    }
    let backup = fixture.back_up();
    let unmounted = std::process::Command::new("umount").arg(&below).status();
    assert!(unmounted.unwrap().success());
    assert_eq!((backup.problems.notices, backup.problems.warnings), (1, 0));
    assert!(backup.entry("d/loop").is_directory());
    assert_eq!(backup.tree().len(), 3);
}

#[test]
fn another_file_system_is_kept_as_an_empty_folder_if_asked_for() {
    let fixture = Fixture::with(|specification| specification.one_file_system = true);
    fixture.write("file", "x");
    let other = fixture.source.join("other");
    fs::create_dir(&other).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "none"])
        .arg(&other)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs root, to mount a file system");
        return;
    }
    fixture.write("other/inside", "y");
    let backup = fixture.back_up();
    let unmounted = std::process::Command::new("umount").arg(&other).status();
    assert!(unmounted.unwrap().success());
    assert!(backup.report.is_complete);
    assert!(backup.entry("other").is_directory());
    assert_eq!(backup.tree().len(), 2);
}

#[test]
fn a_full_disk_under_the_repository_ends_the_run_and_blames_no_file() {
    let fixture = Fixture::new();
    for number in 0..40 {
        fixture.write(&format!("{number}"), noise(number, 300_000));
    }
    let small = fixture.source.parent().unwrap().join("small");
    fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m", "none"])
        .arg(&small)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs root, to mount a small disk");
        return;
    }
    let settings = Settings::new(Layout::Packed, Codec::Zstd, None).unwrap();
    let repository = Repository::create(&small.join("repository"), &settings).unwrap();
    let mut archive = fixture.archive.clone();
    archive
        .update(|file| file.repository.id = repository.id())
        .unwrap();
    let request = BackupRequest {
        archive: &archive,
        repository: &repository,
        ..fixture.request()
    };
    let monitor = Arc::new(Monitor::new());
    let error = back_up(&request, &monitor).unwrap_err();
    drop(repository);
    let unmounted = std::process::Command::new("umount").arg(&small).status();
    assert!(unmounted.unwrap().success());
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    assert!(monitor.problems().kept.is_empty());
    assert!(archive.snapshots().unwrap().is_empty());
}

#[test]
fn no_include_at_all_is_an_error_and_one_missing_a_warning() {
    let missing = PathBuf::from("/nowhere/at all");
    let fixture = Fixture::with(|specification| specification.includes = vec![missing.clone()]);
    let error = back_up(&fixture.request(), &Arc::new(Monitor::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(fixture.archive.snapshots().unwrap().is_empty());

    let fixture = Fixture::with(|specification| specification.includes.push(missing.clone()));
    fixture.write("file", "x");
    let backup = fixture.back_up();
    assert!(!backup.report.is_complete);
    assert_eq!(backup.problems.kept[0].path, path_bytes(&missing));
    backup.assert_is_the_disk();
}

#[test]
fn a_cancelled_backup_makes_no_snapshot_and_the_next_one_goes_on() {
    let fixture = Fixture::new();
    for number in 0..200 {
        fixture.write(&format!("{number}"), noise(number, 200_000));
    }
    let monitor = Arc::new(Monitor::new());
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            while monitor.files_done.load(Ordering::Relaxed) < 50 {
                std::thread::yield_now();
            }
            monitor.cancel();
        });
        back_up(&fixture.request(), &monitor)
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(fixture.archive.snapshots().unwrap().is_empty());
    let backup = fixture.back_up();
    backup.assert_is_the_disk();
    assert!(backup.report.stats.new_contents < 200, "nothing was kept");
}

#[test]
fn another_repository_than_the_archives_is_refused() {
    let (mine, other) = (Fixture::new(), Fixture::new());
    let request = BackupRequest {
        repository: &other.repository,
        ..mine.request()
    };
    let error = back_up(&request, &Arc::new(Monitor::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
