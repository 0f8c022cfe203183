//! `gibus diff`: what changed between two snapshots.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::entry::{JsonEntry, Owners};
use super::failure::{Exit, Failure, Outcome};
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::{json, paths};
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::snapshot::archive::select::Select;
use crate::snapshot::diff::{Change, differences};

/// Show what changed between two snapshots
///
/// From the snapshot selected with --back or --snapshot (the one before the newest if left out) to the
/// one selected with --to-back or --to-snapshot (the newest if left out). One line a difference: `+` is
/// new, `-` is gone, `M` has another content, `m` has other attributes only, `T` is of another type.
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

    /// Only what is below this folder
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let old = snapshots.find(options.selection.select()?.unwrap_or(Select::Back(1)))?;
    let to = Selection {
        back: options.to_back,
        snapshot: options.to_snapshot.clone(),
    };
    let new = snapshots.select(&to)?;
    let path = match &options.path {
        Some(path) => paths::absolute(path)?,
        None => PathBuf::from("/"),
    };
    let path = path_bytes(&path);
    let (old_snapshot, new_snapshot) = (source::open(old)?, source::open(new)?);
    if old_snapshot.directory(path)?.is_none() {
        // A folder that neither has is mistyped.
        match new_snapshot.directory(path)? {
            Some(_) => {}
            None => return Err(nothing_there(path)),
        }
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
    let mut separator: &[u8] = b"\n";
    for difference in differences(&old_snapshot, &new_snapshot, path)? {
        let difference = difference?;
        if context.out.is_json() {
            context.out.raw().write_all(separator)?;
            let path = &difference.path;
            let old = difference.old.as_ref();
            let new = difference.new.as_ref();
            let line = JsonDifference {
                change: name_of(difference.change),
                old: old.map(|entry| JsonEntry::new(path, entry, &owners.0)),
                new: new.map(|entry| JsonEntry::new(path, entry, &owners.1)),
            };
            json::write(context.out.raw(), &line)?;
            separator = b",\n";
        } else {
            let path = escaped(&difference.path);
            context
                .out
                .line(&format!("{} {path}", letter_of(difference.change)))?;
        }
    }
    if context.out.is_json() {
        context.out.raw().write_all(b"\n]}\n")?;
    }
    Ok(Exit::Done)
}

fn nothing_there(path: &[u8]) -> Failure {
    Error::new(
        ErrorKind::NotFound,
        format!("compare the folder '{}'", escaped(path)),
    )
    .because("neither snapshot has it")
    .into()
}

#[derive(Serialize)]
struct JsonDifference<'a> {
    change: &'static str,
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
