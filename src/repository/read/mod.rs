//! Reading contents back: one ([`content`]), or many at once in storage order ([`many`]).
//!
//! Whatever comes out of here has been verified: a block's checksum before it is decompressed, a content's
//! BLAKE3 (or its chunks') before its bytes are handed on. What cannot be verified is an error, never
//! bytes.

pub mod content;
pub mod many;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use lru::LruCache;

use super::index::Index;
use super::pack::{ChunkList, StoredList, pack_name, read_block};
use super::storage::Storage;
use super::table::{BlockRecord, ChunkRow, Piece};
use crate::error::{Error, ErrorKind, Result};
use crate::format::digest::{Blake3, ContentDigest};
use crate::format::id::Id;
use crate::fs::ReadAt;
use crate::progress::lock;

const OPEN_PACKS: NonZeroUsize = match NonZeroUsize::new(64) {
    Some(packs) => packs,
    None => NonZeroUsize::MIN,
};
const KEPT_BLOCKS: NonZeroUsize = match NonZeroUsize::new(6) {
    Some(blocks) => blocks,
    None => NonZeroUsize::MIN,
};

/// Pack and page.
type BlockKey = (Id, u32);

/// A pack's file once somebody has opened it.
type Slot = Arc<Mutex<Option<Arc<dyn ReadAt>>>>;

/// Opens packs and decompresses blocks; keeps the last few of each.
pub struct BlockSource {
    storage: Arc<dyn Storage>,
    packs: Mutex<LruCache<Id, Slot>>,
    blocks: Mutex<LruCache<BlockKey, Arc<Vec<u8>>>>,
}

impl BlockSource {
    pub fn new(storage: Arc<dyn Storage>) -> BlockSource {
        BlockSource {
            storage,
            packs: Mutex::new(LruCache::new(OPEN_PACKS)),
            blocks: Mutex::new(LruCache::new(KEPT_BLOCKS)),
        }
    }

    pub fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    pub fn shared_storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Closes all packs: where a file that is open cannot be deleted, nothing of ours keeps one that is to go.
    pub fn close_packs(&self) {
        lock(&self.packs).clear();
    }

    /// An open pack file.
    pub fn pack(&self, id: Id) -> Result<Arc<dyn ReadAt>> {
        let slot = Arc::clone(lock(&self.packs).get_or_insert(id, Arc::default));
        // Whoever comes meanwhile waits for this pack, and for no other.
        let mut slot = lock(&slot);
        if let Some(file) = &*slot {
            return Ok(Arc::clone(file));
        }
        let file = self.storage.open(&pack_name(id))?;
        *slot = Some(Arc::clone(&file));
        Ok(file)
    }

    /// A block, decompressed; not kept.
    pub fn read(&self, block: &BlockRecord) -> Result<Vec<u8>> {
        let file = self.pack(block.pack)?;
        read_block(&*file, block).map_err(|e| {
            e.at(format!(
                "{}/{}",
                self.storage.describe(),
                pack_name(block.pack)
            ))
        })
    }

    /// A block, decompressed; kept for a while.
    pub fn read_kept(&self, block: &BlockRecord) -> Result<Arc<Vec<u8>>> {
        let key = (block.pack, block.page);
        if let Some(bytes) = lock(&self.blocks).get(&key) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = Arc::new(self.read(block)?);
        lock(&self.blocks).put(key, Arc::clone(&bytes));
        Ok(bytes)
    }

    /// The chunk list in a piece, which must be that of this content; the index says where its parts are.
    pub fn chunk_list(
        &self,
        index: &Index,
        piece: &Piece,
        digest: &ContentDigest,
    ) -> Result<ChunkList> {
        let block = self.read_kept(&piece.block)?;
        let list = StoredList::from_bytes(slice_of(&block, piece)?)?;
        if list.digest != *digest {
            return Err(Error::damaged(
                "read a chunk list",
                "it is that of another content",
            ));
        }
        list.complete(|(blake3, len)| {
            let row = find_chunk(index, blake3, *len)?;
            let block = self.read_kept(&row.piece.block)?;
            verified_slice(&block, &row.piece, blake3).map(<[u8]>::to_vec)
        })
    }
}

/// Where a chunk, or a part of a chunk list, is.
fn find_chunk(index: &Index, blake3: &Blake3, len: u32) -> Result<ChunkRow> {
    let found = index.find_chunk(blake3)?;
    found.filter(|row| row.piece.len == len).ok_or_else(|| {
        Error::new(ErrorKind::Damaged, "read a content")
            .because(format!("its chunk {blake3} is not in the repository"))
    })
}

/// The bytes of a piece within its decompressed block.
pub fn slice_of<'a>(block: &'a [u8], piece: &Piece) -> Result<&'a [u8]> {
    let start = piece.offset as usize;
    start
        .checked_add(piece.len as usize)
        .and_then(|end| block.get(start..end))
        .ok_or_else(|| Error::damaged("read a content", "it lies outside its block"))
}

/// The bytes of a piece, verified against their BLAKE3.
pub fn verified_slice<'a>(block: &'a [u8], piece: &Piece, blake3: &Blake3) -> Result<&'a [u8]> {
    let bytes = slice_of(block, piece)?;
    if Blake3::of(bytes) != *blake3 {
        return Err(Error::damaged(
            "read a content",
            "its bytes do not match its digest",
        ));
    }
    Ok(bytes)
}
