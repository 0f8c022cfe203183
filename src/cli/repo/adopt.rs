//! `gibus repo adopt`: takes a repository that is there into the configuration.

use clap::Args;

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;
use crate::snapshot::places::RepositoryName;

/// Take an existing repository into the configuration
#[derive(Args, Debug)]
pub struct Options {
    /// Its folder, the one with repository.toml
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// A name for it; that of its folder if left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<RepositoryName>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
