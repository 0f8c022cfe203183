//! What the window says: jobs, what came of them, errors, dates; in words for people who have never heard of
//! deduplication.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::catalog::Checkup;
use crate::catalog::defaults::LeftOut;
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, escaped_path};
use crate::human::{count, counted, size};
use crate::jobs::get_back::Target;
use crate::jobs::history::{Health, HealthFinding, HistoryEntry, HistoryResult, MOST_PROBLEMS};
use crate::jobs::list::Progress;
use crate::jobs::{ChosenSnapshots, Done, Job, JobState, Work};
use crate::progress::{Phase, Problem};
use crate::repository::check::Severity;
use crate::repository::prune::{PruneDepth, PruneReport};
use crate::snapshot::check::Trouble;
use crate::snapshot::restore::RestoreReport;

/// What a job is.
pub fn work_title(work: &Work) -> String {
    match work {
        Work::BackUp { archive } => format!("Back up {archive}"),
        Work::GetBack(prepared) => match &prepared.request.target {
            Target::Folder(folder) => format!("Extract to {}", escaped_path(folder)),
            Target::Origin => "Restore to where it came from".to_owned(),
        },
        Work::DeleteSnapshots { chosen, .. } => delete_title(chosen),
        Work::DeleteArchive { archive, .. } => format!("Delete the archive {archive}"),
        Work::Check {
            repository,
            read_data,
        } => match read_data {
            true => format!("Check every byte of {repository}"),
            false => format!("Check {repository}"),
        },
        Work::Prune {
            repository,
            depth: PruneDepth::Blocks,
        } => format!("Prune {repository}"),
        Work::Prune { repository, .. } => format!("Prune and repack {repository}"),
        Work::Convert { repository, .. } => format!("Convert {repository}"),
        Work::Repair { repository } => format!("Repair {repository}"),
        Work::DeleteRepository { repository, .. } => format!("Delete the repository {repository}"),
    }
}

/// What deleting snapshots is called: how many, and of what.
pub fn delete_title(chosen: &[ChosenSnapshots]) -> String {
    let number: usize = chosen.iter().map(|of| of.snapshots.len()).sum();
    let snapshots = counted(number as u64, "snapshot", "snapshots");
    match chosen {
        [one] => format!("Delete {snapshots} of {}", one.archive),
        several => format!("Delete {snapshots} of {} archives", several.len()),
    }
}

/// What a kind of things that are left out is called, and what it is.
pub fn left_out_words(kind: LeftOut) -> (&'static str, &'static str) {
    match kind {
        LeftOut::CacheFolder => (
            "Caches of programs",
            "The folder .cache in your home folder. Programs fill it again by themselves.",
        ),
        LeftOut::MarkedCaches => (
            "Folders marked as caches",
            "Programs put a file CACHEDIR.TAG into folders that are not worth a backup.",
        ),
        LeftOut::BrowserCaches => (
            "Caches of browsers",
            "What browsers and apps keep of pages they have shown. Bookmarks and passwords are kept.",
        ),
        LeftOut::Trash => ("Trash", "What you have deleted already."),
        LeftOut::PackageDownloads => (
            "Downloads of package managers",
            "What cargo, npm, gradle, maven, nuget and go have fetched and can fetch again.",
        ),
        LeftOut::NodeModules => (
            "node_modules",
            "Libraries that npm installs beside programs, and can install again.",
        ),
        LeftOut::CompiledPython => (
            "__pycache__",
            "What Python makes of programs, and makes again.",
        ),
    }
}

/// What a job is doing now.
pub fn phase(progress: &Progress) -> &'static str {
    if progress.is_stopping {
        return "Stopping";
    }
    match progress.phase {
        Phase::Starting => "Starting",
        Phase::Scanning => "Looking at what is there",
        Phase::Storing => "Backing up",
        Phase::Finishing => "Finishing",
        Phase::Planning => "Planning",
        Phase::Writing => "Writing",
        Phase::Checking => "Checking",
        Phase::Pruning => "Giving back space",
        Phase::Converting => "Converting",
    }
}

/// Files, bytes, rate and time left, in one line.
pub fn progress_line(progress: &Progress) -> String {
    let mut parts = Vec::new();
    parts.push(match progress.files_total {
        0 => counted(progress.files_done, "file", "files"),
        total => format!(
            "{} of {}",
            count(progress.files_done),
            counted(total.max(progress.files_done), "file", "files")
        ),
    });
    parts.push(match progress.bytes_total {
        0 => size(progress.bytes_done),
        total => format!(
            "{} of {}",
            size(progress.bytes_done),
            size(total.max(progress.bytes_done))
        ),
    });
    if progress.is_stalled {
        parts.push("no sign of life for a while".to_owned());
    } else if let Some(rate) = progress.bytes_per_second {
        parts.push(format!("{}/s", size(rate as u64)));
    }
    if let Some(left) = progress.time_left {
        parts.push(format!("about {} left", duration(left)));
    }
    parts.join("  ·  ")
}

