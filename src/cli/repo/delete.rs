//! `gibus repo delete`: a repository with its contents, or only its entry.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

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
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
