//! `gibus repo check`: is everything there, and is it what was stored?

use clap::Args;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::human::{count, counted, size};
use crate::cli::json::JsonPath;
use crate::cli::lookup;
use crate::fs::escaped;
use crate::repository::check::{CheckOptions, CheckReport, Finding, Severity};
use crate::snapshot::archive::Archive;
use crate::snapshot::check::{SnapshotFinding, SnapshotsCheck, Trouble, check_snapshots};
use crate::snapshot::places::RepositoryName;

/// Check a repository
///
/// Checks that the tables, the claims and the packs agree, and that the archives of the configuration
/// that use it have their contents there. With --read-data every byte is read and compared with its
/// digest. Files affected by damage are named.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Read every byte, too
    #[arg(long)]
    pub read_data: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = lookup::repository(context, &options.name)?;
    let mut unavailable = Vec::new();
    let archives = archives(context, &found.name, &mut unavailable)?;
    let check_options = CheckOptions {
        read_data: options.read_data,
    };
    let ((report, snapshots), _) = context.work(|monitor| {
        let report = found.repository.check(&check_options, monitor)?;
        let snapshots = check_snapshots(&found.repository, &archives, &report, monitor)?;
        Ok((report, snapshots))
    })?;
    let is_sound = report.is_sound() && snapshots.findings.is_empty() && unavailable.is_empty();
    if context.out.is_json() {
        let document = document(&found.name, is_sound, &report, &snapshots, &unavailable);
        context.out.document(&document)?;
    } else {
        let is_verbose = context.out.style().verbose;
        for line in lines(&report, &snapshots, &unavailable, is_verbose) {
            context.out.line(&line)?;
        }
        context
            .out
            .tell(&summary(&report, &snapshots, is_sound, options.read_data))?;
    }
    Ok(if is_sound { Exit::Done } else { Exit::Failed })
}

/// The archives whose snapshots are checked with the repository. Those that cannot be read are told.
fn archives(
    context: &Context,
    repository: &RepositoryName,
    unavailable: &mut Vec<(String, String)>,
) -> Result<Vec<Archive>, Failure> {
    let mut archives = Vec::new();
    for (name, entry) in context.config().archives.all()? {
        // Of one that has gone on to another repository, older snapshots may need this one.
        let is_user = entry
            .as_ref()
            .map_or(true, |entry| entry.repository == *repository);
        let opened = entry
            .map_err(Failure::from)
            .and_then(|entry| lookup::open_archive(&entry));
        match opened {
            Ok(archive) => archives.push(archive),
            Err(_) if !is_user => {}
            Err(failure) => unavailable.push((name.to_string(), failure.why())),
        }
    }
    Ok(archives)
}

fn lines(
    report: &CheckReport,
    snapshots: &SnapshotsCheck,
    unavailable: &[(String, String)],
    is_verbose: bool,
) -> Vec<String> {
    let most_paths = if is_verbose { usize::MAX } else { 20 };
    let mut lines = Vec::new();
    for finding in &report.findings {
        let Finding {
            severity,
            what,
            why,
        } = finding;
        lines.push(match severity {
            Severity::Damage => format!("damage: {what}: {why}"),
            Severity::Leftover => format!("left over: {what}: {why} (prune removes it)"),
        });
    }
    for (name, why) in unavailable {
        lines.push(format!("damage: the archive {name} cannot be read: {why}"));
    }
    for finding in &snapshots.findings {
        let SnapshotFinding {
            archive,
            name,
            trouble,
        } = finding;
        match trouble {
            Trouble::Affected { paths, files } => {
                lines.push(format!(
                    "damage: {archive}, {name}: {} affected:",
                    counted(*files, "file is", "files are")
                ));
                let shown = paths.iter().take(most_paths);
                lines.extend(shown.map(|path| format!("    {}", escaped(path))));
                let more = files.saturating_sub(paths.len().min(most_paths) as u64);
                if more > 0 {
                    lines.push(format!("    and {} more", count(more)));
                }
            }
            _ => lines.push(format!("damage: {archive}, {name}: {}", in_words(trouble))),
        }
    }
    lines
}

fn in_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Unreadable(error) => error.why().to_owned(),
        Trouble::Unclaimed => "its claim is missing or damaged; prune supplies it again".to_owned(),
        Trouble::Released => {
            "it was deleted before, and what it needs may be gone; delete it again".to_owned()
        }
        Trouble::Affected { files, .. } => {
            counted(*files, "file is affected", "files are affected")
        }
    }
}

fn summary(
    report: &CheckReport,
    snapshots: &SnapshotsCheck,
    is_sound: bool,
    read_data: bool,
) -> String {
    let looked_at = format!(
        "{} in {}, {}, {}",
        counted(report.contents, "content", "contents"),
        counted(report.packs, "pack", "packs"),
        counted(snapshots.snapshots, "snapshot", "snapshots"),
        match read_data {
            true => format!("{} read", size(report.bytes_read)),
            false => "structure only".to_owned(),
        }
    );
    match (is_sound, report.findings.is_empty()) {
        (true, true) => format!("Sound: {looked_at}"),
        (true, false) => format!("Sound, with some space kept too long: {looked_at}"),
        (false, _) => format!(
            "DAMAGED: {looked_at}. 'gibus repo repair' makes anew what can be made anew, and the next \
             backup stores again what the source still has"
        ),
    }
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    sound: bool,
    findings: Vec<JsonFinding>,
    snapshot_findings: Vec<JsonSnapshotFinding>,
    unavailable_archives: Vec<JsonUnavailable>,
    contents: u64,
    packs: u64,
    tables: u64,
    claims: u64,
    snapshots: u64,
    bytes_read: u64,
}

#[derive(Serialize)]
struct JsonFinding {
    severity: &'static str,
    what: String,
    why: String,
}

#[derive(Serialize)]
struct JsonSnapshotFinding {
    archive: String,
    snapshot: String,
    why: String,
    affected_files: u64,
    affected: Vec<JsonPath>,
}

#[derive(Serialize)]
struct JsonUnavailable {
    name: String,
    why: String,
}

fn document(
    name: &RepositoryName,
    sound: bool,
    report: &CheckReport,
    snapshots: &SnapshotsCheck,
    unavailable: &[(String, String)],
) -> Document {
    let findings = report.findings.iter().map(|finding| JsonFinding {
        severity: match finding.severity {
            Severity::Damage => "damage",
            Severity::Leftover => "leftover",
        },
        what: finding.what.clone(),
        why: finding.why.clone(),
    });
    let snapshot_findings = snapshots.findings.iter().map(|finding| {
        let (paths, files) = match &finding.trouble {
            Trouble::Affected { paths, files } => (paths.as_slice(), *files),
            _ => (&[][..], 0),
        };
        JsonSnapshotFinding {
            archive: finding.archive.clone(),
            snapshot: finding.name.to_string(),
            why: in_words(&finding.trouble),
            affected_files: files,
            affected: paths.iter().map(|path| JsonPath::new(path)).collect(),
        }
    });
    let unavailable = unavailable.iter().map(|(name, why)| JsonUnavailable {
        name: name.clone(),
        why: why.clone(),
    });
    Document {
        message_type: "check",
        name: name.to_string(),
        sound,
        findings: findings.collect(),
        snapshot_findings: snapshot_findings.collect(),
        unavailable_archives: unavailable.collect(),
        contents: report.contents,
        packs: report.packs,
        tables: report.tables,
        claims: report.claims,
        snapshots: snapshots.snapshots,
        bytes_read: report.bytes_read,
    }
}
