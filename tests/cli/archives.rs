//! `gibus archive …`

use std::fs;

use crate::support::Home;

#[test]
fn an_archive_lies_beside_its_repository() {
    let home = Home::with_archive();
    assert!(home.archive().join("archive.toml").is_file());
    let shown = home.json("archive show home");
    assert_eq!(shown["archive"]["repository"], "main");
    assert_eq!(shown["snapshots"], 0);
    let files = home.path("files");
    assert_eq!(
        shown["archive"]["specification"]["includes"][0]["path"],
        files.to_str().unwrap()
    );
    home.gibus("archive create home --repo main --include files")
        .failure(1);
    home.gibus("archive create other --repo nosuch --include files")
        .failure(10);
    home.gibus("archive show nosuch").failure(10);
}

#[test]
fn all_rules_are_taken() {
    let home = Home::with_archive();
    home.gibus(
        "archive create full --repo main --include files /etc --exclude-dir target --exclude-file *.o \
         --exclude-file *.tmp --exclude-larger-than 10M --exclude-caches --exclude-nodump \
         --one-file-system --ignore-files --keep-broken-links --uncompressed",
    )
    .expect(0);
    let rules = home.json("archive show full")["archive"]["specification"].clone();
    assert_eq!(rules["includes"][1]["path"], "/etc");
    assert_eq!(rules["exclude_dirs"], serde_json::json!(["target"]));
    assert_eq!(rules["exclude_files"], serde_json::json!(["*.o", "*.tmp"]));
    assert_eq!(rules["exclude_larger_than"], 10 << 20);
    for name in [
        "exclude_caches",
        "exclude_nodump",
        "one_file_system",
        "ignore_files",
        "keep_broken_links",
    ] {
        assert_eq!(rules[name], true, "{name}");
    }
    assert_eq!(rules["compress_snapshots"], false);
    let run = home.gibus("archive show full");
    assert!(
        run.expect(0)
            .contains("Exclude files:   larger than 10 MiB"),
        "{run:?}"
    );
    home.gibus("archive create bad --repo main --include files --exclude-dir a//b")
        .failure(2);
}

#[test]
fn rules_are_added_and_taken_away() {
    let home = Home::with_archive();
    home.gibus("archive edit home --exclude-file *.o --include /etc --exclude-caches")
        .expect(0);
    home.gibus("archive edit home --remove-include files --no-exclude-caches")
        .expect(0);
    let rules = home.json("archive show home")["archive"]["specification"].clone();
    assert_eq!(rules["includes"], serde_json::json!([{"path": "/etc"}]));
    assert_eq!(rules["exclude_files"], serde_json::json!(["*.o"]));
    assert_eq!(rules["exclude_caches"], false);
    let run = home.gibus("archive edit home --remove-exclude-dir target");
    assert!(run.failure(2).contains("no such rule"), "{run:?}");
    // What lies beside the snapshots says the same.
    let stored = fs::read_dir(home.archive()).unwrap();
    let stored = stored
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_file())
        .unwrap();
    assert!(fs::read_to_string(stored).unwrap().contains("*.o"));
}

#[test]
fn rules_are_edited_in_the_editor() {
    let home = Home::with_archive();
    let edit = |editor: &str| {
        let mut command = home.command(["archive", "edit", "home"]);
        crate::support::Run::from(command.env("EDITOR", editor).output().unwrap())
    };
    edit("sed -i s/exclude_caches.=.false/exclude_caches=true/").expect(0);
    let rules = home.json("archive show home")["archive"]["specification"].clone();
    assert_eq!(rules["exclude_caches"], true);
    let run = edit("sed -i s/exclude_caches/exclude_cache/");
    assert!(run.failure(2).contains("line"), "{run:?}");
    edit("false").failure(1);
    assert_eq!(edit("true").expect(0), "Nothing was changed\n");
    home.gibus("archive edit home").failure(2);
    let left = fs::read_dir(home.path("config")).unwrap();
    assert!(
        left.map(|entry| entry.unwrap().path())
            .all(|path| path.is_dir())
    );
}

#[test]
fn the_rule_that_decides_is_named_and_the_last_saved_version() {
    let home = Home::with_snapshots();
    home.gibus("archive edit home --exclude-dir sub").expect(0);
    let run = home.gibus("archive explain home files/a.txt");
    assert!(
        run.expect(0).contains("is backed up: the include"),
        "{run:?}"
    );
    let run = home.gibus("archive explain home files/sub/b.txt");
    let newest = home.snapshots().pop().unwrap();
    assert!(run.expect(0).contains("'sub'"), "{run:?}");
    assert!(
        run.stdout.contains("Last saved version: 4 B of "),
        "{run:?}"
    );
    assert!(run.stdout.contains(&newest), "{run:?}");
    let run = home.gibus("archive explain home /etc/passwd");
    assert!(
        run.expect(0)
            .contains("is not backed up: no include covers it"),
        "{run:?}"
    );
    assert!(run.stdout.contains("Last saved version: none"), "{run:?}");
}

