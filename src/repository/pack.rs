//! Packs: the files `packs/<id>.pack` that hold the contents of the packed layout.
//!
//! A pack is a sealed file whose pages are *blocks*: up to 4 MiB of contents and chunks, one behind the
//! other, compressed as one. Its meta says which pieces lie in each block, so that content tables can be
//! rebuilt from the packs alone, with the same content numbers.
//!
//! A big content has no piece of its own but a *chunk list*, itself a piece (in blocks of their own kind,
//! so that prune finds all lists without reading contents).

use serde::{Deserialize, Serialize};

use super::table::BlockRecord;
use super::token::{ContentNumber, SegmentId};
use crate::error::{Error, Result};
use crate::format::compression::decompress;
use crate::format::digest::{Blake3, ContentDigest, Sha1};
use crate::format::encoding::{decode, encode};
use crate::format::id::Id;
use crate::format::sealed::{Sealed, sealed_len_beside_pages};
use crate::fs::ReadAt;

/// Page kinds of a pack.
pub const BLOCK_OF_CONTENTS: u8 = 1;
pub const BLOCK_OF_LISTS: u8 = 2;

/// A block is closed when it holds this many bytes …
pub const BLOCK_TARGET: usize = 4 << 20;
/// … or this many pieces.
pub const BLOCK_PIECES: usize = PACK_PIECES / 8;
/// A pack is closed when it is this long …
pub const PACK_TARGET: u64 = 64 << 20;
/// … or holds this many pieces: while it is written its rows are in memory, 200 bytes each. In tests it is
/// a few, so that they meet it.
pub const PACK_PIECES: usize = if cfg!(test) { 128 } else { 1 << 17 };
/// A pack into which whole blocks are gathered is also closed when so many bytes say which pieces are in it.
pub const LISTING_TARGET: u64 = if cfg!(test) { 512 } else { 1 << 20 };

/// What a piece of a block is. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A whole content.
    Content(ContentNumber),
    /// The chunk list of a big content.
    List(ContentNumber),
    /// A chunk.
    Chunk,
    /// Another number for the content (or chunk list) of the piece before it; takes no bytes itself.
    Alias(ContentNumber),
}

/// A pack's meta, as stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PackMeta {
    /// One for each block.
    pub blocks: Vec<BlockPieces>,
}

/// The pieces of a block, which tile it, by columns. It says all by itself, so that a block takes it along, byte by
/// byte, when it moves to another pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockPieces {
    segment_ids: Vec<SegmentId>,
    /// 0 content, 1 chunk list, 2 chunk, 3 another number for the piece before it.
    kinds: Vec<u8>,
    /// Index into the segment ids; 0 for chunks.
    segments: Vec<u32>,
    /// Difference to the ordinal of the piece before it; 0 for chunks.
    ordinals: Vec<i64>,
    lens: Vec<u32>,
}

/// The name of a pack's file.
pub fn pack_name(id: Id) -> String {
    format!("packs/{id}.pack")
}

/// The id in a pack's file name.
pub fn pack_id(file_name: &str) -> Option<Id> {
    Id::parse(file_name.strip_suffix(".pack")?).ok()
}

impl PackMeta {
    /// The pieces of block `index`, see [`BlockPieces::pieces`].
    pub fn pieces(&self, index: usize) -> Result<Vec<(PieceKind, u32, u32)>> {
        self.blocks.get(index).ok_or_else(contradiction)?.pieces()
    }
}

impl BlockPieces {
    /// For pieces one behind the other, each with its length; an alias has that of the piece before it, or 0.
    pub fn of(pieces: impl IntoIterator<Item = (PieceKind, u32)>) -> BlockPieces {
        let mut block = BlockPieces::default();
        let mut last = 0_i64;
        for (kind, len) in pieces {
            let (code, number) = match kind {
                PieceKind::Content(number) => (0, Some(number)),
                PieceKind::List(number) => (1, Some(number)),
                PieceKind::Chunk => (2, None),
                PieceKind::Alias(number) => (3, Some(number)),
            };
            block.kinds.push(code);
            block.lens.push(len);
            match number {
                Some(number) => {
                    let segment = block.segment_index(number.segment);
                    block.segments.push(segment);
                    let ordinal = i64::from(number.ordinal);
                    block.ordinals.push(ordinal - last);
                    last = ordinal;
                }
                None => {
                    block.segments.push(0);
                    block.ordinals.push(0);
                }
            }
        }
        block
    }

