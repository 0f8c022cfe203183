//! `gibus repo stats`: what a repository holds and what that takes.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Show what a repository holds, and the space it takes
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
