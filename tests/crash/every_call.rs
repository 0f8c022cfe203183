//! Killed at every single system call that changes something, one after the other.
//!
//! `strace` kills the program as it enters the N-th call of a kind (counted for each thread). A first run,
//! not killed, tells how many there are. In a plain run a sample of them is tried, with `GIBUS_CAMPAIGN=1`
//! every one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::{Scene, TINY, below};
use crate::support::{Home, Run, has_tool, is_campaign, skip};

/// Calls that change something on a disk. Of `openat` those that may make a file.
const CALLS: [&str; 17] = [
    "openat",
    "mkdir",
    "mkdirat",
    "write",
    "writev",
    "pwrite64",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
];

/// Points of each kind of work that a plain run tries.
const SAMPLE: usize = 5;

/// A moment: as some thread enters its so many-th call of this name.
type Point = (String, usize);

#[test]
fn a_backup_may_be_killed_at_every_call() {
    for layout in ["packed", "loose"] {
        let prepare = |scene: &mut Scene| scene.change(4);
        every_call(layout, &prepare, |_| "backup -A a".to_owned(), nothing_more);
    }
}

#[test]
fn a_deletion_may_be_killed_at_every_call() {
    every_call(
        "packed",
        &|_| {},
        |scene| format!("delete -A a --snapshot {}", scene.oldest()),
        |scene, _| {
            let oldest = scene.oldest();
            if !scene.home.snapshots("a").contains(&oldest) {
                scene.snapshots.remove(&oldest);
            }
        },
    );
}

#[test]
fn a_prune_may_be_killed_at_every_call() {
    for layout in ["packed", "loose"] {
        let prepare = |scene: &mut Scene| scene.delete(&scene.oldest());
        every_call(
            layout,
            &prepare,
            |_| "repo prune r".to_owned(),
            nothing_more,
        );
    }
}

#[test]
fn a_conversion_may_be_killed_at_every_call() {
    for (layout, other) in [("packed", "loose"), ("loose", "packed")] {
        every_call(
            layout,
            &|_| {},
            |_| format!("repo convert r --layout {other}"),
            nothing_more,
        );
    }
}

#[test]
fn a_repair_may_be_killed_at_every_call() {
    for layout in ["packed", "loose"] {
        let lose_a_table = |scene: &mut Scene| {
            let tables = fs::read_dir(scene.repository().join("contents")).unwrap();
            fs::remove_file(tables.last().unwrap().unwrap().path()).unwrap();
        };
        every_call(
            layout,
            &lose_a_table,
            |_| "repo repair r".to_owned(),
            |scene, command| {
                // Until it has been repaired, damage is found, as it should be.
                scene.home.done(command);
            },
        );
    }
}

#[test]
fn an_adoption_may_be_killed_at_every_call() {
    every_call(
        "packed",
        &|scene| fs::remove_dir_all(scene.home.path("config")).unwrap(),
        |scene| format!("archive adopt {}", scene.archive().display()),
        |scene, command| {
            if scene.home.gibus("archive show a").code != Some(0) {
                scene.home.done(command);
            }
        },
    );
}

fn nothing_more(_: &mut Scene, _: &str) {}

/// Kills one command at every call, each time from the same beginning. `finish` is what a person does
/// next, before the oracle is asked.
fn every_call(
    layout: &str,
    prepare: &dyn Fn(&mut Scene),
    command: impl Fn(&Scene) -> String,
    finish: impl Fn(&mut Scene, &str),
) {
    if !can_trace() {
        return;
    }
    let mut scene = Scene::new(&format!("--layout {layout}"), TINY, 7);
    scene.back_up();
    scene.change(3);
    scene.back_up();
    prepare(&mut scene);
    let beginning = Beginning::of(&scene);
    let command = command(&scene);

    let points = points_of(&scene.home, &command);
    assert!(points.len() > 5, "{command}: {points:?}");
    let mut killed = 0;
    for point in sample(&points) {
        beginning.restore(&mut scene);
        let what = format!("{layout}: {command}, killed at {point:?}");
        let run = run_until(&scene.home, &command, point);
        match run.signal {
            Some(9) => killed += 1,
            // Threads share the work out anew each time, so one may have fewer calls.
            _ => assert_eq!(run.code, Some(0), "{what}: {run:?}"),
        }
        finish(&mut scene, &command);
        scene.assert_nothing_lost(&what);
        if is_campaign() || killed % 3 == 1 {
            // The recovery is killed as well.
            let again = scene.random.pick(&points).clone();
            run_until(&scene.home, "backup -A a", &again);
            scene.assert_nothing_lost(&format!("{what}, and again at {again:?}"));
        }
        scene.assert_recovers(&what);
    }
    println!(
        "{layout}: {command}: {killed} of {} points tried",
        points.len()
    );
    assert!(killed > 0, "{command}: never killed");
}

