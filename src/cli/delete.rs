//! `gibus delete`: deletes snapshots.

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::Selection;
use super::values;

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
    let _ = (options, context);
    Err(super::context::not_built())
}
