//! Restoring over what is there.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::extract::set_modified;
use super::*;

fn home() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("home/me/docs/sub")).unwrap();
    fs::create_dir_all(root.join("home/me/music")).unwrap();
    fs::create_dir_all(root.join("etc")).unwrap();
    for (path, bytes) in [
        ("home/me/docs/a", "the letter a"),
        ("home/me/docs/b", "the letter b"),
        ("home/me/docs/sub/c", "the letter c"),
        ("home/me/music/song", "la la la"),
        ("etc/conf", "x = 1"),
    ] {
        fs::write(root.join(path), bytes).unwrap();
        set_modified(&root.join(path), 1_000_000_000, 42);
    }
    for path in [
        "home/me/docs/sub",
        "home/me/docs",
        "home/me/music",
        "home/me",
        "home",
        "etc",
        ".",
    ] {
        set_modified(&root.join(path), 1_000_000_001, 43);
    }
    (dir, root)
}

#[test]
fn what_is_identical_is_one_line_and_not_touched() {
    let (_dir, root) = home();
    let mut sample = Sample::of(&root);
    let (steps, report, _) = put_back(&sample, &[], &root, false);
    assert_eq!(steps, [": leave 5+6"]);
    assert_eq!(report.left, 11);
    // Without the inode and change time, by content.
    for entry in sample.listings.iter_mut().flatten() {
        entry.attributes.changed = Timestamp::default();
    }
    let before = fs::metadata(root.join("home/me/docs/a")).unwrap();
    let (steps, _, _) = put_back(&sample, &["/home/me/docs", "/etc/conf"], &root, false);
    assert_eq!(steps, ["/etc/conf: leave 1+0", "/home/me/docs: leave 3+2"]);
    let after = fs::metadata(root.join("home/me/docs/a")).unwrap();
    assert_eq!(
        (before.ctime_nsec(), before.ino()),
        (after.ctime_nsec(), after.ino())
    );
}

