//! What is in a folder, at a moment: read on a thread from a snapshot or from the disk.
//!
//! A folder of ordinary length is listed, compared with the snapshot before and sorted in one go, so that it
//! appears at once as it stays. A very long one is shown first and compared then.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::data::{common_folder, parent};
use super::opened::Opened;
use super::order::{Contents, OrderBy, order};
use super::rows::{Mark, Marks, Row, RowKind, Rows, expect_listable};
use crate::catalog::Catalog;
use crate::error::{Context, Result};
use crate::fs::{bytes_path, path_bytes};
use crate::jobs::source::SeriesSource;
use crate::progress::Monitor;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::diff::{FolderChange, folder_changes};
use crate::snapshot::explain::Verdict;
use crate::snapshot::file::Snapshot;
use crate::snapshot::preview::folder_view;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Name;

/// Longer folders are shown before they are compared.
const LONG: usize = 20_000;
/// Between this many entries the cancel flag is looked at.
const CANCEL_EVERY: usize = 4096;

/// Where a folder is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The snapshot in this file.
    Snapshot(PathBuf),
    Disk,
}

/// A folder that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub place: Place,
    /// The snapshot before, to compare with.
    pub before: Option<PathBuf>,
    /// An absolute path; what the archive includes if left out.
    pub folder: Option<Vec<u8>>,
}

/// A folder as it is shown.
#[derive(Clone)]
pub struct Shown {
    pub wanted: Wanted,
    /// The folder: the one that was wanted, or the nearest above it that is there.
    pub folder: Vec<u8>,
    /// False: it is one above, since the one that was wanted is not there.
    pub is_as_wanted: bool,
    pub contents: Contents,
    pub by: OrderBy,
    pub order: Arc<[u32]>,
}

/// What it takes to read.
#[derive(Clone)]
pub struct Reader {
    pub catalog: Catalog,
    pub source: SeriesSource,
    pub opened: Opened,
}

impl Reader {
    /// Lists a folder.
    pub fn list(&self, wanted: Wanted, by: OrderBy, monitor: &Monitor) -> Result<Shown> {
        let (folder, rows) = match &wanted.place {
            Place::Snapshot(path) => list_snapshot(&*self.opened.open(path)?, &wanted, monitor)?,
            Place::Disk => self.list_disk(&wanted, monitor)?,
        };
        expect_listable(&rows)?;
        let rows = Arc::new(rows);
        let is_as_wanted = wanted.folder.as_ref().is_none_or(|asked| *asked == folder);
        let mut shown = Shown {
            folder,
            is_as_wanted,
            contents: Contents {
                rows: Arc::clone(&rows),
                marks: None,
            },
            order: Arc::default(),
            by,
            wanted,
        };
        if rows.len() < LONG {
            return self.mark(shown, monitor);
        }
        shown.order = order(&shown.contents, &shown.by).into();
        Ok(shown)
    }

    /// Compares a folder with the snapshot before. What goes wrong is said in the marks: the list is whole.
    pub fn mark(&self, mut shown: Shown, monitor: &Monitor) -> Result<Shown> {
        let marks = match self.marks(&shown, monitor) {
            Ok(marks) => marks,
            Err(error) if monitor.is_cancelled() => return Err(error),
            Err(error) => Marks {
                error: Some(error),
                ..Marks::default()
            },
        };
        shown.contents.marks = Some(Arc::new(marks.counted()));
        shown.order = order(&shown.contents, &shown.by).into();
        Ok(shown)
    }

    fn marks(&self, shown: &Shown, monitor: &Monitor) -> Result<Marks> {
        let Some(before) = &shown.wanted.before else {
            return Ok(Marks::default());
        };
        let before = self.opened.open(before)?;
        match &shown.wanted.place {
            Place::Snapshot(path) => {
                let now = self.opened.open(path)?;
                snapshot_marks(&before, &now, shown)
            }
            Place::Disk => self.disk_marks(&before, shown, monitor),
        }
    }

    /// What the disk has, against the newest snapshot. Folders are not looked into: that is what comparing with
    /// the disk is for.
    fn disk_marks(&self, before: &Snapshot, shown: &Shown, monitor: &Monitor) -> Result<Marks> {
        let old = match before.directory(&shown.folder)? {
            Some(folder) => rows_of(before, &folder, monitor)?,
            None => Rows::default(),
        };
        let left_out = self.left_out(before, &shown.folder, monitor);
        let rows = &shown.contents.rows;
        let mut marks = Marks::default();
        for row in rows.iter() {
            let old = old.find(row.name).and_then(|place| old.get(place));
            let mark = match old {
                None if left_out.contains(row.name) => Mark::LeftOut,
                None => Mark::New,
                Some(old) if old.kind != row.kind => Mark::Changed,
                Some(_) if row.is_folder() => Mark::Kept,
                Some(old) if (old.size, old.modified) != (row.size, row.modified) => Mark::Changed,
                Some(_) => Mark::Kept,
            };
            marks.of_rows.push(mark);
        }
        for row in old.iter().filter(|row| rows.find(row.name).is_none()) {
            marks.removed.add(row);
        }
        Ok(marks)
    }

