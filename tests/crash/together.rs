//! Several at a time: backups side by side, a prune beside a backup, holders of locks that are stopped or
//! killed.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, TINY, USUAL};
use crate::support::{Random, Run, Tree, make_tree};

/// Nothing here takes so long unless it hangs.
const LONG: Duration = Duration::from_secs(120);

#[test]
fn two_archives_are_backed_up_to_one_repository_at_the_same_time() {
    for layout in ["packed", "loose"] {
        let mut scene = Scene::new(&format!("--layout {layout}"), USUAL, 5);
        let other = scene.home.path("other");
        make_tree(&other, USUAL, &mut Random::new(6));
        // Some contents are in both.
        fs::copy(scene.source().join("big"), other.join("big too")).unwrap();
        scene
            .home
            .done("archive create b --repo r --keep-broken-links --include other");
        for _ in 0..3 {
            let runs = ["backup -A a", "backup -A b"].map(|line| start(&scene, line));
            for run in runs.map(ended) {
                run.expect(0);
            }
            scene.note_snapshots("two backups at once");
            scene.change(5);
            fs::write(other.join("new"), scene.random.noise(100_000)).unwrap();
        }
        scene.assert_nothing_lost("two backups at once");
        let newest = scene.home.snapshots("b").len();
        assert_eq!(newest, 3);
        scene.home.done("backup -A b");
        scene.prune();
        let report = scene.check("two backups at once");
        assert_eq!(report["findings"], serde_json::json!([]));
        scene.assert_all_extract("two backups at once");
        let mut extract = scene.home.command(["extract", "-A", "b", "--into", "x"]);
        Run::from(extract.arg(&other).output().unwrap()).expect(0);
        Tree::read(&other).assert_is_at(&scene.home.path("x/other"), "the other archive");
    }
}

#[test]
fn a_prune_says_who_is_backing_up_or_waits_for_it() {
    let mut scene = Scene::new("", TINY, 8);
    let mut backup = stopped(&scene, "backup -A a", "shared");

    let run = scene.home.gibus("repo prune r");
    assert_eq!(run.code, Some(11), "{run:?}");
    let pid = format!("(process {})", backup.id());
    for part in ["back up a", &pid, "since 20"] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }

    let begun = Instant::now();
    let run = scene.home.gibus("repo prune r --wait 1s");
    assert_eq!(run.code, Some(11), "{run:?}");
    assert!(begun.elapsed() >= Duration::from_secs(1));

    // Others back up and read meanwhile.
    scene
        .home
        .done("archive create b --repo r --include source");
    scene.home.done("backup -A b");
    scene.home.done("cat -A b source/new");
    scene.home.done("repo check r --read-data");

    let prune = start(&scene, "repo prune r --wait 60s");
    thread::sleep(Duration::from_millis(300));
    let mut prune = Some(prune);
    assert!(prune.as_mut().unwrap().try_wait().unwrap().is_none());
    signal(&backup, Signal::CONT);
    assert!(backup.wait().unwrap().success());
    ended(prune.take().unwrap()).expect(0);
    scene.note_snapshots("a backup that was stopped");
    scene.assert_nothing_lost("a backup that was stopped");
}

#[test]
fn a_backup_says_who_is_pruning() {
    let mut scene = Scene::new("", TINY, 9);
    scene.back_up();
    // It may have been stopped before it has looked for others; then it makes way for the backup, and waits.
    let mut prune = stopped(&scene, "repo prune r --wait 60s", "exclusive");
    let run = scene.home.gibus("backup -A a");
    assert_eq!(run.code, Some(11), "{run:?}");
    let pid = format!("(process {})", prune.id());
    assert!(run.stderr.contains(&pid), "{run:?}");

    let backup = start(&scene, "backup -A a --wait 60s");
    thread::sleep(Duration::from_millis(300));
    signal(&prune, Signal::CONT);
    assert!(prune.wait().unwrap().success());
    ended(backup).expect(0);
    scene.note_snapshots("a prune that was stopped");
    scene.assert_nothing_lost("a prune that was stopped");
}

#[test]
fn the_lock_of_a_killed_holder_is_taken_over_though_nobody_has_waited_for_it_yet() {
    let mut scene = Scene::new("", TINY, 10);
    let mut backup = stopped(&scene, "backup -A a", "shared");
    scene.home.gibus("repo prune r").expect_locked();
    signal(&backup, Signal::KILL);
    // Until somebody waits for it, it is a zombie.
    let begun = Instant::now();
    while scene.home.gibus("repo prune r").code != Some(0) {
        assert!(begun.elapsed() < LONG, "a zombie still holds its lock");
        thread::sleep(Duration::from_millis(20));
    }
    backup.wait().unwrap();
    scene.assert_nothing_lost("a holder that was killed");
    scene.assert_recovers("a holder that was killed");
}

impl Run {
    #[track_caller]
    fn expect_locked(&self) {
        assert_eq!(self.code, Some(11), "{self:?}");
    }
}

fn start(scene: &Scene, line: &str) -> Child {
    scene.home.command(line.split_whitespace()).spawn().unwrap()
}

fn ended(child: Child) -> Run {
    Run::from(child.wait_with_output().unwrap())
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Starts a command, and stops it (as Ctrl-Z does) while it holds a lock of this kind.
fn stopped(scene: &Scene, line: &str, kind: &str) -> Child {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < LONG, "'{line}' was never caught");
        fs::write(
            scene.source().join("new"),
            begun.elapsed().as_nanos().to_string(),
        )
        .unwrap();
        let mut child = scene
            .home
            .command(line.split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            // Its file is empty for a moment; after that it says whose it is.
            let is_written = |lock: &PathBuf| lock.metadata().is_ok_and(|file| file.len() > 0);
            if !locks(scene, kind).iter().any(is_written) {
                continue;
            }
            signal(&child, Signal::STOP);
            // It may just have given it back.
            thread::sleep(Duration::from_millis(20));
            if locks(scene, kind).is_empty() {
                signal(&child, Signal::CONT);
            } else {
                return child;
            }
        }
    }
}

fn locks(scene: &Scene, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(scene.repository().join("locks"));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let ending = format!(".{kind}.lock");
    paths
        .filter(|path| path.to_string_lossy().ends_with(&ending))
        .collect()
}
