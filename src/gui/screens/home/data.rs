//! What Home says of each archive, worked out from its snapshots and from what was tried.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::config::ArchiveEntry;
use crate::error::{Error, ErrorKind};
use crate::fs::escaped_path;
use crate::gui::command::Tone;
use crate::gui::overview::{SnapshotOverview, SnapshotsOverview};
use crate::gui::words;
use crate::human::{count, counted, size};
use crate::jobs::history::{HistoryEntry, HistoryResult};
use crate::snapshot::archive::name::SnapshotName;

/// So many days are shown, today included.
pub const DAYS: i64 = 30;
/// Without a rhythm to go by, an archive is overdue after so many days.
const PATIENCE_DAYS: i64 = 7;
/// After so many days being overdue is no longer a trifle.
const ALARM_DAYS: i64 = 30;

const NOT_ANSWERING: &str = "The place with its backups is not answering";

/// What is known of an archive.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    pub snapshots: Option<&'a SnapshotsOverview>,
    /// Why its snapshots cannot be read.
    pub error: Option<&'a Error>,
    pub is_not_answering: bool,
    /// The backups of it that the history has, oldest first.
    pub runs: &'a [&'a HistoryEntry],
}

/// An archive in a sentence, and its last days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safety {
    /// How it is, the worst first.
    pub tone: Tone,
    pub sentence: String,
    /// More to know, a sentence or two each.
    pub details: Vec<String>,
    pub days: Vec<Day>,
    /// Nothing is known of it yet.
    pub is_looking: bool,
    /// When the newest snapshot was taken.
    pub newest: Option<Timestamp>,
}

/// A day and what happened on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub state: DayState,
    /// The day, and what happened.
    pub words: String,
    /// The last snapshot of that day.
    pub snapshot: Option<SnapshotName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayState {
    BackedUp,
    /// Only snapshots from which something is missing.
    WithWarnings,
    /// A backup was due, or was tried, and there is none.
    Missed,
    /// No backup, and none was due.
    Nothing,
    /// It is not over yet.
    Ahead,
}

/// What an archive includes, and where that goes: `/home/me and 2 more → main`.
pub fn what(entry: Option<&ArchiveEntry>) -> String {
    let Some(entry) = entry else {
        return String::new();
    };
    let includes = &entry.specification.includes;
    let first = includes.first().map(|path| escaped_path(path).to_string());
    let more = match includes.len() {
        0 | 1 => String::new(),
        number => format!(" and {} more", count(number as u64 - 1)),
    };
    format!("{}{more} → {}", first.unwrap_or_default(), entry.repository)
}

/// How safe an archive is.
pub fn safety(known: &Known<'_>, now: &Zoned) -> Safety {
    let snapshots = known
        .snapshots
        .map(|overview| overview.snapshots.as_slice());
    let newest = snapshots.unwrap_or_default().last();
    let mut safety = Safety {
        tone: Tone::Good,
        sentence: String::new(),
        details: Vec::new(),
        days: days(known, now),
        is_looking: false,
        newest: newest.and_then(taken),
    };
    (safety.tone, safety.sentence) = judge(known, newest, now);
    safety.is_looking =
        known.snapshots.is_none() && known.error.is_none() && !known.is_not_answering;
    safety.details = details(known, newest, now);
    safety
}

