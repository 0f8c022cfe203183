//! `gibus repo convert`: another layout or codec.

use clap::Args;

use super::create::{CodecName, LayoutName};
use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Convert a repository to another layout or codec
///
/// What is not given stays as it is. It may be interrupted: the next run goes on.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// How contents lie on the disk
    #[arg(long, value_enum)]
    pub layout: Option<LayoutName>,

    /// How contents are compressed
    #[arg(long, value_enum)]
    pub codec: Option<CodecName>,

    /// How hard to compress: zstd 1 to 19 (3 if left out), gzip 1 to 9 (6)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub level: Option<i32>,

    /// Print what would be converted, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
