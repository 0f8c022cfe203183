//! The tree of the disk as the backup sees it: folders are read on threads when they are opened.
//!
//! What is shown is a flat list of rows, put together when something was opened, closed or read, and not with
//! each frame: a folder of a hundred thousand files costs no more to draw than one of ten.

use std::collections::BTreeSet;

use super::preview::{Settling, Subject};
use crate::fs::{bytes_path, path_bytes};
use crate::gui::cx::Cx;
use crate::gui::widgets::table::TableState;
use crate::jobs::Fetch;
use crate::snapshot::preview::{ViewedEntry, folder_view};

/// So many rows are shown below a folder that was opened.
const ROWS_BELOW: usize = 4;

/// The folders that were opened, and what is seen of them.
#[derive(Default)]
pub struct DiskTree {
    folders: Vec<Folder>,
    /// Paths of the folders that are open.
    open: BTreeSet<Vec<u8>>,
    rows: Vec<Row>,
    pub table: TableState,
    settling: Settling,
    /// Put the cursor here once it is there.
    go_to: Option<Vec<u8>>,
    /// It was opened: show some of what is in it once that is there.
    reveal: Option<Vec<u8>>,
}

/// A folder that was opened.
struct Folder {
    /// Without a slash at its end; empty for `/`.
    path: Vec<u8>,
    entries: Fetch<Vec<ViewedEntry>>,
    /// The entries in the order in which they are shown: folders first.
    order: Vec<u32>,
}

/// A row of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub depth: u16,
    folder: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An entry of its folder, by its place.
    Entry { index: u32, is_open: bool },
    /// The folder is being read.
    Loading,
    /// The folder cannot be read.
    Failed,
    /// There is nothing in it.
    Empty,
}

impl DiskTree {
    /// Takes in what was read; reads what is open anew when the rules are others.
    pub fn update(&mut self, subject: &Subject, cx: &Cx<'_>) {
        let mut is_changed = false;
        for folder in &mut self.folders {
            if folder.entries.poll() {
                folder.sort();
                is_changed = true;
            }
        }
        let is_first = self.settling.begun_for().is_none() && self.folders.is_empty();
        // With rules that cannot be carried out, what is shown stays as it was.
        if subject.specification.validate().is_ok() && self.settling.is_due(subject) {
            if is_first {
                self.open_includes(subject);
            }
            let open: Vec<Vec<u8>> = self.open.iter().cloned().collect();
            self.folders
                .retain(|folder| open.binary_search(&folder.path).is_ok());
            for path in open {
                self.read(path, subject, cx);
            }
            is_changed = true;
        }
        if is_changed {
            self.rebuild();
        }
    }

    /// Opens the way to each include, and wants the cursor on the first.
    fn open_includes(&mut self, subject: &Subject) {
        self.open.insert(Vec::new());
        for include in &subject.specification.includes {
            let above = include.ancestors().skip(1);
            let above = above.map(|path| without_slash(path_bytes(path)));
            self.open.extend(above);
        }
        let first = subject.specification.includes.first();
        if let Some(first) = first.map(|first| without_slash(path_bytes(first))) {
            self.open.insert(first.clone());
            self.go_to = Some(first);
        }
    }

    fn read(&mut self, path: Vec<u8>, subject: &Subject, cx: &Cx<'_>) {
        let place = self.folders.iter().position(|folder| folder.path == path);
        let place = place.unwrap_or(self.folders.len());
        if place == self.folders.len() {
            self.folders.push(Folder {
                path: path.clone(),
                entries: Fetch::default(),
                order: Vec::new(),
            });
        }
        let Subject { specification, own } = subject.clone();
        self.folders[place]
            .entries
            .start(cx.workers, "folder", move |monitor| {
                let folder = match &*path {
                    b"" => bytes_path(b"/"),
                    path => bytes_path(path),
                };
                folder_view(&specification, &own, folder, monitor)
            });
    }

    /// Opens the folder in a row, or closes it; anything else is left as it is.
    pub fn toggle(&mut self, row: usize, cx: &Cx<'_>) {
        let Some(Row {
            what: What::Entry { is_open, .. },
            ..
        }) = self.rows.get(row)
        else {
            return;
        };
        self.set_open(row, !is_open, cx);
    }

    pub fn set_open(&mut self, row: usize, is_open: bool, cx: &Cx<'_>) {
        let Some((path, entry)) = self.entry(row) else {
            return;
        };
        if !entry.is_directory || self.open.contains(&path) == is_open {
            return;
        }
        if is_open {
            self.open.insert(path.clone());
            self.reveal = Some(path.clone());
            if let Some(subject) = self.settling.begun_for().cloned() {
                self.read(path, &subject, cx);
            }
        } else {
            self.open.remove(&path);
        }
        self.rebuild();
    }

