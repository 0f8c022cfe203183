//! Carries out a plan.
//!
//! The steps come folder by folder. A folder is entered when its first step comes and left after its
//! last; its own attributes are set when everything in it is there, contents of files included, since
//! putting something into a folder changes its time. Contents are fetched in windows, so a folder that
//! is left while files of it still wait is finished after they are written: in the order in which folders are
//! left, which is children first.
//!
//! One thing that cannot be restored is reported, and the rest goes on. What ends the run (a full disk,
//! a repository that is gone, the cancel flag) still gives the folders made so far their attributes,
//! where that can be expected to work.

use std::os::fd::AsFd;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::apply::{Subject, Surplus, has_default_acl, remove_inherited, set_attributes};
use super::compare::file_type;
use super::folders::{FolderId, Folders, target_error};
use super::plan::{Action, Plan, PlannedFolder, Source, What};
use super::report::{RestoreReport, Tally, add};
use super::shortfall::{Shortfall, Shortfalls};
use super::source::Contents;
use super::target::{PartNames, Taking, TargetFolder, is_still, stat_of};
use super::window::Window;
use super::write::{Job, Place, Room, Workshop};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::bytes_path;
use crate::progress::{Monitor, Phase};
use crate::snapshot::file::{Listing, Snapshot};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Kind};

/// Carries out a plan, with the snapshot that it was made from and the repository of its contents.
///
/// What goes wrong with single files is reported to the monitor and counted.
///
/// Errors: there is certainly not enough room ([`ErrorKind::NoSpace`], before anything is written); what
/// ends a run half-way: the target is full, the repository or the target is gone, cancelled. A second
/// plan then finds what is there and carries on.
pub fn carry_out(
    plan: &Plan,
    snapshot: &Snapshot,
    contents: &dyn Contents,
    monitor: &Monitor,
) -> Result<RestoreReport> {
    check_space(plan)?;
    monitor.enter(Phase::Writing);
    announce(plan, monitor);
    if plan.is_root_missing {
        std::fs::create_dir_all(&plan.root).context("make the target folder", &plan.root)?;
    }
    let folders = Folders::open(&plan.root)?;
    let mut run = Run {
        plan,
        snapshot,
        contents,
        shop: Workshop {
            monitor,
            folders,
            names: PartNames::new()?,
            shortfalls: Shortfalls::default(),
            tally: Tally::default(),
        },
        window: Window::default(),
        open: Vec::new(),
        left: Vec::new(),
        making: Vec::new(),
        disks: Vec::new(),
    };
    let result = run.carry_out();
    if let Err(error) = &result
        && matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::NoSpace)
    {
        run.leave_all();
        run.finish_folders();
    }
    run.shop.shortfalls.report(monitor);
    result?;
    let mut report = run.shop.tally.report(plan);
    report.without_owner = run.shop.shortfalls.of(Shortfall::Owner);
    report.without_hard_link = run.shop.shortfalls.of(Shortfall::HardLink);
    Ok(report)
}

fn check_space(plan: &Plan) -> Result<()> {
    let Some(space) = plan.spaces.iter().find(|space| space.is_short()) else {
        return Ok(());
    };
    let free = space.free_bytes.unwrap_or(0);
    Err(Error::new(ErrorKind::NoSpace, "restore to")
        .at(bytes_path(&space.folder))
        .because(format!(
            "there are {free} bytes free on the disk, and {} are needed",
            space.needed_bytes
        ))
        .advise("free some space there, or choose another folder"))
}

fn announce(plan: &Plan, monitor: &Monitor) {
    let totals = plan.totals();
    let files = [totals.create, totals.replace, totals.set_attributes];
    let bytes = totals.create.bytes.saturating_add(totals.replace.bytes);
    let files = files
        .iter()
        .fold(0, |sum: u64, count| sum.saturating_add(count.entries));
    add(&monitor.files_total, files);
    add(&monitor.bytes_total, bytes);
}

