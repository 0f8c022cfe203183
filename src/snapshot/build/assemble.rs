//! Puts folders together and writes them to the snapshot file.
//!
//! Entries arrive in any order. The snapshot file wants folders in post-order, by name: each after all
//! that is in it, and after its neighbours before it (`snapshot/file/mod.rs` says why). So a cursor goes
//! through the tree in that order, as far as everything it needs has arrived; what is ahead of it is
//! held. [`Flow::is_congested`] keeps what is held small.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::ops::Range;

use crossbeam_channel::Receiver;

use super::flow::Flow;
use super::links::{Further, LinkedFiles};
use super::read::FileReader;
use crate::error::{Error, ErrorKind, Result};
use crate::repository::claims::ClaimBuilder;
use crate::snapshot::file::{BuildStats, SnapshotWriter};
use crate::snapshot::scan::{FileToRead, FoundFolder, Ready};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind, Name};

/// What the assembler is told.
pub enum Message {
    /// Entries of a folder that need no reading.
    Ready { folder: u64, entries: Vec<Ready> },
    /// Files that were read, or could not be.
    Read(Vec<Done>),
    /// A further name of a file.
    Later(FileToRead),
    /// A folder was looked through.
    Folder(FoundFolder),
    /// A folder vanished.
    NoFolder(u64),
}

/// A file that was read. Keeps no folder open, however long it has to wait.
pub struct Done {
    folder: u64,
    links: u32,
    /// The group of names for which it was to be read.
    hard_link: Option<u64>,
    /// `None`: it is left out.
    entry: Option<Entry>,
}

impl Done {
    pub fn new(file: &FileToRead, entry: Option<Entry>) -> Done {
        Done {
            folder: file.folder.place.number,
            links: file.stat.links,
            hard_link: file.hard_link,
            entry,
        }
    }
}

/// Folders that have not been written yet, and what was counted of those that have.
pub struct Assembler<'a, W: Write> {
    flow: &'a Flow<'a>,
    writer: SnapshotWriter<W>,
    reader: FileReader<'a>,
    folders: HashMap<u64, Folder>,
    /// From `/` to the folder that is written next.
    cursor: Vec<Step>,
    linked: LinkedFiles,
    built: Built,
    root: Option<(DirectoryEntry, Attributes)>,
}

/// What is known of a tree once it is written.
#[derive(Default)]
pub struct Built {
    pub stats: BuildStats,
    pub claim: ClaimBuilder,
    pub user_ids: BTreeSet<u32>,
    pub group_ids: BTreeSet<u32>,
}

/// The whole tree, written.
pub struct Assembled<W: Write> {
    pub writer: SnapshotWriter<W>,
    pub root: DirectoryEntry,
    pub root_attributes: Attributes,
    pub built: Built,
}

/// A folder that is being put together.
#[derive(Default)]
struct Folder {
    found: Option<FoundFolder>,
    is_gone: bool,
    entries: Vec<Entry>,
    /// How many entries arrived or turned out not to come, subfolders apart.
    arrived: u64,
}

/// A folder on the way to the one that is written next.
struct Step {
    number: u64,
    /// Its subfolders that are not written yet; `None` until it was looked through.
    subfolders: Option<Range<u64>>,
}

impl<'a, W: Write> Assembler<'a, W> {
    pub fn new(flow: &'a Flow<'a>, writer: SnapshotWriter<W>, reader: FileReader<'a>) -> Self {
        Assembler {
            flow,
            writer,
            reader,
            folders: HashMap::new(),
            cursor: vec![Step {
                number: 0,
                subfolders: None,
            }],
            linked: LinkedFiles::default(),
            built: Built::default(),
            root: None,
        }
    }

    /// Takes everything there is to be told, and writes everything.
    pub fn run(mut self, messages: &Receiver<Message>) -> Result<Assembled<W>> {
        let outcome = self.take_all(messages);
        // Also after an error: what the reader holds is worth keeping.
        let finished = self.reader.finish();
        outcome?;
        finished?;
        self.built.stats.hard_links = self.linked.further_names;
        match self.root {
            Some((root, root_attributes)) => Ok(Assembled {
                writer: self.writer,
                root,
                root_attributes,
                built: self.built,
            }),
            None => Err(Error::new(ErrorKind::Invalid, "put the snapshot together")
                .because("a part of it never came")),
        }
    }

    fn take_all(&mut self, messages: &Receiver<Message>) -> Result<()> {
        for message in messages {
            self.flow.check()?;
            match message {
                Message::Ready { folder, entries } => self.take_ready(folder, entries),
                Message::Read(files) => {
                    for done in files {
                        self.take_read(done)?;
                    }
                }
                Message::Later(file) => self.take_later(file)?,
                Message::Folder(found) => {
                    let folder = self.folders.entry(found.place.number).or_default();
                    folder.found = Some(found);
                }
                Message::NoFolder(number) => {
                    self.folders.entry(number).or_default().is_gone = true;
                }
            }
            self.advance()?;
        }
        // The senders are gone because all is done, or because the run is over.
        self.flow.check()
    }
}

