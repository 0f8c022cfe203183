//! What a snapshot says of a file: its name, its attributes, and what it is.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fs::escaped;
use crate::repository::token::Token;

/// A file name: any bytes but NUL and `/`, not empty, not `.` or `..`, at most 4096 bytes long.
///
/// The one way to make one is [`Name::new`], so a name read from a hostile snapshot cannot leave the
/// folder that it is in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    pub const MAX_LEN: usize = 4096;

    /// Errors: [`crate::error::ErrorKind::Invalid`] for bytes that are not one file's name.
    pub fn new(bytes: &[u8]) -> Result<Name> {
        let wrong = match bytes {
            b"" => Some("it is empty"),
            b"." | b".." => Some("it names a folder by its place"),
            _ if bytes.len() > Name::MAX_LEN => Some("it is too long"),
            _ if bytes.contains(&b'/') => Some("it contains a slash"),
            _ if bytes.contains(&0) => Some("it contains a NUL byte"),
            _ => None,
        };
        match wrong {
            None => Ok(Name(bytes.into())),
            Some(why) => Err(Error::invalid(
                format!("use the file name '{}'", escaped(bytes)),
                why,
            )),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escaped(&self.0).to_string())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(&self.0).fmt(f)
    }
}

/// Seconds since 1970 (negative before) and nanoseconds, below 10^9, after that second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// One extended attribute: its full name (`user.comment`, `system.posix_acl_access` …) and value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedAttribute {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

/// What every kind of file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits with set-id and sticky: the lowest 12 bits of `st_mode`.
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub modified: Timestamp,
    /// With `modified`, size and inode: what tells an unchanged file. Not restored.
    pub changed: Timestamp,
    /// Inode number where it was, for telling an unchanged file. Not restored.
    pub inode: u64,
    /// Sorted by name. Shared between entries that have the same ones.
    pub extended: Arc<[ExtendedAttribute]>,
}

/// A run of bytes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    pub offset: u64,
    pub len: u64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    File(FileEntry),
    Directory(DirectoryEntry),
    SymbolicLink { target: Vec<u8> },
    Fifo,
    Socket,
    CharacterDevice { major: u32, minor: u32 },
    BlockDevice { major: u32, minor: u32 },
}

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Length of the file in bytes, holes included.
    pub size: u64,
    /// Its content. `None`: it could not be read when the snapshot was made.
    pub token: Option<Token>,
    /// Empty for an ordinary file: the content is the file. Otherwise the file is sparse: the content
    /// is the bytes outside these holes, one run after another. In order, apart, within `size`, none
    /// empty.
    pub holes: Vec<Extent>,
}

/// A directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Where its listing is in the snapshot file.
    pub listing: ListingRef,
    /// Sums over everything below it.
    pub totals: Totals,
}

impl DirectoryEntry {
    /// The numbers of the listings of this directory and of all below it: listings are numbered in
    /// post-order, so that they are a range ([`crate::snapshot::file`]).
    pub fn listings(&self) -> Range<u64> {
        let last = self.listing.index;
        last.saturating_sub(self.totals.directories)..last.saturating_add(1)
    }

    /// Whether one of these listings, which ascend, is the directory's own or below it.
    pub fn has_any_of(&self, listings: &[u64]) -> bool {
        let Range { start, end } = self.listings();
        let next = listings.partition_point(|listing| *listing < start);
        listings.get(next).is_some_and(|listing| *listing < end)
    }
}

/// Where a directory's listing lies in its snapshot file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingRef {
    /// Number of the listing, in the order in which they were written: those of the directories
    /// below it come right before it.
    pub index: u64,
}

/// Sums over a whole tree below a directory, the directory itself left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Entries that are not directories.
    pub files: u64,
    pub directories: u64,
    /// Sum of the sizes of regular files, each name counted (hard links too).
    pub bytes: u64,
}

impl Totals {
    /// Adds another tree's sums; stays at the highest number rather than overflowing.
    pub fn add(&mut self, other: &Totals) {
        self.files = self.files.saturating_add(other.files);
        self.directories = self.directories.saturating_add(other.directories);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// One name in a directory of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: Name,
    pub attributes: Attributes,
    pub kind: Kind,
    /// Entries of one snapshot with the same number here were hard links to one file. Numbers start
    /// at 1; each such entry holds all attributes and the token, so that any of them can be restored
    /// alone.
    pub hard_link: Option<u64>,
    /// The entry is incomplete: it could not be read, or it changed while it was read.
    pub incomplete: bool,
}

impl Entry {
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory(_))
    }

    /// Size in bytes of a regular file, 0 for anything else.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(file) => file.size,
            _ => 0,
        }
    }

    /// The content of a regular file, where there is one.
    pub fn token(&self) -> Option<&Token> {
        match &self.kind {
            Kind::File(file) => file.token.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_knows_the_listings_below_it() {
        let directory = |index, directories| DirectoryEntry {
            listing: ListingRef { index },
            totals: Totals {
                directories,
                ..Totals::default()
            },
        };
        assert_eq!(directory(7, 3).listings(), 4..8);
        assert!(directory(7, 3).has_any_of(&[1, 4, 9]));
        assert!(directory(7, 3).has_any_of(&[7]));
        assert!(!directory(7, 3).has_any_of(&[1, 3, 8]));
        assert!(!directory(0, 0).has_any_of(&[]));
    }

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for bad in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0b"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        for good in [&b"a"[..], b"...", b"-rf", b"\n", b"\xff", b"..a"] {
            assert_eq!(Name::new(good).unwrap().as_bytes(), good);
        }
        assert!(Name::new(&[b'a'; 4097]).is_err());
    }
}
