//! What comes of deleting snapshots.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::data::Key;
use crate::catalog::{Catalog, DeletionEffect};
use crate::error::Result;
use crate::gui::screens::statistics::data::Row;
use crate::human::{count, counted, signed_size, size};
use crate::jobs::ChosenSnapshots;
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::Holdings;
use crate::repository::prune::PruneDepth;
use crate::repository::rehearse::Rehearsal;
use crate::snapshot::tree::Timestamp;
use crate::snapshot::usage::versions_gone;

/// At most so many versions of files are listed.
const MOST_LISTED: usize = 1000;

/// What a deletion releases in one repository.
#[derive(Clone)]
pub struct Released {
    holdings: Arc<Holdings>,
    claims: BTreeSet<ClaimId>,
    /// How long their files are.
    snapshot_bytes: u64,
    /// Their snapshots, by archive, the oldest first.
    snapshots: Vec<(Key, PathBuf)>,
}

impl Released {
    pub fn of(holdings: Arc<Holdings>) -> Released {
        Released {
            holdings,
            claims: BTreeSet::new(),
            snapshot_bytes: 0,
            snapshots: Vec::new(),
        }
    }

    pub fn add(&mut self, row: &Row) {
        self.claims.insert(ClaimId(row.claim));
        self.snapshot_bytes += row.file_bytes;
        self.snapshots.push((Key::of(row), row.path.clone()));
        self.snapshots.sort();
    }
}

/// What releasing these would free.
pub fn effect(released: &[Released]) -> DeletionEffect {
    let mut effect = DeletionEffect::default();
    for one in released {
        effect.snapshots += one.snapshots.len() as u64;
        effect.snapshot_bytes += one.snapshot_bytes;
        effect.repositories.add(&one.holdings.what_if(&one.claims));
    }
    effect
}

/// It in one sentence.
pub fn in_one_sentence(effect: &DeletionEffect) -> String {
    let snapshots = counted(effect.snapshots, "snapshot", "snapshots");
    let freed = signed_size(effect.freed_bytes());
    match effect.repositories.is_exact() {
        true => format!("Deleting {snapshots} frees {freed}."),
        false => {
            format!("Deleting {snapshots} frees {freed} at most: something that is needed is lost.")
        }
    }
}

/// Figures, each with its name.
pub fn facts(effect: &DeletionEffect) -> Vec<(&'static str, String)> {
    let what_if = &effect.repositories;
    let mut facts = vec![
        (
            "Contents that only they need",
            format!(
                "{}, {} held, {} stored",
                count(what_if.freed_contents),
                size(what_if.freed_content_bytes),
                size(what_if.freed_stored_bytes)
            ),
        ),
        ("What comes back", in_bytes(effect.freed_bytes())),
    ];
    if what_if.moved_packs > 0 {
        facts.push(("Copied for it, to shorter packs", size(what_if.moved_bytes)));
    }
    if what_if.mixed_bytes > 0 {
        facts.push((
            "More, by repacking",
            format!("about {}", size(what_if.mixed_bytes)),
        ));
    }
    facts
}

fn in_bytes(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", counted(bytes.unsigned_abs(), "byte", "bytes"))
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
    all.listed
        .sort_by_key(|version| std::cmp::Reverse(version.size));
    all.listed.truncate(MOST_LISTED);
    Ok(all)
}

/// How long the files of the repositories are with those of the snapshots that are ticked, and without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exact {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

impl Exact {
    pub fn sentence(&self) -> String {
        let (before, after) = (self.bytes_before, self.bytes_after);
        match before.checked_sub(after) {
            Some(less) => format!(
                "With the tables of the repository: {} bytes less, {} in place of {}.",
                count(less),
                count(after),
                count(before)
            ),
            // What stays is compressed anew, in other company.
            None => format!(
                "With the tables of the repository: {} bytes more, {} in place of {}.",
                count(after - before),
                count(after),
                count(before)
            ),
        }
    }
}

/// Carries it out on paper. Only for threads.
pub fn exact(
    catalog: &Catalog,
    chosen: &[ChosenSnapshots],
    monitor: &Arc<Monitor>,
) -> Result<Exact> {
    let plans = chosen
        .iter()
        .map(|of| catalog.plan_deletion(&of.archive, &of.snapshots, true));
    let plans = plans.collect::<Result<Vec<_>>>()?;
    let rehearsed = catalog.rehearse_deletion(&plans, PruneDepth::Blocks, monitor)?;
    let of = |bytes: fn(&Rehearsal) -> u64| rehearsed.rehearsals.iter().map(bytes).sum::<u64>();
    Ok(Exact {
        bytes_before: rehearsed.snapshot_bytes + of(|rehearsal| rehearsal.before.total()),
        bytes_after: of(|rehearsal| rehearsal.after.total()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::holdings::WhatIf;

    #[test]
    fn what_is_freed_is_one_sentence() {
        let mut effect = DeletionEffect {
            snapshots: 2,
            snapshot_bytes: 40,
            unreadable: 0,
            repositories: WhatIf {
                file_bytes: 2000,
                claim_bytes: 8,
                ..WhatIf::default()
            },
        };
        let sentence = in_one_sentence(&effect);
        assert_eq!(sentence, "Deleting 2 snapshots frees 2.0 KiB.");
        assert_eq!(facts(&effect)[1].1, "2 048 bytes");
        assert_eq!(facts(&effect).len(), 2);
        effect.repositories.mixed_bytes = 1024;
        assert_eq!(facts(&effect)[2].1, "about 1.0 KiB");
        effect.repositories.is_something_lost = true;
        assert!(in_one_sentence(&effect).contains("2.0 KiB at most"));
    }

    #[test]
    fn what_is_lost_is_one_sentence() {
        let mut gone = Gone::default();
        assert!(gone.sentence().starts_with("No version of a file is lost"));
        gone.versions = 1;
        gone.bytes = 10;
        assert_eq!(
            gone.sentence(),
            "1 version of a file (10 B) would be gone for good."
        );
        let exact = Exact {
            bytes_before: 12_000,
            bytes_after: 10_500,
        };
        assert_eq!(
            exact.sentence(),
            "With the tables of the repository: 1 500 bytes less, 10 500 in place of 12 000."
        );
    }
}
