//! The threads behind the workers of the packed layout: compressors, one writer, one publisher.
//!
//! ```text
//! workers ──raw blocks──▶ compressors ─────▶ writer ──whole packs──▶ publisher ──▶ rows
//!    └──turns, rows of empty contents, chunk lists──▲
//! ```
//!
//! Blocks are written in the order in which workers handed them over, whichever is compressed first: with one
//! worker the same pieces make the same packs every time, so that what a prune writes can be foretold.
//!
//! All channels are bounded, so memory is; a failure anywhere makes every later send fail with the first
//! cause. The writer fills one pack at a time. The publisher makes packs durable while the next one is
//! being written, in order, and only then hands their rows on.
//!
//! Chunk lists wait at the writer, with those of their parts that are stored nowhere yet. When a pack is about to be
//! closed, those whose chunks and other parts are all written (to this pack or an earlier one, or found in
//! tables) join it; the others wait for the next pack. Since packs are published in order, a published list
//! never names a chunk that is not.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Shared;
use super::blocks::{BlockBuilder, NewPiece, NewPieceKind, RawBlock};
use super::known::Known;
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::digest::Blake3;
use crate::format::encoding::encode;
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Identity, PreparedPage, SealedWriter};
use crate::progress::lock;
use crate::repository::pack::{
    BLOCK_OF_LISTS, BlockPieces, ChunkList, PACK_PIECES, PACK_TARGET, PackMeta, PieceKind,
    pack_name,
};
use crate::repository::storage::{NewFile, publish_one};
use crate::repository::table::{BlockRecord, ChunkRow, ContentRow, Piece, Place};
use crate::repository::token::ContentNumber;

type Compressed = Result<(PreparedPage, Vec<NewPiece>)>;

/// A block on its way, and where it is waited for.
struct Job {
    block: RawBlock,
    done: Sender<Compressed>,
}

/// What the writer receives.
pub enum Message {
    /// The turn of a block, which comes here when it is compressed.
    Block(Receiver<Compressed>),
    Row(ContentRow),
    List(NewList),
}

/// The chunk list of a content, and what of its parts is stored along with it.
pub struct NewList {
    pub list: ChunkList,
    pub number: ContentNumber,
    pub new_parts: Vec<(Blake3, Vec<u8>)>,
}

/// Of lists that wait, those that can be written together, and the rest: each list of the former names only what is written, or
/// comes with one of them. Lists of similar contents may wait for parts of each other.
fn split_ready(mut lists: Vec<NewList>, known: &Known) -> (Vec<NewList>, Vec<NewList>) {
    let mut waiting = Vec::new();
    loop {
        let new_parts = lists.iter().flat_map(|list| &list.new_parts);
        let coming: HashSet<Blake3> = new_parts.map(|(blake3, _)| *blake3).collect();
        let is_ready = |list: &NewList| {
            let mut needs = list.list.needs();
            needs.all(|blake3| known.is_chunk_written(blake3) || coming.contains(blake3))
        };
        let (ready, others): (Vec<_>, Vec<_>) = lists.into_iter().partition(is_ready);
        if others.is_empty() {
            return (ready, waiting);
        }
        // What they would have brought is missing for those that are left.
        waiting.extend(others);
        lists = ready;
    }
}

/// A pack that is written but not yet published.
struct FinishedPack {
    id: Id,
    file: Option<Box<dyn NewFile>>,
    bytes: u64,
    contents: Vec<ContentRow>,
    chunks: Vec<ChunkRow>,
}

/// The running threads.
pub struct Pipeline {
    shared: Arc<Shared>,
    raw: Option<Sender<Job>>,
    messages: Option<Sender<Message>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pipeline {
    pub fn start(shared: &Arc<Shared>) -> Result<Pipeline> {
        let compressors = std::thread::available_parallelism().map_or(2, usize::from);
        let (raw, raw_in) = bounded::<Job>(compressors);
        let (messages, messages_in) = bounded::<Message>(2 * compressors);
        let (packs, packs_in) = bounded::<FinishedPack>(1);
        let mut pipeline = Pipeline {
            shared: Arc::clone(shared),
            raw: Some(raw),
            messages: Some(messages),
            threads: Vec::new(),
        };
        for _ in 0..compressors {
            let raw_in = raw_in.clone();
            pipeline.spawn("compress", move |_| {
                compress_blocks(&raw_in);
                Ok(())
            })?;
        }
        pipeline.spawn("write packs", move |shared| {
            PackWriter::new(shared, &packs).run(&messages_in)
        })?;
        pipeline.spawn("publish packs", move |shared| {
            publish_packs(shared, &packs_in)
        })?;
        Ok(pipeline)
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce(&Shared) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                if let Err(error) = work(&shared) {
                    shared.fail(error);
                }
            })
            .map_err(|e| Error::io("start a thread", &e))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Hands a full block to the compressors.
    pub fn compress(&self, block: RawBlock) -> Result<()> {
        let (done, turn) = bounded(1);
        self.send(Message::Block(turn))?;
        match &self.raw {
            Some(raw) if raw.send(Job { block, done }).is_ok() => Ok(()),
            _ => self.closed(),
        }
    }

