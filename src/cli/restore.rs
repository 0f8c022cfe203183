//! `gibus restore`: puts files back where they came from.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// Put files back where they came from
///
/// What is identical is not touched. What is there and differs is moved aside under a name of its own,
/// unless --overwrite is given. What is there and is not in the snapshot stays.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// What to put back: absolute paths, or relative to the current folder
    #[arg(value_name = "PATH", required_unless_present = "all")]
    pub paths: Vec<PathBuf>,

    /// Everything in the snapshot
    #[arg(long, conflicts_with = "paths")]
    pub all: bool,

    /// Replace what differs, in place of moving it aside
    #[arg(long)]
    pub overwrite: bool,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
