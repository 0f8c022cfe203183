//! What the target, or an ordinary user, cannot have: counted by kind, and reported once.
//!
//! An ordinary user who restores a million files of root's would otherwise get a million lines that
//! all say the same. The first file of each kind is named.

use std::sync::Mutex;

use rustix::io::Errno;

use crate::progress::{Monitor, Problem, Severity, lock};

/// What could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shortfall {
    /// Owner or group; set-id bits are left out with them. Loses nothing that matters to an
    /// ordinary user.
    Owner,
    /// Permission bits (a file system without them).
    Mode,
    /// Extended attributes: security and trusted ones as an ordinary user, any of them on a file
    /// system without them.
    ExtendedAttribute,
    /// Modification times.
    Time,
    /// Device files were not made.
    Device,
    /// Hard links: the file was written once more.
    HardLink,
    /// Owner and times of symbolic links, where they would be set of what the links lead to.
    LinkAttributes,
}

const KINDS: [Shortfall; 7] = [
    Shortfall::Owner,
    Shortfall::Mode,
    Shortfall::ExtendedAttribute,
    Shortfall::Time,
    Shortfall::Device,
    Shortfall::HardLink,
    Shortfall::LinkAttributes,
];

impl Shortfall {
    pub fn severity(self) -> Severity {
        match self {
            Shortfall::Owner | Shortfall::HardLink | Shortfall::LinkAttributes => Severity::Notice,
            _ => Severity::Warning,
        }
    }

    /// What was attempted, after "could not".
    fn attempted(self) -> &'static str {
        match self {
            Shortfall::Owner => "set the owner",
            Shortfall::Mode => "set the permissions",
            Shortfall::ExtendedAttribute => "set extended attributes",
            Shortfall::Time => "set the modification time",
            Shortfall::Device => "make the device file",
            Shortfall::HardLink => "make the hard link",
            Shortfall::LinkAttributes => "set owner and times of a symbolic link",
        }
    }

    /// What came of it.
    fn outcome(self, count: u64) -> String {
        let (one, several) = match self {
            Shortfall::HardLink => (
                "was written as a file of its own",
                "were written as files of their own",
            ),
            Shortfall::Device => ("is missing", "are missing"),
            _ => ("was restored without", "were restored without"),
        };
        match count {
            1 => format!("the file {one}"),
            _ => format!("{count} files in all {several}"),
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

#[derive(Clone, Debug)]
struct Counted {
    count: u64,
    first: Vec<u8>,
    why: Errno,
}

/// Counts shortfalls; shared by the threads of a run.
#[derive(Debug, Default)]
pub struct Shortfalls(Mutex<[Option<Counted>; KINDS.len()]>);

impl Shortfalls {
    /// Counts one file; `path` is asked for only when it is the first.
    pub fn count(&self, kind: Shortfall, why: Errno, path: impl FnOnce() -> Vec<u8>) {
        let mut kinds = lock(&self.0);
        let Some(counted) = kinds.get_mut(kind.index()) else {
            return;
        };
        match counted {
            Some(counted) => counted.count += 1,
            None => {
                *counted = Some(Counted {
                    count: 1,
                    first: path(),
                    why,
                });
            }
        }
    }

    /// How many files fell short in this way.
    pub fn of(&self, kind: Shortfall) -> u64 {
        let kinds = lock(&self.0);
        match kinds.get(kind.index()) {
            Some(Some(counted)) => counted.count,
            _ => 0,
        }
    }

    /// Reports each kind once.
    pub fn report(&self, monitor: &Monitor) {
        let kinds = lock(&self.0).clone();
        for (kind, counted) in KINDS.into_iter().zip(kinds) {
            let Some(counted) = counted else { continue };
            let why = std::io::Error::from(counted.why);
            let error = crate::error::Error::io(kind.attempted(), &why);
            monitor.report(Problem {
                path: counted.first,
                attempted: kind.attempted().to_owned(),
                why: format!("{}; {}", error.why(), kind.outcome(counted.count)),
                severity: kind.severity(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_reported_once_with_its_count() {
        let shortfalls = Shortfalls::default();
        for path in [&b"/a"[..], b"/b", b"/c"] {
            shortfalls.count(Shortfall::Owner, Errno::PERM, || path.to_vec());
        }
        shortfalls.count(Shortfall::Device, Errno::PERM, || b"/dev/null".to_vec());
        let monitor = Monitor::new();
        shortfalls.report(&monitor);
        let problems = monitor.problems();
        assert_eq!((problems.notices, problems.warnings), (1, 1));
        assert_eq!(problems.kept[0].path, b"/a");
        assert_eq!(
            problems.kept[0].why,
            "operation not permitted; 3 files in all were restored without"
        );
        assert_eq!(
            problems.kept[1].why,
            "operation not permitted; the file is missing"
        );
    }
}
