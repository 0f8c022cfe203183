//! `gibus repo …`

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::support::{Home, damage};

#[test]
fn a_repository_is_made_where_it_is_wanted_and_nowhere_else() {
    let home = Home::new();
    home.gibus("repo create main --location disk").expect(0);
    assert!(home.repository().join("repository.toml").is_file());
    let run = home.gibus("repo create other");
    run.expect(0);
    let default = home.path(".local/share/gibus/gibus.d/repos");
    assert_eq!(fs::read_dir(&default).unwrap().count(), 1);
    let run = home.gibus("repo list");
    let names: Vec<&str> = run
        .expect(0)
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["NAME", "main", "other"]);
}

#[test]
fn layout_codec_and_level_are_as_asked_for() {
    let home = Home::new();
    for (name, options, layout, codec, level) in [
        ("a", "", "packed", "zstd", 3),
        ("b", "--layout loose", "loose", "gzip", 6),
        ("c", "--layout loose --codec none", "loose", "none", 0),
        ("d", "--codec zstd --level 9", "packed", "zstd", 9),
    ] {
        let json = home.json(&format!("repo create {name} {options}"));
        let made = &json["repository"];
        assert_eq!(made["layout"], layout, "{name}");
        assert_eq!(made["codec"], codec, "{name}");
        assert_eq!(made["level"], level, "{name}");
    }
    home.gibus("repo create e --codec gzip --level 20")
        .failure(2);
    home.gibus("repo create a").failure(1);
}

#[test]
fn a_repository_that_is_not_there_is_exit_code_10() {
    let home = Home::with_archive();
    home.gibus("repo show nosuch").failure(10);
    fs::rename(home.path("disk"), home.path("elsewhere")).unwrap();
    for line in [
        "repo show main",
        "repo stats main",
        "repo check main",
        "backup -A home",
    ] {
        home.gibus(line).failure(10);
    }
    assert!(
        !home.path("disk").exists(),
        "nothing is written where the disk was"
    );
    let run = home.gibus("repo list");
    assert!(run.expect(0).contains("not available"), "{run:?}");
}

#[test]
fn another_repository_at_its_place_is_not_taken_for_it() {
    let home = Home::with_archive();
    fs::rename(home.path("disk"), home.path("first")).unwrap();
    let other = Home::new();
    other.gibus("repo create main --location disk").expect(0);
    fs::rename(other.path("disk"), home.path("disk")).unwrap();
    let run = home.gibus("repo show main");
    assert!(run.failure(10).contains("another repository"), "{run:?}");
}

#[test]
fn a_sound_repository_passes_the_check_and_a_damaged_one_names_the_files() {
    let home = Home::with_snapshots();
    let run = home.gibus("repo check main --read-data");
    assert!(
        run.expect(0)
            .starts_with("Sound: 3 contents in 2 packs, 2 snapshots"),
        "{run:?}"
    );
    let packs = home.repository().join("packs");
    for pack in fs::read_dir(&packs).unwrap() {
        damage(&pack.unwrap().path());
    }
    let run = home.gibus("repo check main --read-data");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("DAMAGED"), "{run:?}");
}

#[test]
fn lost_contents_are_found_out_and_stored_again() {
    let home = Home::with_archive();
    home.gibus("backup -A home").expect(0);
    let packs = home.repository().join("packs");
    fs::remove_dir_all(&packs).unwrap();
    fs::create_dir(&packs).unwrap();
    let run = home.gibus("repo check main");
    assert_eq!(run.code, Some(1), "{run:?}");
    let path = home.path("files/a.txt");
    assert!(run.stdout.contains(path.to_str().unwrap()), "{run:?}");
    home.gibus("repo repair main").expect(3);
    home.gibus("backup -A home").expect(0);
    // The snapshot from before has it again as well as the new one.
    for back in [0, 1] {
        let extract = format!("extract -A home files --back {back} --into out{back}");
        home.gibus(&extract).expect(0);
        let extracted = home.path(format!("out{back}/files/a.txt"));
        assert_eq!(fs::read(extracted).unwrap(), b"one\n");
    }
    home.gibus("repo check main --read-data").expect(0);
}

