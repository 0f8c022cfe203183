//! Jobs that have ended, of this session and of earlier days, and what went wrong in one of them.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::fs::escaped;
use crate::gui::command::{ExcludeRule, Tone};
use crate::gui::words;
use crate::human::{count, counted};
use crate::jobs::history::{History, HistoryEntry, HistoryResult};
use crate::jobs::{JobId, Jobs, Work};
use crate::progress::{Problem, Problems, Severity};
use crate::repository::prune::PruneDepth;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::globs::glob_of;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// A job that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub entry: HistoryEntry,
    /// It is one of this session.
    pub job: Option<JobId>,
}

/// The archive that a job was about.
pub fn archive_of(row: &Row) -> Option<ArchiveName> {
    ArchiveName::new(row.entry.archive.as_deref()?).ok()
}

/// The snapshot that a backup made.
pub fn snapshot_of(row: &Row) -> Option<(ArchiveName, SnapshotName)> {
    let snapshot = row.entry.snapshot.as_deref()?.parse().ok()?;
    Some((archive_of(row)?, snapshot))
}

/// All jobs that have ended, the newest first.
pub fn rows(jobs: &Jobs, history: &History) -> Vec<Row> {
    let ended = jobs.all().filter_map(|job| {
        Some(Row {
            entry: words::history_entry(job)?,
            job: Some(job.id),
        })
    });
    let mut rows: Vec<Row> = ended.collect();
    // Those of this session are in the history as well.
    let is_known = |started: Timestamp| rows.iter().any(|row| row.entry.started == started);
    let earlier: Vec<Row> = history
        .entries
        .iter()
        .filter(|entry| !is_known(entry.started))
        .map(|entry| Row {
            entry: entry.clone(),
            job: None,
        })
        .collect();
    rows.extend(earlier);
    rows.sort_by_key(|row| std::cmp::Reverse(row.entry.started));
    rows
}

/// How a job ended, in a word or two.
pub fn result_words(entry: &HistoryEntry) -> (Tone, String) {
    match entry.result {
        HistoryResult::Done => (Tone::Good, "Done".to_owned()),
        HistoryResult::WithWarnings if entry.warnings > 0 => (
            Tone::Warning,
            counted(entry.warnings, "problem", "problems"),
        ),
        HistoryResult::WithWarnings => (Tone::Warning, "With warnings".to_owned()),
        HistoryResult::Failed => (Tone::Error, "Failed".to_owned()),
        HistoryResult::Cancelled => (Tone::Information, "Stopped".to_owned()),
    }
}

/// The work that an entry of the history stands for, where it can be done again by its name alone.
pub fn work_again(entry: &HistoryEntry) -> Option<Work> {
    let mut candidates = Vec::new();
    if let Some(archive) = &entry.archive
        && let Ok(archive) = ArchiveName::new(archive.as_str())
    {
        candidates.push(Work::BackUp { archive });
    }
    if let Some(repository) = &entry.repository
        && let Ok(repository) = RepositoryName::new(repository.as_str())
    {
        for read_data in [false, true] {
            candidates.push(Work::Check {
                repository: repository.clone(),
                read_data,
            });
        }
        for depth in [PruneDepth::Blocks, PruneDepth::Pieces] {
            candidates.push(Work::Prune {
                repository: repository.clone(),
                depth,
            });
        }
        candidates.push(Work::Repair { repository });
    }
    // The title is what tells them apart.
    candidates
        .into_iter()
        .find(|work| words::work_title(work) == entry.title)
}

/// Whether doing it once more makes sense. A plan is carried out once, and what is deleted is gone.
pub fn can_be_done_again(work: &Work) -> bool {
    matches!(
        work,
        Work::BackUp { .. } | Work::Check { .. } | Work::Prune { .. } | Work::Repair { .. }
    )
}

/// Something that went wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its bytes, where they are known: an old history has only what was shown.
    pub path: Option<Vec<u8>>,
    pub shown: String,
    pub attempted: String,
    pub why: String,
    pub is_notice: bool,
}

/// What went wrong in a job, in groups of the same reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub lines: Vec<Line>,
    /// What is not listed, because it is too much.
    pub further: u64,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The reason of all that follow, up to the next one.
    Reason {
        text: String,
        suggestion: Option<&'static str>,
        is_notice: bool,
    },
    File(Finding),
}

