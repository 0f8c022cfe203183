//! Reads a table: look-ups by SHA-1 or by a chunk's BLAKE3, and all rows in order.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock};

use lru::LruCache;
use roaring::RoaringBitmap;

use super::page::{self, ChunkPage, ContentPage, RawChunkRow, RawContentRow};
use super::{
    BLOCK_PAGE, BlockRecord, CHUNK_PAGE, CONTENT_PAGE, ChunkRow, ContentRow, LoosePlace, Piece,
    Place, StoredMeta, table_name,
};
use crate::error::{Error, Result};
use crate::format::compression::Codec;
use crate::format::digest::{Blake3, Sha1};
use crate::format::encoding::decode;
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Sealed};
use crate::progress::lock;
use crate::repository::storage::Storage;
use crate::repository::token::{ContentNumber, SegmentId};

/// Decoded pages kept for each table: about 64 MiB.
const CACHED_PAGES: NonZeroUsize = match NonZeroUsize::new(1000) {
    Some(pages) => pages,
    None => NonZeroUsize::MIN,
};

/// An opened table.
pub struct Table {
    id: Id,
    sealed: Sealed,
    generation: u64,
    supersedes: Vec<Id>,
    packs: Vec<Id>,
    segments: Vec<(SegmentId, RoaringBitmap)>,
    has_lost_rows: bool,
    contents: u64,
    chunks: u64,
    content_fences: Vec<[u8; 20]>,
    chunk_fences: Vec<[u8; 32]>,
    /// Index of the first page of each kind; pages of a kind lie together in this order.
    first_chunk_page: u32,
    first_block_page: u32,
    block_count: u64,
    blocks: OnceLock<Vec<BlockRecord>>,
    content_pages: Mutex<LruCache<u32, Arc<ContentPage>>>,
    chunk_pages: Mutex<LruCache<u32, Arc<ChunkPage>>>,
}

impl Table {
    /// Opens `contents/<id>.table` of a repository.
    pub fn open(storage: &dyn Storage, id: Id, repository: Id) -> Result<Table> {
        let name = table_name(id);
        let place = || format!("{}/{name}", storage.describe());
        Table::read(storage, id, repository, &name).map_err(|e| e.at(place()))
    }

    fn read(storage: &dyn Storage, id: Id, repository: Id, name: &str) -> Result<Table> {
        let sealed = Sealed::open(storage.open(name)?, FileKind::Table)?;
        let damaged = |why: &str| Error::damaged("open the content table", why);
        if sealed.identity().own_id != id || sealed.identity().owner_id != repository {
            return Err(damaged("another file has taken its place"));
        }
        let meta: StoredMeta = decode(sealed.meta())?;
        let count = |kind: u8| {
            sealed
                .pages()
                .iter()
                .filter(|p| p.page_kind == kind)
                .count()
        };
        let (content_pages, chunk_pages) = (count(CONTENT_PAGE), count(CHUNK_PAGE));
        let in_order = sealed.pages().is_sorted_by_key(|p| p.page_kind)
            && content_pages + chunk_pages + count(BLOCK_PAGE) == sealed.pages().len();
        let fences_fit = meta.content_fences.0.len() == content_pages * 20
            && meta.chunk_fences.0.len() == chunk_pages * 32;
        if !in_order || !fences_fit {
            return Err(damaged("its parts contradict each other"));
        }
        let mut segments = Vec::with_capacity(meta.segments.len());
        for segment in meta.segments {
            let present = RoaringBitmap::deserialize_from(&segment.present.0[..])
                .map_err(|e| damaged(&e.to_string()))?;
            segments.push((segment.segment, present));
        }
        let present: u64 = segments.iter().map(|(_, present)| present.len()).sum();
        Ok(Table {
            id,
            generation: meta.generation,
            supersedes: meta.supersedes,
            packs: meta.packs,
            segments,
            has_lost_rows: present < meta.contents,
            contents: meta.contents,
            chunks: meta.chunks,
            content_fences: fences(&meta.content_fences.0),
            chunk_fences: fences(&meta.chunk_fences.0),
            first_chunk_page: content_pages as u32,
            first_block_page: (content_pages + chunk_pages) as u32,
            block_count: meta.blocks,
            blocks: OnceLock::new(),
            content_pages: Mutex::new(LruCache::new(CACHED_PAGES)),
            chunk_pages: Mutex::new(LruCache::new(CACHED_PAGES)),
            sealed,
        })
    }