    fn segment_index(&mut self, segment: SegmentId) -> u32 {
        // A fresh block has one segment, a rewritten one a few.
        if let Some(index) = self.segment_ids.iter().position(|s| *s == segment) {
            return index as u32;
        }
        self.segment_ids.push(segment);
        (self.segment_ids.len() - 1) as u32
    }

    /// How many bytes it takes in a pack's meta.
    pub fn listing_len(&self) -> Result<u32> {
        u32::try_from(encode(self)?.len()).map_err(|_| contradiction())
    }

    /// What each piece is, its offset and its length (for an alias those of the piece that it is another number
    /// for).
    pub fn pieces(&self) -> Result<Vec<(PieceKind, u32, u32)>> {
        let wrong = contradiction;
        let count = self.kinds.len();
        if [self.segments.len(), self.ordinals.len(), self.lens.len()]
            .iter()
            .any(|len| *len != count)
        {
            return Err(wrong());
        }
        let mut pieces = Vec::with_capacity(count);
        let (mut offset, mut last) = (0_u32, 0_i64);
        for row in 0..count {
            let mut number = || -> Result<ContentNumber> {
                let segment = self.segment_ids.get(self.segments[row] as usize);
                last = last.checked_add(self.ordinals[row]).ok_or_else(wrong)?;
                Ok(ContentNumber {
                    segment: *segment.ok_or_else(wrong)?,
                    ordinal: u32::try_from(last).map_err(|_| wrong())?,
                })
            };
            let kind = match self.kinds[row] {
                0 => PieceKind::Content(number()?),
                1 => PieceKind::List(number()?),
                2 => PieceKind::Chunk,
                3 => PieceKind::Alias(number()?),
                _ => return Err(wrong()),
            };
            if matches!(kind, PieceKind::Alias(_)) {
                let (_, offset, len) = *pieces.last().ok_or_else(wrong)?;
                pieces.push((kind, offset, len));
                continue;
            }
            pieces.push((kind, offset, self.lens[row]));
            offset = offset.checked_add(self.lens[row]).ok_or_else(wrong)?;
        }
        Ok(pieces)
    }
}

fn contradiction() -> Error {
    Error::damaged("read the pack", "its directory contradicts itself")
}

/// What the length of a pack follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackLength {
    blocks: u64,
    stored_bytes: u64,
    listing_bytes: u64,
}

impl PackLength {
    pub fn add(&mut self, stored_len: u32, listing_len: u32) {
        self.blocks += 1;
        self.stored_bytes += u64::from(stored_len);
        self.listing_bytes += u64::from(listing_len);
    }

    pub fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    pub fn listing_bytes(&self) -> u64 {
        self.listing_bytes
    }

    /// Whether a pack into which blocks are gathered is closed now.
    pub fn is_full(&self) -> bool {
        self.stored_bytes >= PACK_TARGET || self.listing_bytes >= LISTING_TARGET
    }

    /// Length of its file if its directory is not compressed.
    pub fn file_len(&self) -> u64 {
        let count_len = match self.blocks {
            0..251 => 1,
            251..0x1_0000 => 3,
            _ => 5,
        };
        self.stored_bytes + sealed_len_beside_pages(self.blocks, count_len + self.listing_bytes)
    }
}

/// The meta of an opened pack, checked against the pack's pages.
pub fn read_meta(pack: &Sealed) -> Result<PackMeta> {
    let meta: PackMeta = decode(pack.meta())?;
    if meta.blocks.len() != pack.pages().len() {
        return Err(contradiction());
    }
    Ok(meta)
}

/// The record of a pack's block, for a content table.
pub fn block_record(pack: &Sealed, meta: &PackMeta, page: u32) -> Result<BlockRecord> {
    let record = pack
        .pages()
        .get(page as usize)
        .filter(|record| record.plain_len == 0)
        .ok_or_else(contradiction)?;
    let listing = meta.blocks.get(page as usize).ok_or_else(contradiction)?;
    Ok(BlockRecord {
        pack: pack.identity().own_id,
        page,
        offset: record.offset,
        stored_len: record.stored_len,
        raw_len: record.raw_len,
        codec: record.codec,
        listing_len: listing.listing_len()?,
        blake3: record.blake3,
    })
}

