//! The figures of the screen: one row for each snapshot, from which charts, table, sentences and CSV are made, so
//! that they cannot say different things.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::format::id::Id;
use crate::gui::overview::{Overview, SnapshotOverview};
use crate::gui::words::date_time;
use crate::human::{count, counted, duration, size};
use crate::repository::holdings::ClaimCosts;
use crate::repository::stats::RepositoryStats;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// The last backups, of which it is told what each brought.
pub const FEW_BACKUPS: usize = 5;

/// What the figures are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Archive(ArchiveName),
    /// All archives of this configuration that have contents in it.
    Repository(RepositoryName),
}

impl Choice {
    pub fn label(&self) -> String {
        match self {
            Choice::Archive(name) => name.to_string(),
            Choice::Repository(name) => format!("All of {name}"),
        }
    }
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub archive: ArchiveName,
    pub name: SnapshotName,
    /// Where its contents are, and what holds them there.
    pub repository: Id,
    pub claim: Id,
    pub files: u64,
    /// Sum of the sizes of its files.
    pub held_bytes: u64,
    /// The same, of the newest snapshots of all archives looked at, at that moment.
    pub held_now_bytes: u64,
    /// Sizes of the files that nobody had stored before.
    pub new_bytes: u64,
    /// What the repository grew by when it was made.
    pub stored_bytes: u64,
    /// That of this one and all before it that are still there.
    pub stored_in_all_bytes: u64,
    pub read_files: u64,
    pub problems: u64,
    pub wall_microseconds: u64,
    pub costs: Option<ClaimCosts>,
}

/// What snapshots hold and cost, as their repositories say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Of each claim by itself.
    pub each: HashMap<Id, ClaimCosts>,
    /// Of all of them together.
    pub together: ClaimCosts,
    /// Why those of some repositories are not in it.
    pub missing: Vec<String>,
}

/// A number that is told of every snapshot: a column of the table and of the CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Files,
    Held,
    New,
    Stored,
    StoredInAll,
    Shared,
    Alone,
    Frees,
}

impl Measure {
    pub const ALL: [Measure; 8] = [
        Measure::Files,
        Measure::Held,
        Measure::New,
        Measure::Stored,
        Measure::StoredInAll,
        Measure::Shared,
        Measure::Alone,
        Measure::Frees,
    ];

    /// Those that there is room for in a table of this width, beside when each snapshot was made, and of which
    /// archive it is where that is said.
    pub fn fitting(width: f32, has_archives: bool) -> Vec<Measure> {
        const WIDE: f32 = 860.0;
        let left_out: &[Measure] = match (width > WIDE, has_archives) {
            (true, false) => &[],
            (true, true) => &[Measure::New],
            (false, false) => &[Measure::New, Measure::StoredInAll, Measure::Alone],
            (false, true) => &[
                Measure::New,
                Measure::StoredInAll,
                Measure::Alone,
                Measure::Shared,
            ],
        };
        let all = Measure::ALL.into_iter();
        all.filter(|measure| !left_out.contains(measure)).collect()
    }

