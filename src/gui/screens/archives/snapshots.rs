//! The snapshots of an archive, as rows of a table, and which of them are chosen.

use std::collections::BTreeSet;

use crate::gui::overview::SnapshotsOverview;
use crate::gui::widgets::table::TableState;
use crate::gui::words::{capitalized, date_time};
use crate::human::{count, size};
use crate::snapshot::archive::name::SnapshotName;

/// A snapshot in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    pub name: SnapshotName,
    /// With the seconds only where another was made in the same minute.
    pub date: String,
    pub what: SnapshotKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotKind {
    Readable {
        files: u64,
        bytes: u64,
        /// By which the repository grew when it was made.
        stored_bytes: u64,
        is_complete: bool,
    },
    /// Why it cannot be read.
    Unreadable(String),
}

/// The table.
pub struct Snapshots {
    /// The newest first.
    rows: Vec<SnapshotRow>,
    pub table: TableState,
    /// How many are to stay, where the others are going to be chosen.
    pub keep: usize,
}

impl Default for Snapshots {
    fn default() -> Snapshots {
        Snapshots {
            rows: Vec::new(),
            table: TableState::default(),
            keep: 10,
        }
    }
}

impl Snapshots {
    /// Takes the snapshots as they are now; what was chosen stays so.
    pub fn set(&mut self, overview: &SnapshotsOverview) {
        let chosen: BTreeSet<SnapshotName> = self.chosen().into_iter().collect();
        let at = self.at().map(|row| row.name);
        self.rows = rows(overview);
        let place = |name| self.rows.iter().position(|row| row.name == name);
        self.table.cursor = at.and_then(place);
        self.table.selected = chosen.into_iter().filter_map(place).collect();
    }

    pub fn rows(&self) -> &[SnapshotRow] {
        &self.rows
    }

    /// The one that the cursor is on.
    pub fn at(&self) -> Option<&SnapshotRow> {
        self.rows.get(self.table.cursor?)
    }

    /// Those that are chosen, oldest first.
    pub fn chosen(&self) -> Vec<SnapshotName> {
        let rows = self.table.selected.iter().rev();
        rows.filter_map(|row| Some(self.rows.get(*row)?.name))
            .collect()
    }

    /// The dates of those, in the same order.
    pub fn chosen_dates(&self) -> Vec<String> {
        let rows = self.table.selected.iter().rev();
        rows.filter_map(|row| Some(self.rows.get(*row)?.date.clone()))
            .collect()
    }

    /// True if what is chosen leaves no snapshot that can be read.
    pub fn is_all_chosen(&self) -> bool {
        let mut rows = self.rows.iter().enumerate();
        let is_left = |(index, row): (usize, &SnapshotRow)| {
            row.is_readable() && !self.table.selected.contains(&index)
        };
        !self.table.selected.is_empty() && !rows.any(is_left)
    }

    /// Chooses all but the newest; only those that can be read count as kept.
    pub fn choose_all_but(&mut self, newest: usize) {
        let mut kept = 0;
        let mut chosen = BTreeSet::new();
        for (index, row) in self.rows.iter().enumerate() {
            if kept >= newest {
                chosen.insert(index);
            } else if row.is_readable() {
                kept += 1;
            }
        }
        self.table.selected = chosen;
    }
}

fn rows(overview: &SnapshotsOverview) -> Vec<SnapshotRow> {
    let readable = overview.snapshots.iter().map(|snapshot| SnapshotRow {
        name: snapshot.name,
        date: date_time(snapshot.name.time()),
        what: SnapshotKind::Readable {
            files: snapshot.totals.files,
            bytes: snapshot.totals.bytes,
            stored_bytes: snapshot.build.stored_bytes,
            is_complete: snapshot.complete,
        },
    });
    let unreadable = overview.unreadable.iter().map(|(name, error)| SnapshotRow {
        name: *name,
        date: date_time(name.time()),
        what: SnapshotKind::Unreadable(capitalized(error.why())),
    });
    let mut rows: Vec<SnapshotRow> = readable.chain(unreadable).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.name));
    let dates: Vec<String> = rows.iter().map(|row| row.date.clone()).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        let before = index.checked_sub(1).and_then(|before| dates.get(before));
        let beside = [before, dates.get(index + 1)];
        if beside.into_iter().flatten().any(|date| *date == row.date) {
            row.date = format!("{}:{:02}", row.date, row.name.time().second());
        }
    }
    rows
}

impl SnapshotRow {
    fn is_readable(&self) -> bool {
        matches!(self.what, SnapshotKind::Readable { .. })
    }

    /// What a column of the table has of it: date, state, files, bytes, stored by it.
    pub fn cell(&self, column: usize) -> String {
        match (&self.what, column) {
            (_, 0) => self.date.clone(),
            (SnapshotKind::Readable { files, .. }, 2) => count(*files),
            (SnapshotKind::Readable { bytes, .. }, 3) => size(*bytes),
            (SnapshotKind::Readable { stored_bytes, .. }, 4) => size(*stored_bytes),
            (SnapshotKind::Readable { is_complete, .. }, 1) => match is_complete {
                true => "Complete".to_owned(),
                false => "Something is missing".to_owned(),
            },
            (SnapshotKind::Unreadable(_), 1) => "Cannot be read".to_owned(),
            _ => String::new(),
        }
    }

