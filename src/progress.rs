//! What a piece of work tells the outside while it runs, and how it is told to stop.
//!
//! The engine prints nothing. It takes a [`Monitor`], adds to its counters, reports problems to it,
//! and asks it now and then whether it should stop. Whoever started the work polls the counters; a
//! worker never waits for anybody who looks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::error::{Error, Result};

/// At most this many problems are kept word for word; the rest are counted.
const KEPT_PROBLEMS: usize = 10_000;

/// Which part of the work is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    Starting,
    Scanning,
    Storing,
    Finishing,
    Planning,
    Writing,
    Checking,
    Pruning,
    Converting,
}

const PHASES: [Phase; 9] = [
    Phase::Starting,
    Phase::Scanning,
    Phase::Storing,
    Phase::Finishing,
    Phase::Planning,
    Phase::Writing,
    Phase::Checking,
    Phase::Pruning,
    Phase::Converting,
];

/// How much a problem matters for the outcome of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a line, loses nothing that was asked for (an owner that only root could set).
    Notice,
    /// Something that was asked for could not be done: the run ends "with warnings", exit code 3.
    Warning,
}

/// Something that went wrong with one file, while the rest goes on.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The file's path, as bytes.
    pub path: Vec<u8>,
    /// What was attempted, a phrase that fits after "could not".
    pub attempted: String,
    /// Why it failed.
    pub why: String,
    pub severity: Severity,
}

/// Shared between a piece of work and whoever watches it. All counters only grow.
#[derive(Default)]
pub struct Monitor {
    cancelled: AtomicBool,
    phase: AtomicU8,
    /// Files and bytes that are known to be ahead in all (0 while unknown).
    pub files_total: AtomicU64,
    pub bytes_total: AtomicU64,
    /// Files and bytes dealt with.
    pub files_done: AtomicU64,
    pub bytes_done: AtomicU64,
    /// Bytes written to the repository (backup) or to the target (extract, restore).
    pub bytes_written: AtomicU64,
    current: Mutex<Vec<u8>>,
    problems: Mutex<Problems>,
}

/// The problems of a run so far.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// The first ten thousand, in the order in which they came.
    pub kept: Vec<Problem>,
    pub warnings: u64,
    pub notices: u64,
}

impl Monitor {
    pub fn new() -> Monitor {
        Monitor::default()
    }

    /// Asks the work to stop. It stops within a second, and leaves everything consistent.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// An error once the work has been told to stop; called between steps.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub fn phase(&self) -> Phase {
        let index = usize::from(self.phase.load(Ordering::Relaxed));
        PHASES.get(index).copied().unwrap_or(Phase::Starting)
    }

    /// Counts one finished file of `bytes` bytes.
    pub fn file_done(&self, bytes: u64) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Names the file being worked on, for people who watch; skipped when somebody is looking.
    pub fn set_current(&self, path: &[u8]) {
        if let Ok(mut current) = self.current.try_lock() {
            current.clear();
            current.extend_from_slice(path);
        }
    }

    pub fn current(&self) -> Vec<u8> {
        lock(&self.current).clone()
    }

    pub fn report(&self, problem: Problem) {
        let mut problems = lock(&self.problems);
        match problem.severity {
            Severity::Notice => problems.notices += 1,
            Severity::Warning => problems.warnings += 1,
        }
        if problems.kept.len() < KEPT_PROBLEMS {
            problems.kept.push(problem);
        }
    }

    /// Reports that `attempted` failed on `path`.
    pub fn warn(&self, path: &[u8], attempted: &str, why: impl Into<String>) {
        self.report(Problem {
            path: path.to_vec(),
            attempted: attempted.to_owned(),
            why: why.into(),
            severity: Severity::Warning,
        });
    }

    /// Like [`Monitor::warn`], for what does not change the outcome.
    pub fn notice(&self, path: &[u8], attempted: &str, why: impl Into<String>) {
        self.report(Problem {
            path: path.to_vec(),
            attempted: attempted.to_owned(),
            why: why.into(),
            severity: Severity::Notice,
        });
    }

    pub fn problems(&self) -> Problems {
        lock(&self.problems).clone()
    }

    pub fn warnings(&self) -> u64 {
        lock(&self.problems).warnings
    }
}

/// Locks a mutex whose holders cannot leave half-done state behind, even by panicking.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_beyond_the_cap_are_counted() {
        let monitor = Monitor::new();
        for _ in 0..KEPT_PROBLEMS + 5 {
            monitor.warn(b"/x", "read", "it is gone");
        }
        let problems = monitor.problems();
        assert_eq!(problems.kept.len(), KEPT_PROBLEMS);
        assert_eq!(problems.warnings, KEPT_PROBLEMS as u64 + 5);
    }

    #[test]
    fn phases_survive_the_round_trip_through_the_counter() {
        let monitor = Monitor::new();
        for phase in PHASES {
            monitor.enter(phase);
            assert_eq!(monitor.phase(), phase);
        }
    }
}
