//! Makes the plan of an extraction or a restore, reading the snapshot and looking at the target.
//!
//! Nothing is written here. The walk goes through the folders that exist on both sides, and through
//! those only: a folder that the target lacks is one step, whatever is below it. No link is followed
//! below the root of the target, so what is seen here is what will be written to, or the step is refused
//! when it is carried out.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::path::Path;
use std::vec;

use rustix::fs::{FileType, fstatvfs};
use rustix::io::Errno;

use super::compare::{Likeness, compare};
use super::folders::{FolderId, Folders, push_name};
use super::plan::{
    Action, ExistingLink, ExtractItem, Obstacle, Plan, PlanTotals, PlannedFolder, Policy, Source,
    What, name_aside,
};
use super::source::Contents;
use super::space::Space;
use super::target::TargetFolder;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{bytes_path, escaped, path_bytes};
use crate::progress::{Monitor, Phase};
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::file::{Listing, Snapshot};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind, Name, Totals};

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

/// The entries of the items under the names that they get, sorted by them.
fn item_entries(snapshot: &Snapshot, items: &[ExtractItem]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for item in items {
        let path = normal_path(&item.path)?;
        if path.is_empty() {
            let directory = *snapshot.root();
            match &item.new_name {
                Some(name) => entries.push(Entry {
                    name: name.clone(),
                    attributes: snapshot.root_attributes().clone(),
                    kind: Kind::Directory(directory),
                    hard_link: None,
                    incomplete: false,
                }),
                None => entries.extend(snapshot.list(&directory)?),
            }
            continue;
        }
        let mut entry = find(snapshot, &path)?;
        if let Some(name) = &item.new_name {
            entry.name = name.clone();
        }
        entries.push(entry);
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in entries.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
        {
            return Err(Error::invalid(
                "plan the extraction",
                format!("two of its items have the name '{}'", a.name),
            )
            .advise("extract one of them under another name"));
        }
    }
    Ok(entries)
}

fn find(snapshot: &Snapshot, path: &[u8]) -> Result<Entry> {
    snapshot.lookup(path)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "find")
            .at(bytes_path(path))
            .because("it is not in this snapshot")
    })
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

/// An absolute path without trailing, doubled or dotted parts; empty for `/`.
///
/// Errors: it is not absolute, or has `..` in it.
fn normal_path(path: &[u8]) -> Result<Vec<u8>> {
    let wrong = |why: &str| Error::invalid(format!("use the path '{}'", escaped(path)), why);
    if path.first() != Some(&b'/') {
        return Err(wrong("it does not begin with a slash"));
    }
    let mut normal = Vec::with_capacity(path.len());
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(wrong("it holds '..'")),
            part => {
                normal.push(b'/');
                normal.extend_from_slice(part);
            }
        }
    }
    Ok(normal)
}

/// Which parts of the snapshot's tree were asked for.
struct Selection {
    /// Normal paths; each stands for all that is below it.
    wanted: BTreeSet<Vec<u8>>,
    /// Folders that keep their attributes although they are below a wanted path.
    on_the_way: HashSet<Vec<u8>>,
}

impl Selection {
    fn new(snapshot: &Snapshot, wish: &Wish) -> Result<Selection> {
        let mut selection = Selection {
            wanted: BTreeSet::new(),
            on_the_way: HashSet::new(),
        };
        match wish {
            Wish::Paths(paths) => {
                for path in paths {
                    let path = normal_path(path)?;
                    if !path.is_empty() {
                        find(snapshot, &path)?;
                    }
                    selection.wanted.insert(path);
                }
            }
            Wish::All { included } => {
                selection.wanted.insert(Vec::new());
                for path in included {
                    let path = normal_path(path)?;
                    for (at, &byte) in path.iter().enumerate() {
                        if byte == b'/' {
                            let above = path.get(..at).unwrap_or_default();
                            selection.on_the_way.insert(above.to_vec());
                        }
                    }
                }
            }
        }
        Ok(selection)
    }

    fn is_above_wanted(&self, path: &[u8]) -> bool {
        let mut below = path.to_vec();
        below.push(b'/');
        let from = (Bound::Included(below.clone()), Bound::Unbounded);
        let next = self.wanted.range::<Vec<u8>, _>(from).next();
        next.is_some_and(|wanted| wanted.starts_with(&below))
    }
}

/// How far an entry was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// It and all that is below it.
    Whole,
    /// All that is below it; it is left as it is where it exists.
    Below,
    /// Some of what is below it.
    Part,
    No,
}

