//! Searching one snapshot.
//!
//! First the pages: which listings have a name that matches? Of each page only the names are decoded, and
//! of a page that was met before, in this snapshot or another one, nothing. Then a walk that leaves out
//! every folder that has none of these listings below it: listings are numbered in post-order, so the
//! tree below a folder is a range of numbers (see [`crate::snapshot::file`]).
//!
//! For a pattern of which no part has to be in the name the whole tree is walked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::SearchPattern;
use crate::error::{Error, Result};
use crate::format::digest::Blake3;
use crate::format::id::Id;
use crate::progress::{Monitor, lock};
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{Entry, Kind};

/// Between this many steps of a walk the cancel flag is looked at.
const CANCEL_EVERY: usize = 1024;
/// Pages that are remembered: those of some ten million entries.
const MAX_KNOWN_PAGES: usize = 10_000;

/// Searches one snapshot after the other; several threads use it at once.
pub struct Searcher<'a> {
    pattern: &'a SearchPattern,
    limit: usize,
    monitor: &'a Monitor,
    /// Which parts of a page match, for the pages that were met.
    known: Mutex<HashMap<Blake3, Arc<[u32]>>>,
}

/// What matches in one snapshot.
pub struct Matches {
    /// In the order of a walk.
    pub found: Vec<(Vec<u8>, Entry)>,
    /// The repository that the contents are in.
    pub repository: Id,
    /// There is more than the limit allows.
    pub is_cut: bool,
    /// Why something in the snapshot could not be read.
    pub error: Option<Error>,
}

impl<'a> Searcher<'a> {
    pub fn new(pattern: &'a SearchPattern, limit: usize, monitor: &'a Monitor) -> Searcher<'a> {
        Searcher {
            pattern,
            limit,
            monitor,
            known: Mutex::default(),
        }
    }

    /// Errors: cancelled; the place is gone.
    pub fn search(&self, snapshot: &Snapshot) -> Result<Matches> {
        let mut matches = Matches {
            found: Vec::new(),
            repository: snapshot.header().repository.id,
            is_cut: false,
            error: None,
        };
        let listings = match self.pattern.is_about_names() {
            true => Some(self.listings(snapshot, &mut matches)?),
            false => None,
        };
        if listings.as_ref().is_some_and(Vec::is_empty) {
            return Ok(matches);
        }
        self.walk(snapshot, listings.as_deref(), &mut matches)?;
        Ok(matches)
    }

    /// The listings with a name that matches, in ascending order.
    fn listings(&self, snapshot: &Snapshot, matches: &mut Matches) -> Result<Vec<u64>> {
        let mut listings = Vec::new();
        for page in 0..snapshot.pages() {
            self.monitor.check_cancelled()?;
            let first = snapshot.first_listing(page).unwrap_or_default();
            match self.parts(snapshot, page) {
                Ok(parts) => listings.extend(parts.iter().map(|part| first + u64::from(*part))),
                Err(error) => matches.note(error)?,
            }
        }
        listings.dedup();
        Ok(listings)
    }

    fn parts(&self, snapshot: &Snapshot, page: u32) -> Result<Arc<[u32]>> {
        let digest = snapshot.page_digest(page);
        if let Some(known) = digest.and_then(|digest| lock(&self.known).get(&digest).cloned()) {
            return Ok(known);
        }
        let mut buffer = Vec::new();
        let mut is_wanted = |name: &[u8]| self.pattern.matches_name(name, &mut buffer);
        let parts: Arc<[u32]> = snapshot.parts_with_names(page, &mut is_wanted)?.into();
        let mut known = lock(&self.known);
        if let Some(digest) = digest
            && known.len() < MAX_KNOWN_PAGES
        {
            known.insert(digest, Arc::clone(&parts));
        }
        Ok(parts)
    }

    fn walk(
        &self,
        snapshot: &Snapshot,
        listings: Option<&[u64]>,
        matches: &mut Matches,
    ) -> Result<()> {
        let mut walk = snapshot.walk(b"/", snapshot.root());
        let mut buffer = Vec::new();
        for count in 1_usize.. {
            if count.is_multiple_of(CANCEL_EVERY) {
                self.monitor.check_cancelled()?;
            }
            let step = match walk.advance() {
                Ok(Some(step)) => step,
                Ok(None) => break,
                Err(error) => {
                    matches.note(error)?;
                    continue;
                }
            };
            let is_to_leave = match (&step.entry.kind, listings) {
                (Kind::Directory(folder), Some(listings)) => !folder.has_any_of(listings),
                _ => false,
            };
            if self.pattern.matches(step.path, &step.entry, &mut buffer) {
                if matches.found.len() >= self.limit {
                    matches.is_cut = true;
                    break;
                }
                matches.found.push((step.path.to_vec(), step.entry));
            }
            if is_to_leave {
                walk.skip_below();
            }
        }
        Ok(())
    }
}

impl Matches {
    /// The first thing that could not be read is told; what ends everything is an error.
    fn note(&mut self, error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        self.error.get_or_insert(error);
        Ok(())
    }
}