fn judge(known: &Known<'_>, newest: Option<&SnapshotOverview>, now: &Zoned) -> (Tone, String) {
    // What is known from before stays true; that many snapshots take their time is no reason for alarm.
    if known.is_not_answering && known.snapshots.is_none() {
        return (Tone::Warning, NOT_ANSWERING.to_owned());
    }
    if let Some(error) = known.error {
        let sentence = match error.kind() {
            ErrorKind::NotFound | ErrorKind::Unavailable => {
                "The disk with its backups is not there".to_owned()
            }
            ErrorKind::Damaged => "Its backups are damaged".to_owned(),
            _ => words::error_title(error),
        };
        return (Tone::Error, sentence);
    }
    let Some(overview) = known.snapshots else {
        return (Tone::Information, "Looking at its backups".to_owned());
    };
    let Some(newest) = newest else {
        return match overview.unreadable.len() {
            0 => (Tone::Error, "Never backed up".to_owned()),
            _ => (Tone::Error, "None of its snapshots can be read".to_owned()),
        };
    };
    let Some(time) = taken(newest) else {
        return (Tone::Warning, "Backed up, nobody knows when".to_owned());
    };
    if let Some(failed) = failed_since(known, time) {
        let ago = words::ago(failed.started, now);
        return (Tone::Error, format!("The last backup failed, {ago}"));
    }
    let ago = words::days_between(time, now);
    let days_ago = i64::try_from(ago).unwrap_or(i64::MAX);
    let rhythm = rhythm(&dates(&overview.snapshots, now));
    if days_ago > rhythm.unwrap_or(PATIENCE_DAYS) {
        let tone = match days_ago >= ALARM_DAYS {
            true => Tone::Error,
            false => Tone::Warning,
        };
        let days = counted(ago, "day", "days");
        return (tone, format!("Not backed up for {days}"));
    }
    if !newest.complete {
        let left_out = counted(newest.build.problems.max(1), "file", "files");
        return (
            Tone::Warning,
            format!("The last backup left {left_out} out"),
        );
    }
    if overview.problem.is_some() {
        let sentence = "Backed up, but the archive's own file is lost or damaged";
        return (Tone::Warning, sentence.to_owned());
    }
    (Tone::Good, backed_up(newest, time, now))
}

fn backed_up(newest: &SnapshotOverview, time: Timestamp, now: &Zoned) -> String {
    format!(
        "Backed up {}: {}, {}",
        words::ago(time, now),
        counted(newest.build.files, "file", "files"),
        size(newest.totals.bytes)
    )
}

fn details(known: &Known<'_>, newest: Option<&SnapshotOverview>, now: &Zoned) -> Vec<String> {
    let mut details = Vec::new();
    if let Some(error) = known.error {
        details.push(words::error_rest(error));
    }
    let Some(overview) = known.snapshots else {
        return details;
    };
    if known.is_not_answering {
        details.push(format!("{NOT_ANSWERING} at the moment."));
    }
    if let Some(newest) = newest
        && let Some(time) = taken(newest)
    {
        let failed = failed_since(known, time);
        details.extend(failed.map(|entry| entry.summary.clone()));
        // The sentence says it where nothing is wrong.
        if !matches!(judge(known, Some(newest), now), (Tone::Good, _)) {
            details.push(format!("{}.", backed_up(newest, time, now)));
        }
        details.push(brought(newest, overview.snapshots.len() == 1));
    }
    if let Some(problem) = &overview.problem {
        details.push(words::sentence(problem));
    }
    match overview.unreadable.len() as u64 {
        0 => {}
        1 => details.push("One of its snapshots cannot be read.".to_owned()),
        many => details.push(format!("{} of its snapshots cannot be read.", count(many))),
    }
    details
}

/// What the newest snapshot brought.
fn brought(newest: &SnapshotOverview, is_first: bool) -> String {
    let build = &newest.build;
    let stored = size(build.stored_bytes);
    match (build.read_files, is_first) {
        (0, _) => "It found nothing new.".to_owned(),
        (files, true) => format!("+{}, {stored} stored.", counted(files, "file", "files")),
        (files, false) => format!(
            "The last one brought +{}, {stored} stored.",
            counted(files, "new or changed file", "new or changed files")
        ),
    }
}

/// The last attempt, if it failed and no backup was made since.
fn failed_since<'a>(known: &Known<'a>, newest: Timestamp) -> Option<&'a HistoryEntry> {
    let last = known.runs.last()?;
    let is_failed = last.result == HistoryResult::Failed && last.started > newest;
    is_failed.then_some(*last)
}

fn taken(snapshot: &SnapshotOverview) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(snapshot.taken_at.nanoseconds).ok()?;
    Timestamp::new(snapshot.taken_at.seconds, nanoseconds).ok()
}

