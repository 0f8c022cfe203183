//! What this session has stored, or is storing, that no table says yet.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::error::Result;
use crate::format::digest::{Blake3, ContentDigest};
use crate::progress::lock;
use crate::repository::table::{ChunkRow, ContentRow};
use crate::repository::token::{ContentNumber, Token};

const SHARDS: usize = 64;

/// Contents and chunks by their BLAKE3, in shards so that workers seldom wait for each other.
pub struct Known {
    contents: Vec<Mutex<HashMap<Blake3, u32>>>,
    chunks: Vec<Mutex<HashMap<Blake3, ChunkState>>>,
}

/// How far a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkState {
    /// On its way to a pack.
    Pending,
    /// In a pack that is published no later than whatever is written next.
    Written,
}

/// The outcome of a reservation.
pub enum Reserved {
    New(ContentNumber),
    Existing(Token),
}

impl Known {
    pub fn new() -> Known {
        Known {
            contents: (0..SHARDS).map(|_| Mutex::default()).collect(),
            chunks: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    fn shard<T>(shards: &[T], blake3: &Blake3) -> usize {
        usize::from(blake3.0[0]) % shards.len()
    }

    pub fn content(&self, digest: &ContentDigest) -> Option<u32> {
        let shard = &self.contents[Self::shard(&self.contents, &digest.blake3)];
        lock(shard).get(&digest.blake3).copied()
    }

    /// `Ok` with a new ordinal for a content that is not known, `Err` with the ordinal of one that is.
    pub fn reserve_content(
        &self,
        digest: &ContentDigest,
        next: impl FnOnce() -> Result<u32>,
    ) -> Result<std::result::Result<u32, u32>> {
        use std::collections::hash_map::Entry;
        let shard = &self.contents[Self::shard(&self.contents, &digest.blake3)];
        Ok(match lock(shard).entry(digest.blake3) {
            Entry::Occupied(known) => Err(*known.get()),
            Entry::Vacant(vacant) => Ok(*vacant.insert(next()?)),
        })
    }

    pub fn has_chunk(&self, blake3: &Blake3) -> bool {
        let shard = &self.chunks[Self::shard(&self.chunks, blake3)];
        lock(shard).contains_key(blake3)
    }

    /// True when the chunk was not known: the caller stores it.
    pub fn reserve_chunk(&self, blake3: &Blake3) -> bool {
        let shard = &self.chunks[Self::shard(&self.chunks, blake3)];
        lock(shard).insert_if_absent(*blake3)
    }

    pub fn chunk_written(&self, blake3: &Blake3) {
        let shard = &self.chunks[Self::shard(&self.chunks, blake3)];
        lock(shard).insert(*blake3, ChunkState::Written);
    }

    /// True unless the chunk is still on its way; chunks that are not known here are in tables.
    pub fn is_chunk_written(&self, blake3: &Blake3) -> bool {
        let shard = &self.chunks[Self::shard(&self.chunks, blake3)];
        lock(shard).get(blake3) != Some(&ChunkState::Pending)
    }

    /// Drops what a published table says from now on.
    pub fn forget(&self, contents: &[ContentRow], chunks: &[ChunkRow]) {
        for row in contents {
            let blake3 = &row.digest.blake3;
            lock(&self.contents[Self::shard(&self.contents, blake3)]).remove(blake3);
        }
        for row in chunks {
            lock(&self.chunks[Self::shard(&self.chunks, &row.blake3)]).remove(&row.blake3);
        }
    }
}

trait InsertIfAbsent {
    fn insert_if_absent(&mut self, blake3: Blake3) -> bool;
}

impl InsertIfAbsent for HashMap<Blake3, ChunkState> {
    fn insert_if_absent(&mut self, blake3: Blake3) -> bool {
        use std::collections::hash_map::Entry;
        match self.entry(blake3) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(ChunkState::Pending);
                true
            }
        }
    }
}