/// Reads a block as it is stored; its checksum is verified.
pub fn read_stored_block(file: &dyn ReadAt, block: &BlockRecord) -> Result<Vec<u8>> {
    let mut stored = vec![0; block.stored_len as usize];
    file.read_exact_at(&mut stored, block.offset)
        .map_err(|e| Error::io("read the pack", &e))?;
    if Blake3::of(&stored) != block.blake3 {
        return Err(Error::damaged(
            "read the pack",
            format!("the checksum of block {} does not match", block.page),
        ));
    }
    Ok(stored)
}

/// Reads and decompresses a block.
pub fn read_block(file: &dyn ReadAt, block: &BlockRecord) -> Result<Vec<u8>> {
    let stored = read_stored_block(file, block)?;
    if block.codec == crate::format::compression::Codec::None {
        if stored.len() != block.raw_len as usize {
            return Err(Error::damaged("read the pack", "a block's lengths differ"));
        }
        return Ok(stored);
    }
    decompress(block.codec, &stored, block.raw_len as usize)
}

/// The chunk list of a big content: its digests and size, then its chunks in order.
///
/// A long list is itself cut into *parts*, where the chunks say: a change of a content changes the part that lists the chunk,
/// and the list of parts, and the rest is stored already. Parts are stored as chunks are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkList {
    pub digest: ContentDigest,
    pub chunks: Vec<ChunkItem>,
    /// What the list is stored as, if it is long; else none.
    pub parts: Vec<ChunkItem>,
}

/// A chunk, or a part of a list, and its length in bytes.
pub type ChunkItem = (Blake3, u32);

/// A list as it is stored: the parts of a long one have still to be fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredList {
    pub digest: ContentDigest,
    pub items: ListItems,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ListItems {
    Chunks(Vec<ChunkItem>),
    /// The parts, and how many chunks they list in all.
    Parts(Vec<ChunkItem>, u64),
}

const LIST_HEAD: usize = 20 + 32 + 8;
const LIST_ITEM: usize = 32 + 4;
/// Behind the parts of a list: the number of chunks.
const LIST_COUNT: usize = 8;
/// Lists of more chunks than this are cut.
const UNCUT_ITEMS: usize = 512;
/// How many chunks a part lists: at least, on average beyond that, at most.
const PART_ITEMS: (usize, u32, usize) = (64, 192, 1024);

impl ChunkList {
    /// The list of a content, and the parts that it is cut into, each with its bytes.
    pub fn new(digest: ContentDigest, chunks: Vec<ChunkItem>) -> (ChunkList, Vec<Vec<u8>>) {
        let mut bytes_of_parts = Vec::new();
        if chunks.len() > UNCUT_ITEMS {
            let mut rest = &chunks[..];
            while !rest.is_empty() {
                let (part, after) = rest.split_at(part_len(rest));
                let mut bytes = Vec::with_capacity(part.len() * LIST_ITEM);
                write_items(&mut bytes, part);
                bytes_of_parts.push(bytes);
                rest = after;
            }
        }
        let part = |bytes: &Vec<u8>| (Blake3::of(bytes), bytes.len() as u32);
        let list = ChunkList {
            digest,
            chunks,
            parts: bytes_of_parts.iter().map(part).collect(),
        };
        (list, bytes_of_parts)
    }

    /// Everything that has to be there for the content to be read: its chunks, and the parts of the list.
    pub fn needs(&self) -> impl Iterator<Item = &Blake3> {
        let items = self.chunks.iter().chain(&self.parts);
        items.map(|(blake3, _)| blake3)
    }