impl Findings {
    /// Of a job of this session.
    pub fn of_job(problems: &Problems) -> Findings {
        let findings = problems.kept.iter().map(Finding::of).collect();
        let all = problems.warnings + problems.notices;
        let further = all.saturating_sub(problems.kept.len() as u64);
        Findings::grouped(findings, further)
    }

    /// Of an earlier day.
    pub fn of_entry(entry: &HistoryEntry) -> Findings {
        let findings: Vec<Finding> = entry
            .problems
            .iter()
            .map(|line| Finding::parse(line))
            .collect();
        let further = entry.warnings.saturating_sub(findings.len() as u64);
        Findings::grouped(findings, further)
    }

    fn grouped(findings: Vec<Finding>, further: u64) -> Findings {
        let mut places = HashMap::new();
        let mut groups: Vec<Vec<Finding>> = Vec::new();
        for finding in findings {
            let key = (
                finding.is_notice,
                finding.attempted.clone(),
                finding.why.clone(),
            );
            let place = *places.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(finding);
        }
        // What matters more comes first, then what there is more of.
        groups.sort_by_key(|group| {
            let is_notice = group.first().is_some_and(|finding| finding.is_notice);
            (is_notice, std::cmp::Reverse(group.len()))
        });
        let mut lines = Vec::new();
        for group in groups {
            let Some(first) = group.first() else {
                continue;
            };
            lines.push(Line::Reason {
                text: first.reason(group.len() as u64),
                suggestion: words::suggestion(&first.attempted, &first.why),
                is_notice: first.is_notice,
            });
            lines.extend(group.into_iter().map(Line::File));
        }
        Findings { lines, further }
    }

    /// The suggestion for a line: that of its group.
    pub fn suggestion(&self, line: usize) -> Option<&'static str> {
        let until = self.lines.get(..=line)?;
        until.iter().rev().find_map(|line| match line {
            Line::Reason { suggestion, .. } => Some(*suggestion),
            Line::File(_) => None,
        })?
    }

    /// How many there are in all, as a title.
    pub fn title(&self) -> String {
        let listed = self
            .lines
            .iter()
            .filter(|line| matches!(line, Line::File(_)));
        let listed = listed.count() as u64;
        match self.further {
            0 => format!("What went wrong ({})", count(listed)),
            further => format!(
                "What went wrong (the first {}, and {} more)",
                count(listed),
                count(further)
            ),
        }
    }
}

impl Finding {
    fn of(problem: &Problem) -> Finding {
        Finding {
            path: Some(problem.path.clone()),
            shown: escaped(&problem.path).to_string(),
            attempted: problem.attempted.clone(),
            why: problem.why.clone(),
            is_notice: problem.severity == Severity::Notice,
        }
    }

    /// From a line as [`words::problem_line`] writes it.
    fn parse(line: &str) -> Finding {
        const BETWEEN: &str = ": could not ";
        let (shown, rest) = line.rsplit_once(BETWEEN).unwrap_or((line, ""));
        let (attempted, why) = rest.split_once(": ").unwrap_or((rest, ""));
        Finding {
            // What has no escape in it is shown as it is.
            path: (!shown.contains('\\') && shown.starts_with('/'))
                .then(|| shown.as_bytes().to_vec()),
            shown: shown.to_owned(),
            attempted: attempted.to_owned(),
            why: why.to_owned(),
            is_notice: false,
        }
    }

    /// What this and others have in common.
    fn reason(&self, number: u64) -> String {
        let Finding { attempted, why, .. } = self;
        match attempted.as_str() {
            "include" => format!(
                "{} that the archive names: {why}",
                counted(number, "path", "paths")
            ),
            _ => format!(
                "{}: could not {attempted}: {why}",
                counted(number, "file", "files")
            ),
        }
    }

