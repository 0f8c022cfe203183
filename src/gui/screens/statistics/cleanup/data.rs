//! Which snapshots are ticked, by hand or by a rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::gui::command::{BrowseTarget, Command};
use crate::gui::overview::Overview;
use crate::gui::screens::statistics::data::Row;
use crate::gui::words::date_time;
use crate::jobs::ChosenSnapshots;
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::keep::{KeepRule, KeptAs};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub archive: ArchiveName,
    pub name: SnapshotName,
}

impl Key {
    pub fn of(row: &Row) -> Key {
        Key {
            archive: row.archive.clone(),
            name: row.name,
        }
    }

    /// Shows it in Browse, with the versions of a file in it if one is named.
    pub fn browse(self, file: Option<Vec<u8>>) -> Command {
        let folder = file.as_deref().map(|file| {
            let slash = file.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            file[..slash.max(1).min(file.len())].to_vec()
        });
        Command::Browse(BrowseTarget {
            source: SeriesSource::Archive(self.archive),
            snapshot: Some(self.name),
            folder,
            versions_of: file,
        })
    }
}

/// Snapshots that are ticked to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticks(BTreeSet<Key>);

impl Ticks {
    /// Those that a rule gives up, of each archive by itself.
    pub fn of_rule(rows: &[Row], rule: &KeepRule) -> Ticks {
        let mut ticks = BTreeSet::new();
        for (archive, names) in by_archive(rows) {
            let given_up = rule.given_up(&names).into_iter();
            ticks.extend(given_up.map(|name| Key {
                archive: archive.clone(),
                name,
            }));
        }
        Ticks(ticks)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn holds(&self, row: &Row) -> bool {
        self.0.contains(&Key::of(row))
    }

    /// Forgets those that are not there any more.
    pub fn retain(&mut self, rows: &[Row]) {
        if !self.0.is_empty() {
            let all: BTreeSet<Key> = rows.iter().map(Key::of).collect();
            self.0.retain(|key| all.contains(key));
        }
    }

    /// Which places of a table they have that shows the newest first.
    pub fn places(&self, rows: &[Row]) -> BTreeSet<usize> {
        let newest_first = rows.iter().rev().enumerate();
        let ticked = newest_first.filter(|(_, row)| self.holds(row));
        ticked.map(|(place, _)| place).collect()
    }

    /// Takes the ticks of such a table. Where several were ticked at once and none of an archive would be left, its
    /// newest one is spared: the archives of which that is so.
    pub fn take(&mut self, rows: &[Row], places: &BTreeSet<usize>) -> Vec<ArchiveName> {
        let newest_first = rows.iter().rev().enumerate();
        let ticked = newest_first.filter(|(place, _)| places.contains(place));
        let ticked: BTreeSet<Key> = ticked.map(|(_, row)| Key::of(row)).collect();
        let by_one_click = ticked.difference(&self.0).count() <= 1;
        self.0 = ticked;
        let mut spared = Vec::new();
        if by_one_click {
            return spared;
        }
        for (archive, names) in by_archive(rows) {
            let key = |name: &SnapshotName| Key {
                archive: archive.clone(),
                name: *name,
            };
            if let Some(newest) = names.iter().max()
                && names.iter().all(|name| self.0.contains(&key(name)))
            {
                self.0.remove(&key(newest));
                spared.push(archive);
            }
        }
        spared
    }

    /// They as a deletion takes them, by archive.
    pub fn chosen(&self, overview: &Overview) -> Vec<ChosenSnapshots> {
        let mut chosen: BTreeMap<&ArchiveName, Vec<SnapshotName>> = BTreeMap::new();
        for key in &self.0 {
            chosen.entry(&key.archive).or_default().push(key.name);
        }
        let chosen = chosen.into_iter();
        let all = chosen.map(|(archive, snapshots)| ChosenSnapshots {
            archive: archive.clone(),
            // Whether one is left that can be read.
            allow_last: overview
                .archive(archive)
                .and_then(|archive| archive.snapshots.value())
                .is_some_and(|all| {
                    let mut all = all.snapshots.iter();
                    all.all(|snapshot| snapshots.contains(&snapshot.name))
                }),
            snapshots,
        });
        all.collect()
    }

    /// Their dates, as a dialog shows them, the newest first.
    pub fn dates(&self, chosen: &[ChosenSnapshots]) -> Vec<String> {
        let mut keys: Vec<&Key> = self.0.iter().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.name));
        let with_archive = chosen.len() > 1;
        let date = |key: &&Key| match with_archive {
            true => format!("{}, {}", date_time(key.name.time()), key.archive),
            false => date_time(key.name.time()),
        };
        keys.iter().map(date).collect()
    }
}

