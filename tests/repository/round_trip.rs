//! Contents of all sizes go in and come out, in every layout and codec.

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use gibus::error::{Error, Result};
use gibus::format::compression::Codec;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::ClaimBuilder;
use gibus::repository::read::many::{ContentBytes, ContentSink, Wanted};
use gibus::repository::settings::{Layout, Settings};
use gibus::repository::token::Token;

fn every_setting() -> Vec<Settings> {
    let mut all = Vec::new();
    for layout in [Layout::Packed, Layout::Loose] {
        for codec in [Codec::None, Codec::Gzip, Codec::Zstd] {
            all.push(Settings::new(layout, codec, None).unwrap());
        }
    }
    all
}

/// Bytes that look random but are the same each time.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn samples() -> Vec<Vec<u8>> {
    let mut samples = vec![
        Vec::new(),
        b"x".to_vec(),
        noise(1 << 20, 1),
        noise((1 << 20) + 1, 2),
        noise(7 << 20, 3),
        b"all the same ".repeat(1 << 20),
    ];
    samples.extend((0..300).map(|n| noise(n * 37, n as u64 + 10)));
    samples
}

struct Collector(Mutex<Vec<Option<Vec<u8>>>>);

impl ContentSink for Collector {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let bytes = match bytes {
            ContentBytes::Whole(bytes) => bytes.to_vec(),
            ContentBytes::Stream(reader) => {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).unwrap();
                bytes
            }
        };
        self.0.lock().unwrap()[key as usize] = Some(bytes);
        Ok(())
    }

    fn failed(&self, _key: u64, error: Error) -> Result<()> {
        Err(error)
    }
}

fn store(repository: &Repository, contents: &[Vec<u8>]) -> Vec<Token> {
    let session = repository
        .begin_store("a test", &Arc::new(Monitor::new()))
        .unwrap();
    let mut worker = session.worker();
    let mut claim = ClaimBuilder::new();
    let tokens: Vec<Token> = contents
        .iter()
        .enumerate()
        .map(|(n, bytes)| {
            let stored = if n % 2 == 0 {
                worker.store_bytes(bytes).unwrap()
            } else {
                worker.store_reader(&mut &bytes[..], 5).unwrap()
            };
            claim.add(&stored.token);
            assert_eq!(stored.size, bytes.len() as u64);
            stored.token
        })
        .collect();
    worker.finish().unwrap();
    session.commit(claim, "a test", None).unwrap();
    tokens
}

#[test]
fn what_is_stored_comes_back_in_every_layout_and_codec() {
    let contents = samples();
    for settings in every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let tokens = store(&repository, &contents);
        let again = store(&repository, &contents);
        assert_eq!(tokens, again, "{settings:?}: stored a second time");

        let repository = Repository::open(&place).unwrap();
        for (token, content) in tokens.iter().zip(&contents) {
            let mut bytes = Vec::new();
            let mut reader = repository.open_contents_read_only(token).unwrap();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == *content, "{settings:?}");
            let middle = content.len() as u64 / 2;
            reader.seek(SeekFrom::Start(middle)).unwrap();
            bytes.clear();
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == content[middle as usize..], "{settings:?}");
        }

        let collector = Collector(Mutex::new(vec![None; contents.len()]));
        let wanted = tokens.iter().enumerate().map(|(key, token)| Wanted {
            token: *token,
            key: key as u64,
        });
        repository
            .copy_many(wanted.collect(), &collector, &Monitor::new())
            .unwrap();
        let collected = collector.0.into_inner().unwrap();
        for (bytes, content) in collected.iter().zip(&contents) {
            assert!(bytes.as_ref() == Some(content), "{settings:?}");
        }
    }
}
