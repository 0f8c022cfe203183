//! The numbers that are told of every snapshot: columns of the table and of the CSV file.

use super::data::Row;
use crate::human::{count, size};

/// A number that is told of every snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Files,
    Held,
    Stored,
    Shared,
    Alone,
    Frees,
    New,
    InAll,
    Written,
}

impl Measure {
    pub const ALL: [Measure; 9] = [
        Measure::Files,
        Measure::Held,
        Measure::Stored,
        Measure::Shared,
        Measure::Alone,
        Measure::Frees,
        Measure::New,
        Measure::InAll,
        Measure::Written,
    ];

    /// Those that there is room for in a table of this width, beside when each snapshot was made, and of which
    /// archive it is where that is said.
    pub fn fitting(width: f32, has_archives: bool) -> Vec<Measure> {
        const WIDE: f32 = 860.0;
        let left_out: &[Measure] = match (width > WIDE, has_archives) {
            (true, false) => &[],
            (true, true) => &[Measure::Written, Measure::InAll],
            (false, false) => &[Measure::Written, Measure::InAll, Measure::Files],
            (false, true) => &[
                Measure::Written,
                Measure::InAll,
                Measure::Files,
                Measure::Shared,
                Measure::Alone,
            ],
        };
        let all = Measure::ALL.into_iter();
        all.filter(|measure| !left_out.contains(measure)).collect()
    }

    pub fn title(self) -> &'static str {
        match self {
            Measure::Files => "Files",
            Measure::Held => "Held",
            Measure::Stored => "Stored",
            Measure::Shared => "Shared",
            Measure::Alone => "Alone",
            Measure::Frees => "Frees",
            Measure::New => "New",
            Measure::InAll => "In all",
            Measure::Written => "Written",
        }
    }

    pub fn explanation(self) -> &'static str {
        match self {
            Measure::Files => "How many files are in the snapshot",
            Measure::Held => "The sizes of its files added up",
            Measure::Stored => {
                "What its files take in the repository, each content once, compressed"
            }
            Measure::Shared => "Of what it takes, what other snapshots need as well",
            Measure::Alone => "Of what it takes, what no other snapshot needs",
            Measure::Frees => {
                "What deleting it and a prune give back, its own file included; of what it has alone some may be \
                 compressed together with what stays"
            }
            Measure::New => "Of what it takes, what no older snapshot needs: it grew by that",
            Measure::InAll => "What it and all before it that are still there take",
            Measure::Written => "What its backup wrote when it was made",
        }
    }

    fn csv_name(self) -> &'static str {
        match self {
            Measure::Files => "files",
            Measure::Held => "held_bytes",
            Measure::Stored => "stored_bytes",
            Measure::Shared => "shared_bytes",
            Measure::Alone => "alone_bytes",
            Measure::Frees => "freed_bytes",
            Measure::New => "new_bytes",
            Measure::InAll => "stored_in_all_bytes",
            Measure::Written => "written_bytes",
        }
    }

    /// `None` while, or where, it is not known.
    pub fn of(self, row: &Row) -> Option<u64> {
        let costs = row.costs.as_ref();
        match self {
            Measure::Files => Some(row.files),
            Measure::Held => Some(row.held_bytes),
            Measure::Stored => costs.map(|costs| costs.stored_bytes),
            Measure::Shared => costs.map(|costs| costs.shared_bytes()),
            Measure::Alone => costs.map(|costs| costs.alone_bytes),
            Measure::Frees => costs.map(|costs| costs.freed_bytes),
            Measure::New => costs.map(|costs| costs.new_bytes),
            Measure::InAll => row.costs.map(|_| row.stored_in_all_bytes),
            Measure::Written => Some(row.written_bytes),
        }
    }

    /// As people read it.
    pub fn cell(self, row: &Row) -> String {
        match (self, self.of(row)) {
            (_, None) => "?".to_owned(),
            (Measure::Files, Some(files)) => count(files),
            (_, Some(bytes)) => size(bytes),
        }
    }
}

/// All rows as CSV, sizes in bytes; a field is empty where the number is not known.
pub fn csv(rows: &[Row]) -> String {
    let mut text = String::from("archive,snapshot,taken_at");
    for measure in Measure::ALL {
        text.push(',');
        text.push_str(measure.csv_name());
    }
    text.push_str("\r\n");
    for row in rows {
        // Names of archives and snapshots are made of characters that need no quotes.
        let time = row.name.time().strftime("%Y-%m-%dT%H:%M:%S");
        text.push_str(&format!("{},{},{time}", row.archive, row.name));
        for measure in Measure::ALL {
            let value = measure.of(row).map(|value| value.to_string());
            text.push_str(&format!(",{}", value.unwrap_or_default()));
        }
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::data::tests::{costs_of, some_rows};
    use super::super::data::{Costs, add_costs};
    use super::*;

    #[test]
    fn csv_has_a_line_for_each_snapshot_and_leaves_empty_what_is_not_known() {
        let mut rows = some_rows();
        rows.truncate(2);
        let mut costs = Costs::default();
        costs
            .each
            .insert(rows[0].claim, costs_of(450, 120, 200, 220));
        add_costs(&mut rows, &costs);
        assert_eq!(
            csv(&rows),
            "archive,snapshot,taken_at,files,held_bytes,stored_bytes,shared_bytes,alone_bytes,freed_bytes,new_bytes,\
             stored_in_all_bytes,written_bytes\r\n\
             home,2026-11-20-10-00-00.snapshot,2026-11-20T10:00:00,10,1000,450,330,120,220,200,200,500\r\n\
             photos,2026-11-21-10-00-00.snapshot,2026-11-21T10:00:00,10,4000,,,,,,,3000\r\n"
        );
    }
}
