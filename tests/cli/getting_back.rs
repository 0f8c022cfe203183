//! `gibus extract` and `gibus restore`

use std::fs;

use crate::support::Home;

#[test]
fn what_is_extracted_comes_under_its_own_name_or_another() {
    let home = Home::with_snapshots();
    home.gibus("extract -A home files --into out").expect(0);
    assert_eq!(
        fs::read(home.path("out/files/a.txt")).unwrap(),
        b"one and more\n"
    );
    assert_eq!(
        fs::read(home.path("out/files/sub/b.txt")).unwrap(),
        b"two\n"
    );
    home.gibus("extract -A home --back 1 files/a.txt --into out --as old.txt")
        .expect(0);
    assert_eq!(fs::read(home.path("out/old.txt")).unwrap(), b"one\n");
    home.gibus("extract -A home files/a.txt files/sub")
        .expect(0);
    assert_eq!(fs::read(home.path("a.txt")).unwrap(), b"one and more\n");
    assert!(home.path("sub/b.txt").is_file());
    home.gibus("extract -A home files/a.txt files/sub --as x")
        .failure(2);
    home.gibus("extract -A home files/a.txt --as a/b")
        .failure(2);
    home.gibus("extract -A home files/nosuch --into out")
        .failure(1);
}

#[test]
fn nothing_is_replaced_unless_that_is_wanted() {
    let home = Home::with_snapshots();
    home.write("out/a.txt", b"mine");
    let run = home.gibus("extract -A home files/a.txt --into out");
    assert!(run.failure(1).contains("out/a.txt"), "{run:?}");
    assert_eq!(fs::read(home.path("out/a.txt")).unwrap(), b"mine");
    home.gibus("extract -A home files/a.txt --into out --overwrite")
        .expect(0);
    assert_eq!(fs::read(home.path("out/a.txt")).unwrap(), b"one and more\n");
}

#[test]
fn a_dry_run_writes_nothing() {
    let home = Home::with_snapshots();
    let run = home.gibus("extract -A home files --into out --dry-run");
    assert!(run.expect(0).contains("create      "), "{run:?}");
    assert!(!home.path("out").exists());
    home.write("files/a.txt", b"mine");
    let run = home.gibus("restore -A home --all --dry-run");
    assert!(run.expect(0).contains("move aside  "), "{run:?}");
    assert_eq!(fs::read(home.path("files/a.txt")).unwrap(), b"mine");
}

#[test]
fn restore_moves_aside_what_differs_and_leaves_the_rest() {
    let home = Home::with_snapshots();
    home.write("files/a.txt", b"mine");
    home.write("files/other.txt", b"not in the snapshot");
    fs::remove_file(home.path("files/sub/b.txt")).unwrap();
    home.gibus("restore -A home --all").expect(0);
    assert_eq!(
        fs::read(home.path("files/a.txt")).unwrap(),
        b"one and more\n"
    );
    assert_eq!(fs::read(home.path("files/sub/b.txt")).unwrap(), b"two\n");
    assert!(home.path("files/other.txt").exists());
    let aside: Vec<_> = fs::read_dir(home.path("files"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains("a.txt.before-restore-"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read(&aside[0]).unwrap(), b"mine");
    home.gibus("restore -A home --back 1 files/a.txt --overwrite")
        .expect(0);
    assert_eq!(fs::read(home.path("files/a.txt")).unwrap(), b"one\n");
    home.gibus("restore -A home --all --back 1").expect(0);
    let run = home.gibus("restore -A home --all --back 1 --dry-run");
    assert!(run.expect(0).contains("nothing to do"), "{run:?}");
}

#[test]
fn damage_is_an_error_that_names_the_file_and_writes_no_wrong_bytes() {
    let home = Home::with_archive();
    let bytes: Vec<u8> = (0..200_000u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    home.write("files/big", &bytes);
    home.gibus("backup -A home").expect(0);
    for pack in fs::read_dir(home.repository().join("packs")).unwrap() {
        crate::support::damage(&pack.unwrap().path());
    }
    let run = home.gibus("extract -A home files --into out");
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stderr.contains("/files/big"), "{run:?}");
    assert!(!home.path("out/files/big").exists());
    let run = home.gibus("cat -A home files/big");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
}
