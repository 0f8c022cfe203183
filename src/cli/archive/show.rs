//! `gibus archive show`: what an archive backs up, and where to.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::human;
use crate::cli::json::{JsonPath, Text};
use crate::cli::output::facts;
use crate::config::ArchiveEntry;
use crate::format::id::Id;
use crate::fs::{escaped_path, path_bytes};
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;

/// Show what an archive backs up, and where to
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.archive(&options.name)?;
    let snapshots = found.archive.snapshots()?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "archive",
            archive: JsonArchive::new(&found.name, &found.archive, &found.entry),
            snapshots: snapshots.len(),
            oldest: snapshots.first().map(SnapshotName::to_string),
            newest: snapshots.last().map(SnapshotName::to_string),
        })?;
        return Ok(Exit::Done);
    }
    let file = found.archive.file();
    let mut lines = vec![
        ("Archive", found.name.to_string()),
        ("Of", format!("{} on {}", file.user, file.host)),
        ("Place", escaped_path(found.archive.place()).to_string()),
        ("Repository", found.entry.repository.to_string()),
        (
            "Snapshots",
            match (snapshots.first(), snapshots.last()) {
                (Some(oldest), Some(newest)) => {
                    format!("{}, {oldest} to {newest}", snapshots.len())
                }
                _ => "none yet".to_owned(),
            },
        ),
    ];
    lines.extend(rules(&found.entry.specification));
    for line in facts(&lines) {
        context.out.line(&line)?;
    }
    Ok(Exit::Done)
}

/// The rules of a specification, one a line.
pub fn rules(specification: &Specification) -> Vec<(&'static str, String)> {
    let Specification {
        includes,
        exclude_dirs,
        exclude_files,
        exclude_larger_than,
        exclude_caches,
        exclude_nodump,
        one_file_system,
        ignore_files,
        keep_broken_links,
        compress_snapshots,
    } = specification;
    let shown = |glob: &String| crate::fs::escaped(glob.as_bytes()).to_string();
    let mut lines: Vec<(&str, String)> = Vec::new();
    lines.extend(
        includes
            .iter()
            .map(|path| ("Include", escaped_path(path).to_string())),
    );
    lines.extend(
        exclude_dirs
            .iter()
            .map(|glob| ("Exclude folders", shown(glob))),
    );
    lines.extend(
        exclude_files
            .iter()
            .map(|glob| ("Exclude files", shown(glob))),
    );
    if let Some(bytes) = exclude_larger_than {
        lines.push((
            "Exclude files",
            format!("larger than {}", human::size(*bytes)),
        ));
    }
    let switches = [
        (*exclude_caches, "Exclude", "caches (CACHEDIR.TAG)"),
        (*exclude_nodump, "Exclude", "what has the attribute nodump"),
        (*one_file_system, "Exclude", "other file systems"),
        (*ignore_files, "Exclude", "what .gitignore files say"),
        (
            *keep_broken_links,
            "Keep",
            "symbolic links that lead nowhere",
        ),
        (!*compress_snapshots, "Snapshots", "not compressed"),
    ];
    for (_, name, value) in switches.into_iter().filter(|(is_on, _, _)| *is_on) {
        lines.push((name, value.to_owned()));
    }
    lines
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    archive: JsonArchive,
    snapshots: usize,
    oldest: Option<String>,
    newest: Option<String>,
}

/// An archive, in every document that names one.
#[derive(Serialize)]
pub struct JsonArchive {
    name: String,
    id: Id,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place_hex: Option<String>,
    host: String,
    user: String,
    /// The repository's name.
    repository: String,
    specification: JsonSpecification,
}

#[derive(Serialize)]
struct JsonSpecification {
    includes: Vec<JsonPath>,
    exclude_dirs: Vec<String>,
    exclude_files: Vec<String>,
    exclude_larger_than: Option<u64>,
    exclude_caches: bool,
    exclude_nodump: bool,
    one_file_system: bool,
    ignore_files: bool,
    keep_broken_links: bool,
    compress_snapshots: bool,
}

impl JsonArchive {
    pub fn new(name: &ArchiveName, archive: &Archive, entry: &ArchiveEntry) -> JsonArchive {
        let place = Text::of(archive.place());
        let rules = &entry.specification;
        let includes = rules
            .includes
            .iter()
            .map(|path| JsonPath::new(path_bytes(path)));
        JsonArchive {
            name: name.to_string(),
            id: archive.id(),
            place: place.text,
            place_hex: place.hex,
            host: archive.file().host.clone(),
            user: archive.file().user.clone(),
            repository: entry.repository.to_string(),
            specification: JsonSpecification {
                includes: includes.collect(),
                exclude_dirs: rules.exclude_dirs.clone(),
                exclude_files: rules.exclude_files.clone(),
                exclude_larger_than: rules.exclude_larger_than,
                exclude_caches: rules.exclude_caches,
                exclude_nodump: rules.exclude_nodump,
                one_file_system: rules.one_file_system,
                ignore_files: rules.ignore_files,
                keep_broken_links: rules.keep_broken_links,
                compress_snapshots: rules.compress_snapshots,
            },
        }
    }
}
