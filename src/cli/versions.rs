//! `gibus versions`: every version of one file, and which snapshots have it.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners};
use super::failure::{Exit, Failure, Outcome};
use super::find::{JsonUnreadable, tell_unreadable};
use super::human;
use super::json::Text;
use super::output::{Align, Table};
use super::paths;
use super::select::Source;
use super::source::{self, Snapshots};
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::snapshot::exigency::series::SnapshotFile;
use crate::snapshot::tree::Entry;
use crate::snapshot::versions::{Versions, versions};

/// Show every version of a file, and which snapshots have it
///
/// One line for each run of snapshots in which it is the same, oldest first: the first and the last of them,
/// size and time. A version is another content; other attributes alone make none.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    /// The file or folder: absolute, or relative to the current folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let files: Vec<&SnapshotFile> = snapshots.files().iter().collect();
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let path = paths::absolute(&options.path)?;
    let path = path_bytes(&path);
    let (found, _) = context.work(|monitor| versions(&paths, path, monitor))?;
    if found.versions.is_empty() && found.unreadable.is_empty() {
        return Err(nowhere(path));
    }
    match context.out.is_json() {
        true => print_json(path, &found, &files, context)?,
        false => print_lines(&found, &files, context)?,
    }
    match found.unreadable.is_empty() {
        true => Ok(Exit::Done),
        false => Ok(Exit::Incomplete),
    }
}

fn nowhere(path: &[u8]) -> Failure {
    let attempted = format!("find versions of '{}'", escaped(path));
    Error::new(ErrorKind::NotFound, attempted)
        .because("no snapshot has it")
        .advise("'gibus find --all' searches by name")
        .into()
}

fn print_lines(
    found: &Versions,
    files: &[&SnapshotFile],
    context: &mut Context,
) -> Result<(), Failure> {
    let mut table = Table::new(&[
        ("FROM", Align::Left),
        ("TO", Align::Left),
        ("SIZE", Align::Right),
        ("MODIFIED", Align::Left),
    ]);
    for span in &found.spans {
        let (Some(first), Some(last)) = (files.get(span.first), files.get(span.last)) else {
            continue;
        };
        let version = span.version.and_then(|place| found.versions.get(place));
        let (size, modified) = match version.map(|version| &version.entry) {
            None => ("not there".to_owned(), String::new()),
            Some(entry) => (size_of(entry), human::local_time(entry.attributes.modified)),
        };
        table.row(vec![
            first.name.to_string(),
            last.name.to_string(),
            size,
            modified,
        ]);
    }
    context.out.table(&table)?;
    tell_unreadable(&found.unreadable, files);
    Ok(())
}

fn size_of(entry: &Entry) -> String {
    match entry.is_directory() {
        true => "folder".to_owned(),
        false => human::size(entry.size()),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    message_type: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    versions: Vec<JsonVersion<'a>>,
    spans: Vec<JsonSpan>,
    unreadable: Vec<JsonUnreadable<'a>>,
}

#[derive(Serialize)]
struct JsonVersion<'a> {
    first: String,
    last: String,
    snapshots: usize,
    entry: JsonEntry<'a>,
}

#[derive(Serialize)]
struct JsonSpan {
    first: String,
    last: String,
    /// Its place among the versions; `null` where the path was not there.
    version: Option<usize>,
}

fn print_json(
    path: &[u8],
    found: &Versions,
    files: &[&SnapshotFile],
    context: &mut Context,
) -> Result<(), Failure> {
    let name = |index: usize| files.get(index).map(|file| file.name.to_string());
    let mut owners = Vec::new();
    for version in &found.versions {
        if let Some(file) = files.get(version.last) {
            owners.push(Owners::of(source::open(file)?.header()));
        }
    }
    let versions = found.versions.iter().zip(&owners);
    let versions = versions.filter_map(|(version, owners)| {
        Some(JsonVersion {
            first: name(version.first)?,
            last: name(version.last)?,
            snapshots: version.count,
            entry: JsonEntry::new(path, &version.entry, owners),
        })
    });
    let spans = found.spans.iter().filter_map(|span| {
        Some(JsonSpan {
            first: name(span.first)?,
            last: name(span.last)?,
            version: span.version,
        })
    });
    let text = Text::new(path);
    let document = Document {
        message_type: "versions",
        path: text.text,
        path_hex: text.hex,
        versions: versions.collect(),
        spans: spans.collect(),
        unreadable: JsonUnreadable::list(&found.unreadable, files),
    };
    context.out.document(&document)
}