    /// All of it, for those who do not see the columns.
    pub fn in_words(&self) -> String {
        match &self.what {
            SnapshotKind::Unreadable(why) => format!("{}, cannot be read: {why}", self.date),
            SnapshotKind::Readable { .. } => format!(
                "{}, {} files, {}, {} stored, {}",
                self.date,
                self.cell(2),
                self.cell(3),
                self.cell(4),
                self.cell(1).to_lowercase()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn overview(names: &[&str]) -> SnapshotsOverview {
        let unreadable = names.iter().map(|name| {
            let error = Error::damaged("open the snapshot", "it is too short");
            (name.parse().unwrap(), error)
        });
        SnapshotsOverview {
            unreadable: unreadable.collect(),
            ..SnapshotsOverview::default()
        }
    }

    /// A table of these, the newest first.
    fn table(rows: &[(&str, bool)]) -> Snapshots {
        let row = |(name, is_readable): &(&str, bool)| SnapshotRow {
            name: name.parse().unwrap(),
            date: (*name).to_owned(),
            what: match is_readable {
                true => SnapshotKind::Readable {
                    files: 1,
                    bytes: 1,
                    stored_bytes: 1,
                    is_complete: true,
                },
                false => SnapshotKind::Unreadable("Damaged".to_owned()),
            },
        };
        Snapshots {
            rows: rows.iter().map(row).collect(),
            ..Snapshots::default()
        }
    }

    const NAMES: [&str; 3] = [
        "2026-11-20-10-00-00",
        "2026-11-21-10-00-00",
        "2026-11-22-10-00-00",
    ];

    #[test]
    fn what_is_chosen_stays_so_when_others_come_and_go() {
        let mut snapshots = Snapshots::default();
        snapshots.set(&overview(&NAMES[..2]));
        snapshots.table.selected = [1].into();
        let oldest: SnapshotName = NAMES[0].parse().unwrap();
        assert_eq!(snapshots.chosen(), [oldest]);
        snapshots.set(&overview(&NAMES));
        assert_eq!(snapshots.chosen(), [oldest]);
        snapshots.set(&overview(&NAMES[1..]));
        assert!(snapshots.chosen().is_empty());
    }

    #[test]
    fn all_but_the_newest_are_chosen_oldest_first() {
        let mut snapshots = table(&[(NAMES[2], true), (NAMES[1], true), (NAMES[0], true)]);
        snapshots.choose_all_but(1);
        let expected: Vec<SnapshotName> = NAMES[..2].iter().map(|n| n.parse().unwrap()).collect();
        assert_eq!(snapshots.chosen(), expected);
        assert!(!snapshots.is_all_chosen());
        snapshots.choose_all_but(0);
        assert!(snapshots.is_all_chosen());
        snapshots.choose_all_but(7);
        assert!(snapshots.chosen().is_empty());
        assert!(!snapshots.is_all_chosen());
    }

    #[test]
    fn a_snapshot_that_cannot_be_read_is_not_one_of_those_that_are_kept() {
        let mut snapshots = table(&[(NAMES[2], false), (NAMES[1], true), (NAMES[0], true)]);
        snapshots.choose_all_but(1);
        let oldest: SnapshotName = NAMES[0].parse().unwrap();
        assert_eq!(snapshots.chosen(), [oldest]);
        assert!(!snapshots.is_all_chosen());
        // The one that would be left is no use.
        snapshots.table.selected = [1, 2].into();
        assert!(snapshots.is_all_chosen());
    }

    #[test]
    fn snapshots_of_one_minute_are_told_apart() {
        let mut snapshots = Snapshots::default();
        let names = [
            "2026-11-20-10-00-00",
            "2026-11-20-10-00-09",
            "2026-11-20-10-01-00",
        ];
        snapshots.set(&overview(&names));
        let dates: Vec<&str> = snapshots
            .rows()
            .iter()
            .map(|row| row.date.as_str())
            .collect();
        let day = "Fri 20 Nov 2026";
        assert_eq!(
            dates,
            [
                format!("{day}, 10:01"),
                format!("{day}, 10:00:09"),
                format!("{day}, 10:00:00")
            ]
        );
    }

    #[test]
    fn an_unreadable_snapshot_has_a_row_that_says_why() {
        let mut snapshots = Snapshots::default();
        snapshots.set(&overview(&NAMES[..1]));
        let row = &snapshots.rows()[0];
        assert_eq!(
            row.in_words(),
            "Fri 20 Nov 2026, 10:00, cannot be read: It is too short"
        );
        assert_eq!(row.cell(1), "Cannot be read");
    }
}