/// Taking what arrives.
impl<W: Write> Assembler<'_, W> {
    fn take_ready(&mut self, folder: u64, found: Vec<Ready>) {
        for Ready {
            entry,
            is_unchanged,
            links,
        } in found
        {
            if is_unchanged && matches!(entry.kind, Kind::File(_)) {
                self.built.stats.unchanged_files += 1;
            }
            if let Some(group) = entry.hard_link {
                let waiting = self.linked.known(group, &entry, links);
                debug_assert!(waiting.is_empty(), "further names are given later");
            }
            self.add(folder, Some(entry));
        }
    }

    fn take_read(&mut self, mut done: Done) -> Result<()> {
        loop {
            let known = done.entry.as_ref().and_then(|entry| entry.hard_link);
            if let (Some(group), Some(entry)) = (known, &done.entry) {
                let waiting = self.linked.known(group, entry, done.links);
                for file in waiting {
                    self.take_later(file)?;
                }
            }
            self.add(done.folder, done.entry);
            // Read, but not as the file that the other names are waiting for.
            let next = match done.hard_link {
                Some(group) if known.is_none() => self.linked.gone(group),
                _ => None,
            };
            let Some(next) = next else {
                return Ok(());
            };
            let entry = self.reader.read(&next)?;
            done = Done::new(&next, entry);
        }
    }

    fn take_later(&mut self, file: FileToRead) -> Result<()> {
        let number = file.folder.place.number;
        let name = Name::new(file.name.to_bytes())?;
        let group = file.hard_link.unwrap_or_default();
        match self.linked.further(group, name, file) {
            Further::Waits => {}
            Further::Entry(entry) => self.add(number, Some(entry)),
            Further::Read(file) => {
                let entry = self.reader.read(&file)?;
                self.take_read(Done::new(&file, entry))?;
            }
        }
        Ok(())
    }

    /// One entry of a folder arrived, or turned out not to come.
    fn add(&mut self, folder: u64, entry: Option<Entry>) {
        let folder = self.folders.entry(folder).or_default();
        folder.arrived += 1;
        folder.entries.extend(entry);
    }
}

/// Writing what is complete.
impl<W: Write> Assembler<'_, W> {
    /// Writes every folder that can be written now.
    fn advance(&mut self) -> Result<()> {
        self.flow.set_waits_for_reading(false);
        while let Some(step) = self.cursor.last_mut() {
            let Some(folder) = self.folders.get(&step.number) else {
                return Ok(());
            };
            if folder.is_gone {
                self.folders.remove(&step.number);
                self.cursor.pop();
                continue;
            }
            let Some(found) = &folder.found else {
                return Ok(());
            };
            let subfolders = step
                .subfolders
                .get_or_insert_with(|| found.subfolders.clone());
            if let Some(number) = subfolders.next() {
                self.cursor.push(Step {
                    number,
                    subfolders: None,
                });
                continue;
            }
            if folder.arrived < found.entries {
                self.flow.set_waits_for_reading(true);
                return Ok(());
            }
            let number = step.number;
            self.cursor.pop();
            self.write(number)?;
        }
        Ok(())
    }

    /// Writes a folder, and adds it to the one it is in.
    fn write(&mut self, number: u64) -> Result<()> {
        let Some(Folder {
            found: Some(found),
            mut entries,
            arrived,
            ..
        }) = self.folders.remove(&number)
        else {
            return Ok(());
        };
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut listing = self.writer.begin_listing()?;
        for entry in &entries {
            self.built.count(entry);
            listing.push(entry)?;
        }
        let directory = listing.finish()?;
        self.flow.release(arrived);
        let Some(parent) = self.cursor.last() else {
            self.built.own(&found.attributes);
            self.root = Some((directory, found.attributes));
            return Ok(());
        };
        let entry = Entry {
            name: Name::new(found.place.name())?,
            attributes: found.attributes,
            kind: Kind::Directory(directory),
            hard_link: None,
            incomplete: found.is_incomplete,
        };
        let parent = self.folders.entry(parent.number).or_default();
        parent.entries.push(entry);
        Ok(())
    }
}

impl Built {
    fn count(&mut self, entry: &Entry) {
        let stats = &mut self.stats;
        match &entry.kind {
            Kind::File(file) => {
                stats.files += 1;
                stats.bytes = stats.bytes.saturating_add(file.size);
                if let Some(token) = &file.token {
                    self.claim.add(token);
                }
            }
            Kind::Directory(_) => stats.directories += 1,
            Kind::SymbolicLink { .. } => stats.symbolic_links += 1,
            Kind::Fifo | Kind::Socket | Kind::CharacterDevice { .. } | Kind::BlockDevice { .. } => {
                stats.other += 1
            }
        }
        self.own(&entry.attributes);
    }

    fn own(&mut self, attributes: &Attributes) {
        self.user_ids.insert(attributes.uid);
        self.group_ids.insert(attributes.gid);
    }
}
