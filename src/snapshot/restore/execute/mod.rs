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

mod tree;
mod walk;

use std::os::fd::AsFd;
use std::sync::Mutex;

use rustix::fs::FileType;

use super::apply::{Surplus, set_attributes};
use super::compare::file_type;
use super::folders::{FolderId, Folders};
use super::plan::{Action, Plan, PlannedFolder, Source, What};
use super::report::{RestoreReport, Tally, add};
use super::shortfall::{Shortfall, Shortfalls};
use super::source::Contents;
use super::subject::Subject;
use super::target::{PartNames, TargetFolder, stat_of};
use super::window::Window;
use super::write::{Job, Place, Workshop};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::bytes_path;
use crate::progress::{Monitor, Phase, lock};
use crate::snapshot::file::{Listing, Snapshot};
use crate::snapshot::tree::{Attributes, Kind};

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
            retouched: Mutex::default(),
            links_have_attributes: Mutex::default(),
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

    /// Sets the attributes of something whose content is right.
    fn set_attributes(&mut self, job: &Job, action: &Action) -> Result<()> {
        let path = || self.shop.path_of(job);
        let attempt = || -> Result<()> {
            let folder = self.shop.folders.handle(job.folder)?;
            let error = |errno| self.shop.error(job, "set the attributes of", errno);
            let name = &job.entry.name;
            let referred = folder.open_any(name.as_bytes()).map_err(error)?;
            let is_file = stat_of(&referred).map_err(error)?.file_type == FileType::RegularFile;
            // Opening a device or a FIFO does things, and is not needed for this.
            let opened = match is_file && file_type(&job.entry.kind) == FileType::RegularFile {
                true => folder.open_file(name).ok(),
                false => None,
            };
            let fd = opened
                .as_ref()
                .map_or(referred.as_fd(), |file| file.as_fd());
            let found = stat_of(fd).map_err(error)?;
            if action
                .seen
                .as_ref()
                .is_some_and(|seen| !self.shop.is_still(&found, seen))
            {
                return Err(self.shop.changed(job));
            }
            if found.links > 1 {
                lock(&self.shop.retouched).insert(found.id);
            }
            let is_link = found.file_type == FileType::Symlink;
            if is_link && !self.shop.sets_link_attributes(job, &folder, &found) {
                return Ok(());
            }
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
