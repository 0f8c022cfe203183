//! The plan of an extraction or a restore, printed; and what came of it.

use serde::Serialize;

use super::context::Context;
use super::failure::{Exit, Outcome};
use super::human::{count, counted, size};
use super::json::{self, JsonProblem, Text};
use super::problems;
use crate::fs::escaped;
use crate::progress::Problems;
use crate::snapshot::exigency::series::SnapshotFile;
use crate::snapshot::restore::{Plan, RestoreReport, Step, What};

/// Prints a plan, a line a step, for `--dry-run`. Exit code 3 if some of it could not be done.
pub fn print(
    message_type: &str,
    file: &SnapshotFile,
    plan: &Plan,
    context: &mut Context,
) -> Outcome {
    let totals = plan.totals();
    let is_json = context.out.is_json();
    if is_json {
        let name = file.name;
        write!(
            context.out.raw(),
            "{{\"message_type\":\"{message_type}\",\"dry_run\":true,\"snapshot\":\"{name}\",\"steps\":["
        )?;
    }
    let mut separator: &[u8] = b"\n";
    for step in plan.steps() {
        if is_json {
            context.out.raw().write_all(separator)?;
            json::write(context.out.raw(), &JsonStep::new(&step))?;
            separator = b",\n";
        } else if !matches!(step.what, What::Leave(_)) {
            context.out.line(&line(&step))?;
        }
    }
    if is_json {
        context.out.raw().write_all(b"\n]}\n")?;
    } else if plan.is_nothing_to_do() {
        context
            .out
            .line("Everything is there already; there is nothing to do")?;
    } else {
        let files = |entries| counted(entries, "entry", "entries");
        context.out.line(&format!(
            "Would make {} ({}), replace {}, move {} aside, set attributes of {}, leave {} as they are",
            files(totals.create.entries),
            size(totals.create.bytes + totals.replace.bytes),
            count(totals.replace.entries),
            count(totals.move_aside.entries),
            count(totals.set_attributes.entries),
            count(totals.leave.entries),
        ))?;
    }
    Ok(match totals.cannot_write.entries {
        0 => Exit::Done,
        _ => Exit::Incomplete,
    })
}

fn line(step: &Step<'_>) -> String {
    let path = escaped(&step.path);
    match step.what {
        What::Create => format!("create      {path}"),
        What::CreateTree(totals) => format!(
            "create      {path}/ with {}, {}",
            counted(totals.files + totals.directories, "entry", "entries"),
            size(totals.bytes)
        ),
        What::Replace => format!("replace     {path}"),
        What::MoveAside { to, .. } => format!("move aside  {path} -> {to}"),
        What::SetAttributes => format!("attributes  {path}"),
        What::Leave(_) => format!("leave       {path}"),
        What::CannotWrite(obstacle) => format!("impossible  {path}: {obstacle}"),
    }
}

#[derive(Serialize)]
struct JsonStep {
    action: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    bytes: u64,
    /// How many entries this step is about.
    entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl JsonStep {
    fn new(step: &Step<'_>) -> JsonStep {
        let path = Text::new(&step.path);
        let (action, entries) = match step.what {
            What::Create => ("create", 1),
            What::CreateTree(totals) => ("create", 1 + totals.files + totals.directories),
            What::Replace => ("replace", 1),
            What::MoveAside { new, .. } => ("move_aside", 1 + new.files + new.directories),
            What::SetAttributes => ("set_attributes", 1),
            What::Leave(totals) => ("leave", totals.files + totals.directories),
            What::CannotWrite(_) => ("impossible", 1),
        };
        let moved_to = match step.what {
            What::MoveAside { to, .. } => Some(Text::new(to.as_bytes())),
            _ => None,
        };
        JsonStep {
            action,
            path: path.text,
            path_hex: path.hex,
            bytes: step.size,
            entries,
            moved_to_hex: moved_to.as_ref().and_then(|to| to.hex.clone()),
            moved_to: moved_to.map(|to| to.text),
            why: match step.what {
                What::CannotWrite(obstacle) => Some(obstacle.to_string()),
                _ => None,
            },
        }
    }
}

/// Tells what was done.
pub fn tell(
    message_type: &'static str,
    file: &SnapshotFile,
    report: &RestoreReport,
    problems: &Problems,
    context: &mut Context,
) -> Outcome {
    if context.out.is_json() {
        context.out.document(&Document {
            message_type,
            dry_run: false,
            snapshot: file.name.to_string(),
            created_files: report.created_files,
            created_directories: report.created_directories,
            replaced: report.replaced,
            moved_aside: report.moved_aside,
            attributes_set: report.attributes_set,
            left: report.left,
            failed: report.failed,
            written_bytes: report.written_bytes,
            without_owner: report.without_owner,
            problems: problems::to_json(problems),
        })?;
    } else {
        context.out.tell(&sentence(file, report))?;
    }
    let exit = problems::tell(problems, context.out.style());
    Ok(match report.failed {
        0 => exit,
        _ => Exit::Incomplete,
    })
}

fn sentence(file: &SnapshotFile, report: &RestoreReport) -> String {
    let mut parts = vec![format!(
        "{} and {} made",
        counted(report.created_files, "file", "files"),
        counted(report.created_directories, "folder", "folders")
    )];
    let others = [
        (report.replaced, "replaced"),
        (report.moved_aside, "moved aside"),
        (report.attributes_set, "with attributes set"),
        (report.left, "left as they are"),
        (report.failed, "FAILED"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        parts.push(format!("{} {what}", count(number)));
    }
    format!(
        "From {}: {}; {} written",
        file.name,
        parts.join(", "),
        size(report.written_bytes)
    )
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    dry_run: bool,
    snapshot: String,
    created_files: u64,
    created_directories: u64,
    replaced: u64,
    moved_aside: u64,
    attributes_set: u64,
    left: u64,
    failed: u64,
    written_bytes: u64,
    without_owner: u64,
    problems: Vec<JsonProblem>,
}
