//! All of a snapshot in one walk: what each folder takes, and what each kind, age and size of files does.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::listings::{Visitor, visit};
use super::{Age, FileKind, SizeClass, Sums};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Monitor;
use crate::repository::holdings::{Weight, Within};
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind, Name};

/// What one folder takes.
#[derive(Clone, Debug)]
pub struct FolderUsage {
    /// `None` for `/`.
    pub name: Option<Name>,
    /// The folder that it is in; lower than its own number.
    pub parent: Option<u32>,
    /// The folders in it, in the order of their names.
    pub children: Range<u32>,
    /// Of everything below it.
    pub sums: Sums,
    /// Held bytes of everything below it, by kind.
    pub kinds: [u64; FileKind::COUNT],
    /// The most new bytes that one file directly in it has.
    pub largest_new_file: u64,
}

/// What a snapshot takes: some 250 bytes of memory a folder, whatever is in them.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Folder 0 is `/`.
    pub folders: Vec<FolderUsage>,
    /// By kind of file, in the order of [`FileKind::ALL`].
    pub kinds: [Sums; FileKind::COUNT],
    /// By when they were modified, in the order of [`Age::ALL`].
    pub ages: [Sums; Age::COUNT],
    /// By size, in the order of [`SizeClass::ALL`].
    pub sizes: [Sums; SizeClass::COUNT],
    /// Parts of folders that could not be read, each told to the monitor: what is in them is missing from all
    /// sums.
    pub unreadable: u64,
}

/// Surveys a whole snapshot. `within` is what its claim holds, with nothing charged yet.
///
/// Errors: the work was cancelled; the place where the snapshot is is gone.
pub fn survey(snapshot: &Snapshot, within: Within<'_>, monitor: &Monitor) -> Result<Usage> {
    survey_below(snapshot, snapshot.root(), within, monitor)
}

/// Surveys a whole snapshot as [`survey`] does; kinds, ages and sizes are those of the files below `grouped`.
///
/// Errors: as [`survey`].
pub fn survey_below(
    snapshot: &Snapshot,
    grouped: &DirectoryEntry,
    within: Within<'_>,
    monitor: &Monitor,
) -> Result<Usage> {
    let totals = snapshot.header().totals;
    monitor.files_total.store(totals.files, Ordering::Relaxed);
    monitor.bytes_total.store(totals.bytes, Ordering::Relaxed);
    let root = snapshot.root();
    let mut surveyor = Surveyor {
        usage: Usage {
            folders: vec![FolderUsage::new(None, None)],
            kinds: Default::default(),
            ages: Default::default(),
            sizes: Default::default(),
            unreadable: 0,
        },
        within,
        taken_at: snapshot.header().taken_at.seconds,
        grouped: grouped.listings(),
        monitor,
    };
    let mark = surveyor.mark(0, root);
    visit(snapshot, root, mark, &mut surveyor, monitor)?;
    let mut usage = surveyor.usage;
    usage.sum_up();
    Ok(usage)
}

struct Surveyor<'a> {
    usage: Usage,
    within: Within<'a>,
    taken_at: i64,
    /// Files in these listings are counted by kind, age and size.
    grouped: Range<u64>,
    monitor: &'a Monitor,
}

struct Mark {
    folder: u32,
    is_grouped: bool,
}

impl Surveyor<'_> {
    fn mark(&self, folder: u32, directory: &DirectoryEntry) -> Mark {
        Mark {
            folder,
            is_grouped: self.grouped.contains(&directory.listing.index),
        }
    }

    fn weight(&mut self, entry: &Entry) -> Weight {
        let token = entry.token();
        token.map_or(Weight::default(), |token| self.within.charge(token.number))
    }
}

impl Visitor for Surveyor<'_> {
    type Mark = Mark;

    fn folder(&mut self, within: &Mark, entry: &Entry) -> Result<Mark> {
        let folders = &mut self.usage.folders;
        let number = u32::try_from(folders.len()).map_err(|_| {
            Error::new(ErrorKind::Unsupported, "survey the snapshot")
                .because("it has more folders than can be counted")
        })?;
        if let Some(parent) = folders.get_mut(within.folder as usize) {
            if parent.children.is_empty() {
                parent.children = number..number;
            }
            parent.children.end = number.saturating_add(1);
        }
        folders.push(FolderUsage::new(
            Some(entry.name.clone()),
            Some(within.folder),
        ));
        Ok(match &entry.kind {
            Kind::Directory(directory) => self.mark(number, directory),
            _ => Mark {
                folder: number,
                is_grouped: within.is_grouped,
            },
        })
    }

    fn file(&mut self, within: &Mark, entry: &Entry) -> Result<()> {
        let held_bytes = entry.size();
        self.monitor.file_done(held_bytes);
        if !matches!(entry.kind, Kind::File(_)) {
            return Ok(());
        }
        let sums = Sums::of_file(held_bytes, &self.weight(entry));
        let kind = FileKind::of(entry.name.as_bytes()).index();
        if let Some(folder) = self.usage.folders.get_mut(within.folder as usize) {
            folder.sums.add(&sums);
            folder.largest_new_file = folder.largest_new_file.max(sums.new_bytes);
            folder.add_kind(kind, held_bytes);
        }
        if within.is_grouped {
            let age = Age::of(entry.attributes.modified, self.taken_at).index();
            let size = SizeClass::of(held_bytes).index();
            add_to(&mut self.usage.kinds, kind, &sums);
            add_to(&mut self.usage.ages, age, &sums);
            add_to(&mut self.usage.sizes, size, &sums);
        }
        Ok(())
    }

    fn unreadable(&mut self, within: &Mark, error: Error) {
        self.usage.unreadable += 1;
        let path = self.usage.path(within.folder);
        self.monitor
            .warn(&path, "read all of the folder", error.why());
    }
}

