//! The entries of one folder, held so that a million of them fit.
//!
//! Names lie one behind the other in one run of bytes and a row is forty bytes beside its name: with a name of
//! thirty bytes a million rows take about 75 MB, and nothing is held twice. Rows are in the order of the bytes of
//! their names, as a listing has them, so that a name is found by halving; how they are shown is a list of
//! numbers apart ([`super::order`]).

use std::fs::FileType;
use std::os::unix::fs::FileTypeExt;

use crate::error::{Error, Result};
use crate::fs::escaped;
use crate::snapshot::tree::{Entry, Kind, Timestamp};

/// What something is, as far as a list has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    Folder,
    File,
    Link,
    Special,
}

/// What became of a name since the snapshot before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The same as before.
    #[default]
    Kept,
    New,
    /// It differs, or something below it does.
    Changed,
    /// It was there before and is not any more.
    Removed,
    /// Perhaps changed: too much would have to be compared to say so at once.
    Unknown,
    /// On the disk, and no backup takes it.
    LeftOut,
}

/// One entry.
#[derive(Clone, Copy, Debug)]
struct Stored {
    name_start: u64,
    /// Of a file its length; of a folder the sum below it.
    size: u64,
    /// Of a folder: files below it.
    files: u64,
    modified: i64,
    name_len: u16,
    kind: RowKind,
    has_subfolders: bool,
    is_incomplete: bool,
}

/// One entry, as it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub name: &'a [u8],
    pub kind: RowKind,
    /// Of a file its length, of a folder the sum of what is below it, in bytes.
    pub size: u64,
    /// Of a folder: how many files are below it; of anything else 1.
    pub files: u64,
    /// Seconds since 1970.
    pub modified: i64,
    /// Whether there are folders in it.
    pub has_subfolders: bool,
    /// It could not be read whole.
    pub is_incomplete: bool,
}

/// All entries of a folder.
#[derive(Debug, Default)]
pub struct Rows {
    names: Vec<u8>,
    rows: Vec<Stored>,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let stored = self.rows.get(index)?;
        Some(Row {
            name: self.name(stored),
            kind: stored.kind,
            size: stored.size,
            files: stored.files,
            modified: stored.modified,
            has_subfolders: stored.has_subfolders,
            is_incomplete: stored.is_incomplete,
        })
    }

    /// Where the row of this name is.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let found = self
            .rows
            .binary_search_by(|stored| self.name(stored).cmp(name));
        found.ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Adds an entry of a snapshot; its name has to come after those that are there.
    pub fn push(&mut self, entry: &Entry) {
        let kind = RowKind::of(&entry.kind);
        let (size, files, has_subfolders) = match &entry.kind {
            Kind::Directory(folder) => (
                folder.totals.bytes,
                folder.totals.files,
                folder.totals.directories > 0,
            ),
            _ => (entry.size(), 1, false),
        };
        self.add(Row {
            name: entry.name.as_bytes(),
            kind,
            size,
            files,
            modified: entry.attributes.modified.seconds,
            has_subfolders,
            is_incomplete: entry.incomplete,
        });
    }

    /// Adds a row; its name has to come after those that are there.
    pub fn add(&mut self, row: Row<'_>) {
        let name_start = self.names.len() as u64;
        // Names are at most 4096 bytes long ([`crate::snapshot::tree::Name`]), on the disk 255.
        let name_len = row.name.len().min(usize::from(u16::MAX)) as u16;
        self.names
            .extend_from_slice(&row.name[..usize::from(name_len)]);
        self.rows.push(Stored {
            name_start,
            size: row.size,
            files: row.files,
            modified: row.modified,
            name_len,
            kind: row.kind,
            has_subfolders: row.has_subfolders,
            is_incomplete: row.is_incomplete,
        });
    }

    /// What they take in memory, in bytes.
    pub fn memory(&self) -> usize {
        self.names.capacity() + self.rows.capacity() * size_of::<Stored>()
    }

    /// Gives back the memory that is not needed.
    pub fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    fn name(&self, stored: &Stored) -> &[u8] {
        let start = stored.name_start as usize;
        self.names
            .get(start..start + usize::from(stored.name_len))
            .unwrap_or_default()
    }
}

impl Row<'_> {
    pub fn is_folder(&self) -> bool {
        self.kind == RowKind::Folder
    }

    /// The name as it is shown.
    pub fn shown_name(&self) -> String {
        escaped(self.name).to_string()
    }

    pub fn modified(&self) -> Timestamp {
        Timestamp {
            seconds: self.modified,
            nanoseconds: 0,
        }
    }
}

impl RowKind {
    pub fn of(kind: &Kind) -> RowKind {
        match kind {
            Kind::Directory(_) => RowKind::Folder,
            Kind::File(_) => RowKind::File,
            Kind::SymbolicLink { .. } => RowKind::Link,
            _ => RowKind::Special,
        }
    }

    pub fn of_file_type(file_type: FileType) -> RowKind {
        if file_type.is_dir() {
            RowKind::Folder
        } else if file_type.is_symlink() {
            RowKind::Link
        } else if file_type.is_fifo()
            || file_type.is_socket()
            || file_type.is_block_device()
            || file_type.is_char_device()
        {
            RowKind::Special
        } else {
            RowKind::File
        }
    }
}

/// What became of the names in a folder since the snapshot before.
#[derive(Debug, Default)]
pub struct Marks {
    /// One for each row; empty when there is nothing to compare with.
    pub of_rows: Vec<Mark>,
    /// What was there before and is not any more.
    pub removed: Rows,
    /// How many there are of each: new, changed, removed.
    pub counts: [u64; 3],
    /// Why nothing could be compared.
    pub error: Option<Error>,
}

impl Marks {
    /// Counts what is marked.
    pub fn counted(mut self) -> Marks {
        let number =
            |wanted: Mark| self.of_rows.iter().filter(|mark| **mark == wanted).count() as u64;
        self.counts = [
            number(Mark::New),
            number(Mark::Changed),
            self.removed.len() as u64,
        ];
        self
    }
}

/// Refuses a folder that no window can show.
pub fn expect_listable(rows: &Rows) -> Result<()> {
    // Rows are numbered with 32 bits, those that were removed behind the others.
    const MOST: usize = (u32::MAX / 2) as usize;
    if rows.len() < MOST {
        return Ok(());
    }
    Err(Error::invalid(
        "show the folder",
        "it has more entries than can be listed",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &[u8]) -> Row<'_> {
        Row {
            name,
            kind: RowKind::File,
            size: 7,
            files: 1,
            modified: -5,
            has_subfolders: false,
            is_incomplete: false,
        }
    }

    #[test]
    fn what_is_added_is_found_by_its_name() {
        let mut rows = Rows::default();
        for name in [&b"a"[..], b"b\xff", b"c\nd"] {
            rows.add(row(name));
        }
        assert_eq!(rows.find(b"b\xff"), Some(1));
        assert_eq!(rows.find(b"b"), None);
        assert_eq!(rows.get(2), Some(row(b"c\nd")));
        assert_eq!(rows.get(2).unwrap().shown_name(), "c\\nd");
        assert!(rows.get(3).is_none());
    }

    #[test]
    fn a_row_takes_less_than_a_hundred_bytes_with_its_name() {
        let mut rows = Rows::default();
        for number in 0..10_000 {
            rows.add(row(
                format!("a file of an ordinary name {number:06}").as_bytes()
            ));
        }
        rows.shrink();
        assert!(rows.memory() / rows.len() < 100, "{}", rows.memory());
    }
}
