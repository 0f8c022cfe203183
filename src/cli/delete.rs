//! `gibus delete`: deletes snapshots.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::failure::{Exit, Failure, Missing, Outcome};
use super::human::{counted, size};
use super::output::complain;
use super::select::Selection;
use super::{lookup, values};
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;
use crate::snapshot::delete::{delete_snapshots, plan_deletion};

/// Delete snapshots: the oldest one, or those that are selected
///
/// The space is given back by `gibus repo prune`, once nothing else needs the contents.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(short = 'A', long = "archive", value_name = "NAME")]
    pub archive: String,

    #[command(flatten)]
    pub selection: Selection,

    /// Delete all snapshots but the newest N
    #[arg(long, value_name = "N", value_parser = values::parse_count, conflicts_with_all = ["back", "snapshot"])]
    pub all_but_newest: Option<usize>,

    /// Delete even the last snapshot of the archive
    #[arg(long)]
    pub allow_last: bool,

    /// Print what would be deleted and what that would free, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = lookup::archive(context, &options.archive)?;
    let names = names(options, &found.archive)?;
    if names.is_empty() {
        // --all-but-newest with no more than that: a timer says it every hour.
        if !context.out.is_json() {
            context.out.tell("There is nothing to delete")?;
        }
        return done(context, options, &[], None, &[]);
    }
    let plan =
        plan_deletion(&found.archive, &names, options.allow_last).map_err(Failure::refused)?;
    let repository = lookup::repository_of(context, &found.entry)?.repository;
    if options.dry_run {
        let claims = [plan.claims_in(repository.id())];
        let (costs, _) = context.work(|monitor| repository.claim_costs(&claims, monitor))?;
        for name in &names {
            say(context, &format!("Would delete {name}"))?;
        }
        let freed = costs.first().copied().unwrap_or_default();
        say(
            context,
            &format!(
                "That would free {}: {} that nothing else needs",
                size(freed.alone_stored_bytes),
                counted(freed.alone_contents, "content", "contents")
            ),
        )?;
        return done(
            context,
            options,
            &names,
            Some(freed.alone_stored_bytes),
            &[],
        );
    }
    let (report, _) =
        context.work(|monitor| delete_snapshots(&plan, &found.archive, &repository, monitor))?;
    if !context.out.is_json() {
        for name in &report.deleted {
            context.out.tell(&format!("Deleted {name}"))?;
        }
        for name in &report.unreleased {
            complain(&format!(
                "note: {name} could not be read, so what it alone needed is given back only by \
                 'gibus repo repair --release-lost'"
            ));
        }
    }
    done(context, options, &report.deleted, None, &report.unreleased)
}

/// The snapshots that are meant, oldest first.
fn names(options: &Options, archive: &Archive) -> Result<Vec<SnapshotName>, Failure> {
    if let Some(newest) = options.all_but_newest {
        let mut names = archive.snapshots()?;
        names.truncate(names.len().saturating_sub(newest));
        return Ok(names);
    }
    let select = options.selection.select()?.unwrap_or(Select::Back(-1));
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
    /// Stored bytes that nothing else needs; known for a dry run only.
    frees_bytes: Option<u64>,
}

fn done(
    context: &mut Context,
    options: &Options,
    deleted: &[SnapshotName],
    frees_bytes: Option<u64>,
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
            frees_bytes,
        })?;
    }
    Ok(Exit::Done)
}
