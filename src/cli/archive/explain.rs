//! `gibus archive explain`: why is this file (not) backed up?

use clap::Args;

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Tell which rule includes or excludes a path, and its last saved version
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The file or folder: absolute, or relative to the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