struct Run<'a> {
    plan: &'a Plan,
    snapshot: &'a Snapshot,
    contents: &'a dyn Contents,
    shop: Workshop<'a>,
    window: Window,
    /// The planned folders from the root to the one whose steps are being carried out.
    open: Vec<OpenFolder<'a>>,
    /// Folders that wait for their attributes, children before parents.
    left: Vec<LeftFolder>,
    /// The folders of a new tree that is being made, from its top down.
    making: Vec<NewFolder<'a>>,
    /// A folder on each disk where something was replaced or moved aside.
    disks: Vec<(u64, TargetFolder)>,
}

/// A folder of the plan in which steps are carried out.
struct OpenFolder<'a> {
    planned: usize,
    /// `None`: it could not be opened or made, so nothing in it can be done.
    id: Option<FolderId>,
    source: &'a Source,
    attributes: Option<Box<Attributes>>,
    surplus: Surplus,
    /// What is made in it inherits ACLs.
    inherits: bool,
    is_prepared: bool,
    is_touched: bool,
}

struct LeftFolder {
    id: FolderId,
    attributes: Box<Attributes>,
    surplus: Surplus,
}

/// A folder that was made, with all that is below it, while that is being made.
struct NewFolder<'a> {
    id: FolderId,
    entries: Box<Listing<'a>>,
    attributes: Box<Attributes>,
}

impl<'a> Run<'a> {
    fn carry_out(&mut self) -> Result<()> {
        let plan = self.plan;
        let Some(root) = plan.folders.first() else {
            return Ok(());
        };
        self.check_root(root)?;
        self.open_planned(0, Some(FolderId::ROOT), Surplus::Anything)?;
        for action in &plan.actions {
            self.shop.monitor.check_cancelled()?;
            if matches!(action.what, What::Leave(_)) {
                continue;
            }
            self.align(action.folder)?;
            self.act(action)?;
            self.flush_if_full()?;
        }
        self.leave_all();
        self.flush()?;
        self.make_durable()
    }

    fn check_root(&self, root: &PlannedFolder) -> Result<()> {
        let found = self.shop.folders.handle(FolderId::ROOT)?.found();
        let found = found.context("look at the target folder", &self.plan.root)?;
        match root.identity {
            Some(identity) if identity != found.id => {
                Err(Error::new(ErrorKind::Unavailable, "restore to")
                    .at(&self.plan.root)
                    .because("it is another folder than when the plan was made"))
            }
            _ => Ok(()),
        }
    }

    /// Leaves folders until one is on top that `folder` is in, and enters those down to it.
    fn align(&mut self, folder: usize) -> Result<()> {
        let mut down = Vec::new();
        let mut at = folder;
        // Parents have lower numbers, and 0 is open throughout.
        while at > 0 && !self.open.iter().any(|open| open.planned == at) {
            down.push(at);
            at = self
                .plan
                .folders
                .get(at)
                .map_or(0, |planned| planned.parent);
        }
        while self.open.last().is_some_and(|open| open.planned != at) {
            self.leave_top();
        }
        for at in down.into_iter().rev() {
            let id = self.find_planned(at)?;
            self.open_planned(at, id, Surplus::Anything)?;
        }
        Ok(())
    }

    /// Opens a planned folder, in the one on top, that is expected to exist.
    fn find_planned(&mut self, folder: usize) -> Result<Option<FolderId>> {
        let parent = self.open.last().and_then(|open| open.id);
        let planned = self.plan.folders.get(folder);
        let (Some(parent), Some(planned)) = (parent, planned) else {
            return Ok(None);
        };
        // One without identity should have been made by a step of its own, and was not.
        let (Some(name), Some(identity)) = (&planned.name, planned.identity) else {
            return Ok(None);
        };
        let shop = &self.shop;
        let opened = shop.folders.handle(parent).and_then(|parent_folder| {
            let error = |errno| shop.folders.error("open the folder", parent, name, errno);
            let folder = parent_folder.open_folder(name).map_err(error)?;
            let found = folder.found().map_err(error)?;
            if found.id != identity {
                return Err(Error::new(ErrorKind::Io, "open the folder")
                    .because("another folder was put in its place after the plan was made"));
            }
            Ok(shop.folders.add(parent, name.clone(), folder, &found))
        });
        match opened {
            Ok(id) => Ok(Some(id)),
            Err(error) => {
                shop.failed(&shop.folders.path_of(parent, name), error)?;
                Ok(None)
            }
        }
    }

