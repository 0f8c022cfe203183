//! `gibus archive adopt`: takes an archive that is there into the configuration.

use clap::Args;

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;
use crate::snapshot::places::ArchiveName;

/// Take an existing archive into the configuration
///
/// Its repository is adopted with it if the configuration does not have it yet.
#[derive(Args, Debug)]
pub struct Options {
    /// Its folder, the one with archive.toml and the snapshots
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// A name for it; its own if left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<ArchiveName>,

    /// The folder of its repository, if it is not where the archive says
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub repository: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
