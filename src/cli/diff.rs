//! `gibus diff`: what changed between two snapshots.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// Show what changed between two snapshots
///
/// From the snapshot selected with --back or --snapshot (the one before the newest if left out) to the
/// one selected with --to-back or --to-snapshot (the newest if left out). One line a difference: `+` is
/// new, `-` is gone, `M` has another content, `m` has other attributes only, `T` is of another type.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The other snapshot, that many steps back
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "to_snapshot"
    )]
    pub to_back: Option<i64>,

    /// The other snapshot, by its name
    #[arg(long, value_name = "NAME")]
    pub to_snapshot: Option<String>,

    /// Only what is below this folder
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
