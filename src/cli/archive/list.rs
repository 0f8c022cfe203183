//! `gibus archive list`: the archives of the configuration.

use clap::Args;
use serde::Serialize;

use super::show::JsonArchive;
use crate::catalog::Catalog;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::output::{Align, Table};
use crate::config::ArchiveEntry;
use crate::error::Result;
use crate::fs::escaped_path;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::ArchiveName;

/// List the archives
#[derive(Args, Debug)]
pub struct Options {}

/// What is known of an archive of the configuration, there or not.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Available {
        available: bool,
        #[serde(flatten)]
        archive: Box<JsonArchive>,
        snapshots: usize,
        newest: Option<String>,
    },
    Unavailable {
        available: bool,
        name: String,
        why: String,
    },
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    archives: Vec<Item>,
}

pub fn run(_options: &Options, context: &mut Context) -> Outcome {
    let columns = [
        ("NAME", Align::Left),
        ("REPOSITORY", Align::Left),
        ("SNAPSHOTS", Align::Right),
        ("NEWEST", Align::Left),
        ("INCLUDES", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let mut items = Vec::new();
    for (name, entry) in context.config().archives.all()? {
        let (row, item) = look_at(&context.catalog, &name, entry);
        table.row(row);
        items.push(item);
    }
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "archives",
            archives: items,
        })?;
    } else if items.is_empty() {
        context
            .out
            .tell("There are no archives yet; see gibus archive create --help")?;
    } else {
        context.out.table(&table)?;
    }
    Ok(Exit::Done)
}

fn look_at(
    catalog: &Catalog,
    name: &ArchiveName,
    entry: Result<ArchiveEntry>,
) -> (Vec<String>, Item) {
    let repository = match &entry {
        Ok(entry) => entry.repository.to_string(),
        Err(_) => "-".to_owned(),
    };
    match entry.and_then(|entry| opened(catalog, entry)) {
        Ok((archive, entry, snapshots)) => {
            let newest = snapshots.last().map(SnapshotName::to_string);
            let includes = entry.specification.includes.iter();
            let includes: Vec<String> = includes
                .map(|path| escaped_path(path).to_string())
                .collect();
            let row = vec![
                name.to_string(),
                repository,
                snapshots.len().to_string(),
                newest.clone().unwrap_or_else(|| "-".to_owned()),
                includes.join(" "),
            ];
            let item = Item::Available {
                available: true,
                archive: Box::new(JsonArchive::new(name, &archive, &entry)),
                snapshots: snapshots.len(),
                newest,
            };
            (row, item)
        }
        Err(error) => {
            let why = error.why().to_owned();
            let shown = format!("(not available: {why})");
            let row = vec![name.to_string(), repository, "-".into(), "-".into(), shown];
            let item = Item::Unavailable {
                available: false,
                name: name.to_string(),
                why,
            };
            (row, item)
        }
    }
}

fn opened(
    catalog: &Catalog,
    entry: ArchiveEntry,
) -> Result<(Archive, ArchiveEntry, Vec<SnapshotName>)> {
    let archive = catalog.open_archive(&entry)?;
    let snapshots = archive.snapshots()?;
    Ok((archive, entry, snapshots))
}
