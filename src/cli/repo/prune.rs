//! `gibus repo prune`: gives back the space of contents that no snapshot needs.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Give back the space of contents that no snapshot needs
///
/// Snapshots are looked through first: a claim that is missing or damaged is supplied again from its
/// snapshot. Nothing is removed as long as one of the archives that use the repository cannot be read.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Print what would be given back, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
