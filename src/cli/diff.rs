//! `gibus diff`: what changed between two snapshots, or since one on the disk.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners};
use super::failure::{Exit, Failure, Outcome};
use super::json::Text;
use super::select::{Selection, Source};
use super::signals::Stoppable;
use super::source::{self, Snapshots};
use super::{json, paths, problems};
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::progress::Monitor;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;
use crate::snapshot::diff::{
    Change, Difference, DiskDifference, DiskOptions, FolderChange, differences,
    differences_with_disk, folder_changes,
};
use crate::snapshot::restore::Contents;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Name;

/// Show what changed between two snapshots, or between one and the disk
///
/// From the snapshot selected with --back or --snapshot (the one before the newest if left out) to the
/// one selected with --to-back or --to-snapshot (the newest if left out). One line a difference: `+` is
/// new, `-` is gone, `M` has another content, `m` has other attributes only, `T` is of another type.
///
/// With --with-disk, from the snapshot (the newest if left out) to what is on the disk now and would be
/// backed up. Then `?` has another time and the size of before, so perhaps another content, and `x` is there
/// still, but a rule leaves it out now.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The other snapshot, that many steps back
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "to_snapshot"
    )]
    pub to_back: Option<i64>,

    /// The other snapshot, by its name
    #[arg(long, value_name = "NAME")]
    pub to_snapshot: Option<String>,

    /// Only which names in the folder itself differ: a folder in it does if anything below it does. `?` would
    /// take long to tell
    #[arg(long, conflicts_with = "with_disk")]
    pub summary: bool,

    /// Compare with what is on the disk now, in place of another snapshot
    #[arg(long, conflicts_with_all = ["to_back", "to_snapshot"])]
    pub with_disk: bool,

    /// With --with-disk: read the files that may have changed, to be sure
    #[arg(long, requires = "with_disk")]
    pub verify: bool,

    /// Only what is below this folder
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    if options.with_disk {
        return run_with_disk(options, &snapshots, context);
    }
    let old = snapshots.find(options.selection.select()?.unwrap_or(Select::Back(1)))?;
    let to = Selection {
        back: options.to_back,
        snapshot: options.to_snapshot.clone(),
    };
    let new = snapshots.select(&to)?;
    let path = path_of(options)?;
    let path = path_bytes(&path);
    let (old_snapshot, new_snapshot) = (source::open(old)?, source::open(new)?);
    if old_snapshot.directory(path)?.is_none() {
        // A folder that neither has is mistyped.
        match new_snapshot.directory(path)? {
            Some(_) => {}
            None => return Err(nothing_there(path, "neither snapshot has it")),
        }
    }
    if options.summary {
        let changes = folder_changes(&old_snapshot, &new_snapshot, path)?;
        return print_summary(path, changes, (old.name, new.name), context);
    }
    let owners = (
        Owners::of(old_snapshot.header()),
        Owners::of(new_snapshot.header()),
    );
    if context.out.is_json() {
        let (old, new) = (old.name, new.name);
        write!(
            context.out.raw(),
            "{{\"message_type\":\"diff\",\"old\":\"{old}\",\"new\":\"{new}\",\"differences\":["
        )?;
    }
    let mut lines = Lines {
        owners: &owners,
        is_first: true,
        context,
    };
    for difference in differences(&old_snapshot, &new_snapshot, path)? {
        lines.add(&DiskDifference {
            difference: difference?,
            is_perhaps: false,
            left_out: None,
        })?;
    }
    if context.out.is_json() {
        context.out.raw().write_all(b"\n]}\n")?;
    }
    Ok(Exit::Done)
}

fn path_of(options: &Options) -> Result<PathBuf, Failure> {
    Ok(match &options.path {
        Some(path) => paths::absolute(path)?,
        None => PathBuf::from("/"),
    })
}

fn run_with_disk(options: &Options, snapshots: &Snapshots, context: &mut Context) -> Outcome {
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let path = path_of(options)?;
    let is_on_disk = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
    if !is_on_disk && snapshot.directory(path_bytes(&path))?.is_none() {
        let why = "neither the snapshot nor the disk has it";
        return Err(nothing_there(path_bytes(&path), why));
    }
    let (specification, own) = rules(options, snapshots, context)?;
    let repository = match options.verify {
        true => Some(snapshots.repository(context, &snapshot)?),
        false => None,
    };
    let contents = repository.as_ref().map(|repository| {
        let contents: &dyn Contents = repository;
        contents
    });
    // The names that the snapshot has are those of this computer, if it is of this computer.
    let owners = (Owners::of(snapshot.header()), Owners::of(snapshot.header()));
    if context.out.is_json() {
        let name = file.name;
        write!(
            context.out.raw(),
            "{{\"message_type\":\"diff\",\"old\":\"{name}\",\"new\":null,\"differences\":["
        )?;
    }
    let monitor = Arc::new(Monitor::new());
    let stoppable = Stoppable::new(&monitor);
    let mut failed = None;
    let mut lines = Lines {
        owners: &owners,
        is_first: true,
        context,
    };
    let outcome = differences_with_disk(
        &snapshot,
        &specification,
        &own,
        path_bytes(&path),
        DiskOptions { contents },
        &monitor,
        &mut |difference| {
            if failed.is_none()
                && let Err(failure) = lines.add(&difference)
            {
                failed = Some(failure);
                monitor.cancel();
            }
        },
    );
    drop(stoppable);
    if let Some(failure) = failed {
        return Err(failure);
    }
    outcome?;
    if context.out.is_json() {
        context.out.raw().write_all(b"\n]}\n")?;
    }
    Ok(problems::tell(&monitor.problems(), context.out.style()))
}