    fn open_planned(
        &mut self,
        folder: usize,
        id: Option<FolderId>,
        surplus: Surplus,
    ) -> Result<()> {
        let Some(planned) = self.plan.folders.get(folder) else {
            return Ok(());
        };
        self.open.push(OpenFolder {
            planned: folder,
            id,
            source: &planned.source,
            attributes: planned.attributes.clone(),
            surplus,
            inherits: false,
            is_prepared: surplus != Surplus::Anything,
            // One that was just made needs its attributes.
            is_touched: surplus != Surplus::Anything,
        });
        Ok(())
    }

    fn leave_top(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if let (Some(id), Some(attributes), true) = (open.id, open.attributes, open.is_touched) {
            self.leave(LeftFolder {
                id,
                attributes,
                surplus: open.surplus,
            });
        }
    }

    fn leave_all(&mut self) {
        while let Some(made) = self.making.pop() {
            self.leave_made(made);
        }
        while !self.open.is_empty() {
            self.leave_top();
        }
    }

    /// Sets a folder's attributes, now or when the files that wait have been written.
    fn leave(&mut self, folder: LeftFolder) {
        self.left.push(folder);
        if self.window.is_empty() {
            self.finish_folders();
        }
    }

    fn flush_if_full(&mut self) -> Result<()> {
        match self.window.is_full() {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.window.flush(&self.shop, self.contents)?;
        self.finish_folders();
        Ok(())
    }

    fn finish_folders(&mut self) {
        for folder in std::mem::take(&mut self.left) {
            let path = || self.shop.folders.path(folder.id);
            let handle = match self.shop.folders.handle(folder.id) {
                Ok(handle) => handle,
                Err(error) => {
                    add(&self.shop.tally.failed, 1);
                    self.shop
                        .monitor
                        .warn(&path(), error.attempted(), error.why());
                    continue;
                }
            };
            let reporting = self.shop.reporting();
            // One that may not be listed is reached through the handle that it was opened by.
            let listing = handle.open_for_listing();
            let subject = match &listing {
                Ok(listing) => Subject::opened(listing),
                Err(_) => Subject::referred(&handle, false),
            };
            let _ = set_attributes(
                subject,
                &folder.attributes,
                folder.surplus,
                reporting,
                &path,
            );
        }
    }

    /// What was displaced is only safe to forget once its successor is on the disk.
    fn make_durable(&self) -> Result<()> {
        for (_, folder) in &self.disks {
            let listing = folder.open_for_listing();
            let synced = listing.and_then(rustix::fs::syncfs);
            match synced {
                Ok(()) | Err(Errno::ACCESS | Errno::NOSYS | Errno::INVAL) => {}
                Err(errno) => {
                    let root = crate::fs::path_bytes(&self.plan.root);
                    return Err(target_error(
                        "make durable what was restored to",
                        errno,
                        root,
                    ));
                }
            }
        }
        Ok(())
    }

    /// Carries out one step in the folder on top.
    fn act(&mut self, action: &Action) -> Result<()> {
        let Some(open) = self.open.last() else {
            return Ok(());
        };
        let Some(id) = open.id else {
            // The folder was reported.
            add(&self.shop.tally.failed, 1);
            return Ok(());
        };
        if let What::CannotWrite(obstacle) = &action.what {
            let (path, attempted) = match &action.name {
                Some(name) => (self.shop.folders.path_of(id, name), "restore"),
                None => (self.shop.folders.path(id), "restore all that was in"),
            };
            let error = Error::new(ErrorKind::Io, attempted).because(obstacle.to_string());
            return self.shop.failed(&path, error);
        }
        let Some(name) = &action.name else {
            return Ok(());
        };
        let entry = match open.source {
            Source::Items(entries) => {
                let index = entries.binary_search_by(|entry| entry.name.cmp(name));
                index.ok().and_then(|index| entries.get(index)).cloned()
            }
            Source::Listing(directory) => match self.snapshot.find(directory, name.as_bytes()) {
                Ok(entry) => entry,
                Err(error) => {
                    let path = self.shop.folders.path_of(id, name);
                    return self.shop.failed(&path, error);
                }
            },
        };
        let Some(entry) = entry else {
            let error = Error::invalid("restore", "the plan was made from another snapshot");
            return self
                .shop
                .failed(&self.shop.folders.path_of(id, name), error);
        };
        if action.what != What::SetAttributes
            && let Err(error) = self.prepare(id)
        {
            return self
                .shop
                .failed(&self.shop.folders.path_of(id, name), error);
        }
        let inherits = self.open.last().is_some_and(|open| open.inherits);
        let place = match (&action.what, &action.seen) {
            (What::MoveAside { to, .. }, _) => Place::Aside(to.clone()),
            (What::Replace, Some(seen)) => Place::Over(seen.clone()),
            _ => Place::Free,
        };
        if matches!(place, Place::Aside(_) | Place::Over(_)) {
            self.remember_disk(id);
        }
        let job = Job {
            folder: id,
            entry,
            place,
            inherits,
        };
        match (&action.what, &job.entry.kind, action.enters) {
            (What::SetAttributes, Kind::Directory(_), Some(folder)) => {
                let id = self.find_planned(folder)?;
                self.open_planned(folder, id, Surplus::Anything)?;
                if let Some(open) = self.open.last_mut() {
                    open.is_touched = true;
                    add(&self.shop.tally.attributes_set, 1);
                }
                self.shop.monitor.file_done(0);
                Ok(())
            }
            (What::SetAttributes, _, _) => self.set_attributes(&job, action),
            (_, Kind::Directory(_), Some(folder)) => {
                let id = self.make_folder(&job)?;
                self.open_planned(folder, id, Surplus::None)
            }
            (_, Kind::Directory(directory), None) => self.make_tree(&job, *directory),
            _ => self.make_leaf(job),
        }
    }

    /// Makes ready the folder on top, which was there before, when the first step in it comes.
    fn prepare(&mut self, id: FolderId) -> Result<()> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        open.is_touched = true;
        if std::mem::replace(&mut open.is_prepared, true) {
            return Ok(());
        }
        let folder = self.shop.folders.handle(id)?;
        let subject = Subject::referred(&folder, false);
        open.inherits = has_default_acl(subject);
        if open.attributes.is_some() && folder.check_writable() == Err(Errno::ACCESS) {
            // Its owner's to change; it gets the snapshot's mode when it is left.
            let _ = subject.set_mode(0o700);
        }
        // What cannot be listed is not cleaned; that loses nothing.
        if let Ok(removed) = folder.remove_leftovers() {
            add(&self.shop.tally.leftovers_removed, removed);
        }
        Ok(())
    }

