//! `gibus backup`: a new snapshot of one archive or of several.

use clap::Args;
use jiff::Zoned;
use serde::Serialize;

use super::context::{Context, tell_damage};
use super::failure::{self, Exit, Failure, Lookup, Outcome};
use super::human::{count, counted, duration, size};
use super::json::{JsonBuild, JsonProblem};
use super::problems;
use crate::snapshot::build::BackupReport;
use crate::snapshot::places::ArchiveName;

/// Back up: make a new snapshot
///
/// Files that have not changed since the archive's newest snapshot are not read again. A file that
/// cannot be read is reported, and the others are backed up all the same; the exit code is then 3.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive; may be given several times
    #[arg(short = 'A', long = "archive", value_name = "NAME", required = true)]
    pub archives: Vec<String>,

    /// Print what it cost: files, bytes, time
    #[arg(long)]
    pub stats: bool,

    /// Look at everything, store nothing, and tell what a backup would do
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let mut results = Vec::new();
    let mut worst = Exit::Done;
    for name in &options.archives {
        match back_up_one(name, options, context) {
            Ok((done, exit)) => {
                worst = worse(worst, exit);
                results.push(done);
            }
            // With one archive there is nothing to go on with, and after an interruption nothing wanted.
            Err(failure) if options.archives.len() == 1 || failure.exit() == Exit::Interrupted => {
                return Err(failure);
            }
            Err(failure) => {
                worst = worse(worst, failure.exit());
                failure::show(&failure, context.out.is_json());
            }
        }
    }
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "backup",
            dry_run: options.dry_run,
            backups: results,
        })?;
    }
    Ok(worst)
}

/// The first failure decides; files that could not be read matter less than any failure.
fn worse(a: Exit, b: Exit) -> Exit {
    match a {
        Exit::Done | Exit::Incomplete if b != Exit::Done => b,
        _ => a,
    }
}

fn back_up_one(
    name: &str,
    options: &Options,
    context: &mut Context,
) -> Result<(JsonBackup, Exit), Failure> {
    let name = ArchiveName::new(name)?;
    let ready = context.catalog.ready_to_back_up(&name).looked_up()?;
    tell_damage(&ready.repository.repository);
    let now = Zoned::now();
    let (report, problems) = context.work(|monitor| ready.run(&now, options.dry_run, monitor))?;
    if !context.out.is_json() {
        tell(&name, &report, options, context)?;
    }
    let exit = problems::tell(&problems, context.out.style());
    let done = JsonBackup {
        archive: name.to_string(),
        snapshot: report.snapshot.map(|name| name.to_string()),
        previous: report.previous.map(|name| name.to_string()),
        complete: report.is_complete,
        snapshot_bytes: report.snapshot_bytes,
        build: JsonBuild::new(&report.stats),
        problems: problems::to_json(&problems),
    };
    Ok((done, exit))
}

fn tell(
    name: &ArchiveName,
    report: &BackupReport,
    options: &Options,
    context: &mut Context,
) -> Result<(), Failure> {
    let stats = &report.stats;
    let all = format!(
        "{}, {}",
        counted(stats.files, "file", "files"),
        size(stats.bytes)
    );
    let read = format!(
        "{} read, {}",
        count(stats.read_files),
        size(stats.read_bytes)
    );
    match report.snapshot {
        Some(snapshot) => context.out.tell(&format!(
            "{name}: {snapshot}: {all}; {read}; {} stored, in {}",
            size(stats.stored_bytes),
            duration(stats.wall_microseconds)
        ))?,
        None => {
            let to_read = format!(
                "{}, {}",
                counted(stats.read_files, "file", "files"),
                size(stats.read_bytes)
            );
            context.out.line(&format!(
                "{name}: would back up {all}, and read {to_read} of them"
            ))?;
        }
    }
    if options.stats {
        for line in stats_lines(report) {
            context.out.line(&line)?;
        }
    }
    Ok(())
}

/// What a backup found, did and cost.
fn stats_lines(report: &BackupReport) -> Vec<String> {
    let stats = &report.stats;
    let mut facts = vec![
        (
            "Found",
            format!(
                "{} ({}), {}, {}, {} of other kinds",
                counted(stats.files, "file", "files"),
                size(stats.bytes),
                counted(stats.directories, "folder", "folders"),
                counted(stats.symbolic_links, "symbolic link", "symbolic links"),
                count(stats.other)
            ),
        ),
        ("Unchanged", counted(stats.unchanged_files, "file", "files")),
        (
            "Read",
            format!(
                "{} ({})",
                counted(stats.read_files, "file", "files"),
                size(stats.read_bytes)
            ),
        ),
        ("Left out by rules", count(stats.excluded)),
    ];
    if report.snapshot.is_some() {
        facts.push((
            "New",
            format!(
                "{} ({}), stored in {}",
                counted(stats.new_contents, "content", "contents"),
                size(stats.new_content_bytes),
                size(stats.stored_bytes)
            ),
        ));
        facts.push(("Snapshot file", size(report.snapshot_bytes)));
    }
    if let Some(previous) = report.previous {
        facts.push(("Compared with", previous.to_string()));
    }
    facts.push((
        "Time",
        format!(
            "{}; of the processors {}",
            duration(stats.wall_microseconds),
            duration(stats.cpu_microseconds)
        ),
    ));
    super::output::facts(&facts)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    dry_run: bool,
    backups: Vec<JsonBackup>,
}

#[derive(Serialize)]
struct JsonBackup {
    archive: String,
    snapshot: Option<String>,
    /// What it was compared with.
    previous: Option<String>,
    complete: bool,
    snapshot_bytes: u64,
    build: JsonBuild,
    problems: Vec<JsonProblem>,
}
