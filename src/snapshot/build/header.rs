//! What a new snapshot says of itself.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use super::BackupRequest;
use super::assemble::Built;
use super::owners::{group_names, user_names};
use crate::error::Result;
use crate::format::id::Id;
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::snapshot::archive::Archive;
use crate::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, SnapshotHeader, TakenAt,
};
use crate::snapshot::reconcile;
use crate::snapshot::tree::Totals;

/// What a run costs from its start on.
pub struct Costs<'a> {
    started: Instant,
    cpu_microseconds: u64,
    warnings: u64,
    monitor: &'a Monitor,
}

impl<'a> Costs<'a> {
    pub fn start(monitor: &'a Monitor) -> Costs<'a> {
        Costs {
            started: Instant::now(),
            cpu_microseconds: cpu_microseconds(),
            warnings: monitor.warnings(),
            monitor,
        }
    }

    /// Writes the costs, and the number of problems, so far.
    pub fn add_to(&self, stats: &mut BuildStats) {
        let wall = self.started.elapsed().as_micros();
        stats.wall_microseconds = u64::try_from(wall).unwrap_or(u64::MAX);
        stats.cpu_microseconds = cpu_microseconds().saturating_sub(self.cpu_microseconds);
        stats.problems = self.monitor.warnings().saturating_sub(self.warnings);
    }
}

/// Time that this process has taken of all processors.
fn cpu_microseconds() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let microseconds = time.tv_sec.saturating_mul(1_000_000) + time.tv_nsec / 1000;
    u64::try_from(microseconds).unwrap_or(0)
}

/// Who holds a snapshot's claim, in words.
pub fn holder(archive: &Archive, now: &jiff::Zoned) -> String {
    let words = reconcile::holder(&identity(archive));
    format!("{words}, {}", local_name(now))
}

fn identity(archive: &Archive) -> ArchiveIdentity {
    let file = archive.file();
    ArchiveIdentity {
        id: file.id,
        name: file.name.to_string(),
        host: file.host.clone(),
        user: file.user.clone(),
    }
}

pub fn new(
    request: &BackupRequest<'_>,
    snapshot_id: Id,
    (claim_id, predecessor): (ClaimId, Option<ClaimId>),
    built: &Built,
    totals: Totals,
) -> Result<SnapshotHeader> {
    let (archive, repository, now) = (request.archive, request.repository, request.now);
    let file = archive.file();
    let (seconds, nanoseconds) = since_1970(now);
    Ok(SnapshotHeader {
        snapshot_id,
        archive: identity(archive),
        taken_at: TakenAt {
            seconds,
            nanoseconds,
            utc_offset_seconds: now.offset().seconds(),
            local_name: local_name(now),
        },
        repository: RepositoryIdentity {
            id: repository.id(),
            place: path_bytes(repository.place()).to_vec(),
        },
        claim_id: claim_id.0,
        predecessor_claim_id: predecessor.map(|claim| claim.0),
        specification: file.specification.to_toml()?,
        build: built.stats.clone(),
        totals,
        users: user_names(&built.user_ids),
        groups: group_names(&built.group_ids),
        complete: built.stats.problems == 0,
        gibus_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Seconds, and nanoseconds after that second: also before 1970 they count forwards.
fn since_1970(now: &jiff::Zoned) -> (i64, u32) {
    let nanoseconds = now.timestamp().as_nanosecond();
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let rest = nanoseconds.rem_euclid(1_000_000_000);
    // Both fit: times are within some ten thousand years.
    (seconds as i64, rest as u32)
}

fn local_name(now: &jiff::Zoned) -> String {
    now.strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_count_forwards_from_their_second() {
        let time = |text: &str| text.parse::<jiff::Zoned>().unwrap();
        let noon = time("2026-11-23T12:00:00.5+01:00[+01:00]");
        assert_eq!(since_1970(&noon), (1_795_431_600, 500_000_000));
        assert_eq!(local_name(&noon), "2026-11-23-12-00-00");
        let early = time("1969-12-31T23:59:59.25+00:00[UTC]");
        assert_eq!(since_1970(&early), (-1, 250_000_000));
    }
}
