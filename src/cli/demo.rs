//! `gibus demo`: shows Gibus at work on real files, in places of its own.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::context::Context;
use super::failure::Outcome;

/// Show Gibus at work: a throw-away backup from beginning to end
#[derive(Args, Debug)]
pub struct Options {
    /// What to back up; this source tree and /usr/share/doc if left out
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