fn sample(points: &[Point]) -> impl Iterator<Item = &Point> {
    let stride = match is_campaign() {
        true => 1,
        false => points.len().div_ceil(SAMPLE).max(1),
    };
    points.iter().step_by(stride)
}

#[test]
fn making_a_repository_and_an_archive_may_be_killed_at_every_call() {
    if !can_trace() {
        return;
    }
    let repository = "repo create r";
    let archive = "archive create a --repo r --include source";
    let home = Home::new();
    home.write("source/file", b"bytes");
    let mut all = vec![(repository, points_of(&home, repository))];
    all.push((archive, points_of(&home, archive)));
    for (command, points) in &all {
        for point in sample(points) {
            let home = Home::new();
            home.write("source/file", b"bytes");
            if *command == archive {
                home.done(repository);
            }
            run_until(&home, command, point);
            let what = format!("{command}, killed at {point:?}");
            make_again(&home, repository, "repo show r", &what);
            make_again(&home, archive, "archive show a", &what);
            home.done("backup -A a");
            home.done("repo prune r");
            home.done("repo check r --read-data");
        }
    }
}

/// What a person does who sees that it was not made: the same again, or what the message advises.
fn make_again(home: &Home, command: &str, show: &str, what: &str) {
    if home.gibus(show).code == Some(0) {
        return;
    }
    let run = home.gibus(command);
    if run.code == Some(0) {
        return;
    }
    assert!(run.stderr.contains("adopt"), "{what}: {run:?}");
    let kind = command.split(' ').next().unwrap();
    let place = match kind {
        "repo" => below(&home.path("data/gibus/gibus.d/repos"), 2),
        _ => below(&home.path("data/gibus/gibus.d/snapshots"), 3),
    };
    let adopted = home.gibus(&format!("{kind} adopt {}", place.display()));
    assert_eq!(adopted.code, Some(0), "{what}: {run:?}, then {adopted:?}");
}

fn can_trace() -> bool {
    if !has_tool("strace") {
        skip("it needs strace");
        return false;
    }
    let tried = Command::new("strace").args(["-qq", "-f", "true"]).output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        skip("strace may not trace here");
    }
    can
}

/// Runs it without killing it, and lists the moments at which it could be killed.
fn points_of(home: &Home, command: &str) -> Vec<Point> {
    let log = home.path("calls");
    let trace = format!("trace={}", CALLS.join(","));
    let tool = [
        "strace",
        "-f",
        "-qq",
        "-o",
        log.to_str().unwrap(),
        "-e",
        &trace,
    ];
    let traced = home
        .command_under(&tool, command.split_whitespace())
        .output();
    Run::from(traced.unwrap()).expect(0);
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut points = BTreeSet::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, arguments)) = call.trim_start().split_once('(') else {
            continue;
        };
        if !CALLS.contains(&name) {
            continue;
        }
        let number = seen
            .entry((thread.to_owned(), name.to_owned()))
            .or_default();
        *number += 1;
        if name != "openat" || arguments.contains("O_CREAT") || arguments.contains("O_TMPFILE") {
            points.insert((name.to_owned(), *number));
        }
    }
    points.into_iter().collect()
}

fn run_until(home: &Home, command: &str, (call, number): &Point) -> Run {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=KILL:when={number}");
    let tool = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
    ];
    let run = home
        .command_under(&tool, command.split_whitespace())
        .output();
    Run::from(run.unwrap())
}

/// A copy of a scene, to begin anew from.
struct Beginning {
    copy: tempfile::TempDir,
    snapshots: BTreeMap<String, crate::support::Tree>,
}

impl Beginning {
    fn of(scene: &Scene) -> Beginning {
        let copy = tempfile::tempdir().unwrap();
        copy_folders(&scene.home.path(""), copy.path());
        Beginning {
            copy,
            snapshots: scene.snapshots.clone(),
        }
    }

    fn restore(&self, scene: &mut Scene) {
        for folder in folders_in(&scene.home.path("")) {
            fs::remove_dir_all(folder).unwrap();
        }
        copy_folders(self.copy.path(), &scene.home.path(""));
        scene.snapshots = self.snapshots.clone();
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

fn copy_folders(from: &Path, to: &Path) {
    let copied = Command::new("cp")
        .arg("-a")
        .args(folders_in(from))
        .arg(to)
        .status();
    assert!(copied.unwrap().success());
}
