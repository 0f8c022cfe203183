//! Search by name, in one snapshot or in all: what is asked for, and what has been found so far.
//!
//! What is found is told while the search goes on: the thread leaves it in a place that both know and wakes the
//! window.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::rows::RowKind;
use crate::error::Error;
use crate::jobs::{Fetch, Workers};
use crate::progress::lock;
use crate::snapshot::search::{Found, Hit, SearchLimits, SearchPattern, SearchResult, search};
use crate::snapshot::tree::{Kind, Timestamp};

/// The state of a search.
#[derive(Default)]
pub struct Search {
    /// What is in the field.
    pub text: String,
    /// The text that the results are for.
    pub searched: String,
    pub scope: Scope,
    outcome: Fetch<Results>,
    partial: Arc<Mutex<Partial>>,
    /// What was found when it was last looked at.
    so_far: Partial,
}

/// Where to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    AllSnapshots,
    /// Only the snapshot that is shown: its place in the series.
    OneSnapshot(usize),
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    pub path: Vec<u8>,
    pub kind: RowKind,
    pub size: u64,
    pub modified: Timestamp,
    /// Places in the series: the oldest and the newest snapshot that hold it.
    pub first: usize,
    pub last: usize,
    pub count: usize,
    pub fate: Fate,
}

/// What became of a version by the newest snapshot that was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    There,
    /// The path is there with another content.
    Replaced,
    Deleted,
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Results {
    pub found: Vec<FoundFile>,
    pub unreadable: Vec<(usize, Error)>,
    pub is_truncated: bool,
}

#[derive(Clone, Default)]
struct Partial {
    found: Vec<FoundFile>,
    searched: usize,
    snapshots: usize,
}

impl Search {
    /// Begins to search for what is in the field.
    pub fn start(&mut self, paths: &[PathBuf], workers: &Workers) {
        self.searched = self.text.trim().to_owned();
        self.outcome.clear();
        self.so_far = Partial::default();
        // Its own: one that is being stopped writes into the old one.
        self.partial = Arc::default();
        let (paths, first) = match self.scope {
            Scope::AllSnapshots => (paths.to_vec(), 0),
            Scope::OneSnapshot(place) => (paths.get(place).cloned().into_iter().collect(), place),
        };
        let (text, partial) = (self.searched.clone(), Arc::clone(&self.partial));
        let wake = Arc::clone(workers.wake());
        self.outcome.start(workers, "search", move |monitor| {
            let pattern = SearchPattern::new(&text)?;
            let limits = SearchLimits::default();
            let result = search(&paths, &pattern, limits, monitor, &mut |found| {
                *lock(&partial) = Partial::of(&found, first);
                wake();
            })?;
            Ok(Results::of(&result, first))
        });
    }

    /// Takes in what was found meanwhile; true if there is something new.
    pub fn poll(&mut self) -> bool {
        if self.outcome.is_loading() {
            let partial = lock(&self.partial);
            if partial.searched != self.so_far.searched {
                self.so_far = partial.clone();
            }
        }
        self.outcome.poll()
    }

    pub fn is_running(&self) -> bool {
        self.outcome.is_loading()
    }

    pub fn is_not_answering(&self) -> bool {
        self.outcome.is_not_answering()
    }

    /// Stops it; what was found so far stays.
    pub fn stop(&mut self) {
        self.outcome.cancel();
    }

    /// Forgets what was found: it is of another series.
    pub fn forget(&mut self) {
        self.outcome.clear();
        self.so_far = Partial::default();
        self.searched.clear();
    }

    /// Was stopped before its end.
    pub fn is_stopped(&self) -> bool {
        self.outcome.is_empty() && !self.searched.is_empty()
    }

    pub fn error(&self) -> Option<&Error> {
        self.outcome.error()
    }

    pub fn results(&self) -> Option<&Results> {
        self.outcome.value()
    }

    /// What has been found, at its end or so far.
    pub fn found(&self) -> &[FoundFile] {
        match self.outcome.value() {
            Some(results) => &results.found,
            None => &self.so_far.found,
        }
    }

    /// How many snapshots were searched, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.so_far.searched, self.so_far.snapshots)
    }
}

/// What was found, as it is shown. `first`: the place in the series of the first snapshot that was searched.
fn files(hits: &[Hit], first: usize) -> Vec<FoundFile> {
    let there = hits.iter().filter(|hit| hit.is_in_newest);
    let there: HashSet<&[u8]> = there.map(|hit| hit.path.as_slice()).collect();
    let file = |hit: &Hit| FoundFile {
        path: hit.path.clone(),
        kind: RowKind::of(&hit.entry.kind),
        size: match &hit.entry.kind {
            Kind::Directory(folder) => folder.totals.bytes,
            _ => hit.entry.size(),
        },
        modified: hit.entry.attributes.modified,
        first: hit.first + first,
        last: hit.last + first,
        count: hit.count,
        fate: match (hit.is_in_newest, there.contains(hit.path.as_slice())) {
            (true, _) => Fate::There,
            (false, true) => Fate::Replaced,
            (false, false) => Fate::Deleted,
        },
    };
    hits.iter().map(file).collect()
}

impl Partial {
    fn of(found: &Found<'_>, first: usize) -> Partial {
        Partial {
            found: files(found.hits, first),
            searched: found.searched,
            snapshots: found.snapshots,
        }
    }
}

impl Results {
    fn of(result: &SearchResult, first: usize) -> Results {
        Results {
            found: files(&result.hits, first),
            unreadable: result.unreadable.clone(),
            is_truncated: result.is_truncated,
        }
    }
}

impl FoundFile {
    /// What became of it, where it is not as it was.
    pub fn fate_words(&self) -> &'static str {
        match self.fate {
            Fate::There => "",
            Fate::Replaced => ", changed since",
            Fate::Deleted => ", deleted since",
        }
    }
}
