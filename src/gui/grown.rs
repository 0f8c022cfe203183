//! What single backups brought, in a line beside each: worked out when somebody shows it, one after the other, and
//! then remembered.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use super::command::{Command, Outbox};
use super::holdings::HoldingsCache;
use super::overview::{Overview, SnapshotOverview};
use crate::error::Result;
use crate::fs::{bytes_path, escaped, path_bytes};
use crate::human::size;
use crate::jobs::{Fetch, Workers};
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::Holdings;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::usage::{Brought, GrowthLimits, growth, survey};

/// Enough folders and files to find among them the one that a person would point at.
const LIMITS: GrowthLimits = GrowthLimits {
    depth: usize::MAX,
    rows: 24,
};

/// More parts of a folder are not told in one line.
const MOST_PARTS: usize = 2;

/// A snapshot.
type Key = (ArchiveName, SnapshotName);

/// What a backup brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// What no older snapshot needs.
    pub new_bytes: u64,
    /// The folder or file that most of it is in.
    pub most: Option<Brought>,
    /// Where it is spread over a folder: the parts of that which have most of it, the largest first.
    pub parts: Vec<Brought>,
}

impl Growth {
    /// Of the folders and files that have most of it.
    fn of(all: Vec<Brought>, new_bytes: u64) -> Growth {
        let most = most(&all, new_bytes).cloned();
        let parts = most.as_ref().map(|most| parts(&all, most));
        Growth {
            new_bytes,
            parts: parts.unwrap_or_default(),
            most,
        }
    }

    /// In a few words, which follow on the name of the backup. What is in the home folder is told as `~`.
    pub fn words(&self, home: Option<&Path>) -> String {
        let new = size(self.new_bytes);
        match &self.most {
            _ if self.new_bytes == 0 => "brought nothing new".to_owned(),
            None => format!("brought {new}"),
            Some(most) => {
                let path = shown(&most.path, home);
                match (most.new_bytes == self.new_bytes, self.parts.is_empty()) {
                    (true, true) => format!("brought {new}, all in {path}"),
                    (true, false) => format!("brought {new} in {path}: {}", self.parts_in(most)),
                    (false, _) => {
                        format!("brought {new}: most in {path} ({})", size(most.new_bytes))
                    }
                }
            }
        }
    }
}

impl Growth {
    /// Where it is, for somebody who has been told how much: the end of a sentence. Nothing to say if there is
    /// nothing new.
    pub fn place_words(&self, home: Option<&Path>) -> Option<String> {
        let most = self.most.as_ref().filter(|_| self.new_bytes > 0)?;
        let path = shown(&most.path, home);
        Some(match most.new_bytes == self.new_bytes {
            true if self.parts.is_empty() => format!("all of it is in {path}"),
            true => format!("all of it is in {path}: {}", self.parts_in(most)),
            false => format!("most of it is in {path} ({})", size(most.new_bytes)),
        })
    }

    /// The parts of a folder that have most of it.
    fn parts_in(&self, folder: &Brought) -> String {
        let parts = self.parts.iter().map(|part| {
            let below = part.path.strip_prefix(&folder.path[..]);
            let below = below.unwrap_or(&part.path);
            let below = below.strip_prefix(b"/").unwrap_or(below);
            format!("{} ({})", escaped(below), size(part.new_bytes))
        });
        format!("most in {}", parts.collect::<Vec<_>>().join(" and "))
    }
}

/// A path as people write it.
pub fn shown(path: &[u8], home: Option<&Path>) -> String {
    let below = home.and_then(|home| bytes_path(path).strip_prefix(home).ok());
    match below {
        Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Some(below) => format!("~/{}", escaped(path_bytes(below))),
        None => escaped(path).to_string(),
    }
}

/// An answer.
enum Known {
    Growth(Growth),
    /// It could not be found out from what there was then: the generation of the overview.
    Not(u64),
}

/// What backups brought, as far as somebody has asked.
#[derive(Default)]
pub struct Grown {
    known: HashMap<Key, Known>,
    waiting: VecDeque<Key>,
    current: Option<Key>,
    finding: Fetch<Growth>,
    /// Of the overview.
    generation: u64,
}

impl Grown {
    /// What is known of a snapshot; `None` while it is not, and when it cannot be.
    pub fn get(&self, archive: &ArchiveName, snapshot: SnapshotName) -> Option<&Growth> {
        match self.known.get(&(archive.clone(), snapshot))? {
            Known::Growth(growth) => Some(growth),
            Known::Not(_) => None,
        }
    }

    /// Nobody has asked about it yet, or not since something has changed.
    pub fn is_unasked(&self, archive: &ArchiveName, snapshot: SnapshotName) -> bool {
        let key = (archive.clone(), snapshot);
        let is_answered = match self.known.get(&key) {
            Some(Known::Growth(_)) => true,
            Some(Known::Not(generation)) => *generation == self.generation,
            None => false,
        };
        !is_answered && self.current.as_ref() != Some(&key) && !self.waiting.contains(&key)
    }

    /// Asks what it brought. Who asked last is answered first: that is what is looked at.
    pub fn ask(&mut self, archive: ArchiveName, snapshot: SnapshotName) {
        if self.is_unasked(&archive, snapshot) {
            self.waiting.push_front((archive, snapshot));
        }
    }

