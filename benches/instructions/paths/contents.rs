//! Storing contents, and getting them back.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use gibus::error::{Error, Result};
use gibus::format::compression::{Codec, compress, decompress};
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::ClaimBuilder;
use gibus::repository::pack::BLOCK_TARGET;
use gibus::repository::read::many::{ContentBytes, ContentSink, Wanted};
use gibus::repository::token::Token;

use crate::count::measured;
use crate::made::{self, Random, big_content, repository_in, repository_of, small_contents};

const TOKENS: &str = "tokens";

pub fn prepare_nothing(_: &Path) -> Result<()> {
    Ok(())
}

pub fn prepare_empty(place: &Path) -> Result<()> {
    prepare_with(place, &[])
}

pub fn prepare_small(place: &Path) -> Result<()> {
    prepare_with(place, &small_contents())
}

pub fn prepare_big(place: &Path) -> Result<()> {
    prepare_with(place, &[big_content()])
}

/// The tokens are kept in a snapshot.
fn prepare_with(place: &Path, contents: &[Vec<u8>]) -> Result<()> {
    let (_, claim_id, tokens) = repository_of(place, contents)?;
    made::write_snapshot(&place.join(TOKENS), claim_id, &tokens)
}

fn tokens(place: &Path) -> Result<Vec<Token>> {
    gibus::snapshot::file::Snapshot::open(&place.join(TOKENS))?
        .tokens()
        .collect()
}

pub fn store_small(place: &Path) -> Result<()> {
    let contents = small_contents();
    store(&repository_in(place)?, &contents)
}

pub fn store_big(place: &Path) -> Result<()> {
    store(&repository_in(place)?, &[big_content()])
}

pub fn store_big_changed(place: &Path) -> Result<()> {
    let mut content = big_content();
    let inserted = Random(9).text(100);
    content.splice(1000..1000, inserted);
    store(&repository_in(place)?, &[content])
}

/// Up to the claim's being published.
fn store(repository: &Repository, contents: &[Vec<u8>]) -> Result<()> {
    let session = repository.begin_store("bench", &Arc::new(Monitor::new()))?;
    measured(|| {
        let mut worker = session.worker();
        let mut claim = ClaimBuilder::new();
        for content in contents {
            let mut reader = content.as_slice();
            let stored = worker.store_reader(&mut reader, content.len() as u64);
            claim.add(&stored.expect("space for the content").token);
        }
        worker.finish()?;
        session.commit(claim, "bench", None).map(|_| ())
    })
}

fn block() -> Vec<u8> {
    Random(6).text(BLOCK_TARGET)
}

pub fn compress_zstd(_: &Path) -> Result<()> {
    compress_block(Codec::Zstd)
}

pub fn compress_gzip(_: &Path) -> Result<()> {
    compress_block(Codec::Gzip)
}

fn compress_block(codec: Codec) -> Result<()> {
    let block = block();
    measured(|| compress(codec, codec.default_level(), &block)).map(|_| ())
}

pub fn decompress_zstd(_: &Path) -> Result<()> {
    decompress_block(Codec::Zstd)
}

pub fn decompress_gzip(_: &Path) -> Result<()> {
    decompress_block(Codec::Gzip)
}

fn decompress_block(codec: Codec) -> Result<()> {
    let block = block();
    // Of all levels this takes the least time under valgrind, and it is not counted.
    let stored = compress(codec, 1, &block)?;
    let read = measured(|| decompress(codec, &stored, block.len()))?;
    assert_eq!(read.len(), block.len());
    Ok(())
}

/// Reads what it is given, and keeps nothing.
struct Nowhere;

impl ContentSink for Nowhere {
    fn content(&self, _key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        if let ContentBytes::Stream(stream) = bytes {
            let mut buffer = vec![0; 64 << 10];
            while stream
                .read(&mut buffer)
                .map_err(|e| Error::io("read", &e))?
                > 0
            {}
        }
        Ok(())
    }

    fn failed(&self, _key: u64, error: Error) -> Result<()> {
        Err(error)
    }
}

pub fn copy_out(place: &Path) -> Result<()> {
    let repository = repository_in(place)?;
    let mut wanted: Vec<Wanted> = (0..)
        .zip(tokens(place)?)
        .map(|(key, token)| Wanted { token, key })
        .collect();
    Random(7).shuffle(&mut wanted);
    let monitor = Monitor::new();
    measured(|| repository.copy_many(wanted, &Nowhere, &monitor))
}

pub fn copy_out_big(place: &Path) -> Result<()> {
    let repository = repository_in(place)?;
    let tokens = tokens(place)?;
    measured(|| {
        for token in &tokens {
            let mut buffer = vec![0; 64 << 10];
            let mut reader = repository.open_contents_read_only(token)?;
            while reader
                .read(&mut buffer)
                .map_err(|e| Error::io("read", &e))?
                > 0
            {}
        }
        Ok(())
    })
}