    pub fn id(&self) -> Id {
        self.id
    }

    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn supersedes(&self) -> &[Id] {
        &self.supersedes
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.contents.saturating_add(self.chunks)
    }

    /// Rows of contents.
    pub fn contents(&self) -> u64 {
        self.contents
    }

    /// The packs that its rows name.
    pub fn packs(&self) -> &[Id] {
        &self.packs
    }

    /// Whether it has rows of contents that were given up.
    pub fn has_lost_rows(&self) -> bool {
        self.has_lost_rows
    }

    /// Which ordinals of which segments have a row here that leads somewhere.
    pub fn segments(&self) -> &[(SegmentId, RoaringBitmap)] {
        &self.segments
    }

    pub fn has(&self, number: ContentNumber) -> bool {
        self.segments.iter().any(|(segment, present)| {
            *segment == number.segment && present.contains(number.ordinal)
        })
    }

    /// Length of its file.
    pub fn file_len(&self) -> u64 {
        self.sealed.file_len()
    }

    /// Reads and verifies every page.
    pub fn verify(&self) -> Result<()> {
        for page in 0..self.sealed.pages().len() as u32 {
            self.sealed.read_stored(page)?;
        }
        Ok(())
    }

    /// Appends to `found` every row with this SHA-1.
    pub fn find(&self, sha1: &Sha1, found: &mut Vec<ContentRow>) -> Result<()> {
        // Rows with one SHA-1 may begin at the end of the page before the first fence that is not below.
        let after = self.content_fences.partition_point(|fence| *fence < sha1.0);
        for index in after.saturating_sub(1)..self.content_fences.len() {
            if self.content_fences[index] > sha1.0 {
                break;
            }
            let page = self.content_page(index as u32)?;
            for row in page.lower_bound(sha1).. {
                match page.row(row) {
                    Some(raw) if raw.digest.sha1 == *sha1 => found.push(self.resolve(&raw)?),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    pub fn find_chunk(&self, blake3: &Blake3) -> Result<Option<ChunkRow>> {
        let after = self
            .chunk_fences
            .partition_point(|fence| *fence <= blake3.0);
        let Some(index) = after.checked_sub(1) else {
            return Ok(None);
        };
        let page = self.chunk_page(index as u32)?;
        page.find(blake3)
            .map(|raw| self.resolve_chunk(&raw))
            .transpose()
    }

    /// Every content row in order, page by page.
    pub fn all_contents(&self) -> impl Iterator<Item = Result<ContentRow>> + '_ {
        (0..self.first_chunk_page).flat_map(move |index| {
            let rows: Vec<Result<ContentRow>> = match self.load_content_page(index) {
                Ok(page) => (0..page.rows())
                    .filter_map(|row| page.row(row))
                    .map(|raw| self.resolve(&raw))
                    .collect(),
                Err(e) => vec![Err(e)],
            };
            rows
        })
    }

    /// Every chunk row in order, page by page.
    pub fn all_chunks(&self) -> impl Iterator<Item = Result<ChunkRow>> + '_ {
        (self.first_chunk_page..self.first_block_page).flat_map(move |index| {
            let rows: Vec<Result<ChunkRow>> = match self.load_chunk_page(index) {
                Ok(page) => page
                    .rows()
                    .iter()
                    .map(|raw| self.resolve_chunk(raw))
                    .collect(),
                Err(e) => vec![Err(e)],
            };
            rows
        })
    }

    /// Every block that its rows name.
    pub fn blocks(&self) -> Result<&[BlockRecord]> {
        if let Some(blocks) = self.blocks.get() {
            return Ok(blocks);
        }
        let mut blocks = Vec::new();
        for index in self.first_block_page..self.sealed.pages().len() as u32 {
            blocks.extend(page::decode_blocks(&self.sealed.read(index)?, &self.packs)?);
        }
        if blocks.len() as u64 != self.block_count {
            return Err(self.contradiction());
        }
        Ok(self.blocks.get_or_init(|| blocks))
    }

    fn content_page(&self, index: u32) -> Result<Arc<ContentPage>> {
        if let Some(page) = lock(&self.content_pages).get(&index) {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(self.load_content_page(index)?);
        lock(&self.content_pages).put(index, Arc::clone(&page));
        Ok(page)
    }

    fn load_content_page(&self, index: u32) -> Result<ContentPage> {
        ContentPage::decode(self.sealed.read(index)?)
    }

    fn chunk_page(&self, index: u32) -> Result<Arc<ChunkPage>> {
        if let Some(page) = lock(&self.chunk_pages).get(&index) {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(self.load_chunk_page(self.first_chunk_page.saturating_add(index))?);
        lock(&self.chunk_pages).put(index, Arc::clone(&page));
        Ok(page)
    }

    fn load_chunk_page(&self, page: u32) -> Result<ChunkPage> {
        ChunkPage::decode(self.sealed.read(page)?)
    }

    fn block(&self, index: u64) -> Result<BlockRecord> {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.blocks().ok()?.get(index).copied())
            .map_or_else(|| self.blocks().and(Err(self.contradiction())), Ok)
    }

    fn piece(&self, block: u64, offset: u32, len: u64) -> Result<Piece> {
        let block = self.block(block)?;
        let fits = u64::from(offset)
            .checked_add(len)
            .is_some_and(|end| end <= u64::from(block.raw_len));
        if !fits {
            return Err(self.contradiction());
        }
        let len = len as u32;
        Ok(Piece { block, offset, len })
    }

    fn resolve(&self, raw: &RawContentRow) -> Result<ContentRow> {
        let (segment, _) = self
            .segments
            .get(raw.segment as usize)
            .ok_or_else(|| self.contradiction())?;
        let place = match raw.place {
            page::EMPTY if raw.digest.size == 0 => Place::Empty,
            page::LOST if (raw.at, raw.offset, raw.len) == (0, 0, 0) => Place::Lost,
            page::PIECE => Place::Piece(self.piece(raw.at, raw.offset, raw.digest.size)?),
            page::CHUNKED => Place::Chunked(self.piece(raw.at, raw.offset, u64::from(raw.len))?),
            page::LOOSE => Place::Loose(LoosePlace {
                codec: Codec::from_number((raw.offset & 15) as u8)?,
                alternate: raw.offset & 16 != 0,
                stored_bytes: raw.at,
            }),
            _ => return Err(self.contradiction()),
        };
        Ok(ContentRow {
            digest: raw.digest,
            number: ContentNumber {
                segment: *segment,
                ordinal: raw.ordinal,
            },
            place,
        })
    }

    fn resolve_chunk(&self, raw: &RawChunkRow) -> Result<ChunkRow> {
        Ok(ChunkRow {
            blake3: raw.blake3,
            piece: self.piece(u64::from(raw.block), raw.offset, u64::from(raw.len))?,
        })
    }

    fn contradiction(&self) -> Error {
        Error::damaged("read the content table", "a row contradicts the rest")
            .at(format!("{}.table", self.id))
    }
}

fn fences<const N: usize>(bytes: &[u8]) -> Vec<[u8; N]> {
    bytes
        .chunks_exact(N)
        .map(|chunk| {
            let mut fence = [0; N];
            fence.copy_from_slice(chunk);
            fence
        })
        .collect()
}
