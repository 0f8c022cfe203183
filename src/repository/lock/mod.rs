//! Advisory locks that say who holds them.
//!
//! Backups and readers hold a *shared* lock, any number at a time. Prune, conversion, repair and deletion
//! hold an *exclusive* one, alone. A lock is a small file in `locks/`, there for as long as it is held. Its
//! name tells which process holds it ([`crate::repository::process`]), its text tells people what for.
//!
//! **Why two that exclude each other never both succeed.** Each first makes its own file, and only then
//! looks at what else is there. Of two that do this at once, the one whose file was made second finds the
//! file of the first. (A share shows a machine what is in a folder after it has changed that folder
//! itself; what it remembered from before is void then.) If both see each other, the exclusive one yields to
//! the shared one, and of two exclusive ones the one with the greater name; the other waits a moment for
//! that. Whoever finds a lock that has stood for a while yields to it. A holder is never asked anything:
//! once it has looked around and found nobody, everyone who comes later sees its file.
//!
//! **Why a file that a dead process left is never taken for a live one's, nor the other way round.**
//! - Made on this machine since it was started: the process number, with the time at which the process
//!   started, tells. Nothing else is needed.
//! - In another container of this machine: every holder also has the file locked with the operating
//!   system. If that lock can be had, the holder is gone; where such locks do nothing (which is tried
//!   out with one's own file) it counts as alive.
//! - Before this machine was started anew: left over, unless somebody has it locked.
//! - On another machine: it counts as alive. Only on a local disk (one that was plugged in there, say), when
//!   it is a day old and nobody has it locked, it counts as left over. A lock of the operating system proves
//!   nothing across a share: many do not pass it on. Somebody who knows better can remove such locks:
//!   [`Locks::remove_foreign`].
//!
//! Files that are left over are removed while their lock of the operating system is held, and every holder,
//! when it has locked its own file, makes sure that the file is still listed: a file that was
//! removed between being made and being locked is noticed, and made again.
//!
//! Locks are reached through the handle on the repository's folder: after the disk was pulled out nothing is
//! locked in the empty mount point. They need no space: `locks/spare` is an empty file that becomes a lock by
//! being renamed, so that prune can make room on a disk without any.

mod folder;
mod holder;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

pub use folder::Locks;
pub use holder::{Holder, LockKind};

use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Monitor, lock};
use crate::repository::process::{Process, ProcessState};
use crate::repository::storage::local::is_known_local;
use folder::OwnFile;
use holder::LockName;

/// How long one waits for another that is to yield, and how often one looks.
const GRACE: Duration = Duration::from_secs(2);
const GRACE_PAUSE: Duration = Duration::from_millis(20);
/// A lock that was made so much earlier than one's own is held, not being tried.
const SURELY_HELD: Duration = Duration::from_secs(10);
/// How often one looks while waiting for a lock to be given back.
const WAIT_PAUSE: Duration = Duration::from_millis(250);
/// A lock of another machine on a local disk is doubted from this age on.
const DOUBTED_AGE: Duration = Duration::from_secs(24 * 3600);

/// Names of the locks that this process holds; other files that carry its mark are left over.
static HELD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    /// Removed when this is dropped.
    _file: OwnFile,
    kind: LockKind,
}

/// Whether the holder of a lock is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Alive,
    /// It cannot be told, and counts as alive.
    Assumed,
    Gone,
}

impl Lock {
    pub fn kind(&self) -> LockKind {
        self.kind
    }

    /// Takes a lock. `purpose` is told to others: "backing up home". While another lock stands in the way,
    /// waits at most `wait` for it.
    ///
    /// Errors: [`ErrorKind::Locked`], saying who holds the other lock; [`ErrorKind::Cancelled`].
    pub fn acquire(
        locks: &Locks,
        kind: LockKind,
        purpose: &str,
        wait: Option<Duration>,
        monitor: &Monitor,
    ) -> Result<Lock> {
        let begun = Instant::now();
        loop {
            let mut in_the_way = match attempt(locks, kind, purpose, monitor)? {
                Ok(lock) => return Ok(lock),
                Err(holder) => holder,
            };
            // Without a file of one's own meanwhile: that would hold up others.
            loop {
                if wait.is_none_or(|wait| begun.elapsed() >= wait) {
                    return Err(locked(locks, &in_the_way));
                }
                pause(WAIT_PAUSE, monitor)?;
                match first_in_the_way(locks, &locks.names()?, kind, None) {
                    Some((holder, _)) => in_the_way = holder,
                    None => break,
                }
            }
        }
    }

