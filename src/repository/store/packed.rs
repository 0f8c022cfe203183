//! A worker of the packed layout: hashes, finds duplicates, fills blocks, chunks what is big.

use std::io::Read;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::blocks::{BlockBuilder, NewPieceKind, looks_incompressible};
use super::cut::Cutter;
use super::known::Reserved;
use super::pipeline::{Message, NewList, Pipeline};
use super::{Shared, StoreFailure, Stored, read_full};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::digest::{Blake3, ContentDigest, ContentHasher};
use crate::progress::lock;
use crate::repository::pack::{BLOCK_OF_CONTENTS, BLOCK_OF_LISTS, ChunkItem, ChunkList};
use crate::repository::table::{ContentRow, Place};
use crate::repository::token::ContentNumber;

/// Contents up to this length are one piece; longer ones are chunked.
pub const WHOLE_LIMIT: usize = 1 << 20;
/// What a worker reads at once.
const BUFFER_LEN: usize = 4 << 20;

/// The lengths of chunks for a content of about this size: minimum, average, maximum. Bigger contents
/// have bigger chunks, so that a chunk list stays below the length of a page up to 7 TiB.
fn chunk_lengths(size: u64) -> (usize, usize, usize) {
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;
    match size >> 30 {
        0..64 => (64 * KIB, 256 * KIB, MIB),
        64..1024 => (256 * KIB, MIB, 4 * MIB),
        _ => (MIB, 4 * MIB, 4 * MIB),
    }
}

/// What the digests of a full buffer take, at most. To sleep and be woken takes longer than what is left to do, on a virtual
/// machine: up to 7% of the time for a big file that has hardly changed.
const BEFORE_SLEEP: Duration = Duration::from_millis(5);

/// Does `other` on another thread, where one can be had, while this one does `work`. A big content is all one worker's,
/// and its digests take as long as finding its chunks.
fn beside<T>(other: impl FnOnce() + Send, work: impl FnOnce() -> T) -> Result<T> {
    let other = Mutex::new(Some(other));
    let do_other = || {
        // The lock is given back before it begins.
        let taken = lock(&other).take();
        if let Some(other) = taken {
            other();
        }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, do_other);
        let done = work();
        // Unless the other thread has begun.
        do_other();
        if let Ok(thread) = thread {
            let waiting_since = Instant::now();
            while !thread.is_finished() && waiting_since.elapsed() < BEFORE_SLEEP {
                std::thread::yield_now();
            }
            thread.join().map_err(|_| {
                Error::new(ErrorKind::Io, "store a content").because("a thread panicked")
            })?;
        }
        Ok(done)
    })
}

pub struct PackedWorker<'s> {
    shared: &'s Shared,
    pipeline: &'s Pipeline,
    compressible: BlockBuilder,
    incompressible: BlockBuilder,
    lists: BlockBuilder,
    buffer: Vec<u8>,
}

