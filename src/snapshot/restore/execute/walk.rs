//! Which folders of the plan are open: entering them, and finishing them when all in them is there.

use rustix::io::Errno;

use super::super::apply::{Surplus, has_default_acl, set_attributes};
use super::super::folders::{FolderId, target_error};
use super::super::report::add;
use super::super::subject::Subject;
use super::{LeftFolder, OpenFolder, Run};
use crate::error::{Error, ErrorKind, Result};

impl<'a> Run<'a> {
    /// Leaves folders until one is on top that `folder` is in, and enters those down to it.
    pub(super) fn align(&mut self, folder: usize) -> Result<()> {
        let mut down = Vec::new();
        let mut at = folder;
        // Parents have lower numbers, and 0 is open throughout.
        while at > 0 && !self.open.iter().rev().any(|open| open.planned == at) {
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
    pub(super) fn find_planned(&mut self, folder: usize) -> Result<Option<FolderId>> {
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

    pub(super) fn open_planned(
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

    pub(super) fn leave_top(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if let (Some(id), Some(attributes), true) = (open.id, open.attributes, open.is_touched) {
            self.leave(LeftFolder {
                id,
                attributes,
                surplus: open.surplus,
            });
        }
    }

    pub(super) fn leave_all(&mut self) {
        while let Some(made) = self.making.pop() {
            self.leave_made(made);
        }
        while !self.open.is_empty() {
            self.leave_top();
        }
    }

    /// Sets a folder's attributes, now or when the files that wait have been written.
    pub(super) fn leave(&mut self, folder: LeftFolder) {
        self.left.push(folder);
        if self.window.is_empty() {
            self.finish_folders();
        }
    }

    pub(super) fn flush_if_full(&mut self) -> Result<()> {
        match self.window.is_full() {
            true => self.flush(),
            false => Ok(()),
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.window.flush(&self.shop, self.contents)?;
        self.finish_folders();
        Ok(())
    }

    pub(super) fn finish_folders(&mut self) {
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
    pub(super) fn make_durable(&self) -> Result<()> {
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

    /// Makes ready the folder on top, which was there before, when the first step in it comes.
    pub(super) fn prepare(&mut self, id: FolderId) -> Result<()> {
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

    pub(super) fn remember_disk(&mut self, id: FolderId) {
        let Ok(folder) = self.shop.folders.handle(id) else {
            return;
        };
        let Ok(found) = folder.found() else { return };
        let device = found.id.device;
        if !self.disks.iter().any(|(known, _)| *known == device) {
            self.disks.push((device, folder));
        }
    }
}