/// The entries of a folder of the plan.
enum Entries<'a> {
    Items(vec::IntoIter<Entry>),
    Listing(Box<Listing<'a>>),
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        match self {
            Entries::Items(items) => items.next().map(Ok),
            Entries::Listing(listing) => listing.next(),
        }
    }
}

/// A folder that exists on both sides, or is about to be made, while its entries are planned.
struct Level<'a> {
    /// Its number in the plan.
    folder: usize,
    /// `None`: it does not exist yet, and so nothing in it does.
    id: Option<FolderId>,
    device: u64,
    entries: Entries<'a>,
    asked: Asked,
    /// In the snapshot; kept while not everything was asked for.
    path: Vec<u8>,
    /// Steps from this one on are below the folder.
    first_action: usize,
    /// Whether the folder has a step of its own.
    has_own_step: bool,
    left: Totals,
    writable: Option<std::result::Result<(), Obstacle>>,
    seen: HashMap<FileId, Name>,
    names_aside: HashSet<Name>,
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
        let asked = match selection.wanted.contains(&b""[..]) {
            true if selection.on_the_way.contains(&b""[..]) => Asked::Below,
            true => Asked::Whole,
            false => Asked::Part,
        };
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

    /// Plans one entry; returns the level below when it is a folder whose entries need to be looked at.
    fn entry(&mut self, level: &mut Level<'_>, entry: Entry) -> Result<Option<Level<'a>>> {
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

    /// Sums up a folder all of whose entries are planned.
    fn leave(&mut self, level: Level<'_>) {
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
    fn left(&mut self, level: &mut Level<'_>, entry: &Entry) {
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

    fn push_left(&mut self, folder: usize, name: Option<Name>, left: Totals) {
        self.push_action(Action {
            folder,
            name,
            size: left.bytes,
            what: What::Leave(left),
            enters: None,
            seen: None,
        });
    }

    fn entries(&self, directory: &DirectoryEntry) -> Entries<'a> {
        Entries::Listing(Box::new(self.snapshot.entries(directory)))
    }

    /// Takes note that the snapshot does not tell all that is in a folder.
    fn unreadable_folder(&mut self, folder: usize, error: &Error) {
        self.push_action(Action {
            folder,
            name: None,
            what: What::CannotWrite(Obstacle::Unreadable(error.to_string())),
            size: 0,
            enters: None,
            seen: None,
        });
    }

    fn cannot(&mut self, level: &Level<'_>, entry: &Entry, obstacle: Obstacle) {
        self.push(level, entry, What::CannotWrite(obstacle), None, None);
    }

    fn push(
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

    fn push_action(&mut self, action: Action) {
        self.plan.totals.count(&action);
        self.plan.actions.push(action);
    }

    fn add_folder(
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

    /// Counts the space that a file needs, less what it gives back.
    fn needs(&mut self, device: u64, entry: &Entry, gives_back: u64) {
        let needed = self.data_bytes(entry).saturating_sub(gives_back);
        self.add_needed(device, needed);
    }

    fn add_needed(&mut self, device: u64, bytes: u64) {
        let mut spaces = self.plan.spaces.iter_mut();
        if let Some(space) = spaces.find(|space| space.device == device) {
            space.needed_bytes = space.needed_bytes.saturating_add(bytes);
        }
    }

    /// Bytes that a file takes on the disk: not its holes, and each group of hard links once.
    fn data_bytes(&mut self, entry: &Entry) -> u64 {
        let Kind::File(file) = &entry.kind else {
            return 0;
        };
        if let Some(group) = entry.hard_link
            && !self.link_groups.insert(group)
        {
            return 0;
        }
        let holes = file.holes.iter().map(|hole| hole.len);
        holes.fold(file.size, u64::saturating_sub)
    }

    /// Keeps the place of an existing member of a group of hard links.
    fn remember_link(&mut self, level: &Level<'_>, entry: &Entry) {
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

    /// Counts the space that trees need: their sums where these fit, exactly where they do not.
    fn finish(mut self) -> Result<Plan> {
        let trees = std::mem::take(&mut self.trees);
        let mut sums: HashMap<u64, u64> = HashMap::new();
        for (device, tree) in &trees {
            let sum = sums.entry(*device).or_default();
            *sum = sum.saturating_add(tree.totals.bytes);
        }
        for (device, sum) in sums {
            let spaces = &self.plan.spaces;
            let Some(space) = spaces.iter().find(|space| space.device == device) else {
                continue;
            };
            let needed = space.needed_bytes.saturating_add(sum);
            if space.free_bytes.is_none_or(|free| needed <= free) {
                self.add_needed(device, sum);
                continue;
            }
            let mut below: Vec<DirectoryEntry> = trees
                .iter()
                .filter_map(|(on, tree)| (*on == device).then_some(*tree))
                .collect();
            while let Some(directory) = below.pop() {
                self.monitor.check_cancelled()?;
                for entry in self.snapshot.entries(&directory) {
                    match entry {
                        Ok(Entry {
                            kind: Kind::Directory(directory),
                            ..
                        }) => below.push(directory),
                        Ok(entry) => self.needs(device, &entry, 0),
                        Err(error) if error.is_fatal() => return Err(error),
                        // It is reported when it is to be made.
                        Err(_) => {}
                    }
                }
            }
        }
        Ok(self.plan)
    }
}

impl Selection {
    fn asked(&self, path: &[u8], above: Asked) -> Asked {
        if above == Asked::Below || self.wanted.contains(path) {
            match self.on_the_way.contains(path) {
                true => Asked::Below,
                false => Asked::Whole,
            }
        } else if self.is_above_wanted(path) {
            Asked::Part
        } else {
            Asked::No
        }
    }
}

impl<'a> Level<'a> {
    fn new(
        folder: usize,
        id: Option<FolderId>,
        device: u64,
        entries: Entries<'a>,
        asked: Asked,
        path: Vec<u8>,
    ) -> Level<'a> {
        Level {
            folder,
            id,
            device,
            entries,
            asked,
            path,
            first_action: 0,
            has_own_step: false,
            left: Totals::default(),
            writable: None,
            seen: HashMap::new(),
            names_aside: HashSet::new(),
        }
    }

    /// Begins after the steps that the plan has.
    fn after(mut self, plan: &Plan) -> Level<'a> {
        self.first_action = plan.actions.len();
        self
    }

    fn check_writable(&mut self, folder: &TargetFolder) -> std::result::Result<(), Obstacle> {
        let writable = self.writable.get_or_insert_with(|| {
            let asked_for = self.asked == Asked::Whole;
            match folder.check_writable() {
                Ok(()) => Ok(()),
                Err(Errno::ROFS) => Err(Obstacle::ReadOnly),
                // It is opened up while things are put in, and gets the snapshot's mode at the end.
                Err(_) if asked_for && is_own(folder) => Ok(()),
                Err(_) => Err(Obstacle::NoPermission),
            }
        });
        writable.clone()
    }

    /// The earlier entry of this folder that the target takes for the same name. (Names of one file
    /// that has several are told apart.)
    fn same_name(&mut self, found: &Stat, name: &Name) -> Option<Name> {
        if found.links > 1 && !found.is_directory() {
            return None;
        }
        let earlier = self.seen.insert(found.id, name.clone());
        earlier.filter(|earlier| earlier != name)
    }

    fn name_aside(&mut self, folder: &TargetFolder, name: &Name, policy: Policy) -> Option<Name> {
        let longest = fstatvfs(folder).map_or(255, |stat| stat.f_namemax);
        let longest = usize::try_from(longest)
            .unwrap_or(255)
            .clamp(1, Name::MAX_LEN);
        for attempt in 0..10_000 {
            let aside = name_aside(name, policy.now, attempt, longest)?;
            if !self.names_aside.contains(&aside) && matches!(folder.find(&aside), Ok(None)) {
                self.names_aside.insert(aside.clone());
                return Some(aside);
            }
        }
        None
    }
}

fn is_own(folder: &TargetFolder) -> bool {
    let user = rustix::process::geteuid().as_raw();
    folder.found().is_ok_and(|found| found.uid == user)
}

fn is_empty(folder: &TargetFolder, name: &Name) -> bool {
    let listing = folder.open_folder(name).and_then(|f| f.open_for_listing());
    let Ok(entries) = listing.and_then(rustix::fs::Dir::new) else {
        return false;
    };
    let mut names = entries.map(|entry| entry.map(|entry| entry.file_name().to_bytes().to_vec()));
    names.all(|name| name.is_ok_and(|name| name == b"." || name == b".."))
}

/// The system's words for an error.
fn words(errno: Errno) -> String {
    Error::io("look at", &errno.into()).why().to_owned()
}
