//! `gibus archive edit`: changes what an archive backs up.

use clap::Args;

use std::path::PathBuf;

use clap::ValueHint;

use super::rules::Rules;
use crate::cli::context::Context;
use crate::cli::failure::Outcome;

/// Change what an archive backs up
///
/// Options add to the rules; those that begin with --remove and --no take away. Without options the
/// rules are opened in the editor that $VISUAL or $EDITOR names.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Another file or folder to back up
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub include: Vec<PathBuf>,

    #[command(flatten)]
    pub rules: Rules,

    /// Stop backing up this file or folder
    #[arg(long, value_name = "PATH")]
    pub remove_include: Vec<PathBuf>,

    /// Take away an --exclude-dir rule
    #[arg(long, value_name = "GLOB")]
    pub remove_exclude_dir: Vec<String>,

    /// Take away an --exclude-file rule
    #[arg(long, value_name = "GLOB")]
    pub remove_exclude_file: Vec<String>,

    /// Back up files of every size
    #[arg(long, conflicts_with = "exclude_larger_than")]
    pub no_exclude_larger_than: bool,

    #[arg(long, conflicts_with = "exclude_caches", hide_short_help = true)]
    pub no_exclude_caches: bool,

    #[arg(long, conflicts_with = "exclude_nodump", hide_short_help = true)]
    pub no_exclude_nodump: bool,

    #[arg(long, conflicts_with = "one_file_system", hide_short_help = true)]
    pub no_one_file_system: bool,

    #[arg(long, conflicts_with = "ignore_files", hide_short_help = true)]
    pub no_ignore_files: bool,

    #[arg(long, conflicts_with = "keep_broken_links", hide_short_help = true)]
    pub no_keep_broken_links: bool,

    #[arg(long, conflicts_with = "uncompressed", hide_short_help = true)]
    pub no_uncompressed: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(crate::cli::context::not_built())
}
