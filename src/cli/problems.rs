//! What went wrong with single files, told after a run: warnings one by one, notices summed up.

use super::failure::Exit;
use super::human::count;
use super::json::JsonProblem;
use super::output::{Style, complain};
use crate::fs::escaped;
use crate::progress::{Problem, Problems, Severity};

/// More warnings than this are told only on request.
const SHOWN: usize = 20;

/// Tells the problems of a run on the standard error (with `--json` they are in the document instead),
/// and gives the exit code that they call for.
pub fn tell(problems: &Problems, style: Style) -> Exit {
    if !style.json {
        for line in lines(problems, style.verbose) {
            complain(&line);
        }
    }
    exit_of(problems)
}

pub fn exit_of(problems: &Problems) -> Exit {
    if problems.warnings > 0 {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

/// The problems as members of a JSON document.
pub fn to_json(problems: &Problems) -> Vec<JsonProblem> {
    problems.kept.iter().map(JsonProblem::from).collect()
}

fn lines(problems: &Problems, all: bool) -> Vec<String> {
    let limit = if all { usize::MAX } else { SHOWN };
    let warnings = of(problems, Severity::Warning);
    let mut lines: Vec<String> = warnings
        .iter()
        .take(limit)
        .map(|problem| {
            let Problem { attempted, why, .. } = problem;
            format!("{}: could not {attempted}: {why}", escaped(&problem.path))
        })
        .collect();
    let told = lines.len() as u64;
    if problems.warnings > told {
        let hint = if all { "" } else { " (--verbose shows them)" };
        lines.push(format!(
            "and {} more{hint}",
            count(problems.warnings - told)
        ));
    }
    lines.extend(summed_up(problems));
    lines
}

fn of(problems: &Problems, severity: Severity) -> Vec<&Problem> {
    let is_wanted = |problem: &&Problem| problem.severity == severity;
    problems.kept.iter().filter(is_wanted).collect()
}

/// One line for each sort of notice, however many files it concerns.
fn summed_up(problems: &Problems) -> Vec<String> {
    let mut sorts: Vec<(&Problem, u64)> = Vec::new();
    for notice in of(problems, Severity::Notice) {
        let same = |sort: &&mut (&Problem, u64)| {
            sort.0.attempted == notice.attempted && sort.0.why == notice.why
        };
        match sorts.iter_mut().find(same) {
            Some(sort) => sort.1 += 1,
            None => sorts.push((notice, 1)),
        }
    }
    let told: u64 = sorts.iter().map(|sort| sort.1).sum();
    let mut lines: Vec<String> = sorts
        .into_iter()
        .map(|(notice, times)| {
            let Problem { attempted, why, .. } = notice;
            let path = escaped(&notice.path);
            match times {
                1 => format!("note: could not {attempted}: {why}: {path}"),
                _ => format!(
                    "note: could not {attempted}: {why}: {path} and {} more",
                    count(times - 1)
                ),
            }
        })
        .collect();
    if problems.notices > told {
        lines.push(format!(
            "note: and {} more notes",
            count(problems.notices - told)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Monitor;

    #[test]
    fn twenty_warnings_are_told_and_the_rest_counted() {
        let monitor = Monitor::new();
        for number in 0..25 {
            monitor.warn(
                format!("/f{number}\n").as_bytes(),
                "read the file",
                "permission denied",
            );
        }
        let lines = lines(&monitor.problems(), false);
        assert_eq!(lines.len(), 21);
        assert_eq!(
            lines[0],
            "/f0\\n: could not read the file: permission denied"
        );
        assert_eq!(lines[20], "and 5 more (--verbose shows them)");
        assert_eq!(exit_of(&monitor.problems()), Exit::Incomplete);
    }

    #[test]
    fn notices_of_one_sort_are_one_line() {
        let monitor = Monitor::new();
        for path in ["/a", "/b", "/c"] {
            monitor.notice(path.as_bytes(), "set the owner", "operation not permitted");
        }
        assert_eq!(
            lines(&monitor.problems(), false),
            ["note: could not set the owner: operation not permitted: /a and 2 more"]
        );
        assert_eq!(exit_of(&monitor.problems()), Exit::Done);
    }
}
