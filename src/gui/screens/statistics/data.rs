//! The figures of the screen: one row for each snapshot, from which charts, table, sentences and CSV are made, so
//! that they cannot say different things.
//!
//! The words are those of the manual: a snapshot *holds* its files; what those take in the repository is *stored*;
//! of that some is *shared* with other snapshots and some is in it *alone*; what no older snapshot needs is *new*.
//! What is in it alone is always new with it.

use std::collections::{BTreeMap, HashMap};

use super::axis::seconds_of;
use super::costs::Claim;
use crate::format::id::Id;
use crate::gui::overview::{Overview, SnapshotOverview};
use crate::gui::words::date_time;
use crate::human::{counted, size};
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

    /// Whether snapshots of this archive may be meant; those of a repository may be in another one.
    pub fn is_of(&self, archive: &ArchiveName) -> bool {
        match self {
            Choice::Archive(name) => name == archive,
            Choice::Repository(_) => true,
        }
    }
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub archive: ArchiveName,
    pub name: SnapshotName,
    /// Its file, and the length of it.
    pub path: std::path::PathBuf,
    pub file_bytes: u64,
    /// Where its contents are, and what holds them there.
    pub repository: Id,
    pub claim: Id,
    pub files: u64,
    /// Sum of the sizes of its files.
    pub held_bytes: u64,
    /// The same, of the newest snapshots of all archives looked at, at that moment.
    pub held_now_bytes: u64,
    /// What its backup wrote when it was made.
    pub written_bytes: u64,
    /// What it and those before it that are still there take; what was written for them, while that is not known.
    pub stored_in_all_bytes: u64,
    pub costs: Option<RowCosts>,
}

/// What a snapshot takes in its repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCosts {
    pub stored_bytes: u64,
    /// Of that, what no other snapshot needs.
    pub alone_bytes: u64,
    /// Of that, what no older snapshot needs.
    pub new_bytes: u64,
    /// What deleting it, and a prune, give back: to the byte.
    pub freed_bytes: u64,
}

impl RowCosts {
    /// What other snapshots need as well.
    pub fn shared_bytes(&self) -> u64 {
        self.stored_bytes.saturating_sub(self.alone_bytes)
    }

    /// What older snapshots need as well.
    pub fn older_bytes(&self) -> u64 {
        self.stored_bytes.saturating_sub(self.new_bytes)
    }

    /// New with it, and needed by later ones as well.
    pub fn passed_on_bytes(&self) -> u64 {
        self.new_bytes.saturating_sub(self.alone_bytes)
    }
}

/// What snapshots take, as their repositories say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Of each claim by itself.
    pub each: HashMap<Id, RowCosts>,
    /// Of all of them together.
    pub together: Together,
    /// Why those of some repositories are not in it.
    pub missing: Vec<String>,
}

/// What all snapshots that are looked at take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Together {
    pub stored_bytes: u64,
    /// What deleting all of them, and a prune, give back: to the byte.
    pub freed_bytes: u64,
}

impl Row {
    fn new(archive: &ArchiveName, snapshot: &SnapshotOverview) -> Row {
        let build = &snapshot.build;
        Row {
            archive: archive.clone(),
            name: snapshot.name,
            path: snapshot.path.clone(),
            file_bytes: snapshot.file_bytes,
            repository: snapshot.repository,
            claim: snapshot.claim,
            files: build.files,
            held_bytes: build.bytes,
            held_now_bytes: 0,
            written_bytes: build.stored_bytes,
            stored_in_all_bytes: 0,
            costs: None,
        }
    }

    /// Where it stands on an axis of local time, in seconds.
    pub fn at(&self) -> f64 {
        seconds_of(self.name.time())
    }

    /// When it was made, and of which archive it is.
    pub fn title(&self) -> String {
        format!("{}, {}", date_time(self.name.time()), self.archive)
    }

    /// Everything about it, a sentence each; the first says which it is.
    pub fn words(&self) -> Vec<String> {
        let files = counted(self.files, "file", "files");
        let mut words = vec![
            self.title(),
            format!("It holds {files}, {} in all", size(self.held_bytes)),
        ];
        match &self.costs {
            None => words.push(format!(
                "Its backup wrote {} when it was made",
                size(self.written_bytes)
            )),
            Some(costs) => {
                words.push(format!(
                    "They are stored in {}: {} shared with other snapshots, {} in it alone",
                    size(costs.stored_bytes),
                    size(costs.shared_bytes()),
                    size(costs.alone_bytes)
                ));
                words.push(format!("{} of that was new with it", size(costs.new_bytes)));
                words.push(format!("Deleting it frees {}", size(costs.freed_bytes)));
            }
        }
        words
    }

    /// What the backup brought.
    pub fn brought(&self) -> String {
        match &self.costs {
            Some(costs) => format!("brought {}", size(costs.new_bytes)),
            None => format!("wrote {}", size(self.written_bytes)),
        }
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
        let its = row.costs.map_or(row.written_bytes, |costs| costs.new_bytes);
        stored = stored.saturating_add(its);
        row.stored_in_all_bytes = stored;
        newest.insert(row.archive.clone(), row.held_bytes);
        row.held_now_bytes = newest.values().sum();
    }
}

/// Fills in what the repositories say of the costs.
pub fn add_costs(rows: &mut [Row], costs: &Costs) {
    for row in &mut *rows {
        row.costs = costs.each.get(&row.claim).copied();
    }
    add_up(rows);
}

/// The claims of the rows, by their repositories.
pub fn claims(rows: &[Row]) -> BTreeMap<Id, Vec<Claim>> {
    let mut claims: BTreeMap<Id, Vec<Claim>> = BTreeMap::new();
    for row in rows {
        let its = claims.entry(row.repository).or_default();
        its.push((row.claim, row.file_bytes));
    }
    claims
}

