//! `gibus ls`, `cat`, `find` and `diff`

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use crate::support::{Home, damage};

#[test]
fn a_folder_is_listed_and_what_is_below_it() {
    let home = Home::with_snapshots();
    let files = home.path("files");
    let files = files.to_str().unwrap();
    let run = home.gibus("ls -A home files");
    assert_eq!(run.expect(0), format!("{files}/a.txt\n{files}/sub\n"));
    let run = home.gibus("ls -A home --recursive files");
    assert_eq!(
        run.expect(0),
        format!("{files}/a.txt\n{files}/sub\n{files}/sub/b.txt\n")
    );
    let run = home.gibus("ldc -A home --back 1 files");
    assert_eq!(run.expect(0), format!("{files}/a.txt\n"));
    let run = home.gibus("ls -A home --long files/a.txt");
    assert!(run.expect(0).starts_with("-rw-"), "{run:?}");
    let run = home.gibus("ls -A home");
    assert_eq!(run.expect(0).lines().count(), 1, "{run:?}");
    home.gibus("ls -A home files/nosuch").failure(1);
}

#[test]
fn snapshots_are_selected_from_either_end_and_by_name() {
    let home = Home::with_snapshots();
    let names = home.snapshots();
    let cat = |select: &str| {
        let run = home.gibus(&format!("cat -A home {select} files/a.txt"));
        run.expect(0).to_owned()
    };
    let stem = names[0].strip_suffix(".snapshot").unwrap();
    for old in [
        "--back 1",
        "--back -1",
        &format!("--snapshot {stem}"),
        &format!("--snapshot {}", names[0]),
    ] {
        assert_eq!(cat(old), "one\n", "{old}");
    }
    for new in ["", "--back 0", "--back -2", "--back=-2"] {
        assert_eq!(cat(new), "one and more\n", "{new}");
    }
    for missing in [
        "--back 2",
        "--back -3",
        "--snapshot 2001-01-01-00-00-00",
        "--snapshot nosuch",
    ] {
        home.gibus(&format!("cat -A home {missing} files/a.txt"))
            .failure(10);
    }
}

#[test]
fn cat_prints_bytes_as_they_are_and_refuses_what_has_none() {
    let home = Home::with_archive();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    home.write("files/bytes", &bytes);
    symlink("a.txt", home.path("files/link")).unwrap();
    home.gibus("backup -A home").expect(0);
    let output = home
        .command(["cat", "-A", "home", "files/bytes"])
        .output()
        .unwrap();
    assert_eq!(output.stdout, bytes);
    let run = home.gibus("cat -A home files");
    assert!(run.failure(1).contains("folder"), "{run:?}");
    let run = home.gibus("cat -A home files/link");
    assert!(run.failure(1).contains("a.txt"), "{run:?}");
}

#[test]
fn no_name_can_act_on_the_terminal() {
    let home = Home::new();
    let names: [&[u8]; 4] = [
        b"\x1b[31mred",
        b"new\nline",
        b"caf\xe9",
        "gpj\u{202e}".as_bytes(),
    ];
    fs::create_dir(home.path("files")).unwrap();
    for name in names {
        fs::write(home.path("files").join(OsStr::from_bytes(name)), b"x").unwrap();
    }
    home.gibus("repo create main --location disk").expect(0);
    home.gibus("archive create home --repo main --include files")
        .expect(0);
    home.gibus("backup -A home").expect(0);
    for line in [
        "ls -A home files",
        "ls -A home -l files",
        "find -A home *",
        "--json ls -A home files",
    ] {
        let run = home.gibus(line);
        let text = run.expect(0);
        let is_harmless = |c: char| c == '\n' || (' '..='~').contains(&c) || c == '\u{fffd}';
        assert!(text.chars().all(is_harmless), "{line}: {text:?}");
    }
    let json = home.json("ls -A home files");
    let entries = json["entries"].as_array().unwrap();
    let hex: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["path_hex"].as_str())
        .collect();
    assert_eq!(hex.len(), 1);
    assert!(hex[0].ends_with("636166e9"));
    let run = home.run([
        OsStr::new("cat"),
        OsStr::new("-A"),
        OsStr::new("home"),
        OsStr::from_bytes(b"files/caf\xe9"),
    ]);
    assert_eq!(run.expect(0), "x");
    let run = home.run([
        OsStr::new("cat"),
        OsStr::new("-A"),
        OsStr::new("home"),
        OsStr::from_bytes(b"files/\x1b[0m"),
    ]);
    assert!(!run.failure(1).contains('\x1b'), "{run:?}");
}