fn date_of(time: Timestamp, now: &Zoned) -> Date {
    time.to_zoned(now.time_zone().clone()).date()
}

/// The days on which there was a backup, oldest first, each once.
fn dates(snapshots: &[SnapshotOverview], now: &Zoned) -> Vec<Date> {
    let times = snapshots.iter().filter_map(taken);
    let mut dates: Vec<Date> = times.map(|time| date_of(time, now)).collect();
    dates.sort();
    dates.dedup();
    dates
}

/// How many days usually lie between backups: the median of the last intervals. `None` with fewer than two.
fn rhythm(dates: &[Date]) -> Option<i64> {
    const RECENT: usize = 15;
    let recent = &dates[dates.len().saturating_sub(RECENT + 1)..];
    let mut intervals: Vec<i64> = recent
        .windows(2)
        .map(|pair| i64::from((pair[1] - pair[0]).get_days()))
        .collect();
    if intervals.len() < 2 {
        return None;
    }
    intervals.sort_unstable();
    Some(intervals[intervals.len() / 2].max(1))
}

fn days(known: &Known<'_>, now: &Zoned) -> Vec<Day> {
    let snapshots = known
        .snapshots
        .map(|overview| overview.snapshots.as_slice());
    let snapshots = snapshots.unwrap_or_default();
    let dates = dates(snapshots, now);
    let rhythm = rhythm(&dates);
    let today = now.date();
    (0..DAYS)
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .map(|date| {
            let of_day: Vec<&SnapshotOverview> = snapshots
                .iter()
                .filter(|snapshot| taken(snapshot).is_some_and(|time| date_of(time, now) == date))
                .collect();
            let has_failed = known.runs.iter().any(|run| {
                run.result == HistoryResult::Failed && date_of(run.started, now) == date
            });
            let before = dates.iter().rev().find(|other| **other < date);
            let is_due = match (rhythm, before) {
                (Some(rhythm), Some(before)) => i64::from((date - *before).get_days()) >= rhythm,
                _ => false,
            };
            day(date, &of_day, has_failed, is_due, date == today)
        })
        .collect()
}

fn day(
    date: Date,
    of_day: &[&SnapshotOverview],
    has_failed: bool,
    is_due: bool,
    is_today: bool,
) -> Day {
    let (state, happened) = match of_day.last() {
        Some(last) => {
            let at = last.name.time().strftime("%H:%M").to_string();
            let times = match of_day.len() {
                1 => format!("at {at}"),
                times => format!("{} times, the last at {at}", count(times as u64)),
            };
            match of_day.iter().any(|snapshot| snapshot.complete) {
                true => (DayState::BackedUp, format!("backed up {times}")),
                false => (
                    DayState::WithWarnings,
                    format!("backed up {times}, with something missing"),
                ),
            }
        }
        None if has_failed => (DayState::Missed, "the backup failed".to_owned()),
        None if is_today => (DayState::Ahead, "no backup yet".to_owned()),
        None if is_due => (
            DayState::Missed,
            "a backup was due, none was made".to_owned(),
        ),
        None => (DayState::Nothing, "no backup".to_owned()),
    };
    Day {
        state,
        words: format!("{}: {happened}", date.strftime("%a %-d %b %Y")),
        snapshot: of_day.last().map(|last| last.name),
    }
}