#[test]
fn a_different_file_is_moved_aside_and_the_rest_left_alone() {
    let (_dir, root) = home();
    let before = on_disk(&root);
    let sample = Sample::of(&root);
    fs::write(root.join("home/me/docs/a"), "the letter A").unwrap();
    fs::remove_file(root.join("home/me/docs/sub/c")).unwrap();
    fs::write(root.join("home/me/docs/new"), "not in the snapshot").unwrap();
    fs::set_permissions(
        root.join("home/me/docs/b"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    fs::remove_dir_all(root.join("home/me/music")).unwrap();
    fs::write(root.join("etc/conf"), "not asked for").unwrap();
    let (steps, report, problems) = put_back(&sample, &["/home/me"], &root, false);
    let aside = format!("a{ASIDE}");
    let expected = [
        "/home/me: set attributes".to_owned(),
        "/home/me/docs: set attributes".to_owned(),
        format!("/home/me/docs/a: move aside to {aside}"),
        "/home/me/docs/b: set attributes".to_owned(),
        "/home/me/docs/sub: set attributes".to_owned(),
        "/home/me/docs/sub/c: create".to_owned(),
        "/home/me/music: create with 1".to_owned(),
    ];
    assert_eq!(steps, expected);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((report.moved_aside, report.failed), (1, 0));
    let docs = root.join("home/me/docs");
    assert_eq!(fs::read(docs.join(&aside)).unwrap(), b"the letter A");
    assert_eq!(fs::read(docs.join("new")).unwrap(), b"not in the snapshot");
    assert_eq!(fs::read(root.join("etc/conf")).unwrap(), b"not asked for");
    fs::remove_file(docs.join(aside)).unwrap();
    fs::remove_file(docs.join("new")).unwrap();
    fs::write(root.join("etc/conf"), "x = 1").unwrap();
    set_modified(&root.join("etc/conf"), 1_000_000_000, 42);
    set_modified(&docs, 1_000_000_001, 43);
    assert_eq!(before, on_disk(&root));
}

#[test]
fn overwriting_leaves_nothing_aside() {
    let (_dir, root) = home();
    let before = on_disk(&root);
    let sample = Sample::of(&root);
    fs::write(root.join("home/me/docs/a"), "changed").unwrap();
    fs::remove_file(root.join("home/me/docs/b")).unwrap();
    symlink("a", root.join("home/me/docs/b")).unwrap();
    let (steps, _, problems) = put_back(&sample, &[], &root, true);
    assert_eq!(
        steps,
        [
            "/home/me/docs: set attributes",
            "/home/me/docs/a: replace",
            "/home/me/docs/b: replace",
            "/home/me/docs: leave 1+1",
            "/home/me: leave 1+2",
            "/home: leave 0+1",
            ": leave 1+1",
        ]
    );
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(before, on_disk(&root));
}

#[test]
fn things_of_another_type_are_moved_aside_as_a_whole() {
    let (_dir, root) = home();
    let sample = Sample::of(&root);
    let docs = root.join("home/me/docs");
    fs::remove_file(docs.join("a")).unwrap();
    fs::create_dir(docs.join("a")).unwrap();
    fs::write(docs.join("a/kept"), "kept").unwrap();
    fs::remove_dir_all(docs.join("sub")).unwrap();
    fs::write(docs.join("sub"), "a file where a folder was").unwrap();
    for overwrite in [false, true] {
        let (_, report, problems) = put_back(&sample, &["/home/me/docs"], &root, overwrite);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(report.moved_aside, if overwrite { 0 } else { 2 });
    }
    assert_eq!(
        fs::read(docs.join(format!("a{ASIDE}/kept"))).unwrap(),
        b"kept"
    );
    assert_eq!(
        fs::read(docs.join(format!("sub{ASIDE}"))).unwrap(),
        b"a file where a folder was"
    );
    assert_eq!(fs::read(docs.join("a")).unwrap(), b"the letter a");
    assert_eq!(fs::read(docs.join("sub/c")).unwrap(), b"the letter c");
}

#[test]
fn missing_folders_on_the_way_come_back_with_what_was_asked_for_only() {
    let (_dir, root) = home();
    let sample = Sample::of(&root);
    fs::remove_dir_all(root.join("home")).unwrap();
    fs::write(root.join("home"), "a file in the way").unwrap();
    let (steps, _, problems) = put_back(
        &sample,
        &["/home/me/docs/sub/c", "/home/me/docs/b"],
        &root,
        false,
    );
    assert_eq!(
        steps,
        [
            format!("/home: move aside to home{ASIDE}"),
            "/home/me: create".to_owned(),
            "/home/me/docs: create".to_owned(),
            "/home/me/docs/b: create".to_owned(),
            "/home/me/docs/sub: create".to_owned(),
            "/home/me/docs/sub/c: create".to_owned(),
        ]
    );
    assert!(problems.is_empty(), "{problems:?}");
    let found = on_disk(&root.join("home"));
    let paths: Vec<_> = found
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            ".",
            "/me",
            "/me/docs",
            "/me/docs/b",
            "/me/docs/sub",
            "/me/docs/sub/c"
        ]
    );
    for line in found.iter().filter(|line| line.ends_with("folder")) {
        assert!(line.contains("1000000001"), "{line}");
    }
}

#[test]
fn a_link_on_the_way_is_not_followed_and_is_named() {
    let (dir, root) = home();
    let sample = Sample::of(&root);
    let outside = dir.path().join("outside");
    fs::rename(root.join("home"), &outside).unwrap();
    symlink(&outside, root.join("home")).unwrap();
    fs::remove_file(outside.join("me/docs/a")).unwrap();
    let (steps, report, problems) = put_back(&sample, &["/home/me/docs/a"], &root, true);
    assert_eq!(steps, ["/home: cannot: a symbolic link stands in the way"]);
    assert_eq!((report.failed, problems.len()), (1, 1));
    assert!(problems[0].path.ends_with(b"/home"));
    assert!(!outside.join("me/docs/a").exists());
    // Asked for itself, it is moved aside like anything else.
    let (_, report, _) = put_back(&sample, &["/home"], &root, false);
    assert_eq!(report.moved_aside, 1);
    assert!(
        fs::symlink_metadata(root.join(format!("home{ASIDE}")))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::read(root.join("home/me/docs/a")).unwrap(),
        b"the letter a"
    );
    assert!(!outside.join("me/docs/a").exists());
}

