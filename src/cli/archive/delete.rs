//! `gibus archive delete`: an archive with its snapshots, or only its entry.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

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
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
