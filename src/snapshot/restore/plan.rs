//! The plan of an extraction or a restore: what will become of what, before anything is touched.
//!
//! A plan is a list of steps in the order in which they are carried out, folder by folder. It stays
//! small however big the tree is: a folder that does not exist in the target is one step with its sums,
//! not one for each file, and what is left alone is summed up by folder. Steps name their folder by
//! number and keep only their own name, so the plan of a million changed files fits in memory as well.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::folders::push_name;
use super::space::Space;
use crate::fs::path_bytes;
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind, Name, Totals};

/// What may happen to what is in the target already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Different files are replaced. Without it, a restore moves them aside, and an extraction is
    /// refused when something exists under the name of one of its items.
    pub overwrite: bool,
    /// Local time, for the new name of what is moved aside.
    pub now: DateTime,
}

/// Something to extract: a path in the snapshot, and the name that it gets when not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractItem {
    /// Absolute, as bytes.
    pub path: Vec<u8>,
    pub new_name: Option<Name>,
}

/// One step as a person or a test looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Absolute path in the target.
    pub path: Vec<u8>,
    pub what: &'a What,
    /// Size in bytes of the file, or the sum below the folder, that the snapshot has here.
    pub size: u64,
}

/// What happens to one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Nothing is there; a file, or a folder of which only a part was asked for, is made.
    Create,
    /// Nothing is there; a folder is made with all that the snapshot has below it.
    CreateTree(Totals),
    /// The file there is different, and is overwritten; or the folder there is empty, and gives way.
    Replace,
    /// What is there is different, and gets the name `to`; then the entry is made, a folder with
    /// all of `new` below it.
    MoveAside { to: Name, new: Totals },
    /// The content there is the same, the attributes are not.
    SetAttributes,
    /// What is there is identical: a file, or so many files and folders in this folder.
    Leave(Totals),
    /// Nothing can be done here.
    CannotWrite(Obstacle),
}

/// Why something cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The folder does not let this user write.
    NoPermission,
    /// The file system is mounted for reading only.
    ReadOnly,
    /// A symbolic link stands where the snapshot has a folder on the way to what was asked for.
    SymbolicLink,
    /// The target does not take this name.
    Name,
    /// The target takes this for the same name as that of another entry of the same folder.
    SameName(Name),
    /// The content could not be read when the snapshot was made.
    NotInSnapshot,
    /// The target could not be looked at.
    Unreadable(String),
}

/// Entries and bytes of one kind of step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Files and folders.
    pub entries: u64,
    /// Sum of the sizes of the regular files among them.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, entries: u64, bytes: u64) {
        self.entries = self.entries.saturating_add(entries);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn add_tree(&mut self, totals: &Totals) {
        self.add(
            totals.files.saturating_add(totals.directories),
            totals.bytes,
        );
    }
}

/// Sums of a plan by kind of step. What is moved aside is counted there, what takes its place under
/// `create`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanTotals {
    pub create: Count,
    pub replace: Count,
    pub move_aside: Count,
    pub set_attributes: Count,
    pub leave: Count,
    pub cannot_write: Count,
}

/// What an extraction or a restore is going to do.
#[derive(Debug)]
pub struct Plan {
    pub(super) root: PathBuf,
    /// The root folder is made before anything else.
    pub(super) is_root_missing: bool,
    pub(super) policy: Policy,
    pub(super) folders: Vec<PlannedFolder>,
    pub(super) actions: Vec<Action>,
    /// Existing files that are identical with a member of a group of hard links, by the group's
    /// number: the other members are linked to them.
    pub(super) linked: HashMap<u64, ExistingLink>,
    pub(super) totals: PlanTotals,
    pub(super) spaces: Vec<Space>,
}

/// A folder in which the plan has steps.
#[derive(Debug)]
pub(super) struct PlannedFolder {
    /// The root is its own.
    pub parent: usize,
    pub name: Option<Name>,
    pub source: Source,
    /// `None`: the plan makes it.
    pub identity: Option<FileId>,
    /// Set when all else in it is done, if it was asked for; a folder that is only on the way keeps
    /// what it has.
    pub attributes: Option<Box<Attributes>>,
}

/// An existing file that more hard links are made to.
#[derive(Debug)]
pub(super) struct ExistingLink {
    /// Below the root, without a slash before it.
    pub path: Vec<u8>,
    pub kind: Kind,
}

/// Where the entries of a planned folder are found.
#[derive(Debug)]
pub(super) enum Source {
    Listing(DirectoryEntry),
    /// The items of an extraction, under the names that they get, sorted by them.
    Items(Vec<Entry>),
}

/// A step in the form in which it is kept.
#[derive(Debug)]
pub(super) struct Action {
    pub folder: usize,
    /// `None`: the folder itself, or what is in it ([`What::Leave`], [`What::CannotWrite`] only).
    pub name: Option<Name>,
    pub what: What,
    pub size: u64,
    /// The folder of the plan that this step is about, when steps below it follow.
    pub enters: Option<usize>,
    /// What stood there when the plan was made, when the step changes it.
    pub seen: Option<Box<Stat>>,
}

