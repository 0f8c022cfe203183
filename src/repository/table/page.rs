//! The bytes of a table's pages.
//!
//! Each page has the digests of its rows in its plain part, where compression could do nothing, and the
//! rest of the rows by columns in its compressed part.

use serde::{Deserialize, Serialize};

use super::BlockRecord;
use crate::error::{Error, Result};
use crate::format::compression::Codec;
use crate::format::digest::{Blake3, ContentDigest, Sha1};
use crate::format::encoding::{Bytes, decode, encode};
use crate::format::id::Id;
use crate::format::sealed::Page;

/// The kinds of [`super::Place`], as stored.
pub const EMPTY: u8 = 0;
pub const PIECE: u8 = 1;
pub const CHUNKED: u8 = 2;
pub const LOOSE: u8 = 3;
pub const LOST: u8 = 4;

/// A content row as stored: segments and blocks by their index in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawContentRow {
    pub digest: ContentDigest,
    pub segment: u32,
    pub ordinal: u32,
    pub place: u8,
    /// The block's index; for [`LOOSE`] the stored bytes.
    pub at: u64,
    /// The offset in the block; for [`LOOSE`] the codec, plus 16 where the path is the alternate one.
    pub offset: u32,
    /// The length of a chunk list; 0 for other places.
    pub len: u32,
}

/// A chunk row as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawChunkRow {
    pub blake3: Blake3,
    pub block: u32,
    pub offset: u32,
    pub len: u32,
}

#[derive(Default, Serialize, Deserialize)]
struct ContentColumns {
    sizes: Vec<u64>,
    segments: Vec<u32>,
    ordinals: Vec<u32>,
    places: Bytes,
    ats: Vec<u64>,
    offsets: Vec<u32>,
    lens: Vec<u32>,
}

#[derive(Default, Serialize, Deserialize)]
struct ChunkColumns {
    blocks: Vec<u32>,
    offsets: Vec<u32>,
    lens: Vec<u32>,
}

#[derive(Default, Serialize, Deserialize)]
struct BlockColumns {
    packs: Vec<u32>,
    pages: Vec<u32>,
    offsets: Vec<u64>,
    stored_lens: Vec<u32>,
    raw_lens: Vec<u32>,
    listing_lens: Vec<u32>,
    codecs: Bytes,
}

fn contradiction() -> Error {
    Error::damaged("read the content table", "a page contradicts itself")
}

/// Plain and raw part of a page of contents.
pub fn encode_contents(rows: &[RawContentRow]) -> Result<Page> {
    let mut plain = Vec::with_capacity(rows.len() * 52);
    let mut columns = ContentColumns::default();
    for row in rows {
        plain.extend_from_slice(&row.digest.sha1.0);
    }
    for row in rows {
        plain.extend_from_slice(&row.digest.blake3.0);
        columns.sizes.push(row.digest.size);
        columns.segments.push(row.segment);
        columns.ordinals.push(row.ordinal);
        columns.places.0.push(row.place);
        columns.ats.push(row.at);
        columns.offsets.push(row.offset);
        columns.lens.push(row.len);
    }
    let raw = encode(&columns)?;
    Ok(Page { plain, raw })
}

/// A decoded page of contents: look-ups by SHA-1, rows by position.
pub struct ContentPage {
    digests: Vec<u8>,
    columns: ContentColumns,
}

impl ContentPage {
    pub fn decode(page: Page) -> Result<ContentPage> {
        let columns: ContentColumns = decode(&page.raw)?;
        let rows = columns.sizes.len();
        let equal = [
            columns.segments.len(),
            columns.ordinals.len(),
            columns.places.0.len(),
            columns.ats.len(),
            columns.offsets.len(),
            columns.lens.len(),
        ]
        .iter()
        .all(|len| *len == rows);
        if !equal || page.plain.len() != rows * 52 {
            return Err(contradiction());
        }
        let digests = page.plain;
        let sorted = (1..rows).all(|row| sha1_at(&digests, row - 1) <= sha1_at(&digests, row));
        if !sorted {
            return Err(contradiction());
        }
        Ok(ContentPage { digests, columns })
    }

    pub fn rows(&self) -> usize {
        self.columns.sizes.len()
    }

    fn sha1(&self, row: usize) -> [u8; 20] {
        sha1_at(&self.digests, row)
    }