    /// Takes a shared lock for reading, where locks can be taken: `None` on a place that cannot be written.
    pub fn try_for_reading(
        locks: &Locks,
        purpose: &str,
        wait: Option<Duration>,
        monitor: &Monitor,
    ) -> Result<Option<Lock>> {
        match Lock::acquire(locks, LockKind::Shared, purpose, wait, monitor) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) => {
                let is_denied = [Errno::ACCESS, Errno::PERM]
                    .map(|errno| Some(errno.raw_os_error()))
                    .contains(&error.os_error());
                match error.kind() {
                    ErrorKind::ReadOnly | ErrorKind::NoSpace => Ok(None),
                    _ if is_denied => Ok(None),
                    _ => Err(error),
                }
            }
        }
    }
}

impl Locks {
    /// Who holds locks now, or may hold them.
    pub fn holders(&self) -> Result<Vec<Holder>> {
        let names = self.names()?;
        let names = names.iter().filter_map(|name| LockName::parse(name));
        let held = names.filter(|name| presence(self, name, None) != Presence::Gone);
        Ok(held.map(|name| self.holder(&name)).collect())
    }

    /// Whose locks [`Locks::remove_foreign`] would remove: those of other machines and of what cannot be seen from
    /// here. Those of processes that demonstrably run are not among them.
    pub fn foreign(&self) -> Result<Vec<Holder>> {
        let names = self.names()?;
        let names = names.iter().filter_map(|name| LockName::parse(name));
        let foreign =
            names.filter(|name| name.is_unseen() && os_lock(self, &name.text).0 != OsLock::Refused);
        Ok(foreign.map(|name| self.holder(&name)).collect())
    }

    /// Removes those of the locks of `known` that are still foreign, for somebody who knows that they are not
    /// needed; returns whose they were. Whoever has come since `known` was listed keeps its lock.
    pub fn remove_foreign(&self, known: &[Holder]) -> Result<Vec<Holder>> {
        let mut removed = Vec::new();
        for holder in self.foreign()? {
            if known.iter().any(|its| its.lock_name == holder.lock_name) {
                self.remove(&holder.lock_name)?;
                removed.push(holder);
            }
        }
        Ok(removed)
    }
}

/// Tries once; who is in the way when it fails.
fn attempt(
    locks: &Locks,
    kind: LockKind,
    purpose: &str,
    monitor: &Monitor,
) -> Result<std::result::Result<Lock, Holder>> {
    let begun = Instant::now();
    let mut own = OwnFile::create(locks, kind, purpose)?;
    loop {
        let names = locks.names()?;
        if !names.contains(own.name()) {
            // Taken for left over in the moment before it was locked.
            if begun.elapsed() > GRACE {
                return Err(Error::new(ErrorKind::Io, "lock the repository")
                    .because("a lock that was made there does not show")
                    .at(locks.place()));
            }
            own = OwnFile::create(locks, kind, purpose)?;
            pause(GRACE_PAUSE, monitor)?;
            continue;
        }
        let Some((holder, name)) = first_in_the_way(locks, &names, kind, Some(&own)) else {
            locks.provide_spare(&names);
            return Ok(Ok(Lock { _file: own, kind }));
        };
        let yields = match (kind, name.kind) {
            (LockKind::Exclusive, LockKind::Shared) => true,
            (LockKind::Exclusive, LockKind::Exclusive) => name.text < *own.name(),
            (LockKind::Shared, _) => false,
        };
        let is_held = match (locks.made_at(&name.text), own.made_at()) {
            (Some(its), Some(mine)) => mine.duration_since(its).is_ok_and(|age| age > SURELY_HELD),
            _ => false,
        };
        if yields || is_held || begun.elapsed() > GRACE {
            return Ok(Err(holder));
        }
        pause(GRACE_PAUSE, monitor)?;
    }
}