impl Plan {
    /// The folder that is extracted into, or `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The steps, in the order in which they are carried out.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let mut paths = FolderPaths::new(self);
        self.actions.iter().map(move |action| {
            let mut path = paths.path(action.folder).to_vec();
            if let Some(name) = &action.name {
                push_name(&mut path, name);
            }
            Step {
                path,
                what: &action.what,
                size: action.size,
            }
        })
    }

    pub fn totals(&self) -> &PlanTotals {
        &self.totals
    }

    /// Whether everything asked for is there already.
    pub fn is_nothing_to_do(&self) -> bool {
        let totals = &self.totals;
        let work = [
            totals.create,
            totals.replace,
            totals.move_aside,
            totals.set_attributes,
            totals.cannot_write,
        ];
        work.iter().all(|count| count.entries == 0)
    }

    /// The disks that are written to, with what is needed and what is free.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces
    }
}

impl PlanTotals {
    pub(super) fn count(&mut self, action: &Action) {
        let totals = self;
        match &action.what {
            What::Create => totals.create.add(1, action.size),
            What::CreateTree(tree) => {
                totals.create.add(1, 0);
                totals.create.add_tree(tree);
            }
            What::Replace => totals.replace.add(1, action.size),
            What::MoveAside { new, .. } => {
                let old = action.seen.as_ref().map_or(0, |seen| seen.size);
                totals.move_aside.add(1, old);
                // Of a folder, all bytes are those below it.
                totals.create.add(1, action.size.saturating_sub(new.bytes));
                totals.create.add_tree(new);
            }
            What::SetAttributes => totals.set_attributes.add(1, 0),
            What::Leave(left) => totals.leave.add_tree(left),
            What::CannotWrite(_) => totals.cannot_write.add(1, action.size),
        }
    }
}

/// Makes the paths of a plan's folders; steps of one folder follow each other, so the last is kept.
struct FolderPaths<'a> {
    plan: &'a Plan,
    last: Option<usize>,
    path: Vec<u8>,
}

impl<'a> FolderPaths<'a> {
    fn new(plan: &'a Plan) -> FolderPaths<'a> {
        FolderPaths {
            plan,
            last: None,
            path: Vec::new(),
        }
    }

    fn path(&mut self, folder: usize) -> &[u8] {
        if self.last != Some(folder) {
            let mut names = Vec::new();
            let mut at = self.plan.folders.get(folder);
            while let Some(PlannedFolder {
                name: Some(name),
                parent,
                ..
            }) = at
            {
                names.push(name);
                at = self.plan.folders.get(*parent);
            }
            self.path = path_bytes(&self.plan.root).to_vec();
            for name in names.into_iter().rev() {
                push_name(&mut self.path, name);
            }
            self.last = Some(folder);
        }
        &self.path
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Obstacle::NoPermission => f.write_str("you may not write there"),
            Obstacle::ReadOnly => f.write_str("the disk is mounted for reading only"),
            Obstacle::SymbolicLink => f.write_str("a symbolic link stands in the way"),
            Obstacle::Name => f.write_str("the disk does not take this name"),
            Obstacle::SameName(other) => {
                write!(f, "on this disk it has the same name as '{other}'")
            }
            Obstacle::NotInSnapshot => {
                f.write_str("its content could not be read when the snapshot was made")
            }
            Obstacle::Unreadable(why) => f.write_str(why),
        }
    }
}

/// The name that something in the way of a restore gets: its own, shortened if it must be, and the
/// time.
pub(super) fn name_aside(name: &Name, now: DateTime, attempt: u32, longest: usize) -> Option<Name> {
    let mut ending = format!(".before-restore-{}", now.strftime("%Y-%m-%d-%H-%M-%S"));
    if attempt > 0 {
        ending.push_str(&format!("-{}", attempt + 1));
    }
    let name = name.as_bytes();
    let mut keep = name.len().min(longest.checked_sub(ending.len())?);
    // Not in the middle of a character.
    while keep > 0 && keep < name.len() && name.get(keep).is_some_and(|b| b & 0xc0 == 0x80) {
        keep -= 1;
    }
    let mut aside = name.get(..keep)?.to_vec();
    aside.extend_from_slice(ending.as_bytes());
    Name::new(&aside).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_aside_says_when_and_fits() {
        let now = jiff::civil::date(2026, 11, 23).at(1, 2, 3, 0);
        let name = |text: &str| Name::new(text.as_bytes()).unwrap();
        assert_eq!(
            name_aside(&name("a.txt"), now, 0, 255),
            Some(name("a.txt.before-restore-2026-11-23-01-02-03"))
        );
        assert_eq!(
            name_aside(&name("a.txt"), now, 1, 255),
            Some(name("a.txt.before-restore-2026-11-23-01-02-03-2"))
        );
        let long = name_aside(&name(&"ä".repeat(127)), now, 0, 255).unwrap();
        assert!(long.as_bytes().len() <= 255);
        assert!(std::str::from_utf8(long.as_bytes()).is_ok());
    }
}