    pub fn send(&self, message: Message) -> Result<()> {
        match &self.messages {
            Some(messages) if messages.send(message).is_ok() => Ok(()),
            _ => self.closed(),
        }
    }

    fn closed(&self) -> Result<()> {
        self.shared.check_failure()?;
        Err(Error::new(ErrorKind::Io, "go on storing").because("a thread ended early"))
    }

    /// Waits until everything handed over is published, or has failed.
    pub fn finish(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.raw = None;
        self.messages = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                self.shared
                    .fail(Error::new(ErrorKind::Io, "store contents").because("a thread panicked"));
            }
        }
    }
}

impl Drop for Pipeline {
    /// A session that is given up: what is not published yet is deleted by its owner's drop.
    fn drop(&mut self) {
        if !self.threads.is_empty() {
            self.shared.fail(Error::cancelled());
            self.join();
        }
    }
}

fn compress_blocks(raw: &Receiver<Job>) {
    for Job { block, done } in raw {
        let page = block.compress();
        // A writer that has ended has left its reason behind.
        let _ = done.send(page.map(|page| (page, block.pieces)));
    }
}

/// Publishes packs in the order in which they were written.
fn publish_packs(shared: &Shared, packs: &Receiver<FinishedPack>) -> Result<()> {
    for pack in packs {
        if let Some(file) = pack.file {
            publish_one(&*shared.storage, file, &pack_name(pack.id))?;
            lock(&shared.own_packs).insert(pack.id);
        }
        shared.add_ready(pack.contents, pack.chunks, pack.bytes)?;
    }
    Ok(())
}

struct PackWriter<'a> {
    shared: &'a Shared,
    packs: &'a Sender<FinishedPack>,
    open: Option<OpenPack>,
    /// Rows that need no pack.
    rows: Vec<ContentRow>,
    lists: Vec<NewList>,
}

struct OpenPack {
    id: Id,
    out: SealedWriter<Box<dyn NewFile>>,
    meta: PackMeta,
    contents: Vec<ContentRow>,
    chunks: Vec<ChunkRow>,
}

impl<'a> PackWriter<'a> {
    fn new(shared: &'a Shared, packs: &'a Sender<FinishedPack>) -> PackWriter<'a> {
        PackWriter {
            shared,
            packs,
            open: None,
            rows: Vec::new(),
            lists: Vec::new(),
        }
    }

    fn run(mut self, messages: &Receiver<Message>) -> Result<()> {
        for message in messages {
            if self
                .shared
                .has_failed
                .load(std::sync::atomic::Ordering::Relaxed)
            {
                return Ok(());
            }
            match message {
                Message::Block(turn) => match turn.recv() {
                    Ok(compressed) => {
                        let (page, pieces) = compressed?;
                        self.add_block(&page, &pieces)?;
                    }
                    // A worker or a compressor has ended, and its reason is told by whoever joins it.
                    Err(_) => return Ok(()),
                },
                Message::Row(row) => self.rows.push(row),
                Message::List(list) => self.lists.push(list),
            }
            if self.open.as_ref().is_some_and(OpenPack::is_full) {
                self.close()?;
            }
        }
        if self
            .shared
            .has_failed
            .load(std::sync::atomic::Ordering::Relaxed)
        {
            return Ok(());
        }
        // Lists that wait in vain are those of a session that is given up: a worker has taken their chunks with it.
        self.close()
    }

    fn open(&mut self) -> Result<&mut OpenPack> {
        if self.open.is_none() {
            let id = Id::random()?;
            let identity = Identity {
                kind: FileKind::Pack,
                own_id: id,
                owner_id: self.shared.repository,
            };
            self.open = Some(OpenPack {
                id,
                out: SealedWriter::new(self.shared.storage.create()?, identity)
                    .map_err(|e| e.at(self.shared.storage.describe()))?,
                meta: PackMeta::default(),
                contents: Vec::new(),
                chunks: Vec::new(),
            });
        }
        self.open
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Io, "write a pack"))
    }

    fn add_block(&mut self, page: &PreparedPage, pieces: &[NewPiece]) -> Result<()> {
        let shared = self.shared;
        let pack = self.open()?;
        let block = pack.add(shared, page, pieces.iter().map(NewPiece::record))?;
        for piece in pieces {
            let place = Piece {
                block,
                offset: piece.offset,
                len: piece.len,
            };
            match piece.what {
                NewPieceKind::Content(digest, number) => pack.contents.push(ContentRow {
                    digest,
                    number,
                    place: Place::Piece(place),
                }),
                NewPieceKind::List(digest, number) => pack.contents.push(ContentRow {
                    digest,
                    number,
                    place: Place::Chunked(place),
                }),
                NewPieceKind::Chunk(blake3) => {
                    shared.known.chunk_written(&blake3);
                    pack.chunks.push(ChunkRow {
                        blake3,
                        piece: place,
                    });
                }
            }
        }
        Ok(())
    }

    /// Writes the lists that are ready, closes the pack and hands it to the publisher.
    fn close(&mut self) -> Result<()> {
        let lists = std::mem::take(&mut self.lists);
        let (ready, waiting) = split_ready(lists, &self.shared.known);
        self.lists = waiting;
        self.add_lists(&ready)?;
        let rows = std::mem::take(&mut self.rows);
        let finished = match self.open.take() {
            None if rows.is_empty() => return Ok(()),
            None => FinishedPack {
                id: Id([0; 16]),
                file: None,
                bytes: 0,
                contents: rows,
                chunks: Vec::new(),
            },
            Some(mut pack) => {
                pack.contents.extend(rows);
                let (file, bytes) = pack
                    .out
                    .finish(&encode(&pack.meta)?, Codec::Zstd)
                    .map_err(|e| e.at(self.shared.storage.describe()))?;
                FinishedPack {
                    id: pack.id,
                    file: Some(file),
                    bytes,
                    contents: pack.contents,
                    chunks: pack.chunks,
                }
            }
        };
        // A publisher that has ended has left its reason behind.
        let _ = self.packs.send(finished);
        Ok(())
    }

    fn add_lists(&mut self, lists: &[NewList]) -> Result<()> {
        let settings = self.shared.settings;
        let mut builder = BlockBuilder::new(BLOCK_OF_LISTS, settings.codec, settings.level);
        for new in lists {
            for (blake3, bytes) in &new.new_parts {
                let full = builder.push(&[NewPieceKind::Chunk(*blake3)], bytes);
                self.add_list_block(full)?;
            }
            let what = [NewPieceKind::List(new.list.digest, new.number)];
            let full = builder.push(&what, &new.list.to_bytes());
            self.add_list_block(full)?;
        }
        self.add_list_block(builder.take())
    }

    fn add_list_block(&mut self, block: Option<RawBlock>) -> Result<()> {
        let Some(block) = block else {
            return Ok(());
        };
        self.add_block(&block.compress()?, &block.pieces)
    }
}