    /// SHA-1, BLAKE3, size (u64), then for each chunk, or each part, BLAKE3 and length (u32), and behind parts the number of
    /// chunks (u64); little endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let items = match self.parts.is_empty() {
            true => &self.chunks,
            false => &self.parts,
        };
        let mut bytes = Vec::with_capacity(LIST_HEAD + items.len() * LIST_ITEM + LIST_COUNT);
        bytes.extend_from_slice(&self.digest.sha1.0);
        bytes.extend_from_slice(&self.digest.blake3.0);
        bytes.extend_from_slice(&self.digest.size.to_le_bytes());
        write_items(&mut bytes, items);
        if !self.parts.is_empty() {
            bytes.extend_from_slice(&(self.chunks.len() as u64).to_le_bytes());
        }
        bytes
    }
}

impl StoredList {
    pub fn from_bytes(bytes: &[u8]) -> Result<StoredList> {
        let (head, items) = bytes
            .split_at_checked(LIST_HEAD)
            .ok_or_else(contradictory_list)?;
        let mut digest = ContentDigest {
            sha1: Sha1([0; 20]),
            blake3: Blake3([0; 32]),
            size: 0,
        };
        digest.sha1.0.copy_from_slice(&head[..20]);
        digest.blake3.0.copy_from_slice(&head[20..52]);
        digest.size = u64_of(&head[52..60]);
        let items = match items.len() % LIST_ITEM {
            0 => ListItems::Chunks(read_items(items)?),
            LIST_COUNT => {
                let (items, count) = items.split_at(items.len() - LIST_COUNT);
                ListItems::Parts(read_items(items)?, u64_of(count))
            }
            _ => return Err(contradictory_list()),
        };
        Ok(StoredList { digest, items })
    }

    /// The whole list; `part` gives the bytes of a part, verified.
    pub fn complete(
        self,
        mut part: impl FnMut(&ChunkItem) -> Result<Vec<u8>>,
    ) -> Result<ChunkList> {
        let (chunks, parts) = match self.items {
            ListItems::Chunks(chunks) => (chunks, Vec::new()),
            ListItems::Parts(parts, count) => {
                let mut chunks = Vec::new();
                for item in &parts {
                    chunks.extend(read_items(&part(item)?)?);
                }
                if chunks.len() as u64 != count {
                    return Err(contradictory_list());
                }
                (chunks, parts)
            }
        };
        let sum: u64 = chunks.iter().map(|(_, len)| u64::from(*len)).sum();
        if sum != self.digest.size {
            return Err(contradictory_list());
        }
        Ok(ChunkList {
            digest: self.digest,
            chunks,
            parts,
        })
    }
}

/// Of the items that are left, how many belong into the next part: where it ends depends on the chunks in it alone.
fn part_len(items: &[ChunkItem]) -> usize {
    let (min, average, max) = PART_ITEMS;
    let is_last = |(blake3, _): &ChunkItem| {
        let bytes = [blake3.0[0], blake3.0[1], blake3.0[2], blake3.0[3]];
        u32::from_le_bytes(bytes) < u32::MAX / average
    };
    let tail = items.get(min..).unwrap_or_default();
    let end = tail.iter().position(is_last);
    let len = end.map_or(items.len(), |end| min + end + 1);
    len.min(max)
}

fn write_items(bytes: &mut Vec<u8>, items: &[ChunkItem]) {
    for (blake3, len) in items {
        bytes.extend_from_slice(&blake3.0);
        bytes.extend_from_slice(&len.to_le_bytes());
    }
}

fn read_items(bytes: &[u8]) -> Result<Vec<ChunkItem>> {
    let items = bytes.chunks_exact(LIST_ITEM);
    if !items.remainder().is_empty() {
        return Err(contradictory_list());
    }
    let item = |item: &[u8]| {
        let (mut blake3, mut len) = ([0; 32], [0; 4]);
        blake3.copy_from_slice(&item[..32]);
        len.copy_from_slice(&item[32..]);
        (Blake3(blake3), u32::from_le_bytes(len))
    };
    Ok(items.map(item).collect())
}

/// Of eight bytes.
fn u64_of(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(bytes);
    u64::from_le_bytes(number)
}

