//! `gibus ls`: what is in a folder of a snapshot.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// List a folder of a snapshot
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The folder or file; everything from / on if left out
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// With everything below it
    #[arg(short, long)]
    pub recursive: bool,

    /// With mode, owner, size and time
    #[arg(short, long)]
    pub long: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
