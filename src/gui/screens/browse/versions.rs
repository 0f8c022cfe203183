//! All versions of one path: when there was which, and how it is on the disk now.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::rows::RowKind;
use crate::error::Result;
use crate::format::digest::ContentHasher;
use crate::fs::bytes_path;
use crate::progress::Monitor;
use crate::snapshot::tree::{Entry, Kind, Timestamp};
use crate::snapshot::versions::versions;

/// A longer file is not read to be compared.
const MOST_COMPARED: u64 = 1 << 30;

/// The versions of a path, the newest first.
#[derive(Debug)]
pub struct VersionsView {
    pub path: Vec<u8>,
    pub spans: Vec<VersionSpan>,
    /// How many versions there are: one that came back counts once.
    pub versions: usize,
    pub now: OnDisk,
    pub unreadable: usize,
}

/// Snapshots one after another in which the path is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSpan {
    /// Places in the series.
    pub first: usize,
    pub last: usize,
    /// `None`: it is not there.
    pub version: Option<VersionFacts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionFacts {
    /// Tells versions apart.
    pub number: usize,
    pub kind: RowKind,
    pub size: u64,
    pub modified: Timestamp,
}

/// How the path is on the disk now, against the newest version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisk {
    Same,
    Different,
    Deleted,
    /// Nobody can say: it cannot be read, or it is too long to be compared.
    Unknown,
}

impl OnDisk {
    pub fn words(self) -> &'static str {
        match self {
            OnDisk::Same => "Now on the disk: the same as the newest version",
            OnDisk::Different => "Now on the disk: different from the newest version",
            OnDisk::Deleted => "Now on the disk: deleted",
            OnDisk::Unknown => "Now on the disk: it cannot be said whether it is the same",
        }
    }
}

/// Finds the versions. Only for threads.
pub fn find_versions(
    snapshots: &[PathBuf],
    path: &[u8],
    monitor: &Monitor,
) -> Result<VersionsView> {
    let found = versions(snapshots, path, monitor)?;
    let facts = |number: usize| {
        let version = found.versions.get(number)?;
        Some(VersionFacts {
            number,
            kind: RowKind::of(&version.entry.kind),
            size: version.entry.size(),
            modified: version.entry.attributes.modified,
        })
    };
    let spans = found.spans.iter().rev().map(|span| VersionSpan {
        first: span.first,
        last: span.last,
        version: span.version.and_then(facts),
    });
    let spans: Vec<VersionSpan> = spans.collect();
    let newest = spans.iter().find_map(|span| span.version.as_ref());
    let newest = newest.and_then(|version| found.versions.get(version.number));
    Ok(VersionsView {
        path: path.to_vec(),
        now: match newest {
            Some(version) => on_disk(path, &version.entry, monitor)?,
            None => OnDisk::Unknown,
        },
        spans,
        versions: found.versions.len(),
        unreadable: found.unreadable.len(),
    })
}

/// Compares what is on the disk with an entry; its content is read where size and time do not settle it.
fn on_disk(path: &[u8], entry: &Entry, monitor: &Monitor) -> Result<OnDisk> {
    let path = bytes_path(path);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(OnDisk::Deleted),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Ok(OnDisk::Deleted);
        }
        Err(_) => return Ok(OnDisk::Unknown),
    };
    if RowKind::of_file_type(metadata.file_type()) != RowKind::of(&entry.kind) {
        return Ok(OnDisk::Different);
    }
    let same = |is_same| {
        if is_same {
            OnDisk::Same
        } else {
            OnDisk::Different
        }
    };
    let file = match &entry.kind {
        Kind::File(file) => file,
        Kind::SymbolicLink { target } => {
            let is_same = fs::read_link(path)
                .is_ok_and(|found| crate::fs::path_bytes(&found) == target.as_slice());
            return Ok(same(is_same));
        }
        _ => return Ok(OnDisk::Same),
    };
    let modified = entry.attributes.modified;
    if metadata.len() != file.size {
        return Ok(OnDisk::Different);
    }
    let time = (metadata.mtime(), metadata.mtime_nsec());
    if time == (modified.seconds, i64::from(modified.nanoseconds)) {
        return Ok(OnDisk::Same);
    }
    let Some(token) = file.token.filter(|_| file.holes.is_empty()) else {
        return Ok(OnDisk::Unknown);
    };
    if metadata.len() > MOST_COMPARED {
        return Ok(OnDisk::Unknown);
    }
    Ok(match sha1_of(path, monitor)? {
        Some(sha1) => same(sha1 == token.sha1),
        None => OnDisk::Unknown,
    })
}

/// The SHA-1 of a file; `None` if it cannot be read.
fn sha1_of(
    path: &std::path::Path,
    monitor: &Monitor,
) -> Result<Option<crate::format::digest::Sha1>> {
    let Ok(mut file) = File::open(path) else {
        return Ok(None);
    };
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        monitor.check_cancelled()?;
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(hasher.finish().sha1)),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(_) => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::digest::Sha1;
    use crate::repository::token::{ContentNumber, SegmentId, Token};
    use crate::snapshot::tree::{Attributes, FileEntry, Name};

    fn entry(content: &[u8]) -> Entry {
        Entry {
            name: Name::new(b"f").unwrap(),
            attributes: Attributes {
                mode: 0o644,
                uid: 0,
                gid: 0,
                modified: Timestamp::default(),
                changed: Timestamp::default(),
                inode: 0,
                extended: [].into(),
            },
            kind: Kind::File(FileEntry {
                size: content.len() as u64,
                token: Some(Token {
                    sha1: Sha1::of(content),
                    number: ContentNumber {
                        segment: SegmentId(1),
                        ordinal: 0,
                    },
                }),
                holes: Vec::new(),
            }),
            hard_link: None,
            incomplete: false,
        }
    }

    #[test]
    fn a_file_on_the_disk_is_the_same_different_or_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let entry = entry(b"content");
        let now = || {
            let path = crate::fs::path_bytes(&path);
            on_disk(path, &entry, &Monitor::new()).unwrap()
        };
        assert_eq!(now(), OnDisk::Deleted);
        fs::write(&path, b"content").unwrap();
        assert_eq!(now(), OnDisk::Same);
        fs::write(&path, b"CONTENT").unwrap();
        assert_eq!(now(), OnDisk::Different);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(now(), OnDisk::Different);
    }
}
