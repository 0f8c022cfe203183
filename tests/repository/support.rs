//! What the tests of the repository share.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::check::{CheckOptions, CheckReport};
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::settings::{Layout, Settings};
use gibus::repository::token::Token;

pub fn every_setting() -> Vec<Settings> {
    let mut all = Vec::new();
    for layout in [Layout::Packed, Layout::Loose] {
        for codec in [Codec::None, Codec::Gzip, Codec::Zstd] {
            all.push(Settings::new(layout, codec, None).unwrap());
        }
    }
    all
}

pub fn both_layouts() -> [Settings; 2] {
    [Layout::Packed, Layout::Loose].map(|layout| Settings::new(layout, Codec::Zstd, None).unwrap())
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

pub fn monitor() -> Arc<Monitor> {
    Arc::new(Monitor::new())
}

/// Stores contents under one claim.
pub fn store(
    repository: &Repository,
    contents: &[Vec<u8>],
    predecessor: Option<ClaimId>,
) -> (ClaimId, Vec<Token>) {
    let session = repository.begin_store("a test", &monitor()).unwrap();
    let claim_id = session.claim_id();
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
    session.commit(claim, "a test", predecessor).unwrap();
    (claim_id, tokens)
}

pub fn read(repository: &Repository, token: &Token) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = repository.open_contents_read_only(token)?;
    reader
        .read_to_end(&mut bytes)
        .map_err(gibus::repository::read::many::content_error)?;
    Ok(bytes)
}

pub fn assert_contents(repository: &Repository, tokens: &[Token], contents: &[Vec<u8>]) {
    for (token, content) in tokens.iter().zip(contents) {
        assert!(read(repository, token).unwrap() == *content);
    }
}

pub fn check(repository: &Repository) -> CheckReport {
    repository
        .check(&CheckOptions { read_data: true }, &Monitor::new())
        .unwrap()
}

/// What a conversion leaves that is killed as soon as it has announced itself: other settings, and contents as they were.
pub fn announce(repository: &Repository, settings: &Settings) {
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Repository::create(&elsewhere.path().join("other"), settings).unwrap();
    let announced = std::fs::read_to_string(other.place().join("repository.toml")).unwrap();
    let announced = announced.replace(&other.id().to_string(), &repository.id().to_string());
    let body = &announced[..announced.find("# blake3: ").unwrap()];
    let sealed = gibus::format::sealed_text::seal_text(body);
    std::fs::write(repository.place().join("repository-2.toml"), sealed).unwrap();
}

/// All files below a folder, but those of locks.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| !path.components().any(|part| part.as_os_str() == "locks"))
        .collect();
    files.sort();
    files
}

/// Length of all packs and loose contents.
pub fn stored_bytes(place: &Path) -> u64 {
    files_in(place)
        .iter()
        .filter(|path| {
            let relative = path.strip_prefix(place).unwrap();
            let first = relative.components().next().unwrap();
            first.as_os_str() == "packs" || first.as_os_str().len() == 2
        })
        .map(|path| path.metadata().unwrap().len())
        .sum()
}
