//! Differences between two snapshots, or between a snapshot and the disk: worked out on a thread into compact
//! rows, filtered here.

use std::path::{Path, PathBuf};

use super::listing::{Place, Reader};
use super::order::Wanted;
use super::rows::RowKind;
use crate::error::Result;
use crate::jobs::Fetch;
use crate::progress::Monitor;
use crate::snapshot::diff::{Change, Difference, DiskOptions, differences, differences_with_disk};
use crate::snapshot::tree::{Entry, Kind};

/// No more than this are listed; they are counted all the same.
const MOST_LISTED: usize = 100_000;

/// What is compared, and what came of it.
#[derive(Default)]
pub struct Comparison {
    /// The snapshot's file, and what it is compared with.
    pub between: Option<(PathBuf, Place)>,
    /// Only what is below the folder that is shown.
    pub is_folder_only: bool,
    pub folder: Vec<u8>,
    pub outcome: Fetch<Differing>,
    pub shown: Filter,
    /// Places of the rows that are shown.
    pub order: Vec<u32>,
}

/// Which differences are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub is_kind_shown: [bool; 4],
    pub text: String,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter {
            is_kind_shown: [true; 4],
            text: String::new(),
        }
    }
}

/// How something differs, for the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    New,
    Changed,
    Removed,
    Attributes,
}

impl Differs {
    pub const ALL: [Differs; 4] = [
        Differs::New,
        Differs::Changed,
        Differs::Removed,
        Differs::Attributes,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Differs::New => "New",
            Differs::Changed => "Changed",
            Differs::Removed => "Deleted",
            Differs::Attributes => "Attributes",
        }
    }

    fn of(change: Change) -> Differs {
        match change {
            Change::Added => Differs::New,
            Change::Removed => Differs::Removed,
            Change::Type | Change::Content => Differs::Changed,
            Change::Attributes => Differs::Attributes,
        }
    }

    fn place(self) -> usize {
        match self {
            Differs::New => 0,
            Differs::Changed => 1,
            Differs::Removed => 2,
            Differs::Attributes => 3,
        }
    }
}

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferingFile {
    pub path: Vec<u8>,
    pub differs: Differs,
    pub kind: RowKind,
    /// In bytes, where it was a file and where it is one.
    pub old_size: Option<u64>,
    pub new_size: Option<u64>,
    /// More than the word says: another type, perhaps the same, left out by a rule now.
    pub note: &'static str,
}

/// Everything that differs.
#[derive(Debug, Default)]
pub struct Differing {
    pub files: Vec<DifferingFile>,
    /// How many there are of each, listed or not, and their bytes: of what was removed the old ones, else the
    /// new.
    pub counts: [u64; 4],
    pub bytes: [u64; 4],
    pub is_truncated: bool,
    /// Folders that could not be read.
    pub warnings: u64,
}

impl Differing {
    fn add(&mut self, difference: Difference, note: &'static str) {
        let Difference {
            path,
            change,
            old,
            new,
        } = difference;
        let differs = Differs::of(change);
        let size = |entry: &Option<Entry>| match entry.as_ref().map(|entry| &entry.kind) {
            Some(Kind::File(file)) => Some(file.size),
            _ => None,
        };
        let (old_size, new_size) = (size(&old), size(&new));
        let bytes = match differs {
            Differs::Removed => old_size,
            _ => new_size,
        };
        let place = differs.place();
        self.counts[place] += 1;
        self.bytes[place] = self.bytes[place].saturating_add(bytes.unwrap_or(0));
        if self.files.len() >= MOST_LISTED {
            self.is_truncated = true;
            return;
        }
        let kind = new.as_ref().or(old.as_ref());
        self.files.push(DifferingFile {
            kind: kind.map_or(RowKind::Special, |entry| RowKind::of(&entry.kind)),
            path,
            differs,
            old_size,
            new_size,
            note: match (note, change) {
                ("", Change::Type) => "another type",
                (note, _) => note,
            },
        });
    }
}

impl Reader {
    /// Compares a folder of a snapshot with that of another one or of the disk.
    pub fn compare(
        &self,
        old: &Path,
        new: &Place,
        folder: &[u8],
        monitor: &Monitor,
    ) -> Result<Differing> {
        let old = self.opened.open(old)?;
        let mut differing = Differing::default();
        match new {
            Place::Snapshot(new) => {
                let new = self.opened.open(new)?;
                for (count, difference) in differences(&old, &new, folder)?.enumerate() {
                    if count.is_multiple_of(256) {
                        monitor.check_cancelled()?;
                    }
                    differing.add(difference?, "");
                }
                monitor.check_cancelled()?;
            }
            Place::Disk => {
                let (specification, own) = self.rules(&old)?;
                let options = DiskOptions::default();
                let found = &mut |found: crate::snapshot::diff::DiskDifference| {
                    let note = match (found.is_perhaps, &found.left_out) {
                        (true, _) => "perhaps",
                        (_, Some(_)) => "left out now",
                        _ => "",
                    };
                    differing.add(found.difference, note);
                };
                differences_with_disk(&old, &specification, &own, folder, options, monitor, found)?;
                differing.warnings = monitor.warnings();
            }
        }
        Ok(differing)
    }
}

impl Comparison {
    /// Finds out which rows to show.
    pub fn filter(&mut self) {
        let wanted = Wanted::new(&self.shown.text);
        let files = self.outcome.value().map_or(&[][..], |found| &found.files);
        let is_shown = |file: &DifferingFile| {
            self.shown.is_kind_shown[file.differs.place()] && wanted.is_in(&file.path)
        };
        let shown = files.iter().enumerate().filter(|(_, file)| is_shown(file));
        self.order = shown.map(|(place, _)| place as u32).collect();
    }

    pub fn row(&self, row: usize) -> Option<&DifferingFile> {
        let place = *self.order.get(row)?;
        self.outcome.value()?.files.get(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, differs: Differs) -> DifferingFile {
        DifferingFile {
            path: path.as_bytes().to_vec(),
            differs,
            kind: RowKind::File,
            old_size: None,
            new_size: None,
            note: "",
        }
    }

    #[test]
    fn kinds_and_a_part_of_the_path_say_what_is_shown() {
        let mut comparison = Comparison {
            outcome: Fetch::ready(Differing {
                files: vec![
                    file("/a/new", Differs::New),
                    file("/b/gone", Differs::Removed),
                    file("/A/mode", Differs::Attributes),
                ],
                ..Differing::default()
            }),
            ..Comparison::default()
        };
        let shown = |comparison: &mut Comparison| {
            comparison.filter();
            let rows = (0..comparison.order.len()).filter_map(|row| comparison.row(row));
            rows.map(|file| file.differs).collect::<Vec<_>>()
        };
        assert_eq!(shown(&mut comparison).len(), 3);
        comparison.shown.is_kind_shown[2] = false;
        assert_eq!(shown(&mut comparison), [Differs::New, Differs::Attributes]);
        comparison.shown.text = "/a/".to_owned();
        assert_eq!(shown(&mut comparison), [Differs::New, Differs::Attributes]);
        comparison.shown.text = "new".to_owned();
        assert_eq!(shown(&mut comparison), [Differs::New]);
    }
}
