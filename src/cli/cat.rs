//! `gibus cat`: the content of a file in a snapshot, on the standard output.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// Print the content of a file in a snapshot
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The file: absolute, or relative to the current folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
