//! Looking through one folder: opening it, its own attributes, the names in it, its subfolders.
//!
//! The folder is opened from its parent's handle; what was opened is what is recorded.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::fs::CWD;
use rustix::io::Errno;

use super::names::Names;
use super::place::{Handle, Place, Reach};
use super::previous::{PreviousEntries, PreviousFolder};
use super::{FoundFolder, ScanOptions, Shared, Sink};
use crate::error::{Context, Error, Result};
use crate::snapshot::capture::extended::{Extended, ExtendedReader};
use crate::snapshot::capture::{Stat, open_folder, open_folder_to_pass, open_root};
use crate::snapshot::matcher::{Candidate, Decision, DirectoryContext, read_start};
use crate::snapshot::tree::{Attributes, ExtendedAttribute};

/// Between this many names the cancel flag is looked at.
const CANCEL_EVERY: usize = 256;

/// A folder that waits to be looked through.
pub struct Waiting {
    /// What it is in and its name there; `None` for `/`.
    parent: Option<Parent>,
    number: u64,
    /// As it was when it was found.
    stat: Stat,
    decision: Decision,
    previous: Option<PreviousFolder>,
}

struct Parent {
    reach: Reach,
    context: Arc<DirectoryContext>,
    name: CString,
}

impl Waiting {
    /// `/`, where every scan starts.
    pub fn top(previous: Option<PreviousFolder>) -> Result<Waiting> {
        let stat = open_root().and_then(Stat::of).context("read", "/")?;
        Ok(Waiting {
            parent: None,
            number: 0,
            stat,
            decision: Decision::Include,
            previous,
        })
    }

    /// What was opened, and what it is.
    fn open(&self) -> io::Result<(OwnedFd, Stat)> {
        let handle = match (&self.parent, &self.decision) {
            (None, _) => open_folder(CWD, c"/").or_else(|_| open_root()),
            (Some(parent), Decision::Include) => parent
                .reach
                .with(|folder| open_folder(folder, &parent.name)),
            (Some(parent), _) => {
                let open = |folder: BorrowedFd<'_>| open_folder_to_pass(folder, &parent.name);
                parent.reach.with(open)
            }
        }?;
        let stat = Stat::of(&handle)?;
        Ok((handle, stat))
    }

    fn place(&self, stat: &Stat) -> Place {
        match &self.parent {
            Some(parent) => Place::child(&parent.reach.place, &parent.name, stat.id, self.number),
            None => Place::root(stat.id),
        }
    }
}

/// What one thread needs to look through folders, used again for each.
pub struct FolderScanner<'s> {
    pub(super) shared: &'s Shared<'s>,
    pub(super) extended: ExtendedReader,
    names: Names,
    /// By device.
    pub(super) keeps_inodes: HashMap<u64, bool>,
}

/// The folder that is being looked through.
pub(super) struct Here<'s> {
    pub place: Arc<Place>,
    pub handle: Arc<Handle>,
    pub context: Arc<DirectoryContext>,
    pub is_incomplete: bool,
    /// The folder's path with a slash at its end, then the name being looked at.
    pub path: Vec<u8>,
    pub folder_len: usize,
    pub previous: PreviousEntries<'s>,
    /// Entries besides subfolders that were given to the sink.
    pub entries: u64,
    pub subfolders: Vec<Subfolder>,
}

/// A folder in the folder that is being looked through.
pub(super) struct Subfolder {
    pub name: CString,
    pub stat: Stat,
    pub decision: Decision,
    pub previous: Option<PreviousFolder>,
}