#[test]
fn a_repository_is_converted_and_still_gives_everything_back() {
    let home = Home::with_snapshots();
    for (options, layout, codec) in [
        ("--layout loose --codec gzip", "loose", "gzip"),
        ("--codec none", "loose", "none"),
        ("--layout packed --codec zstd", "packed", "zstd"),
    ] {
        home.gibus(&format!("repo convert main {options}"))
            .expect(0);
        let shown = home.json("repo show main");
        assert_eq!(shown["repository"]["layout"], layout);
        assert_eq!(shown["repository"]["codec"], codec);
        home.gibus("repo check main --read-data").expect(0);
        let run = home.gibus("cat -A home files/a.txt");
        assert_eq!(run.expect(0), "one and more\n");
    }
}

#[test]
fn a_repository_in_use_is_not_deleted() {
    let home = Home::with_snapshots();
    let run = home.gibus("repo delete main");
    assert!(run.failure(1).contains("home"), "{run:?}");
    home.gibus("archive delete home --keep-files").expect(0);
    let run = home.gibus("repo delete main");
    assert!(run.failure(1).contains("2 snapshots"), "{run:?}");
    home.gibus("repo delete main --with-contents --dry-run")
        .expect(0);
    assert!(home.repository().join("repository.toml").exists());
    let place = home.repository();
    home.gibus("repo delete main --with-contents").expect(0);
    assert!(!place.exists());
    home.gibus("repo show main").failure(10);
}

#[test]
fn a_repository_is_forgotten_and_adopted_again() {
    let home = Home::new();
    home.gibus("repo create main --location disk").expect(0);
    home.gibus("repo delete main --keep-files").expect(0);
    let place = home.repository();
    let adopt = format!("repo adopt {}", place.display());
    home.gibus(&adopt).expect(0);
    home.gibus("repo show main").expect(0);
    // Once more is no error: it may have moved.
    home.gibus(&adopt).expect(0);
    home.gibus(&format!("{adopt} --name other")).failure(1);
    home.gibus("repo adopt files").failure(10);
}

#[test]
fn statistics_add_up() {
    let home = Home::with_snapshots();
    let stats = home.json("repo stats main");
    assert_eq!(stats["claims"], 2);
    assert_eq!(stats["referenced_contents"], 3);
    assert_eq!(stats["references"], 3);
    assert_eq!(stats["held_bytes"], 4 + 13 + 4);
    let run = home.gibus("repo_stats main");
    assert!(
        run.expect(0).contains("Kept once each: 3 contents"),
        "{run:?}"
    );
}

#[test]
fn a_lost_claim_that_no_snapshot_needs_is_given_up_only_when_asked_to() {
    let home = Home::with_snapshots();
    let claims = || -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(home.repository().join("claims")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let before = claims();
    home.write("others/c.txt", b"of another archive");
    home.gibus("archive create other --repo main --location elsewhere --include others")
        .expect(0);
    home.gibus("backup -A other").expect(0);
    // The archive is gone for good, and its claim damaged.
    fs::remove_dir_all(home.path("elsewhere")).unwrap();
    fs::remove_file(home.path("config/archives/other.toml")).unwrap();
    let claim = claims().difference(&before).next().unwrap().clone();
    damage(&claim);

    home.gibus("repo prune main").failure(1);
    let run = home.gibus("repo repair main");
    run.expect(0);
    assert!(run.stderr.contains("--release-lost"), "{run:?}");
    home.gibus("repo prune main").failure(1);

    let repaired = home.json("repo repair main --release-lost");
    assert_eq!(repaired["released_claims"], 1);
    let pruned = home.json("repo prune main");
    assert_eq!(pruned["deleted_contents"], 1, "{pruned}");
    home.gibus("repo check main --read-data").expect(0);
    let newest = home.gibus("cat -A home files/a.txt");
    assert_eq!(newest.expect(0), "one and more\n");
    let oldest = home.gibus("cat -A home --back 1 files/a.txt");
    assert_eq!(oldest.expect(0), "one\n");
}