    /// Puts the cursor on the folder that a row lies in.
    pub fn go_up(&mut self, row: usize) {
        let Some(depth) = self.rows.get(row).map(|row| row.depth) else {
            return;
        };
        let mut above = (0..row).rev();
        if let Some(folder) = above.find(|above| self.rows[*above].depth < depth) {
            self.table.go_to(folder);
        }
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The path and the entry of a row that has one.
    pub fn entry(&self, row: usize) -> Option<(Vec<u8>, &ViewedEntry)> {
        let row = self.rows.get(row)?;
        let What::Entry { index, .. } = row.what else {
            return None;
        };
        let folder = self.folders.get(row.folder as usize)?;
        let entry = folder.entries.value()?.get(index as usize)?;
        Some((folder.path_of(entry), entry))
    }

    /// Why the folder of this row cannot be read.
    pub fn error(&self, row: usize) -> Option<&crate::error::Error> {
        let folder = self.rows.get(row)?.folder;
        self.folders.get(folder as usize)?.entries.error()
    }

    /// The rules are others than those by which this was read.
    pub fn is_stale(&self) -> bool {
        self.settling.is_waiting() || self.folders.iter().any(|f| f.entries.is_loading())
    }

    pub fn is_waiting(&self) -> bool {
        self.settling.is_waiting()
    }

    pub fn is_not_answering(&self) -> bool {
        let mut folders = self.folders.iter();
        folders.any(|folder| folder.entries.is_not_answering())
    }

    /// Reads everything anew, for the disk has changed.
    pub fn again(&mut self) {
        self.settling.restart();
    }

    fn rebuild(&mut self) {
        let at = self.table.cursor.and_then(|row| self.entry(row));
        let at = self.go_to.clone().or(at.map(|(path, _)| path));
        let mut rows = Vec::new();
        self.add_rows(b"", 0, &mut rows);
        self.rows = rows;
        self.place_cursor(at);
        self.show_opened();
    }

    /// Puts the cursor on what it was on before, wherever that is now.
    fn place_cursor(&mut self, at: Option<Vec<u8>>) {
        let Some(at) = at else {
            return;
        };
        let place = (0..self.rows.len()).find(|row| self.is_at(*row, &at));
        let Some(place) = place else {
            return;
        };
        if self.go_to.take().is_some() {
            // With some of what is in it.
            let below = place + ROWS_BELOW;
            self.table
                .go_to(below.min(self.rows.len().saturating_sub(1)));
        }
        self.table.cursor = Some(place);
    }

    fn show_opened(&mut self) {
        let Some(path) = &self.reveal else {
            return;
        };
        let is_read = |folder: &Folder| folder.path == *path && folder.entries.value().is_some();
        if self.folders.iter().any(is_read) {
            let place = (0..self.rows.len()).find(|row| self.is_at(*row, path));
            self.reveal = None;
            if let Some(place) = place {
                self.show_from(place);
            }
        }
    }

    /// Scrolls to a row and some of those below it; the cursor stays where it is.
    fn show_from(&mut self, place: usize) {
        let cursor = self.table.cursor;
        let below = place + ROWS_BELOW;
        self.table
            .go_to(below.min(self.rows.len().saturating_sub(1)));
        self.table.cursor = cursor;
    }

    /// Whether this row is the entry with this path; cheap for all that are not.
    fn is_at(&self, row: usize, path: &[u8]) -> bool {
        let folder = self.rows.get(row);
        let folder = folder.and_then(|row| self.folders.get(row.folder as usize));
        folder.is_some_and(|folder| path.starts_with(&folder.path))
            && self
                .entry(row)
                .is_some_and(|(its_path, _)| its_path == path)
    }

    fn add_rows(&self, path: &[u8], depth: u16, rows: &mut Vec<Row>) {
        let Some(place) = self.folders.iter().position(|folder| folder.path == path) else {
            return;
        };
        let folder = &self.folders[place];
        let mut add = |what| {
            rows.push(Row {
                depth,
                folder: place as u32,
                what,
            });
        };
        let Some(entries) = folder.entries.value() else {
            let has_failed = folder.entries.error().is_some() && !folder.entries.is_loading();
            return add(if has_failed {
                What::Failed
            } else {
                What::Loading
            });
        };
        if entries.is_empty() {
            return add(What::Empty);
        }
        for index in &folder.order {
            let Some(entry) = entries.get(*index as usize) else {
                continue;
            };
            // Files are never open, and a path costs something to put together.
            let its_path = entry.is_directory.then(|| folder.path_of(entry));
            let its_path = its_path.filter(|path| self.open.contains(path));
            rows.push(Row {
                depth,
                folder: place as u32,
                what: What::Entry {
                    index: *index,
                    is_open: its_path.is_some(),
                },
            });
            if let Some(path) = its_path {
                self.add_rows(&path, depth.saturating_add(1), rows);
            }
        }
    }
}

impl Folder {
    fn path_of(&self, entry: &ViewedEntry) -> Vec<u8> {
        [&self.path, &b"/"[..], entry.name.as_bytes()].concat()
    }

    fn sort(&mut self) {
        let entries = self.entries.value().map_or(&[][..], Vec::as_slice);
        let mut order: Vec<u32> = (0..).take(entries.len()).collect();
        // They are in the order of their names already.
        order.sort_by_key(|index| {
            let entry = entries.get(*index as usize);
            !entry.is_some_and(|entry| entry.is_directory)
        });
        self.order = order;
    }
}

fn without_slash(path: &[u8]) -> Vec<u8> {
    path.strip_suffix(b"/").unwrap_or(path).to_vec()
}
