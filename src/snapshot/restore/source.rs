//! What a restore reads from: the tree of a snapshot, and the contents of a repository.
//!
//! Both are traits only as wide as what is needed here.

use std::io::Read;

use crate::error::{Error, Result};
use crate::progress::Monitor;
use crate::repository::token::Token;
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind};

/// The tree of a snapshot.
pub trait Tree: Sync {
    /// The attributes of `/`, and where its listing is.
    fn root(&self) -> (&Attributes, DirectoryEntry);

    /// The entries of a directory, sorted by the bytes of their names.
    fn list(&self, directory: &DirectoryEntry) -> Result<Vec<Entry>>;

    /// The entry at an absolute path other than `/`; `None` when there is none.
    fn lookup(&self, path: &[u8]) -> Result<Option<Entry>> {
        let (_, mut directory) = self.root();
        let mut found: Option<Entry> = None;
        for name in path.split(|&byte| byte == b'/').filter(|n| !n.is_empty()) {
            match found.take().map(|entry| entry.kind) {
                None => {}
                Some(Kind::Directory(below)) => directory = below,
                Some(_) => return Ok(None),
            }
            let mut entries = self.list(&directory)?;
            match entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name)) {
                Ok(index) => found = Some(entries.swap_remove(index)),
                Err(_) => return Ok(None),
            }
        }
        Ok(found)
    }
}

/// A content that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub token: Token,
    /// The caller's own number for it.
    pub key: u64,
}

/// The bytes of a content.
pub enum ContentBytes<'a> {
    /// All of them, verified.
    Whole(&'a [u8]),
    /// A long content, verified as it goes: an error at the latest at its end.
    Stream(&'a mut dyn Read),
}

/// Takes the contents that were asked for.
pub trait ContentSink: Sync {
    /// Called once for each content, in any order, by several threads. An error stops everything.
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()>;

    /// The content cannot be had; the rest goes on unless this returns an error.
    fn failed(&self, key: u64, error: Error) -> Result<()>;
}

/// Where contents are.
pub trait Contents: Sync {
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()>;
}
