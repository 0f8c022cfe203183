//! Many contents at once, in storage order, on several threads.
//!
//! The contents asked for are sorted by where they lie. Each block is read and decompressed once, all
//! that is wanted from it is verified and handed to the sink; big contents and loose ones are streamed.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::content::ContentReader;
use super::{BlockSource, verified_slice};
use crate::error::{Error, ErrorKind, Result};
use crate::format::digest::Blake3;
use crate::progress::Monitor;
use crate::repository::index::Index;
use crate::repository::table::{BlockRecord, ContentRow, Piece, Place};
use crate::repository::token::Token;

/// Loose contents up to this length are handed over whole.
const WHOLE_LIMIT: u64 = 4 << 20;
/// Contents from this length on are read ahead, in pieces of this length, so many of which may wait.
const AHEAD_FROM: u64 = 32 << 20;
const AHEAD_PIECE: usize = 1 << 20;
const AHEAD_PIECES: usize = 4;

/// A content that somebody wants, with the caller's own number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub token: Token,
    pub key: u64,
}

/// The bytes of a content.
pub enum ContentBytes<'a> {
    /// All of them, verified.
    Whole(&'a [u8]),
    /// A long content, verified as it is read; an error at the latest where it should end.
    Stream(&'a mut dyn Read),
}

/// Receives contents, from several threads.
pub trait ContentSink: Sync {
    /// One call for each content wanted, in any order. An error stops everything.
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()>;

    /// The content cannot be had. The rest goes on unless this returns an error.
    fn failed(&self, key: u64, error: Error) -> Result<()>;
}

/// Work for one thread.
enum Job {
    Block(BlockRecord, Vec<(Piece, Blake3, Wanted)>),
    One(ContentRow, Wanted),
}

/// Delivers `wanted` to `sink`. `refresh` opens the index anew, for when the repository has been
/// rearranged since this one was opened.
pub(in crate::repository) fn copy_many(
    blocks: &Arc<BlockSource>,
    index: &Arc<Index>,
    refresh: &(dyn Fn() -> Result<Arc<Index>> + Sync),
    mut wanted: Vec<Wanted>,
    sink: &dyn ContentSink,
    monitor: &Monitor,
) -> Result<()> {
    // Tables are sorted by SHA-1: asked in that order, each of their pages is decoded once.
    wanted.sort_unstable_by_key(|wanted| wanted.token);
    let jobs = plan(index, wanted, sink)?;
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .max(4)
        .min(jobs.len().max(1));
    let work = || -> Result<()> {
        loop {
            let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return Ok(());
            };
            let done = monitor
                .check_cancelled()
                .and_then(|()| run(blocks, index, refresh, job, sink));
            if done.is_err() {
                // The other threads find nothing more to do.
                next.store(jobs.len(), Ordering::Relaxed);
                return done;
            }
        }
    };
    if threads == 1 {
        return work();
    }
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut outcome = Ok(());
        for handle in handles {
            let result = handle.join().unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Io, "read contents").because("a thread panicked"))
            });
            if outcome.is_ok() {
                outcome = result;
            }
        }
        outcome
    })
}

fn plan(index: &Index, wanted: Vec<Wanted>, sink: &dyn ContentSink) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    let mut by_block: HashMap<(crate::format::id::Id, u32), usize> = HashMap::new();
    for wanted in wanted {
        match index.locate(&wanted.token) {
            Ok(row) => match row.place {
                Place::Piece(piece) => {
                    let key = (piece.block.pack, piece.block.page);
                    let at = *by_block.entry(key).or_insert_with(|| {
                        jobs.push(Job::Block(piece.block, Vec::new()));
                        jobs.len() - 1
                    });
                    if let Some(Job::Block(_, pieces)) = jobs.get_mut(at) {
                        pieces.push((piece, row.digest.blake3, wanted));
                    }
                }
                _ => jobs.push(Job::One(row, wanted)),
            },
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => sink.failed(wanted.key, error)?,
        }
    }
    for job in &mut jobs {
        if let Job::Block(_, pieces) = job {
            pieces.sort_unstable_by_key(|(piece, _, _)| piece.offset);
        }
    }
    jobs.sort_by_key(|job| match job {
        Job::Block(block, _) => (0, block.pack, block.offset),
        Job::One(row, _) => match row.place {
            Place::Chunked(piece) => (1, piece.block.pack, piece.block.offset),
            _ => (2, crate::format::id::Id([0; 16]), 0),
        },
    });
    Ok(jobs)
}

type Refresh<'a> = &'a (dyn Fn() -> Result<Arc<Index>> + Sync);

fn run(
    blocks: &Arc<BlockSource>,
    index: &Arc<Index>,
    refresh: Refresh<'_>,
    job: &Job,
    sink: &dyn ContentSink,
) -> Result<()> {
    match job {
        Job::One(row, wanted) => one(blocks, index, refresh, row, wanted, sink),
        Job::Block(block, pieces) => {
            let bytes = match blocks.read(block) {
                Ok(bytes) => bytes,
                Err(error) if error.is_fatal() => return Err(error),
                // Gone, or no longer sound where it was: perhaps it has moved.
                Err(error) => {
                    for (_, _, wanted) in pieces {
                        again(blocks, refresh, wanted, sink, &error)?;
                    }
                    return Ok(());
                }
            };
            for (piece, blake3, wanted) in pieces {
                match verified_slice(&bytes, piece, blake3) {
                    Ok(content) => sink.content(wanted.key, ContentBytes::Whole(content))?,
                    Err(error) => sink.failed(wanted.key, error)?,
                }
            }
            Ok(())
        }
    }
}