    fn remember_disk(&mut self, id: FolderId) {
        let Ok(folder) = self.shop.folders.handle(id) else {
            return;
        };
        let Ok(found) = folder.found() else { return };
        let device = found.id.device;
        if !self.disks.iter().any(|(known, _)| *known == device) {
            self.disks.push((device, folder));
        }
    }

    /// Makes anything but a folder, or has it wait for its content.
    fn make_leaf(&mut self, job: Job) -> Result<()> {
        self.window.add(job, &self.shop, &self.plan.linked)
    }

    /// Makes a folder in the place that the plan says; `None` when that failed and was reported.
    fn make_folder(&mut self, job: &Job) -> Result<Option<FolderId>> {
        let shop = &self.shop;
        let made = shop.folders.handle(job.folder).and_then(|parent| {
            let room = shop.make_room(job, &parent)?;
            let name = &job.entry.name;
            let made = parent.make_folder(name).and_then(|folder| {
                if job.inherits {
                    remove_inherited(Subject::referred(&folder, false))?;
                }
                let found = folder.found()?;
                Ok((folder, found))
            });
            match made {
                Ok((folder, found)) => {
                    if let Room::WasMade(_) = room {
                        add(&shop.tally.moved_aside, 1);
                    }
                    add(&shop.tally.created_directories, 1);
                    let id = shop.folders.add(job.folder, name.clone(), folder, &found);
                    Ok(id)
                }
                Err(errno) => {
                    if let Room::WasMade(aside) = room {
                        let _ = parent.rename(aside.as_bytes(), name, Taking::FreeName);
                    }
                    Err(shop.name_error(job, errno))
                }
            }
        });
        match made {
            Ok(id) => {
                shop.monitor.file_done(0);
                if job.entry.incomplete {
                    let why = "it could not be read completely when the snapshot was made";
                    let path = shop.path_of(job);
                    shop.monitor.warn(&path, "restore all that was in", why);
                }
                Ok(Some(id))
            }
            Err(error) => {
                shop.failed(&shop.path_of(job), error)?;
                Ok(None)
            }
        }
    }

