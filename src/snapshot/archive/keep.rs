//! Which snapshots of an archive are worth keeping: the newest few, and one for each of a number of days, weeks,
//! months and years.
//!
//! Days, weeks, months and years in which there was no backup are not counted: a computer that was switched off
//! for a year loses nothing by that. Of each period the newest snapshot is kept, as restic and borg do it. The
//! newest snapshot of all is the newest of its day, week, month and year, and so no rule gives it up.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::name::SnapshotName;

/// How many snapshots are kept, and how densely. All zero: it says nothing, and everything is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepRule {
    /// The newest ones, whenever they were made.
    pub last: u32,
    /// One for each of so many days, by local time.
    pub days: u32,
    /// One for each of so many weeks, which begin on Mondays.
    pub weeks: u32,
    pub months: u32,
    pub years: u32,
}

/// Why a snapshot is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptAs {
    /// It is one of the newest.
    Last,
    /// It is the newest of its day, week, month, year.
    OfDay,
    OfWeek,
    OfMonth,
    OfYear,
}

/// The period that a time is in: a year, and which part of it.
type PeriodOf = fn(DateTime) -> (i16, i16);

impl KeptAs {
    pub fn words(self) -> &'static str {
        match self {
            KeptAs::Last => "one of the newest",
            KeptAs::OfDay => "newest of its day",
            KeptAs::OfWeek => "newest of its week",
            KeptAs::OfMonth => "newest of its month",
            KeptAs::OfYear => "newest of its year",
        }
    }
}

impl KeepRule {
    /// It says nothing about any snapshot.
    pub fn is_empty(&self) -> bool {
        *self == KeepRule::default()
    }

    /// Those of an archive's snapshots that are kept, each with the reasons for it; all, without a reason, by an
    /// empty rule. `names` in any order.
    pub fn kept(&self, names: &[SnapshotName]) -> BTreeMap<SnapshotName, Vec<KeptAs>> {
        let mut newest_first = names.to_vec();
        newest_first.sort_unstable();
        newest_first.dedup();
        newest_first.reverse();
        let mut kept: BTreeMap<SnapshotName, Vec<KeptAs>> = BTreeMap::new();
        if self.is_empty() {
            kept.extend(newest_first.into_iter().map(|name| (name, Vec::new())));
            return kept;
        }
        for name in newest_first.iter().take(self.last as usize) {
            kept.entry(*name).or_default().push(KeptAs::Last);
        }
        let periods: [(u32, KeptAs, PeriodOf); 4] = [
            (self.days, KeptAs::OfDay, |time| {
                (time.year(), time.day_of_year())
            }),
            (self.weeks, KeptAs::OfWeek, |time| {
                let week = time.date().iso_week_date();
                (week.year(), i16::from(week.week()))
            }),
            (self.months, KeptAs::OfMonth, |time| {
                (time.year(), i16::from(time.month()))
            }),
            (self.years, KeptAs::OfYear, |time| (time.year(), 0)),
        ];
        for (most, reason, period_of) in periods {
            let mut last = None;
            let mut found = 0;
            for name in &newest_first {
                let period = period_of(name.time());
                if last == Some(period) {
                    continue;
                }
                if found == most {
                    break;
                }
                found += 1;
                last = Some(period);
                kept.entry(*name).or_default().push(reason);
            }
        }
        kept
    }

