//! Makes the plan of an extraction or a restore, reading the snapshot and looking at the target.
//!
//! Nothing is written here. The walk goes through the folders that exist on both sides, and through
//! those only: a folder that the target lacks is one step, whatever is below it. No link is followed
//! below the root of the target, so what is seen here is what will be written to, or the step is refused
//! when it is carried out.

mod entry;
mod level;
mod needs;
mod record;
mod selection;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::vec;

use self::level::{Entries, Level};
use self::selection::{Asked, Selection, item_entries};
use super::folders::{FolderId, Folders, push_name};
use super::plan::{ExtractItem, Plan, PlanTotals, PlannedFolder, Policy, Source};
use super::source::Contents;
use super::space::Space;
use super::target::TargetFolder;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{bytes_path, path_bytes};
use crate::progress::{Monitor, Phase};
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry};

/// Plans to put each item, under its own name or the one it is given, into the folder `into`, which is
/// made if it is missing. The item `/` without a name stands for everything in it.
///
/// Errors: an item is not in the snapshot; two items would get one name; without `policy.overwrite`,
/// something is there already under the name of an item.
///
/// `contents` is asked whether the content of an existing file is that of the snapshot.
pub fn plan_extract(
    snapshot: &Snapshot,
    contents: &dyn Contents,
    items: &[ExtractItem],
    into: &Path,
    policy: Policy,
    monitor: &Monitor,
) -> Result<Plan> {
    monitor.enter(Phase::Planning);
    let entries = item_entries(snapshot, items)?;
    let root = std::path::absolute(into).context("find the target folder", into)?;
    let is_missing = match std::fs::metadata(&root) {
        Ok(_) => false,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Error::io("look at the target folder", &error).at(&root)),
    };
    let mut planner = Planner::new(snapshot, contents, &root, is_missing, policy, monitor)?;
    if let (false, Some(folders)) = (policy.overwrite, &planner.folders) {
        refuse_existing(&folders.handle(FolderId::ROOT)?, &root, &entries)?;
    }
    planner.plan_items(entries)?;
    planner.finish()
}

/// What to restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Everything in the snapshot; the folders on the way to these paths, which the archive includes,
    /// are left as they are where they exist.
    All { included: Vec<Vec<u8>> },
    /// These absolute paths, with all that is below them.
    Paths(Vec<Vec<u8>>),
}

/// Plans to put files back where they came from.
///
/// Errors: a path is not in the snapshot, or is not absolute.
pub fn plan_restore(
    snapshot: &Snapshot,
    contents: &dyn Contents,
    wish: &Wish,
    policy: Policy,
    monitor: &Monitor,
) -> Result<Plan> {
    plan_restore_under(snapshot, contents, wish, Path::new("/"), policy, monitor)
}

/// [`plan_restore`] with another folder in place of `/`: the root of a system that is being rescued.
///
/// Errors: as [`plan_restore`]; the folder does not exist.
pub fn plan_restore_under(
    snapshot: &Snapshot,
    contents: &dyn Contents,
    wish: &Wish,
    root: &Path,
    policy: Policy,
    monitor: &Monitor,
) -> Result<Plan> {
    monitor.enter(Phase::Planning);
    let selection = Selection::new(snapshot, wish)?;
    let mut planner = Planner::new(snapshot, contents, root, false, policy, monitor)?;
    planner.plan_selection(selection)?;
    planner.finish()
}

fn refuse_existing(root: &TargetFolder, path: &Path, entries: &[Entry]) -> Result<()> {
    for entry in entries {
        if root.find(&entry.name).is_ok_and(|found| found.is_some()) {
            let mut path = path_bytes(path).to_vec();
            push_name(&mut path, &entry.name);
            return Err(Error::new(ErrorKind::AlreadyExists, "extract to")
                .at(bytes_path(&path))
                .because("something is there already")
                .advise("choose another folder or name, or overwrite it"));
        }
    }
    Ok(())
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    contents: &'a dyn Contents,
    monitor: &'a Monitor,
    selection: Option<Selection>,
    /// `None`: the root of the target does not exist yet.
    folders: Option<Folders>,
    levels: Vec<Level<'a>>,
    /// Trees that are made, by device, for counting what they need exactly.
    trees: Vec<(u64, DirectoryEntry)>,
    link_groups: HashSet<u64>,
    root_device: u64,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(
        snapshot: &'a Snapshot,
        contents: &'a dyn Contents,
        root: &Path,
        is_root_missing: bool,
        policy: Policy,
        monitor: &'a Monitor,
    ) -> Result<Planner<'a>> {
        let folders = match is_root_missing {
            true => None,
            false => Some(Folders::open(root)?),
        };
        // The disk of a folder that is going to be made is that of the nearest that exists.
        let existing = root.ancestors().find(|path| path.is_dir()).unwrap_or(root);
        let handle = TargetFolder::open_root(existing);
        let handle = handle.context("open the target folder", existing)?;
        let found = handle
            .found()
            .context("look at the target folder", existing)?;
        let device = found.id.device;
        let space = Space::look(&handle, device, path_bytes(existing).to_vec());
        Ok(Planner {
            snapshot,
            contents,
            monitor,
            selection: None,
            folders,
            levels: Vec::new(),
            trees: Vec::new(),
            link_groups: HashSet::new(),
            root_device: device,
            plan: Plan {
                root: root.to_path_buf(),
                is_root_missing,
                policy,
                folders: Vec::new(),
                actions: Vec::new(),
                linked: HashMap::new(),
                totals: PlanTotals::default(),
                spaces: vec![space],
            },
        })
    }

    fn plan_items(&mut self, entries: Vec<Entry>) -> Result<()> {
        let source = Source::Items(entries.clone());
        let entries = Entries::Items(entries.into_iter());
        self.enter_root(source, entries, Asked::Part, None)
    }

    fn plan_selection(&mut self, selection: Selection) -> Result<()> {
        let directory = *self.snapshot.root();
        let asked = selection.asked_of_root();
        let keeps =
            (asked == Asked::Whole).then(|| Box::new(self.snapshot.root_attributes().clone()));
        self.selection = Some(selection);
        let entries = self.entries(&directory);
        self.enter_root(Source::Listing(directory), entries, asked, keeps)
    }

    fn enter_root(
        &mut self,
        source: Source,
        entries: Entries<'a>,
        asked: Asked,
        attributes: Option<Box<Attributes>>,
    ) -> Result<()> {
        let identity = match &self.folders {
            Some(folders) => {
                let root = folders.handle(FolderId::ROOT)?.found();
                Some(
                    root.context("look at the target folder", &self.plan.root)?
                        .id,
                )
            }
            None => None,
        };
        self.plan.folders.push(PlannedFolder {
            parent: 0,
            name: None,
            source,
            identity,
            attributes,
        });
        let id = self.folders.as_ref().map(|_| FolderId::ROOT);
        self.levels.push(Level::new(
            0,
            id,
            self.root_device,
            entries,
            asked,
            Vec::new(),
        ));
        self.walk()
    }

    fn walk(&mut self) -> Result<()> {
        while let Some(mut level) = self.levels.pop() {
            self.monitor.check_cancelled()?;
            match level.entries.next() {
                Some(Err(error)) if error.is_fatal() => return Err(error),
                Some(Err(error)) => {
                    self.unreadable_folder(level.folder, &error);
                    self.levels.push(level);
                }
                Some(Ok(entry)) => {
                    let below = self.entry(&mut level, entry)?;
                    self.levels.push(level);
                    self.levels.extend(below);
                }
                None => self.leave(level),
            }
        }
        Ok(())
    }
}
