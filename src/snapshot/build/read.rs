//! Reading one file and storing its content.
//!
//! What was opened is what is recorded: attributes come from the open file, not from what was found
//! under its name before. A file is asked again after it was read. If it changed meanwhile it is read
//! once more, and if it changed then too, what was read is kept and marked incomplete: it agrees with
//! its digest, but may be a mixture of two states of the file. What goes wrong with one file is reported
//! and never ends the run.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use rustix::io::Errno;

use super::flow::Flow;
use super::source::Source;
use crate::error::{Error, Result};
use crate::repository::store::{StoreFailure, StoreWorker, ZERO_RUN};
use crate::snapshot::capture::extended::ExtendedReader;
use crate::snapshot::capture::holes::{find_holes, may_have_holes};
use crate::snapshot::capture::{Stat, let_the_clock_pass, open_file};
use crate::snapshot::scan::FileToRead;
use crate::snapshot::tree::{Entry, Extent, FileEntry, Kind, Name};

/// Up to this size a file is read into memory whole, and stored only when it is known that it did not
/// change meanwhile.
const SMALL: u64 = 1 << 20;
/// A longer file that changed while it was read is not read again: a disk image in use would only have
/// changed again.
const READ_AGAIN: u64 = 64 << 20;

/// Reads files, for one thread.
pub struct FileReader<'a> {
    flow: &'a Flow<'a>,
    store: StoreWorker<'a>,
    extended: ExtendedReader,
    buffer: Box<[u8]>,
    /// Bytes of the file at hand that the monitor knows of.
    counted_bytes: u64,
}

/// What came of one try to read a file.
enum Try {
    /// It was stored; `changed` if it changed meanwhile.
    Read { entry: Entry, changed: bool },
    /// It changed meanwhile, and nothing was stored.
    Changed,
    /// It could not be read, but is there.
    Unread {
        handle: Option<File>,
        stat: Stat,
        error: io::Error,
    },
    /// It is not there any more, or is no regular file any more.
    Gone(&'static str),
}

impl<'a> FileReader<'a> {
    pub fn new(flow: &'a Flow<'a>, store: StoreWorker<'a>) -> FileReader<'a> {
        FileReader {
            flow,
            store,
            extended: ExtendedReader::default(),
            buffer: vec![0; SMALL as usize].into(),
            counted_bytes: 0,
        }
    }

    /// Reads and stores one file; `None` if there is none to be recorded.
    ///
    /// Errors: of the repository, or the run is over.
    pub fn read(&mut self, file: &FileToRead) -> Result<Option<Entry>> {
        self.flow.check()?;
        let name = Name::new(file.name.to_bytes())?;
        let mut outcome = self.try_read(file, &name, false)?;
        let is_worth_another = match &outcome {
            Try::Changed => true,
            Try::Read { entry, changed } => *changed && entry.size() <= READ_AGAIN,
            Try::Unread { .. } | Try::Gone(_) => false,
        };
        if is_worth_another {
            outcome = self.try_read(file, &name, true)?;
        }
        self.count_done(file);
        match outcome {
            Try::Read { mut entry, changed } => {
                self.flow.read_files.fetch_add(1, Ordering::Relaxed);
                if changed {
                    self.warn(file, "read all of it at one moment", "it changed meanwhile");
                    entry.incomplete = true;
                }
                Ok(Some(entry))
            }
            // Not on the last try.
            Try::Changed => Ok(None),
            Try::Unread {
                handle,
                stat,
                error,
            } => {
                let error = Error::io("read", &error);
                self.warn(file, "read", error.why());
                Ok(Some(self.unread(file, name, handle, &stat)))
            }
            Try::Gone(why) => {
                self.warn(file, "read", why);
                Ok(None)
            }
        }
    }

    /// What was read was counted while it was read; holes, and what could not be read, are counted now.
    fn count_done(&mut self, file: &FileToRead) {
        let counted = std::mem::take(&mut self.counted_bytes);
        let rest = file.stat.size.saturating_sub(counted);
        self.flow.monitor.file_done(rest);
    }

    /// Hands over what is still to be stored.
    pub fn finish(self) -> Result<()> {
        self.store.finish()
    }

    fn try_read(&mut self, file: &FileToRead, name: &Name, is_last: bool) -> Result<Try> {
        let opened = file.folder.with(|folder| open_file(folder, &file.name));
        let handle = match opened {
            Ok(handle) => File::from(handle),
            Err(error) => return Ok(not_opened(file, error)),
        };
        let stat = match Stat::of(&handle) {
            Ok(stat) if stat.is_file() => stat,
            Ok(_) => return Ok(Try::Gone("it is no regular file any more")),
            Err(error) => return Ok(unread(None, file.stat, error)),
        };
        let_the_clock_pass(stat.changed);
        let mut holes = Vec::new();
        if may_have_holes(&stat) {
            // A hole that is not found is stored as zeros.
            holes = find_holes(&handle, stat.size).unwrap_or_default();
        }
        let read = match self.store(&handle, &stat, holes, is_last) {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Try::Changed),
            Err(StoreFailure::Repository(error)) => return Err(error),
            Err(StoreFailure::Source(error)) => {
                self.flow.check()?;
                return Ok(unread(Some(handle), stat, error));
            }
        };
        let extended = self.extended.of(&handle);
        if let Some(error) = &extended.failure {
            let error = Error::io("read", error);
            self.warn(file, "read the extended attributes", error.why());
        }
        let entry = Entry {
            name: name.clone(),
            attributes: stat.attributes(extended.attributes),
            kind: Kind::File(read.file),
            // Another file has taken the name over.
            hard_link: file.hard_link.filter(|_| stat.id == file.stat.id),
            incomplete: false,
        };
        Ok(Try::Read {
            entry,
            changed: read.changed,
        })
    }

