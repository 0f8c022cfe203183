//! Tests of locks, with real processes.

use super::*;
use crate::repository::storage::local::LocalStorage;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use LockKind::{Exclusive, Shared};

struct Place {
    folder: tempfile::TempDir,
    locks: Locks,
}

fn locks_at(path: &Path) -> Locks {
    Locks::of(&LocalStorage::create(path).unwrap()).unwrap()
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let locks = locks_at(folder.path());
        Place { folder, locks }
    }

    fn take(&self, kind: LockKind) -> Result<Lock> {
        Lock::acquire(&self.locks, kind, "testing", None, &Monitor::new())
    }

    fn names(&self) -> Vec<String> {
        let names = self.locks.names().unwrap();
        names.into_iter().filter(|name| name != "spare").collect()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("locks").join(name)
    }

    /// A lock's file as `process` could have left it.
    fn leave(&self, process: &Process, kind: LockKind, text: &str) -> String {
        drop(self.take(Shared).unwrap());
        let current = LockName::for_this_process(kind, 7);
        let name = current.replace(&Process::current().to_string(), &process.to_string());
        std::fs::write(self.path(&name), text).unwrap();
        name
    }
}

fn other(change: impl FnOnce(&mut Process)) -> Process {
    let mut process = Process::current().clone();
    change(&mut process);
    process
}

#[test]
fn shared_locks_go_together_and_exclusive_ones_alone() {
    let place = Place::new();
    let first = place.take(Shared).unwrap();
    let second = place.take(Shared).unwrap();
    assert_eq!(place.take(Exclusive).unwrap_err().kind(), ErrorKind::Locked);
    drop((first, second));
    let alone = place.take(Exclusive).unwrap();
    for kind in [Shared, Exclusive] {
        assert_eq!(place.take(kind).unwrap_err().kind(), ErrorKind::Locked);
    }
    assert_eq!(place.names().len(), 1);
    drop(alone);
    assert!(place.names().is_empty());
}

#[test]
fn the_message_says_who_holds_the_lock_and_what_for() {
    let place = Place::new();
    let held = Lock::acquire(
        &place.locks,
        Shared,
        "backing up \x1b[1mhome",
        None,
        &Monitor::new(),
    );
    let held = held.unwrap();
    let error = place.take(Exclusive).unwrap_err();
    let message = error.to_string();
    let process = Process::current();
    for part in [
        format!("@{} (process {})", process.host, process.pid),
        "backing up \\x1b[1mhome, since 2".to_owned(),
        "run it again".to_owned(),
    ] {
        assert!(message.contains(&part), "{message}");
    }
    let holders = place.locks.holders().unwrap();
    assert_eq!(holders.len(), 1);
    assert_eq!(
        (holders[0].kind, holders[0].is_of_this_machine),
        (Shared, true)
    );
    assert!(place.locks.foreign().unwrap().is_empty());
    assert!(place.locks.remove_foreign(&holders).unwrap().is_empty());
    drop(held);
}

#[test]
fn one_waits_until_a_lock_is_given_back_or_one_is_told_to_stop() {
    let place = Place::new();
    let monitor = Monitor::new();
    let wait = Some(Duration::from_secs(60));
    let held = place.take(Exclusive).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            drop(held);
        });
        Lock::acquire(&place.locks, Shared, "waiting", wait, &monitor).unwrap();
    });
    let _held = place.take(Shared).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            monitor.cancel();
        });
        let stopped = Lock::acquire(&place.locks, Exclusive, "waiting", wait, &monitor);
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
    });
    assert_eq!(place.names().len(), 1);
}

#[test]
fn a_lock_that_a_dead_process_left_is_taken_over() {
    let gone = Command::new("true").spawn().and_then(|mut child| {
        let pid = child.id() as i32;
        child.wait().map(|_| pid)
    });
    let gone = gone.unwrap();
    for left in [
        other(|process| process.pid = gone),
        // The number belongs to another process now: this one.
        other(|process| process.start_time -= 1),
        other(|process| process.boot ^= 1),
    ] {
        let place = Place::new();
        place.leave(&left, Exclusive, "not even text \u{0}");
        place.leave(&left, Shared, "");
        assert!(place.locks.holders().unwrap().is_empty());
        place.leave(&left, Exclusive, "");
        drop(place.take(Exclusive).unwrap());
        assert!(place.names().is_empty());
    }
}

