//! What a repository holds, and what that costs.

use super::Repository;
use super::claims::LiveClaims;
use super::pack::pack_id;
use super::table::{Place, table_id};
use crate::error::Result;
use crate::progress::Monitor;

/// Sums over a whole repository. Bytes of contents are their sizes as files; stored bytes are what files
/// in the repository take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryStats {
    /// Claims: one for each snapshot.
    pub claims: u64,
    /// Contents that are claimed.
    pub referenced_contents: u64,
    pub referenced_content_bytes: u64,
    /// Contents that nothing claims; prune reclaims them.
    pub unreferenced_contents: u64,
    pub unreferenced_content_bytes: u64,
    /// How many times contents are claimed in all.
    pub references: u64,
    /// Sizes of contents, each counted as often as it is claimed: what the snapshots hold.
    pub held_bytes: u64,
    pub packs: u64,
    pub pack_bytes: u64,
    pub loose_contents: u64,
    pub loose_bytes: u64,
    pub tables: u64,
    pub table_bytes: u64,
    pub claim_bytes: u64,
}

impl RepositoryStats {
    /// What contents take, compressed.
    pub fn stored_bytes(&self) -> u64 {
        self.pack_bytes + self.loose_bytes
    }

    /// Everything that the repository takes on its disk.
    pub fn total_bytes(&self) -> u64 {
        self.stored_bytes() + self.table_bytes + self.claim_bytes
    }

    /// Held bytes for each byte of distinct claimed contents; 1 for an empty repository.
    pub fn deduplication_ratio(&self) -> f64 {
        ratio(self.held_bytes, self.referenced_content_bytes)
    }

    /// Bytes of contents for each stored byte; 1 for an empty repository.
    pub fn compression_ratio(&self) -> f64 {
        ratio(
            self.referenced_content_bytes + self.unreferenced_content_bytes,
            self.stored_bytes(),
        )
    }

    /// Held bytes for each byte that the repository takes.
    pub fn total_ratio(&self) -> f64 {
        ratio(self.held_bytes, self.total_bytes())
    }
}

fn ratio(of: u64, by: u64) -> f64 {
    if of == 0 || by == 0 {
        1.0
    } else {
        of as f64 / by as f64
    }
}

impl Repository {
    /// Sums over the repository. Reads claims and tables, no contents.
    pub fn storage_stats(&self, monitor: &Monitor) -> Result<RepositoryStats> {
        let storage = &**self.storage();
        let live = LiveClaims::load(storage, self.id())?;
        let index = self.fresh_index()?;
        index.expect_complete()?;
        let mut stats = RepositoryStats::default();
        let mut rows = 0_u64;
        index.each_content(|row| {
            rows += 1;
            if rows.is_multiple_of(4096) {
                monitor.check_cancelled()?;
            }
            let size = row.digest.size;
            let references = live.references(row.number);
            if references == 0 {
                stats.unreferenced_contents += 1;
                stats.unreferenced_content_bytes += size;
            } else {
                stats.referenced_contents += 1;
                stats.referenced_content_bytes += size;
                stats.references += references;
                stats.held_bytes = stats
                    .held_bytes
                    .saturating_add(size.saturating_mul(references));
            }
            if let Place::Loose(place) = row.place {
                stats.loose_contents += 1;
                stats.loose_bytes += place.stored_bytes;
            }
            Ok(())
        })?;
        for listed in storage.list("packs")? {
            if pack_id(&listed.name).is_some() {
                stats.packs += 1;
                stats.pack_bytes += listed.bytes;
            }
        }
        for listed in storage.list("contents")? {
            if table_id(&listed.name).is_some() {
                stats.tables += 1;
                stats.table_bytes += listed.bytes;
            }
        }
        for listed in storage.list("claims")? {
            if listed.name.ends_with(".claim") {
                stats.claims += 1;
                stats.claim_bytes += listed.bytes;
            }
        }
        Ok(stats)
    }
}