    /// Makes a folder with all that the snapshot has below it.
    fn make_tree(&mut self, job: &Job, directory: DirectoryEntry) -> Result<()> {
        self.make_level(job, &directory)?;
        while let Some(folder) = self.making.last_mut() {
            let entry = match folder.entries.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => {
                    let path = self.shop.folders.path(folder.id);
                    self.unreadable_folder(&path, error)?;
                    continue;
                }
                None => {
                    if let Some(made) = self.making.pop() {
                        self.leave_made(made);
                    }
                    continue;
                }
            };
            let job = Job {
                folder: folder.id,
                entry,
                place: Place::Free,
                inherits: false,
            };
            self.shop.monitor.check_cancelled()?;
            if let Kind::Directory(directory) = &job.entry.kind {
                let directory = *directory;
                self.make_level(&job, &directory)?;
            } else {
                self.make_leaf(job)?;
                self.flush_if_full()?;
            }
        }
        Ok(())
    }

    /// The snapshot does not tell all that is in a folder.
    fn unreadable_folder(&self, path: &[u8], error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        let attempted = "restore all that was in";
        let because = Error::new(error.kind(), attempted).because(error.to_string());
        self.shop.failed(path, because)
    }

    fn leave_made(&mut self, folder: NewFolder<'a>) {
        self.leave(LeftFolder {
            id: folder.id,
            attributes: folder.attributes,
            surplus: Surplus::None,
        });
    }

    fn make_level(&mut self, job: &Job, directory: &DirectoryEntry) -> Result<()> {
        let Some(id) = self.make_folder(job)? else {
            let totals = &directory.totals;
            let lost = totals.files.saturating_add(totals.directories);
            add(&self.shop.tally.failed, lost);
            return Ok(());
        };
        self.making.push(NewFolder {
            id,
            entries: Box::new(self.snapshot.entries(directory)),
            attributes: Box::new(job.entry.attributes.clone()),
        });
        Ok(())
    }

    /// Sets the attributes of something whose content is right.
    fn set_attributes(&mut self, job: &Job, action: &Action) -> Result<()> {
        let path = || self.shop.path_of(job);
        let attempt = || -> Result<()> {
            let folder = self.shop.folders.handle(job.folder)?;
            let error = |errno| self.shop.error(job, "set the attributes of", errno);
            let is_file = file_type(&job.entry.kind) == FileType::RegularFile;
            let opened = match folder.open_file(&job.entry.name) {
                Ok(file) if is_file => Some(file),
                _ => None,
            };
            let referred = folder.open_any(job.entry.name.as_bytes()).map_err(error)?;
            let fd = opened
                .as_ref()
                .map_or(referred.as_fd(), |file| file.as_fd());
            let found = stat_of(fd).map_err(error)?;
            if action
                .seen
                .as_ref()
                .is_some_and(|seen| !is_still(&found, seen))
            {
                return Err(self.shop.changed(job));
            }
            let is_link = found.file_type == FileType::Symlink;
            let subject = match &opened {
                Some(file) => Subject::opened(file),
                None => Subject::referred(&referred, is_link),
            };
            let wanted = &job.entry.attributes;
            let reporting = self.shop.reporting();
            let _ = set_attributes(subject, wanted, Surplus::Anything, reporting, &path);
            Ok(())
        };
        match attempt() {
            Ok(()) => {
                add(&self.shop.tally.attributes_set, 1);
                self.shop.monitor.file_done(0);
                Ok(())
            }
            Err(error) => self.shop.failed(&path(), error),
        }
    }
}