#[test]
fn a_lock_that_this_process_could_not_remove_is_no_obstacle() {
    let place = Place::new();
    place.leave(Process::current(), Exclusive, "");
    drop(place.take(Exclusive).unwrap());
    assert!(place.names().is_empty());
}

#[test]
fn the_lock_of_another_machine_stands_until_somebody_removes_it() {
    let foreign = other(|process| {
        process.boot ^= 1;
        process.machine ^= 1;
        process.host = "nas".to_owned();
    });
    let place = Place::new();
    let text = "user = \"ada\"\nhost = \"nas\"\npid = 5\nsince = \"then\"\npurpose = \"pruning\"\n";
    place.leave(&foreign, Exclusive, text);
    let error = place.take(Shared).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains("ada@nas"), "{error}");
    assert!(error.advice().unwrap().contains("unlock"), "{error}");
    let known = place.locks.foreign().unwrap();
    let removed = place.locks.remove_foreign(&known).unwrap();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].purpose, "pruning");
    place.take(Shared).unwrap();
}

#[test]
fn a_lock_that_was_made_after_they_were_listed_is_not_removed_with_them() {
    let foreign = |pid| {
        other(|process| {
            process.machine ^= 1;
            process.boot ^= 1;
            process.pid = pid;
        })
    };
    let place = Place::new();
    let left = place.leave(&foreign(5), Shared, "");
    let known = place.locks.foreign().unwrap();
    let come_since = place.leave(&foreign(6), Shared, "");
    let removed = place.locks.remove_foreign(&known).unwrap();
    let removed: Vec<&String> = removed.iter().map(|holder| &holder.lock_name).collect();
    assert_eq!(removed, [&left]);
    assert_eq!(place.names(), [come_since]);
}

#[test]
fn the_lock_of_another_machine_is_believed_while_somebody_has_it_locked() {
    let foreign = other(|process| {
        process.boot ^= 1;
        process.machine ^= 1;
    });
    let place = Place::new();
    let name = place.leave(&foreign, Exclusive, "");
    let file = File::options().write(true).open(place.path(&name)).unwrap();
    let old = SystemTime::now() - DOUBTED_AGE - Duration::from_secs(5);
    file.set_modified(old).unwrap();
    let known = place.locks.foreign().unwrap();
    assert_eq!(known.len(), 1);
    file.lock().unwrap();
    assert!(place.locks.remove_foreign(&known).unwrap().is_empty());
    assert!(place.take(Shared).is_err());
    drop(file);
    // A day old, on a local disk, and nobody has it locked.
    assert_eq!(
        place.take(Shared).is_ok(),
        is_known_local(place.locks.root())
    );
}

#[test]
fn the_lock_of_another_container_stands_while_it_is_locked() {
    let hidden = other(|process| process.pid_namespace += 1);
    let place = Place::new();
    let name = place.leave(&hidden, Exclusive, "");
    let file = File::open(place.path(&name)).unwrap();
    file.lock().unwrap();
    assert_eq!(place.take(Shared).unwrap_err().kind(), ErrorKind::Locked);
    drop(file);
    drop(place.take(Shared).unwrap());
    assert!(place.names().is_empty());
}

#[test]
fn what_is_not_known_is_not_taken_for_nothing() {
    let place = Place::new();
    place.leave(Process::current(), Shared, "");
    for (name, is_in_the_way) in [("x.lock", true), ("readme.txt", false)] {
        std::fs::write(place.path(name), b"").unwrap();
        assert_eq!(place.take(Shared).is_err(), is_in_the_way, "{name}");
        std::fs::remove_file(place.path(name)).unwrap();
    }
    // A folder with the name of a lock whose process is gone.
    let gone = other(|process| process.start_time += 1);
    let name = place.leave(&gone, Exclusive, "");
    std::fs::remove_file(place.path(&name)).unwrap();
    std::fs::create_dir(place.path(&name)).unwrap();
    place.take(Exclusive).unwrap();
    assert!(!place.path(&name).exists());
}

