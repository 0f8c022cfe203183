//! `gibus restore`: puts files back where they came from.

use std::path::PathBuf;

use clap::Args;
use jiff::Zoned;

use super::context::Context;
use super::failure::{Failure, Outcome};
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::{paths, plan};
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::file::Snapshot;
use crate::snapshot::restore::{Policy, Wish, carry_out, plan_restore};

/// Put files back where they came from
///
/// What is identical is not touched. What is there and differs is moved aside under a name of its own,
/// unless --overwrite is given. What is there and is not in the snapshot stays.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// What to put back: absolute paths, or relative to the current folder
    #[arg(value_name = "PATH", required_unless_present = "all")]
    pub paths: Vec<PathBuf>,

    /// Everything in the snapshot
    #[arg(long, conflicts_with = "paths")]
    pub all: bool,

    /// Replace what differs, in place of moving it aside
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
    let wish = wish(options, &snapshot)?;
    let policy = Policy {
        overwrite: options.overwrite,
        now: Zoned::now().datetime(),
    };
    let repository = snapshots.repository(context, &snapshot)?;
    let plan = |monitor: &Monitor| plan_restore(&snapshot, &repository, &wish, policy, monitor);
    if options.dry_run {
        let (plan, _) = context.work(|monitor| plan(monitor))?;
        return plan::print("restore", file, &plan, context);
    }
    let (report, problems) = context.work(|monitor| {
        let _lock = repository.lock_for_reading("restore", monitor)?;
        carry_out(&plan(monitor)?, &snapshot, &repository, monitor)
    })?;
    plan::tell("restore", file, &report, &problems, context)
}

fn wish(options: &Options, snapshot: &Snapshot) -> Result<Wish, Failure> {
    if !options.all {
        let paths = paths::all_absolute(&options.paths)?;
        let paths = paths.iter().map(|path| path_bytes(path).to_vec());
        return Ok(Wish::Paths(paths.collect()));
    }
    // What the archive included then; the folders above that are on the way, and not a part of it.
    let specification = ArchiveFile::from_header(snapshot.header()).specification;
    let included = specification
        .includes
        .iter()
        .map(|path| path_bytes(path).to_vec());
    Ok(Wish::All {
        included: included.collect(),
    })
}
