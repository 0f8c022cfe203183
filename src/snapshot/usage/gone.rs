//! The versions of files that deleting some snapshots loses for good: those whose content no other snapshot has.
//!
//! Two hundred snapshots of a hundred thousand files are gone through in seconds, because most of them is the
//! same from one to the next:
//! - A page that an earlier one was, in whichever snapshot, is not read again: which of its listings have a
//!   content that goes is remembered, with the segments that its tokens meant.
//! - Only folders with such a listing below them are walked.
//! - Of these, what the next newer snapshot of the list has as well, at the same place, is that one's to tell:
//!   whole folders, where the pages that they are written in are the same, or else single files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::error::{Error, Result};
use crate::format::digest::Blake3;
use crate::progress::{Monitor, lock};
use crate::repository::claims::Contents;
use crate::repository::token::ContentNumber;
use crate::snapshot::each::{Order, each_snapshot};
use crate::snapshot::file::{PartsFound, Snapshot};
use crate::snapshot::tree::{DirectoryEntry, Kind, Timestamp};

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
    };
    let mut found = GoneVersions::default();
    let mut seen = HashSet::new();
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
                    for version in of_one.versions {
                        if seen.insert(version.key()) {
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
    path: Vec<u8>,
    number: ContentNumber,
    size: u64,
    modified: Timestamp,
}

impl Version {
    /// What tells it from others, in few bytes.
    fn key(&self) -> Blake3 {
        let mut bytes = Vec::with_capacity(self.path.len() + 12);
        bytes.extend_from_slice(&self.number.segment.0.to_le_bytes());
        bytes.extend_from_slice(&self.number.ordinal.to_le_bytes());
        bytes.extend_from_slice(&self.path);
        Blake3::of(&bytes)
    }
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
}

/// A folder that is still to be gone into.
struct Pending {
    path: Vec<u8>,
    directory: DirectoryEntry,
    /// The same folder in the next newer snapshot.
    newer: Option<DirectoryEntry>,
}

impl Finder<'_> {
    /// Errors: cancelled; the place is gone.
    fn find(&self, snapshot: &Snapshot) -> Result<OfOne> {
        let mut of_one = OfOne::default();
        let listings = self.listings(snapshot, &mut of_one)?;
        // One that cannot be opened tells nothing, and is reported in its own turn.
        let newer = self.newer_than(snapshot.place());
        let mut pending = vec![Pending {
            path: Vec::new(),
            directory: *snapshot.root(),
            newer: newer.as_ref().map(|newer| *newer.root()),
        }];
        while let Some(folder) = pending.pop() {
            self.monitor.check_cancelled()?;
            let newer = newer.as_ref().zip(folder.newer);
            let is_told = newer.as_ref().is_some_and(|(newer, directory)| {
                snapshot.is_written_alike(&folder.directory, newer, directory)
            });
            if !is_told && folder.directory.has_any_of(&listings) {
                self.look_into(
                    snapshot,
                    &folder,
                    newer,
                    &listings,
                    &mut pending,
                    &mut of_one,
                )?;
            }
        }
        Ok(of_one)
    }

    fn newer_than(&self, place: &Path) -> Option<Snapshot> {
        let newer = self.newer.get(&place.to_path_buf())?;
        Snapshot::open(newer).ok()
    }

    fn look_into(
        &self,
        snapshot: &Snapshot,
        folder: &Pending,
        newer: Option<(&Snapshot, DirectoryEntry)>,
        listings: &[u64],
        pending: &mut Vec<Pending>,
        of_one: &mut OfOne,
    ) -> Result<()> {
        let in_newer = |name: &[u8]| {
            let (newer, directory) = newer.as_ref()?;
            newer.find(directory, name).ok()?
        };
        for entry in snapshot.entries(&folder.directory) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    of_one.note(error)?;
                    continue;
                }
            };
            let name = entry.name.as_bytes();
            match &entry.kind {
                Kind::Directory(directory) if directory.has_any_of(listings) => {
                    pending.push(Pending {
                        path: [&folder.path, &b"/"[..], name].concat(),
                        directory: *directory,
                        newer: in_newer(name).and_then(|entry| match entry.kind {
                            Kind::Directory(directory) => Some(directory),
                            _ => None,
                        }),
                    });
                }
                Kind::File(file) => {
                    let Some(token) = file.token.filter(|token| self.is_gone(token.number)) else {
                        continue;
                    };
                    if in_newer(name).is_some_and(|newer| newer.token() == Some(&token)) {
                        continue;
                    }
                    of_one.versions.push(Version {
                        path: [&folder.path, &b"/"[..], name].concat(),
                        number: token.number,
                        size: file.size,
                        modified: entry.attributes.modified,
                    });
                }
                _ => {}
            }
        }
        Ok(())
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
