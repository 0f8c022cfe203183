//! Everything that can be a job, and what comes of it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Zoned;

use super::get_back::{Prepared, Target, carry_out_all};
use crate::catalog::{Catalog, Checkup, Repaired};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Monitor;
use crate::repository::check::CheckOptions;
use crate::repository::convert::ConvertReport;
use crate::repository::prune::{PruneDepth, PruneReport};
use crate::repository::settings::Settings;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::build::BackupReport;
use crate::snapshot::delete::DeletionReport;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::restore::RestoreReport;

/// Snapshots of one archive that are to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenSnapshots {
    pub archive: ArchiveName,
    /// Oldest first.
    pub snapshots: Vec<SnapshotName>,
    /// Delete even the last one; whoever says so has been asked.
    pub allow_last: bool,
}

/// A piece of work for a thread of its own.
#[derive(Clone)]
pub enum Work {
    BackUp {
        archive: ArchiveName,
    },
    /// Extract or restore, as planned.
    GetBack(Arc<Prepared>),
    DeleteSnapshots {
        /// By archive.
        chosen: Vec<ChosenSnapshots>,
        /// Prune afterwards, so that the space is given back.
        prune: Option<PruneDepth>,
    },
    DeleteArchive {
        archive: ArchiveName,
        /// So many snapshots were shown to whoever said yes; with more it is refused.
        snapshots: usize,
    },
    Check {
        repository: RepositoryName,
        read_data: bool,
    },
    Prune {
        repository: RepositoryName,
        depth: PruneDepth,
    },
    Convert {
        repository: RepositoryName,
        settings: Settings,
    },
    Repair {
        repository: RepositoryName,
    },
    DeleteRepository {
        repository: RepositoryName,
        /// It was said to keep contents for so many snapshots; with more it is refused.
        snapshots: u64,
    },
}

/// What came of it.
pub enum Done {
    BackedUp(Box<BackupReport>),
    GotBack {
        /// One for each snapshot that something was taken from.
        reports: Vec<RestoreReport>,
        /// The folder that things were put into, unless they went where they came from.
        folder: Option<PathBuf>,
    },
    DeletedSnapshots {
        report: DeletionReport,
        /// What pruning gave back, if it was asked for.
        pruned: Option<Result<Box<PruneReport>>>,
    },
    DeletedArchive,
    Checked(Box<Checkup>),
    Pruned(Box<PruneReport>),
    Converted(ConvertReport),
    Repaired(Box<Repaired>),
    DeletedRepository,
}

impl Work {
    /// The archive that it is about.
    pub fn archive(&self) -> Option<&ArchiveName> {
        match self {
            Work::BackUp { archive } | Work::DeleteArchive { archive, .. } => Some(archive),
            Work::DeleteSnapshots { chosen, .. } => match chosen.as_slice() {
                [one] => Some(&one.archive),
                _ => None,
            },
            Work::GetBack(prepared) => prepared.request.source.archive(),
            _ => None,
        }
    }

