//! What is in a snapshot more than once.
//!
//! The repository keeps each content once anyway; the disk that was backed up does not. The names of one file
//! (hard links) are one copy of it.

use std::collections::{HashMap, HashSet};

use super::listings::{Visitor, visit};
use crate::error::{Error, Result};
use crate::progress::Monitor;
use crate::repository::holdings::Within;
use crate::repository::token::ContentNumber;
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{Entry, Kind};

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub struct DuplicateLimits {
    /// At most so many contents.
    pub contents: usize,
    /// Of each at most so many places.
    pub places: usize,
}

/// A content that several files have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Length of the content in bytes.
    pub size: u64,
    /// How many files have it.
    pub copies: u64,
    /// Where they are: the first ones in the order of a walk, absolute.
    pub paths: Vec<Vec<u8>>,
}

/// What is there more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Contents that several files have; empty files do not count.
    pub contents: u64,
    /// Those files.
    pub copies: u64,
    /// Bytes that all copies but one of each take where they come from.
    pub saved_bytes: u64,
    /// Those that save the most bytes first.
    pub listed: Vec<Duplicate>,
}

impl Duplicate {
    /// Bytes that all copies but one take.
    pub fn saved_bytes(&self) -> u64 {
        self.size.saturating_mul(self.copies.saturating_sub(1))
    }
}

/// Finds the contents that several files of a snapshot have. `within` is what its claim holds.
///
/// Errors: the work was cancelled; the place where the snapshot is is gone. What cannot be read is told to the
/// monitor.
pub fn duplicates(
    snapshot: &Snapshot,
    within: &Within<'_>,
    limits: DuplicateLimits,
    monitor: &Monitor,
) -> Result<Duplicates> {
    let mut counter = Counter {
        within,
        copies: Copies::default(),
        contents: HashMap::new(),
        snapshot,
        monitor,
    };
    visit(snapshot, snapshot.root(), (), &mut counter, monitor)?;
    let mut found = Duplicates::default();
    let mut several: Vec<(ContentNumber, Duplicate)> = counter
        .contents
        .into_iter()
        .filter(|(_, content)| content.copies > 1)
        .collect();
    for (_, content) in &several {
        found.contents += 1;
        found.copies += content.copies;
        found.saved_bytes = found.saved_bytes.saturating_add(content.saved_bytes());
    }
    several.sort_unstable_by_key(|(number, content)| {
        (std::cmp::Reverse(content.saved_bytes()), *number)
    });
    several.truncate(limits.contents);
    let (numbers, listed): (Vec<_>, Vec<_>) = several.into_iter().unzip();
    found.listed = listed;
    find_places(
        snapshot,
        &numbers,
        &mut found.listed,
        limits.places,
        monitor,
    )?;
    found.listed.sort_by(|a, b| {
        let by_bytes = b.saved_bytes().cmp(&a.saved_bytes());
        by_bytes.then_with(|| a.paths.cmp(&b.paths))
    });
    Ok(found)
}

/// Which entries are copies: not the further names of a file.
#[derive(Default)]
struct Copies {
    hard_links: HashSet<u64>,
}

impl Copies {
    fn is_one(&mut self, entry: &Entry) -> bool {
        entry
            .hard_link
            .is_none_or(|link| self.hard_links.insert(link))
    }
}

/// The content of a regular file that has any bytes: its number and length.
fn content_of(entry: &Entry) -> Option<(ContentNumber, u64)> {
    let Kind::File(file) = &entry.kind else {
        return None;
    };
    let holes = file.holes.iter().map(|hole| hole.len);
    let size = holes.fold(file.size, u64::saturating_sub);
    let number = file.token.as_ref()?.number;
    (size > 0).then_some((number, size))
}

/// First it is only counted how often each content is there.
struct Counter<'a> {
    within: &'a Within<'a>,
    copies: Copies,
    contents: HashMap<ContentNumber, Duplicate>,
    snapshot: &'a Snapshot,
    monitor: &'a Monitor,
}

impl Visitor for Counter<'_> {
    type Mark = ();

    fn folder(&mut self, (): &(), _: &Entry) -> Result<()> {
        Ok(())
    }

    fn file(&mut self, (): &(), entry: &Entry) -> Result<()> {
        if let Some((number, size)) = content_of(entry)
            && self.within.references(number) > 1
            && self.copies.is_one(entry)
        {
            let content = self.contents.entry(number).or_insert(Duplicate {
                size,
                copies: 0,
                paths: Vec::new(),
            });
            content.copies += 1;
        }
        Ok(())
    }

    fn unreadable(&mut self, (): &(), error: Error) {
        let place = crate::fs::path_bytes(self.snapshot.place());
        self.monitor
            .warn(place, "read all of the snapshot", error.why());
    }
}

/// Then the places of those that are told are looked for.
fn find_places(
    snapshot: &Snapshot,
    numbers: &[ContentNumber],
    listed: &mut [Duplicate],
    places: usize,
    monitor: &Monitor,
) -> Result<()> {
    let numbered: HashMap<ContentNumber, usize> = numbers.iter().copied().zip(0..).collect();
    let wanted = listed
        .iter()
        .map(|content| content.copies.min(places as u64));
    let mut left: u64 = wanted.sum();
    let mut copies = Copies::default();
    let mut walk = snapshot.walk(b"/", snapshot.root());
    while left > 0 {
        monitor.check_cancelled()?;
        let step = match walk.advance() {
            Ok(Some(step)) => step,
            Ok(None) => break,
            Err(error) if error.is_fatal() => return Err(error),
            // It was told when they were counted.
            Err(_) => continue,
        };
        let content = content_of(&step.entry).and_then(|(number, _)| numbered.get(&number));
        let content = content.and_then(|place| listed.get_mut(*place));
        if let Some(content) = content
            && content.paths.len() < places
            && copies.is_one(&step.entry)
        {
            content.paths.push(step.path.to_vec());
            left -= 1;
        }
    }
    Ok(())
}