    /// The rule that leaves it out from now on, or why there is none.
    pub fn rule(&self) -> Result<ExcludeRule, &'static str> {
        if self.attempted == "include" {
            return Err("The archive names it: take it out of the archive instead");
        }
        let path = self.path.as_ref().filter(|path| path.starts_with(b"/"));
        let Some(path) = path else {
            return Err("Its path is not known well enough for a rule");
        };
        let Some(glob) = glob_of(path) else {
            return Err("Its name is no text, and rules are");
        };
        let is_folder = self.attempted.ends_with("the folder");
        Ok(match is_folder {
            true => ExcludeRule::Directory(glob),
            false => ExcludeRule::File(glob),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Monitor;

    fn entry(title: &str) -> HistoryEntry {
        HistoryEntry {
            started: Timestamp::UNIX_EPOCH,
            took_milliseconds: 1,
            title: title.to_owned(),
            archive: Some("home".to_owned()),
            repository: None,
            snapshot: None,
            result: HistoryResult::WithWarnings,
            summary: String::new(),
            warnings: 150,
            problems: vec!["/a: could not read: permission denied".to_owned()],
            health: None,
        }
    }

    #[test]
    fn what_went_wrong_is_grouped_by_reason_and_what_matters_comes_first() {
        let monitor = Monitor::new();
        monitor.notice(b"/link", "back up the link", "it leads nowhere");
        monitor.warn(b"/b", "read", "input/output error");
        monitor.warn(b"/a1", "read", "permission denied");
        monitor.warn(b"/a2", "read", "permission denied");
        let findings = Findings::of_job(&monitor.problems());
        let texts: Vec<String> = findings
            .lines
            .iter()
            .map(|line| match line {
                Line::Reason { text, .. } => text.clone(),
                Line::File(finding) => format!("  {}", finding.shown),
            })
            .collect();
        assert_eq!(
            texts,
            [
                "2 files: could not read: permission denied",
                "  /a1",
                "  /a2",
                "1 file: could not read: input/output error",
                "  /b",
                "1 file: could not back up the link: it leads nowhere",
                "  /link",
            ]
        );
        assert!(findings.suggestion(2).unwrap().contains("may not read"));
        assert_eq!(findings.title(), "What went wrong (4)");
    }

    #[test]
    fn a_line_of_the_history_reads_back() {
        let findings = Findings::of_entry(&entry("Back up home"));
        let Line::File(finding) = &findings.lines[1] else {
            panic!("{findings:?}");
        };
        assert_eq!(finding.path.as_deref(), Some(&b"/a"[..]));
        assert_eq!(finding.why, "permission denied");
        assert_eq!(findings.further, 149);
        let problem = Problem {
            path: b"/a: could not b\xff".to_vec(),
            attempted: "open the folder".to_owned(),
            why: "x: y".to_owned(),
            severity: Severity::Warning,
        };
        let parsed = Finding::parse(&words::problem_line(&problem));
        assert_eq!(parsed.shown, "/a: could not b\\xff");
        assert_eq!(
            (parsed.attempted.as_str(), parsed.why.as_str()),
            ("open the folder", "x: y")
        );
        assert!(parsed.rule().is_err());
    }

    #[test]
    fn a_rule_is_of_the_very_path_and_of_its_kind() {
        let rule = |path: &[u8], attempted: &str| {
            let monitor = Monitor::new();
            monitor.warn(path, attempted, "permission denied");
            Finding::of(&monitor.problems().kept[0]).rule()
        };
        assert_eq!(
            rule(b"/a[1]", "read"),
            Ok(ExcludeRule::File("/a\\[1\\]".to_owned()))
        );
        assert_eq!(
            rule(b"/d", "open the folder"),
            Ok(ExcludeRule::Directory("/d".to_owned()))
        );
        assert!(rule(b"/\xff", "read").is_err());
        assert!(rule(b"/x", "include").is_err());
    }

    #[test]
    fn what_can_be_done_again_is_known_by_its_title() {
        let work = work_again(&entry("Back up home")).unwrap();
        assert!(matches!(&work, Work::BackUp { archive } if archive.as_str() == "home"));
        assert!(can_be_done_again(&work));
        assert!(work_again(&entry("Delete 2 snapshots of home")).is_none());
        let mut check = entry("Check every byte of main");
        check.repository = Some("main".to_owned());
        let work = work_again(&check).unwrap();
        assert!(matches!(
            &work,
            Work::Check { repository, read_data: true } if repository.as_str() == "main"
        ));
    }
}
