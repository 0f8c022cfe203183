//! `gibus backup` and `gibus snapshots`

use std::fs;

use crate::support::Home;

#[test]
fn a_second_backup_reads_only_what_has_changed() {
    let home = Home::with_archive();
    home.write("files/b.txt", b"two\n");
    home.gibus("bu -A home").expect(0);
    home.write("files/b.txt", b"changed\n");
    let done = home.json("backup -A home");
    let build = &done["backups"][0]["build"];
    assert_eq!(build["files"], 2);
    assert_eq!(build["unchanged_files"], 1);
    assert_eq!(build["read_files"], 1);
    assert_eq!(done["backups"][0]["complete"], true);
}

#[test]
fn a_dry_run_makes_nothing() {
    let home = Home::with_archive();
    let run = home.gibus("backup -A home --dry-run");
    assert!(
        run.expect(0).contains("would back up 1 file, 4 B"),
        "{run:?}"
    );
    assert_eq!(
        home.gibus("snapshots -A home").expect(0),
        "There are no snapshots yet\n"
    );
    for folder in ["packs", "contents"] {
        let files = fs::read_dir(home.repository().join(folder)).unwrap();
        assert_eq!(files.count(), 0, "{folder}");
    }
}

#[test]
fn several_archives_are_backed_up_though_one_fails() {
    let home = Home::with_archive();
    home.write("more/c.txt", b"three\n");
    home.gibus("archive create more --repo main --include more")
        .expect(0);
    let run = home.gibus("backup -A home -A nosuch -A more");
    assert_eq!(run.code, Some(10), "{run:?}");
    assert!(run.stderr.contains("nosuch"), "{run:?}");
    assert_eq!(home.json("archive show home")["snapshots"], 1);
    assert_eq!(home.json("archive show more")["snapshots"], 1);
}

#[test]
fn what_cannot_be_backed_up_is_told_and_the_rest_is_backed_up() {
    let home = Home::with_archive();
    let run = home.gibus("archive edit home --include gone");
    assert!(run.stderr.contains("is not there now"), "{run:?}");
    let run = home.gibus("backup -A home");
    assert_eq!(run.code, Some(3), "{run:?}");
    let gone = home.path("gone");
    assert!(
        run.stderr
            .contains(&format!("{}: could not include", gone.display())),
        "{run:?}"
    );
    let run = home.gibus("snapshots -A home");
    assert!(run.expect(0).contains("incomplete"), "{run:?}");
    let json = home.gibus("--json backup -A home");
    assert_eq!(json.code, Some(3));
    assert_eq!(json.stderr, "");
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        document["backups"][0]["problems"][0]["path"],
        gone.to_str().unwrap()
    );
}

#[test]
fn nothing_that_is_included_is_there() {
    let home = Home::with_archive();
    fs::remove_dir_all(home.path("files")).unwrap();
    home.gibus("backup -A home").failure(1);
    assert_eq!(home.json("archive show home")["snapshots"], 0);
}

#[test]
fn quiet_prints_only_what_was_asked_for() {
    let home = Home::with_archive();
    let run = home.gibus("backup -A home --quiet");
    assert_eq!(run.expect(0), "");
    assert_eq!(run.stderr, "");
    assert_eq!(
        home.gibus("snapshots -A home --quiet")
            .expect(0)
            .lines()
            .count(),
        1
    );
}

#[test]
fn statistics_are_printed_when_wanted() {
    let home = Home::with_archive();
    let run = home.gibus("backup -A home --stats");
    assert!(run.expect(0).contains("Snapshot file:"), "{run:?}");
    assert_eq!(run.stderr, "", "no progress where nobody watches");
}

#[test]
fn snapshots_are_listed_one_a_line_with_the_name_first() {
    let home = Home::with_snapshots();
    let oldest_first = home.snapshots();
    assert_eq!(oldest_first.len(), 2);
    for name in &oldest_first {
        assert!(home.archive().join(name).is_file(), "{name}");
    }
    for options in ["", "--build-stats", "--storage-stats"] {
        let run = home.gibus(&format!("lss -A home --newest-first {options}"));
        let names: Vec<&str> = run
            .expect(0)
            .lines()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        assert_eq!(names, [oldest_first[1].as_str(), oldest_first[0].as_str()]);
    }
    let json = home.json("snapshots -A home --storage-stats");
    let storage = |index: usize| json["snapshots"][index]["storage"].clone();
    assert_eq!(storage(0)["alone_content_bytes"], 4);
    assert_eq!(storage(1)["alone_content_bytes"], 13 + 4);
    for (index, name) in oldest_first.iter().enumerate() {
        let effect = home.json(&format!("what-if delete home:{name}"));
        assert_eq!(storage(index)["freed_bytes"], effect["freed_bytes"]);
        assert_eq!(storage(index)["mixed_bytes"], effect["mixed_bytes"]);
    }
    let growth = home.json("repo stats main --growth");
    let growth = growth["growth"].as_array().unwrap();
    for (point, index) in growth.iter().zip(0..) {
        assert_eq!(point["held_bytes"], storage(index)["held_bytes"]);
    }
    let total = |index: usize| growth[index]["total_stored_bytes"].as_u64().unwrap();
    let new = growth[1]["new_stored_bytes"].as_u64().unwrap();
    assert_eq!(total(1), total(0) + new);
    let shares: u64 = (0..2)
        .map(|index| storage(index)["share_bytes"].as_u64().unwrap())
        .sum();
    assert!(shares.abs_diff(total(1)) <= 2, "{shares} of {}", total(1));
    let run = home.gibus("repo stats main --growth");
    assert_eq!(run.expect(0).lines().count(), 3, "{run:?}");
}

#[test]
fn a_damaged_snapshot_does_not_hide_the_others() {
    let home = Home::with_snapshots();
    let names = home.snapshots();
    crate::support::damage(&home.archive().join(&names[0]));
    for options in ["", "--build-stats", "--storage-stats"] {
        let run = home.gibus(&format!("snapshots -A home {options}"));
        assert_eq!(run.code, Some(3), "{run:?}");
        assert_eq!(run.stdout.lines().count(), 2, "{run:?}");
        assert!(run.stdout.contains("cannot be read"), "{run:?}");
    }
    home.gibus("cat -A home files/a.txt").expect(0);
    let run = home.gibus("repo check main");
    assert!(run.expect(1).contains(&names[0]), "{run:?}");
}
