//! What an archive's rules would take and what they would leave out, before any backup is made.
//!
//! It asks the one matcher of the backup ([`super::matcher`]) and walks as the backup does: by folder
//! handle and name, following no links, the same decisions from `/` down. What differs is that it also
//! goes into what is left out, to say how much each rule takes away.
//!
//! - [`survey`]: the sums over everything, growing while the walk goes on
//! - [`folder_view`]: one folder of the disk as the backup sees it
//! - [`Inside`](inside::Inside): what the rules say within one folder, for both of them
//!
//! Memory is bounded by the folders that wait on the way, by [`MAX_RULES`] and by one folder's names.

mod folder_view;
pub mod inside;
mod tally;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};

pub use self::folder_view::{ViewedEntry, folder_view};
use self::tally::Tally;
use self::walk::{Shared, Waiting, look_through_all};
use super::matcher::{Matcher, Reason};
use super::scan::place::Handles;
use super::scan::stack::Stack;
use super::specification::Specification;
use super::tree::Totals;
use crate::error::{Error, Result};
use crate::progress::Monitor;

/// So many rules have sums of their own; what others leave out is summed up together. Only the lines of
/// ignore files can be that many.
pub const MAX_RULES: usize = 1000;
/// Paths that are given for each rule.
pub const MAX_EXAMPLES: usize = 5;
/// Unreadable paths that are given.
pub const MAX_UNREADABLE: usize = 20;

/// As for a backup: looking mostly waits for the disk.
const THREADS: usize = 4;
/// How often a walk tells how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What an archive's rules take and leave out: so far, or in the end.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What a backup would have, as the totals of its snapshot have it: hard links each by themselves, the
    /// folders on the way to the includes counted, `/` not.
    pub included: Totals,
    /// The same for each include of the specification, in its order. What several includes cover is the
    /// innermost one's; folders that only lead to an include are no one's.
    pub includes: Vec<Totals>,
    /// What each rule takes away, the most bytes first.
    pub removed: Vec<Removed>,
    /// What is taken away by rules beyond [`MAX_RULES`].
    pub further_removed: Totals,
    /// How many files and folders that are included cannot be read.
    pub unreadable: u64,
    /// The first [`MAX_UNREADABLE`] of them.
    pub unreadable_examples: Vec<Unreadable>,
    /// Includes that lead nowhere or cannot be backed up; each error names its path.
    pub missing: Vec<Error>,
    /// The walk has come to its end.
    pub is_complete: bool,
}

/// What one rule takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub reason: Reason,
    /// Everything that is no folder.
    pub files: u64,
    pub bytes: u64,
    pub directories: u64,
    /// Up to [`MAX_EXAMPLES`] absolute paths at which the rule strikes.
    pub examples: Vec<Vec<u8>>,
}

impl Removed {
    /// False where nobody looked into what is left out, so that the sums say nothing: other file systems
    /// and the archive's own storage.
    pub fn is_measured(&self) -> bool {
        is_measured(&self.reason)
    }
}

fn is_measured(reason: &Reason) -> bool {
    !matches!(reason, Reason::OtherFileSystem | Reason::OwnStorage)
}

/// A file or folder that is included and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Absolute.
    pub path: Vec<u8>,
    /// Why, in the system's words.
    pub why: String,
}

/// Looks through everything that the specification includes, and through what its rules leave out. `own`
/// are the folders of the archive and of its repository.
///
/// `progress` is called about ten times a second with the sums so far. What is wrong with ignore files is
/// reported to the monitor as notices.
///
/// With [`Specification::one_file_system`], what is left out is counted on the include's own file system
/// only: the rest would not have been taken anyway.
///
/// Errors: the specification cannot be carried out; `/` cannot be read; the work was cancelled. Files and
/// folders that cannot be read are no error but counted.
pub fn survey(
    specification: &Specification,
    own: &[PathBuf],
    monitor: &Monitor,
    progress: &mut dyn FnMut(&Survey),
) -> Result<Survey> {
    let matcher = Matcher::new(specification, own)?;
    let tally = Tally::new(specification.includes.len(), matcher.problems());
    let shared = Shared {
        matcher: &matcher,
        one_file_system: specification.one_file_system,
        monitor,
        tally: &tally,
        handles: Handles::default(),
    };
    let stack = Stack::new(Waiting::Top);
    let (end, ended) = bounded::<()>(0);
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let (shared, stack) = (&shared, &stack);
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                // Dropped when the thread ends, however it does.
                let end = end.clone();
                scope.spawn(move || {
                    let _end = end;
                    look_through_all(shared, stack)
                })
            })
            .collect();
        drop(end);
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PROGRESS_EVERY) {
            progress(&tally.survey(false));
        }
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    outcomes.into_iter().collect::<Result<()>>()?;
    let survey = tally.survey(true);
    progress(&survey);
    Ok(survey)
}
