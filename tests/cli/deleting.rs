//! `gibus delete` and `gibus repo prune`

use std::fs;

use crate::support::Home;

#[test]
fn the_oldest_is_deleted_unless_another_is_selected() {
    let home = Home::with_snapshots();
    home.gibus("backup -A home").expect(0);
    let names = home.snapshots();
    home.gibus("delete -A home --back 1").expect(0);
    assert_eq!(home.snapshots(), [names[0].as_str(), names[2].as_str()]);
    home.gibus("del -A home").expect(0);
    assert_eq!(home.snapshots(), [names[2].as_str()]);
    home.gibus("delete -A home --snapshot 2001-01-01-00-00-00")
        .failure(10);
}

#[test]
fn the_last_snapshot_is_deleted_only_on_purpose() {
    let home = Home::with_archive();
    home.gibus("backup -A home").expect(0);
    let run = home.gibus("delete -A home");
    assert!(run.failure(1).contains("--allow-last"), "{run:?}");
    assert_eq!(home.snapshots().len(), 1);
    home.gibus("delete -A home --allow-last").expect(0);
    home.gibus("delete -A home").failure(10);
}

#[test]
fn all_but_the_newest_are_deleted() {
    let home = Home::with_snapshots();
    home.gibus("backup -A home").expect(0);
    let names = home.snapshots();
    assert_eq!(
        home.gibus("delete -A home --all-but-newest 3").expect(0),
        "There is nothing to delete\n"
    );
    home.gibus("delete -A home --all-but-newest 1 --dry-run")
        .expect(0);
    assert_eq!(home.snapshots().len(), 3);
    home.gibus("delete -A home --keep-last 1 --back 0")
        .expect(2);
    home.gibus("delete -A home --keep-daily 0").expect(2);
    home.gibus("delete -A home --all-but-newest 1").expect(0);
    assert_eq!(home.snapshots(), [names[2].as_str()]);
}

#[test]
fn a_dry_run_tells_what_would_be_freed_and_prune_frees_it() {
    let home = Home::with_archive();
    let bytes: Vec<u8> = (0..100_000u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    home.write("files/big", &bytes);
    home.gibus("backup -A home").expect(0);
    fs::remove_file(home.path("files/big")).unwrap();
    home.gibus("backup -A home").expect(0);
    let plan = home.json("delete -A home --dry-run");
    let frees = plan["frees"]["freed_stored_bytes"].as_u64().unwrap();
    assert!(frees > 100_000, "{plan}");
    home.gibus("delete -A home").expect(0);
    let before = home.json("repo stats main");
    assert_eq!(before["unreferenced_contents"], 1);
    let plan = home.json("repo prune main --dry-run");
    assert!(plan["freed_bytes"].as_u64().unwrap() >= frees, "{plan}");
    let done = home.json("prune main");
    assert!(done["freed_bytes"].as_u64().unwrap() >= frees, "{done}");
    assert_eq!(home.gibus("cat -A home files/a.txt").expect(0), "one\n");
    home.gibus("repo check main --read-data").expect(0);
}

#[test]
fn what_is_kept_of_days_and_months_is_told_and_the_rest_deleted() {
    let home = Home::with_snapshots();
    home.gibus("backup -A home").expect(0);
    home.gibus("backup -A home").expect(0);
    let times = [
        "2026-10-30-08-00-00",
        "2026-11-23-08-00-00",
        "2026-11-24-08-00-00",
        "2026-11-24-09-00-00",
    ];
    let names = times.map(|time| format!("{time}.snapshot"));
    for (old, new) in home.snapshots().iter().zip(&names) {
        fs::rename(home.archive().join(old), home.archive().join(new)).unwrap();
    }
    let given_up = |rule: &str| {
        let plan = home.json(&format!("delete -A home {rule} --dry-run"));
        let deleted = plan["deleted"].as_array().unwrap().iter();
        let position = |name: &str| names.iter().position(|known| known == name);
        let positions = deleted.map(|name| position(name.as_str().unwrap()).unwrap());
        positions.collect::<Vec<_>>()
    };
    assert_eq!(given_up("--keep-daily 7"), [2]);
    assert_eq!(given_up("--keep-daily 1 --keep-monthly 2"), [1, 2]);
    assert_eq!(given_up("--keep-yearly 5"), [0, 1, 2]);
    let what_if = home.json("what-if delete home --keep-yearly 5");
    assert_eq!(what_if["snapshots"].as_array().unwrap().len(), 3);
    home.gibus("delete -A home --keep-weekly 1 --keep-last 2")
        .expect(0);
    assert_eq!(home.snapshots(), names[2..]);
}

/// The length of everything in the repository and the archive that belongs to contents and snapshots.
fn length_of_everything(home: &Home) -> u64 {
    let length_in = |folder: std::path::PathBuf| -> u64 {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.map(|file| file.metadata().unwrap().len()).sum()
    };
    let folders = ["packs", "contents", "claims"].map(|folder| home.repository().join(folder));
    let snapshots = home.snapshots();
    let snapshots = snapshots.iter().map(|name| home.archive().join(name));
    folders.map(length_in).iter().sum::<u64>()
        + snapshots
            .map(|path| path.metadata().unwrap().len())
            .sum::<u64>()
}

#[test]
fn what_if_foretells_to_the_byte_what_deleting_and_pruning_free() {
    let home = Home::with_archive();
    for day in 0..5_u32 {
        for file in 0..40_u32 {
            // Each day half of the files are others than the day before.
            let seed = file * 100 + if file % 2 == 0 { day } else { 0 };
            let bytes: Vec<u8> = (0..2000 + file)
                .flat_map(|n| (n ^ seed).wrapping_mul(2_654_435_761).to_le_bytes())
                .collect();
            home.write(&format!("files/{file}"), &bytes);
        }
        home.gibus("backup -A home").expect(0);
    }
    let names = home.snapshots();
    let middle = format!("home:{}", names[2]);
    let one = home.json(&format!("what-if delete {middle}"));
    let two = home.json(&format!("what-if delete {middle} home:-1 home:-1"));
    assert_eq!(two["snapshots"].as_array().unwrap().len(), 2);
    let contents = |effect: &serde_json::Value| effect["freed_contents"].as_u64().unwrap();
    assert_eq!((contents(&one), contents(&two)), (20, 40));
    let all_but_one = home.json("what-if delete home --all-but-newest 1 --exact");
    assert_eq!(all_but_one["snapshots"].as_array().unwrap().len(), 4);
    let foretold = all_but_one["rehearsed_freed_bytes"].as_i64().unwrap();

    let before = length_of_everything(&home);
    home.gibus("what-if delete home --all-but-newest 1 --exact")
        .expect(0);
    assert_eq!(length_of_everything(&home), before);
    home.gibus("delete -A home --all-but-newest 1").expect(0);
    home.gibus("repo prune main").expect(0);
    let freed = i64::try_from(before - length_of_everything(&home)).unwrap();
    assert_eq!(freed, foretold);
    assert!(freed > 300_000, "{freed}");

    home.gibus("what-if delete nosuch").expect(10);
    home.gibus("what-if delete home:7").expect(10);
    home.gibus("what-if delete home:nosuch").expect(10);
    home.gibus("what-if delete").expect(2);
}

#[test]
fn a_lost_claim_is_supplied_again_before_anything_is_pruned() {
    let home = Home::with_snapshots();
    let claims = home.repository().join("claims");
    for claim in fs::read_dir(&claims).unwrap() {
        fs::remove_file(claim.unwrap().path()).unwrap();
    }
    let run = home.gibus("repo check main");
    assert!(run.expect(1).contains("claim"), "{run:?}");
    let run = home.gibus("repo prune main");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stderr.contains("2 claims were missing or damaged"),
        "{run:?}"
    );
    home.gibus("repo check main --read-data").expect(0);
    assert_eq!(
        home.gibus("cat -A home --back 1 files/a.txt").expect(0),
        "one\n"
    );
}