fn add_to(groups: &mut [Sums], place: usize, sums: &Sums) {
    if let Some(group) = groups.get_mut(place) {
        group.add(sums);
    }
}

impl FolderUsage {
    fn new(name: Option<Name>, parent: Option<u32>) -> FolderUsage {
        FolderUsage {
            name,
            parent,
            children: 0..0,
            sums: Sums::default(),
            kinds: [0; FileKind::COUNT],
            largest_new_file: 0,
        }
    }

    fn add_kind(&mut self, kind: usize, held_bytes: u64) {
        if let Some(sum) = self.kinds.get_mut(kind) {
            *sum = sum.saturating_add(held_bytes);
        }
    }

    /// The kind that most of the held bytes below it are of; `None` if nothing is held.
    pub fn main_kind(&self) -> Option<FileKind> {
        let kinds = FileKind::ALL.into_iter().zip(self.kinds);
        let most = kinds.max_by_key(|(_, bytes)| *bytes)?;
        (most.1 > 0).then_some(most.0)
    }
}

impl Usage {
    /// Adds each folder's sums to those of the folder that it is in. Folders are numbered after the one
    /// that they are in.
    fn sum_up(&mut self) {
        for number in (0..self.folders.len()).rev() {
            let (before, from) = self.folders.split_at_mut(number);
            let Some(folder) = from.first() else {
                continue;
            };
            let parent = folder
                .parent
                .and_then(|parent| before.get_mut(parent as usize));
            let Some(parent) = parent else {
                continue;
            };
            parent.sums.add(&folder.sums);
            for (kind, bytes) in folder.kinds.iter().enumerate() {
                parent.add_kind(kind, *bytes);
            }
        }
    }

    /// Of everything in the snapshot.
    pub fn total(&self) -> Sums {
        self.folders
            .first()
            .map_or(Sums::default(), |root| root.sums)
    }

    /// The folder of this number, if there is one.
    pub fn get(&self, folder: u32) -> Option<&FolderUsage> {
        self.folders.get(folder as usize)
    }

    /// The numbers of the folders in a folder, in the order of their names.
    pub fn children(&self, folder: u32) -> Range<u32> {
        self.get(folder)
            .map_or(0..0, |folder| folder.children.clone())
    }

    /// Of the files directly in a folder.
    pub fn own(&self, folder: u32) -> Sums {
        let Some(of) = self.get(folder) else {
            return Sums::default();
        };
        let mut own = of.sums;
        for child in of.children.clone().filter_map(|child| self.get(child)) {
            own.take_away(&child.sums);
        }
        own
    }

    /// The folder at an absolute path. Slashes in a row, and at the end, count as one and none.
    pub fn folder(&self, path: &[u8]) -> Option<u32> {
        let names = path.strip_prefix(b"/")?.split(|byte| *byte == b'/');
        let mut folder = 0;
        for name in names.filter(|name| !name.is_empty()) {
            let children = self.children(folder);
            let of_children = self
                .folders
                .get(children.start as usize..children.end as usize)?;
            let place = of_children.binary_search_by(|child| {
                let of_child = child.name.as_ref().map(Name::as_bytes);
                of_child.cmp(&Some(name))
            });
            folder = children
                .start
                .checked_add(u32::try_from(place.ok()?).ok()?)?;
        }
        Some(folder)
    }

    /// The absolute path of a folder.
    pub fn path(&self, folder: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut next = Some(folder);
        while let Some(of) = next.and_then(|folder| self.get(folder)) {
            names.extend(of.name.as_ref());
            next = of.parent;
        }
        if names.is_empty() {
            return b"/".to_vec();
        }
        let mut path = Vec::new();
        for name in names.into_iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name.as_bytes());
        }
        path
    }
}

impl Sums {
    fn take_away(&mut self, other: &Sums) {
        let take = |sum: &mut u64, other: u64| *sum = sum.saturating_sub(other);
        take(&mut self.files, other.files);
        take(&mut self.held_bytes, other.held_bytes);
        take(&mut self.stored_bytes, other.stored_bytes);
        take(&mut self.alone_bytes, other.alone_bytes);
        take(&mut self.new_bytes, other.new_bytes);
        take(&mut self.new_files, other.new_files);
        take(&mut self.new_held_bytes, other.new_held_bytes);
    }
}