    pub fn title(self) -> &'static str {
        match self {
            Measure::Files => "Files",
            Measure::Held => "Their size",
            Measure::New => "New files",
            Measure::Stored => "Stored",
            Measure::StoredInAll => "Stored in all",
            Measure::Shared => "Shared",
            Measure::Alone => "Alone",
            Measure::Frees => "Frees",
        }
    }

    pub fn explanation(self) -> &'static str {
        match self {
            Measure::Files => "How many files are in the snapshot",
            Measure::Held => "The sizes of its files added up",
            Measure::New => "The sizes of the files that were not stored before",
            Measure::Stored => "What was written for it, compressed",
            Measure::StoredInAll => {
                "What was written for it and for all before it that are still there"
            }
            Measure::Shared => "The sizes of its different files that another snapshot has as well",
            Measure::Alone => "The sizes of its different files that no other snapshot has",
            Measure::Frees => {
                "The space that deleting it, and nothing else, gives back after pruning"
            }
        }
    }

    fn csv_name(self) -> &'static str {
        match self {
            Measure::Files => "files",
            Measure::Held => "bytes",
            Measure::New => "new_bytes",
            Measure::Stored => "stored_bytes",
            Measure::StoredInAll => "stored_in_all_bytes",
            Measure::Shared => "shared_bytes",
            Measure::Alone => "alone_bytes",
            Measure::Frees => "freed_by_deleting_bytes",
        }
    }

    /// `None` while, or where, it is not known.
    pub fn of(self, row: &Row) -> Option<u64> {
        let costs = row.costs.as_ref();
        match self {
            Measure::Files => Some(row.files),
            Measure::Held => Some(row.held_bytes),
            Measure::New => Some(row.new_bytes),
            Measure::Stored => Some(row.stored_bytes),
            Measure::StoredInAll => Some(row.stored_in_all_bytes),
            Measure::Shared => costs.map(|costs| {
                costs
                    .content_bytes
                    .saturating_sub(costs.alone_content_bytes)
            }),
            Measure::Alone => costs.map(|costs| costs.alone_content_bytes),
            Measure::Frees => costs.map(|costs| costs.alone_stored_bytes),
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

impl Row {
    fn new(archive: &ArchiveName, snapshot: &SnapshotOverview) -> Row {
        let build = &snapshot.build;
        Row {
            archive: archive.clone(),
            name: snapshot.name,
            repository: snapshot.repository,
            claim: snapshot.claim,
            files: build.files,
            held_bytes: build.bytes,
            held_now_bytes: 0,
            new_bytes: build.new_content_bytes,
            stored_bytes: build.stored_bytes,
            stored_in_all_bytes: 0,
            read_files: build.read_files,
            problems: build.problems,
            wall_microseconds: build.wall_microseconds,
            costs: None,
        }
    }

    /// Where it stands on an axis of local time, in seconds.
    pub fn at(&self) -> f64 {
        seconds_of(self.name.time())
    }

    /// Everything about it, a sentence each; the first says which it is.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![
            format!("{}, {}", date_time(self.name.time()), self.archive),
            format!(
                "{}, {} in all",
                counted(self.files, "file", "files"),
                size(self.held_bytes)
            ),
            format!(
                "New with it: {} of files, {} stored",
                size(self.new_bytes),
                size(self.stored_bytes)
            ),
        ];
        if self.costs.is_some() {
            words.push(format!(
                "Shared with other snapshots: {}; in it alone: {}",
                Measure::Shared.cell(self),
                Measure::Alone.cell(self)
            ));
            words.push(format!("Deleting it frees {}", Measure::Frees.cell(self)));
        }
        words
    }

    /// What the backup had to do and brought.
    pub fn brought(&self) -> String {
        let took = duration(self.wall_microseconds);
        let mut words = format!(
            "{} of {} read, {} of new files, {} stored, in {took}",
            count(self.read_files),
            counted(self.files, "file", "files"),
            size(self.new_bytes),
            size(self.stored_bytes)
        );
        if self.problems > 0 {
            words.push_str(&format!(
                ", {}",
                counted(self.problems, "problem", "problems")
            ));
        }
        words
    }
}

/// What can be chosen: each archive, and each repository that several of them share.
pub fn choices(overview: &Overview) -> Vec<Choice> {
    let archives = overview.archives.iter();
    let mut choices: Vec<Choice> = archives
        .map(|archive| Choice::Archive(archive.name.clone()))
        .collect();
    let repositories = overview.repositories.iter();
    choices.extend(repositories.map(|repository| Choice::Repository(repository.name.clone())));
    choices
}

/// A row for each snapshot that can be read, oldest first; what they cost is yet to come.
pub fn rows(choice: &Choice, overview: &Overview) -> Vec<Row> {
    let mut rows = Vec::new();
    match choice {
        Choice::Archive(name) => {
            let snapshots = overview
                .archive(name)
                .and_then(|archive| archive.snapshots.value());
            let snapshots = snapshots.map_or(&[][..], |overview| &overview.snapshots);
            rows.extend(snapshots.iter().map(|snapshot| Row::new(name, snapshot)));
        }
        Choice::Repository(name) => {
            let entry = overview
                .repository(name)
                .and_then(|one| one.entry.as_ref().ok());
            let Some(id) = entry.map(|entry| entry.id) else {
                return rows;
            };
            for archive in &overview.archives {
                let snapshots = archive
                    .snapshots
                    .value()
                    .map_or(&[][..], |all| &all.snapshots);
                let its = snapshots
                    .iter()
                    .filter(|snapshot| snapshot.repository == id);
                rows.extend(its.map(|snapshot| Row::new(&archive.name, snapshot)));
            }
            rows.sort_by_key(|row| row.name);
        }
    }
    add_up(&mut rows);
    rows
}