/// How much of a job is done, from 0 to 1, where that is known.
pub fn fraction(progress: &Progress) -> Option<f32> {
    match (progress.bytes_total, progress.files_total) {
        (0, 0) => None,
        (0, files) => Some(progress.files_done as f32 / files as f32),
        (bytes, _) => Some(progress.bytes_done as f32 / bytes as f32),
    }
}

/// How a job ended, as a kind.
pub fn result(job: &Job) -> Option<HistoryResult> {
    let JobState::Ended {
        outcome, problems, ..
    } = &job.state
    else {
        return None;
    };
    Some(match outcome {
        Err(error) if error.kind() == ErrorKind::Cancelled => HistoryResult::Cancelled,
        Err(_) => HistoryResult::Failed,
        Ok(done) if problems.warnings > 0 || !is_whole(done) => HistoryResult::WithWarnings,
        Ok(_) => HistoryResult::Done,
    })
}

/// Whether everything that was asked for was done and found in order.
fn is_whole(done: &Done) -> bool {
    match done {
        Done::BackedUp(report) => report.is_complete,
        Done::GotBack { reports, .. } => reports.iter().all(|report| report.failed == 0),
        Done::Checked(checkup) => checkup.is_sound(),
        Done::DeletedSnapshots { pruned, .. } => match pruned {
            Some(Ok(pruned)) => pruned.left_undone.is_none(),
            Some(Err(_)) => false,
            None => true,
        },
        Done::Pruned(report) => report.left_undone.is_none(),
        Done::Converted(report) => report.prune.left_undone.is_none(),
        Done::Repaired(repaired) => repaired.report.lost() == 0,
        _ => true,
    }
}

/// What came of a job, in a sentence or two.
pub fn outcome(job: &Job) -> String {
    match job.outcome() {
        None => phase(&job.progress()).to_owned(),
        Some(Err(error)) if error.kind() == ErrorKind::Cancelled => {
            "Stopped. What was there before is unharmed.".to_owned()
        }
        Some(Err(error)) => sentence(error),
        Some(Ok(done)) => done_sentence(done),
    }
}

fn done_sentence(done: &Done) -> String {
    match done {
        Done::BackedUp(report) => {
            let stats = &report.stats;
            format!(
                "{} ({}) are backed up: {} read, {} stored.",
                counted(stats.files, "file", "files"),
                size(stats.bytes),
                counted(stats.read_files, "file", "files"),
                size(stats.stored_bytes)
            )
        }
        Done::GotBack { reports, folder } => got_back(reports, folder.is_some()),
        Done::DeletedSnapshots { report, pruned } => {
            let deleted = counted(report.deleted.len() as u64, "snapshot", "snapshots");
            match pruned {
                Some(Err(error)) => format!(
                    "{deleted} deleted. The space could not be given back: {} Prune the repository later.",
                    error_rest(error)
                ),
                Some(Ok(pruned)) => {
                    let freed = pruned
                        .stored_bytes_before
                        .saturating_sub(pruned.stored_bytes_after);
                    let told = format!("{deleted} deleted, {} given back.", size(freed));
                    with_left_undone(told, pruned)
                }
                None => format!("{deleted} deleted. Prune the repository to get the space back."),
            }
        }
        Done::DeletedArchive => "The archive and its snapshots are deleted.".to_owned(),
        Done::Checked(checkup) => {
            let report = &checkup.report;
            match checkup.is_sound() {
                true => format!(
                    "Everything is in order: {}, {}{}.",
                    counted(report.contents, "content", "contents"),
                    counted(checkup.snapshots.snapshots, "snapshot", "snapshots"),
                    match report.bytes_read {
                        0 => String::new(),
                        bytes => format!(", {} read and compared", size(bytes)),
                    }
                ),
                false => format!(
                    "Damage was found: {}.",
                    counted(
                        (report.findings.len()
                            + checkup.snapshots.findings.len()
                            + checkup.unavailable.len()) as u64,
                        "finding",
                        "findings"
                    )
                ),
            }
        }
        Done::Pruned(report) => {
            let freed = report
                .stored_bytes_before
                .saturating_sub(report.stored_bytes_after);
            let told = match freed {
                0 if report.left_undone.is_some() => "Nothing was given back.".to_owned(),
                0 => "There was nothing to give back.".to_owned(),
                freed => format!(
                    "{} given back: {} that no snapshot needs.",
                    size(freed),
                    counted(report.deleted_contents, "content", "contents")
                ),
            };
            let told = match report.is_repacking_worth_it() {
                true => format!(
                    "{told} Repacking gives back about {} more.",
                    size(report.mixed_bytes)
                ),
                false => told,
            };
            with_left_undone(told, report)
        }
        Done::Converted(report) => {
            let contents = counted(report.converted_contents, "content", "contents");
            with_left_undone(format!("{contents} converted."), &report.prune)
        }
        Done::Repaired(repaired) => match repaired.report.lost() {
            0 => "Repaired; nothing is lost.".to_owned(),
            lost => format!(
                "Repaired as far as possible; {} lost. The next backup stores again what is still there.",
                counted(lost, "content is", "contents are")
            ),
        },
        Done::DeletedRepository => "The repository is deleted.".to_owned(),
    }
}

