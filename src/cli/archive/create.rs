//! `gibus archive create`: a new archive.

use clap::Args;

use std::path::PathBuf;

use clap::ValueHint;

use super::rules::Rules;
use crate::cli::context::Context;
use crate::cli::failure::Outcome;
use crate::snapshot::places::ArchiveName;

/// Make a new archive: what to back up, and into which repository
#[derive(Args, Debug)]
pub struct Options {
    /// Name for it
    #[arg(value_name = "NAME")]
    pub name: ArchiveName,

    /// The repository that keeps the contents
    #[arg(long, value_name = "NAME")]
    pub repo: String,

    /// The folder to keep the snapshots in; where the repository is if left out
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub location: Option<PathBuf>,

    /// A file or folder to back up; several may be given
    #[arg(long, value_name = "PATH", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub include: Vec<PathBuf>,

    #[command(flatten)]
    pub rules: Rules,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
