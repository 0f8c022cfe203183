//! `gibus exigency`: finds repositories and archives when the configuration is lost.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::context::Context;
use super::failure::Outcome;

#[derive(Debug, Subcommand)]
pub enum Command {
    Scan(ScanOptions),
}

/// Search folders for repositories and archives
///
/// Nothing is changed. What is found can be used at once with --exigency, or taken into the
/// configuration with `gibus repo adopt` and `gibus archive adopt`.
#[derive(Args, Debug)]
pub struct ScanOptions {
    /// Where to search, e.g. a disk's folder under /media
    #[arg(value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    pub dirs: Vec<PathBuf>,
}

pub fn run(command: &Command, context: &mut Context) -> Outcome {
    match command {
        Command::Scan(options) => scan(options, context),
    }
}

fn scan(options: &ScanOptions, context: &mut Context) -> Outcome {
    let _ = (options, context);
    Err(super::context::not_built())
}