fn one(
    blocks: &Arc<BlockSource>,
    index: &Arc<Index>,
    refresh: Refresh<'_>,
    row: &ContentRow,
    wanted: &Wanted,
    sink: &dyn ContentSink,
) -> Result<()> {
    match open(blocks, index, row) {
        Ok(content) => deliver(content, wanted, sink),
        Err(error) if error.is_fatal() => Err(error),
        Err(error) => again(blocks, refresh, wanted, sink, &error),
    }
}

/// An opened content, with all of it in memory when it is not long.
struct Opened {
    reader: ContentReader,
    whole: Option<Vec<u8>>,
}

fn open(blocks: &Arc<BlockSource>, index: &Index, row: &ContentRow) -> Result<Opened> {
    let mut reader = ContentReader::open(blocks, index, row)?;
    let mut whole = None;
    if row.digest.size <= WHOLE_LIMIT {
        let mut bytes = Vec::with_capacity(row.digest.size as usize);
        reader.read_to_end(&mut bytes).map_err(content_error)?;
        whole = Some(bytes);
    }
    Ok(Opened { reader, whole })
}

fn deliver(opened: Opened, wanted: &Wanted, sink: &dyn ContentSink) -> Result<()> {
    let Opened { mut reader, whole } = opened;
    match whole {
        Some(bytes) => sink.content(wanted.key, ContentBytes::Whole(&bytes)),
        None if reader.len() >= AHEAD_FROM => read_ahead(reader, |reader| {
            sink.content(wanted.key, ContentBytes::Stream(reader))
        }),
        None => sink.content(wanted.key, ContentBytes::Stream(&mut reader)),
    }
}

/// Has another thread read, decompress and verify what comes next while `take` does something with what came before:
/// else a single long content would be all one processor's.
fn read_ahead(
    mut content: ContentReader,
    take: impl FnOnce(&mut dyn Read) -> Result<()>,
) -> Result<()> {
    let (to_reader, job) = bounded::<ContentReader>(1);
    let (to_taker, pieces) = bounded(AHEAD_PIECES);
    std::thread::scope(|scope| {
        let reading = move || {
            if let Ok(content) = job.recv() {
                send_pieces(content, &to_taker);
            }
        };
        let thread = std::thread::Builder::new()
            .name("read ahead".to_owned())
            .spawn_scoped(scope, reading);
        let Ok(thread) = thread else {
            return take(&mut content);
        };
        // It waits for nothing else.
        let _ = to_reader.send(content);
        let taken = take(&mut Ahead {
            pieces: &pieces,
            piece: Vec::new(),
            position: 0,
            has_ended: false,
        });
        // If not all was taken: the reader ends when nobody can take any more.
        drop(pieces);
        let ended = thread
            .join()
            .map_err(|_| Error::new(ErrorKind::Io, "read a content").because("a thread panicked"));
        taken.and(ended)
    })
}

fn send_pieces(mut content: ContentReader, pieces: &Sender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = Vec::with_capacity(AHEAD_PIECE);
        let read = content
            .by_ref()
            .take(AHEAD_PIECE as u64)
            .read_to_end(&mut piece);
        let is_last = !matches!(read, Ok(1..));
        let is_gone = pieces.send(read.map(|_| piece)).is_err();
        if is_last || is_gone {
            return;
        }
    }
}

/// What another thread reads: an empty piece, or an error, is the last one.
struct Ahead<'a> {
    pieces: &'a Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    position: usize,
    has_ended: bool,
}

impl Read for Ahead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.piece.len() && !self.has_ended {
            self.piece = match self.pieces.recv() {
                Ok(piece) => piece?,
                Err(_) => return Err(io::Error::other("a thread ended early")),
            };
            self.position = 0;
            self.has_ended = self.piece.is_empty();
        }
        let count = (&self.piece[self.position..]).read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

/// Looks the content up in a fresh index and tries once more; `first` is why that is necessary.
fn again(
    blocks: &Arc<BlockSource>,
    refresh: Refresh<'_>,
    wanted: &Wanted,
    sink: &dyn ContentSink,
    first: &Error,
) -> Result<()> {
    let index = refresh()?;
    let second = index
        .locate(&wanted.token)
        .and_then(|row| open(blocks, &index, &row));
    match second {
        Ok(opened) => deliver(opened, wanted, sink),
        Err(error) if error.is_fatal() => Err(error),
        Err(error) if error.kind() == ErrorKind::NotFound => sink.failed(wanted.key, first.clone()),
        Err(error) => sink.failed(wanted.key, error),
    }
}

/// The engine's error inside an error of a [`ContentReader`].
pub fn content_error(error: io::Error) -> Error {
    let text = error.to_string();
    match error.into_inner().map(|inner| inner.downcast::<Error>()) {
        Some(Ok(inner)) => *inner,
        _ => Error::damaged("read a content", text),
    }
}