    /// The names in a folder of the disk that no backup takes. None where the rules cannot be had: that costs a
    /// word beside a name and nothing else.
    fn left_out(&self, newest: &Snapshot, folder: &[u8], monitor: &Monitor) -> HashSet<Vec<u8>> {
        let Ok((specification, own)) = self.rules(newest) else {
            return HashSet::new();
        };
        let viewed = folder_view(&specification, &own, bytes_path(folder), monitor);
        let viewed = viewed.unwrap_or_default();
        let left_out = viewed.into_iter().filter(|entry| {
            matches!(entry.verdict, Verdict::Excluded { .. }) && !entry.leads_to_include
        });
        left_out
            .map(|entry| entry.name.as_bytes().to_vec())
            .collect()
    }

    /// What the archive backs up now, and its own folders, which it does not.
    pub fn rules(&self, snapshot: &Snapshot) -> Result<(Specification, Vec<PathBuf>)> {
        match &self.source {
            SeriesSource::Archive(name) => {
                let entry = self.catalog.config().archives.get(name)?;
                let own = self.catalog.own_places(&entry);
                Ok((entry.specification, own))
            }
            SeriesSource::Exigency { repository, .. } => {
                let archive = ArchiveFile::from_header(snapshot.header());
                let beside = snapshot.place().parent().map(PathBuf::from);
                let own = beside
                    .into_iter()
                    .chain([archive.repository.place])
                    .chain(repository.clone())
                    .collect();
                Ok((archive.specification, own))
            }
        }
    }

    fn list_disk(&self, wanted: &Wanted, monitor: &Monitor) -> Result<(Vec<u8>, Rows)> {
        let mut folder = match (&wanted.folder, &wanted.before) {
            (Some(folder), _) => folder.clone(),
            (None, Some(newest)) => home_folder(&*self.opened.open(newest)?),
            (None, None) => b"/".to_vec(),
        };
        let is_there = |folder: &[u8]| {
            fs::symlink_metadata(bytes_path(folder)).is_ok_and(|found| found.is_dir())
        };
        while !is_there(&folder) {
            match parent(&folder) {
                Some(above) => folder = above.to_vec(),
                None => break,
            }
        }
        let rows = disk_rows(&folder, monitor)?;
        Ok((folder, rows))
    }
}

/// A folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subfolder {
    pub name: Vec<u8>,
    pub has_subfolders: bool,
}

impl Reader {
    /// The folders in each of these folders; those that are not there have none.
    pub fn subfolders(
        &self,
        place: &Place,
        folders: &[Vec<u8>],
        monitor: &Monitor,
    ) -> Result<HashMap<Vec<u8>, Vec<Subfolder>>> {
        let mut found = HashMap::new();
        for folder in folders {
            monitor.check_cancelled()?;
            let below = match place {
                Place::Disk => disk_subfolders(folder, monitor)?,
                Place::Snapshot(path) => {
                    let snapshot = self.opened.open(path)?;
                    snapshot_subfolders(&snapshot, folder, monitor)?
                }
            };
            found.insert(folder.clone(), below);
        }
        Ok(found)
    }
}

fn snapshot_subfolders(
    snapshot: &Snapshot,
    folder: &[u8],
    monitor: &Monitor,
) -> Result<Vec<Subfolder>> {
    let Some(directory) = snapshot.directory(folder)? else {
        return Ok(Vec::new());
    };
    if directory.totals.directories == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (count, entry) in snapshot.entries(&directory).enumerate() {
        if count.is_multiple_of(CANCEL_EVERY) {
            monitor.check_cancelled()?;
        }
        let entry = entry?;
        if let crate::snapshot::tree::Kind::Directory(below) = &entry.kind {
            found.push(Subfolder {
                name: entry.name.as_bytes().to_vec(),
                has_subfolders: below.totals.directories > 0,
            });
        }
    }
    Ok(found)
}

