//! The versions of files that deleting some snapshots loses for good: those whose content no other snapshot has.
//!
//! Two hundred snapshots of a hundred thousand files are gone through in seconds, because most of them is the
//! same from one to the next:
//! - A page that an earlier one was, in whichever snapshot, is not read again: which of its listings have a
//!   content that goes is remembered, with the segments that its tokens meant.
//! - Only folders with such a listing below them are walked, and no snapshot that is written like the next newer
//!   one of the list.
//! - A version that was found in a newer snapshot is known by a digest of its path and its content's number, and nothing
//!   is made of it again.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::error::{Error, Result};
use crate::format::digest::Blake3;
use crate::progress::{Monitor, lock};
use crate::repository::claims::Contents;
use crate::repository::token::ContentNumber;
use crate::snapshot::each::{Order, each_snapshot};
use crate::snapshot::file::{PartsFound, Snapshot};
use crate::snapshot::tree::{Kind, Timestamp};

/// Pages that are remembered: those of some ten million entries.
const MAX_KNOWN_PAGES: usize = 10_000;

/// A version of a file that would be gone for good: a path and a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneVersion {
    /// Absolute.
    pub path: Vec<u8>,
    /// Length of the file in bytes.
    pub size: u64,
    pub modified: Timestamp,
    /// The newest of the snapshots that has it: its place in the list, from 0.
    pub snapshot: usize,
}

/// What would be gone for good.
#[derive(Clone, Debug, Default)]
pub struct GoneVersions {
    /// Different paths and contents.
    pub versions: u64,
    /// Sum of the sizes of these versions, in bytes.
    pub bytes: u64,
    /// The largest ones, the largest first.
    pub listed: Vec<GoneVersion>,
    /// Snapshots that could not be read, or not all of them, by their places in the list. What only they
    /// have is missing here.
    pub unreadable: Vec<(usize, Error)>,
}

/// Finds the versions of files in `snapshots`, which are to be deleted and are given by their files, oldest first,
/// whose content is in `gone`: what their claims hold and no other one does. At most `limit` are listed.
///
/// Errors: the work was cancelled; the place where the snapshots are is gone.
pub fn versions_gone(
    snapshots: &[PathBuf],
    gone: &Contents,
    limit: usize,
    monitor: &Monitor,
) -> Result<GoneVersions> {
    let finder = Finder {
        newer: snapshots.iter().zip(snapshots.iter().skip(1)).collect(),
        gone,
        monitor,
        known: Mutex::default(),
        found: RwLock::default(),
    };
    let mut found = GoneVersions::default();
    each_snapshot(
        snapshots,
        Order::NewestFirst,
        monitor,
        &|snapshot| finder.find(snapshot),
        &mut |index, answer| {
            match answer {
                Ok(of_one) => {
                    found
                        .unreadable
                        .extend(of_one.error.map(|error| (index, error)));
                    let mut before = finder.found.write().unwrap_or_else(PoisonError::into_inner);
                    for version in of_one.versions {
                        if before.insert(version.key) {
                            found.add(version, index, limit);
                        }
                    }
                }
                Err(error) => found.unreadable.push((index, error)),
            }
            Ok(())
        },
    )?;
    found.cut(limit);
    found.unreadable.sort_by_key(|(index, _)| *index);
    Ok(found)
}

impl GoneVersions {
    fn add(&mut self, version: Version, snapshot: usize, limit: usize) {
        self.versions += 1;
        self.bytes = self.bytes.saturating_add(version.size);
        self.listed.push(GoneVersion {
            path: version.path,
            size: version.size,
            modified: version.modified,
            snapshot,
        });
        if self.listed.len() > limit.saturating_mul(2).saturating_add(1024) {
            self.cut(limit);
        }
    }

    fn cut(&mut self, limit: usize) {
        self.listed.sort_by(|a, b| {
            let by_size = b.size.cmp(&a.size);
            let by_place = || (&a.path, b.snapshot).cmp(&(&b.path, a.snapshot));
            by_size.then_with(by_place)
        });
        self.listed.truncate(limit);
    }
}

/// A version, found in one snapshot.
struct Version {
    key: Blake3,
    path: Vec<u8>,
    size: u64,
    modified: Timestamp,
}

/// What tells a version from others, in few bytes. `bytes` is for use in here.
fn key(folder: &[u8], name: &[u8], number: ContentNumber, bytes: &mut Vec<u8>) -> Blake3 {
    bytes.clear();
    bytes.extend_from_slice(&number.segment.0.to_le_bytes());
    bytes.extend_from_slice(&number.ordinal.to_le_bytes());
    bytes.extend_from_slice(folder);
    bytes.push(b'/');
    bytes.extend_from_slice(name);
    Blake3::of(bytes)
}

