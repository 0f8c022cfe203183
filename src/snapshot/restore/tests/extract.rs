//! Extraction of every kind of file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use rustix::fs::{CWD, Mode, XattrFlags, makedev, mknodat};

use super::*;

/// A tree with one of everything that this user can make.
fn make_everything(root: &Path) {
    let path = |name: &str| root.join(name);
    fs::create_dir_all(path("folder/empty")).unwrap();
    fs::write(path("plain"), "plain content").unwrap();
    fs::write(path("nothing"), "").unwrap();
    fs::write(path("folder/same"), "plain content").unwrap();
    fs::write(path("-rf"), "dash").unwrap();
    fs::write(path("new\nline\x1b[31m"), "control").unwrap();
    fs::write(path(&"ä".repeat(127)), "long name").unwrap();
    let odd = crate::fs::bytes_path(b"not utf-8 \xff\xfe\\");
    fs::write(root.join(odd), "bytes").unwrap();
    symlink("/nowhere/at all", path("link")).unwrap();
    symlink(odd, path("odd link")).unwrap();
    fs::write(path("linked"), "three names").unwrap();
    fs::hard_link(path("linked"), path("folder/linked too")).unwrap();
    fs::hard_link(path("linked"), path("folder/empty.linked")).unwrap();
    fs::hard_link(path("link"), path("folder/linked link")).unwrap();
    fs::write(path("empty linked"), "").unwrap();
    fs::hard_link(path("empty linked"), path("folder/empty linked")).unwrap();
    for (name, start, end) in [
        ("hole at end", 8192, 1 << 20),
        ("hole first", 0, 0),
        ("all hole", 0, 1 << 22),
    ] {
        let file = fs::File::create(path(name)).unwrap();
        file.write_all_at(&vec![7; start], 0).unwrap();
        file.set_len(end).unwrap();
        if end == 0 {
            file.write_all_at(b"end", 3 << 20).unwrap();
        }
    }
    mknodat(
        CWD,
        path("fifo"),
        FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    mknodat(CWD, path("folder/socket"), FileType::Socket, Mode::RWXU, 0).unwrap();
    fs::hard_link(path("fifo"), path("folder/linked fifo")).unwrap();
    for (name, mode) in [
        ("plain", 0o4751),
        ("linked", 0o604),
        ("folder", 0o3770),
        ("fifo", 0o622),
    ] {
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let set = |name: &str, attribute: &str, value: &[u8]| {
        rustix::fs::lsetxattr(path(name), attribute, value, XattrFlags::empty()).unwrap();
    };
    set("plain", "user.comment", b"a value\0\xff");
    set("plain", "user.empty", b"");
    set("folder", "user.long", &[1; 1500]);
    if rustix::process::geteuid().is_root() {
        let device = makedev(1, 3);
        mknodat(
            CWD,
            path("null"),
            FileType::CharacterDevice,
            Mode::RUSR,
            device,
        )
        .unwrap();
        mknodat(
            CWD,
            path("disk"),
            FileType::BlockDevice,
            Mode::RUSR,
            makedev(7, 300),
        )
        .unwrap();
        std::os::unix::fs::chown(path("folder/same"), Some(70_000), Some(80_000)).unwrap();
        std::os::unix::fs::lchown(path("link"), Some(1000), Some(1000)).unwrap();
        fs::set_permissions(path("folder/same"), fs::Permissions::from_mode(0o6755)).unwrap();
        // cap_net_raw+ep
        let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        set("-rf", "security.capability", &capability);
        set("link", "trusted.of link", b"x");
    }
    let _ = Command::new("setfacl")
        .args(["-m", "u:1234:r,g:99:rw"])
        .arg(path("plain"))
        .status();
    let _ = Command::new("setfacl")
        .args(["-d", "-m", "u:1234:rwx"])
        .arg(path("folder"))
        .status();
    for (name, seconds, nanoseconds) in [
        ("plain", 1, 1),
        ("link", -5, 999_999_999),
        ("fifo", 1 << 33, 5),
        ("folder/empty", 0, 0),
        ("folder", 1_700_000_000, 7),
        (".", 1_600_000_000, 0),
    ] {
        set_modified(&path(name), seconds, nanoseconds);
    }
}

pub fn set_modified(path: &Path, tv_sec: i64, tv_nsec: i64) {
    let time = rustix::fs::Timespec { tv_sec, tv_nsec };
    let times = rustix::fs::Timestamps {
        last_access: time,
        last_modification: time,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(CWD, path, &times, flags).unwrap();
}

#[test]
fn everything_comes_back_as_it_was() {
    for streams in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (from, into) = (dir.path().join("from"), dir.path().join("to/x"));
        fs::create_dir(&from).unwrap();
        make_everything(&from);
        let mut sample = Sample::of(&from);
        sample.faults.streams = streams;
        let (report, problems) = extract_all(&sample, &into, false).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(report.failed, 0);
        // The folder extracted into is not one of the items.
        fs::set_permissions(&into, fs::metadata(&from).unwrap().permissions()).unwrap();
        set_modified(&into, 1_600_000_000, 0);
        assert_same(&from, &into);
        let blocks = fs::metadata(into.join("all hole")).unwrap().blocks();
        assert_eq!(blocks, 0);
        assert_eq!(
            on_disk(&into)
                .iter()
                .filter(|l| l.contains(".part"))
                .count(),
            0
        );

        // A second time nothing is different.
        let (report, problems) = extract_all(&sample, &into, true).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        let nothing = RestoreReport {
            left: report.left,
            ..RestoreReport::default()
        };
        assert_eq!(report, nothing);
    }
}

#[test]
fn items_get_their_own_name_or_another() {
    let dir = tempfile::tempdir().unwrap();
    let (from, into) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir_all(from.join("a/b/c")).unwrap();
    fs::write(from.join("a/b/c/file"), "x").unwrap();
    fs::write(from.join("a/b/two"), "yy").unwrap();
    let sample = Sample::of(&from);
    let opened = sample.open();
    let monitor = Monitor::new();
    let items = [
        item("/a/b/two"),
        ExtractItem {
            path: b"/a//b/./c/".to_vec(),
            new_name: Some(Name::new(b"other").unwrap()),
        },
    ];
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &items,
        &into,
        policy(false),
        &monitor,
    )
    .unwrap();
    assert_eq!(steps(&plan), ["/other: create with 1", "/two: create"]);
    assert_eq!(
        plan.totals().create,
        Count {
            entries: 3,
            bytes: 3
        }
    );
    assert!(!into.exists(), "a plan touches nothing");
    carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap();
    assert_eq!(fs::read(into.join("other/file")).unwrap(), b"x");
    assert_eq!(fs::read(into.join("two")).unwrap(), b"yy");
}

#[test]
fn wrong_items_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let (one, two) = (sample.file("x", b"1"), sample.file("x", b"2"));
    let one = sample.add(vec![one]);
    let two = sample.add(vec![two]);
    sample.finish(vec![
        entry("a", Kind::Directory(one)),
        entry("b", Kind::Directory(two)),
    ]);
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = |items: &[&str]| {
        let items: Vec<_> = items.iter().map(|path| item(path)).collect();
        plan_extract(
            &opened.snapshot,
            &opened,
            &items,
            dir.path(),
            policy(false),
            &monitor,
        )
    };
    assert_eq!(kind(plan(&["/a/x", "/b/x"])), ErrorKind::Invalid);
    assert_eq!(kind(plan(&["/a/y"])), ErrorKind::NotFound);
    assert_eq!(kind(plan(&["/a/x/y"])), ErrorKind::NotFound);
    assert_eq!(kind(plan(&["a/x"])), ErrorKind::Invalid);
    assert_eq!(kind(plan(&["/a/../b"])), ErrorKind::Invalid);
    fs::write(dir.path().join("b"), "in the way").unwrap();
    let error = plan(&["/a", "/b"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("/b'"), "{error}");
    assert!(!dir.path().join("a").exists());
}

#[test]
fn overwriting_merges_folders_and_replaces_files() {
    let dir = tempfile::tempdir().unwrap();
    let (from, into) = (dir.path().join("from"), dir.path().join("to"));
    for (root, one, two) in [(&from, "new", "same"), (&into, "old and longer", "same")] {
        fs::create_dir_all(root.join("a/sub")).unwrap();
        fs::write(root.join("a/one"), one).unwrap();
        fs::write(root.join("a/two"), two).unwrap();
        set_modified(&root.join("a/two"), 5, 5);
    }
    fs::write(from.join("a/link"), "in the way of a link").unwrap();
    fs::remove_file(from.join("a/link")).unwrap();
    symlink("one", from.join("a/link")).unwrap();
    fs::write(into.join("a/link"), "in the way of a link").unwrap();
    fs::write(from.join("a/was empty"), "file").unwrap();
    fs::create_dir(into.join("a/was empty")).unwrap();
    fs::write(from.join("a/was full"), "file").unwrap();
    fs::create_dir_all(into.join("a/was full/of")).unwrap();
    fs::write(into.join("a/sub/extra"), "stays").unwrap();
    for folder in ["a/sub", "a"] {
        set_modified(&from.join(folder), 7, 7);
    }
    let sample = Sample::of(&from);
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_extract(
        &opened.snapshot,
        &opened,
        &[item("/a")],
        &into,
        policy(true),
        &monitor,
    )
    .unwrap();
    let aside = format!("was full{ASIDE}");
    let expected = [
        "/a: set attributes".to_owned(),
        "/a/link: replace".to_owned(),
        "/a/one: replace".to_owned(),
        "/a/sub: set attributes".to_owned(),
        "/a/was empty: replace".to_owned(),
        format!("/a/was full: move aside to {aside}"),
        "/a: leave 1+0".to_owned(),
    ];
    assert_eq!(steps(&plan), expected);
    let report = carry_out(&plan, &opened.snapshot, &opened, &monitor).unwrap();
    assert_eq!(monitor.warnings(), 0, "{:?}", monitor.problems());
    assert_eq!(
        (report.replaced, report.moved_aside, report.failed),
        (2, 1, 0)
    );
    assert!(into.join("a").join(&aside).join("of").is_dir());
    fs::remove_dir_all(into.join("a").join(&aside)).unwrap();
    assert_eq!(fs::read(into.join("a/sub/extra")).unwrap(), b"stays");
    fs::remove_file(into.join("a/sub/extra")).unwrap();
    for folder in ["a/sub", "a", "."] {
        let time = Stat::of(fs::File::open(from.join(folder)).unwrap())
            .unwrap()
            .modified;
        let nanoseconds = i64::from(time.nanoseconds);
        set_modified(&into.join(folder), time.seconds, nanoseconds);
    }
    assert_same(&from, &into);
}

#[test]
fn folders_get_their_times_last_across_windows() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let mut folders = Vec::new();
    for folder in 0..40 {
        let mut files = Vec::new();
        for file in 0..30 {
            let bytes = format!("{}", file % 7);
            files.push(sample.file(&format!("{file}"), bytes.as_bytes()));
        }
        let listing = sample.add(files);
        folders.push(entry(&format!("{folder}"), Kind::Directory(listing)));
    }
    sample.finish(folders);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert!(problems.is_empty());
    assert_eq!(
        (report.created_files, report.created_directories),
        (1200, 40)
    );
    assert_eq!(report.written_bytes, 1200);
    let mut expected = sample.describe();
    let mut found = on_disk(dir.path());
    expected.remove(0);
    found.remove(0);
    assert_eq!(expected, found);
}