    /// Position of the first row whose SHA-1 is not below this one.
    pub fn lower_bound(&self, sha1: &Sha1) -> usize {
        let (mut low, mut high) = (0, self.rows());
        while low < high {
            let middle = low.midpoint(high);
            if self.sha1(middle) < sha1.0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub fn row(&self, row: usize) -> Option<RawContentRow> {
        if row >= self.rows() {
            return None;
        }
        let at = self.rows() * 20 + row * 32;
        let mut blake3 = [0; 32];
        blake3.copy_from_slice(&self.digests[at..at + 32]);
        let columns = &self.columns;
        Some(RawContentRow {
            digest: ContentDigest {
                sha1: Sha1(self.sha1(row)),
                blake3: Blake3(blake3),
                size: columns.sizes[row],
            },
            segment: columns.segments[row],
            ordinal: columns.ordinals[row],
            place: columns.places.0[row],
            at: columns.ats[row],
            offset: columns.offsets[row],
            len: columns.lens[row],
        })
    }
}

fn sha1_at(digests: &[u8], row: usize) -> [u8; 20] {
    let mut sha1 = [0; 20];
    sha1.copy_from_slice(&digests[row * 20..row * 20 + 20]);
    sha1
}

/// Plain and raw part of a page of chunks.
pub fn encode_chunks(rows: &[RawChunkRow]) -> Result<Page> {
    let mut plain = Vec::with_capacity(rows.len() * 32);
    let mut columns = ChunkColumns::default();
    for row in rows {
        plain.extend_from_slice(&row.blake3.0);
        columns.blocks.push(row.block);
        columns.offsets.push(row.offset);
        columns.lens.push(row.len);
    }
    let raw = encode(&columns)?;
    Ok(Page { plain, raw })
}

/// A decoded page of chunks.
pub struct ChunkPage {
    rows: Vec<RawChunkRow>,
}

impl ChunkPage {
    pub fn decode(page: Page) -> Result<ChunkPage> {
        let columns: ChunkColumns = decode(&page.raw)?;
        let rows = columns.blocks.len();
        if page.plain.len() != rows * 32
            || columns.offsets.len() != rows
            || columns.lens.len() != rows
        {
            return Err(contradiction());
        }
        let rows: Vec<RawChunkRow> = page
            .plain
            .chunks_exact(32)
            .enumerate()
            .map(|(row, digest)| {
                let mut blake3 = [0; 32];
                blake3.copy_from_slice(digest);
                RawChunkRow {
                    blake3: Blake3(blake3),
                    block: columns.blocks[row],
                    offset: columns.offsets[row],
                    len: columns.lens[row],
                }
            })
            .collect();
        if !rows.is_sorted_by_key(|row| row.blake3) {
            return Err(contradiction());
        }
        Ok(ChunkPage { rows })
    }

    pub fn rows(&self) -> &[RawChunkRow] {
        &self.rows
    }

    pub fn find(&self, blake3: &Blake3) -> Option<RawChunkRow> {
        let at = self.rows.partition_point(|row| row.blake3 < *blake3);
        self.rows
            .get(at)
            .filter(|row| row.blake3 == *blake3)
            .copied()
    }
}

/// Plain and raw part of a page of blocks; `pack` gives a pack's index.
pub fn encode_blocks(blocks: &[(u32, BlockRecord)]) -> Result<Page> {
    let mut plain = Vec::with_capacity(blocks.len() * 32);
    let mut columns = BlockColumns::default();
    for (pack, block) in blocks {
        plain.extend_from_slice(&block.blake3.0);
        columns.packs.push(*pack);
        columns.pages.push(block.page);
        columns.offsets.push(block.offset);
        columns.stored_lens.push(block.stored_len);
        columns.raw_lens.push(block.raw_len);
        columns.listing_lens.push(block.listing_len);
        columns.codecs.0.push(block.codec as u8);
    }
    let raw = encode(&columns)?;
    Ok(Page { plain, raw })
}

/// The blocks of a page; `packs` are the table's.
pub fn decode_blocks(page: &Page, packs: &[Id]) -> Result<Vec<BlockRecord>> {
    let columns: BlockColumns = decode(&page.raw)?;
    let rows = columns.packs.len();
    let equal = [
        columns.pages.len(),
        columns.offsets.len(),
        columns.stored_lens.len(),
        columns.raw_lens.len(),
        columns.listing_lens.len(),
        columns.codecs.0.len(),
    ]
    .iter()
    .all(|len| *len == rows);
    if !equal || page.plain.len() != rows * 32 {
        return Err(contradiction());
    }
    let mut blocks = Vec::with_capacity(rows);
    for (row, digest) in page.plain.chunks_exact(32).enumerate() {
        let mut blake3 = [0; 32];
        blake3.copy_from_slice(digest);
        blocks.push(BlockRecord {
            pack: *packs
                .get(columns.packs[row] as usize)
                .ok_or_else(contradiction)?,
            page: columns.pages[row],
            offset: columns.offsets[row],
            stored_len: columns.stored_lens[row],
            raw_len: columns.raw_lens[row],
            codec: Codec::from_number(columns.codecs.0[row])?,
            listing_len: columns.listing_lens[row],
            blake3: Blake3(blake3),
        });
    }
    Ok(blocks)
}