/// The whole of it in one sentence.
pub fn in_one_sentence(
    rows: &[Row],
    together: Option<&Together>,
    stats: Option<&RepositoryStats>,
) -> Option<String> {
    let newest = rows.last()?;
    let kept = match rows.len() {
        1 => "kept once".to_owned(),
        2 => "kept twice".to_owned(),
        number => format!("kept {number} times"),
    };
    let files = size(newest.held_now_bytes);
    Some(match (stats, together) {
        (Some(stats), _) => format!(
            "{files} of files, {kept}, in {}.",
            size(stats.total_bytes())
        ),
        (None, Some(together)) => {
            format!(
                "{files} of files, {kept}, in {}.",
                size(together.stored_bytes)
            )
        }
        (None, None) => format!("{files} of files, {kept}."),
    })
}

/// The numbers that matter most, each with its sentence.
pub fn headlines(
    choice: &Choice,
    rows: &[Row],
    together: Option<&Together>,
    stats: Option<&RepositoryStats>,
) -> Vec<(String, String)> {
    let Some(newest) = rows.last() else {
        return Vec::new();
    };
    let snapshots = counted(rows.len() as u64, "snapshot", "snapshots");
    let held: u64 = rows.iter().map(|row| row.held_bytes).sum();
    let mut headlines = vec![(
        size(held),
        format!("would be needed to keep {snapshots} as plain copies."),
    )];
    match (choice, together, stats) {
        (Choice::Archive(_), Some(together), _) => headlines.push((
            size(together.freed_bytes),
            "is what deleting all of them would give back.".to_owned(),
        )),
        (Choice::Repository(_), _, Some(stats)) => headlines.push((
            size(stats.total_bytes()),
            "is what the repository takes instead on its disk.".to_owned(),
        )),
        _ => headlines.push((
            "?".to_owned(),
            "is what they take instead: not known yet.".to_owned(),
        )),
    }
    let grew = |row: &Row| row.costs.map_or(row.written_bytes, |costs| costs.new_bytes);
    let later = rows.get(1..).unwrap_or_default();
    let last = &later[later.len().saturating_sub(10)..];
    headlines.push(match last.len() as u64 {
        0 => (
            size(grew(newest)),
            "was stored by the first backup.".to_owned(),
        ),
        1 => (
            size(grew(newest)),
            "more was stored by the last backup.".to_owned(),
        ),
        number => {
            let stored: u64 = last.iter().map(grew).sum();
            (
                size(stored / number),
                format!("more was stored by each of the last {number} backups, on average."),
            )
        }
    });
    headlines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn row(archive: &str, name: &str, held: u64, written: u64) -> Row {
        Row {
            archive: ArchiveName::new(archive).unwrap(),
            name: name.parse().unwrap(),
            path: format!("/snapshots/{name}.snapshot").into(),
            file_bytes: 100,
            repository: Id::random().unwrap(),
            claim: Id::random().unwrap(),
            files: 10,
            held_bytes: held,
            held_now_bytes: 0,
            written_bytes: written,
            stored_in_all_bytes: 0,
            costs: None,
        }
    }

    pub fn costs_of(
        stored_bytes: u64,
        alone_bytes: u64,
        new_bytes: u64,
        freed_bytes: u64,
    ) -> RowCosts {
        RowCosts {
            stored_bytes,
            alone_bytes,
            new_bytes,
            freed_bytes,
        }
    }

    pub fn some_rows() -> Vec<Row> {
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
        let mut rows = some_rows();
        let in_all =
            |rows: &[Row]| -> Vec<u64> { rows.iter().map(|row| row.stored_in_all_bytes).collect() };
        let held: Vec<u64> = rows.iter().map(|row| row.held_now_bytes).collect();
        assert_eq!(in_all(&rows), [500, 3500, 3600]);
        assert_eq!(held, [1000, 5000, 5200]);
        // Snapshots between them were deleted, and so they brought more than was written for them then.
        let mut costs = Costs::default();
        for (row, new) in rows.iter().zip([600, 3000, 150]) {
            costs.each.insert(row.claim, costs_of(4000, 50, new, 90));
        }
        add_costs(&mut rows, &costs);
        assert_eq!(in_all(&rows), [600, 3600, 3750]);
    }

    #[test]
    fn the_parts_of_what_a_snapshot_takes_add_up_to_it() {
        let costs = costs_of(1000, 100, 250, 140);
        assert_eq!(costs.shared_bytes() + costs.alone_bytes, 1000);
        assert_eq!(
            costs.older_bytes() + costs.passed_on_bytes() + costs.alone_bytes,
            1000
        );
    }

    #[test]
    fn all_of_it_is_one_sentence() {
        let mut rows = some_rows();
        let together = Together {
            stored_bytes: 2048,
            freed_bytes: 10,
        };
        let sentence = |rows: &[Row], together| in_one_sentence(rows, together, None);
        assert_eq!(
            sentence(&rows, Some(&together)).unwrap(),
            "5.1 KiB of files, kept 3 times, in 2.0 KiB."
        );
        assert_eq!(
            sentence(&rows, None).unwrap(),
            "5.1 KiB of files, kept 3 times."
        );
        rows.truncate(1);
        assert_eq!(
            sentence(&rows, None).unwrap(),
            "1000 B of files, kept once."
        );
        assert_eq!(sentence(&[], None), None);
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
        assert_eq!(numbers, ["6.1 KiB", "2.0 KiB", "1.5 KiB"]);
        assert!(headlines(&choice, &[], None, None).is_empty());
    }
}
