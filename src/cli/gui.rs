//! `gibus gui`, and plain `gibus`: the window, which `main` opens.

use clap::Args;

/// Open the window
///
/// Plain `gibus` does the same.
#[derive(Args, Debug, Default)]
pub struct Options {}
