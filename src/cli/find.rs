//! `gibus find`: where in the snapshots a file is, by its name.

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// Find files by name in a snapshot, or in all of them
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// A name or a pattern like '*.odt'; matched on the name, or on the whole path if it has a slash
    #[arg(value_name = "PATTERN")]
    pub pattern: String,

    /// Every version in every snapshot, not only in the newest
    #[arg(long, conflicts_with_all = ["back", "snapshot"])]
    pub all: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