fn contradictory_list() -> Error {
    Error::damaged("read a chunk list", "it contradicts itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_with_their_numbers() {
        let number = |segment, ordinal| ContentNumber {
            segment: SegmentId(segment),
            ordinal,
        };
        let pieces = [
            (PieceKind::Content(number(7, 3)), 10),
            (PieceKind::Chunk, 20),
            (PieceKind::List(number(9, 1)), 30),
            (PieceKind::Content(number(7, u32::MAX)), 0),
            (PieceKind::Alias(number(9, 2)), 0),
        ];
        let meta = PackMeta {
            blocks: vec![BlockPieces::of(pieces)],
        };
        let bytes = encode(&meta).unwrap();
        let listing = u64::from(meta.blocks[0].listing_len().unwrap());
        assert_eq!(bytes.len() as u64, 1 + listing);
        let meta: PackMeta = decode(&bytes).unwrap();
        let read: Vec<_> = meta.pieces(0).unwrap();
        assert_eq!(read.iter().map(|p| (p.0, p.2)).collect::<Vec<_>>(), pieces);
        assert_eq!(
            read.iter().map(|p| p.1).collect::<Vec<_>>(),
            [0, 10, 30, 60, 60]
        );
        assert!(meta.pieces(1).is_err());
    }

    fn digest_of_size(size: u64) -> ContentDigest {
        ContentDigest {
            sha1: Sha1([1; 20]),
            blake3: Blake3([2; 32]),
            size,
        }
    }

    /// A chunk that there is only one of.
    fn chunk(number: u64) -> ChunkItem {
        (Blake3::of(&number.to_le_bytes()), 10)
    }

    #[test]
    fn a_chunk_list_comes_back_and_must_add_up() {
        let no_part = |_: &ChunkItem| unreachable!("a short list has no parts");
        let (list, parts) = ChunkList::new(digest_of_size(20), vec![chunk(0), chunk(1)]);
        assert_eq!(parts.len(), 0);
        let bytes = list.to_bytes();
        let read = |bytes: &[u8]| StoredList::from_bytes(bytes)?.complete(no_part);
        assert_eq!(read(&bytes).unwrap(), list);
        for cut in [bytes.len() - 1, LIST_HEAD - 1, 0] {
            assert!(read(&bytes[..cut]).is_err());
        }
        let mut wrong_sum = list;
        wrong_sum.digest.size = 21;
        assert!(read(&wrong_sum.to_bytes()).is_err());
    }

    #[test]
    fn a_long_list_is_cut_so_that_a_change_stays_in_a_part() {
        let mut numbers: Vec<u64> = (0..20_000).collect();
        let list = |numbers: &[u64]| {
            let chunks = numbers.iter().copied().map(chunk).collect();
            ChunkList::new(digest_of_size(10 * numbers.len() as u64), chunks)
        };
        let (before, parts) = list(&numbers);
        let lens = parts.iter().map(|part| part.len() / LIST_ITEM);
        assert!(lens.clone().all(|len| len <= PART_ITEMS.2), "{lens:?}");
        assert!((50..200).contains(&parts.len()), "{}", parts.len());

        // One chunk in the place of another, and two put in.
        numbers[7000] = 50_000;
        numbers.splice(12_000..12_000, [50_001, 50_002]);
        let (after, _) = list(&numbers);
        let new = after
            .parts
            .iter()
            .filter(|part| !before.parts.contains(part));
        assert!((1..=4).contains(&new.count()));
        assert!(before.to_bytes().len() < 20_000 * LIST_ITEM / 50);

        let fetch = |item: &ChunkItem| {
            let part = parts.iter().find(|part| Blake3::of(part) == item.0);
            Ok(part.unwrap().clone())
        };
        let stored = StoredList::from_bytes(&before.to_bytes()).unwrap();
        assert_eq!(stored.complete(fetch).unwrap(), before);
        assert_eq!(before.needs().count(), before.chunks.len() + parts.len());

        // A part that lists less than was said.
        let stored = StoredList::from_bytes(&before.to_bytes()).unwrap();
        let short = |item: &ChunkItem| fetch(item).map(|bytes| bytes[LIST_ITEM..].to_vec());
        assert!(stored.complete(short).is_err());
        let stored = StoredList::from_bytes(&before.to_bytes()).unwrap();
        let torn = |item: &ChunkItem| fetch(item).map(|bytes| bytes[1..].to_vec());
        assert!(stored.complete(torn).is_err());
    }
}
