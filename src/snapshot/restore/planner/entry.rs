//! What is to become of one entry, by what stands under its name in the target.

use rustix::fs::FileType;
use rustix::io::Errno;

use super::super::compare::{Likeness, compare};
use super::super::folders::push_name;
use super::super::plan::{Obstacle, What};
use super::super::space::Space;
use super::super::target::TargetFolder;
use super::Planner;
use super::level::Level;
use super::selection::Asked;
use crate::error::{Error, Result};
use crate::fs::{each_name, listing_buffer};
use crate::snapshot::capture::Stat;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind, Name, Totals};

impl<'a> Planner<'a> {
    /// Plans one entry; returns the level below when it is a folder whose entries need to be looked at.
    pub(super) fn entry(
        &mut self,
        level: &mut Level<'_>,
        entry: Entry,
    ) -> Result<Option<Level<'a>>> {
        let mut path = Vec::new();
        let asked = match &self.selection {
            None => Asked::Whole,
            Some(_) if level.asked == Asked::Whole => Asked::Whole,
            Some(selection) => {
                path.clone_from(&level.path);
                push_name(&mut path, &entry.name);
                selection.asked(&path, level.asked)
            }
        };
        if asked == Asked::No {
            return Ok(None);
        }
        if matches!(&entry.kind, Kind::File(file) if file.token.is_none()) {
            self.cannot(level, &entry, Obstacle::NotInSnapshot);
            return Ok(None);
        }
        let Some((id, folders)) = level.id.zip(self.folders.as_ref()) else {
            return self.missing(level, entry, asked, path);
        };
        let folder = folders.handle(id)?;
        let found = match folder.find(&entry.name) {
            Ok(Some(found)) => found,
            Ok(None) => {
                if let Err(obstacle) = level.check_writable(&folder) {
                    self.cannot(level, &entry, obstacle);
                    return Ok(None);
                }
                return self.missing(level, entry, asked, path);
            }
            Err(errno) => {
                let obstacle = match errno {
                    Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ => Obstacle::Name,
                    errno => Obstacle::Unreadable(words(errno)),
                };
                self.cannot(level, &entry, obstacle);
                return Ok(None);
            }
        };
        if let Some(other) = level.same_name(&found, &entry.name) {
            self.cannot(level, &entry, Obstacle::SameName(other));
            return Ok(None);
        }
        self.existing(level, entry, asked, path, &folder, found)
    }

    /// Plans an entry that the target does not have.
    fn missing(
        &mut self,
        level: &mut Level<'_>,
        entry: Entry,
        asked: Asked,
        path: Vec<u8>,
    ) -> Result<Option<Level<'a>>> {
        let Kind::Directory(directory) = entry.kind else {
            self.needs(level.device, &entry, 0);
            self.push(level, &entry, What::Create, None, None);
            return Ok(None);
        };
        if asked == Asked::Part {
            let folder = self.add_folder(level, &entry, directory, None, true);
            self.push(level, &entry, What::Create, Some(folder), None);
            let entries = self.entries(&directory);
            let below = Level::new(folder, None, level.device, entries, asked, path);
            return Ok(Some(below.after(&self.plan)));
        }
        self.trees.push((level.device, directory));
        let what = What::CreateTree(directory.totals);
        self.push(level, &entry, what, None, None);
        Ok(None)
    }

    /// Plans an entry under whose name something is in the target.
    fn existing(
        &mut self,
        level: &mut Level<'_>,
        entry: Entry,
        asked: Asked,
        path: Vec<u8>,
        folder: &TargetFolder,
        found: Stat,
    ) -> Result<Option<Level<'a>>> {
        let likeness = compare(folder, &found, &entry, self.contents, self.monitor)?;
        if let Kind::Directory(directory) = entry.kind {
            if found.is_directory() {
                return self.both_folders(level, entry, directory, asked, path, likeness, found);
            }
            if asked != Asked::Whole && found.file_type == FileType::Symlink {
                self.cannot(level, &entry, Obstacle::SymbolicLink);
                return Ok(None);
            }
        }
        match likeness {
            Likeness::Identical => {
                self.remember_link(level, &entry);
                self.left(level, &entry);
                return Ok(None);
            }
            Likeness::OtherAttributes => {
                self.remember_link(level, &entry);
                self.push(level, &entry, What::SetAttributes, None, Some(found));
                return Ok(None);
            }
            Likeness::OtherContent | Likeness::OtherType => {}
        }
        if let Err(obstacle) = level.check_writable(folder) {
            self.cannot(level, &entry, obstacle);
            return Ok(None);
        }
        let gives_way = match (found.is_directory(), entry.is_directory()) {
            (true, _) => is_empty(folder, &entry.name),
            (false, true) => false,
            (false, false) => true,
        };
        if self.plan.policy.overwrite && gives_way {
            self.needs(level.device, &entry, found.size);
            self.push(level, &entry, What::Replace, None, Some(found));
            return Ok(None);
        }
        let Some(to) = level.name_aside(folder, &entry.name, self.plan.policy) else {
            self.cannot(level, &entry, Obstacle::Name);
            return Ok(None);
        };
        let mut new = Totals::default();
        if let Kind::Directory(directory) = entry.kind {
            if asked == Asked::Part {
                let folder = self.add_folder(level, &entry, directory, None, true);
                self.push(
                    level,
                    &entry,
                    What::MoveAside { to, new },
                    Some(folder),
                    Some(found),
                );
                let entries = self.entries(&directory);
                let below = Level::new(folder, None, level.device, entries, asked, path);
                return Ok(Some(below.after(&self.plan)));
            }
            new = directory.totals;
            self.trees.push((level.device, directory));
        } else {
            self.needs(level.device, &entry, 0);
        }
        self.push(
            level,
            &entry,
            What::MoveAside { to, new },
            None,
            Some(found),
        );
        Ok(None)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of `existing`")]
    fn both_folders(
        &mut self,
        level: &mut Level<'_>,
        entry: Entry,
        directory: DirectoryEntry,
        asked: Asked,
        path: Vec<u8>,
        likeness: Likeness,
        found: Stat,
    ) -> Result<Option<Level<'a>>> {
        let Some((parent, folders)) = level.id.zip(self.folders.as_ref()) else {
            return Ok(None);
        };
        let opened = folders.handle(parent)?.open_folder(&entry.name);
        let handle = match opened {
            Ok(handle) => handle,
            Err(errno) => {
                self.cannot(level, &entry, Obstacle::Unreadable(words(errno)));
                return Ok(None);
            }
        };
        self.monitor
            .set_current(&folders.path_of(parent, &entry.name));
        let device = found.id.device;
        if !self.plan.spaces.iter().any(|space| space.device == device) {
            let space = Space::look(&handle, device, folders.path_of(parent, &entry.name));
            self.plan.spaces.push(space);
        }
        let id = folders.add(parent, entry.name.clone(), handle, &found);
        let is_asked = asked == Asked::Whole;
        let folder = self.add_folder(level, &entry, directory, Some(found.id), is_asked);
        let differs = is_asked && likeness != Likeness::Identical;
        if differs {
            let what = What::SetAttributes;
            self.push(level, &entry, what, Some(folder), Some(found));
        }
        let entries = self.entries(&directory);
        let mut below =
            Level::new(folder, Some(id), device, entries, asked, path).after(&self.plan);
        below.has_own_step = differs;
        if is_asked && !differs {
            below.left.directories = 1;
        }
        Ok(Some(below))
    }
}

fn is_empty(folder: &TargetFolder, name: &Name) -> bool {
    let listing = folder.open_folder(name).and_then(|f| f.open_for_listing());
    // The first name ends it.
    let looked = listing
        .and_then(|listing| each_name(listing, &mut listing_buffer(), |_, _| Err(Errno::NOTEMPTY)));
    looked.is_ok()
}

/// The system's words for an error.
fn words(errno: Errno) -> String {
    Error::io("look at", &errno.into()).why().to_owned()
}