    /// Those that are not kept, oldest first.
    pub fn given_up(&self, names: &[SnapshotName]) -> Vec<SnapshotName> {
        let kept = self.kept(names);
        let mut given_up = names.to_vec();
        given_up.retain(|name| !kept.contains_key(name));
        given_up.sort_unstable();
        given_up.dedup();
        given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(times: &[&str]) -> Vec<SnapshotName> {
        times.iter().map(|time| time.parse().unwrap()).collect()
    }

    fn kept(rule: KeepRule, times: &[&str]) -> Vec<String> {
        let kept = rule.kept(&names(times));
        kept.keys().map(|name| name.stem()).collect()
    }

    const NONE: KeepRule = KeepRule {
        last: 0,
        days: 0,
        weeks: 0,
        months: 0,
        years: 0,
    };

    #[test]
    fn a_rule_that_says_nothing_keeps_everything() {
        let times = ["2026-11-20-10-00-00", "2026-11-21-10-00-00"];
        assert_eq!(kept(NONE, &times), times);
        assert!(NONE.given_up(&names(&times)).is_empty());
    }

    #[test]
    fn the_newest_few_are_kept_whenever_they_were_made() {
        let times = [
            "2026-11-20-10-00-00",
            "2024-01-01-00-00-00",
            "2026-11-20-10-00-01",
        ];
        let rule = KeepRule { last: 2, ..NONE };
        assert_eq!(
            kept(rule, &times),
            ["2026-11-20-10-00-00", "2026-11-20-10-00-01"]
        );
        assert_eq!(rule.given_up(&names(&times)), names(&times[1..2]));
    }

    #[test]
    fn of_each_day_the_newest_is_kept_and_days_without_a_backup_do_not_count() {
        let times = [
            "2026-01-05-08-00-00",
            "2026-11-19-23-59-59",
            "2026-11-20-00-00-00",
            "2026-11-20-12-00-00",
            "2026-11-22-09-00-00",
        ];
        let rule = KeepRule { days: 3, ..NONE };
        assert_eq!(
            kept(rule, &times),
            [
                "2026-11-19-23-59-59",
                "2026-11-20-12-00-00",
                "2026-11-22-09-00-00"
            ]
        );
        // More days than there are: the one of January, too.
        let rule = KeepRule { days: 30, ..NONE };
        assert_eq!(kept(rule, &times).len(), 4);
    }

    #[test]
    fn weeks_begin_on_mondays_and_go_over_the_end_of_a_year() {
        // The 28th of December 2026 is a Monday; the 3rd of January 2027 is the Sunday of the same week.
        let times = [
            "2026-12-27-10-00-00",
            "2026-12-28-10-00-00",
            "2027-01-03-10-00-00",
            "2027-01-04-10-00-00",
        ];
        let rule = KeepRule { weeks: 3, ..NONE };
        assert_eq!(
            kept(rule, &times),
            [
                "2026-12-27-10-00-00",
                "2027-01-03-10-00-00",
                "2027-01-04-10-00-00"
            ]
        );
    }

    #[test]
    fn the_same_day_and_month_of_another_year_is_another_one() {
        let times = [
            "2024-11-20-10-00-00",
            "2025-11-20-10-00-00",
            "2026-11-20-10-00-00",
        ];
        for rule in [
            KeepRule { days: 3, ..NONE },
            KeepRule { weeks: 3, ..NONE },
            KeepRule { months: 3, ..NONE },
            KeepRule { years: 3, ..NONE },
        ] {
            assert_eq!(kept(rule, &times), times);
        }
    }

    #[test]
    fn each_says_all_the_reasons_why_it_is_kept() {
        let times = ["2025-06-01-10-00-00", "2026-11-20-10-00-00"];
        let rule = KeepRule {
            last: 1,
            days: 1,
            years: 2,
            ..NONE
        };
        let kept = rule.kept(&names(&times));
        let reasons: Vec<&Vec<KeptAs>> = kept.values().collect();
        assert_eq!(reasons[0], &[KeptAs::OfYear]);
        assert_eq!(reasons[1], &[KeptAs::Last, KeptAs::OfDay, KeptAs::OfYear]);
    }

    #[test]
    fn no_rule_gives_up_the_newest_and_a_larger_one_keeps_what_a_smaller_one_does() {
        // Every 13 hours over three years.
        let mut time: jiff::civil::DateTime = "2023-10-01T05:00:00".parse().unwrap();
        let mut all = Vec::new();
        while all.len() < 2000 {
            let stem = time.strftime("%Y-%m-%d-%H-%M-%S").to_string();
            all.push(stem.parse::<SnapshotName>().unwrap());
            time += jiff::Span::new().hours(13);
        }
        let newest = *all.last().unwrap();
        let mut before: Option<BTreeMap<_, _>> = None;
        for number in 1..40 {
            let rule = KeepRule {
                last: number / 3,
                days: number,
                weeks: number / 2,
                months: number / 4,
                years: number / 20,
            };
            let kept = rule.kept(&all);
            assert!(kept.contains_key(&newest));
            let given_up = rule.given_up(&all);
            assert_eq!(kept.len() + given_up.len(), all.len());
            if let Some(before) = before {
                assert!(before.keys().all(|name| kept.contains_key(name)));
            }
            before = Some(kept);
        }
    }
}
