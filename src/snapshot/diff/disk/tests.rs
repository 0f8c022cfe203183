//! Differences between real backups and what became of the files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use super::*;
use crate::error::ErrorKind;
use crate::fs::{escaped, path_bytes};
use crate::snapshot::build::tests::Fixture;

struct Seen {
    words: Vec<String>,
    found: Vec<DiskDifference>,
}

/// The differences, each in words, by their paths in the source.
fn look_at(
    fixture: &Fixture,
    snapshot: &Snapshot,
    specification: &Specification,
    below: &str,
    is_read: bool,
) -> Seen {
    let mut found = Vec::new();
    let contents: &dyn Contents = &fixture.repository;
    let options = DiskOptions {
        contents: is_read.then_some(contents),
    };
    let own = [
        fixture.archive.place().to_owned(),
        fixture.repository.place().to_owned(),
    ];
    let path = fixture.source.join(below);
    differences_with_disk(
        snapshot,
        specification,
        &own,
        path_bytes(&path),
        options,
        &Monitor::new(),
        &mut |difference| found.push(difference),
    )
    .unwrap();
    let top = path_bytes(&fixture.source).len() + 1;
    let word = |found: &DiskDifference| {
        let path = escaped(&found.difference.path[top..]).to_string();
        let perhaps = if found.is_perhaps { " perhaps" } else { "" };
        let left_out = match found.left_out {
            Some(_) => " left out",
            None => "",
        };
        format!("{path} {:?}{perhaps}{left_out}", found.difference.change)
    };
    Seen {
        words: found.iter().map(word).collect(),
        found,
    }
}

fn words(fixture: &Fixture, snapshot: &Snapshot, below: &str, is_read: bool) -> Vec<String> {
    let specification = fixture.archive.specification();
    look_at(fixture, snapshot, specification, below, is_read).words
}

