//! Writes a table from rows that come in order.
//!
//! Memory: one page of rows, the bitmaps of the segments, and the blocks that the rows name (each about
//! 100 bytes for up to 4 MiB of contents).

use std::collections::HashMap;
use std::io::Write;

use roaring::RoaringBitmap;

use super::page::{self, RawChunkRow, RawContentRow};
use super::{
    BLOCK_PAGE, BLOCKS_PER_PAGE, BlockRecord, CHUNK_PAGE, CONTENT_PAGE, ChunkRow, ContentRow,
    LoosePlace, Piece, Place, ROWS_PER_PAGE, StoredMeta, StoredSegment,
};
use crate::error::{Error, Result};
use crate::format::compression::Codec;
use crate::format::encoding::{Bytes, encode};
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Identity, Page, PreparedPage, SealedWriter};
use crate::repository::token::SegmentId;

const LEVEL: i32 = 3;

/// What a table being written says of itself.
pub struct TableHead {
    pub id: Id,
    pub repository: Id,
    pub generation: u64,
    pub supersedes: Vec<Id>,
}

/// A table being written: all contents in the order of [`ContentRow::key`], then all chunks in the order
/// of their BLAKE3.
pub struct TableWriter<W: Write> {
    out: SealedWriter<W>,
    head: TableHead,
    contents: Vec<RawContentRow>,
    chunks: Vec<RawChunkRow>,
    content_count: u64,
    chunk_count: u64,
    content_fences: Vec<u8>,
    chunk_fences: Vec<u8>,
    segments: Vec<(SegmentId, RoaringBitmap)>,
    segment_index: HashMap<SegmentId, u32>,
    blocks: Vec<BlockRecord>,
    block_index: HashMap<(Id, u32), u32>,
}

impl<W: Write> TableWriter<W> {
    pub fn new(out: W, head: TableHead) -> Result<TableWriter<W>> {
        let identity = Identity {
            kind: FileKind::Table,
            own_id: head.id,
            owner_id: head.repository,
        };
        Ok(TableWriter {
            out: SealedWriter::new(out, identity)?,
            head,
            contents: Vec::new(),
            chunks: Vec::new(),
            content_count: 0,
            chunk_count: 0,
            content_fences: Vec::new(),
            chunk_fences: Vec::new(),
            segments: Vec::new(),
            segment_index: HashMap::new(),
            blocks: Vec::new(),
            block_index: HashMap::new(),
        })
    }

    pub fn add_content(&mut self, row: &ContentRow) -> Result<()> {
        let segment = self.segment(row.number.segment);
        if row.place != Place::Lost {
            // `segment` has just returned an index within `segments`.
            self.segments[segment as usize].1.insert(row.number.ordinal);
        }
        let (place, at, offset, len) = match row.place {
            Place::Empty => (page::EMPTY, 0, 0, 0),
            Place::Lost => (page::LOST, 0, 0, 0),
            Place::Piece(piece) => {
                let block = self.block(&piece.block);
                (page::PIECE, u64::from(block), piece.offset, 0)
            }
            Place::Chunked(Piece { block, offset, len }) => {
                let block = self.block(&block);
                (page::CHUNKED, u64::from(block), offset, len)
            }
            Place::Loose(LoosePlace {
                codec,
                alternate,
                stored_bytes,
            }) => {
                let alternate = if alternate { 16 } else { 0 };
                (page::LOOSE, stored_bytes, codec as u32 + alternate, 0)
            }
        };
        self.contents.push(RawContentRow {
            digest: row.digest,
            segment,
            ordinal: row.number.ordinal,
            place,
            at,
            offset,
            len,
        });
        self.content_count += 1;
        if self.contents.len() == ROWS_PER_PAGE {
            self.flush_contents()?;
        }
        Ok(())
    }

    pub fn add_chunk(&mut self, row: &ChunkRow) -> Result<()> {
        self.flush_contents()?;
        let block = self.block(&row.piece.block);
        self.chunks.push(RawChunkRow {
            blake3: row.blake3,
            block,
            offset: row.piece.offset,
            len: row.piece.len,
        });
        self.chunk_count += 1;
        if self.chunks.len() == ROWS_PER_PAGE {
            self.flush_chunks()?;
        }
        Ok(())
    }

    /// Rows added so far.
    pub fn rows(&self) -> u64 {
        self.content_count + self.chunk_count
    }

    fn segment(&mut self, id: SegmentId) -> u32 {
        *self.segment_index.entry(id).or_insert_with(|| {
            self.segments.push((id, RoaringBitmap::new()));
            (self.segments.len() - 1) as u32
        })
    }

    fn block(&mut self, block: &BlockRecord) -> u32 {
        *self
            .block_index
            .entry((block.pack, block.page))
            .or_insert_with(|| {
                self.blocks.push(*block);
                (self.blocks.len() - 1) as u32
            })
    }

    fn add_page(&mut self, kind: u8, page: &Page) -> Result<()> {
        let prepared = PreparedPage::new(kind, &page.plain, Codec::Zstd, LEVEL, &page.raw)?;
        self.out.add(&prepared)?;
        Ok(())
    }

    fn flush_contents(&mut self) -> Result<()> {
        let Some(first) = self.contents.first() else {
            return Ok(());
        };
        self.content_fences.extend_from_slice(&first.digest.sha1.0);
        let page = page::encode_contents(&self.contents)?;
        self.contents.clear();
        self.add_page(CONTENT_PAGE, &page)
    }

    fn flush_chunks(&mut self) -> Result<()> {
        let Some(first) = self.chunks.first() else {
            return Ok(());
        };
        self.chunk_fences.extend_from_slice(&first.blake3.0);
        let page = page::encode_chunks(&self.chunks)?;
        self.chunks.clear();
        self.add_page(CHUNK_PAGE, &page)
    }

    /// Writes the rest; gives back the inner writer and the file's length.
    pub fn finish(mut self) -> Result<(W, u64)> {
        self.flush_contents()?;
        self.flush_chunks()?;
        let mut packs = Vec::new();
        let mut pack_index: HashMap<Id, u32> = HashMap::new();
        let blocks = std::mem::take(&mut self.blocks);
        for group in blocks.chunks(BLOCKS_PER_PAGE) {
            let indexed: Vec<(u32, BlockRecord)> = group
                .iter()
                .map(|block| {
                    let index = *pack_index.entry(block.pack).or_insert_with(|| {
                        packs.push(block.pack);
                        (packs.len() - 1) as u32
                    });
                    (index, *block)
                })
                .collect();
            let page = page::encode_blocks(&indexed)?;
            self.add_page(BLOCK_PAGE, &page)?;
        }
        let mut segments = Vec::with_capacity(self.segments.len());
        for (segment, mut present) in self.segments {
            present.optimize();
            segments.push(StoredSegment {
                segment,
                present: bitmap_bytes(&present)?,
            });
        }
        let meta = StoredMeta {
            generation: self.head.generation,
            supersedes: self.head.supersedes,
            segments,
            packs,
            contents: self.content_count,
            chunks: self.chunk_count,
            blocks: blocks.len() as u64,
            content_fences: Bytes(self.content_fences),
            chunk_fences: Bytes(self.chunk_fences),
        };
        // Ids, digests and bitmaps, which do not compress; and so the length of a table follows from its rows.
        self.out.finish(&encode(&meta)?, Codec::None)
    }
}

/// A bitmap in roaring's portable format.
pub fn bitmap_bytes(bitmap: &RoaringBitmap) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    bitmap
        .serialize_into(&mut bytes)
        .map_err(|e| Error::io("encode a bitmap", &e))?;
    Ok(Bytes(bytes))
}
