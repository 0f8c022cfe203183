//! Locks, signals, and what comes after them.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use gibus::progress::Monitor;
use gibus::repository::Repository;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::Home;

#[test]
fn a_lock_is_exit_code_11_and_says_who_holds_it() {
    let home = Home::with_snapshots();
    let repository = Repository::open(&home.repository()).unwrap();
    let lock = repository
        .lock_exclusive("testing the locks", &Monitor::new())
        .unwrap();
    for line in [
        "backup -A home",
        "repo prune main",
        "extract -A home files --into out",
    ] {
        let run = home.gibus(line);
        assert!(
            run.failure(11).contains("testing the locks"),
            "{line}: {run:?}"
        );
    }
    let shown = home.json("repo show main");
    assert!(
        shown["locks"][0]
            .as_str()
            .unwrap()
            .contains("testing the locks"),
        "{shown}"
    );
    home.gibus("ls -A home files").expect(0);
    let run = home.gibus("repo unlock main");
    assert!(run.expect(0).contains("Left the lock"), "{run:?}");
    drop(lock);
    home.gibus("backup -A home").expect(0);
}

#[test]
fn a_command_waits_for_a_lock_when_told_to() {
    let home = Home::with_archive();
    let repository = Repository::open(&home.repository()).unwrap();
    let lock = repository
        .lock_exclusive("testing the locks", &Monitor::new())
        .unwrap();
    let waiting = home
        .command(["backup", "-A", "home", "--wait", "60s"])
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    drop(lock);
    assert_eq!(end(waiting), Some(0));
}

#[test]
fn ctrl_c_ends_a_command_that_waits() {
    let home = Home::with_archive();
    let repository = Repository::open(&home.repository()).unwrap();
    let _lock = repository
        .lock_exclusive("testing the locks", &Monitor::new())
        .unwrap();
    let waiting = home
        .command(["backup", "-A", "home", "--wait", "60s"])
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&waiting);
    assert_eq!(end(waiting), Some(130));
}

#[test]
fn ctrl_c_stops_a_backup_within_a_second_and_leaves_everything_consistent() {
    let home = Home::with_snapshots();
    let block: Vec<u8> = (0..1u32 << 18)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    for number in 0..128u8 {
        let mut bytes = block.clone();
        bytes.fill(number);
        bytes[..block.len() / 2].copy_from_slice(&block[..block.len() / 2]);
        home.write(&format!("files/many/{number}"), &bytes);
    }
    let mut command = home.command(["backup", "-A", "home"]);
    let backup = command
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let locks = home.repository().join("locks");
    let is_locked = || {
        let entries = fs::read_dir(&locks).unwrap();
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().ends_with(".lock"))
    };
    while !is_locked() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let began = Instant::now();
    interrupt(&backup);
    let code = end(backup);
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(code, Some(130));
    assert_eq!(home.snapshots().len(), 2);
    let run = home.gibus("repo check main --read-data");
    assert_eq!(run.code, Some(0), "{run:?}");
    home.gibus("backup -A home").expect(0);
    home.gibus("repo prune main").expect(0);
    home.gibus("repo check main --read-data").expect(0);
}

fn interrupt(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
}

/// Waits for the end, and gives the exit code.
fn end(mut child: Child) -> Option<i32> {
    child.wait().unwrap().code()
}
