//! `gibus repo repair`: makes the best of a damaged repository.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Rebuild what can be rebuilt in a damaged repository
///
/// Tables are made again from the packs, claims from the snapshots. Contents that are lost are listed;
/// the next backup stores those that the source still has.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