#[test]
fn folders_on_the_way_to_what_is_included_keep_their_attributes() {
    let (_dir, root) = home();
    let sample = Sample::of(&root);
    fs::set_permissions(root.join("home"), fs::Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(root.join("home/me"), fs::Permissions::from_mode(0o700)).unwrap();
    let wish = Wish::All {
        included: vec![b"/home/me".to_vec(), b"/etc".to_vec()],
    };
    let opened = sample.open();
    let monitor = Monitor::new();
    let plan = plan_restore_under(
        &opened.snapshot,
        &opened,
        &wish,
        &root,
        policy(false),
        &monitor,
    )
    .unwrap();
    assert_eq!(
        steps(&plan),
        [
            "/etc: leave 1+1",
            "/home/me: set attributes",
            "/home/me: leave 4+3"
        ]
    );
}

#[test]
fn linked_files_are_linked_to_those_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("a"), "content").unwrap();
    for name in ["b", "sub/c", "z"] {
        fs::hard_link(root.join("a"), root.join(name)).unwrap();
    }
    let before = on_disk(&root);
    let sample = Sample::of(&root);
    for gone in [
        &["a"][..],
        &["b", "sub/c"],
        &["z", "a", "b"],
        &["a", "b", "sub/c", "z"],
    ] {
        for name in gone {
            fs::remove_file(root.join(name)).unwrap();
        }
        let (_, _, problems) = put_back(&sample, &[], &root, false);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(before, on_disk(&root));
    }
    // Attributes are set under the first name, and right under the others.
    set_modified(&root.join("b"), 5, 5);
    let (_, report, problems) = put_back(&sample, &[], &root, false);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((report.attributes_set, report.failed), (4, 0));
    assert_eq!(before, on_disk(&root));
    // Changed under one name is changed under all; each is moved aside, and they are one file again.
    fs::write(root.join("b"), "changed").unwrap();
    let (_, report, problems) = put_back(&sample, &[], &root, true);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report.replaced, 4);
    assert_eq!(before, on_disk(&root));
    // Restored alone, a name is a file of its own.
    fs::remove_file(root.join("a")).unwrap();
    fs::remove_dir_all(root.join("sub")).unwrap();
    fs::remove_file(root.join("b")).unwrap();
    fs::remove_file(root.join("z")).unwrap();
    put_back(&sample, &["/sub/c"], &root, false);
    assert_eq!(fs::metadata(root.join("sub/c")).unwrap().nlink(), 1);
}

#[test]
fn attributes_of_a_file_with_names_elsewhere_are_not_changed_through_it() {
    let (_dir, root) = home();
    let sample = Sample::of(&root);
    fs::hard_link(root.join("etc/conf"), root.join("elsewhere")).unwrap();
    fs::set_permissions(root.join("elsewhere"), fs::Permissions::from_mode(0o600)).unwrap();
    let (_, report, _) = put_back(&sample, &["/etc"], &root, true);
    assert_eq!(report.replaced, 1);
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().mode() & 0o7777;
    assert_eq!((mode("etc/conf"), mode("elsewhere")), (0o644, 0o600));
}

#[test]
fn a_name_aside_that_is_taken_is_not_taken_again() {
    let (_dir, root) = home();
    let sample = Sample::of(&root);
    let conf = root.join("etc/conf");
    for round in 1..4 {
        fs::write(&conf, format!("round {round}")).unwrap();
        let (_, report, _) = put_back(&sample, &["/etc"], &root, false);
        assert_eq!(report.moved_aside, 1);
    }
    let read = |ending: &str| fs::read(root.join(format!("etc/conf{ASIDE}{ending}"))).unwrap();
    assert_eq!(read(""), b"round 1");
    assert_eq!(read("-2"), b"round 2");
    assert_eq!(read("-3"), b"round 3");
}

#[test]
fn extended_attributes_that_were_added_are_taken_away() {
    let (_dir, root) = home();
    let before = on_disk(&root);
    let sample = Sample::of(&root);
    let conf = root.join("etc/conf");
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&conf, "user.added", b"x", flags).unwrap();
    let (steps, _, problems) = put_back(&sample, &["/etc/conf"], &root, false);
    assert_eq!(steps, ["/etc/conf: set attributes"]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(before, on_disk(&root));
}

#[test]
fn a_file_that_only_shares_its_sha1_with_the_snapshot_is_not_identical() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let [[one, two], _] = colliding_pairs::colliding_pairs();
    fs::write(root.join("one"), &one).unwrap();
    fs::write(root.join("two"), &two).unwrap();
    let sample = Sample::of(root);
    fs::write(root.join("one"), &two).unwrap();
    fs::write(root.join("two"), &one).unwrap();
    let (_, report, problems) = put_back(&sample, &[], root, true);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report.replaced, 2);
    assert!(fs::read(root.join("one")).unwrap() == one);
    assert!(fs::read(root.join("two")).unwrap() == two);
}
