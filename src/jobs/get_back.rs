//! Getting files back: what was picked, a plan for it, and carrying that out.
//!
//! What is picked may come from several snapshots. Each snapshot is a part with a plan of its own, and the
//! parts are carried out one after the other. The repository is locked for reading only while contents are
//! copied, so that a plan can be looked at for as long as one likes.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Zoned;

use super::source::SeriesSource;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::Snapshot;
use crate::snapshot::restore::{
    ExtractItem, Plan, Policy, RestoreReport, Wish, carry_out, plan_extract, plan_restore,
};

/// What to get back, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub source: SeriesSource,
    pub picks: Vec<Picks>,
    pub target: Target,
    /// Replace what is there and differs. Without it, a restore moves it aside and an extraction is refused.
    pub overwrite: bool,
}

/// What is picked from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picks {
    /// The snapshot's file.
    pub file: PathBuf,
    pub name: SnapshotName,
    pub what: Picked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// These absolute paths.
    Paths(Vec<Vec<u8>>),
    /// Everything in the snapshot.
    All,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Each item under its own name into this folder.
    Folder(PathBuf),
    /// Back to where it came from.
    Origin,
}

/// Plans for a request, ready to be looked at and carried out.
pub struct Prepared {
    pub request: Request,
    pub parts: Vec<Part>,
}

/// The plan for what comes from one snapshot.
pub struct Part {
    pub name: SnapshotName,
    pub plan: Plan,
    snapshot: Snapshot,
    repository: Repository,
}

/// Makes the plans. Changes nothing.
pub fn prepare(catalog: &Catalog, request: Request, monitor: &Monitor) -> Result<Prepared> {
    let policy = Policy {
        overwrite: request.overwrite,
        now: Zoned::now().datetime(),
    };
    let mut parts = Vec::with_capacity(request.picks.len());
    for picks in &request.picks {
        monitor.check_cancelled()?;
        let snapshot = Snapshot::open(&picks.file)?;
        let repository = request.source.repository(catalog, &snapshot)?;
        let plan = match &request.target {
            Target::Folder(folder) => {
                let items: Vec<ExtractItem> = paths(&picks.what, &snapshot)
                    .into_iter()
                    .map(|path| ExtractItem {
                        path,
                        new_name: None,
                    })
                    .collect();
                plan_extract(&snapshot, &repository, &items, folder, policy, monitor)?
            }
            Target::Origin => {
                let wish = match &picks.what {
                    Picked::Paths(paths) => Wish::Paths(paths.clone()),
                    Picked::All => Wish::All {
                        included: included(&snapshot),
                    },
                };
                plan_restore(&snapshot, &repository, &wish, policy, monitor)?
            }
        };
        parts.push(Part {
            name: picks.name,
            plan,
            snapshot,
            repository,
        });
    }
    Ok(Prepared { request, parts })
}

fn paths(what: &Picked, snapshot: &Snapshot) -> Vec<Vec<u8>> {
    match what {
        Picked::Paths(paths) => paths.clone(),
        Picked::All => included(snapshot),
    }
}

/// What the archive included then; the folders above are on the way, and not a part of it.
fn included(snapshot: &Snapshot) -> Vec<Vec<u8>> {
    let specification = ArchiveFile::from_header(snapshot.header()).specification;
    let includes = specification.includes.iter();
    includes.map(|path| path_bytes(path).to_vec()).collect()
}

/// Carries the plans out; a report for each part.
///
/// Errors: those that end a run. What went wrong with single files is told to the monitor.
pub fn carry_out_all(prepared: &Prepared, monitor: &Arc<Monitor>) -> Result<Vec<RestoreReport>> {
    let purpose = match prepared.request.target {
        Target::Folder(_) => "extract",
        Target::Origin => "restore",
    };
    let mut reports = Vec::with_capacity(prepared.parts.len());
    for part in &prepared.parts {
        let _lock = part.repository.lock_for_reading(purpose, monitor)?;
        let report = carry_out(&part.plan, &part.snapshot, &part.repository, monitor)?;
        reports.push(report);
    }
    Ok(reports)
}
