//! `gibus repo create`: a new, empty repository.

use clap::Args;

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use crate::cli::context::Context;
use crate::cli::failure::Outcome;
use crate::snapshot::places::RepositoryName;

/// Make a new repository
#[derive(Args, Debug)]
pub struct Options {
    /// Name for it
    #[arg(value_name = "NAME")]
    pub name: RepositoryName,

    /// The folder to make it in, e.g. of another disk; ~/.local/share/gibus if left out
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub location: Option<PathBuf>,

    /// How contents lie on the disk
    #[arg(long, value_enum)]
    pub layout: Option<LayoutName>,

    /// How contents are compressed
    #[arg(long, value_enum)]
    pub codec: Option<CodecName>,

    /// How hard to compress: zstd 1 to 19 (3 if left out), gzip 1 to 9 (6)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub level: Option<i32>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}

/// The layouts, as they are named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// Packs of about 64 MiB: fast, few files, small
    Packed,
    /// One file for each content, which zcat can read
    Loose,
}

/// The codecs, as they are named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodecName {
    Zstd,
    Gzip,
    None,
}
