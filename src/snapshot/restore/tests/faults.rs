//! Hostile neighbours, full disks, damage, and runs that were cut off.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

/// Folders `0` to `9`, each with files `0` to `9`.
fn grid() -> Sample {
    let mut sample = Sample::default();
    let mut folders = Vec::new();
    for folder in 0..10 {
        let mut files = Vec::new();
        for file in 0..10 {
            let bytes = format!("content {folder} {file}");
            files.push(sample.file(&format!("{file}"), bytes.as_bytes()));
        }
        let listing = sample.add(files);
        folders.push(entry(&format!("{folder}"), Kind::Directory(listing)));
    }
    let listing = sample.add(folders);
    sample.finish(vec![entry("top", Kind::Directory(listing))]);
    sample
}

#[test]
fn a_link_in_the_place_of_a_folder_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (into, outside) = (dir.path().join("into"), dir.path().join("outside"));
    fs::create_dir_all(into.join("top")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("5"), "mine").unwrap();
    let before = on_disk(&outside);
    symlink(&outside, into.join("top/3")).unwrap();
    symlink(outside.join("5"), into.join("top/7")).unwrap();
    let (report, problems) = extract_all(&grid(), &into, true).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((report.moved_aside, report.failed), (2, 0));
    assert_eq!(before, on_disk(&outside));
    assert_eq!(fs::read(into.join("top/3/5")).unwrap(), b"content 3 5");
}

#[test]
fn folders_swapped_for_links_while_extracting_change_nothing_outside() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    for name in 0..10 {
        fs::write(outside.join(format!("{name}")), "mine").unwrap();
    }
    let before = on_disk(&outside);
    let stop = AtomicBool::new(false);
    let swaps = AtomicU64::new(0);
    let opened = grid().open();
    let into = dir.path().join("into");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for name in 0..10 {
                    let folder = into.join(format!("top/{name}"));
                    let away = into.join(format!("top/{name} away"));
                    if fs::rename(&folder, &away).is_ok() {
                        let _ = symlink(&outside, &folder);
                        swaps.fetch_add(1, Ordering::Relaxed);
                        std::thread::yield_now();
                        let _ = fs::remove_file(&folder);
                        let _ = fs::rename(&away, &folder);
                    }
                }
            }
        });
        for _ in 0..50 {
            let _ = extract_opened(&opened, &into, true);
            let _ = fs::remove_dir_all(&into);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(swaps.load(Ordering::Relaxed) > 0);
    assert_eq!(before, on_disk(&outside));
}

#[test]
fn what_changes_after_the_plan_was_made_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let sample = grid();
    extract_all(&sample, dir.path(), false).unwrap();
    let file = dir.path().join("top/4/4");
    fs::write(&file, "changed").unwrap();
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/top")],
        dir.path(),
        policy(true),
        &monitor,
    )
    .unwrap();
    fs::write(&file, "changed again").unwrap();
    let report = carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap();
    assert_eq!((report.failed, monitor.warnings()), (1, 1));
    assert_eq!(fs::read(&file).unwrap(), b"changed again");
    // Something that appears where nothing was is kept, too.
    fs::remove_file(&file).unwrap();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/top")],
        dir.path(),
        policy(true),
        &monitor,
    )
    .unwrap();
    fs::write(&file, "appeared").unwrap();
    carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap();
    assert_eq!(monitor.warnings(), 2);
    assert_eq!(fs::read(&file).unwrap(), b"appeared");
}

#[test]
fn damaged_content_leaves_no_file_and_is_named() {
    for streams in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut sample = grid();
        sample.faults.streams = streams;
        sample.faults.damaged = Some(Sha1::of(b"content 2 2"));
        let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
        assert_eq!((report.failed, report.created_files), (1, 99));
        assert!(problems[0].path.ends_with(b"/top/2/2"));
        assert!(problems[0].why.contains("packs/1"), "{}", problems[0].why);
        assert!(!dir.path().join("top/2/2").exists());
    }
}

#[test]
fn a_flipped_byte_in_the_repository_never_yields_wrong_bytes() {
    let sample = grid();
    let dir = tempfile::tempdir().unwrap();
    let opened = sample.open();
    let packs = fs::read_dir(opened.repository.place().join("packs")).unwrap();
    let pack = packs.map(|pack| pack.unwrap().path()).next().unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
    let (report, problems) = extract_opened(&opened, dir.path(), false).unwrap();
    assert!(report.failed > 0);
    assert_eq!(report.failed, problems.len() as u64);
    assert_eq!(report.failed + report.created_files, 100);
    for folder in 0..10 {
        for file in 0..10 {
            let path = dir.path().join(format!("top/{folder}/{file}"));
            let is_named = problems
                .iter()
                .any(|p| p.path == crate::fs::path_bytes(&path));
            match fs::read_to_string(&path) {
                Ok(text) => assert_eq!(text, format!("content {folder} {file}")),
                Err(_) => assert!(is_named),
            }
        }
    }
}