#[test]
fn a_claim_without_a_snapshot_is_released() {
    let home = Home::with_snapshots();
    let names = home.snapshots();
    // As a deletion leaves it that is killed half-way.
    fs::remove_file(home.archive().join(&names[0])).unwrap();
    let run = home.gibus("repo prune main");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stderr
            .contains("1 claim was left by an interrupted run"),
        "{run:?}"
    );
    let stats = home.json("repo stats main");
    assert_eq!(stats["claims"], 1);
    assert_eq!(stats["unreferenced_contents"], 0);
    home.gibus("repo check main --read-data").expect(0);
}

#[test]
fn a_prune_that_has_to_leave_something_says_so_and_why() {
    let home = Home::with_snapshots();
    home.gibus("delete -A home --back -1").expect(0);
    let packs = home.repository().join("packs");
    for pack in fs::read_dir(&packs).unwrap() {
        fs::remove_file(pack.unwrap().path()).unwrap();
    }
    let run = home.gibus("--quiet repo prune main");
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("`gibus repo repair`"), "{run:?}");
    let run = home.gibus("repo prune main");
    assert_eq!(run.stdout, "Nothing was given back\n");
    let run = home.gibus("--json repo prune main");
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.stdout.contains("\"left_undone\":\"something"),
        "{run:?}"
    );
    home.gibus("repo prune main --dry-run").expect(0);
}

#[test]
fn nothing_is_pruned_while_an_archive_cannot_be_read() {
    let home = Home::with_snapshots();
    fs::rename(home.archive(), home.path("hidden")).unwrap();
    let run = home.gibus("repo prune main");
    assert_ne!(run.code, Some(0), "{run:?}");
    assert_eq!(home.json("repo stats main")["claims"], 2);
}

#[test]
fn a_damaged_snapshot_can_be_deleted() {
    let home = Home::with_snapshots();
    let names = home.snapshots();
    crate::support::damage(&home.archive().join(&names[0]));
    let run = home.gibus("delete -A home");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("could not be read"), "{run:?}");
    let run = home.gibus("repo prune main");
    assert!(run.stderr.contains("released"), "{run:?}");
    assert_eq!(home.json("repo stats main")["claims"], 1);
}
