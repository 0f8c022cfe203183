//! `gibus archive delete`: an archive with its snapshots, or only its entry.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::delete::repositories;
use crate::cli::failure::{Exit, Failure, Missing, Outcome};
use crate::cli::human::counted;
use crate::cli::lookup;
use crate::error::Error;
use crate::fs::escaped_path;
use crate::snapshot::delete::{delete_snapshots, plan_deletion};
use crate::snapshot::places::ArchiveName;

/// Delete an archive
///
/// One that has snapshots is deleted only with --with-snapshots.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Delete its snapshots, too
    #[arg(long)]
    pub with_snapshots: bool,

    /// Remove it from the configuration only, and leave its snapshots alone
    #[arg(long, conflicts_with = "with_snapshots")]
    pub keep_files: bool,

    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    if options.keep_files {
        let name = ArchiveName::new(options.name.as_str())?;
        let entry = context.config().archives.get(&name).or_missing()?;
        let place = escaped_path(&entry.place).to_string();
        return finish(
            options,
            context,
            &name,
            0,
            &format!("{place} is left as it is"),
        );
    }
    let found = lookup::archive(context, &options.name)?;
    let snapshots = found.archive.snapshots()?;
    let number = counted(snapshots.len() as u64, "snapshot", "snapshots");
    if !snapshots.is_empty() && !options.with_snapshots {
        let attempted = format!("delete the archive {}", found.name);
        let error = Error::invalid(attempted, format!("it has {number}")).advise(
            "--with-snapshots deletes them as well, --keep-files only forgets where they are",
        );
        return Err(Failure::refused(error));
    }
    let place = escaped_path(&found.entry.place).to_string();
    let what = format!("{number} and the folder {place}");
    if !options.dry_run {
        if !snapshots.is_empty() {
            let plan = plan_deletion(&found.archive, &snapshots, true)?;
            let repositories = repositories(&plan, &found, context)?;
            context
                .work(|monitor| delete_snapshots(&plan, &found.archive, &repositories, monitor))?;
        }
        found.archive.delete()?;
    }
    finish(options, context, &found.name, snapshots.len(), &what)
}

fn finish(
    options: &Options,
    context: &mut Context,
    name: &ArchiveName,
    snapshots: usize,
    what: &str,
) -> Outcome {
    if options.dry_run {
        context
            .out
            .line(&format!("Would delete the archive {name}: {what}"))?;
        return Ok(Exit::Done);
    }
    context.config().archives.remove(name)?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "archive_deleted",
            name: name.to_string(),
            snapshots_deleted: snapshots,
            files_deleted: !options.keep_files,
        })?;
    } else {
        context
            .out
            .tell(&format!("Deleted the archive {name}: {what}"))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    snapshots_deleted: usize,
    files_deleted: bool,
}
