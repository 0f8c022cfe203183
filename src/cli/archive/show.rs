//! `gibus archive show`: what an archive backs up, and where to.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Show what an archive backs up, and where to
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
