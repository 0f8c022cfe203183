//! `gibus delete`: deletes snapshots.

use clap::Args;
use serde::Serialize;

use super::context::{Context, tell_damage};
use super::failure::{Exit, Failure, Lookup, Outcome};
use super::output::complain;
use super::select::{Keep, Selection};
use super::what_if::{self, JsonEffect};
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;

/// Delete snapshots: the oldest one, one that is selected, or all but those to keep
///
/// The space is given back by `gibus repo prune`, once nothing else needs the contents.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(short = 'A', long = "archive", value_name = "NAME")]
    pub archive: String,

    #[command(flatten)]
    pub selection: Selection,

    #[command(flatten)]
    pub keep: Keep,

    /// Delete even the last snapshot of the archive
    #[arg(long)]
    pub allow_last: bool,

    /// Print what would be deleted and what that would free, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let selected = options.selection.select()?;
    if selected.is_some() && options.keep.rule().is_some() {
        return Err(Failure::usage(
            "delete snapshots",
            "either one is selected, or it is said which to keep",
        ));
    }
    let found = context.archive(&options.archive)?;
    let names = names(options, selected, &found.archive)?;
    if names.is_empty() {
        // A rule that keeps them all: a timer says it every hour.
        if !context.out.is_json() {
            context.out.tell("There is nothing to delete")?;
        }
        return done(context, options, &[], None, &[]);
    }
    let catalog = &context.catalog;
    let deletable = catalog
        .deletable(found, &names, options.allow_last)
        .looked_up()?;
    deletable.repositories.iter().for_each(tell_damage);
    if options.dry_run {
        for name in &names {
            say(context, &format!("Would delete {name}"))?;
        }
        let effect = what_if::tell(&[deletable], None, context)?;
        return done(context, options, &names, Some(effect), &[]);
    }
    let (report, _) = context.work(|monitor| catalog.delete_snapshots(&deletable, monitor))?;
    let style = context.out.style();
    if !style.json {
        for name in &report.deleted {
            context.out.tell(&format!("Deleted {name}"))?;
        }
        for name in report.unreleased.iter().filter(|_| !style.quiet) {
            complain(&format!(
                "note: {name} could not be read; prune finds out which contents it alone needed"
            ));
        }
    }
    done(context, options, &report.deleted, None, &report.unreleased)
}

/// The snapshots that are meant, oldest first.
fn names(
    options: &Options,
    selected: Option<Select>,
    archive: &Archive,
) -> Result<Vec<SnapshotName>, Failure> {
    if let Some(rule) = options.keep.rule() {
        return Ok(rule.given_up(&archive.snapshots()?));
    }
    let select = selected.unwrap_or(Select::Back(-1));
    Ok(vec![archive.select(select).or_missing()?])
}

fn say(context: &mut Context, line: &str) -> Result<(), Failure> {
    match context.out.is_json() {
        true => Ok(()),
        false => context.out.line(line),
    }
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    archive: String,
    dry_run: bool,
    deleted: Vec<String>,
    /// What was deleted though its claim is not known.
    unreleased: Vec<String>,
    /// What it and a prune would free; known for a dry run only.
    frees: Option<JsonEffect>,
}

fn done(
    context: &mut Context,
    options: &Options,
    deleted: &[SnapshotName],
    frees: Option<JsonEffect>,
    unreleased: &[SnapshotName],
) -> Outcome {
    if context.out.is_json() {
        let texts = |names: &[SnapshotName]| names.iter().map(SnapshotName::to_string).collect();
        context.out.document(&Document {
            message_type: "delete",
            archive: options.archive.clone(),
            dry_run: options.dry_run,
            deleted: texts(deleted),
            unreleased: texts(unreleased),
            frees,
        })?;
    }
    Ok(Exit::Done)
}
