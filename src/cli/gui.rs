//! `gibus gui`, and plain `gibus`: the window, which this version does not have yet.

use clap::Args;

use super::context::Context;
use super::failure::{Failure, Outcome};
use crate::error::{Error, ErrorKind};

/// Open the window (not in this version)
#[derive(Args, Debug, Default)]
pub struct Options {}

pub fn run(_options: &Options, _context: &mut Context) -> Outcome {
    Err(Failure::from(
        Error::new(ErrorKind::Unsupported, "open the window")
            .because("this version has none yet")
            .advise(
                "the command line does everything: try 'gibus demo', 'gibus backup', \
                 'gibus snapshots', 'gibus restore', and 'gibus --help' for the rest",
            ),
    ))
}
