//! Ctrl-C and SIGTERM: the program ends soon, with 130, everything is consistent, and the next run goes on
//! where this one was.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::Scene;
use crate::support::{Run, Shape};

/// A second is what is promised; a busy computer that runs other tests gets more.
const SOON: Duration = Duration::from_secs(10);

const BIG: Shape = Shape {
    files: 2500,
    big_bytes: 60_000_000,
};

#[test]
fn an_interrupted_backup_ends_soon_and_the_next_one_goes_on() {
    for (layout, signal) in [("packed", Signal::INT), ("loose", Signal::TERM)] {
        let mut scene = Scene::new(&format!("--layout {layout}"), BIG, 13);
        let what = format!("{layout}, {signal:?}");
        let stored = interrupt_backup(&scene, signal, &what);
        scene.assert_nothing_lost(&what);
        assert!(
            scene.snapshots.is_empty(),
            "{what}: no snapshot of half a tree"
        );
        assert!(stored > 0);

        let backup = scene.home.json("backup -A a");
        let build = &backup["backups"][0]["build"];
        let number = |name: &str| build[name].as_u64().unwrap();
        assert!(
            number("new_content_bytes") < number("bytes"),
            "{what}: what was stored is found: {backup:#}"
        );
        scene.note_snapshots(&what);
        scene.assert_all_extract(&what);
        scene.assert_recovers(&what);
    }
}

/// Starts a backup, interrupts it when it has stored something; how many bytes those are.
fn interrupt_backup(scene: &Scene, signal: Signal, what: &str) -> u64 {
    let mut child = scene.home.command(["backup", "-A", "a"]).spawn().unwrap();
    let mut stored = 0;
    while stored < 3_000_000 {
        let status = child.try_wait().unwrap();
        assert!(status.is_none(), "{what}: done before it was interrupted");
        stored = bytes_below(&scene.repository());
        thread::sleep(Duration::from_millis(2));
    }
    let begun = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    let took = begun.elapsed();
    println!("{what}: ended after {took:?}");
    assert_eq!(run.code, Some(130), "{what}: {run:?}");
    assert!(run.stderr.contains("interrupted"), "{what}: {run:?}");
    assert!(took < SOON, "{what}: {took:?}");
    stored
}

#[test]
fn other_work_is_interrupted_as_well() {
    let mut scene = Scene::new("", BIG, 14);
    scene.back_up();
    let lines = [
        "repo check r --read-data",
        "repo convert r --layout loose",
        "repo convert r --codec none",
        "repo prune r",
        "extract -A a source --into x",
    ];
    for line in lines {
        let begun = Instant::now();
        let child = scene.home.command(line.split_whitespace()).spawn().unwrap();
        thread::sleep(Duration::from_millis(150));
        // It may be done already.
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
        let run = Run::from(child.wait_with_output().unwrap());
        assert!(matches!(run.code, Some(0 | 130)), "{line}: {run:?}");
        println!("{line}: {:?} after {:?}", run.code, begun.elapsed());
        assert!(begun.elapsed() < SOON, "{line}");
        scene.assert_nothing_lost(&format!("{line}, interrupted"));
    }
    scene.assert_recovers("interruptions");
}

fn bytes_below(folder: &std::path::Path) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        sum += match entry.metadata() {
            Ok(status) if status.is_dir() => bytes_below(&entry.path()),
            Ok(status) => status.len(),
            Err(_) => 0,
        };
    }
    sum
}
