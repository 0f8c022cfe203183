//! `gibus backup`: a new snapshot of one archive or of several.

use clap::Args;

use super::context::Context;
use super::failure::Outcome;

/// Back up: make a new snapshot
///
/// Files that have not changed since the archive's newest snapshot are not read again. A file that
/// cannot be read is reported, and the others are backed up all the same; the exit code is then 3.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive; may be given several times
    #[arg(short = 'A', long = "archive", value_name = "NAME", required = true)]
    pub archives: Vec<String>,

    /// Print what it cost: files, bytes, time
    #[arg(long)]
    pub stats: bool,

    /// Look at everything, store nothing, and tell what a backup would do
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