fn by_archive(rows: &[Row]) -> BTreeMap<ArchiveName, Vec<SnapshotName>> {
    let mut all: BTreeMap<ArchiveName, Vec<SnapshotName>> = BTreeMap::new();
    for row in rows {
        all.entry(row.archive.clone()).or_default().push(row.name);
    }
    all
}

/// Why each snapshot is kept by a rule, in words; nothing for those that are not, and without a rule.
pub fn reasons(
    rows: &[Row],
    rule: &KeepRule,
    words: fn(&[KeptAs]) -> String,
) -> BTreeMap<Key, String> {
    let mut reasons = BTreeMap::new();
    if rule.is_empty() {
        return reasons;
    }
    for (archive, names) in by_archive(rows) {
        for (name, why) in rule.kept(&names) {
            let key = Key {
                archive: archive.clone(),
                name,
            };
            reasons.insert(key, words(&why));
        }
    }
    reasons
}

/// `newest, day, week`: where there is little room.
pub fn short_words(why: &[KeptAs]) -> String {
    let words = why.iter().map(|why| match why {
        KeptAs::Last => "newest",
        KeptAs::OfDay => "day",
        KeptAs::OfWeek => "week",
        KeptAs::OfMonth => "month",
        KeptAs::OfYear => "year",
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `one of the newest; newest of its day, week and year`.
pub fn in_words(why: &[KeptAs]) -> String {
    let periods: Vec<&str> = why
        .iter()
        .filter_map(|why| why.words().strip_prefix("newest of its "))
        .collect();
    let mut parts = Vec::new();
    if why.contains(&KeptAs::Last) {
        parts.push(KeptAs::Last.words().to_owned());
    }
    match periods.split_last() {
        None => {}
        Some((last, [])) => parts.push(format!("newest of its {last}")),
        Some((last, before)) => {
            parts.push(format!("newest of its {} and {last}", before.join(", ")));
        }
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::super::data::tests::some_rows;
    use super::*;

    /// Two of `home`, and one of `photos` between them.
    fn rows() -> Vec<Row> {
        some_rows()
    }

    #[test]
    fn a_rule_is_applied_to_each_archive_by_itself() {
        let rule = KeepRule {
            last: 1,
            ..KeepRule::default()
        };
        let ticks = Ticks::of_rule(&rows(), &rule);
        assert_eq!(ticks.len(), 1);
        assert!(ticks.holds(&rows()[0]));
        assert_eq!(ticks.places(&rows()), [2].into());
        assert!(Ticks::of_rule(&rows(), &KeepRule::default()).is_empty());
    }

    #[test]
    fn the_last_snapshot_of_an_archive_is_ticked_only_by_itself() {
        let mut ticks = Ticks::default();
        let spared = ticks.take(&rows(), &[0, 1, 2].into());
        let spared: Vec<&str> = spared.iter().map(ArchiveName::as_str).collect();
        assert_eq!(spared, ["home", "photos"]);
        assert_eq!(ticks.places(&rows()), [2].into());
        assert!(ticks.take(&rows(), &[0, 2].into()).is_empty());
        assert_eq!(ticks.len(), 2);
    }

    #[test]
    fn what_is_gone_is_not_ticked_any_more() {
        let mut ticks = Ticks::default();
        ticks.take(&rows(), &[2].into());
        ticks.retain(&rows()[1..]);
        assert!(ticks.is_empty());
    }

    #[test]
    fn the_reasons_are_told_in_words() {
        assert_eq!(in_words(&[KeptAs::Last]), "one of the newest");
        assert_eq!(in_words(&[KeptAs::OfDay]), "newest of its day");
        let all = [KeptAs::Last, KeptAs::OfDay, KeptAs::OfWeek, KeptAs::OfYear];
        assert_eq!(
            in_words(&all),
            "one of the newest; newest of its day, week and year"
        );
        let rule = KeepRule {
            last: 1,
            ..KeepRule::default()
        };
        assert_eq!(short_words(&all), "newest, day, week, year");
        assert_eq!(reasons(&rows(), &rule, in_words).len(), 2);
        assert!(reasons(&rows(), &KeepRule::default(), in_words).is_empty());
    }
}
