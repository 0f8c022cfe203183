//! Making what was not there: a folder with all that is below it, however deep.

use super::super::apply::{Surplus, remove_inherited};
use super::super::folders::FolderId;
use super::super::report::add;
use super::super::subject::Subject;
use super::super::target::Taking;
use super::super::write::{Job, Place, Room};
use super::{LeftFolder, NewFolder, Run};
use crate::error::{Error, Result};
use crate::snapshot::tree::{DirectoryEntry, Kind};

impl<'a> Run<'a> {
    /// Makes anything but a folder, or has it wait for its content.
    pub(super) fn make_leaf(&mut self, job: Job) -> Result<()> {
        self.window.add(job, &self.shop, &self.plan.linked)
    }

    /// Makes a folder in the place that the plan says; `None` when that failed and was reported.
    pub(super) fn make_folder(&mut self, job: &Job) -> Result<Option<FolderId>> {
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
    pub(super) fn make_tree(&mut self, job: &Job, directory: DirectoryEntry) -> Result<()> {
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
    pub(super) fn unreadable_folder(&self, path: &[u8], error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        let attempted = "restore all that was in";
        let because = Error::new(error.kind(), attempted).because(error.to_string());
        self.shop.failed(path, because)
    }

    pub(super) fn leave_made(&mut self, folder: NewFolder<'a>) {
        self.leave(LeftFolder {
            id: folder.id,
            attributes: folder.attributes,
            surplus: Surplus::None,
        });
    }

    pub(super) fn make_level(&mut self, job: &Job, directory: &DirectoryEntry) -> Result<()> {
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
}
