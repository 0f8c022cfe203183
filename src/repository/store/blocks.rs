//! Blocks being filled, and the cheap guess whether bytes are worth compressing.

use super::packed::WHOLE_LIMIT;
use crate::error::Result;
use crate::format::compression::{Codec, compress};
use crate::format::digest::{Blake3, ContentDigest};
use crate::format::sealed::PreparedPage;
use crate::repository::pack::{BLOCK_PIECES, BLOCK_TARGET, PieceKind};
use crate::repository::token::ContentNumber;

/// A piece of a new block.
#[derive(Clone, Copy, Debug)]
pub struct NewPiece {
    pub what: NewPieceKind,
    pub offset: u32,
    pub len: u32,
    /// Another number for the bytes of the piece before it.
    pub is_alias: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum NewPieceKind {
    Content(ContentDigest, ContentNumber),
    /// The chunk list of a content.
    List(ContentDigest, ContentNumber),
    Chunk(Blake3),
}

impl NewPiece {
    /// As the pack's directory has it: what it is, and how many bytes of the block it takes.
    pub fn record(&self) -> (PieceKind, u32) {
        match self.what {
            NewPieceKind::Content(_, number) | NewPieceKind::List(_, number) if self.is_alias => {
                (PieceKind::Alias(number), 0)
            }
            _ => (self.kind(), self.len),
        }
    }

    fn kind(&self) -> PieceKind {
        match self.what {
            NewPieceKind::Content(_, number) => PieceKind::Content(number),
            NewPieceKind::List(_, number) => PieceKind::List(number),
            NewPieceKind::Chunk(_) => PieceKind::Chunk,
        }
    }
}

/// A block that is full, before compression.
pub struct RawBlock {
    pub page_kind: u8,
    pub bytes: Vec<u8>,
    pub pieces: Vec<NewPiece>,
    pub codec: Codec,
    pub level: i32,
}

impl RawBlock {
    pub fn compress(&self) -> Result<PreparedPage> {
        PreparedPage::new(self.page_kind, &[], self.codec, self.level, &self.bytes)
    }
}

/// Gathers pieces until there are enough for a block.
pub struct BlockBuilder {
    page_kind: u8,
    bytes: Vec<u8>,
    pieces: Vec<NewPiece>,
    codec: Codec,
    level: i32,
}

impl BlockBuilder {
    pub fn new(page_kind: u8, codec: Codec, level: i32) -> BlockBuilder {
        BlockBuilder {
            page_kind,
            bytes: Vec::new(),
            pieces: Vec::new(),
            codec,
            level,
        }
    }

    /// Adds a piece, which is everything in `what` at once (one thing, but for contents that have two
    /// numbers); returns the block when it is full.
    pub fn push(&mut self, what: &[NewPieceKind], bytes: &[u8]) -> Option<RawBlock> {
        for (position, what) in what.iter().enumerate() {
            self.pieces.push(NewPiece {
                what: *what,
                offset: self.bytes.len() as u32,
                len: bytes.len() as u32,
                is_alias: position > 0,
            });
        }
        if self.bytes.capacity() == 0 && bytes.len() < BLOCK_TARGET {
            // All of it at once: growing it step by step would copy it as often. What is not used is no memory yet.
            self.bytes.reserve_exact(BLOCK_TARGET + WHOLE_LIMIT);
        }
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= BLOCK_TARGET || self.pieces.len() >= BLOCK_PIECES {
            self.take()
        } else {
            None
        }
    }

    /// What there is, if there is anything.
    pub fn take(&mut self) -> Option<RawBlock> {
        if self.pieces.is_empty() {
            return None;
        }
        Some(RawBlock {
            page_kind: self.page_kind,
            bytes: std::mem::take(&mut self.bytes),
            pieces: std::mem::take(&mut self.pieces),
            codec: self.codec,
            level: self.level,
        })
    }
}

const SAMPLE: usize = 4096;
/// Of a sample this long, what does not compress has nearly all of the 256 values of a byte.
const FIRST_LOOK: usize = 1024;
const FEW_VALUES: usize = 180;

/// A guess, from a few kilobytes, whether compressing these bytes is wasted time: pictures, films,
/// archives, encrypted data. Short contents are always worth a try, in the company of others.
pub fn looks_incompressible(bytes: &[u8]) -> bool {
    if bytes.len() < SAMPLE {
        return false;
    }
    let middle = (bytes.len() - SAMPLE) / 2;
    let sample = &bytes[middle..middle + SAMPLE];
    // All there is to find out of text.
    if counts_of_values(&sample[..FIRST_LOOK]).count() < FEW_VALUES || byte_entropy(sample) < 7.6 {
        return false;
    }
    // A flat histogram may still hide repetition, which the fastest level finds.
    let longer = &bytes[middle..bytes.len().min(middle + 4 * SAMPLE)];
    compress(Codec::Zstd, 1, longer).is_ok_and(|packed| packed.len() * 100 >= longer.len() * 97)
}

/// Shannon entropy of the bytes' histogram, in bits a byte.
fn byte_entropy(sample: &[u8]) -> f32 {
    let len = sample.len() as f32;
    counts_of_values(sample)
        .map(|count| {
            let p = count as f32 / len;
            -p * p.log2()
        })
        .sum()
}

/// How often each value occurs that does.
fn counts_of_values(sample: &[u8]) -> impl Iterator<Item = u32> {
    let mut counts = [0_u32; 256];
    for byte in sample {
        counts[usize::from(*byte)] += 1;
    }
    counts.into_iter().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::pack::BLOCK_OF_CONTENTS;

    #[test]
    fn noise_is_told_from_text_and_tables() {
        let mut noise = vec![0; 64 << 10];
        getrandom::fill(&mut noise).unwrap();
        assert!(looks_incompressible(&noise));
        let text = include_bytes!("blocks.rs").repeat(4);
        assert!(!looks_incompressible(&text));
        // Every byte value equally often, and yet all repetition.
        let ramp: Vec<u8> = (0..=255).cycle().take(64 << 10).collect();
        assert!(!looks_incompressible(&ramp));
        assert!(!looks_incompressible(&noise[..100]));
    }

    #[test]
    fn a_block_is_handed_out_when_it_is_full() {
        let mut builder = BlockBuilder::new(BLOCK_OF_CONTENTS, Codec::Zstd, 3);
        let megabyte = vec![1; 1 << 20];
        let chunk = NewPieceKind::Chunk(Blake3([0; 32]));
        for _ in 0..3 {
            assert!(builder.push(&[chunk], &megabyte).is_none());
        }
        let block = builder.push(&[chunk], &megabyte).unwrap();
        assert_eq!(block.bytes.len(), 4 << 20);
        assert_eq!(block.pieces[3].offset, 3 << 20);
        assert!(builder.take().is_none());

        for _ in 1..BLOCK_PIECES {
            assert!(builder.push(&[chunk], b"short").is_none());
        }
        assert!(builder.push(&[chunk], b"short").is_some());
    }
}
