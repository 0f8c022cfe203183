//! `gibus snapshots`: the snapshots of an archive, one a line.

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::Source;

/// List the snapshots of an archive, one a line, its name first
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    /// The newest first
    #[arg(long)]
    pub newest_first: bool,

    /// What each backup had to do: files, bytes, time
    #[arg(long, conflicts_with = "storage_stats")]
    pub build_stats: bool,

    /// What each snapshot costs in the repository: what it holds alone, what deleting it would free
    #[arg(long)]
    pub storage_stats: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
