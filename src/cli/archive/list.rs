//! `gibus archive list`: the archives of the configuration.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// List the archives
#[derive(Args, Debug)]
pub struct Options {}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