fn disk_subfolders(folder: &[u8], monitor: &Monitor) -> Result<Vec<Subfolder>> {
    // What cannot be listed shows no folders in the tree; opening it says why.
    let Ok(listed) = fs::read_dir(bytes_path(folder)) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in listed.flatten() {
        monitor.check_cancelled()?;
        if entry.file_type().is_ok_and(|file_type| file_type.is_dir()) {
            // The number of links counts the folders in it on most file systems; where it does not, it is 1.
            let links = entry.metadata().map_or(1, |found| found.nlink());
            found.push(Subfolder {
                name: entry.file_name().as_bytes().to_vec(),
                has_subfolders: links != 2,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The folder to begin in: what the archive included, or what all of that is in.
fn home_folder(snapshot: &Snapshot) -> Vec<u8> {
    let specification = ArchiveFile::from_header(snapshot.header()).specification;
    let includes = specification.includes.iter();
    let includes: Vec<Vec<u8>> = includes.map(|path| path_bytes(path).to_vec()).collect();
    common_folder(&includes)
}

fn list_snapshot(
    snapshot: &Snapshot,
    wanted: &Wanted,
    monitor: &Monitor,
) -> Result<(Vec<u8>, Rows)> {
    let mut folder = match &wanted.folder {
        Some(folder) => folder.clone(),
        None => home_folder(snapshot),
    };
    let directory = loop {
        match snapshot.directory(&folder)? {
            Some(directory) => break directory,
            None => match parent(&folder) {
                Some(above) => folder = above.to_vec(),
                None => break *snapshot.root(),
            },
        }
    };
    Ok((folder, rows_of(snapshot, &directory, monitor)?))
}

fn rows_of(
    snapshot: &Snapshot,
    directory: &crate::snapshot::tree::DirectoryEntry,
    monitor: &Monitor,
) -> Result<Rows> {
    let mut rows = Rows::default();
    for (count, entry) in snapshot.entries(directory).enumerate() {
        if count.is_multiple_of(CANCEL_EVERY) {
            monitor.check_cancelled()?;
        }
        rows.push(&entry?);
    }
    rows.shrink();
    Ok(rows)
}

fn disk_rows(folder: &[u8], monitor: &Monitor) -> Result<Rows> {
    let path = bytes_path(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(path).context("list the folder", path)? {
        if found.len().is_multiple_of(CANCEL_EVERY) {
            monitor.check_cancelled()?;
        }
        let entry = entry.context("list the folder", path)?;
        // What vanished meanwhile is not there.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let kind = RowKind::of_file_type(metadata.file_type());
        let size = match kind {
            RowKind::File => metadata.len(),
            _ => 0,
        };
        let has_subfolders = kind == RowKind::Folder && metadata.nlink() != 2;
        let name = entry.file_name();
        found.push((name, kind, size, metadata.mtime(), has_subfolders));
    }
    found.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut rows = Rows::default();
    for (name, kind, size, modified, has_subfolders) in &found {
        rows.add(Row {
            name: name.as_bytes(),
            kind: *kind,
            size: *size,
            files: u64::from(*kind != RowKind::Folder),
            modified: *modified,
            has_subfolders: *has_subfolders,
            is_incomplete: false,
        });
    }
    rows.shrink();
    Ok(rows)
}

fn snapshot_marks(before: &Snapshot, now: &Snapshot, shown: &Shown) -> Result<Marks> {
    let rows = &shown.contents.rows;
    let changes = folder_changes(before, now, &shown.folder)?;
    let mut marks = Marks {
        of_rows: vec![Mark::Kept; rows.len()],
        ..Marks::default()
    };
    let mut removed: Vec<&Name> = Vec::new();
    for (name, change) in &changes {
        let mark = match change {
            FolderChange::Added => Mark::New,
            FolderChange::Changed => Mark::Changed,
            FolderChange::Unknown => Mark::Unknown,
            FolderChange::Removed => {
                removed.push(name);
                continue;
            }
        };
        if let Some(of_row) = rows
            .find(name.as_bytes())
            .and_then(|place| marks.of_rows.get_mut(place))
        {
            *of_row = mark;
        }
    }
    removed.sort();
    if let (Some(folder), false) = (before.directory(&shown.folder)?, removed.is_empty()) {
        for name in removed {
            if let Some(entry) = before.find(&folder, name.as_bytes())? {
                marks.removed.push(&entry);
            }
        }
    }
    Ok(marks)
}

/// Sorts and filters anew.
pub fn reorder(mut shown: Shown, by: OrderBy) -> Result<Shown> {
    shown.order = order(&shown.contents, &by).into();
    shown.by = by;
    Ok(shown)
}
