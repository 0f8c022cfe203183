//! `gibus repo delete`: a repository with its contents, or only its entry.

use clap::Args;
use serde::Serialize;

use crate::catalog::Extent;
use crate::cli::context::{Context, tell_damage};
use crate::cli::failure::{Exit, Failure, Lookup, Outcome};
use crate::fs::escaped_path;
use crate::progress::Monitor;
use crate::snapshot::places::RepositoryName;

/// Delete a repository
///
/// One that still holds contents of snapshots is deleted only with --with-contents.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Delete it even if snapshots need its contents: they are lost
    #[arg(long)]
    pub with_contents: bool,

    /// Remove it from the configuration only, and leave its files alone
    #[arg(long, conflicts_with = "with_contents")]
    pub keep_files: bool,

    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let name = RepositoryName::new(options.name.as_str())?;
    let config = context.config();
    let entry = config.repositories.get(&name).or_missing()?;
    // A configuration that cannot be read is told apart from one that has users of it.
    config.archives_of(&name)?;
    let catalog = &context.catalog;
    catalog.expect_unused(&name).map_err(Failure::refused)?;
    let place = escaped_path(&entry.place).to_string();
    if options.keep_files {
        if !options.dry_run {
            // Nothing to wait for, and nothing to interrupt.
            catalog.delete_repository(&name, Extent::Forget, &Monitor::new())?;
        }
        return tell(
            options,
            context,
            &name,
            &format!("{place} is left as it is"),
        );
    }
    let deletion = catalog.plan_repository_deletion(&name).looked_up()?;
    tell_damage(&deletion.repository);
    if !options.with_contents {
        deletion.expect_empty().map_err(|error| {
            Failure::refused(error.advise(
                "--with-contents deletes it all the same, --keep-files only forgets where it is",
            ))
        })?;
    }
    if !options.dry_run {
        context.work(|monitor| catalog.delete_planned_repository(&deletion, monitor))?;
    }
    tell(options, context, &name, &format!("{place} is deleted"))
}

/// Tells what was deleted, or would be.
fn tell(options: &Options, context: &mut Context, name: &RepositoryName, what: &str) -> Outcome {
    if options.dry_run {
        context
            .out
            .line(&format!("Would delete the repository {name}: {what}"))?;
    } else if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repository_deleted",
            name: name.to_string(),
            files_deleted: !options.keep_files,
        })?;
    } else {
        context
            .out
            .tell(&format!("Deleted the repository {name}: {what}"))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    files_deleted: bool,
}
