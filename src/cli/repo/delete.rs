//! `gibus repo delete`: a repository with its contents, or only its entry.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Missing, Outcome};
use crate::cli::human::counted;
use crate::cli::lookup;
use crate::error::Error;
use crate::fs::escaped_path;
use crate::repository::claims::ClaimState;
use crate::snapshot::places::{ArchiveName, RepositoryName};

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
    let users = config.archives_of(&name)?;
    if !users.is_empty() {
        let users: Vec<String> = users.iter().map(ArchiveName::to_string).collect();
        let error = Error::invalid(format!("delete the repository {name}"), "archives use it")
            .advise(format!("delete them first: {}", users.join(", ")));
        return Err(Failure::refused(error));
    }
    let place = escaped_path(&entry.place).to_string();
    if options.keep_files {
        return finish(
            options,
            context,
            &name,
            &format!("{place} is left as it is"),
        );
    }
    let repository = lookup::open_repository(&entry)?;
    let held = repository.claim_states()?.states;
    let snapshots = held
        .values()
        .filter(|state| **state != ClaimState::Released)
        .count() as u64;
    if snapshots > 0 && !options.with_contents {
        let why = format!(
            "it keeps the contents of {}, though no archive of the configuration uses it",
            counted(snapshots, "snapshot", "snapshots")
        );
        let error = Error::invalid(format!("delete the repository {name}"), why).advise(
            "--with-contents deletes it all the same, --keep-files only forgets where it is",
        );
        return Err(Failure::refused(error));
    }
    if !options.dry_run {
        context.work(|monitor| {
            let lock = repository.lock_exclusive("deleting the repository", monitor)?;
            repository.clone().delete(lock, monitor)
        })?;
    }
    finish(options, context, &name, &format!("{place} is deleted"))
}

fn finish(options: &Options, context: &mut Context, name: &RepositoryName, what: &str) -> Outcome {
    if options.dry_run {
        context
            .out
            .line(&format!("Would delete the repository {name}: {what}"))?;
        return Ok(Exit::Done);
    }
    context.config().repositories.remove(name)?;
    if context.out.is_json() {
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
