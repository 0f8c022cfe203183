//! Puts steps into the plan, and sums up what is left alone.

use super::super::plan::{Action, ExistingLink, Obstacle, PlannedFolder, Source, What};
use super::Planner;
use super::level::{Entries, Level};
use super::selection::Asked;
use crate::error::Error;
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind, Name, Totals};

impl<'a> Planner<'a> {
    /// Sums up a folder all of whose entries are planned.
    pub(super) fn leave(&mut self, level: Level<'_>) {
        let is_untouched = self.plan.actions.len() == level.first_action && !level.has_own_step;
        let above = self.levels.last_mut();
        if let (true, Asked::Whole, Some(above)) = (is_untouched, level.asked, above) {
            // Nothing happens anywhere below: the folder is not in the plan at all.
            let folder = self.plan.folders.get_mut(level.folder);
            let name = folder.and_then(|folder| folder.name.take());
            self.plan.folders.truncate(level.folder);
            if above.asked == Asked::Whole {
                above.left.add(&level.left);
            } else {
                let folder = above.folder;
                self.push_left(folder, name, level.left);
            }
        } else if level.left != Totals::default() {
            self.push_left(level.folder, None, level.left);
        }
    }

    /// Takes note of a file that is left as it is.
    pub(super) fn left(&mut self, level: &mut Level<'_>, entry: &Entry) {
        let left = Totals {
            files: 1,
            directories: 0,
            bytes: entry.size(),
        };
        if level.asked == Asked::Whole {
            level.left.add(&left);
        } else {
            self.push_left(level.folder, Some(entry.name.clone()), left);
        }
    }

    pub(super) fn push_left(&mut self, folder: usize, name: Option<Name>, left: Totals) {
        self.push_action(Action {
            folder,
            name,
            size: left.bytes,
            what: What::Leave(left),
            enters: None,
            seen: None,
        });
    }

    pub(super) fn entries(&self, directory: &DirectoryEntry) -> Entries<'a> {
        Entries::Listing(Box::new(self.snapshot.entries(directory)))
    }

    /// Takes note that the snapshot does not tell all that is in a folder.
    pub(super) fn unreadable_folder(&mut self, folder: usize, error: &Error) {
        self.push_action(Action {
            folder,
            name: None,
            what: What::CannotWrite(Obstacle::Unreadable(error.to_string())),
            size: 0,
            enters: None,
            seen: None,
        });
    }

    pub(super) fn cannot(&mut self, level: &Level<'_>, entry: &Entry, obstacle: Obstacle) {
        self.push(level, entry, What::CannotWrite(obstacle), None, None);
    }

    pub(super) fn push(
        &mut self,
        level: &Level<'_>,
        entry: &Entry,
        what: What,
        enters: Option<usize>,
        seen: Option<Stat>,
    ) {
        let size = match (&entry.kind, enters) {
            (Kind::Directory(directory), None) => directory.totals.bytes,
            _ => entry.size(),
        };
        self.push_action(Action {
            folder: level.folder,
            name: Some(entry.name.clone()),
            what,
            size,
            enters,
            seen: seen.map(Box::new),
        });
    }

    pub(super) fn push_action(&mut self, action: Action) {
        self.plan.totals.count(&action);
        self.plan.actions.push(action);
    }

    pub(super) fn add_folder(
        &mut self,
        level: &Level<'_>,
        entry: &Entry,
        directory: DirectoryEntry,
        identity: Option<FileId>,
        is_asked: bool,
    ) -> usize {
        self.plan.folders.push(PlannedFolder {
            parent: level.folder,
            name: Some(entry.name.clone()),
            source: Source::Listing(directory),
            identity,
            attributes: is_asked.then(|| Box::new(entry.attributes.clone())),
        });
        self.plan.folders.len() - 1
    }

    /// Keeps the place of an existing member of a group of hard links.
    pub(super) fn remember_link(&mut self, level: &Level<'_>, entry: &Entry) {
        let Some(group) = entry.hard_link else {
            return;
        };
        if let (Some(folders), Some(id)) = (&self.folders, level.id) {
            let path = folders.path_below_root(id, &entry.name);
            let kind = entry.kind.clone();
            let existing = ExistingLink { path, kind };
            self.plan.linked.entry(group).or_insert(existing);
        }
    }
}