#[test]
fn a_lock_can_be_had_without_space_for_a_new_file() {
    let place = Place::new();
    drop(place.take(Shared).unwrap());
    assert!(place.path("spare").exists());
    let file = place.locks.take_spare("x").unwrap();
    assert!(!place.path("spare").exists());
    assert_eq!(file.metadata().unwrap().len(), 0);
    drop(place.take(Shared).unwrap());
    assert!(place.path("spare").exists(), "it is provided again");
}

#[test]
fn nothing_is_locked_where_the_repository_is_gone() {
    let place = Place::new();
    let path = place.folder.path().join("inner");
    let locks = locks_at(&path);
    std::fs::remove_dir(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let taken = Lock::acquire(&locks, Shared, "testing", None, &Monitor::new());
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn reading_goes_without_a_lock_where_none_can_be_made() {
    // A file system in which nobody makes folders.
    let storage = LocalStorage::open(Path::new("/proc/self")).unwrap();
    let locks = Locks::of(&storage).unwrap();
    let monitor = Monitor::new();
    assert!(Lock::acquire(&locks, Shared, "testing", None, &monitor).is_err());
    let place = Place::new();
    let reading = Lock::try_for_reading(&place.locks, "reading", None, &monitor).unwrap();
    assert!(reading.is_some());
    assert_eq!(reading.unwrap().kind(), Shared);
}

/// Not a test: what [`holder_process`] runs.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn hold_a_lock_in_another_process() {
    let Ok(path) = std::env::var("GIBUS_TEST_LOCK") else {
        return;
    };
    let locks = locks_at(Path::new(&path));
    let _lock = Lock::acquire(&locks, Exclusive, "being killed", None, &Monitor::new()).unwrap();
    std::fs::write(Path::new(&path).join("held"), b"").unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

/// A process that holds an exclusive lock.
fn holder_process(place: &Place) -> Child {
    let held = place.folder.path().join("held");
    let _ = std::fs::remove_file(&held);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact"])
        .arg("repository::lock::tests::hold_a_lock_in_another_process")
        .env("GIBUS_TEST_LOCK", place.folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !held.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_killed_process_gives_back_its_lock_even_before_it_is_reaped() {
    let place = Place::new();
    let mut child = holder_process(&place);
    let error = place.take(Shared).unwrap_err();
    assert!(error.to_string().contains("being killed"), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("(process {})", child.id())),
        "{error}"
    );
    child.kill().unwrap();
    // Not waited for: a zombie.
    let wait = Some(Duration::from_secs(20));
    Lock::acquire(&place.locks, Exclusive, "after it", wait, &Monitor::new()).unwrap();
    assert!(place.names().is_empty());
    child.wait().unwrap();
}

#[test]
fn a_stopped_process_keeps_its_lock() {
    let place = Place::new();
    let mut child = holder_process(&place);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    assert_eq!(place.take(Shared).unwrap_err().kind(), ErrorKind::Locked);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn exclusive_locks_exclude_whoever_comes_at_the_same_time() {
    let place = Place::new();
    let (shared, exclusive) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wait = Some(Duration::from_secs(120));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (place, shared, exclusive) = (&place, &shared, &exclusive);
            scope.spawn(move || {
                for round in 0..3 {
                    let kind = if (thread + round) % 4 == 0 {
                        Exclusive
                    } else {
                        Shared
                    };
                    let monitor = Monitor::new();
                    let lock = Lock::acquire(&place.locks, kind, "racing", wait, &monitor).unwrap();
                    let mine = if kind == Exclusive { exclusive } else { shared };
                    mine.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    let now = (
                        exclusive.load(Ordering::SeqCst),
                        shared.load(Ordering::SeqCst),
                    );
                    match kind {
                        Exclusive => assert_eq!(now, (1, 0)),
                        Shared => assert_eq!(now.0, 0),
                    }
                    mine.fetch_sub(1, Ordering::SeqCst);
                    drop(lock);
                }
            });
        }
    });
    assert!(place.names().is_empty());
}
