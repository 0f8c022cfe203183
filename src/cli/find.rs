//! `gibus find`: where in the snapshots a file is, by its name.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners};
use super::failure::{Exit, Failure, Outcome};
use super::human;
use super::json;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use crate::fs::escaped;
use crate::snapshot::exigency::series::SnapshotFile;
use crate::snapshot::file::Snapshot;
use crate::snapshot::globs::{GlobKind, Globs};
use crate::snapshot::tree::Entry;

/// Find files by name in a snapshot, or in all of them
///
/// The pattern is a name, or a glob like '*.odt' or 'docs/*.odt', matched on the end of the path, or on the
/// whole of it if it starts with a slash. One line a file: snapshot, size, time, path.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// A name or a glob, in quotes: 'letter*'
    #[arg(value_name = "PATTERN")]
    pub pattern: String,

    /// In all snapshots: every version that there is, once
    #[arg(long, conflicts_with_all = ["back", "snapshot"])]
    pub all: bool,
}

/// Something found, in JSON.
#[derive(Serialize)]
struct JsonFound<'a> {
    snapshot: String,
    #[serde(flatten)]
    entry: JsonEntry<'a>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let pattern = std::slice::from_ref(&options.pattern);
    let globs = Globs::new(GlobKind::Files, pattern).map_err(|error| {
        let pattern = escaped(options.pattern.as_bytes());
        Failure::usage(&format!("search for '{pattern}'"), error.why())
    })?;
    let snapshots = Snapshots::open(&options.source, context)?;
    let files: Vec<&SnapshotFile> = match options.all {
        true => snapshots.files().iter().collect(),
        false => vec![snapshots.select(&options.selection)?],
    };
    if context.out.is_json() {
        write!(context.out.raw(), "{{\"message_type\":\"find\",\"found\":[")?;
    }
    let mut count = 0u64;
    // Only what differs from the snapshot before is another version.
    let mut before: HashMap<Vec<u8>, Entry> = HashMap::new();
    for file in files {
        let snapshot = source::open(file)?;
        let found = search(&snapshot, &globs)?;
        let owners = Owners::of(snapshot.header());
        for (path, entry) in &found {
            if before.get(path).is_some_and(|old| is_same(old, entry)) {
                continue;
            }
            if context.out.is_json() {
                let separator: &[u8] = if count == 0 { b"\n" } else { b",\n" };
                context.out.raw().write_all(separator)?;
                let found = JsonFound {
                    snapshot: file.name.to_string(),
                    entry: JsonEntry::new(path, entry, &owners),
                };
                json::write(context.out.raw(), &found)?;
            } else {
                context.out.line(&line(file, path, entry))?;
            }
            count += 1;
        }
        before = found.into_iter().collect();
    }
    if context.out.is_json() {
        context.out.raw().write_all(b"\n]}\n")?;
    } else if count == 0 {
        context.out.tell("Nothing was found")?;
    }
    Ok(Exit::Done)
}

/// What matches, in the order of a walk.
fn search(snapshot: &Snapshot, globs: &Globs) -> Result<Vec<(Vec<u8>, Entry)>, Failure> {
    let mut found = Vec::new();
    let mut walk = snapshot.walk(b"/", snapshot.root());
    while let Some(step) = walk.advance()? {
        if globs.first_match(step.path).is_some() {
            found.push((step.path.to_vec(), step.entry));
        }
    }
    Ok(found)
}

fn is_same(old: &Entry, new: &Entry) -> bool {
    old.attributes.modified == new.attributes.modified
        && old.size() == new.size()
        && old.token() == new.token()
        && old.is_directory() == new.is_directory()
}

fn line(file: &SnapshotFile, path: &[u8], entry: &Entry) -> String {
    let size = match entry.is_directory() {
        true => "folder".to_owned(),
        false => human::size(entry.size()),
    };
    format!(
        "{}  {size:>8}  {}  {}",
        file.name,
        human::local_time(entry.attributes.modified),
        escaped(path),
    )
}
