//! `gibus extract`: copies out of a snapshot to any other place.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::context::Context;
use super::failure::Outcome;
use super::select::{Selection, Source};

/// Copy files and folders out of a snapshot
///
/// Each one comes under its own name into the current folder, or into that of --into. Something that is
/// there already is left alone and is an error, unless --overwrite is given.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// What to copy: absolute paths as they were backed up, or relative to the current folder
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// The folder to put it in; made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true, value_hint = ValueHint::DirPath)]
    pub into: PathBuf,

    /// Another name for it; with one PATH only
    #[arg(long = "as", value_name = "NAME")]
    pub new_name: Option<OsString>,

    /// Replace what is there already
    #[arg(long)]
    pub overwrite: bool,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
