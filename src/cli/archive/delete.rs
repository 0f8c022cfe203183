//! `gibus archive delete`: an archive with its snapshots, or only its entry.

use clap::Args;
use serde::Serialize;

use crate::catalog::Extent;
use crate::catalog::delete::expect_no_snapshots;
use crate::cli::context::{Context, tell_damage};
use crate::cli::failure::{Exit, Failure, Lookup, Outcome};
use crate::cli::human::counted;
use crate::error::ErrorKind;
use crate::fs::escaped_path;
use crate::progress::Monitor;
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
        if !options.dry_run {
            // Nothing to wait for, and nothing to interrupt.
            let monitor = Monitor::new();
            context
                .catalog
                .delete_archive(&name, Extent::Forget, &monitor)?;
        }
        let what = format!("{} is left as it is", escaped_path(&entry.place));
        return tell(options, context, &name, 0, &what);
    }
    let found = context.archive(&options.name)?;
    if !options.with_snapshots {
        expect_no_snapshots(&found).map_err(|error| match error.kind() {
            ErrorKind::Invalid => Failure::refused(error.advise(
                "--with-snapshots deletes them as well, --keep-files only forgets where they are",
            )),
            _ => Failure::from(error),
        })?;
    }
    let (name, snapshots) = (found.name.clone(), found.archive.snapshots()?.len());
    let what = format!(
        "{} and the folder {}",
        counted(snapshots as u64, "snapshot", "snapshots"),
        escaped_path(&found.entry.place)
    );
    if !options.dry_run {
        let deletable = context.catalog.whole_archive(found).looked_up()?;
        deletable.repositories.iter().for_each(tell_damage);
        context.work(|monitor| context.catalog.delete_whole_archive(&deletable, monitor))?;
    }
    tell(options, context, &name, snapshots, &what)
}

/// Tells what was deleted, or would be.
fn tell(
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
    } else if context.out.is_json() {
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