    /// Stores the bytes outside the holes; `None` if the file changed before anything was stored, and
    /// this is not the last try.
    fn store(
        &mut self,
        handle: &File,
        stat: &Stat,
        mut holes: Vec<Extent>,
        is_last: bool,
    ) -> std::result::Result<Option<StoredFile>, StoreFailure> {
        let mut source = Source::new(handle, stat.size, &holes, self.flow);
        let len = source.len();
        let changed;
        let stored = if len <= SMALL {
            let count = source.read_all(&mut self.buffer);
            self.counted_bytes += source.read_bytes;
            let count = count.map_err(StoreFailure::Source)?;
            changed = has_changed(handle, stat);
            if changed && !is_last {
                return Ok(None);
            }
            let bytes = self.buffer.get(..count).unwrap_or_default();
            self.store.store_bytes(bytes)?
        } else {
            let gaps = source.gaps(ZERO_RUN as u64);
            let stored = self.store.store_sparse(&mut source, len, &gaps);
            self.counted_bytes += source.read_bytes;
            let stored = stored?;
            changed = has_changed(handle, stat);
            stored
        };
        let size = source.end(&mut holes);
        let read_bytes = &self.flow.read_bytes;
        read_bytes.fetch_add(source.read_bytes, Ordering::Relaxed);
        Ok(Some(StoredFile {
            file: FileEntry {
                size,
                token: Some(stored.token),
                holes,
            },
            changed: changed || size != stat.size,
        }))
    }

    /// The entry of a file whose content could not be had.
    fn unread(
        &mut self,
        file: &FileToRead,
        name: Name,
        handle: Option<File>,
        stat: &Stat,
    ) -> Entry {
        let extended = match handle {
            Some(handle) => self.extended.of(&handle).attributes,
            None => file
                .folder
                .with(|folder| Ok(self.extended.at(folder, &file.name).attributes))
                .unwrap_or_else(|_| self.extended.none()),
        };
        Entry {
            name,
            attributes: stat.attributes(extended),
            kind: Kind::File(FileEntry {
                size: stat.size,
                token: None,
                holes: Vec::new(),
            }),
            hard_link: file.hard_link.filter(|_| stat.id == file.stat.id),
            incomplete: true,
        }
    }

    fn warn(&self, file: &FileToRead, attempted: &str, why: &str) {
        let path = file.folder.place.path_of(file.name.to_bytes());
        self.flow.monitor.warn(&path, attempted, why);
    }
}

/// What was stored of a file.
struct StoredFile {
    file: FileEntry,
    changed: bool,
}

fn has_changed(handle: &File, before: &Stat) -> bool {
    match Stat::of(handle) {
        Ok(after) => !after.is_same_version(before),
        Err(_) => true,
    }
}

fn unread(handle: Option<File>, stat: Stat, error: io::Error) -> Try {
    Try::Unread {
        handle,
        stat,
        error,
    }
}

fn not_opened(file: &FileToRead, error: io::Error) -> Try {
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT) => Try::Gone("it was deleted meanwhile"),
        // A link; a socket, or a device that is not there.
        Some(Errno::LOOP | Errno::NXIO | Errno::NODEV) => {
            Try::Gone("it is no regular file any more")
        }
        _ => unread(None, file.stat, error),
    }
}
