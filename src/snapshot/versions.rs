//! All versions of one path through a series of snapshots.
//!
//! What is a version: a file's content, whatever its attributes; the target of a link; of anything else,
//! that it was there, and of which type.

use std::path::PathBuf;

use super::each::{Order, each_snapshot};
use super::tree::{Entry, FileEntry, Kind};
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::Monitor;

/// One version of a path.
#[derive(Clone, Debug)]
pub struct Version {
    /// As the newest snapshot that holds it has it.
    pub entry: Entry,
    /// The oldest and the newest snapshot that hold it: places in the list, from 0.
    pub first: usize,
    pub last: usize,
    /// How many snapshots hold it.
    pub count: usize,
}

/// Snapshots one after another in which the path is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: usize,
    pub last: usize,
    /// The version: its place in [`Versions::versions`]. `None`: the path does not exist.
    pub version: Option<usize>,
}

/// The versions of a path.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// Each once, in the order in which they came first.
    pub versions: Vec<Version>,
    /// From the oldest snapshot to the newest. A version that came back has several. Snapshots that could
    /// not be read interrupt nothing.
    pub spans: Vec<Span>,
    /// Snapshots that could not be read, by their places in the list.
    pub unreadable: Vec<(usize, Error)>,
}

/// Finds the versions of an absolute path in snapshots, given by their files, oldest first.
///
/// Errors: [`crate::error::ErrorKind::Invalid`] for `/` and for what is no path; the work was cancelled; the
/// place where the snapshots are is gone.
pub fn versions(snapshots: &[PathBuf], path: &[u8], monitor: &Monitor) -> Result<Versions> {
    if path.iter().all(|byte| *byte == b'/') {
        return Err(Error::invalid(
            "find the versions of '/'",
            "it is the same in every snapshot",
        ));
    }
    let mut found = Versions::default();
    let mut repositories = Vec::new();
    each_snapshot(
        snapshots,
        Order::OldestFirst,
        monitor,
        &|snapshot| Ok((snapshot.lookup(path)?, snapshot.header().repository.id)),
        &mut |index, answer| {
            match answer {
                Ok((entry, repository)) => {
                    let version = entry.map(|entry| {
                        found.add_version(index, entry, repository, &mut repositories)
                    });
                    found.add_to_span(index, version);
                }
                Err(error) => found.unreadable.push((index, error)),
            }
            Ok(())
        },
    )?;
    Ok(found)
}

impl Versions {
    /// `repositories` are those that have the contents of the versions.
    fn add_version(
        &mut self,
        index: usize,
        entry: Entry,
        repository: Id,
        repositories: &mut Vec<Id>,
    ) -> usize {
        let mut known = self.versions.iter().zip(repositories.iter());
        let same = known
            .rposition(|(version, of)| is_same_version(&version.entry, &entry, *of == repository));
        match same.and_then(|place| Some((place, self.versions.get_mut(place)?))) {
            Some((place, version)) => {
                version.entry = entry;
                version.last = index;
                version.count += 1;
                if let Some(of) = repositories.get_mut(place) {
                    *of = repository;
                }
                place
            }
            None => {
                self.versions.push(Version {
                    entry,
                    first: index,
                    last: index,
                    count: 1,
                });
                repositories.push(repository);
                self.versions.len() - 1
            }
        }
    }

    fn add_to_span(&mut self, index: usize, version: Option<usize>) {
        match self.spans.last_mut() {
            Some(span) if span.version == version => span.last = index,
            _ => self.spans.push(Span {
                first: index,
                last: index,
                version,
            }),
        }
    }
}

/// Whether two entries of one path are the same version. Where they are of one repository, contents are
/// told apart by their tokens, which also knows two contents with one SHA-1; those of two repositories by
/// their SHA-1.
pub fn is_same_version(a: &Entry, b: &Entry, is_same_repository: bool) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::File(file_a), Kind::File(file_b)) => {
            let is_same = is_same_content(file_a, file_b, is_same_repository);
            // What could not be read may be anything.
            is_same.unwrap_or(a.attributes.modified == b.attributes.modified)
        }
        (Kind::Directory(_), Kind::Directory(_)) => true,
        (a, b) => a == b,
    }
}