    /// Takes in what was found out, and begins with the next.
    pub fn update(
        &mut self,
        overview: &Overview,
        holdings: &HoldingsCache,
        workers: &Workers,
        out: &mut Outbox,
    ) {
        self.generation = overview.generation;
        let not = Known::Not(self.generation);
        if self.finding.poll()
            && let Some(key) = self.current.take()
        {
            let found = self.finding.value().cloned();
            self.known.insert(key, found.map_or(not, Known::Growth));
        }
        if self.current.is_some() {
            return;
        }
        // Those that wait for a repository keep nobody else waiting.
        for _ in 0..self.waiting.len() {
            let Some(key) = self.waiting.pop_front() else {
                return;
            };
            let Some(snapshot) = of_overview(&key, overview) else {
                self.known.insert(key, Known::Not(self.generation));
                continue;
            };
            let repository = snapshot.repository;
            if holdings.is_stale(repository, overview) {
                out.send(Command::OpenHoldings(repository));
            }
            match holdings.get(repository) {
                Some(held) if holds(held, snapshot) => {
                    let (held, snapshot) = (Arc::clone(held), snapshot.clone());
                    self.finding.start(workers, "growth", move |monitor| {
                        find(&held, &snapshot, monitor)
                    });
                    self.current = Some(key);
                    return;
                }
                // It holds nothing for this snapshot, or cannot say so.
                _ if holdings.is_settled(repository, overview) => {
                    self.known.insert(key, Known::Not(self.generation));
                }
                _ => self.waiting.push_back(key),
            }
        }
    }
}

fn of_overview<'a>(key: &Key, overview: &'a Overview) -> Option<&'a SnapshotOverview> {
    let archive = overview.archive(&key.0)?;
    let mut snapshots = archive.snapshots.value()?.snapshots.iter();
    snapshots.find(|snapshot| snapshot.name == key.1)
}

fn holds(held: &Holdings, snapshot: &SnapshotOverview) -> bool {
    let mut claims = held.claims().iter();
    claims.any(|claim| claim.claim_id == ClaimId(snapshot.claim))
}

fn find(held: &Holdings, snapshot: &SnapshotOverview, monitor: &Monitor) -> Result<Growth> {
    let claim = ClaimId(snapshot.claim);
    let opened = Snapshot::open(&snapshot.path)?;
    let usage = survey(&opened, held.within(claim)?, monitor)?;
    let all = growth(&opened, &usage, &held.within(claim)?, LIMITS, monitor)?;
    Ok(Growth::of(all, usage.total().new_bytes))
}

/// The smallest of those that have half of it or more: the place that one would look at.
fn most(all: &[Brought], new_bytes: u64) -> Option<&Brought> {
    let halves = all
        .iter()
        .filter(|one| one.new_bytes >= new_bytes.div_ceil(2));
    halves.min_by_key(|one| (one.new_bytes, Reverse(one.path.len())))
}

/// The two that have most of what is in a folder, neither in the other.
fn parts(all: &[Brought], folder: &Brought) -> Vec<Brought> {
    let mut within: Vec<&Brought> = all
        .iter()
        .filter(|one| is_below(&one.path, &folder.path))
        .collect();
    within.sort_by_key(|one| (Reverse(one.new_bytes), one.path.len()));
    let mut parts: Vec<Brought> = Vec::new();
    for one in within {
        if parts.iter().all(|part| !is_below(&one.path, &part.path)) {
            parts.push(one.clone());
        }
        if parts.len() == MOST_PARTS {
            break;
        }
    }
    parts
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    bytes_path(path) != bytes_path(folder) && bytes_path(path).starts_with(bytes_path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(path: &str, new_bytes: u64) -> Brought {
        Brought {
            path: path.as_bytes().to_vec(),
            is_folder: true,
            new_bytes,
            files: 1,
            held_bytes: new_bytes,
        }
    }

    #[test]
    fn the_smallest_place_that_has_most_of_it_is_told() {
        let all = vec![
            brought("/home/me", 1000),
            brought("/home/me/Videos", 900),
            brought("/home/me/Videos/film.mp4", 700),
            brought("/home/me/Letters", 100),
        ];
        let growth = Growth::of(all, 1000);
        let home = Some(Path::new("/home/me"));
        assert_eq!(
            growth.words(home),
            "brought 1000 B: most in ~/Videos/film.mp4 (700 B)"
        );
        assert_eq!(
            growth.place_words(home).unwrap(),
            "most of it is in ~/Videos/film.mp4 (700 B)"
        );
        assert_eq!(
            growth.words(None),
            "brought 1000 B: most in /home/me/Videos/film.mp4 (700 B)"
        );
    }

    #[test]
    fn what_is_spread_is_told_of_the_folder_that_it_is_spread_in() {
        let all = vec![
            brought("/home/me", 1000),
            brought("/home/me/a", 400),
            brought("/home/me/a/deep", 390),
            brought("/home/me/b", 300),
            brought("/home/me/c", 200),
        ];
        let growth = Growth::of(all, 1000);
        let home = Some(Path::new("/home/me"));
        assert_eq!(
            growth.words(home),
            "brought 1000 B in ~: most in a (400 B) and b (300 B)"
        );
        assert_eq!(
            growth.place_words(home).unwrap(),
            "all of it is in ~: most in a (400 B) and b (300 B)"
        );
        let spread = Growth::of(vec![brought("/home/me", 1000)], 1000);
        assert_eq!(spread.words(home), "brought 1000 B, all in ~");
        let nothing = Growth::of(Vec::new(), 0);
        assert_eq!(nothing.words(home), "brought nothing new");
        assert_eq!(nothing.place_words(home), None);
    }
}