impl OpenPack {
    fn is_full(&self) -> bool {
        self.out.written() >= PACK_TARGET || self.contents.len() + self.chunks.len() >= PACK_PIECES
    }

    fn add(
        &mut self,
        shared: &Shared,
        page: &PreparedPage,
        pieces: impl Iterator<Item = (PieceKind, u32)>,
    ) -> Result<BlockRecord> {
        let offset = self.out.written();
        let index = self
            .out
            .add(page)
            .map_err(|e| e.at(shared.storage.describe()))?;
        let pieces = BlockPieces::of(pieces);
        let listing_len = pieces.listing_len()?;
        self.meta.blocks.push(pieces);
        Ok(BlockRecord {
            pack: self.id,
            page: index,
            offset,
            stored_len: page.stored.len() as u32,
            raw_len: page.raw_len,
            codec: page.codec,
            listing_len,
            blake3: page.blake3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::digest::{ContentDigest, Sha1};
    use crate::repository::token::SegmentId;

    fn blake3(number: u8) -> Blake3 {
        Blake3([number; 32])
    }

    /// A list that needs some parts and brings others.
    fn list(needs: &[u8], brings: &[u8]) -> NewList {
        let digest = ContentDigest {
            sha1: Sha1([0; 20]),
            blake3: blake3(0),
            size: 0,
        };
        let items = |numbers: &[u8]| numbers.iter().map(|number| (blake3(*number), 1)).collect();
        NewList {
            list: ChunkList {
                digest,
                chunks: Vec::new(),
                parts: items(needs),
            },
            number: ContentNumber {
                segment: SegmentId(0),
                ordinal: u32::from(needs[0]),
            },
            new_parts: brings.iter().map(|n| (blake3(*n), Vec::new())).collect(),
        }
    }

    #[test]
    fn lists_that_wait_for_each_other_are_written_together_and_no_others() {
        let known = Known::new();
        for pending in 1..=6 {
            assert!(known.reserve_chunk(&blake3(pending)));
        }
        known.chunk_written(&blake3(6));
        let lists = vec![
            // Two in a circle, and one that needs what these bring.
            list(&[1, 2, 6], &[1]),
            list(&[2, 1], &[2]),
            list(&[3, 2], &[3]),
            // One whose chunk is on its way, and one that needs what that one brings.
            list(&[4, 5], &[4]),
            list(&[5, 4], &[]),
        ];
        let (ready, waiting) = split_ready(lists, &known);
        let numbers = |lists: &[NewList]| -> Vec<u32> {
            lists.iter().map(|list| list.number.ordinal).collect()
        };
        assert_eq!(numbers(&ready), [1, 2, 3]);
        assert_eq!(numbers(&waiting), [4, 5]);
        known.chunk_written(&blake3(5));
        let (ready, waiting) = split_ready(waiting, &known);
        assert_eq!((ready.len(), waiting.len()), (2, 0));
    }
}
