//! The sums of a survey, added to by several threads.
//!
//! Each thread counts by itself ([`Counts`]) and adds what it has now and then, so that they do not wait
//! for each other at every file.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{MAX_EXAMPLES, MAX_RULES, MAX_UNREADABLE, Removed, Survey, Unreadable};
use crate::error::Error;
use crate::progress::lock;
use crate::snapshot::matcher::Reason;
use crate::snapshot::tree::Totals;

/// The sums of all threads.
pub struct Tally(Mutex<Sums>);

struct Sums {
    /// Its `removed` is in the order in which the rules struck first.
    survey: Survey,
    /// Where in `removed` each rule is.
    places: HashMap<Reason, usize>,
}

/// What one thread has counted since it added it to the others' last.
#[derive(Default)]
pub struct Counts {
    included: Totals,
    includes: Vec<(usize, Totals)>,
    removed: Vec<Removed>,
    unreadable: u64,
    examples: Vec<Unreadable>,
}

impl Tally {
    pub fn new(includes: usize, missing: &[Error]) -> Tally {
        let survey = Survey {
            includes: vec![Totals::default(); includes],
            missing: missing.to_vec(),
            ..Survey::default()
        };
        Tally(Mutex::new(Sums {
            survey,
            places: HashMap::new(),
        }))
    }

    /// Adds what a thread has counted, which begins at nothing again.
    pub fn add(&self, counts: &mut Counts) {
        let counts = std::mem::take(counts);
        let sums = &mut *lock(&self.0);
        sums.survey.included.add(&counts.included);
        for (include, totals) in &counts.includes {
            if let Some(sum) = sums.survey.includes.get_mut(*include) {
                sum.add(totals);
            }
        }
        for removed in counts.removed {
            sums.add_removed(removed);
        }
        sums.survey.unreadable += counts.unreadable;
        let room = MAX_UNREADABLE.saturating_sub(sums.survey.unreadable_examples.len());
        let examples = counts.examples.into_iter().take(room);
        sums.survey.unreadable_examples.extend(examples);
    }

    /// The sums now.
    pub fn survey(&self, is_complete: bool) -> Survey {
        let mut survey = lock(&self.0).survey.clone();
        survey.is_complete = is_complete;
        // By the words at last, so that equal sums do not change places from one time to the next.
        survey.removed.sort_by_cached_key(|removed| {
            let size = (removed.bytes, removed.files, removed.directories);
            (std::cmp::Reverse(size), removed.reason.to_string())
        });
        survey
    }
}

impl Sums {
    fn add_removed(&mut self, removed: Removed) {
        let survey = &mut self.survey;
        if let Some(place) = self.places.get(&removed.reason) {
            if let Some(sum) = survey.removed.get_mut(*place) {
                sum.files += removed.files;
                sum.bytes = sum.bytes.saturating_add(removed.bytes);
                sum.directories += removed.directories;
                let room = MAX_EXAMPLES.saturating_sub(sum.examples.len());
                sum.examples.extend(removed.examples.into_iter().take(room));
            }
        } else if survey.removed.len() < MAX_RULES {
            let reason = removed.reason.clone();
            self.places.insert(reason, survey.removed.len());
            survey.removed.push(removed);
        } else {
            survey.further_removed.add(&Totals {
                files: removed.files,
                directories: removed.directories,
                bytes: removed.bytes,
            });
        }
    }
}

impl Counts {
    /// Something that a backup would have.
    pub fn include(&mut self, include: Option<usize>, one: &Totals) {
        self.included.add(one);
        let Some(include) = include else {
            return;
        };
        match self.includes.iter_mut().find(|(of, _)| *of == include) {
            Some((_, sum)) => sum.add(one),
            None => self.includes.push((include, *one)),
        }
    }

    /// Something that a rule leaves out.
    pub fn remove(&mut self, reason: &Reason, one: &Totals) {
        let removed = self.removed_by(reason);
        removed.files += one.files;
        removed.bytes = removed.bytes.saturating_add(one.bytes);
        removed.directories += one.directories;
    }

    /// A path at which a rule strikes.
    pub fn strike(&mut self, reason: &Reason, path: &[u8]) {
        let examples = &mut self.removed_by(reason).examples;
        let is_new = examples.last().is_none_or(|last| last != path);
        if examples.len() < MAX_EXAMPLES && is_new {
            examples.push(path.to_vec());
        }
    }

    pub fn unreadable(&mut self, path: &[u8], why: &str) {
        self.unreadable += 1;
        if self.examples.len() < MAX_UNREADABLE {
            let path = if path.is_empty() { b"/" } else { path };
            self.examples.push(Unreadable {
                path: path.to_vec(),
                why: why.to_owned(),
            });
        }
    }

    /// The last one is looked at first: what lies together is mostly left out for one reason.
    fn removed_by(&mut self, reason: &Reason) -> &mut Removed {
        let place = self.removed.iter().rposition(|r| r.reason == *reason);
        let place = place.unwrap_or(self.removed.len());
        if place == self.removed.len() {
            self.removed.push(Removed {
                reason: reason.clone(),
                files: 0,
                bytes: 0,
                directories: 0,
                examples: Vec::new(),
            });
        }
        &mut self.removed[place]
    }
}
