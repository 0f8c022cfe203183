//! A window of files whose contents are fetched together.
//!
//! The repository reads fastest when it may choose the order, so files are gathered, some thousand at a
//! time, and their contents asked for at once, each content once however many files have it. Files
//! without content do not wait. Hard links are made when the file that they are links to has been
//! written: at the end of the window, or of a later one.

use std::collections::HashMap;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use rustix::io::Errno;

use super::folders::FolderId;
use super::plan::ExistingLink;
use super::shortfall::Shortfall;
use super::source::Contents;
use super::target::{Part, TargetFolder, stat_of};
use super::write::{Bytes, Job, Linked, Workshop, data_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::read::many::{ContentBytes, ContentSink, Wanted};
use crate::repository::token::Token;
use crate::snapshot::capture::FileId;
use crate::snapshot::capture::holes::data_between;
use crate::snapshot::tree::{Extent, FileEntry, Kind, Name};

/// Files in a window. More make longer runs in the repository; each costs some hundred bytes.
const WINDOW: usize = if cfg!(test) { 100 } else { 20_000 };

/// The file that a group of hard links has in the target.
enum Group {
    /// It is being written in this window.
    Awaited,
    Made {
        folder: TargetPlace,
        name: Name,
        identity: FileId,
        /// A link is only made for an entry that says the same, whatever its group.
        kind: Kind,
    },
}

/// Where a file is.
#[derive(Clone)]
enum TargetPlace {
    /// A folder of this run.
    Here(FolderId),
    /// A folder that the run may not come to otherwise, held open.
    There(TargetFolder),
}

/// Files that wait for their contents, and links that wait for their files.
#[derive(Default)]
pub(super) struct Window {
    jobs: Vec<Waiting>,
    links: Vec<Job>,
    groups: HashMap<u64, Group>,
    /// Hard links are not made here at all: each is written as a file.
    are_links_refused: bool,
}

struct Waiting {
    job: Job,
    token: Token,
    /// Set once: the identity of the file that was written, `None` when that failed.
    outcome: OnceLock<Option<FileId>>,
    /// Another one that waits for the same content.
    next: Option<usize>,
}

impl Window {
    pub fn is_full(&self) -> bool {
        self.jobs.len() + self.links.len() >= WINDOW
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.links.is_empty()
    }

    /// Takes in anything but a folder. A file with content is written with the next
    /// [`Window::flush`], a hard link made then or later, anything else at once.
    pub fn add(
        &mut self,
        job: Job,
        shop: &Workshop<'_>,
        linked: &HashMap<u64, ExistingLink>,
    ) -> Result<()> {
        let Some(group) = job.entry.hard_link.filter(|_| !self.are_links_refused) else {
            return self.add_file(job, shop);
        };
        if self.groups.contains_key(&group) {
            self.links.push(job);
            return Ok(());
        }
        if let Some(existing) = linked
            .get(&group)
            .and_then(|linked| find_existing(shop, linked))
        {
            self.groups.insert(group, existing);
            self.links.push(job);
            return Ok(());
        }
        self.groups.insert(group, Group::Awaited);
        self.add_file(job, shop)
    }

    /// Takes in an entry that is said to be a link to another, and is not like it.
    fn add_unlinked(&mut self, mut job: Job, shop: &Workshop<'_>) -> Result<()> {
        job.entry.hard_link = None;
        self.add_file(job, shop)
    }

    fn add_file(&mut self, job: Job, shop: &Workshop<'_>) -> Result<()> {
        let Kind::File(file) = &job.entry.kind else {
            return self.make_other(&job, shop);
        };
        let Some(token) = file.token else {
            let error = Error::new(ErrorKind::NotFound, "restore")
                .because("its content could not be read when the snapshot was made");
            self.settle(&job, None);
            return shop.failed(&shop.path_of(&job), error);
        };
        if data_bytes(file) > 0 {
            self.jobs.push(Waiting {
                job,
                token,
                outcome: OnceLock::new(),
                next: None,
            });
            return Ok(());
        }
        match shop.write_file(&job, file, Bytes::Whole(&[])) {
            Ok(part) => self.settle(&job, identity(&job, &part)),
            Err(error) => {
                self.settle(&job, None);
                shop.failed(&shop.path_of(&job), error)?;
            }
        }
        Ok(())
    }

    fn make_other(&mut self, job: &Job, shop: &Workshop<'_>) -> Result<()> {
        match shop.make_other(job) {
            Ok(identity) => {
                self.settle(job, identity);
                Ok(())
            }
            Err(error) => {
                self.settle(job, None);
                shop.failed(&shop.path_of(job), error)
            }
        }
    }

    /// Takes note that the first file of a group was written, or was not.
    fn settle(&mut self, job: &Job, identity: Option<FileId>) {
        let Some(group) = job.entry.hard_link else {
            return;
        };
        match identity {
            Some(identity) => {
                let made = Group::Made {
                    folder: TargetPlace::Here(job.folder),
                    name: job.entry.name.clone(),
                    identity,
                    kind: job.entry.kind.clone(),
                };
                self.groups.insert(group, made);
            }
            None => {
                self.groups.remove(&group);
            }
        }
    }

    /// Writes everything that waits.
    ///
    /// Errors: what ends the run, from the repository or the target.
    pub fn flush(&mut self, shop: &Workshop<'_>, contents: &dyn Contents) -> Result<()> {
        while !self.is_empty() {
            self.write_files(shop, contents)?;
            for job in std::mem::take(&mut self.links) {
                shop.monitor.check_cancelled()?;
                self.link(job, shop)?;
            }
        }
        Ok(())
    }

    fn write_files(&mut self, shop: &Workshop<'_>, contents: &dyn Contents) -> Result<()> {
        let mut jobs = std::mem::take(&mut self.jobs);
        if jobs.is_empty() {
            return Ok(());
        }
        let mut first: HashMap<Token, usize> = HashMap::with_capacity(jobs.len());
        let mut wanted = Vec::with_capacity(jobs.len());
        for (index, waiting) in jobs.iter_mut().enumerate() {
            match first.insert(waiting.token, index) {
                // Newest first, so that the chain grows at its head.
                Some(earlier) => waiting.next = Some(earlier),
                None => wanted.push(waiting.token),
            }
        }
        let wanted = wanted.into_iter().filter_map(|token| {
            let key = first.get(&token).map(|&index| index as u64)?;
            Some(Wanted { token, key })
        });
        let wanted: Vec<Wanted> = wanted.collect();
        let sink = Sink { jobs: &jobs, shop };
        contents.copy_many(wanted, &sink, shop.monitor)?;
        for waiting in &jobs {
            match waiting.outcome.get() {
                Some(identity) => self.settle(&waiting.job, *identity),
                None => {
                    self.settle(&waiting.job, None);
                    let error = Error::new(ErrorKind::Io, "restore")
                        .because("the repository did not hand out its content");
                    shop.failed(&shop.path_of(&waiting.job), error)?;
                }
            }
        }
        Ok(())
    }

    /// Makes a hard link, or whatever else gives the name its content.
    fn link(&mut self, job: Job, shop: &Workshop<'_>) -> Result<()> {
        let group = job.entry.hard_link.filter(|_| !self.are_links_refused);
        let Some(group) = group else {
            return self.add_file(job, shop);
        };
        let (folder, name, identity) = match self.groups.get(&group) {
            // Its file could not be written: perhaps this one can.
            None => {
                self.groups.insert(group, Group::Awaited);
                return self.add_file(job, shop);
            }
            Some(Group::Awaited) => {
                self.links.push(job);
                return Ok(());
            }
            Some(Group::Made {
                folder,
                name,
                identity,
                kind,
            }) => {
                if *kind != job.entry.kind {
                    return self.add_unlinked(job, shop);
                }
                (folder.clone(), name.clone(), *identity)
            }
        };
        let folder = match folder {
            TargetPlace::Here(id) => shop.folders.handle(id),
            TargetPlace::There(folder) => Ok(folder),
        };
        let linked = folder.and_then(|folder| shop.make_link(&job, (&folder, &name), identity));
        match linked {
            Ok(Linked::Done) => Ok(()),
            Ok(Linked::Refused(errno)) => {
                let path = || shop.path_of(&job);
                shop.shortfalls.count(Shortfall::HardLink, errno, path);
                let never = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS];
                self.are_links_refused = never.contains(&errno);
                self.groups.insert(group, Group::Awaited);
                self.add_file(job, shop)
            }
            Err(error) => shop.failed(&shop.path_of(&job), error),
        }
    }
}

