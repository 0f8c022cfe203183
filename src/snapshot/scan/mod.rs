//! Looking through the included folders: what is there, what is unchanged, what has to be read.
//!
//! Folders wait on a stack; scanning threads take the top one, look through it and put its subfolders on
//! top, so a tree is walked depth first and only the folders on the way are held. Each file costs one
//! `statx`. The previous snapshot is walked in step: the listing of the same folder is merged by name,
//! and a file with the same size, times to the nanosecond and inode is taken over as it stands there,
//! without being opened.
//!
//! What is found goes to a [`Sink`], one for each thread. For every folder the sink learns how many
//! entries are to come, so that it can put the folder together whatever the order in which they arrive.
//! Subfolders are numbered in the order of their names before any of them is looked through.
//!
//! Nothing but folders is ever opened here; FIFOs, sockets and devices never at all.

mod entry;
mod folder;
mod links;
pub mod names;
pub mod place;
mod previous;
pub mod stack;

use std::ffi::CString;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use self::folder::{FolderScanner, Waiting};
use self::links::LinkGroups;
use self::place::{Handles, Place, Reach};
use self::previous::PreviousTree;
use self::stack::Stack;
use super::capture::Stat;
use super::file::Snapshot;
use super::matcher::Matcher;
use super::tree::{Attributes, Entry};
use crate::error::Result;
use crate::progress::Monitor;
use crate::repository::token::Token;

/// What to scan, and against what.
pub struct ScanOptions<'a> {
    pub matcher: &'a Matcher,
    /// The snapshot that unchanged files are taken over from.
    pub previous: Option<&'a Snapshot>,
    /// Whether the repository still has a content of the previous snapshot.
    pub still_has: &'a (dyn Fn(&Token) -> bool + Sync),
    pub monitor: &'a Monitor,
}

/// Receives what one scanning thread finds. An error stops the scan.
pub trait Sink: Send {
    /// An entry that is complete: an unchanged file, a link, a FIFO …
    fn ready(&mut self, folder: &Arc<Place>, found: Ready) -> Result<()>;
    /// A regular file that has to be read.
    fn read(&mut self, file: FileToRead) -> Result<()>;
    /// A further name of a file with several, whose first name was given to one of the two above.
    fn later_link(&mut self, file: FileToRead) -> Result<()>;
    /// A folder has been looked through.
    fn folder(&mut self, folder: FoundFolder) -> Result<()>;
    /// The folder with this number, counted among its parent's subfolders, will not come: it vanished.
    fn no_folder(&mut self, number: u64) -> Result<()>;
    /// Nothing more comes, for some time or at all: what is held back to go together must go now.
    fn pause(&mut self) -> Result<()>;
}

/// An entry that needs no reading.
pub struct Ready {
    pub entry: Entry,
    /// Taken over from the previous snapshot.
    pub is_unchanged: bool,
    /// How many names the file has.
    pub links: u32,
}

/// A regular file to be read.
pub struct FileToRead {
    pub folder: Reach,
    pub name: CString,
    /// As it was when it was found.
    pub stat: Stat,
    /// Of a file with several names: the number of its group.
    pub hard_link: Option<u64>,
}

/// A folder that was looked through.
pub struct FoundFolder {
    pub place: Arc<Place>,
    pub attributes: Attributes,
    /// It could not be read, or not to its end.
    pub is_incomplete: bool,
    /// How many entries are in it besides its subfolders, counting those that are still to be read.
    pub entries: u64,
    /// The numbers of its subfolders, in the order of their names.
    pub subfolders: Range<u64>,
}

/// What all scanning threads share.
struct Shared<'a> {
    options: &'a ScanOptions<'a>,
    previous: Option<PreviousTree<'a>>,
    handles: Handles,
    links: LinkGroups,
    next_number: AtomicU64,
    excluded: AtomicU64,
}

/// What a scan has to say besides what it gave to the sinks.
pub struct Scanned {
    /// Entries that a rule left out; what is below an excluded folder is not counted.
    pub excluded: u64,
}

/// Scans everything that the matcher includes, with one thread for each sink.
///
/// Errors: `/` cannot be read; the work was cancelled; the first error of a sink.
pub fn scan<S: Sink>(options: &ScanOptions<'_>, sinks: Vec<S>) -> Result<Scanned> {
    let previous = options.previous;
    let shared = Shared {
        options,
        previous: previous.map(|snapshot| PreviousTree::new(snapshot, options.monitor)),
        handles: Handles::default(),
        links: LinkGroups::default(),
        next_number: AtomicU64::new(1),
        excluded: AtomicU64::new(0),
    };
    let top = Waiting::top(shared.previous.as_ref().map(PreviousTree::top))?;
    let stack = Stack::new(top);
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = sinks
            .into_iter()
            .map(|sink| scope.spawn(|| scan_thread(&shared, &stack, sink)))
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    outcomes.into_iter().collect::<Result<()>>()?;
    Ok(Scanned {
        excluded: shared.excluded.into_inner(),
    })
}

fn scan_thread(shared: &Shared<'_>, stack: &Stack<Waiting>, mut sink: impl Sink) -> Result<()> {
    // Whatever ends this thread ends the others, which would wait for its folder otherwise.
    let _closing = stack.close_on_drop();
    let mut scanner = FolderScanner::new(shared);
    loop {
        let next = match stack.take_now() {
            Some(folder) => Some(folder),
            None => {
                sink.pause()?;
                stack.take()
            }
        };
        let Some(folder) = next else {
            return Ok(());
        };
        let subfolders = scanner.scan(folder, &mut sink)?;
        stack.done(subfolders);
    }
}

#[cfg(test)]
mod tests;