/// With why a prune could not do everything, if it could not.
fn with_left_undone(told: String, report: &PruneReport) -> String {
    match &report.left_undone {
        Some(why) => format!("{told} Not everything could be done: {why}."),
        None => told,
    }
}

fn got_back(reports: &[RestoreReport], is_extract: bool) -> String {
    let sum = |number: fn(&RestoreReport) -> u64| reports.iter().map(number).sum::<u64>();
    let mut parts = Vec::new();
    let files = sum(|report| report.created_files);
    let folders = sum(|report| report.created_directories);
    parts.push(format!(
        "{} and {} {}",
        counted(files, "file", "files"),
        counted(folders, "folder", "folders"),
        if is_extract { "extracted" } else { "put back" }
    ));
    for (number, what) in [
        (sum(|report| report.replaced), "replaced"),
        (sum(|report| report.moved_aside), "moved aside"),
        (sum(|report| report.attributes_set), "with attributes set"),
        (sum(|report| report.left), "left as they were"),
        (sum(|report| report.failed), "FAILED"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    format!(
        "{}; {} written.",
        parts.join(", "),
        size(sum(|report| report.written_bytes))
    )
}

/// What the history keeps of a job that has ended.
pub fn history_entry(job: &Job) -> Option<HistoryEntry> {
    let JobState::Ended {
        problems,
        took,
        outcome: ended,
        ..
    } = &job.state
    else {
        return None;
    };
    let snapshot = match ended {
        Ok(Done::BackedUp(report)) => report.snapshot.map(|name| name.to_string()),
        _ => None,
    };
    let mut lines: Vec<String> = problems.kept.iter().map(problem_line).collect();
    if let Ok(Done::Checked(checkup)) = ended {
        lines.extend(findings(checkup));
    }
    lines.truncate(MOST_PROBLEMS);
    Some(HistoryEntry {
        started: job.started,
        took_milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        title: work_title(&job.work),
        archive: job.work.archive().map(ToString::to_string),
        repository: job.work.repository().map(ToString::to_string),
        snapshot,
        result: result(job)?,
        summary: outcome(job),
        warnings: problems.warnings,
        problems: lines,
        health: health(&job.work, ended),
    })
}

/// What a job tells of the health of a repository.
fn health(work: &Work, outcome: &crate::error::Result<Done>) -> Option<Health> {
    let (repository, finding) = match (work, outcome) {
        (Work::Check { read_data, .. }, Ok(Done::Checked(checkup))) => (
            checkup.repository,
            HealthFinding::Checked {
                read_data: *read_data,
                is_sound: checkup.is_sound(),
            },
        ),
        (_, Ok(Done::Repaired(repaired))) => (
            repaired.repository,
            HealthFinding::Repaired {
                lost: repaired.report.lost(),
            },
        ),
        _ => return None,
    };
    Some(Health {
        repository,
        finding,
    })
}

/// What a check has found damaged, a line each: first the files that cannot be had back, by snapshot, for that
/// is what a person wants to know; then what is wrong inside.
pub fn findings(checkup: &Checkup) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in &checkup.snapshots.findings {
        let snapshot = format!(
            "Snapshot {} of {}",
            date_time(finding.name.time()),
            finding.archive
        );
        match &finding.trouble {
            Trouble::Affected { paths, files } => {
                let affected = counted(*files, "file cannot", "files cannot");
                lines.push(format!("{snapshot}: {affected} be had back from it:"));
                lines.extend(paths.iter().map(|path| format!("    {}", escaped(path))));
                let more = files.saturating_sub(paths.len() as u64);
                if more > 0 {
                    lines.push(format!("    and {} more", count(more)));
                }
            }
            Trouble::Unreadable(error) => {
                lines.push(format!("{snapshot} cannot be read: {}", error.why()));
            }
            Trouble::Unclaimed => lines.push(format!(
                "{snapshot}: the record of what it needs is missing or damaged; pruning or repairing makes it anew"
            )),
            Trouble::Released => lines.push(format!(
                "{snapshot} was deleted before and has come back; what it needs may be gone. Delete it again"
            )),
        }
    }
    for archive in &checkup.unavailable {
        let why = archive.error.why();
        lines.push(format!(
            "The archive {} could not be looked at: {why}",
            archive.name
        ));
    }
    let damage = checkup.report.findings.iter();
    let damage = damage.filter(|finding| finding.severity == Severity::Damage);
    lines.extend(damage.map(|finding| format!("{}: {}", finding.what, finding.why)));
    lines
}

/// What went wrong with one file.
pub fn problem_line(problem: &Problem) -> String {
    format!(
        "{}: could not {}: {}",
        escaped(&problem.path),
        problem.attempted,
        problem.why
    )
}

/// What can be done about something that went wrong with a file.
pub fn suggestion(attempted: &str, why: &str) -> Option<&'static str> {
    let has = |words: &str| why.contains(words);
    if attempted == "include" {
        return Some(
            "The archive names it, and it is not there. Connect the disk that it is on, or take it out of the \
             archive.",
        );
    }
    Some(if has("permission denied") || has("not permitted") {
        "You may not read it: run Gibus as the administrator (root), or exclude it."
    } else if has("changed meanwhile") {
        "A program was writing to it. The next backup tries again; if it always changes, exclude it."
    } else if has("no such file") || has("gone") {
        "It was deleted while the backup ran. There is nothing to do."
    } else if has("input/output error") {
        "The disk cannot read it any more. Save what matters to you from that disk, and replace it."
    } else if has("leads nowhere") {
        "It is a link to something that is not there. The archive can be told to keep such links."
    } else if has("no space left") {
        "The disk is full: make space, and run it again."
    } else {
        return None;
    })
}