impl<'s> FolderScanner<'s> {
    pub fn new(shared: &'s Shared<'s>) -> FolderScanner<'s> {
        FolderScanner {
            shared,
            extended: ExtendedReader::default(),
            names: Names::default(),
            keeps_inodes: HashMap::new(),
        }
    }

    /// Looks through one folder; returns its subfolders, the last of them first.
    pub fn scan(&mut self, waiting: Waiting, sink: &mut impl Sink) -> Result<Vec<Waiting>> {
        let monitor = self.shared.options.monitor;
        monitor.check_cancelled()?;
        if let Decision::Hollow(_) = waiting.decision {
            self.give_unopened(waiting, false, sink)?;
            return Ok(Vec::new());
        }
        let (handle, stat) = match waiting.open() {
            Ok(opened) => opened,
            Err(error) => {
                self.give_up(waiting, &error, sink)?;
                return Ok(Vec::new());
            }
        };
        let place = Arc::new(waiting.place(&stat));
        let mut path = Vec::new();
        place.write_path(&mut path);
        monitor.set_current(&path);
        if self.is_mounted_below_itself(&place, &path) {
            self.give_unopened(waiting, false, sink)?;
            return Ok(Vec::new());
        }
        let extended = match &waiting.previous {
            Some(previous) if stat.is_unchanged_since(&previous.attributes) => {
                previous.attributes.extended.clone()
            }
            // A handle to pass through is not good for this, but the name of itself in it is.
            _ => {
                let found = self.extended.at(&handle, c".");
                self.checked(found, &path)
            }
        };
        let context = self.enter(&waiting, &handle, &stat, &path);
        path.push(b'/');
        let mut here = Here {
            place,
            handle: self.shared.handles.hold(handle),
            context: Arc::new(context),
            is_incomplete: false,
            folder_len: path.len(),
            path,
            previous: self.list_previous(waiting.previous.as_ref()),
            entries: 0,
            subfolders: Vec::new(),
        };
        self.look_at_all(&mut here, sink)?;
        self.finish(here, stat.attributes(extended), sink)
    }

    /// What the rules say within the folder.
    fn enter(
        &self,
        waiting: &Waiting,
        handle: &OwnedFd,
        stat: &Stat,
        path: &[u8],
    ) -> DirectoryContext {
        let ScanOptions {
            matcher, monitor, ..
        } = self.shared.options;
        let read = &mut |name: &CStr, limit: usize| read_start(handle, name, limit);
        match &waiting.parent {
            None => matcher.top(stat, read, monitor),
            Some(parent) => {
                let directory = Candidate {
                    path,
                    name: parent.name.to_bytes(),
                    stat,
                };
                matcher.enter(
                    &parent.context,
                    &directory,
                    &waiting.decision,
                    read,
                    monitor,
                )
            }
        }
    }

    fn look_at_all(&mut self, here: &mut Here<'_>, sink: &mut impl Sink) -> Result<()> {
        let mut names = std::mem::take(&mut self.names);
        match here.context.names_to_visit(self.shared.options.matcher) {
            Some(wanted) => names.set(wanted),
            None => {
                if let Err(error) = names.read(&here.handle) {
                    let path = here.path.strip_suffix(b"/").unwrap_or_default();
                    self.warn(path, "list the folder", &error);
                    here.is_incomplete = true;
                }
            }
        }
        for (count, name) in names.iter().enumerate() {
            if count % CANCEL_EVERY == CANCEL_EVERY - 1 {
                self.shared.options.monitor.check_cancelled()?;
            }
            self.look_at(here, name, sink)?;
        }
        self.names = names;
        Ok(())
    }

    /// Gives the folder to the sink, and its subfolders back, numbered.
    fn finish(
        &mut self,
        here: Here<'_>,
        attributes: Attributes,
        sink: &mut impl Sink,
    ) -> Result<Vec<Waiting>> {
        let count = here.subfolders.len() as u64;
        let first = self.shared.next_number.fetch_add(count, Ordering::Relaxed);
        let waiting = (first..).zip(here.subfolders);
        let waiting = waiting.map(|(number, subfolder)| Waiting {
            parent: Some(Parent {
                reach: self.shared.handles.keep(&here.place, &here.handle),
                context: here.context.clone(),
                name: subfolder.name,
            }),
            number,
            stat: subfolder.stat,
            decision: subfolder.decision,
            previous: subfolder.previous,
        });
        let mut waiting: Vec<Waiting> = waiting.collect();
        // The stack gives the last one first.
        waiting.reverse();
        sink.folder(FoundFolder {
            place: here.place,
            attributes,
            is_incomplete: here.is_incomplete,
            entries: here.entries,
            subfolders: first..first + count,
        })?;
        Ok(waiting)
    }

    /// What cannot be opened stays in the snapshot, empty and incomplete, unless it is gone.
    fn give_up(&mut self, waiting: Waiting, error: &io::Error, sink: &mut impl Sink) -> Result<()> {
        let mut path = Vec::new();
        waiting.place(&waiting.stat).write_path(&mut path);
        self.warn(&path, "open the folder", error);
        let errno = Errno::from_io_error(error);
        if matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) {
            return sink.no_folder(waiting.number);
        }
        self.give_unopened(waiting, true, sink)
    }

    /// Gives a folder without anything in it.
    fn give_unopened(
        &mut self,
        waiting: Waiting,
        is_incomplete: bool,
        sink: &mut impl Sink,
    ) -> Result<()> {
        let extended = match &waiting.parent {
            Some(parent) => parent
                .reach
                .with(|folder| Ok(self.extended.at(folder, &parent.name).attributes)),
            None => Ok(self.extended.none()),
        };
        let extended = extended.unwrap_or_else(|_| self.extended.none());
        sink.folder(FoundFolder {
            place: Arc::new(waiting.place(&waiting.stat)),
            attributes: waiting.stat.attributes(extended),
            is_incomplete,
            entries: 0,
            subfolders: 0..0,
        })
    }

    fn is_mounted_below_itself(&self, place: &Place, path: &[u8]) -> bool {
        let is_below_itself = place.ancestry().skip(1).any(|above| above.id == place.id);
        if is_below_itself {
            let monitor = self.shared.options.monitor;
            let why = "it is one of those that it is in, mounted there again";
            monitor.notice(path, "back up what is in the folder", why);
        }
        is_below_itself
    }

    fn list_previous(&self, previous: Option<&PreviousFolder>) -> PreviousEntries<'s> {
        match (&self.shared.previous, previous) {
            (Some(tree), Some(previous)) => tree.entries(previous),
            _ => PreviousEntries::default(),
        }
    }

    /// The attributes that could be read; reports that some could not.
    pub(super) fn checked(&self, found: Extended, path: &[u8]) -> Arc<[ExtendedAttribute]> {
        if let Some(error) = &found.failure {
            self.warn(path, "read the extended attributes", error);
        }
        found.attributes
    }

    pub(super) fn warn(&self, path: &[u8], attempted: &str, error: &io::Error) {
        let path = if path.is_empty() { b"/" } else { path };
        let error = Error::io(attempted, error);
        let monitor = self.shared.options.monitor;
        monitor.warn(path, attempted, error.why());
    }
}