/// Fills in what depends on the rows before.
fn add_up(rows: &mut [Row]) {
    let mut stored = 0_u64;
    let mut newest: BTreeMap<ArchiveName, u64> = BTreeMap::new();
    for row in rows {
        stored = stored.saturating_add(row.stored_bytes);
        row.stored_in_all_bytes = stored;
        newest.insert(row.archive.clone(), row.held_bytes);
        row.held_now_bytes = newest.values().sum();
    }
}

/// Fills in what the repositories say of the costs.
pub fn add_costs(rows: &mut [Row], costs: &Costs) {
    for row in rows {
        row.costs = costs.each.get(&row.claim).copied();
    }
}

/// The claims of the rows, by their repositories.
pub fn claims(rows: &[Row]) -> BTreeMap<Id, Vec<Id>> {
    let mut claims: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    for row in rows {
        claims.entry(row.repository).or_default().push(row.claim);
    }
    claims
}

/// The numbers that matter most, each with its sentence.
pub fn headlines(
    choice: &Choice,
    rows: &[Row],
    together: Option<&ClaimCosts>,
    stats: Option<&RepositoryStats>,
) -> Vec<(String, String)> {
    let Some(newest) = rows.last() else {
        return Vec::new();
    };
    let snapshots = counted(rows.len() as u64, "snapshot", "snapshots");
    let mut headlines = vec![match choice {
        Choice::Archive(_) => (
            size(newest.held_bytes),
            format!(
                "of files are in the newest snapshot, of {}.",
                date_time(newest.name.time())
            ),
        ),
        Choice::Repository(_) => (
            size(newest.held_now_bytes),
            "of files are in the newest snapshots of its archives.".to_owned(),
        ),
    }];
    let held: u64 = rows.iter().map(|row| row.held_bytes).sum();
    headlines.push((
        size(held),
        format!("would be needed to keep {snapshots} as plain copies."),
    ));
    match (choice, together, stats) {
        (Choice::Archive(_), Some(together), _) => headlines.push((
            size(together.alone_stored_bytes),
            "is what it takes instead, and what deleting all of it would give back.".to_owned(),
        )),
        (Choice::Repository(_), _, Some(stats)) => headlines.push((
            size(stats.total_bytes()),
            "is what the repository takes instead on its disk.".to_owned(),
        )),
        _ => headlines.push((
            "?".to_owned(),
            "is what it takes instead: not known yet.".to_owned(),
        )),
    }
    let later = rows.get(1..).unwrap_or_default();
    let last = &later[later.len().saturating_sub(10)..];
    headlines.push(match last.len() as u64 {
        0 => (
            size(newest.stored_bytes),
            "was stored by the first backup.".to_owned(),
        ),
        1 => (
            size(newest.stored_bytes),
            "more was stored by the last backup.".to_owned(),
        ),
        number => {
            let stored: u64 = last.iter().map(|row| row.stored_bytes).sum();
            (
                size(stored / number),
                format!("more was stored by each of the last {number} backups, on average."),
            )
        }
    });
    headlines
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

/// The row that is nearest to a place on the axis of time.
pub fn nearest(rows: &[Row], at: f64) -> Option<usize> {
    let distance = |index: &usize| (rows[*index].at() - at).abs();
    (0..rows.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

/// Marks on an axis of bytes from 0: few, and at round numbers of the units that sizes are told in.
pub fn byte_step(highest: f64) -> f64 {
    let wanted = (highest / 4.0).max(1.0);
    2_f64.powf(wanted.log2().ceil())
}

/// Days, or hours where there are few days, between marks on an axis of time, in seconds.
pub fn time_step(seconds: f64) -> f64 {
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 24.0 * HOUR;
    let steps = [
        HOUR,
        3.0 * HOUR,
        6.0 * HOUR,
        12.0 * HOUR,
        DAY,
        2.0 * DAY,
        7.0 * DAY,
        14.0 * DAY,
        30.0 * DAY,
        91.0 * DAY,
        182.0 * DAY,
        365.0 * DAY,
    ];
    let most = steps.len() - 1;
    let fits = steps.iter().position(|step| seconds / step <= 7.0);
    match fits {
        Some(index) => steps[index],
        None => steps[most] * (seconds / steps[most] / 7.0).ceil(),
    }
}

/// What stands at a mark of an axis of time.
pub fn time_label(seconds: f64, step: f64) -> String {
    let Ok(time) = Timestamp::from_second(seconds as i64) else {
        return String::new();
    };
    let form = match step {
        step if step < 86_400.0 => "%-d %b %H:%M",
        step if step < 180.0 * 86_400.0 => "%-d %b",
        _ => "%b %Y",
    };
    time.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

/// A local time as seconds, as if it were that of a place where clocks never change.
fn seconds_of(time: DateTime) -> f64 {
    let zoned = time.to_zoned(TimeZone::UTC);
    zoned.map_or(0.0, |zoned| zoned.timestamp().as_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(archive: &str, name: &str, held: u64, stored: u64) -> Row {
        Row {
            archive: ArchiveName::new(archive).unwrap(),
            name: name.parse().unwrap(),
            repository: Id::random().unwrap(),
            claim: Id::random().unwrap(),
            files: 10,
            held_bytes: held,
            held_now_bytes: 0,
            new_bytes: stored * 2,
            stored_bytes: stored,
            stored_in_all_bytes: 0,
            read_files: 3,
            problems: 0,
            wall_microseconds: 2_000_000,
            costs: None,
        }
    }

    fn some_rows() -> Vec<Row> {
        let mut rows = vec![
            row("home", "2026-11-20-10-00-00", 1000, 500),
            row("photos", "2026-11-21-10-00-00", 4000, 3000),
            row("home", "2026-11-22-10-00-00", 1200, 100),
        ];
        add_up(&mut rows);
        rows
    }

    #[test]
    fn what_was_stored_adds_up_and_what_is_held_is_that_of_the_newest_of_each_archive() {
        let rows = some_rows();
        let stored: Vec<u64> = rows.iter().map(|row| row.stored_in_all_bytes).collect();
        let held: Vec<u64> = rows.iter().map(|row| row.held_now_bytes).collect();
        assert_eq!(stored, [500, 3500, 3600]);
        assert_eq!(held, [1000, 5000, 5200]);
    }

    #[test]
    fn csv_has_a_line_for_each_snapshot_and_leaves_empty_what_is_not_known() {
        let mut rows = some_rows();
        rows.truncate(2);
        let mut costs = Costs::default();
        costs.each.insert(
            rows[0].claim,
            ClaimCosts {
                contents: 3,
                content_bytes: 900,
                alone_contents: 1,
                alone_content_bytes: 300,
                alone_stored_bytes: 120,
                ..ClaimCosts::default()
            },
        );
        add_costs(&mut rows, &costs);
        assert_eq!(
            csv(&rows),
            "archive,snapshot,taken_at,files,bytes,new_bytes,stored_bytes,stored_in_all_bytes,shared_bytes,\
             alone_bytes,freed_by_deleting_bytes\r\n\
             home,2026-11-20-10-00-00.snapshot,2026-11-20T10:00:00,10,1000,1000,500,500,600,300,120\r\n\
             photos,2026-11-21-10-00-00.snapshot,2026-11-21T10:00:00,10,4000,6000,3000,3500,,,\r\n"
        );
    }

    #[test]
    fn headlines_are_numbers_with_a_sentence_each() {
        let rows = some_rows();
        let choice = Choice::Repository(RepositoryName::new("main").unwrap());
        let stats = RepositoryStats {
            pack_bytes: 2048,
            ..RepositoryStats::default()
        };
        let told = headlines(&choice, &rows, None, Some(&stats));
        let numbers: Vec<&str> = told.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, ["5.1 KiB", "6.1 KiB", "2.0 KiB", "1.5 KiB"]);
        assert!(headlines(&choice, &[], None, None).is_empty());
    }

    #[test]
    fn marks_are_few_and_round() {
        assert_eq!(byte_step(0.0), 1.0);
        assert_eq!(byte_step(10.0 * 1024.0), 4096.0);
        assert_eq!(time_step(3.0 * 86_400.0), 43_200.0);
        assert_eq!(time_step(60.0 * 86_400.0), 14.0 * 86_400.0);
        assert!(time_step(1e10) >= 1e10 / 7.0);
        assert_eq!(time_label(0.0, 86_400.0), "1 Jan");
    }

    #[test]
    fn the_nearest_snapshot_is_found_by_time() {
        let rows = some_rows();
        assert_eq!(nearest(&rows, rows[1].at() + 3600.0), Some(1));
        assert_eq!(nearest(&rows, 0.0), Some(0));
        assert_eq!(nearest(&[], 0.0), None);
    }
}
