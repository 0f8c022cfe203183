//! What comes of deleting snapshots.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::data::Key;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::format::id::Id;
use crate::gui::screens::statistics::data::Row;
use crate::human::{count, counted, size};
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::{Holdings, WhatIf};
use crate::snapshot::tree::Timestamp;
use crate::snapshot::usage::versions_gone;

/// At most so many versions of files are listed.
const MOST_LISTED: usize = 1000;

/// What a deletion releases in one repository.
#[derive(Clone)]
pub struct Released {
    repository: Id,
    holdings: Arc<Holdings>,
    claims: BTreeSet<ClaimId>,
    /// Their snapshots, by archive, the oldest first.
    snapshots: Vec<(Key, PathBuf)>,
}

impl Released {
    pub fn of(repository: Id, holdings: Arc<Holdings>) -> Released {
        Released {
            repository,
            holdings,
            claims: BTreeSet::new(),
            snapshots: Vec::new(),
        }
    }

    pub fn add(&mut self, row: &Row) {
        self.claims.insert(ClaimId(row.claim));
        self.snapshots.push((Key::of(row), row.path.clone()));
        self.snapshots.sort();
    }
}

/// What is freed, in all repositories together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    pub snapshots: usize,
    pub what_if: WhatIf,
}

/// What releasing these would free.
pub fn effect(released: &[Released]) -> Effect {
    let mut effect = Effect::default();
    for one in released {
        let its = one.holdings.what_if(&one.claims);
        effect.snapshots += one.snapshots.len();
        let sum = &mut effect.what_if;
        sum.freed_contents += its.freed_contents;
        sum.freed_content_bytes += its.freed_content_bytes;
        sum.freed_stored_bytes += its.freed_stored_bytes;
        sum.claim_bytes += its.claim_bytes;
        sum.whole_files_bytes += its.whole_files_bytes;
        sum.rewritten_packs += its.rewritten_packs;
        sum.rewritten_bytes += its.rewritten_bytes;
        sum.tolerated_bytes += its.tolerated_bytes;
        sum.unclaimed_bytes += its.unclaimed_bytes;
    }
    effect
}

impl Effect {
    /// In one sentence.
    pub fn sentence(&self) -> String {
        let what_if = &self.what_if;
        let snapshots = counted(self.snapshots as u64, "snapshot", "snapshots");
        let freed = what_if.freed_bytes();
        match (freed, what_if.is_exact()) {
            (0, _) => format!("Deleting {snapshots} frees nothing."),
            (freed, true) => format!("Deleting {snapshots} frees {}.", size(freed)),
            (freed, false) => format!("Deleting {snapshots} frees about {}.", size(freed)),
        }
    }

    /// Figures, each with its name.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let what_if = &self.what_if;
        let mut facts = vec![
            (
                "Contents that only they need",
                format!(
                    "{}, {} before compression",
                    count(what_if.freed_contents),
                    size(what_if.freed_content_bytes)
                ),
            ),
            ("Stored in", size(what_if.freed_stored_bytes)),
        ];
        if what_if.rewritten_packs > 0 {
            facts.push((
                "Packs that are rewritten",
                format!(
                    "{}, {} less",
                    count(what_if.rewritten_packs),
                    size(what_if.rewritten_bytes)
                ),
            ));
        }
        facts.push((
            "Files that go whole",
            size(what_if.whole_files_bytes + what_if.claim_bytes),
        ));
        if what_if.tolerated_bytes > 0 {
            facts.push((
                "Stays, as rewriting for it is not worth it",
                size(what_if.tolerated_bytes),
            ));
        }
        facts
    }
}

/// Versions of files that are lost for good.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    pub versions: u64,
    /// Sum of their sizes.
    pub bytes: u64,
    /// The largest, the largest first.
    pub listed: Vec<GoneVersion>,
    /// Snapshots of which not all could be read.
    pub unreadable: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneVersion {
    /// Absolute.
    pub path: Vec<u8>,
    pub size: u64,
    pub modified: Timestamp,
    /// The newest snapshot that has it.
    pub snapshot: Key,
}

impl Gone {
    pub fn sentence(&self) -> String {
        match self.versions {
            0 => "No version of a file is lost: other snapshots have all of them.".to_owned(),
            versions => format!(
                "{} ({}) would be gone for good.",
                counted(versions, "version of a file", "versions of files"),
                size(self.bytes)
            ),
        }
    }
}

/// Finds the versions that are lost. Only for threads.
pub fn gone(released: &[Released], monitor: &Monitor) -> Result<Gone> {
    let mut all = Gone::default();
    for one in released {
        let contents = one.holdings.held_only_by(&one.claims);
        let paths: Vec<PathBuf> = one.snapshots.iter().map(|(_, path)| path.clone()).collect();
        let found = versions_gone(&paths, &contents, MOST_LISTED, monitor)?;
        all.versions += found.versions;
        all.bytes = all.bytes.saturating_add(found.bytes);
        all.unreadable += found.unreadable.len();
        let listed = found.listed.into_iter().filter_map(|version| {
            let (key, _) = one.snapshots.get(version.snapshot)?;
            Some(GoneVersion {
                path: version.path,
                size: version.size,
                modified: version.modified,
                snapshot: key.clone(),
            })
        });
        all.listed.extend(listed);
    }
    all.listed.sort_by_key(|version| std::cmp::Reverse(version.size));
    all.listed.truncate(MOST_LISTED);
    Ok(all)
}

/// How long the files of the repositories are, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exact {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

impl Exact {
    pub fn sentence(&self) -> String {
        let less = self.bytes_before.saturating_sub(self.bytes_after);
        format!(
            "To the byte: {} bytes less. The repository takes {} bytes now and {} then.",
            count(less),
            count(self.bytes_before),
            count(self.bytes_after)
        )
    }
}

/// Carries it out on paper. Only for threads.
pub fn exact(
    catalog: &Catalog,
    released: &[Released],
    monitor: &Arc<Monitor>,
) -> Result<Exact> {
    let mut sum = Exact::default();
    for one in released {
        let found = catalog.repository_with_id(one.repository)?;
        let rehearsal = found.repository.rehearse_release(&one.claims, monitor)?;
        sum.bytes_before += rehearsal.before.total();
        sum.bytes_after += rehearsal.after.total();
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_is_one_sentence() {
        let mut effect = Effect {
            snapshots: 2,
            what_if: WhatIf {
                whole_files_bytes: 2000,
                claim_bytes: 48,
                ..WhatIf::default()
            },
        };
        assert_eq!(effect.sentence(), "Deleting 2 snapshots frees 2.0 KiB.");
        effect.what_if.rewritten_packs = 1;
        assert_eq!(effect.sentence(), "Deleting 2 snapshots frees about 2.0 KiB.");
        let nothing = Effect {
            snapshots: 1,
            ..Effect::default()
        };
        assert_eq!(nothing.sentence(), "Deleting 1 snapshot frees nothing.");
    }

    #[test]
    fn what_is_lost_is_one_sentence() {
        let mut gone = Gone::default();
        assert!(gone.sentence().starts_with("No version of a file is lost"));
        gone.versions = 1;
        gone.bytes = 10;
        assert_eq!(gone.sentence(), "1 version of a file (10 B) would be gone for good.");
        let exact = Exact {
            bytes_before: 12_000,
            bytes_after: 10_500,
        };
        assert_eq!(
            exact.sentence(),
            "To the byte: 1 500 bytes less. The repository takes 12 000 bytes now and 10 500 then."
        );
    }
}
