//! `gibus repo check`: is everything there, and is it what was stored?

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Check a repository
///
/// Checks that the tables, the claims and the packs agree, and that the archives of the configuration
/// that use it have their contents there. With --read-data every byte is read and compared with its
/// digest. Files affected by damage are named.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Read every byte, too
    #[arg(long)]
    pub read_data: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