/// The first lock that excludes one of this kind. What is left over is removed on the way.
fn first_in_the_way(
    locks: &Locks,
    names: &BTreeSet<String>,
    kind: LockKind,
    own: Option<&OwnFile>,
) -> Option<(Holder, LockName)> {
    let others = names
        .iter()
        .filter(|name| own.is_none_or(|own| own.name() != *name));
    for name in others.filter_map(|name| LockName::parse(name)) {
        if kind == LockKind::Shared && name.kind == LockKind::Shared {
            continue;
        }
        if presence(locks, &name, own) != Presence::Gone {
            return Some((locks.holder(&name), name));
        }
    }
    None
}

/// Whether the holder is there; removes the file if not. Without an own file, with which to try what locks of the
/// operating system are worth here, one that nobody has locked passes for gone: the attempt that follows
/// tells.
fn presence(locks: &Locks, name: &LockName, own: Option<&OwnFile>) -> Presence {
    let state = name.process.as_ref().map(Process::state);
    if state == Some(ProcessState::Running) {
        let is_mine = name.process.as_ref().is_some_and(Process::is_current);
        if !is_mine || lock(&HELD).contains(&name.text) {
            return Presence::Alive;
        }
    }
    if matches!(state, Some(ProcessState::Running | ProcessState::Ended)) {
        // One that cannot be removed (a place that is not writable) is still no obstacle.
        let _ = locks.remove(&name.text);
        return Presence::Gone;
    }
    let (os_lock, _file) = os_lock(locks, &name.text);
    let is_gone = match (os_lock, state) {
        (OsLock::Refused, _) => return Presence::Alive,
        (_, Some(ProcessState::EarlierBoot)) => true,
        (OsLock::Granted, Some(ProcessState::Hidden)) => match own {
            Some(own) => os_locks_work(locks, own),
            None => return Presence::Gone,
        },
        (OsLock::Granted, _) => {
            let made_at = locks.made_at(&name.text);
            let age = made_at.and_then(|made_at| SystemTime::now().duration_since(made_at).ok());
            age.is_some_and(|age| age > DOUBTED_AGE) && is_known_local(locks.root())
        }
        (OsLock::Unknown, _) => false,
    };
    if !is_gone {
        return Presence::Assumed;
    }
    let _ = locks.remove(&name.text);
    Presence::Gone
}

/// What the operating system says of the lock on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OsLock {
    Refused,
    Granted,
    Unknown,
}

/// Tries the locks of the operating system on a file; they are held while the file that is returned is open.
fn os_lock(locks: &Locks, name: &str) -> (OsLock, Option<File>) {
    let Some(file) = locks.open(name) else {
        return (OsLock::Unknown, None);
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return (OsLock::Refused, None),
        Err(TryLockError::Error(_)) => return (OsLock::Unknown, None),
    }
    // A file server holds the locks of its clients as locks of this other kind.
    match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => (OsLock::Granted, Some(file)),
        Err(Errno::AGAIN | Errno::ACCESS) => (OsLock::Refused, None),
        Err(_) => (OsLock::Unknown, None),
    }
}

/// True if the operating system refuses to lock one's own file a second time.
fn os_locks_work(locks: &Locks, own: &OwnFile) -> bool {
    let second = locks.open(own.name());
    second.is_some_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn pause(time: Duration, monitor: &Monitor) -> Result<()> {
    monitor.check_cancelled()?;
    std::thread::sleep(time);
    monitor.check_cancelled()
}

fn locked(locks: &Locks, holder: &Holder) -> Error {
    let advice = if holder.is_of_this_machine {
        "wait until that is done and run it again"
    } else {
        "wait until that is done; if it ended without giving its lock back, `gibus repo unlock` \
         removes the locks of other machines"
    };
    Error::new(ErrorKind::Locked, "lock the repository")
        .at(locks.place())
        .because(format!("it is in use by {holder}"))
        .advise(advice)
}