fn set_time(path: &std::path::Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

#[test]
fn each_way_of_differing_is_told_apart() {
    let fixture = Fixture::with(|_| {});
    for name in [
        "same",
        "gone",
        "longer",
        "mode",
        "type",
        "folder/in",
        "d/e/f",
    ] {
        fixture.write(name, name);
    }
    symlink("same", fixture.source.join("link")).unwrap();
    let backup = fixture.back_up();
    assert_eq!(words(&fixture, &backup.snapshot, "", false), [""; 0]);

    let path = |name: &str| fixture.source.join(name);
    fs::remove_file(path("gone")).unwrap();
    fixture.write("longer", "longer than before");
    fs::set_permissions(path("mode"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(path("type")).unwrap();
    fixture.write("type/below", "");
    fs::remove_file(path("link")).unwrap();
    symlink("d", path("link")).unwrap();
    fs::remove_dir_all(path("folder")).unwrap();
    fixture.write("new/inside", "12345");
    let expected = [
        "folder Removed",
        "folder/in Removed",
        "gone Removed",
        "link Content",
        "longer Content",
        "mode Attributes",
        "new Added",
        "new/inside Added",
        "type Type",
        "type/below Added",
    ];
    for is_read in [false, true] {
        assert_eq!(words(&fixture, &backup.snapshot, "", is_read), expected);
    }
    assert_eq!(
        words(&fixture, &backup.snapshot, "new", false),
        ["new/inside Added"]
    );
    assert_eq!(
        words(&fixture, &backup.snapshot, "folder/", false),
        ["folder/in Removed"]
    );
    assert_eq!(words(&fixture, &backup.snapshot, "d", false), [""; 0]);
    let specification = fixture.archive.specification();
    let seen = look_at(&fixture, &backup.snapshot, specification, "new", false);
    assert_eq!(seen.found[0].difference.new.as_ref().unwrap().size(), 5);
}

#[test]
fn another_time_alone_is_perhaps_another_content_until_it_is_read() {
    let fixture = Fixture::with(|_| {});
    for name in ["touched", "rewritten", "replaced"] {
        set_time(&fixture.write(name, "12345"), 1000);
    }
    let backup = fixture.back_up();
    set_time(&fixture.source.join("touched"), 2000);
    set_time(&fixture.write("rewritten", "54321"), 2000);
    // Another inode and change time, the time of before.
    let copy = fixture.write("copy", "12345");
    set_time(&copy, 1000);
    fs::rename(&copy, fixture.source.join("replaced")).unwrap();
    assert_eq!(
        words(&fixture, &backup.snapshot, "", false),
        ["rewritten Content perhaps", "touched Content perhaps"]
    );
    assert_eq!(
        words(&fixture, &backup.snapshot, "", true),
        ["rewritten Content", "touched Attributes"]
    );
}

#[test]
fn what_a_new_rule_leaves_out_is_said_to_be_there_still() {
    let fixture = Fixture::with(|_| {});
    for name in ["a.o", "modules/deep/x", "kept", "gone.o"] {
        fixture.write(name, name);
    }
    let backup = fixture.back_up();
    fixture.write("new.o", "x");
    fs::remove_file(fixture.source.join("gone.o")).unwrap();
    let mut specification = fixture.archive.specification().clone();
    specification.exclude_files = vec!["*.o".into()];
    specification.exclude_dirs = vec!["modules".into()];
    let seen =
        |below: &str| look_at(&fixture, &backup.snapshot, &specification, below, false).words;
    assert_eq!(
        seen(""),
        [
            "a.o Removed left out",
            "gone.o Removed",
            "modules Removed left out",
            "modules/deep Removed left out",
            "modules/deep/x Removed left out",
        ]
    );
    assert_eq!(seen("modules/deep"), ["modules/deep/x Removed left out"]);
    specification.includes = vec![fixture.source.join("kept")];
    let seen = look_at(&fixture, &backup.snapshot, &specification, "", false);
    assert_eq!(seen.words[0], "a.o Removed left out");
    assert_eq!(seen.found[0].left_out, Some(Reason::NotIncluded));
    assert_eq!(seen.words.len(), 5);
}

#[test]
fn what_the_next_backup_finds_is_what_differs() {
    let fixture = Fixture::with(|specification| specification.exclude_caches = true);
    for number in 0..40 {
        fixture.write(
            &format!("f{}/{}/file {number}", number % 3, number % 7),
            "1",
        );
    }
    fixture.write(
        "cache/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55",
    );
    fixture.write("cache/x", "x");
    let before = fixture.back_up().snapshot;
    for number in (0..40).step_by(5) {
        fixture.write(
            &format!("f{}/{}/file {number}", number % 3, number % 7),
            "22",
        );
        fixture.write(&format!("f{}/{}/new {number}", number % 3, number % 7), "3");
    }
    fs::remove_dir_all(fixture.source.join("f1/3")).unwrap();
    fixture.write("cache/y", "y");
    let seen = words(&fixture, &before, "", false);
    let after = fixture.back_up().snapshot;
    let top = path_bytes(&fixture.source).len() + 1;
    let expected: Vec<String> =
        super::super::differences(&before, &after, path_bytes(&fixture.source))
            .unwrap()
            .map(|difference| {
                let Difference { path, change, .. } = difference.unwrap();
                format!("{} {change:?}", escaped(&path[top..]))
            })
            .collect();
    assert_eq!(seen, expected);
    assert!(expected.len() > 16);
    assert_eq!(words(&fixture, &after, "", false), [""; 0]);
}

#[test]
fn a_comparison_that_is_cancelled_ends_as_cancelled() {
    let fixture = Fixture::with(|_| {});
    fixture.write("a", "a");
    let backup = fixture.back_up();
    let monitor = Monitor::new();
    monitor.cancel();
    let error = differences_with_disk(
        &backup.snapshot,
        fixture.archive.specification(),
        &[],
        b"/",
        DiskOptions::default(),
        &monitor,
        &mut |_| {},
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