fn print_summary(
    folder: &[u8],
    changes: HashMap<Name, FolderChange>,
    (old, new): (SnapshotName, SnapshotName),
    context: &mut Context,
) -> Outcome {
    let mut changes: Vec<(Name, FolderChange)> = changes.into_iter().collect();
    changes.sort_by(|a, b| a.0.cmp(&b.0));
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    let path_of = |name: &Name| [folder, b"/", name.as_bytes()].concat();
    if context.out.is_json() {
        let changes = changes.iter().map(|(name, change)| {
            let path = Text::new(&path_of(name));
            JsonFolderChange {
                change: words_of(*change).1,
                path: path.text,
                path_hex: path.hex,
            }
        });
        context.out.document(&Summary {
            message_type: "diff_summary",
            old: old.to_string(),
            new: new.to_string(),
            changes: changes.collect(),
        })?;
        return Ok(Exit::Done);
    }
    for (name, change) in &changes {
        let path = path_of(name);
        let line = format!("{} {}", words_of(*change).0, escaped(&path));
        context.out.line(&line)?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Summary {
    message_type: &'static str,
    old: String,
    new: String,
    changes: Vec<JsonFolderChange>,
}

#[derive(Serialize)]
struct JsonFolderChange {
    change: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
}

/// The letter in a line, and the word in JSON.
fn words_of(change: FolderChange) -> (char, &'static str) {
    match change {
        FolderChange::Added => ('+', "added"),
        FolderChange::Removed => ('-', "removed"),
        FolderChange::Changed => ('M', "changed"),
        FolderChange::Unknown => ('?', "unknown"),
    }
}

/// What the archive backs up, and its own folders, which it does not.
fn rules(
    options: &Options,
    snapshots: &Snapshots,
    context: &Context,
) -> Result<(Specification, Vec<PathBuf>), Failure> {
    let archive = &snapshots.series.archive;
    let Some(name) = &options.source.archive else {
        let own = vec![
            snapshots.series.place.clone(),
            archive.repository.place.clone(),
        ];
        return Ok((archive.specification.clone(), own));
    };
    let entry = context.archive_entry(name)?;
    let own = context.catalog.own_places(&entry);
    Ok((entry.specification, own))
}

/// The differences while they are printed.
struct Lines<'a> {
    owners: &'a (Owners, Owners),
    is_first: bool,
    context: &'a mut Context,
}

impl Lines<'_> {
    fn add(&mut self, found: &DiskDifference) -> Result<(), Failure> {
        let out = &mut self.context.out;
        let Difference {
            path,
            change,
            old,
            new,
        } = &found.difference;
        if !out.is_json() {
            let letter = match (change, found.is_perhaps, &found.left_out) {
                (_, true, _) => '?',
                (_, _, Some(_)) => 'x',
                _ => letter_of(*change),
            };
            return out.line(&format!("{letter} {}", escaped(path)));
        }
        let separator: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        out.raw().write_all(separator)?;
        let line = JsonDifference {
            change: name_of(*change),
            perhaps: found.is_perhaps,
            why: found.left_out.as_ref().map(ToString::to_string),
            old: old
                .as_ref()
                .map(|entry| JsonEntry::new(path, entry, &self.owners.0)),
            new: new
                .as_ref()
                .map(|entry| JsonEntry::new(path, entry, &self.owners.1)),
        };
        json::write(out.raw(), &line)?;
        Ok(())
    }
}

fn nothing_there(path: &[u8], why: &str) -> Failure {
    Error::new(
        ErrorKind::NotFound,
        format!("compare the folder '{}'", escaped(path)),
    )
    .because(why)
    .into()
}

#[derive(Serialize)]
struct JsonDifference<'a> {
    change: &'static str,
    perhaps: bool,
    /// Why it is left out, though it is on the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    old: Option<JsonEntry<'a>>,
    new: Option<JsonEntry<'a>>,
}

fn name_of(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Type => "type",
        Change::Content => "content",
        Change::Attributes => "attributes",
    }
}

fn letter_of(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Type => 'T',
        Change::Content => 'M',
        Change::Attributes => 'm',
    }
}