#[test]
fn what_each_rule_would_leave_out_is_told() {
    let home = Home::with_archive();
    home.write("files/modules/deep/x", &[1; 3000]);
    home.write("files/y.o", &[1; 30]);
    home.gibus("archive edit home --exclude-dir modules --exclude-file *.o")
        .expect(0);
    let run = home.gibus("archive preview home");
    let files = home.path("files");
    let files = files.to_str().unwrap();
    assert_eq!(
        run.expect(0),
        format!(
            "Taken:\n\
             1 file  4 B  {files}\n\
             Left out, because\n\
             1 file  2.9 KiB  the directory glob 'modules' matches it (number 1 in exclude_dirs): {files}/modules\n\
             1 file     30 B  the file glob '*.o' matches it (number 1 in exclude_files): {files}/y.o\n"
        )
    );
    let told = home.json("archive preview home");
    assert_eq!(told["removed"][0]["bytes"], 3000);
    home.gibus("archive edit home --include nosuch").expect(0);
    let run = home.gibus("archive preview home");
    assert!(run.expect(3).contains("in all"), "{run:?}");
    assert!(run.stderr.contains("nosuch"), "{run:?}");
}

#[test]
fn an_archive_with_snapshots_is_deleted_only_with_them() {
    let home = Home::with_snapshots();
    let run = home.gibus("archive delete home");
    assert!(run.failure(1).contains("2 snapshots"), "{run:?}");
    home.gibus("archive delete home --with-snapshots --dry-run")
        .expect(0);
    assert_eq!(home.snapshots().len(), 2);
    let place = home.archive();
    home.gibus("archive delete home --with-snapshots").expect(0);
    assert!(!place.exists());
    home.gibus("archive show home").failure(10);
    home.gibus("repo prune main").expect(0);
    assert_eq!(home.json("repo stats main")["stored_bytes"], 0);
}

#[test]
fn an_archive_is_forgotten_and_adopted_again_with_its_repository() {
    let home = Home::with_snapshots();
    fs::remove_dir_all(home.path("config")).unwrap();
    let adopt = format!("archive adopt {}", home.archive().display());
    home.gibus(&adopt).expect(0);
    assert_eq!(home.snapshots().len(), 2);
    home.gibus("backup -A home").expect(0);
    home.gibus("repo check main").expect(0);
    home.gibus(&adopt).expect(0);
    home.gibus(&format!("{adopt} --name other")).failure(1);
}

#[test]
fn one_bad_file_of_the_configuration_spoils_nothing_else() {
    let home = Home::with_archive();
    home.write("config/archives/bad.toml", b"includes = 3\n");
    let run = home.gibus("archive list");
    assert!(run.expect(0).contains("bad"), "{run:?}");
    assert!(run.stdout.contains("home"), "{run:?}");
    home.gibus("backup -A bad").failure(1);
    home.gibus("backup -A home").expect(0);
    // It may be an archive that needs what is pruned.
    home.gibus("repo prune main").failure(1);
}

#[test]
fn an_archive_goes_on_in_another_repository_and_keeps_its_older_snapshots() {
    let home = Home::with_snapshots();
    home.gibus("repo create second --location disk2").expect(0);
    home.gibus("archive edit home --repo second").expect(0);
    let done = home.json("backup -A home");
    assert_eq!(done["backups"][0]["build"]["read_files"], 2);
    assert_eq!(home.gibus("diff -A home").expect(0), "");
    let cat = |back: &str| {
        home.gibus(&format!("cat -A home --back {back} files/a.txt"))
            .stdout
    };
    assert_eq!(
        [cat("0"), cat("1"), cat("2")],
        ["one and more\n", "one and more\n", "one\n"]
    );
    for name in ["main", "second"] {
        home.gibus(&format!("repo prune {name}")).expect(0);
        home.gibus(&format!("repo check {name} --read-data"))
            .expect(0);
    }
    assert_eq!(cat("2"), "one\n");
    home.gibus("delete -A home --all-but-newest 1").expect(0);
    assert_eq!(home.json("repo stats main")["claims"], 0);
    assert_eq!(cat("0"), "one and more\n");
}
