//! `gibus find`: where in the snapshots a file is, by its name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners};
use super::failure::{Exit, Failure, Lookup, Outcome};
use super::human::{self, count};
use super::json;
use super::output::complain;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use crate::error::Error;
use crate::fs::escaped;
use crate::snapshot::exigency::series::SnapshotFile;
use crate::snapshot::search::{Hit, SearchLimits, SearchPattern, SearchResult, search};

/// What a terminal shows is for reading, and a script may want it all; memory has an end.
const MAX_HITS: usize = 1_000_000;

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

    /// In all snapshots: every version that there is, once, with the first snapshot that has it; also of
    /// files that were deleted since
    #[arg(long, conflicts_with_all = ["back", "snapshot"])]
    pub all: bool,

    /// Any name that has PATTERN in it, upper and lower case being the same
    #[arg(long)]
    pub contains: bool,
}

/// Something found, in JSON.
#[derive(Serialize)]
struct JsonFound<'a> {
    snapshot: String,
    last_snapshot: String,
    snapshots: usize,
    in_newest: bool,
    #[serde(flatten)]
    entry: JsonEntry<'a>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let pattern = match options.contains {
        true => SearchPattern::containing(&options.pattern)?,
        false => SearchPattern::glob(&options.pattern)?,
    };
    let snapshots = Snapshots::open(&options.source, context)?;
    let files: Vec<&SnapshotFile> = match options.all {
        true => snapshots.files().iter().collect(),
        false => vec![snapshots.select(&options.selection)?],
    };
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let limits = SearchLimits { hits: MAX_HITS };
    let (mut result, _) =
        context.work(|monitor| search(&paths, &pattern, limits, monitor, &mut |_| {}))?;
    if !options.all
        && let Some((_, error)) = result.unreadable.pop()
    {
        return Err(error).or_missing();
    }
    // Oldest first, as snapshots are listed; of each, in the order of a walk.
    result.hits.sort_by_key(|hit| hit.first);
    match context.out.is_json() {
        true => print_json(&result, &files, context)?,
        false => print_lines(&result, &files, context)?,
    }
    match result.unreadable.is_empty() {
        true => Ok(Exit::Done),
        false => Ok(Exit::Incomplete),
    }
}

fn print_lines(
    result: &SearchResult,
    files: &[&SnapshotFile],
    context: &mut Context,
) -> Result<(), Failure> {
    for hit in &result.hits {
        if let Some(file) = files.get(hit.first) {
            context.out.line(&line(file, hit))?;
        }
    }
    if result.hits.is_empty() {
        context.out.tell("Nothing was found")?;
    }
    if result.is_truncated {
        let shown = count(result.hits.len() as u64);
        complain(&format!("note: there is more than these {shown}"));
    }
    tell_unreadable(&result.unreadable, files);
    Ok(())
}

/// Complains of snapshots that could not be read, where the others could.
pub fn tell_unreadable(unreadable: &[(usize, Error)], files: &[&SnapshotFile]) {
    for (index, error) in unreadable {
        if let Some(file) = files.get(*index) {
            complain(&format!("{}: {}", file.name, error.why()));
        }
    }
}

/// A snapshot that could not be read, in JSON.
#[derive(Serialize)]
pub struct JsonUnreadable<'a> {
    snapshot: String,
    why: &'a str,
}

impl<'a> JsonUnreadable<'a> {
    pub fn list(
        unreadable: &'a [(usize, Error)],
        files: &[&SnapshotFile],
    ) -> Vec<JsonUnreadable<'a>> {
        let one = |(index, error): &'a (usize, Error)| {
            Some(JsonUnreadable {
                snapshot: files.get(*index)?.name.to_string(),
                why: error.why(),
            })
        };
        unreadable.iter().filter_map(one).collect()
    }
}

fn print_json(
    result: &SearchResult,
    files: &[&SnapshotFile],
    context: &mut Context,
) -> Result<(), Failure> {
    // An entry is as the newest snapshot with it has it, and so are the names of its owners.
    let mut owners: HashMap<usize, Owners> = HashMap::new();
    write!(context.out.raw(), "{{\"message_type\":\"find\",\"found\":[")?;
    let mut separator: &[u8] = b"\n";
    for hit in &result.hits {
        let (Some(first), Some(last)) = (files.get(hit.first), files.get(hit.last)) else {
            continue;
        };
        let owners = match owners.entry(hit.last) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Owners::of(source::open(last)?.header())),
        };
        context.out.raw().write_all(separator)?;
        separator = b",\n";
        let found = JsonFound {
            snapshot: first.name.to_string(),
            last_snapshot: last.name.to_string(),
            snapshots: hit.count,
            in_newest: hit.is_in_newest,
            entry: JsonEntry::new(&hit.path, &hit.entry, owners),
        };
        json::write(context.out.raw(), &found)?;
    }
    let unreadable = json::to_line(&JsonUnreadable::list(&result.unreadable, files))?;
    let truncated = result.is_truncated;
    write!(
        context.out.raw(),
        "\n],\"truncated\":{truncated},\"unreadable\":{unreadable}}}\n"
    )?;
    Ok(())
}

fn line(file: &SnapshotFile, hit: &Hit) -> String {
    let entry = &hit.entry;
    let size = match entry.is_directory() {
        true => "folder".to_owned(),
        false => human::size(entry.size()),
    };
    format!(
        "{}  {size:>8}  {}  {}",
        file.name,
        human::local_time(entry.attributes.modified),
        escaped(&hit.path),
    )
}
