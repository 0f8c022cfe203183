//! `gibus repo check`: is everything there, and is it what was stored?

use clap::Args;

use serde::Serialize;

use crate::catalog::{Checkup, UnavailableArchive};
use crate::cli::context::{Context, tell_damage};
use crate::cli::failure::{Exit, Lookup, Outcome};
use crate::cli::human::{count, counted, size};
use crate::cli::json::JsonPath;
use crate::fs::escaped;
use crate::repository::check::{CheckOptions, Finding, Severity};
use crate::snapshot::check::{SnapshotFinding, Trouble};
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
    let name = RepositoryName::new(options.name.as_str())?;
    let checkable = context.catalog.checkable(&name).looked_up()?;
    tell_damage(&checkable.found.repository);
    let check_options = CheckOptions {
        read_data: options.read_data,
    };
    let (checkup, _) = context.work(|monitor| checkable.check(&check_options, monitor))?;
    if context.out.is_json() {
        context.out.document(&document(&name, &checkup))?;
    } else {
        let is_verbose = context.out.style().verbose;
        for line in lines(&checkup, is_verbose) {
            context.out.line(&line)?;
        }
        context.out.tell(&summary(&checkup, options.read_data))?;
    }
    Ok(match checkup.is_sound() {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

fn lines(checkup: &Checkup, is_verbose: bool) -> Vec<String> {
    let Checkup {
        report,
        snapshots,
        unavailable,
        ..
    } = checkup;
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
    for UnavailableArchive { name, error } in unavailable {
        let why = error.why();
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

fn summary(checkup: &Checkup, read_data: bool) -> String {
    let (report, snapshots) = (&checkup.report, &checkup.snapshots);
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
    match (checkup.is_sound(), report.findings.is_empty()) {
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

fn document(name: &RepositoryName, checkup: &Checkup) -> Document {
    let Checkup {
        report,
        snapshots,
        unavailable,
        ..
    } = checkup;
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
    let unavailable = unavailable.iter().map(|archive| JsonUnavailable {
        name: archive.name.to_string(),
        why: archive.error.why().to_owned(),
    });
    Document {
        message_type: "check",
        name: name.to_string(),
        sound: checkup.is_sound(),
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
