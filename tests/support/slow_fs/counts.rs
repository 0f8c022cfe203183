//! How often each kind of operation was asked for.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of operation, named as in the kernel's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Lookup,
    Getattr,
    Setattr,
    Readlink,
    Mknod,
    Mkdir,
    Unlink,
    Rmdir,
    Symlink,
    Rename,
    Link,
    Open,
    Create,
    Read,
    Write,
    Flush,
    Release,
    Fsync,
    Opendir,
    Readdir,
    Releasedir,
    Fsyncdir,
    Statfs,
    Access,
    Xattr,
    /// Seeking, copying in the server, preallocating: refused, as by most shares.
    Refused,
}

impl Operation {
    const ALL: [Operation; 26] = [
        Operation::Lookup,
        Operation::Getattr,
        Operation::Setattr,
        Operation::Readlink,
        Operation::Mknod,
        Operation::Mkdir,
        Operation::Unlink,
        Operation::Rmdir,
        Operation::Symlink,
        Operation::Rename,
        Operation::Link,
        Operation::Open,
        Operation::Create,
        Operation::Read,
        Operation::Write,
        Operation::Flush,
        Operation::Release,
        Operation::Fsync,
        Operation::Opendir,
        Operation::Readdir,
        Operation::Releasedir,
        Operation::Fsyncdir,
        Operation::Statfs,
        Operation::Access,
        Operation::Xattr,
        Operation::Refused,
    ];

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Counters, which many threads raise.
#[derive(Default)]
pub struct Counts {
    each: [AtomicU64; Operation::ALL.len()],
}

impl Counts {
    pub(super) fn add(&self, operation: Operation) {
        self.each[operation as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// All operations since the last reset.
    pub fn total(&self) -> u64 {
        self.each
            .iter()
            .map(|one| one.load(Ordering::Relaxed))
            .sum()
    }

    /// How many of one kind.
    pub fn of(&self, operation: Operation) -> u64 {
        self.each[operation as usize].load(Ordering::Relaxed)
    }

    /// Files and folders that were opened and are not closed yet.
    pub(super) fn left_open(&self) -> u64 {
        let sum = |kinds: &[Operation]| kinds.iter().map(|kind| self.of(*kind)).sum::<u64>();
        let opened = sum(&[Operation::Open, Operation::Create, Operation::Opendir]);
        opened.saturating_sub(sum(&[Operation::Release, Operation::Releasedir]))
    }

    pub fn reset(&self) {
        for one in &self.each {
            one.store(0, Ordering::Relaxed);
        }
    }

    /// `{"operations": 3, "by_kind": {"lookup": 2, "open": 1}}`; kinds that did not occur are left out.
    pub fn to_json(&self) -> serde_json::Value {
        let by_kind: serde_json::Map<_, _> = self
            .occurred()
            .map(|(operation, count)| (operation.name(), count.into()))
            .collect();
        serde_json::json!({"operations": self.total(), "by_kind": by_kind})
    }

    fn occurred(&self) -> impl Iterator<Item = (Operation, u64)> {
        let all = Operation::ALL.into_iter();
        all.map(|operation| (operation, self.of(operation)))
            .filter(|(_, count)| *count > 0)
    }
}

/// `3: 2 lookup, 1 open`
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.occurred();
        let kinds: Vec<String> = kinds
            .map(|(operation, count)| format!("{count} {}", operation.name()))
            .collect();
        write!(f, "{}: {}", self.total(), kinds.join(", "))
    }
}