/// What was attempted, on what.
pub fn error_title(error: &Error) -> String {
    let mut text = format!("Could not {}", error.attempted());
    if let Some(path) = error.path() {
        text.push_str(&format!(" {}", escaped_path(path)));
    }
    text
}

/// Why it failed, and what to do.
pub fn error_rest(error: &Error) -> String {
    let why = match error.why() {
        why if why == error.attempted() => "",
        why => why,
    };
    let mut sentences: Vec<String> = Vec::new();
    for part in [why, error.advice().unwrap_or_default()] {
        if !part.is_empty() {
            let end = match part.ends_with(['.', '?', '!']) {
                true => "",
                false => ".",
            };
            sentences.push(format!("{}{end}", capitalized(part)));
        }
    }
    sentences.join(" ")
}

/// An error in a sentence or two.
pub fn sentence(error: &Error) -> String {
    format!("{}. {}", error_title(error), error_rest(error))
        .trim_end()
        .to_owned()
}

pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// With a small letter first, as in the middle of a sentence.
pub fn uncapitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// `40 seconds`, `3 minutes`, `2 hours`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => counted(seconds.max(1), "second", "seconds"),
        60..3600 => counted(seconds.div_ceil(60), "minute", "minutes"),
        3600..172_800 => counted(seconds / 3600, "hour", "hours"),
        _ => counted(seconds / 86_400, "day", "days"),
    }
}

/// How long ago something was: `just now`, `5 minutes ago`, `yesterday`, `12 days ago`.
pub fn ago(then: Timestamp, now: &Zoned) -> String {
    let seconds = now.timestamp().as_second() - then.as_second();
    if seconds < 0 {
        return "in the future".to_owned();
    }
    let days = days_between(then, now);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} ago", counted(seconds as u64 / 60, "minute", "minutes")),
        3600..86_400 if days == 0 => {
            format!("{} ago", counted(seconds as u64 / 3600, "hour", "hours"))
        }
        _ if days <= 1 => "yesterday".to_owned(),
        _ => format!("{} ago", counted(days, "day", "days")),
    }
}

