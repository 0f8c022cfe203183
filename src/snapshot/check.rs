//! Are the snapshots of a repository sound, and which of their files does damage concern?
//!
//! The repository checks itself, and knows contents by number. What they are to a person is the files that
//! have them; this is where the two meet.

use super::archive::Archive;
use super::archive::name::SnapshotName;
use super::file::Snapshot;
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::check::CheckReport;
use crate::repository::claims::{ClaimId, ClaimState};

/// Of one snapshot, more affected files than this are counted and not named.
const MOST_NAMED: usize = 1000;

/// What is wrong with one snapshot.
#[derive(Debug)]
pub struct SnapshotFinding {
    pub archive: String,
    pub name: SnapshotName,
    pub trouble: Trouble,
}

#[derive(Debug)]
pub enum Trouble {
    /// Its file is damaged.
    Unreadable(Error),
    /// Its claim is missing or damaged; a prune supplies it again.
    Unclaimed,
    /// Its claim was released, so what it needs may be deleted.
    Released,
    /// Some of its files have contents that are damaged or lost.
    Affected {
        /// Absolute paths, the first ones.
        paths: Vec<Vec<u8>>,
        /// How many there are in all.
        files: u64,
    },
}

/// The outcome.
#[derive(Debug, Default)]
pub struct SnapshotsCheck {
    /// How many snapshots were looked at.
    pub snapshots: u64,
    pub findings: Vec<SnapshotFinding>,
}

/// Reads all snapshots of these archives that have their contents in this repository, and compares them with
/// what a check of it has found.
///
/// Errors: the looking itself fails; [`crate::error::ErrorKind::Cancelled`].
pub fn check_snapshots(
    repository: &Repository,
    archives: &[Archive],
    report: &CheckReport,
    monitor: &Monitor,
) -> Result<SnapshotsCheck> {
    let claims = repository.claim_states()?;
    let mut check = SnapshotsCheck::default();
    for archive in archives {
        let archive_name = archive.file().name.to_string();
        for name in archive.snapshots()? {
            monitor.check_cancelled()?;
            let mut find = |trouble| {
                check.findings.push(SnapshotFinding {
                    archive: archive_name.clone(),
                    name,
                    trouble,
                });
            };
            let snapshot = match open_whole(archive, name, repository.id()) {
                Ok(Some(snapshot)) => snapshot,
                Ok(None) => continue,
                Err(error) if error.is_fatal() => return Err(error),
                // Of an archive that has gone on to another repository, it is for that one to tell.
                Err(_) if archive.file().repository.id != repository.id() => continue,
                Err(error) => {
                    find(Trouble::Unreadable(error));
                    check.snapshots += 1;
                    continue;
                }
            };
            check.snapshots += 1;
            match claims.of(ClaimId(snapshot.header().claim_id)) {
                ClaimState::Live => {}
                ClaimState::Missing | ClaimState::Damaged => find(Trouble::Unclaimed),
                ClaimState::Released => find(Trouble::Released),
            }
            if !report.damaged.is_empty() {
                let (paths, files) = affected(&snapshot, report, monitor)?;
                if files > 0 {
                    find(Trouble::Affected { paths, files });
                }
            }
        }
    }
    Ok(check)
}

/// Reads all of a snapshot; `None` if its contents are in another repository.
fn open_whole(archive: &Archive, name: SnapshotName, repository: Id) -> Result<Option<Snapshot>> {
    let snapshot = Snapshot::open(&archive.path_of(name))?;
    if snapshot.header().repository.id != repository {
        return Ok(None);
    }
    snapshot.verify()?;
    Ok(Some(snapshot))
}

/// The files of a snapshot whose contents are damaged.
fn affected(
    snapshot: &Snapshot,
    report: &CheckReport,
    monitor: &Monitor,
) -> Result<(Vec<Vec<u8>>, u64)> {
    let (mut paths, mut files) = (Vec::new(), 0);
    for token in snapshot.tokens() {
        files += u64::from(report.is_damaged(token?.number));
    }
    if files == 0 {
        return Ok((paths, 0));
    }
    let mut walk = snapshot.walk(b"/", snapshot.root());
    while let Some(step) = walk.advance()? {
        if step
            .entry
            .token()
            .is_some_and(|token| report.is_damaged(token.number))
        {
            paths.push(step.path.to_vec());
            if paths.len() == MOST_NAMED {
                break;
            }
        }
        monitor.check_cancelled()?;
    }
    Ok((paths, files))
}
