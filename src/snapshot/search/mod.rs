//! Search by name over many snapshots: every version that there is of every path that matches, and which
//! snapshots hold it, deleted files too.
//!
//! Snapshots are gone through newest first, so that what a hit shows is the newest that has it, and a
//! search that is cut short has found the newest. Two things make it quick ([`one`]): of a page only the
//! names are decoded, until one matches; and a page that an earlier snapshot had as well is not read at
//! all, which is most of them where little changes from one snapshot to the next.

mod one;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::one::{Matches, Searcher};
pub use self::pattern::SearchPattern;
use super::each::{Order, each_snapshot};
use super::tree::Entry;
use super::versions::is_same_version;
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;

/// How often what was found so far is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How much a search may find.
#[derive(Clone, Copy, Debug)]
pub struct SearchLimits {
    /// At most so many hits, and so many matches in one snapshot.
    pub hits: usize,
}

impl Default for SearchLimits {
    fn default() -> SearchLimits {
        SearchLimits { hits: 10_000 }
    }
}

/// One version of one path: a file's content, the target of a link, or that a folder was there.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Absolute.
    pub path: Vec<u8>,
    /// As the newest snapshot that holds this version has it.
    pub entry: Entry,
    /// The oldest and the newest snapshot that hold this version: places in the list, from 0.
    pub first: usize,
    pub last: usize,
    /// How many snapshots hold it: fewer than from `first` to `last` where it was gone, or another,
    /// meanwhile.
    pub count: usize,
    /// The newest snapshot that could be read has it.
    pub is_in_newest: bool,
}

/// What a search has found so far.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// In no order that matters; what follows may still change those that are there.
    pub hits: &'a [Hit],
    /// How many snapshots were searched, of how many.
    pub searched: usize,
    pub snapshots: usize,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct SearchResult {
    /// In the order of a walk, of each path the newest version first.
    pub hits: Vec<Hit>,
    /// Snapshots that could not be read, or not all of them, by their places in the list.
    pub unreadable: Vec<(usize, Error)>,
    /// There is more than the limits allow. Then a hit may also be in more snapshots than it says.
    pub is_truncated: bool,
}

/// Searches the snapshots, given by their files, oldest first. `found` is told some ten times a second
/// how far it is.
///
/// Errors: the work was cancelled; the place where the snapshots are is gone.
pub fn search(
    snapshots: &[PathBuf],
    pattern: &SearchPattern,
    limits: SearchLimits,
    monitor: &Monitor,
    found: &mut dyn FnMut(Found<'_>),
) -> Result<SearchResult> {
    let searcher = Searcher::new(pattern, limits.hits, monitor);
    let mut gathering = Gathering {
        limit: limits.hits,
        ..Gathering::default()
    };
    let mut searched = 0;
    let mut told = Instant::now();
    each_snapshot(
        snapshots,
        Order::NewestFirst,
        monitor,
        &|snapshot| searcher.search(snapshot),
        &mut |index, answer| {
            match answer {
                Ok(matches) => gathering.add(index, matches),
                Err(error) => gathering.result.unreadable.push((index, error)),
            }
            searched += 1;
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                found(Found {
                    hits: &gathering.result.hits,
                    searched,
                    snapshots: snapshots.len(),
                });
            }
            Ok(())
        },
    )?;
    let mut result = gathering.result;
    result.unreadable.sort_by_key(|(index, _)| *index);
    result.hits.sort_by(in_order);
    found(Found {
        hits: &result.hits,
        searched,
        snapshots: snapshots.len(),
    });
    Ok(result)
}

/// By path as a walk has it, which is by the bytes of the names.
fn in_order(a: &Hit, b: &Hit) -> std::cmp::Ordering {
    let by_path = a
        .path
        .split(|byte| *byte == b'/')
        .cmp(b.path.split(|byte| *byte == b'/'));
    by_path.then(b.last.cmp(&a.last))
}

#[derive(Default)]
struct Gathering {
    limit: usize,
    result: SearchResult,
    /// The versions of each path: places in the hits, with the repository that each one's content is in.
    versions: HashMap<Vec<u8>, Vec<(usize, Id)>>,
    newest: Option<usize>,
}

impl Gathering {
    /// Adds what one snapshot has; those after it are older.
    fn add(&mut self, index: usize, matches: Matches) {
        let newest = *self.newest.get_or_insert(index);
        self.result.is_truncated |= matches.is_cut;
        if let Some(error) = matches.error {
            self.result.unreadable.push((index, error));
        }
        let repository = matches.repository;
        for (path, entry) in matches.found {
            let hits = &mut self.result.hits;
            let known = self.versions.get(&path).into_iter().flatten();
            // The one met last is the likeliest.
            let same = known.rev().find_map(|(place, of)| {
                let hit = hits.get(*place)?;
                is_same_version(&hit.entry, &entry, *of == repository).then_some(*place)
            });
            if let Some(hit) = same.and_then(|place| hits.get_mut(place)) {
                hit.first = index;
                hit.count += 1;
            } else if hits.len() < self.limit {
                let versions = self.versions.entry(path.clone()).or_default();
                versions.push((hits.len(), repository));
                hits.push(Hit {
                    path,
                    entry,
                    first: index,
                    last: index,
                    count: 1,
                    is_in_newest: index == newest,
                });
            } else {
                self.result.is_truncated = true;
            }
        }
    }
}