#[test]
fn paths_far_longer_than_the_system_takes_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let mut sample = Sample::default();
    let bottom = sample.file("bottom", b"deep down");
    let mut listing = sample.add(vec![bottom]);
    for depth in 0..1000 {
        let name = format!("{depth:04}{}", "x".repeat(200));
        listing = sample.add(vec![entry(&name, Kind::Directory(listing))]);
    }
    sample.finish(vec![entry("top", Kind::Directory(listing))]);
    let (report, problems) = extract_all(&sample, dir.path(), false).unwrap();
    assert!(problems.is_empty(), "{:?}", problems[0]);
    assert_eq!(
        (report.created_files, report.created_directories),
        (1, 1001)
    );
    // Again: planning goes down as well.
    let (report, problems) = extract_all(&sample, dir.path(), true).unwrap();
    assert!(problems.is_empty(), "{:?}", problems[0]);
    assert_eq!((report.left, report.failed), (1002, 0));
    // By command, since `remove_dir_all` may hold a handle for each level.
    assert!(
        Command::new("rm")
            .arg("-rf")
            .arg(dir.path().join("top"))
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_default_acl_of_the_folder_extracted_into_is_not_inherited() {
    let dir = tempfile::tempdir().unwrap();
    let (from, into) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir_all(from.join("a/b")).unwrap();
    fs::write(from.join("a/b/file"), "x").unwrap();
    fs::write(from.join("file"), "x").unwrap();
    fs::create_dir(&into).unwrap();
    let acl = Command::new("setfacl")
        .args(["-d", "-m", "u:1234:rwx"])
        .arg(&into)
        .status();
    if !acl.is_ok_and(|status| status.success()) {
        skip("needs setfacl");
        return;
    }
    extract_all(&Sample::of(&from), &into, false).unwrap();
    let (mut left, mut right) = (on_disk(&from), on_disk(&into));
    left.remove(0);
    right.remove(0);
    assert_eq!(left, right);
}