/// What tells the file of a group from all others.
fn identity(job: &Job, part: &Part) -> Option<FileId> {
    job.entry.hard_link?;
    Some(stat_of(&part.file).ok()?.id)
}

/// A file that was there, and identical, when the plan was made.
fn find_existing(shop: &Workshop<'_>, linked: &ExistingLink) -> Option<Group> {
    let mut folder = shop.folders.handle(FolderId::ROOT).ok()?;
    let mut names = linked.path.split(|&byte| byte == b'/').peekable();
    while let Some(name) = names.next() {
        let name = Name::new(name).ok()?;
        if names.peek().is_some() {
            folder = folder.open_folder(&name).ok()?;
            continue;
        }
        let found = folder.find(&name).ok()??;
        return Some(Group::Made {
            folder: TargetPlace::There(folder),
            name,
            identity: found.id,
            kind: linked.kind.clone(),
        });
    }
    None
}

/// Takes the contents of a window.
struct Sink<'a> {
    jobs: &'a [Waiting],
    shop: &'a Workshop<'a>,
}

impl<'a> Sink<'a> {
    /// The files that wait for the content with this key.
    fn waiting(&self, key: u64) -> impl Iterator<Item = &'a Waiting> {
        let jobs = self.jobs;
        let first = usize::try_from(key).ok().and_then(|key| jobs.get(key));
        std::iter::successors(first, move |waiting| jobs.get(waiting.next?))
    }

    /// Writes one file; returns it when that went well.
    fn write(&self, waiting: &Waiting, bytes: Bytes<'_>) -> Result<Option<Part>> {
        self.shop.monitor.check_cancelled()?;
        let job = &waiting.job;
        let Kind::File(file) = &job.entry.kind else {
            return Ok(None);
        };
        match self.shop.write_file(job, file, bytes) {
            Ok(part) => {
                let _ = waiting.outcome.set(identity(job, &part));
                Ok(Some(part))
            }
            Err(error) => {
                let _ = waiting.outcome.set(None);
                self.shop.failed(&self.shop.path_of(job), error)?;
                Ok(None)
            }
        }
    }
}

