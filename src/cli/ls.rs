//! `gibus ls`: what is in a folder of a snapshot.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners, long_line};
use super::failure::{Exit, Failure, Outcome};
use super::json::{self, Text};
use super::paths;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{DirectoryEntry, Entry};

/// List a folder of a snapshot
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The folder or file: absolute, or relative to the current folder; / if left out
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// With everything below it
    #[arg(short, long)]
    pub recursive: bool,

    /// With mode, owner, size and time
    #[arg(short, long)]
    pub long: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let path = match &options.path {
        Some(path) => paths::absolute(path)?,
        None => PathBuf::from("/"),
    };
    let path = path_bytes(&path);
    let owners = Owners::of(snapshot.header());
    let folder = snapshot.directory(path)?;
    let entry = match folder {
        Some(_) => None,
        None => Some(find(&snapshot, path)?),
    };
    let mut lines = Lines::begin(file.name, path, options.long, &owners, context)?;
    if let Some(entry) = entry {
        lines.add(path, &entry)?;
    }
    if let Some(folder) = folder {
        let prefix = if path == b"/" { &b""[..] } else { path };
        list(&snapshot, prefix, &folder, options.recursive, &mut lines)?;
    }
    lines.end()?;
    Ok(Exit::Done)
}

/// The entry at a path.
///
/// Errors: it is not in the snapshot; exit code 1, for the snapshot itself is there.
pub fn find(snapshot: &Snapshot, path: &[u8]) -> Result<Entry, Failure> {
    snapshot.lookup(path)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("find '{}'", escaped(path)))
            .because("it is not in this snapshot")
            .advise("'gibus find' searches, and 'gibus archive explain' says why it is left out")
            .into()
    })
}

fn list(
    snapshot: &Snapshot,
    prefix: &[u8],
    folder: &DirectoryEntry,
    is_recursive: bool,
    lines: &mut Lines,
) -> Result<(), Failure> {
    if is_recursive {
        let root: &[u8] = if prefix.is_empty() { b"/" } else { prefix };
        let mut walk = snapshot.walk(root, folder);
        while let Some(step) = walk.advance()? {
            lines.add(step.path, &step.entry)?;
        }
        return Ok(());
    }
    let mut path = Vec::new();
    for entry in snapshot.entries(folder) {
        let entry = entry?;
        path.clear();
        path.extend_from_slice(prefix);
        path.push(b'/');
        path.extend_from_slice(entry.name.as_bytes());
        lines.add(&path, &entry)?;
    }
    Ok(())
}

/// What stands before the entries.
#[derive(Serialize)]
struct Head {
    message_type: &'static str,
    snapshot: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
}

/// The listing while it is written: a snapshot may have more entries than fit in memory.
struct Lines<'a> {
    context: &'a mut Context,
    owners: &'a Owners,
    is_long: bool,
    count: u64,
}

impl<'a> Lines<'a> {
    fn begin(
        snapshot: SnapshotName,
        path: &[u8],
        is_long: bool,
        owners: &'a Owners,
        context: &'a mut Context,
    ) -> Result<Lines<'a>, Failure> {
        if context.out.is_json() {
            let path = Text::new(path);
            let head = json::to_line(&Head {
                message_type: "ls",
                snapshot: snapshot.to_string(),
                path: path.text,
                path_hex: path.hex,
            })?;
            // The entries follow as one more member, so the object stays open.
            let head = head.strip_suffix('}').unwrap_or(&head);
            write!(context.out.raw(), "{head},\"entries\":[")?;
        }
        Ok(Lines {
            context,
            owners,
            is_long,
            count: 0,
        })
    }

    fn add(&mut self, path: &[u8], entry: &Entry) -> Result<(), Failure> {
        let out = &mut self.context.out;
        if out.is_json() {
            let separator: &[u8] = if self.count == 0 { b"\n" } else { b",\n" };
            out.raw().write_all(separator)?;
            json::write(out.raw(), &JsonEntry::new(path, entry, self.owners))?;
        } else if self.is_long {
            out.line(&long_line(path, entry, self.owners))?;
        } else {
            out.line(&escaped(path).to_string())?;
        }
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        if self.context.out.is_json() {
            self.context.out.raw().write_all(b"\n]}\n")?;
        }
        Ok(())
    }
}
