//! Content tables: where each content is, in sorted write-once files `contents/<id>.table`.
//!
//! A store session ends (and, when it is long, is interrupted now and then) by publishing a table of what
//! it stored. Small tables are merged into the new one as they gather, so that their number stays
//! logarithmic; the new table names those that it supersedes, which are then deleted.
//!
//! A table is opened, not loaded: rows are sorted by SHA-1 in pages of a thousand, the first SHA-1 of each
//! page is kept in memory, and a look-up reads one page. Where the same content number stands in two
//! tables the one of the higher *generation* counts: that is how conversion and prune move contents.
//!
//! - [`page`] the bytes of a page of rows
//! - [`write`] a new table from sorted rows
//! - [`read`] look-ups and streaming
//! - [`merge`] many tables into one
//! - [`publish`] when a session has new rows

pub mod merge;
pub mod page;
pub mod publish;
pub mod read;
pub mod write;

use serde::{Deserialize, Serialize};

use super::token::{ContentNumber, SegmentId};
use crate::format::compression::Codec;
use crate::format::digest::{Blake3, ContentDigest};
use crate::format::encoding::Bytes;
use crate::format::id::Id;

/// Rows in a page of contents or chunks.
pub const ROWS_PER_PAGE: usize = 1024;
/// Records in a page of blocks.
pub const BLOCKS_PER_PAGE: usize = 4096;

/// Page kinds of a table.
pub const CONTENT_PAGE: u8 = 1;
pub const CHUNK_PAGE: u8 = 2;
pub const BLOCK_PAGE: u8 = 3;

/// A block: the run of bytes of a pack that is compressed as one, and all that is needed to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    pub pack: Id,
    /// Which page of the pack it is.
    pub page: u32,
    /// Offset in the pack file.
    pub offset: u64,
    pub stored_len: u32,
    pub raw_len: u32,
    pub codec: Codec,
    /// Bytes in the pack's meta that say which pieces are in it.
    pub listing_len: u32,
    /// Of the stored bytes.
    pub blake3: Blake3,
}

/// Some bytes within a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub block: BlockRecord,
    /// Offset and length within the block once decompressed.
    pub offset: u32,
    pub len: u32,
}

impl Piece {
    /// The stored bytes that this piece accounts for: its share of the block, rounded so that the
    /// shares of pieces that tile a block sum up to the block exactly.
    pub fn stored_bytes(&self) -> u64 {
        let raw = u64::from(self.block.raw_len).max(1);
        let stored = u64::from(self.block.stored_len);
        let up_to = |position: u64| stored * position.min(raw) / raw;
        up_to(u64::from(self.offset) + u64::from(self.len)) - up_to(u64::from(self.offset))
    }
}

/// Where a content's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has no bytes.
    Empty,
    /// In one piece of a pack.
    Piece(Piece),
    /// In chunks; the piece is their list.
    Chunked(Piece),
    /// In a file of its own.
    Loose(LoosePlace),
    /// Nowhere: it was damaged, and a repair has given it up. The row stays so that whoever stores the same
    /// bytes again makes this one whole, too.
    Lost,
}

/// A content in a file of its own; the path follows from SHA-1, codec and `alternate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoosePlace {
    pub codec: Codec,
    /// Another content with the same SHA-1 had the plain path already: this one's holds its BLAKE3.
    pub alternate: bool,
    pub stored_bytes: u64,
}

/// What a table says of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRow {
    pub digest: ContentDigest,
    pub number: ContentNumber,
    pub place: Place,
}

impl ContentRow {
    /// The order of rows in a table.
    pub fn key(&self) -> ([u8; 20], [u8; 32], ContentNumber) {
        (self.digest.sha1.0, self.digest.blake3.0, self.number)
    }
}

/// What a table says of a chunk of a big content; found by its BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    pub blake3: Blake3,
    pub piece: Piece,
}

/// A table's meta, as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredMeta {
    pub generation: u64,
    /// Tables whose rows are all in this one.
    pub supersedes: Vec<Id>,
    pub segments: Vec<StoredSegment>,
    pub packs: Vec<Id>,
    pub contents: u64,
    pub chunks: u64,
    pub blocks: u64,
    /// SHA-1 of the first row of each content page, 20 bytes each.
    pub content_fences: Bytes,
    /// BLAKE3 of the first row of each chunk page, 32 bytes each.
    pub chunk_fences: Bytes,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredSegment {
    pub segment: SegmentId,
    /// Which of its ordinals have a row here: a roaring bitmap in its portable format.
    pub present: Bytes,
}

/// The name of a table's file.
pub fn table_name(id: Id) -> String {
    format!("contents/{id}.table")
}

/// The id in a table's file name.
pub fn table_id(file_name: &str) -> Option<Id> {
    Id::parse(file_name.strip_suffix(".table")?).ok()
}