#[test]
fn files_are_found_by_name_in_every_version() {
    let home = Home::with_snapshots();
    home.gibus("backup -A home").expect(0);
    let names = home.snapshots();
    let run = home.gibus("find -A home a.* --all");
    let lines: Vec<&str> = run.expect(0).lines().collect();
    assert_eq!(
        lines.len(),
        2,
        "the third snapshot has no new version: {run:?}"
    );
    assert!(
        lines[0].starts_with(&names[0]) && lines[1].starts_with(&names[1]),
        "{run:?}"
    );
    assert_eq!(
        home.gibus("find -A home a.txt").expect(0).lines().count(),
        1
    );
    assert_eq!(
        home.gibus("find -A home nosuch").expect(0),
        "Nothing was found\n"
    );
    home.gibus("find -A home a//b").failure(2);
    let run = home.gibus("find -A home --contains B.T");
    assert!(run.expect(0).ends_with("/files/sub/b.txt\n"), "{run:?}");
}

#[test]
fn a_snapshot_that_is_damaged_does_not_stop_a_search_in_the_others() {
    let home = Home::with_snapshots();
    let names = home.snapshots();
    damage(&home.archive().join(&names[0]));
    let run = home.gibus("find -A home a.txt --all");
    assert!(run.expect(3).starts_with(&names[1]), "{run:?}");
    assert!(run.stderr.starts_with(&names[0]), "{run:?}");
    let run = home.gibus("versions -A home files/a.txt");
    assert_eq!(run.expect(3).lines().count(), 2, "{run:?}");
    home.gibus("find -A home --back 1 a.txt").failure(1);
}

#[test]
fn every_version_of_a_file_is_shown_with_the_snapshots_that_have_it() {
    let home = Home::with_snapshots();
    fs::remove_file(home.path("files/a.txt")).unwrap();
    home.gibus("backup -A home").expect(0);
    let names = home.snapshots();
    let words = |source: &str| {
        let run = home.gibus(&format!("versions {source} files/a.txt"));
        let lines = run.expect(0).lines();
        let words = lines.map(|line| line.split_whitespace().take(4).map(str::to_owned));
        words.map(Iterator::collect).collect::<Vec<Vec<String>>>()
    };
    let expected = [
        ["FROM", "TO", "SIZE", "MODIFIED"],
        [&names[0], &names[0], "4", "B"],
        [&names[1], &names[1], "13", "B"],
        [&names[2], &names[2], "not", "there"],
    ];
    assert_eq!(words("-A home"), expected);
    assert_eq!(
        words(&format!("--exigency {}", home.archive().display())),
        expected
    );
    let told = home.json("versions -A home files/a.txt");
    assert_eq!(told["spans"][2]["version"], serde_json::Value::Null);
    assert_eq!(told["versions"][1]["entry"]["size"], 13);
    home.gibus("versions -A home files/nosuch").failure(1);
}

#[test]
fn differences_between_snapshots_are_shown() {
    let home = Home::with_snapshots();
    let files = home.path("files");
    let files = files.to_str().unwrap();
    let run = home.gibus("diff -A home");
    assert_eq!(
        run.expect(0),
        format!("M {files}/a.txt\n+ {files}/sub\n+ {files}/sub/b.txt\n")
    );
    let run = home.gibus("diff -A home --back 0 --to-back 1 files/sub");
    assert_eq!(run.expect(0), format!("- {files}/sub/b.txt\n"));
    home.gibus("diff -A home nosuch").failure(1);
    let run = home.gibus("diff -A home --summary files");
    assert_eq!(run.expect(0), format!("M {files}/a.txt\n+ {files}/sub\n"));
    let run = home.gibus("diff -A home --summary");
    assert_eq!(run.expect(0).lines().count(), 1, "{run:?}");
}

#[test]
fn differences_with_the_disk_are_shown() {
    let home = Home::with_snapshots();
    let files = home.path("files");
    let files = files.to_str().unwrap();
    assert_eq!(home.gibus("diff -A home --with-disk").expect(0), "");
    home.write("files/sub/b.txt", b"owt\n");
    home.write("files/new", b"new\n");
    home.gibus("archive edit home --exclude-file a.*").expect(0);
    let changed = format!("x {files}/a.txt\n+ {files}/new\n");
    let run = home.gibus("diff -A home --with-disk");
    assert_eq!(run.expect(0), format!("{changed}? {files}/sub/b.txt\n"));
    let run = home.gibus("diff -A home --with-disk --verify");
    assert_eq!(run.expect(0), format!("{changed}M {files}/sub/b.txt\n"));
    let exigency = format!("diff --exigency {} --with-disk", home.archive().display());
    let run = home.gibus(&format!("{exigency} --back 1 files/sub"));
    assert_eq!(run.expect(0), format!("+ {files}/sub/b.txt\n"));
    let told = home.json("diff -A home --with-disk files");
    assert_eq!(told["new"], serde_json::Value::Null);
    assert_eq!(told["differences"][2]["perhaps"], true);
    home.gibus("diff -A home --with-disk files/nosuch")
        .failure(1);
}