impl<'s> PackedWorker<'s> {
    pub fn new(shared: &'s Shared, pipeline: &'s Pipeline) -> PackedWorker<'s> {
        let settings = shared.settings;
        PackedWorker {
            shared,
            pipeline,
            compressible: BlockBuilder::new(BLOCK_OF_CONTENTS, settings.codec, settings.level),
            incompressible: BlockBuilder::new(BLOCK_OF_CONTENTS, Codec::None, 0),
            lists: BlockBuilder::new(BLOCK_OF_LISTS, settings.codec, settings.level),
            buffer: Vec::new(),
        }
    }

    pub fn store_bytes(&mut self, bytes: &[u8]) -> std::result::Result<Stored, StoreFailure> {
        if bytes.len() > WHOLE_LIMIT {
            return self.store_chunked(&[], &mut { bytes }, bytes.len() as u64, &[], None);
        }
        Ok(self.store_whole(bytes)?)
    }

    pub fn store_reader(
        &mut self,
        reader: &mut dyn Read,
        size_hint: u64,
        gaps: &[u64],
    ) -> std::result::Result<Stored, StoreFailure> {
        // One byte more than the limit tells a content that is exactly as long from a longer one.
        let mut head = std::mem::take(&mut self.buffer);
        let len = if size_hint > WHOLE_LIMIT as u64 {
            WHOLE_LIMIT + 1
        } else {
            (size_hint as usize + 1).max(4096)
        };
        head.resize(len.max(head.len().min(WHOLE_LIMIT + 1)), 0);
        let mut filled = read_full(reader, &mut head).map_err(StoreFailure::Source)?;
        if filled == head.len() && filled <= WHOLE_LIMIT {
            head.resize(WHOLE_LIMIT + 1, 0);
            filled += read_full(reader, &mut head[filled..]).map_err(StoreFailure::Source)?;
        }
        let stored = if filled <= WHOLE_LIMIT {
            self.store_whole(&head[..filled])
                .map_err(StoreFailure::from)
        } else {
            let size_hint = size_hint.max(filled as u64);
            self.store_chunked(&head[..filled], reader, size_hint, gaps, None)
        };
        self.buffer = head;
        stored
    }

    fn store_whole(&mut self, bytes: &[u8]) -> Result<Stored> {
        let digest = ContentDigest::of(bytes);
        let number = match self.shared.reserve(&digest)? {
            Reserved::Existing(token) => {
                return Ok(Stored {
                    token,
                    size: digest.size,
                    is_new: false,
                });
            }
            Reserved::New(number) => number,
        };
        if bytes.is_empty() {
            self.pipeline.send(Message::Row(ContentRow {
                digest,
                number,
                place: Place::Empty,
            }))?;
        } else {
            self.add_piece(&[NewPieceKind::Content(digest, number)], bytes)?;
        }
        Ok(Stored {
            token: self.shared.token(&digest, number),
            size: digest.size,
            is_new: true,
        })
    }

    /// Stores a content under a number that it has already, where it is not looked for among others.
    pub fn rewrite(
        &mut self,
        number: ContentNumber,
        digest: &ContentDigest,
        reader: &mut dyn Read,
    ) -> std::result::Result<(), StoreFailure> {
        if digest.size > WHOLE_LIMIT as u64 {
            self.store_chunked(&[], reader, digest.size, &[], Some(number))?;
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(digest.size as usize);
        reader
            .read_to_end(&mut bytes)
            .map_err(StoreFailure::Source)?;
        if bytes.is_empty() {
            self.pipeline.send(Message::Row(ContentRow {
                digest: *digest,
                number,
                place: Place::Empty,
            }))?;
            return Ok(());
        }
        Ok(self.add_piece(&[NewPieceKind::Content(*digest, number)], &bytes)?)
    }

    /// Adds a piece to the block being filled; see [`BlockBuilder::push`].
    pub fn add_piece(&mut self, what: &[NewPieceKind], bytes: &[u8]) -> Result<()> {
        let is_compressed = self.shared.settings.codec != Codec::None;
        let builder = if matches!(what.first(), Some(NewPieceKind::List(..))) {
            &mut self.lists
        } else if is_compressed && looks_incompressible(bytes) {
            &mut self.incompressible
        } else {
            &mut self.compressible
        };
        match builder.push(what, bytes) {
            Some(block) => self.pipeline.compress(block),
            None => Ok(()),
        }
    }

    /// Chunks `head` and what follows it in `reader`; stores it under `number`, or finds out which one it
    /// has or gets.
    fn store_chunked(
        &mut self,
        head: &[u8],
        reader: &mut dyn Read,
        size_hint: u64,
        gaps: &[u64],
        number: Option<ContentNumber>,
    ) -> std::result::Result<Stored, StoreFailure> {
        let mut cutter = Cutter::new(chunk_lengths(size_hint), gaps);
        let mut hasher = ContentHasher::new();
        let mut chunks = Vec::new();
        let mut buffer = vec![0; BUFFER_LEN.max(2 * cutter.lookahead())];
        buffer[..head.len()].copy_from_slice(head);
        // What of the buffer is filled, and what of that has been hashed.
        let (mut filled, mut hashed) = (head.len(), 0);
        let mut is_at_end = false;
        while !is_at_end {
            let read = read_full(reader, &mut buffer[filled..]).map_err(StoreFailure::Source)?;
            is_at_end = filled + read < buffer.len();
            filled += read;
            self.shared.monitor.check_cancelled()?;
            let new = &buffer[hashed..filled];
            let start = beside(
                || hasher.update(new),
                || self.store_chunks(&buffer[..filled], is_at_end, &mut cutter, &mut chunks),
            )??;
            buffer.copy_within(start..filled, 0);
            filled -= start;
            hashed = filled;
        }
        let digest = hasher.finish();
        Ok(self.store_list(digest, chunks, number)?)
    }

    /// Cuts off as many chunks as are certain and stores them; where the rest begins.
    fn store_chunks(
        &mut self,
        bytes: &[u8],
        is_at_end: bool,
        cutter: &mut Cutter<'_>,
        chunks: &mut Vec<ChunkItem>,
    ) -> Result<usize> {
        let mut start = 0;
        for end in cutter.cut(bytes, is_at_end) {
            let chunk = &bytes[start..end];
            let blake3 = Blake3::of(chunk);
            self.store_chunk(blake3, chunk)?;
            chunks.push((blake3, chunk.len() as u32));
            start = end;
        }
        Ok(start)
    }

    fn store_chunk(&mut self, blake3: Blake3, bytes: &[u8]) -> Result<()> {
        if self.reserves_chunk(&blake3)? {
            self.add_piece(&[NewPieceKind::Chunk(blake3)], bytes)?;
        }
        Ok(())
    }

    /// True when the chunk is not there, nor on its way: the caller stores it.
    fn reserves_chunk(&self, blake3: &Blake3) -> Result<bool> {
        let known = &self.shared.known;
        let is_there = known.has_chunk(blake3) || self.shared.index().find_chunk(blake3)?.is_some();
        Ok(!is_there && known.reserve_chunk(blake3))
    }

    fn store_list(
        &mut self,
        digest: ContentDigest,
        chunks: Vec<ChunkItem>,
        number: Option<ContentNumber>,
    ) -> Result<Stored> {
        let (list, parts) = ChunkList::new(digest, chunks);
        if list.to_bytes().len() > crate::format::sealed::MAX_PAGE_LEN {
            return Err(Error::invalid(
                "store a content",
                "it has more chunks than a list can name",
            ));
        }
        let reserved = match number {
            Some(number) => Reserved::New(number),
            None => self.shared.reserve(&digest)?,
        };
        let (token, is_new) = match reserved {
            Reserved::Existing(token) => (token, false),
            Reserved::New(number) => {
                let new_parts = self.reserve_parts(&list, parts)?;
                let list = NewList {
                    list,
                    number,
                    new_parts,
                };
                self.pipeline.send(Message::List(list))?;
                (self.shared.token(&digest, number), true)
            }
        };
        Ok(Stored {
            token,
            size: digest.size,
            is_new,
        })
    }

    /// The parts of a list that are stored nowhere yet, and on the way nowhere.
    fn reserve_parts(
        &self,
        list: &ChunkList,
        bytes: Vec<Vec<u8>>,
    ) -> Result<Vec<(Blake3, Vec<u8>)>> {
        let mut new = Vec::new();
        for ((blake3, _), bytes) in list.parts.iter().zip(bytes) {
            if self.reserves_chunk(blake3)? {
                new.push((*blake3, bytes));
            }
        }
        Ok(new)
    }

    pub fn finish(mut self) -> Result<()> {
        for builder in [
            &mut self.compressible,
            &mut self.incompressible,
            &mut self.lists,
        ] {
            if let Some(block) = builder.take() {
                self.pipeline.compress(block)?;
            }
        }
        Ok(())
    }
}
