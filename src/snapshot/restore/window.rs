//! A window of files whose contents are fetched together.
//!
//! The repository reads fastest when it may choose the order, so files are gathered, some thousand at a
//! time, and their contents asked for at once, each content once however many files have it. Files
//! without content do not wait. Hard links are made when the file that they are links to has been
//! written: at the end of the window, or of a later one.

use std::collections::HashMap;
use std::sync::OnceLock;

use rustix::io::Errno;

use super::content::{Bytes, data_bytes};
use super::folders::FolderId;
use super::plan::ExistingLink;
use super::shortfall::Shortfall;
use super::sink::{Sink, identity};
use super::source::Contents;
use super::target::TargetFolder;
use super::write::{Job, Linked, Workshop};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::read::many::Wanted;
use crate::repository::token::Token;
use crate::snapshot::capture::FileId;
use crate::snapshot::tree::{Kind, Name};

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

pub(super) struct Waiting {
    pub job: Job,
    pub token: Token,
    /// Set once: the identity of the file that was written, `None` when that failed.
    pub outcome: OnceLock<Option<FileId>>,
    /// Another one that waits for the same content.
    pub next: Option<usize>,
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