impl ContentSink for Sink<'_> {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let mut waiting = self.waiting(key);
        let stream = match bytes {
            ContentBytes::Whole(bytes) => {
                for waiting in waiting {
                    self.write(waiting, Bytes::Whole(bytes))?;
                }
                return Ok(());
            }
            ContentBytes::Stream(stream) => stream,
        };
        let Some(first) = waiting.next() else {
            return Ok(());
        };
        // A stream can be read once: the others are copied from the first file.
        let written = self.write(first, Bytes::Stream(stream))?;
        let (Some(part), Kind::File(file)) = (&written, &first.job.entry.kind) else {
            let error = || {
                Error::new(ErrorKind::Io, "restore")
                    .because("another file with the same content could not be written")
            };
            for waiting in waiting {
                let _ = waiting.outcome.set(None);
                self.shop
                    .failed(&self.shop.path_of(&waiting.job), error())?;
            }
            return Ok(());
        };
        for waiting in waiting {
            let mut copy = DataReader::new(part, file);
            self.write(waiting, Bytes::Stream(&mut copy))?;
        }
        Ok(())
    }

    fn failed(&self, key: u64, error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        for waiting in self.waiting(key) {
            let _ = waiting.outcome.set(None);
            let path = self.shop.path_of(&waiting.job);
            let because = Error::new(error.kind(), "restore").because(error.to_string());
            self.shop.failed(&path, because)?;
        }
        Ok(())
    }
}

/// Reads the data of a file that was just written, its holes left out.
struct DataReader<'a> {
    part: &'a Part,
    runs: std::vec::IntoIter<Extent>,
    now: Extent,
}

impl<'a> DataReader<'a> {
    fn new(part: &'a Part, file: &FileEntry) -> DataReader<'a> {
        DataReader {
            part,
            runs: data_between(&file.holes, file.size).into_iter(),
            now: Extent { offset: 0, len: 0 },
        }
    }
}

impl Read for DataReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.now.len == 0 {
            match self.runs.next() {
                Some(run) => self.now = run,
                None => return Ok(0),
            }
        }
        let want = self.now.len.min(buffer.len() as u64) as usize;
        let part = buffer.get_mut(..want).unwrap_or_default();
        let len = self.part.file.read_at(part, self.now.offset)?;
        self.now.offset += len as u64;
        self.now.len -= len as u64;
        Ok(len)
    }
}