#[derive(Default)]
struct OfOne {
    versions: Vec<Version>,
    /// Why something in the snapshot could not be read.
    error: Option<Error>,
}

/// Looks through one snapshot after the other; several threads use it at once.
struct Finder<'a> {
    /// Of each snapshot in the list, the next newer one.
    newer: HashMap<&'a PathBuf, &'a PathBuf>,
    gone: &'a Contents,
    monitor: &'a Monitor,
    /// What was found in the pages that were met.
    known: Mutex<HashMap<Blake3, Arc<PartsFound>>>,
    /// The versions that newer snapshots have.
    found: RwLock<HashSet<Blake3>>,
}

impl Finder<'_> {
    /// Errors: cancelled; the place is gone.
    fn find(&self, snapshot: &Snapshot) -> Result<OfOne> {
        let mut of_one = OfOne::default();
        if self.is_like_the_newer(snapshot) {
            return Ok(of_one);
        }
        let listings = self.listings(snapshot, &mut of_one)?;
        let mut pending = Vec::new();
        if snapshot.root().has_any_of(&listings) {
            pending.push((Vec::new(), *snapshot.root()));
        }
        let mut buffer = Vec::new();
        // The last of the folders in a folder comes first, so that pages are gone through in order.
        while let Some((path, folder)) = pending.pop() {
            self.monitor.check_cancelled()?;
            let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
            for entry in snapshot.entries(&folder) {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        of_one.note(error)?;
                        continue;
                    }
                };
                let name = entry.name.as_bytes();
                let below = || [&path, &b"/"[..], name].concat();
                match &entry.kind {
                    Kind::Directory(folder) if folder.has_any_of(&listings) => {
                        pending.push((below(), *folder));
                    }
                    Kind::File(file) => {
                        let number = file.token.map(|token| token.number);
                        let Some(number) = number.filter(|number| self.is_gone(*number)) else {
                            continue;
                        };
                        let key = key(&path, name, number, &mut buffer);
                        if !found.contains(&key) {
                            of_one.versions.push(Version {
                                key,
                                path: below(),
                                size: file.size,
                                modified: entry.attributes.modified,
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(of_one)
    }

    /// Whether a snapshot has the same tree as the next newer one. One that cannot be opened tells nothing, and is
    /// reported in its own turn.
    fn is_like_the_newer(&self, snapshot: &Snapshot) -> bool {
        let newer = self.newer.get(&snapshot.place().to_path_buf());
        let newer = newer.and_then(|newer| Snapshot::open(newer).ok());
        newer.is_some_and(|newer| snapshot.is_written_alike(snapshot.root(), &newer, newer.root()))
    }

    fn is_gone(&self, number: ContentNumber) -> bool {
        let ordinals = self.gone.get(&number.segment);
        ordinals.is_some_and(|ordinals| ordinals.contains(number.ordinal))
    }

    /// The listings with a content that goes, in ascending order.
    fn listings(&self, snapshot: &Snapshot, of_one: &mut OfOne) -> Result<Vec<u64>> {
        let mut listings = Vec::new();
        for page in 0..snapshot.pages() {
            self.monitor.check_cancelled()?;
            let first = snapshot.first_listing(page).unwrap_or_default();
            match self.parts(snapshot, page) {
                Ok(found) => {
                    listings.extend(found.parts.iter().map(|part| first + u64::from(*part)));
                }
                Err(error) => of_one.note(error)?,
            }
        }
        listings.dedup();
        Ok(listings)
    }

    fn parts(&self, snapshot: &Snapshot, page: u32) -> Result<Arc<PartsFound>> {
        let digest = snapshot.page_digest(page);
        let known = digest.and_then(|digest| lock(&self.known).get(&digest).cloned());
        if let Some(known) = known.filter(|known| snapshot.agrees_with(known)) {
            return Ok(known);
        }
        let found = snapshot.parts_with_contents(page, &mut |number| self.is_gone(number))?;
        let found = Arc::new(found);
        let mut known = lock(&self.known);
        if let Some(digest) = digest
            && known.len() < MAX_KNOWN_PAGES
        {
            known.insert(digest, Arc::clone(&found));
        }
        Ok(found)
    }
}

impl OfOne {
    /// The first thing that could not be read is told; what ends everything is an error.
    fn note(&mut self, error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        self.error.get_or_insert(error);
        Ok(())
    }
}