#[test]
fn a_stream_that_ends_early_or_late_leaves_no_file() {
    for streams in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut sample = grid();
        sample.faults.streams = streams;
        let short = (Sha1::of(b"content 2 2"), b"content".to_vec());
        let long = (Sha1::of(b"content 3 3"), b"content 3 3 and more".to_vec());
        sample.faults.replaced = HashMap::from([short, long]);
        let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
        assert_eq!((report.failed, problems.len()), (2, 2));
        assert!(!dir.path().join("top/2/2").exists());
        assert!(!dir.path().join("top/3/3").exists());
        assert_eq!(fs::read_dir(dir.path().join("top/3")).unwrap().count(), 9);
    }
}

#[test]
fn entries_of_a_group_of_links_that_are_not_alike_are_not_linked() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let link = Kind::SymbolicLink {
        target: b"/etc".to_vec(),
    };
    let mut entries = vec![
        sample.file("a", b"one"),
        sample.file("b", b"two"),
        entry("c", link),
        sample.file("d", b"one"),
    ];
    for entry in &mut entries {
        entry.hard_link = Some(1);
    }
    sample.finish(entries);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report.created_files, 4);
    let inode = |name: &str| {
        let found = fs::symlink_metadata(dir.path().join(name)).unwrap();
        std::os::unix::fs::MetadataExt::ino(&found)
    };
    assert_eq!(inode("a"), inode("d"));
    assert!(inode("a") != inode("b") && inode("a") != inode("c"));
    assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"two");
}

#[test]
fn what_could_not_be_read_at_backup_is_reported_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let unread = Kind::File(FileEntry {
        size: 5,
        token: None,
        holes: Vec::new(),
    });
    let listing = sample.add(vec![entry("unread", unread.clone())]);
    sample.finish(vec![
        entry("unread", unread),
        entry("folder", Kind::Directory(listing)),
    ]);
    for entry in sample.listings.iter_mut().flatten() {
        entry.incomplete = entry.is_directory();
    }
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert_eq!((report.failed, problems.len()), (2, 3));
    assert!(
        problems
            .iter()
            .any(|p| p.attempted == "restore all that was in")
    );
    assert!(!dir.path().join("unread").exists());
    assert_eq!(fs::read_dir(dir.path().join("folder")).unwrap().count(), 0);
}

#[test]
fn a_cancelled_run_leaves_whole_files_and_a_second_one_completes() {
    let dir = tempfile::tempdir().unwrap();
    let monitor = Arc::new(Monitor::new());
    let mut sample = grid();
    let (count, cancelled) = (AtomicU64::new(0), monitor.clone());
    sample.faults.before = Some(Arc::new(move || {
        if count.fetch_add(1, Ordering::Relaxed) == 40 {
            cancelled.cancel();
        }
    }));
    let opened = sample.open();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/")],
        dir.path(),
        policy(false),
        &monitor,
    )
    .unwrap();
    assert_eq!(
        kind(carry_out(&plan, &opened.snapshot, &opened, &monitor)),
        ErrorKind::Cancelled
    );
    sample.faults.before = None;
    let (report, problems) = extract_all(&sample, dir.path(), true).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert!(
        report.created_files > 50 && report.created_files < 100,
        "{report:?}"
    );
    let (mut left, mut right) = (sample.describe(), on_disk(dir.path()));
    left.remove(0);
    right.remove(0);
    assert_eq!(left, right);
}

const KILLED: &str = "GIBUS_TEST_RESTORE_KILLED";

/// Extracts into the folder that the environment names, and is killed meanwhile.
#[test]
fn helper_that_is_killed() {
    let Some(into) = std::env::var_os(KILLED) else {
        return;
    };
    let into = PathBuf::from(into);
    let mut sample = grid();
    sample.faults.streams = true;
    for bytes in sample.contents.values_mut() {
        *bytes = bytes.repeat(100_000);
    }
    for entry in sample.listings.iter_mut().flatten() {
        if let Kind::File(file) = &mut entry.kind {
            file.size *= 100_000;
        }
    }
    let _ = extract_all(&sample, &into, true);
}

