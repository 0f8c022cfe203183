//! What an extraction or a restore did.

use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;

/// What was done; the sums of [`super::Plan`] say what was to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreReport {
    /// Files of any type that were made where none was, and those that took the place of something
    /// that was moved aside.
    pub created_files: u64,
    pub created_directories: u64,
    /// Files that were written over.
    pub replaced: u64,
    /// Files and folders that were moved aside.
    pub moved_aside: u64,
    /// Files and folders whose attributes alone were set.
    pub attributes_set: u64,
    /// Files and folders that were identical, and left as they are.
    pub left: u64,
    /// Entries that were asked for and are not there now, or not as they should be.
    pub failed: u64,
    /// Bytes of file contents that were written.
    pub written_bytes: u64,
    /// Files that a killed run had left half-written, and that were removed.
    pub leftovers_removed: u64,
    /// Files that belong to who runs this, because the owner could not be set.
    pub without_owner: u64,
    /// Hard links that became files of their own.
    pub without_hard_link: u64,
}

/// The report while the work goes on, shared by its threads.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub created_files: AtomicU64,
    pub created_directories: AtomicU64,
    pub replaced: AtomicU64,
    pub moved_aside: AtomicU64,
    pub attributes_set: AtomicU64,
    pub failed: AtomicU64,
    pub written_bytes: AtomicU64,
    pub leftovers_removed: AtomicU64,
}

/// Adds to one of the numbers of a [`Tally`].
pub(super) fn add(number: &AtomicU64, count: u64) {
    number.fetch_add(count, Ordering::Relaxed);
}

impl Tally {
    pub fn report(&self, plan: &Plan) -> RestoreReport {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        RestoreReport {
            created_files: get(&self.created_files),
            created_directories: get(&self.created_directories),
            replaced: get(&self.replaced),
            moved_aside: get(&self.moved_aside),
            attributes_set: get(&self.attributes_set),
            left: plan.totals().leave.entries,
            failed: get(&self.failed),
            written_bytes: get(&self.written_bytes),
            leftovers_removed: get(&self.leftovers_removed),
            without_owner: 0,
            without_hard_link: 0,
        }
    }
}
