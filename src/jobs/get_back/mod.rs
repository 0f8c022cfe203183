//! Getting files back: what was picked, a plan for it, and carrying that out.
//!
//! What is picked may come from several snapshots. Each snapshot is a part with a plan of its own, and the
//! parts are carried out one after the other. The repository is locked for reading only while contents are
//! copied, so that a plan can be looked at for as long as one likes.
//!
//! All plans are made before anything is written, each of them as if it were alone. What they could do to each
//! other is dealt with here:
//! - two things of one name that are extracted into one folder: they get names of their own ([`names`])
//! - one path that is to be put back from two snapshots: that is refused
//! - a folder that is missing, and that two parts would both make: the later part is planned again, and the new
//!   plan must not touch anything that the one that was looked at did not ([`carry_out_all`])

mod names;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Zoned;

use super::source::SeriesSource;
use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{bytes_path, path_bytes};
use crate::progress::{Monitor, lock};
use crate::repository::Repository;
use crate::snapshot::archive::file::ArchiveFile;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::Snapshot;
use crate::snapshot::restore::{
    ExtractItem, Plan, Policy, RestoreReport, What, Wish, carry_out, plan_extract, plan_restore,
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
    /// Each item under its own name into this folder; with the snapshot's date in it, or a number, where two
    /// would have the same.
    Folder(PathBuf),
    /// Back to where it came from.
    Origin,
}

/// Plans for a request, ready to be looked at and to be carried out once.
pub struct Prepared {
    pub request: Request,
    /// What is extracted from each snapshot under which names, also once that has begun; nothing for a restore.
    pub items: Vec<(SnapshotName, Vec<ExtractItem>)>,
    /// `None` from when they are carried out: a job is remembered after its end, and plans can be large.
    parts: Mutex<Option<Vec<Part>>>,
}

/// The plan for what comes from one snapshot.
pub struct Part {
    pub name: SnapshotName,
    pub plan: Plan,
    how: How,
    snapshot: Snapshot,
    repository: Repository,
}

/// How a part's plan is made.
enum How {
    Extract(Vec<ExtractItem>, PathBuf),
    Restore(Wish),
}

impl Part {
    /// What is extracted under which names; nothing for a restore.
    pub fn items(&self) -> &[ExtractItem] {
        match &self.how {
            How::Extract(items, _) => items,
            How::Restore(_) => &[],
        }
    }
}

impl Prepared {
    /// Looks at the plans; at none once they are being carried out.
    pub fn look<R>(&self, look: impl FnOnce(&[Part]) -> R) -> R {
        look(lock(&self.parts).as_deref().unwrap_or_default())
    }
}

/// Makes the plans. Changes nothing.
///
/// Errors: those of [`plan_extract`] and [`plan_restore`]; [`ErrorKind::Invalid`] when one path would be put back
/// from two snapshots.
pub fn prepare(catalog: &Catalog, request: Request, monitor: &Monitor) -> Result<Prepared> {
    let policy = Policy {
        overwrite: request.overwrite,
        now: Zoned::now().datetime(),
    };
    let mut opened = Vec::with_capacity(request.picks.len());
    for picks in &request.picks {
        monitor.check_cancelled()?;
        opened.push(Snapshot::open(&picks.file)?);
    }
    let hows = match &request.target {
        Target::Folder(folder) => extractions(&request.picks, &opened, folder)?,
        Target::Origin => restores(&request.picks, &opened)?,
    };
    let mut parts = Vec::with_capacity(opened.len());
    for ((picks, snapshot), how) in request.picks.iter().zip(opened).zip(hows) {
        let repository = request.source.repository(catalog, &snapshot)?;
        let plan = how.plan(&snapshot, &repository, policy, monitor)?;
        parts.push(Part {
            name: picks.name,
            plan,
            how,
            snapshot,
            repository,
        });
    }
    let items = parts.iter().map(|part| (part.name, part.items().to_vec()));
    Ok(Prepared {
        items: items.collect(),
        request,
        parts: Mutex::new(Some(parts)),
    })
}