fn has_part(dir: &Path) -> bool {
    let folders = fs::read_dir(dir.join("top")).into_iter().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let mut names = files.map(|file| file.unwrap().file_name());
    names.any(|name| name.to_string_lossy().ends_with(".part"))
}

#[test]
fn a_killed_run_leaves_only_parts_which_the_next_run_removes() {
    let mut killed = 0;
    let mut removed = 0;
    for round in 0..8u64 {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "snapshot::restore::tests::faults::helper_that_is_killed",
            ])
            .env(KILLED, dir.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while !has_part(dir.path()) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        std::thread::sleep(std::time::Duration::from_millis(round));
        child.kill().unwrap();
        killed += u64::from(!child.wait().unwrap().success());
        let mut parts = 0;
        for folder in fs::read_dir(dir.path().join("top")).into_iter().flatten() {
            for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                let file = file.unwrap();
                match file.file_name().to_string_lossy().ends_with(".part") {
                    true => parts += 1,
                    false => assert_eq!(file.metadata().unwrap().len(), 1_100_000),
                }
            }
        }
        let (report, problems) = extract_all(&grid(), dir.path(), true).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(report.leftovers_removed, parts);
        removed += parts;
        let (mut left, mut right) = (grid().describe(), on_disk(dir.path()));
        left.remove(0);
        right.remove(0);
        assert_eq!(left, right);
    }
    eprintln!("{killed} killed, {removed} parts removed");
    assert!(killed > 0 && removed > 0);
}

#[test]
fn parts_of_a_run_that_is_alive_stay() {
    let dir = tempfile::tempdir().unwrap();
    let folder = super::super::target::TargetFolder::open_root(dir.path()).unwrap();
    let names = super::super::target::PartNames::new().unwrap();
    let part = folder.create_part(&names).unwrap();
    assert_eq!(folder.remove_leftovers().unwrap(), 0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    drop(part);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let dead = dir
        .path()
        .join(".gibus-00112233445566778899aabbccddeeff.part");
    fs::write(&dead, "half").unwrap();
    fs::write(dir.path().join(".gibus-notes.part"), "not ours").unwrap();
    assert_eq!(folder.remove_leftovers().unwrap(), 1);
    assert!(!dead.exists());
}

/// A small file system, unmounted in the end.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn tmpfs(options: &str) -> Option<Mounted> {
        let dir = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "none"])
            .arg(dir.path())
            .stderr(std::process::Stdio::null())
            .status();
        Mounted::when(mount, dir, "to mount a tmpfs")
    }

    /// One that takes upper and lower case for the same, and not every name.
    fn folding(image: &Path) -> Option<Mounted> {
        let dir = tempfile::tempdir().unwrap();
        fs::File::create(image).unwrap().set_len(16 << 20).unwrap();
        let made = Command::new("mkntfs")
            .args(["-F", "-Q", "-q"])
            .arg(image)
            .output();
        let mount = made.and_then(|_| {
            Command::new("lowntfs-3g")
                .args(["-o", "ignore_case,windows_names"])
                .args([image, dir.path()])
                .status()
        });
        Mounted::when(mount, dir, "root and ntfs-3g")
    }

    fn when(
        mount: std::io::Result<std::process::ExitStatus>,
        dir: tempfile::TempDir,
        needs: &str,
    ) -> Option<Mounted> {
        if mount.is_ok_and(|status| status.success()) {
            return Some(Mounted(dir));
        }
        skip(&format!("needs {needs}"));
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_target_ends_the_run_and_says_that_it_is_the_target() {
    let Some(disk) = Mounted::tmpfs("size=1m") else {
        return;
    };
    let mut sample = Sample::default();
    let big = sample.file("big", &vec![1; 2 << 20]);
    let small = sample.file("small", &vec![2; 1 << 10]);
    sample.finish(vec![big, small]);
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/")],
        disk.0.path(),
        policy(false),
        &monitor,
    )
    .unwrap();
    assert!(plan.spaces()[0].is_short());
    let error = carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 0);
    // It gets full after the plan was made.
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/small")],
        disk.0.path(),
        policy(false),
        &monitor,
    )
    .unwrap();
    assert!(!plan.spaces()[0].is_short());
    let _ = fs::write(disk.0.path().join("filler"), vec![0; 2 << 20]);
    let error = carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert!(error.to_string().contains("restored to is full"), "{error}");
    assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 1);
}

