//! One content as a file that is open for reading.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::{BlockSource, find_chunk, verified_slice};
use crate::error::{Error, Result};
use crate::format::digest::{Blake3, ContentHasher, Sha1};
use crate::repository::index::Index;
use crate::repository::loose::{digest_of, loose_name, open_loose};
use crate::repository::table::{ContentRow, LoosePlace, Piece, Place};

/// A content opened for reading. Every byte that it yields has been verified, or is verified at the
/// latest when its end is read (a loose content that is read front to back); what does not verify is an
/// error of kind [`io::ErrorKind::InvalidData`].
pub struct ContentReader {
    blocks: Arc<BlockSource>,
    row: ContentRow,
    position: u64,
    body: Body,
}

enum Body {
    /// Pieces with the offsets at which they begin.
    Pieces {
        parts: Vec<Part>,
        current: Option<(usize, Vec<u8>)>,
    },
    Loose {
        place: LoosePlace,
        open: Option<Box<OpenLoose>>,
        is_verified: bool,
    },
}

struct OpenLoose {
    reader: Box<dyn Read + Send>,
    /// How far it has been read, and the digest of that.
    at: u64,
    hasher: ContentHasher,
}

struct Part {
    start: u64,
    len: u64,
    piece: Piece,
    blake3: Blake3,
}

impl ContentReader {
    pub(in crate::repository) fn open(
        blocks: &Arc<BlockSource>,
        index: &Index,
        row: &ContentRow,
    ) -> Result<ContentReader> {
        let mut parts = Vec::new();
        match row.place {
            Place::Empty => {}
            Place::Lost => return Err(lost(&row.digest.sha1)),
            Place::Piece(piece) => parts.push(Part {
                start: 0,
                len: row.digest.size,
                piece,
                blake3: row.digest.blake3,
            }),
            Place::Chunked(list_piece) => {
                let list = blocks.chunk_list(index, &list_piece, &row.digest)?;
                let mut start = 0;
                for (blake3, len) in list.chunks {
                    let chunk = find_chunk(index, &blake3, len)?;
                    parts.push(Part {
                        start,
                        len: u64::from(len),
                        piece: chunk.piece,
                        blake3,
                    });
                    start += u64::from(len);
                }
            }
            Place::Loose(place) => {
                return Ok(ContentReader {
                    blocks: Arc::clone(blocks),
                    row: *row,
                    position: 0,
                    body: Body::Loose {
                        place,
                        open: None,
                        is_verified: false,
                    },
                });
            }
        }
        Ok(ContentReader {
            blocks: Arc::clone(blocks),
            row: *row,
            position: 0,
            body: Body::Pieces {
                parts,
                current: None,
            },
        })
    }

    /// Length of the content in bytes.
    pub fn len(&self) -> u64 {
        self.row.digest.size
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read_piece(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Body::Pieces { parts, current } = &mut self.body else {
            return Ok(0);
        };
        let index = parts.partition_point(|part| part.start + part.len <= self.position);
        let Some(part) = parts.get(index) else {
            return Ok(0);
        };
        if current.as_ref().map(|(at, _)| *at) != Some(index) {
            let block = self.blocks.read_kept(&part.piece.block)?;
            let bytes = verified_slice(&block, &part.piece, &part.blake3)?;
            *current = Some((index, bytes.to_vec()));
        }
        let Some((_, bytes)) = current else {
            return Ok(0);
        };
        let offset = (self.position - part.start) as usize;
        let len = buffer.len().min(bytes.len() - offset);
        buffer[..len].copy_from_slice(&bytes[offset..offset + len]);
        Ok(len)
    }

    fn read_loose(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Body::Loose {
            place,
            open,
            is_verified,
        } = &mut self.body
        else {
            return Ok(0);
        };
        let name = loose_name(&self.row.digest, place.codec, place.alternate);
        let storage = self.blocks.storage();
        let position = open.as_ref().map_or(0, |open| open.at);
        if self.position != position && !*is_verified {
            // Not read front to back: verify the whole before any of it is handed out.
            if digest_of(storage, &name, place.codec)? != self.row.digest {
                return Err(wrong_bytes(&name));
            }
            *is_verified = true;
        }
        if open.is_none() || self.position < position {
            let reader = open_loose(storage, &name, place.codec)?;
            *open = Some(Box::new(OpenLoose {
                reader: Box::new(reader),
                at: 0,
                hasher: ContentHasher::new(),
            }));
        }
        let Some(open) = open else {
            return Ok(0);
        };
        let OpenLoose { reader, at, hasher } = &mut **open;
        let unreadable = |e: io::Error| match e.raw_os_error() {
            Some(_) => Error::io("read", &e).at(&name),
            None => Error::damaged("read the content", e.to_string()).at(&name),
        };
        let mut skipped = [0; 8192];
        while *at < self.position {
            let want = (self.position - *at).min(skipped.len() as u64) as usize;
            let read = reader.read(&mut skipped[..want]).map_err(unreadable)?;
            if read == 0 {
                return Ok(0);
            }
            hasher.update(&skipped[..read]);
            *at += read as u64;
        }
        let left = self.row.digest.size.saturating_sub(*at);
        let want = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if want == 0 {
            if !*is_verified {
                let more = reader.read(&mut [0; 1]).map_err(unreadable)?;
                let found = std::mem::take(hasher).finish();
                if more != 0 || found != self.row.digest {
                    return Err(wrong_bytes(&name));
                }
                *is_verified = true;
            }
            return Ok(0);
        }
        let read = reader.read(&mut buffer[..want]).map_err(unreadable)?;
        if read == 0 {
            return Err(wrong_bytes(&name));
        }
        hasher.update(&buffer[..read]);
        *at += read as u64;
        Ok(read)
    }
}

fn lost(sha1: &Sha1) -> Error {
    Error::damaged(
        format!("read the content {sha1}"),
        "it was found damaged before, and is lost",
    )
}

fn wrong_bytes(name: &str) -> Error {
    Error::damaged("read a content", "its bytes do not match its digest").at(name)
}

impl Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = match self.body {
            Body::Pieces { .. } => self.read_piece(buffer),
            Body::Loose { .. } => self.read_loose(buffer),
        };
        let read = read.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for ContentReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
