//! `gibus repo adopt`: takes a repository that is there into the configuration.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::create::tell;
use crate::cli::context::Context;
use crate::cli::failure::{Lookup, Outcome};
use crate::cli::paths;
use crate::error::ErrorKind;
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
    let place = paths::absolute(&options.dir)?;
    let found = context
        .catalog
        .adopt_repository(&place, options.name.clone())
        .map_err(|error| match error.kind() {
            // That of the folder, then.
            ErrorKind::Invalid => error.advise("choose a name with --name"),
            _ => error,
        })
        .or_missing()?;
    tell(
        context,
        "repository_adopted",
        &found.name,
        &found.repository,
    )
}
