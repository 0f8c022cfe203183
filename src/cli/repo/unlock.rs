//! `gibus repo unlock`: removes locks whose holders are gone for good.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Remove locks whose holders are gone
///
/// Locks left by a dead process on this computer need no unlocking. This is for those of another
/// computer that will not come back: make sure that nothing is at work there.
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