#[test]
fn sparse_and_linked_files_are_not_counted_twice_against_the_space() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let huge = entry(
        "huge",
        Kind::File(FileEntry {
            size: 1 << 50,
            token: Some(sample.store(b"data")),
            holes: vec![Extent {
                offset: 4,
                len: (1 << 50) - 4,
            }],
        }),
    );
    let listing = sample.add(vec![huge]);
    sample.finish(vec![entry("folder", Kind::Directory(listing))]);
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/")],
        dir.path(),
        policy(false),
        &monitor,
    )
    .unwrap();
    assert_eq!(plan.spaces()[0].needed_bytes, 4);
    assert!(!plan.spaces()[0].is_tight());
}

#[test]
fn names_that_differ_in_case_alone_do_not_overwrite_each_other() {
    let image = tempfile::tempdir().unwrap();
    let Some(disk) = Mounted::folding(&image.path().join("image")) else {
        return;
    };
    let into = disk.0.path();
    let mut sample = Sample::default();
    let mut files = Vec::new();
    for (name, bytes) in [
        ("Foo", "upper"),
        ("foo", "lower"),
        ("a:b", "colon"),
        ("fine", "fine"),
    ] {
        files.push(sample.file(name, bytes.as_bytes()));
    }
    let listing = sample.add(files);
    sample.finish(vec![entry("folder", Kind::Directory(listing))]);
    let (report, problems) = extract_all(&sample, into, false).unwrap();
    assert_eq!(
        (report.created_files, report.failed),
        (2, 2),
        "{problems:?}"
    );
    let is_named = |name: &[u8]| problems.iter().any(|problem| problem.path.ends_with(name));
    assert!(is_named(b"/a:b"));
    // Which of the two is there depends on where their contents lie.
    let (lost, kept) = match is_named(b"/foo") {
        true => ("foo", "upper"),
        false => ("Foo", "lower"),
    };
    let case = problems
        .iter()
        .find(|problem| problem.path.ends_with(lost.as_bytes()));
    assert!(case.unwrap().why.contains("case"), "{problems:?}");
    assert_eq!(fs::read_dir(into.join("folder")).unwrap().count(), 2);
    assert_eq!(fs::read(into.join("folder/FOO")).unwrap(), kept.as_bytes());
    // Planned over what is there, it is seen at once.
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/")],
        into,
        policy(true),
        &monitor,
    )
    .unwrap();
    let cannot = steps(&plan)
        .into_iter()
        .filter(|step| step.contains("cannot"));
    assert_eq!(
        cannot.collect::<Vec<_>>(),
        ["/folder/foo: cannot: on this disk it has the same name as 'Foo'"]
    );
}

#[test]
fn names_that_the_target_does_not_take_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let long = sample.file(&"x".repeat(300), b"1");
    let longer = sample.file(&"y".repeat(300), b"2");
    let fine = sample.file("fine", b"3");
    let listing = sample.add(vec![long, fine]);
    sample.finish(vec![entry("folder", Kind::Directory(listing)), longer]);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert_eq!((report.failed, problems.len()), (2, 2));
    assert_eq!(fs::read(dir.path().join("folder/fine")).unwrap(), b"3");
}

#[test]
fn a_read_only_target_is_seen_in_the_plan() {
    let Some(disk) = Mounted::tmpfs("size=1m,ro") else {
        return;
    };
    let sample = grid();
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/top")],
        disk.0.path(),
        policy(false),
        &monitor,
    )
    .unwrap();
    assert_eq!(
        steps(&plan),
        ["/top: cannot: the disk is mounted for reading only"]
    );
}

#[test]
fn an_immutable_file_in_the_way_is_reported_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let sample = grid();
    extract_all(&sample, dir.path(), false).unwrap();
    let file = dir.path().join("top/4/4");
    fs::write(&file, "changed").unwrap();
    fs::remove_file(dir.path().join("top/4/5")).unwrap();
    let immutable = Command::new("chattr")
        .arg("+i")
        .arg(&file)
        .stderr(std::process::Stdio::null())
        .status();
    if !immutable.is_ok_and(|status| status.success()) {
        skip("needs root and chattr +i");
        return;
    }
    for overwrite in [true, false] {
        let (_, report, problems) = put_back(&sample, &["/top"], dir.path(), overwrite);
        assert_eq!((report.failed, problems.len()), (1, 1), "{problems:?}");
        assert!(problems[0].path.ends_with(b"/4/4"));
    }
    assert!(
        Command::new("chattr")
            .arg("-i")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(fs::read(&file).unwrap(), b"changed");
    assert_eq!(
        fs::read(dir.path().join("top/4/5")).unwrap(),
        b"content 4 5"
    );
}