impl How {
    fn plan(
        &self,
        snapshot: &Snapshot,
        repository: &Repository,
        policy: Policy,
        monitor: &Monitor,
    ) -> Result<Plan> {
        match self {
            How::Extract(items, folder) => {
                plan_extract(snapshot, repository, items, folder, policy, monitor)
            }
            How::Restore(wish) => plan_restore(snapshot, repository, wish, policy, monitor),
        }
    }
}

fn extractions(
    picks: &[Picks],
    snapshots: &[Snapshot],
    folder: &std::path::Path,
) -> Result<Vec<How>> {
    let mut wanted = Vec::with_capacity(picks.len());
    for (picks, snapshot) in picks.iter().zip(snapshots) {
        let paths = match &picks.what {
            Picked::Paths(paths) => paths.clone(),
            Picked::All => all_there_is(snapshot)?,
        };
        wanted.push((picks.name, paths));
    }
    let items = names::items(&wanted)?;
    let hows = items.into_iter();
    Ok(hows
        .map(|items| How::Extract(items, folder.to_owned()))
        .collect())
}

/// What the archive included then and was there, without what is below another of them.
fn all_there_is(snapshot: &Snapshot) -> Result<Vec<Vec<u8>>> {
    let included = included(snapshot);
    let all: HashSet<&[u8]> = included.iter().map(Vec::as_slice).collect();
    let mut found = Vec::new();
    for path in &included {
        let is_below_another = above(path).skip(1).any(|above| all.contains(above));
        let is_root = path.iter().all(|byte| *byte == b'/');
        if !is_below_another && (is_root || snapshot.lookup(path)?.is_some()) {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn restores(picks: &[Picks], snapshots: &[Snapshot]) -> Result<Vec<How>> {
    refuse_overlap(picks)?;
    let wishes = picks.iter().zip(snapshots);
    Ok(wishes
        .map(|(picks, snapshot)| {
            How::Restore(match &picks.what {
                Picked::Paths(paths) => Wish::Paths(paths.clone()),
                Picked::All => Wish::All {
                    included: included(snapshot),
                },
            })
        })
        .collect())
}

/// Two snapshots cannot be put into one place.
fn refuse_overlap(picks: &[Picks]) -> Result<()> {
    let root = [b"/".to_vec()];
    let mut holders: HashMap<&[u8], usize> = HashMap::new();
    let mut all: Vec<(&[u8], usize)> = Vec::new();
    for (index, picks) in picks.iter().enumerate() {
        let paths = match &picks.what {
            Picked::Paths(paths) => paths.as_slice(),
            Picked::All => &root,
        };
        all.extend(paths.iter().map(|path| (path.as_slice(), index)));
    }
    let twice = |path: &[u8]| {
        Err(
            Error::invalid("restore", "it was picked from two snapshots")
                .at(bytes_path(path))
                .advise("pick it from one of them, or extract both to a folder"),
        )
    };
    for (path, index) in &all {
        match holders.insert(path, *index) {
            Some(other) if other != *index => return twice(path),
            _ => {}
        }
    }
    for (path, index) in &all {
        let is_twice = above(path).any(|above| holders.get(above).is_some_and(|at| at != index));
        if is_twice {
            return twice(path);
        }
    }
    Ok(())
}

/// A path and the folders above it, from the inside out, `/` last.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let at = rest?;
        rest = match at.iter().rposition(|byte| *byte == b'/') {
            Some(0) if at.len() > 1 => at.get(..1),
            Some(0) | None => None,
            Some(slash) => at.get(..slash),
        };
        Some(at)
    })
}

/// What the archive included then; the folders above are on the way, and not a part of it.
fn included(snapshot: &Snapshot) -> Vec<Vec<u8>> {
    let specification = ArchiveFile::from_header(snapshot.header()).specification;
    let includes = specification.includes.iter();
    includes.map(|path| path_bytes(path).to_vec()).collect()
}