    /// The repository that it is about, where it is about one as a whole.
    pub fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Work::Check { repository, .. }
            | Work::Prune { repository, .. }
            | Work::Convert { repository, .. }
            | Work::Repair { repository }
            | Work::DeleteRepository { repository, .. } => Some(repository),
            _ => None,
        }
    }

    /// Does it, on this thread.
    pub fn run(&self, catalog: &Catalog, monitor: &Arc<Monitor>) -> Result<Done> {
        Ok(match self {
            Work::BackUp { archive } => {
                let report = catalog.back_up(archive, &Zoned::now(), false, monitor)?;
                Done::BackedUp(Box::new(report))
            }
            Work::GetBack(prepared) => Done::GotBack {
                reports: carry_out_all(prepared, monitor)?,
                folder: match &prepared.request.target {
                    Target::Folder(folder) => Some(folder.clone()),
                    Target::Origin => None,
                },
            },
            Work::DeleteSnapshots { chosen, prune } => {
                delete_snapshots(chosen, *prune, catalog, monitor)?
            }
            Work::DeleteArchive { archive, snapshots } => {
                let deletable = catalog.whole_archive(catalog.archive(archive)?)?;
                expect_no_more(
                    &format!("delete the archive {archive}"),
                    deletable.plan.deletions.len() as u64,
                    *snapshots as u64,
                )?;
                catalog.delete_whole_archive(&deletable, monitor)?;
                Done::DeletedArchive
            }
            Work::Check {
                repository,
                read_data,
            } => {
                let options = CheckOptions {
                    read_data: *read_data,
                };
                Done::Checked(Box::new(catalog.check(repository, &options, monitor)?))
            }
            Work::Prune { repository, depth } => {
                Done::Pruned(Box::new(catalog.prune(repository, *depth, monitor)?.1))
            }
            Work::Convert {
                repository,
                settings,
            } => Done::Converted(catalog.convert(repository, settings, monitor)?.1),
            Work::Repair { repository } => {
                Done::Repaired(Box::new(catalog.repair(repository, false, monitor)?))
            }
            Work::DeleteRepository {
                repository,
                snapshots,
            } => {
                let deletion = catalog.plan_repository_deletion(repository)?;
                let attempted = format!("delete the repository {repository}");
                expect_no_more(&attempted, deletion.snapshots, *snapshots)?;
                catalog.delete_planned_repository(&deletion, monitor)?;
                Done::DeletedRepository
            }
        })
    }
}

/// Plans everything before anything is deleted.
fn delete_snapshots(
    chosen: &[ChosenSnapshots],
    depth: Option<PruneDepth>,
    catalog: &Catalog,
    monitor: &Arc<Monitor>,
) -> Result<Done> {
    let mut planned = Vec::new();
    for of in chosen {
        planned.push(catalog.plan_deletion(&of.archive, &of.snapshots, of.allow_last)?);
    }
    let mut report = DeletionReport::default();
    let mut repositories: BTreeSet<RepositoryName> = BTreeSet::new();
    for deletable in &planned {
        let its = catalog.delete_snapshots(deletable, monitor)?;
        report.deleted.extend(its.deleted);
        report.unreleased.extend(its.unreleased);
        repositories.insert(deletable.found.entry.repository.clone());
    }
    // The snapshots are deleted, whatever comes of this.
    let pruned = depth.map(|depth| prune(&repositories, depth, catalog, monitor).map(Box::new));
    Ok(Done::DeletedSnapshots { report, pruned })
}

/// Prunes repositories, one after the other; what came of it in all.
fn prune(
    repositories: &BTreeSet<RepositoryName>,
    depth: PruneDepth,
    catalog: &Catalog,
    monitor: &Arc<Monitor>,
) -> Result<PruneReport> {
    let mut sum = PruneReport::default();
    for repository in repositories {
        let (_, report) = catalog.prune(repository, depth, monitor)?;
        sum.deleted_contents += report.deleted_contents;
        sum.deleted_packs += report.deleted_packs;
        sum.moved_packs += report.moved_packs;
        sum.repacked_packs += report.repacked_packs;
        sum.deleted_loose_files += report.deleted_loose_files;
        sum.deleted_leftovers += report.deleted_leftovers;
        sum.stored_bytes_before += report.stored_bytes_before;
        sum.stored_bytes_after += report.stored_bytes_after;
        sum.mixed_bytes += report.mixed_bytes;
        sum.left_undone = sum.left_undone.or(report.left_undone);
    }
    Ok(sum)
}

/// What is there may have become more since somebody said yes to its end.
fn expect_no_more(attempted: &str, now: u64, shown: u64) -> Result<()> {
    if now <= shown {
        return Ok(());
    }
    let why =
        format!("there were {shown} snapshots when that was decided, and there are {now} now");
    Err(Error::new(ErrorKind::Invalid, attempted)
        .because(why)
        .advise("look at it again, and decide anew"))
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::BackUp { .. } => "BackUp",
            Work::GetBack(_) => "GetBack",
            Work::DeleteSnapshots { .. } => "DeleteSnapshots",
            Work::DeleteArchive { .. } => "DeleteArchive",
            Work::Check { .. } => "Check",
            Work::Prune { .. } => "Prune",
            Work::Convert { .. } => "Convert",
            Work::Repair { .. } => "Repair",
            Work::DeleteRepository { .. } => "DeleteRepository",
        })
    }
}