/// One sentence for all archives.
pub fn summary(all: &[(String, &Safety)], now: &Zoned) -> (Tone, String) {
    let archives = |number: usize| counted(number as u64, "archive", "archives");
    let worst = |tone: Tone| match tone {
        Tone::Error => 3,
        Tone::Warning => 2,
        Tone::Information => 1,
        Tone::Good => 0,
    };
    let bad: Vec<_> = all
        .iter()
        .filter(|(_, safety)| worst(safety.tone) > 1)
        .collect();
    if let Some((_, worst_one)) = bad.iter().max_by_key(|(_, safety)| worst(safety.tone)) {
        let names: Vec<&str> = bad.iter().map(|(name, _)| name.as_str()).collect();
        let text = match all.len() {
            1 => "Your backup needs attention".to_owned(),
            _ if bad.len() == 1 => {
                format!("1 of {} needs attention: {}", archives(all.len()), names[0])
            }
            _ => format!(
                "{} of {} need attention: {}",
                bad.len(),
                archives(all.len()),
                names.join(", ")
            ),
        };
        return (worst_one.tone, text);
    }
    if all.iter().any(|(_, safety)| safety.is_looking) {
        return (Tone::Information, "Looking at your backups".to_owned());
    }
    let newest = all.iter().filter_map(|(_, safety)| safety.newest).max();
    let newest = newest.map_or_else(String::new, |newest| {
        format!("; the newest backup is from {}", words::ago(newest, now))
    });
    let who = match all.len() {
        1 => "Everything is backed up".to_owned(),
        number => format!("All {} are backed up", archives(number)),
    };
    (Tone::Good, format!("{who}{newest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::id::Id;
    use crate::snapshot::file::{BuildStats, TakenAt};
    use crate::snapshot::tree::Totals;

    fn now() -> Zoned {
        "2026-11-25T12:00:00+00:00[UTC]".parse().unwrap()
    }

    fn snapshot(time: &str) -> SnapshotOverview {
        let time: Timestamp = time.parse().unwrap();
        let local = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let name = SnapshotName::for_new(local, None).unwrap();
        SnapshotOverview {
            name,
            path: "/x".into(),
            file_bytes: 1,
            taken_at: TakenAt {
                seconds: time.as_second(),
                nanoseconds: 0,
                utc_offset_seconds: 0,
                local_name: name.stem(),
            },
            totals: Totals {
                files: 80_000,
                directories: 1,
                bytes: 1_288_490_188,
            },
            build: BuildStats {
                files: 78_600,
                read_files: 12,
                stored_bytes: 3_565_158,
                ..BuildStats::default()
            },
            complete: true,
            repository: Id::random().unwrap(),
            claim: Id::random().unwrap(),
        }
    }

    fn of(snapshots: Vec<SnapshotOverview>) -> SnapshotsOverview {
        SnapshotsOverview {
            snapshots,
            ..SnapshotsOverview::default()
        }
    }

    fn judged(overview: &SnapshotsOverview) -> Safety {
        let known = Known {
            snapshots: Some(overview),
            ..Known::default()
        };
        safety(&known, &now())
    }

    /// The strip as text: backed up, with warnings, missed, nothing, ahead.
    fn strip(safety: &Safety) -> String {
        let letter = |day: &Day| match day.state {
            DayState::BackedUp => 'B',
            DayState::WithWarnings => 'W',
            DayState::Missed => 'x',
            DayState::Nothing => '.',
            DayState::Ahead => '-',
        };
        safety.days.iter().map(letter).collect()
    }

    #[test]
    fn a_fresh_backup_is_good_and_says_what_it_brought() {
        let safety = judged(&of(vec![
            snapshot("2026-11-24T09:00:00Z"),
            snapshot("2026-11-25T09:00:00Z"),
        ]));
        assert_eq!(safety.tone, Tone::Good);
        assert_eq!(
            safety.sentence,
            "Backed up 3 hours ago: 78 600 files, 1.2 GiB"
        );
        assert_eq!(
            safety.details,
            ["The last one brought +12 new or changed files, 3.4 MiB stored."]
        );
        assert_eq!(strip(&safety), "............................BB");
        assert_eq!(safety.days[29].words, "Wed 25 Nov 2026: backed up at 09:00");
    }

    #[test]
    fn nothing_at_all_is_an_error() {
        let safety = judged(&of(Vec::new()));
        assert_eq!(
            (safety.tone, safety.sentence.as_str()),
            (Tone::Error, "Never backed up")
        );
        assert_eq!(strip(&safety), ".............................-");
    }

    #[test]
    fn a_day_is_missed_only_when_a_backup_was_due() {
        // Daily until the 20th.
        let daily: Vec<_> = (15..=20)
            .map(|day| snapshot(&format!("2026-11-{day}T10:00:00Z")))
            .collect();
        let safety = judged(&of(daily));
        assert_eq!(strip(&safety), "...................BBBBBBxxxx-");
        assert_eq!(safety.tone, Tone::Warning);
        assert_eq!(safety.sentence, "Not backed up for 5 days");
        // Weekly: nothing is wrong with the days between.
        let weekly = ["02", "09", "16", "23"]
            .map(|day| snapshot(&format!("2026-11-{day}T10:00:00Z")))
            .to_vec();
        let safety = judged(&of(weekly));
        assert_eq!(strip(&safety), "......B......B......B......B.-");
        assert_eq!(safety.tone, Tone::Good);
        // Two backups are no rhythm yet: a week passes before anything is said.
        let safety = judged(&of(vec![
            snapshot("2026-11-12T10:00:00Z"),
            snapshot("2026-11-13T10:00:00Z"),
        ]));
        assert_eq!(safety.sentence, "Not backed up for 12 days");
        assert_eq!(strip(&safety), "................BB...........-");
    }

    #[test]
    fn the_worst_is_said() {
        let mut incomplete = snapshot("2026-11-25T09:00:00Z");
        incomplete.complete = false;
        incomplete.build.problems = 3;
        let overview = of(vec![incomplete]);
        let safety = judged(&overview);
        assert_eq!(safety.sentence, "The last backup left 3 files out");
        assert_eq!(
            safety.details[0],
            "Backed up 3 hours ago: 78 600 files, 1.2 GiB."
        );
        assert!(strip(&safety).ends_with('W'));
        let failed = HistoryEntry {
            started: "2026-11-25T11:00:00Z".parse().unwrap(),
            took_milliseconds: 1,
            title: "Back up home".to_owned(),
            archive: Some("home".to_owned()),
            repository: None,
            snapshot: None,
            result: HistoryResult::Failed,
            summary: "Could not write.".to_owned(),
            warnings: 0,
            problems: Vec::new(),
            health: None,
        };
        let known = Known {
            snapshots: Some(&overview),
            runs: &[&failed],
            ..Known::default()
        };
        let judged = super::safety(&known, &now());
        assert_eq!(judged.tone, Tone::Error);
        assert_eq!(judged.sentence, "The last backup failed, 1 hour ago");
        assert_eq!(judged.details[0], "Could not write.");
    }

    #[test]
    fn a_disk_that_is_away_and_a_share_that_hangs_are_told_apart() {
        let gone = Error::new(ErrorKind::NotFound, "open the archive").at("/mnt/x");
        let known = Known {
            error: Some(&gone),
            ..Known::default()
        };
        let away = safety(&known, &now());
        assert_eq!(away.sentence, "The disk with its backups is not there");
        let known = Known {
            is_not_answering: true,
            ..Known::default()
        };
        let hanging = safety(&known, &now());
        assert!(hanging.sentence.contains("not answering"));
        assert!(!hanging.is_looking);
        assert!(safety(&Known::default(), &now()).is_looking);
    }

    #[test]
    fn all_archives_together_are_one_sentence() {
        let good = judged(&of(vec![snapshot("2026-11-25T09:00:00Z")]));
        let never = judged(&of(Vec::new()));
        let say = |all: &[(String, &Safety)]| summary(all, &now());
        let named = |name: &str| name.to_owned();
        assert_eq!(
            say(&[(named("home"), &good), (named("photos"), &good)]).1,
            "All 2 archives are backed up; the newest backup is from 3 hours ago"
        );
        assert_eq!(
            say(&[(named("home"), &good)]).1,
            "Everything is backed up; the newest backup is from 3 hours ago"
        );
        let (tone, text) = say(&[(named("home"), &good), (named("photos"), &never)]);
        assert_eq!(tone, Tone::Error);
        assert_eq!(text, "1 of 2 archives needs attention: photos");
    }
}
