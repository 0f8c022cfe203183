//! `gibus extract`: copies out of a snapshot to any other place.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::Zoned;

use super::context::Context;
use super::failure::{Failure, Outcome};
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::{paths, plan};
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::snapshot::restore::{ExtractItem, Policy, carry_out, plan_extract};
use crate::snapshot::tree::Name;

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
    let snapshots = Snapshots::open(&options.source, context)?;
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let items = items(options)?;
    let policy = Policy {
        overwrite: options.overwrite,
        now: Zoned::now().datetime(),
    };
    let repository = snapshots.repository(context, &snapshot)?;
    let plan = |monitor: &Monitor| {
        plan_extract(
            &snapshot,
            &repository,
            &items,
            &options.into,
            policy,
            monitor,
        )
    };
    if options.dry_run {
        let (plan, _) = context.work(|monitor| plan(monitor))?;
        return plan::print("extract", file, &plan, context);
    }
    let (report, problems) = context.work(|monitor| {
        let _lock = repository.lock_for_reading("extract", monitor)?;
        carry_out(&plan(monitor)?, &snapshot, &repository, monitor)
    })?;
    plan::tell("extract", file, &report, &problems, context)
}

fn items(options: &Options) -> Result<Vec<ExtractItem>, Failure> {
    let new_name = match &options.new_name {
        Some(_) if options.paths.len() > 1 => {
            return Err(Failure::usage(
                "give a new name",
                "--as goes with one PATH only",
            ));
        }
        Some(name) => Some(Name::new(name.as_bytes())?),
        None => None,
    };
    let paths = paths::all_absolute(&options.paths)?;
    let item = |path: PathBuf| ExtractItem {
        path: path_bytes(&path).to_vec(),
        new_name: new_name.clone(),
    };
    Ok(paths.into_iter().map(item).collect())
}