/// Carries the plans out; a report for each part. They are gone afterwards.
///
/// Errors: those that end a run; [`ErrorKind::Invalid`] the second time. What went wrong with single files is told
/// to the monitor.
pub fn carry_out_all(prepared: &Prepared, monitor: &Arc<Monitor>) -> Result<Vec<RestoreReport>> {
    let parts = lock(&prepared.parts).take();
    let Some(parts) = parts else {
        return Err(
            Error::invalid("carry the plan out", "that was done already")
                .advise("begin again, so that there is a new plan"),
        );
    };
    let purpose = match prepared.request.target {
        Target::Folder(_) => "extract",
        Target::Origin => "restore",
    };
    let mut reports: Vec<RestoreReport> = Vec::with_capacity(parts.len());
    for part in parts {
        let has_made_folders = reports.iter().any(|report| report.created_directories > 0);
        let carried_out = part.carry_out(purpose, has_made_folders, monitor);
        reports.push(carried_out.map_err(|error| with_what_is_done(error, &reports))?);
    }
    Ok(reports)
}

/// What was taken from the snapshots before stays where it is now; whoever reads the error has to know.
fn with_what_is_done(error: Error, reports: &[RestoreReport]) -> Error {
    let touched = |report: &RestoreReport| {
        report.created_files + report.replaced + report.moved_aside + report.attributes_set
    };
    let files: u64 = reports.iter().map(touched).sum();
    if files == 0 || error.kind() == ErrorKind::Cancelled {
        return error;
    }
    let why = format!(
        "{}; from the snapshots before, files were put in place already: {files}",
        error.why()
    );
    error.because(why)
}

impl Part {
    fn carry_out(
        self,
        purpose: &str,
        has_made_folders: bool,
        monitor: &Arc<Monitor>,
    ) -> Result<RestoreReport> {
        let _lock = self.repository.lock_for_reading(purpose, monitor)?;
        let again = match (&self.how, has_made_folders) {
            (How::Restore(_), true) => Some(self.planned_again(monitor)?),
            _ => None,
        };
        let plan = again.as_ref().unwrap_or(&self.plan);
        carry_out(plan, &self.snapshot, &self.repository, monitor)
    }

    /// The plan as it is now that the parts before were carried out.
    fn planned_again(&self, monitor: &Monitor) -> Result<Plan> {
        let policy = self.plan.policy();
        let plan = self
            .how
            .plan(&self.snapshot, &self.repository, policy, monitor)?;
        let looked_at: HashSet<Vec<u8>> = displaced(&self.plan).collect();
        if let Some(path) = displaced(&plan).find(|path| !looked_at.contains(path)) {
            return Err(Error::new(ErrorKind::Io, "restore")
                .at(bytes_path(&path))
                .because("something was put there after the plan was made")
                .advise("begin again, so that there is a new plan"));
        }
        Ok(plan)
    }
}

/// The paths of what is replaced or moved aside.
fn displaced(plan: &Plan) -> impl Iterator<Item = Vec<u8>> + '_ {
    plan.steps()
        .filter(|step| matches!(step.what, What::Replace | What::MoveAside { .. }))
        .map(|step| step.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(name: &str, paths: &[&str]) -> Picks {
        Picks {
            file: PathBuf::new(),
            name: name.parse().unwrap(),
            what: Picked::Paths(paths.iter().map(|path| path.as_bytes().to_vec()).collect()),
        }
    }

    #[test]
    fn above_ends_with_the_root() {
        let names: Vec<&[u8]> = above(b"/a/b").collect();
        assert_eq!(names, [&b"/a/b"[..], b"/a", b"/"]);
        assert_eq!(above(b"/").count(), 1);
    }

    #[test]
    fn one_path_from_two_snapshots_cannot_be_put_back() {
        let (one, two) = ("2026-11-20-10-00-00", "2026-11-21-10-00-00");
        let is_refused =
            |a: &[&str], b: &[&str]| refuse_overlap(&[picks(one, a), picks(two, b)]).is_err();
        assert!(!is_refused(&["/a/b", "/a/b/c"], &["/a/d", "/a/bb"]));
        assert!(is_refused(&["/a/b"], &["/a/b"]));
        assert!(is_refused(&["/a/b"], &["/a/b/c/d"]));
        assert!(is_refused(&["/a/b/c/d"], &["/a"]));
        let mut all = picks(two, &[]);
        all.what = Picked::All;
        assert!(refuse_overlap(&[picks(one, &["/a"]), all]).is_err());
    }
}