/// Whether two files have the same content; `None` if that cannot be told, as neither was read.
pub(super) fn is_same_content(
    a: &FileEntry,
    b: &FileEntry,
    is_same_repository: bool,
) -> Option<bool> {
    if a.size != b.size || a.holes != b.holes {
        return Some(false);
    }
    match (&a.token, &b.token) {
        (None, None) => None,
        (Some(a), Some(b)) if is_same_repository => Some(a == b),
        (Some(a), Some(b)) => Some(a.sha1 == b.sha1),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::snapshot::restore::tests::{Sample, entry};

    /// A snapshot file for each of the contents of the file `/d/f`; `None` for a snapshot without it.
    fn series(contents: &[Option<&str>]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (number, content) in contents.iter().enumerate() {
            let mut sample = Sample::default();
            let mut below = vec![sample.file("other", b"other")];
            below.extend(content.map(|content| {
                let mut file = sample.file("f", content.as_bytes());
                file.attributes.modified.seconds = number as i64;
                file
            }));
            let listing = sample.add(below);
            sample.finish(vec![entry("d", Kind::Directory(listing))]);
            let path = folder.path().join(format!("{number}"));
            sample.save(&path);
            paths.push(path);
        }
        (folder, paths)
    }

    fn spans(found: &Versions) -> Vec<(usize, usize, Option<usize>)> {
        let span = |span: &Span| (span.first, span.last, span.version);
        found.spans.iter().map(span).collect()
    }

    #[test]
    fn each_content_is_one_version_with_the_spans_in_which_it_was() {
        let (_folder, paths) = series(&[None, Some("a"), Some("a"), Some("bb"), None, Some("a")]);
        let found = versions(&paths, b"/d/f", &Monitor::new()).unwrap();
        assert_eq!(
            spans(&found),
            [
                (0, 0, None),
                (1, 2, Some(0)),
                (3, 3, Some(1)),
                (4, 4, None),
                (5, 5, Some(0)),
            ]
        );
        let version = &found.versions[0];
        assert_eq!((version.first, version.last, version.count), (1, 5, 3));
        assert_eq!(version.entry.attributes.modified.seconds, 5);
        assert_eq!(found.versions[1].entry.size(), 2);
        assert_eq!(found.versions.len(), 2);
    }

    #[test]
    fn folders_are_there_or_not_and_a_file_in_their_place_is_another_version() {
        let (folder, mut paths) = series(&[Some("a"), Some("b")]);
        let mut sample = Sample::default();
        let file = sample.file("d", b"a file now");
        sample.finish(vec![file]);
        let path = folder.path().join("last");
        sample.save(&path);
        paths.push(path);
        let found = versions(&paths, b"/d/", &Monitor::new()).unwrap();
        assert_eq!(spans(&found), [(0, 1, Some(0)), (2, 2, Some(1))]);
        let found = versions(&paths, b"/d/f", &Monitor::new()).unwrap();
        assert_eq!(
            spans(&found),
            [(0, 0, Some(0)), (1, 1, Some(1)), (2, 2, None)]
        );
        let nothing = versions(&paths, b"/nosuch", &Monitor::new()).unwrap();
        assert_eq!(spans(&nothing), [(0, 2, None)]);
        assert!(nothing.versions.is_empty());
    }

    #[test]
    fn a_snapshot_that_cannot_be_read_is_told_and_interrupts_nothing() {
        let (_folder, paths) = series(&[Some("a"), Some("a"), Some("a")]);
        std::fs::write(&paths[1], "no snapshot").unwrap();
        let found = versions(&paths, b"/d/f", &Monitor::new()).unwrap();
        assert_eq!(spans(&found), [(0, 2, Some(0))]);
        assert_eq!(found.versions[0].count, 2);
        assert_eq!(found.unreadable.len(), 1);
        assert_eq!(found.unreadable[0].0, 1);
        assert_eq!(found.unreadable[0].1.path(), Some(&*paths[1]));
    }

    #[test]
    fn what_is_no_path_of_an_entry_is_refused_and_a_cancel_heeded() {
        let (_folder, paths) = series(&[Some("a")]);
        let monitor = Monitor::new();
        let kind = |path: &[u8]| versions(&paths, path, &monitor).unwrap_err().kind();
        assert_eq!(kind(b"/"), ErrorKind::Invalid);
        monitor.cancel();
        assert_eq!(kind(b"/d/f"), ErrorKind::Cancelled);
    }

    #[test]
    fn contents_of_two_repositories_are_told_apart_by_their_digest() {
        let mut sample = Sample::default();
        let (a, mut b) = (sample.file("f", b"1"), sample.file("f", b"1"));
        assert!(is_same_version(&a, &b, true));
        if let Kind::File(file) = &mut b.kind {
            file.token.as_mut().unwrap().number.ordinal += 1;
        }
        assert!(!is_same_version(&a, &b, true));
        assert!(is_same_version(&a, &b, false));
    }
}
