//! The loose layout: one file a content, at a path made of its SHA-1, as git and the original have it.
//!
//! `ab/cdef…` plain, `ab/cdef….gz` gzip, `ab/cdef….zst` zstd. Anyone with `zcat` can read them without
//! Gibus. A second content with the same SHA-1 as one that is there goes to `ab/cdef…-<BLAKE3>` with the
//! same endings.

use std::io::{self, Read};
use std::sync::Arc;

use super::storage::Storage;
use super::table::{ContentRow, LoosePlace, Place};
use crate::error::{Error, Result};
use crate::format::compression::{Codec, Decompressor};
use crate::format::digest::{Blake3, ContentDigest, ContentHasher, Sha1};
use crate::fs::ReadAt;

/// The path of a content in the repository.
pub fn loose_name(digest: &ContentDigest, codec: Codec, alternate: bool) -> String {
    let sha1 = digest.sha1.to_string();
    let (folder, rest) = sha1.split_at(2);
    let ending = match codec {
        Codec::None => "",
        Codec::Gzip => ".gz",
        Codec::Zstd => ".zst",
    };
    if alternate {
        format!("{folder}/{rest}-{}{ending}", digest.blake3)
    } else {
        format!("{folder}/{rest}{ending}")
    }
}

/// What a path of the loose layout says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooseName {
    pub sha1: Sha1,
    pub codec: Codec,
    /// Present in an alternate path.
    pub blake3: Option<Blake3>,
}

/// Reads `folder/name` back; `None` for anything that is not a loose content.
pub fn parse_loose_name(folder: &str, name: &str) -> Option<LooseName> {
    let (stem, codec) = if let Some(stem) = name.strip_suffix(".gz") {
        (stem, Codec::Gzip)
    } else if let Some(stem) = name.strip_suffix(".zst") {
        (stem, Codec::Zstd)
    } else {
        (name, Codec::None)
    };
    let (rest, blake3) = match stem.split_once('-') {
        Some((rest, blake3)) => (rest, Some(Blake3::parse(blake3).ok()?)),
        None => (stem, None),
    };
    if folder.len() != 2 {
        return None;
    }
    Some(LooseName {
        sha1: Sha1::parse(&format!("{folder}{rest}")).ok()?,
        codec,
        blake3,
    })
}

/// The 256 folders of the layout.
pub fn loose_folders() -> impl Iterator<Item = String> {
    (0..=255_u8).map(|byte| format!("{byte:02x}"))
}

/// The path of a row's content, when it is loose.
pub fn name_of(row: &ContentRow) -> Option<String> {
    match row.place {
        Place::Loose(LoosePlace {
            codec, alternate, ..
        }) => Some(loose_name(&row.digest, codec, alternate)),
        _ => None,
    }
}

/// Reads a stored file front to back.
pub struct StorageReader {
    file: Arc<dyn ReadAt>,
    position: u64,
}

impl StorageReader {
    pub fn new(file: Arc<dyn ReadAt>) -> StorageReader {
        StorageReader { file, position: 0 }
    }
}

impl Read for StorageReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.len().saturating_sub(self.position);
        let len = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.read_exact_at(&mut buffer[..len], self.position)?;
        self.position += len as u64;
        Ok(len)
    }
}

/// Opens a loose content for reading; nothing is verified here.
pub fn open_loose(
    storage: &dyn Storage,
    name: &str,
    codec: Codec,
) -> Result<Decompressor<io::BufReader<StorageReader>>> {
    let reader = io::BufReader::with_capacity(256 << 10, StorageReader::new(storage.open(name)?));
    Decompressor::new(codec, reader).map_err(|e| Error::io("read", &e).at(name))
}

/// What a stored loose file really holds.
///
/// Errors: [`crate::error::ErrorKind::Damaged`] where it does not decompress.
pub fn digest_of(storage: &dyn Storage, name: &str, codec: Codec) -> Result<ContentDigest> {
    let mut reader = open_loose(storage, name, codec)?;
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.raw_os_error().is_some() => {
                return Err(Error::io("read", &e).at(name));
            }
            Err(e) => {
                return Err(Error::damaged("read the content", e.to_string()).at(name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_git_and_read_back() {
        let digest = ContentDigest::of(b"abc");
        assert_eq!(
            loose_name(&digest, Codec::Gzip, false),
            "a9/993e364706816aba3e25717850c26c9cd0d89d.gz"
        );
        for codec in [Codec::None, Codec::Gzip, Codec::Zstd] {
            for alternate in [false, true] {
                let path = loose_name(&digest, codec, alternate);
                let (folder, name) = path.split_once('/').unwrap();
                let parsed = parse_loose_name(folder, name).unwrap();
                assert_eq!(parsed.sha1, digest.sha1);
                assert_eq!(parsed.codec, codec);
                assert_eq!(parsed.blake3, alternate.then_some(digest.blake3));
            }
        }
        assert_eq!(parse_loose_name("tmp", "x"), None);
        assert_eq!(parse_loose_name("a9", "repository.toml"), None);
    }
}
