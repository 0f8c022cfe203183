//! `gibus snapshots`: the snapshots of an archive, one a line.
//!
//! There is no headline, and the name comes first, so that a script can read the lines; what the other
//! columns are, they say themselves.

use std::collections::{BTreeSet, HashMap};

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::failure::{Exit, Failure, Outcome};
use super::human::{count, counted, duration, signed_size, size};
use super::json::{self, JsonBuild};
use super::output::{Align, Table};
use super::select::Source;
use super::source::{self, Snapshots};
use crate::format::id::Id;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::{ClaimCosts, WhatIf};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::exigency::series::SnapshotFile;
use crate::snapshot::file::{Snapshot, SnapshotHeader};

/// List the snapshots of an archive, one a line, its name first
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    /// The newest first
    #[arg(long)]
    pub newest_first: bool,

    /// What each backup had to do: files, bytes, time
    #[arg(long, conflicts_with = "storage_stats")]
    pub build_stats: bool,

    /// What each snapshot costs in the repository: what it holds and what that takes, its share where others
    /// hold it too, what deleting it would free
    #[arg(long)]
    pub storage_stats: bool,
}

/// A snapshot's file, and the snapshot if it can be read.
type Opened<'a> = (&'a SnapshotFile, Result<Snapshot, Failure>);

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let mut files: Vec<&SnapshotFile> = snapshots.files().iter().collect();
    if options.newest_first {
        files.reverse();
    }
    let opened: Vec<Opened> = files
        .into_iter()
        .map(|file| (file, source::open(file)))
        .collect();
    let is_damaged = opened.iter().any(|(_, snapshot)| snapshot.is_err());
    let costs = match options.storage_stats {
        true => costs(&opened, &snapshots, context)?,
        false => HashMap::new(),
    };
    if context.out.is_json() {
        let document = document(&opened, &costs);
        context.out.document(&document)?;
    } else if opened.is_empty() {
        context.out.tell("There are no snapshots yet")?;
    } else {
        let align = [
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ];
        let mut table = Table::without_head(&align);
        for (file, snapshot) in &opened {
            let name = file.name.to_string();
            table.row(match snapshot {
                Err(failure) => vec![name, format!("cannot be read: {}", failure.why())],
                Ok(snapshot) if options.build_stats => build_row(name, snapshot.header()),
                Ok(snapshot) if options.storage_stats => {
                    storage_row(name, snapshot.header(), costs.get(&file.name))
                }
                Ok(snapshot) => plain_row(name, snapshot.header()),
            });
        }
        context.out.table(&table)?;
    }
    Ok(if is_damaged {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}

fn plain_row(name: String, header: &SnapshotHeader) -> Vec<String> {
    let mut row = vec![
        name,
        counted(header.build.files, "file", "files"),
        size(header.build.bytes),
    ];
    if !header.complete {
        row.push("incomplete".to_owned());
    }
    row
}

fn build_row(name: String, header: &SnapshotHeader) -> Vec<String> {
    let build = &header.build;
    let mut row = vec![
        name,
        counted(build.files, "file", "files"),
        format!("{} read", count(build.read_files)),
        format!("{} new", size(build.new_content_bytes)),
        format!("{} stored", size(build.stored_bytes)),
        duration(build.wall_microseconds),
    ];
    if build.problems > 0 {
        row.push(counted(build.problems, "problem", "problems"));
    }
    row
}

/// What a snapshot costs.
struct Storage {
    costs: ClaimCosts,
    /// What deleting it, and a prune then, would free of the repository.
    what_if: WhatIf,
    /// Length of its own file.
    file_bytes: u64,
}

impl Storage {
    /// What deleting it, and a prune, give back in all.
    fn freed_bytes(&self) -> i64 {
        let freed = self.what_if.freed_bytes();
        freed.saturating_add_unsigned(self.file_bytes)
    }
}

/// What each snapshot costs in its repository. All of an archive are in one, unless it has moved; what is in
/// another is left out.
fn costs(
    opened: &[Opened],
    snapshots: &Snapshots,
    context: &Context,
) -> Result<HashMap<SnapshotName, Storage>, Failure> {
    let Some(newest) = opened
        .iter()
        .max_by_key(|(file, snapshot)| snapshot.is_ok().then_some(file.name))
    else {
        return Ok(HashMap::new());
    };
    let Ok(newest) = &newest.1 else {
        return Ok(HashMap::new());
    };
    let repository = snapshots.repository(context, newest)?;
    let (holdings, _) = context.work(|monitor| repository.holdings(monitor))?;
    let sound = opened
        .iter()
        .filter_map(|(file, snapshot)| Some((file.name, snapshot.as_ref().ok()?)));
    let storage = sound
        .filter(|(_, snapshot)| snapshot.header().repository.id == repository.id())
        .map(|(name, snapshot)| {
            let claim = BTreeSet::from([ClaimId(snapshot.header().claim_id)]);
            let storage = Storage {
                costs: holdings.costs(&claim),
                what_if: holdings.what_if(&claim),
                file_bytes: snapshot.file_len(),
            };
            (name, storage)
        });
    Ok(storage.collect())
}

fn storage_row(name: String, header: &SnapshotHeader, storage: Option<&Storage>) -> Vec<String> {
    let mut row = vec![
        name,
        counted(header.build.files, "file", "files"),
        size(header.build.bytes),
    ];
    match storage {
        Some(storage) => {
            let costs = &storage.costs;
            row.push(format!("{} different", size(costs.content_bytes)));
            row.push(format!("{} stored", size(costs.stored_bytes)));
            row.push(format!("{} its share", size(costs.share_bytes)));
            row.push(format!("{} alone", size(costs.alone_stored_bytes)));
            row.push(format!("frees {}", signed_size(storage.freed_bytes())));
        }
        None => row.push("in another repository".to_owned()),
    }
    row
}

#[derive(Serialize)]
struct JsonCosts {
    references: u64,
    held_bytes: u64,
    contents: u64,
    content_bytes: u64,
    stored_bytes: u64,
    share_bytes: u64,
    alone_contents: u64,
    alone_content_bytes: u64,
    alone_stored_bytes: u64,
    /// What deleting it, and a prune then, give back, to the byte.
    freed_bytes: i64,
    /// What stays although nothing else needs it, until it is repacked.
    mixed_bytes: u64,
}

impl From<&Storage> for JsonCosts {
    fn from(storage: &Storage) -> JsonCosts {
        let costs = &storage.costs;
        JsonCosts {
            references: costs.references,
            held_bytes: costs.held_bytes,
            contents: costs.contents,
            content_bytes: costs.content_bytes,
            stored_bytes: costs.stored_bytes,
            share_bytes: costs.share_bytes,
            alone_contents: costs.alone_contents,
            alone_content_bytes: costs.alone_content_bytes,
            alone_stored_bytes: costs.alone_stored_bytes,
            freed_bytes: storage.freed_bytes(),
            mixed_bytes: storage.what_if.mixed_bytes,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    message_type: &'static str,
    snapshots: Vec<JsonSnapshot<'a>>,
}

/// A snapshot in JSON; `docs/json.md` describes it.
#[derive(Serialize)]
#[serde(untagged)]
enum JsonSnapshot<'a> {
    Sound {
        name: String,
        id: Id,
        taken_at: Option<String>,
        archive: &'a str,
        host: &'a str,
        user: &'a str,
        repository: Id,
        files: u64,
        directories: u64,
        bytes: u64,
        complete: bool,
        snapshot_bytes: u64,
        build: Box<JsonBuild>,
        #[serde(skip_serializing_if = "Option::is_none")]
        storage: Option<Box<JsonCosts>>,
    },
    Damaged {
        name: String,
        why: String,
    },
}

fn document<'a>(opened: &'a [Opened], costs: &HashMap<SnapshotName, Storage>) -> Document<'a> {
    let snapshots = opened.iter().map(|(file, snapshot)| match snapshot {
        Ok(snapshot) => sound(file, snapshot, costs.get(&file.name)),
        Err(failure) => JsonSnapshot::Damaged {
            name: file.name.to_string(),
            why: failure.why(),
        },
    });
    Document {
        message_type: "snapshots",
        snapshots: snapshots.collect(),
    }
}

fn sound<'a>(
    file: &SnapshotFile,
    snapshot: &'a Snapshot,
    storage: Option<&Storage>,
) -> JsonSnapshot<'a> {
    let header = snapshot.header();
    JsonSnapshot::Sound {
        name: file.name.to_string(),
        id: header.snapshot_id,
        taken_at: json::local(&header.taken_at),
        archive: &header.archive.name,
        host: &header.archive.host,
        user: &header.archive.user,
        repository: header.repository.id,
        files: header.totals.files,
        directories: header.totals.directories,
        bytes: header.totals.bytes,
        complete: header.complete,
        snapshot_bytes: snapshot.file_len(),
        build: Box::new(JsonBuild::new(&header.build)),
        storage: storage.map(|storage| Box::new(JsonCosts::from(storage))),
    }
}