/// Whole days on the calendar between a moment and now.
pub fn days_between(then: Timestamp, now: &Zoned) -> u64 {
    let then = then.to_zoned(now.time_zone().clone()).date();
    let days = (now.date() - then).get_days();
    u64::try_from(days).unwrap_or(0)
}

/// `Mon 23 Nov 2026, 10:43`.
pub fn date_time(time: DateTime) -> String {
    time.strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// A file's time in this time zone, like [`date_time`].
pub fn file_time(time: crate::snapshot::tree::Timestamp) -> String {
    let nanoseconds = i32::try_from(time.nanoseconds).unwrap_or(0);
    match Timestamp::new(time.seconds, nanoseconds) {
        Ok(timestamp) => timestamp
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M")
            .to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_goes_by_the_calendar() {
        let now: Zoned = "2026-11-25T10:00:00+00:00[UTC]".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(ago(at("2026-11-25T09:59:30Z"), &now), "just now");
        assert_eq!(ago(at("2026-11-25T09:55:00Z"), &now), "5 minutes ago");
        assert_eq!(ago(at("2026-11-25T01:00:00Z"), &now), "9 hours ago");
        assert_eq!(ago(at("2026-11-24T23:00:00Z"), &now), "yesterday");
        assert_eq!(ago(at("2026-11-13T23:00:00Z"), &now), "12 days ago");
        assert_eq!(ago(at("2026-11-26T23:00:00Z"), &now), "in the future");
    }

    #[test]
    fn a_prune_tells_why_it_could_not_do_everything() {
        let report = PruneReport {
            left_undone: Some("there is no space".to_owned()),
            ..PruneReport::default()
        };
        let done = Done::Pruned(Box::new(report));
        assert!(!is_whole(&done));
        assert_eq!(
            done_sentence(&done),
            "Nothing was given back. Not everything could be done: there is no space."
        );
        assert!(is_whole(&Done::Pruned(Box::default())));
    }

    #[test]
    fn an_error_is_told_in_sentences() {
        let error = Error::new(ErrorKind::NoSpace, "write the pack")
            .at("/mnt/nas/x")
            .because("no space left on device")
            .advise("free some space");
        assert_eq!(
            sentence(&error),
            "Could not write the pack /mnt/nas/x. No space left on device. Free some space."
        );
    }

    /// A job in the middle of its work, of which nothing is known in advance.
    fn at_work() -> Progress {
        Progress {
            phase: Phase::Storing,
            files_done: 1,
            files_total: 0,
            bytes_done: 2048,
            bytes_total: 0,
            bytes_written: 0,
            bytes_per_second: None,
            time_left: None,
            elapsed: Duration::from_secs(5),
            is_stalled: false,
            is_stopping: false,
            warnings: 0,
            current: Vec::new(),
        }
    }

    #[test]
    fn progress_says_what_is_known_and_no_more() {
        let mut progress = at_work();
        assert_eq!(progress_line(&progress), "1 file  ·  2.0 KiB");
        assert_eq!(fraction(&progress), None);
        progress.files_total = 3000;
        progress.bytes_total = 8192;
        assert_eq!(
            progress_line(&progress),
            "1 of 3 000 files  ·  2.0 KiB of 8.0 KiB"
        );
        assert_eq!(fraction(&progress), Some(0.25));
        progress.bytes_per_second = Some(1024.0);
        progress.time_left = Some(Duration::from_secs(6));
        assert_eq!(
            progress_line(&progress),
            "1 of 3 000 files  ·  2.0 KiB of 8.0 KiB  ·  1.0 KiB/s  ·  about 6 seconds left"
        );
        // More than was found when it was counted: never "5 of 3".
        progress.files_done = 3001;
        progress.bytes_done = 9216;
        progress.time_left = None;
        assert_eq!(
            progress_line(&progress),
            "3 001 of 3 001 files  ·  9.0 KiB of 9.0 KiB  ·  1.0 KiB/s"
        );
    }

    #[test]
    fn no_rate_is_claimed_while_nothing_moves() {
        let mut progress = at_work();
        progress.bytes_per_second = Some(1024.0);
        progress.is_stalled = true;
        assert_eq!(
            progress_line(&progress),
            "1 file  ·  2.0 KiB  ·  no sign of life for a while"
        );
    }

    #[test]
    fn what_is_being_stopped_says_so_whatever_it_is_doing() {
        let mut progress = at_work();
        assert_eq!(phase(&progress), "Backing up");
        progress.phase = Phase::Scanning;
        assert_eq!(phase(&progress), "Looking at what is there");
        progress.is_stopping = true;
        assert_eq!(phase(&progress), "Stopping");
    }
}
