//! A worker of the loose layout: each new content becomes a file of its own, published in batches.
//!
//! A final name that exists already is not believed: another session may have put the same content there
//! (then it is the same bytes), another content with the same SHA-1 may be there (then this one takes the
//! alternate path), or it is damaged (then it is replaced: deleted first, since nothing is renamed over).

use std::io::{Read, Write};

use super::known::Reserved;
use super::{Shared, StoreFailure, Stored};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Compressor;
use crate::format::digest::{ContentDigest, ContentHasher};
use crate::repository::loose::{digest_of, loose_name, name_of};
use crate::repository::storage::NewFile;
use crate::repository::table::{ContentRow, LoosePlace, Place};
use crate::repository::token::ContentNumber;

/// Contents up to this length are kept in memory until their batch is published.
const WHOLE_LIMIT: usize = 4 << 20;
const BATCH_FILES: usize = 256;
const BATCH_BYTES: usize = 32 << 20;

pub struct LooseWorker<'s> {
    shared: &'s Shared,
    batch: Vec<Pending>,
    batch_bytes: usize,
}

/// A content whose name is reserved and whose file is not published yet.
struct Pending {
    digest: ContentDigest,
    number: ContentNumber,
    bytes: Vec<u8>,
}

impl<'s> LooseWorker<'s> {
    pub fn new(shared: &'s Shared) -> LooseWorker<'s> {
        LooseWorker {
            shared,
            batch: Vec::new(),
            batch_bytes: 0,
        }
    }

    pub fn store_bytes(&mut self, bytes: &[u8]) -> std::result::Result<Stored, StoreFailure> {
        Ok(self.store_whole(bytes.to_vec())?)
    }

    pub fn store_reader(
        &mut self,
        reader: &mut dyn Read,
    ) -> std::result::Result<Stored, StoreFailure> {
        let mut head = Vec::new();
        (&mut *reader)
            .take(WHOLE_LIMIT as u64 + 1)
            .read_to_end(&mut head)
            .map_err(StoreFailure::Source)?;
        if head.len() <= WHOLE_LIMIT {
            return Ok(self.store_whole(head)?);
        }
        self.store_long(&head, reader, None)
    }

    /// Stores a content under a number that it has already, where it is not looked for among others.
    pub fn rewrite(
        &mut self,
        number: ContentNumber,
        digest: &ContentDigest,
        reader: &mut dyn Read,
    ) -> std::result::Result<(), StoreFailure> {
        if digest.size > WHOLE_LIMIT as u64 {
            self.store_long(&[], reader, Some(number))?;
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(digest.size as usize);
        reader
            .read_to_end(&mut bytes)
            .map_err(StoreFailure::Source)?;
        Ok(self.add(*digest, number, bytes)?)
    }

    fn stored(&self, digest: &ContentDigest, reserved: &Reserved) -> Stored {
        let (token, is_new) = match reserved {
            Reserved::Existing(token) => (*token, false),
            Reserved::New(number) => (self.shared.token(digest, *number), true),
        };
        Stored {
            token,
            size: digest.size,
            is_new,
        }
    }

    fn store_whole(&mut self, bytes: Vec<u8>) -> Result<Stored> {
        let digest = ContentDigest::of(&bytes);
        let reserved = self.shared.reserve(&digest)?;
        let stored = self.stored(&digest, &reserved);
        if let Reserved::New(number) = reserved {
            self.add(digest, number, bytes)?;
        }
        Ok(stored)
    }

    fn add(&mut self, digest: ContentDigest, number: ContentNumber, bytes: Vec<u8>) -> Result<()> {
        self.batch_bytes += bytes.len();
        self.batch.push(Pending {
            digest,
            number,
            bytes,
        });
        if self.batch.len() >= BATCH_FILES || self.batch_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// A content that is compressed into its file while it is read, before its name is known.
    fn store_long(
        &mut self,
        head: &[u8],
        reader: &mut dyn Read,
        number: Option<ContentNumber>,
    ) -> std::result::Result<Stored, StoreFailure> {
        let settings = self.shared.settings;
        let storage = &self.shared.storage;
        let failed = |e: std::io::Error| {
            StoreFailure::Repository(Error::io("write", &e).at(storage.describe()))
        };
        let mut hasher = ContentHasher::new();
        let file = Counted {
            file: storage.create()?,
            written: 0,
        };
        let mut out = Compressor::new(settings.codec, settings.level, file).map_err(failed)?;
        hasher.update(head);
        out.write_all(head).map_err(failed)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = super::read_full(reader, &mut buffer).map_err(StoreFailure::Source)?;
            hasher.update(&buffer[..read]);
            out.write_all(&buffer[..read]).map_err(failed)?;
            if read < buffer.len() {
                break;
            }
            self.shared.monitor.check_cancelled()?;
        }
        let file = out.finish().map_err(failed)?;
        let digest = hasher.finish();
        let reserved = match number {
            Some(number) => Reserved::New(number),
            None => self.shared.reserve(&digest)?,
        };
        let stored = self.stored(&digest, &reserved);
        if let Reserved::New(number) = reserved {
            // The bytes are in the file only, so the name has to be free before it is published.
            let alternate = self.make_free(&digest)?;
            let Some(alternate) = alternate else {
                let bytes = file.written;
                drop(file);
                self.add_existing(digest, number, bytes)?;
                return Ok(stored);
            };
            let name = loose_name(&digest, settings.codec, alternate);
            let stored_bytes = file.written;
            let taken = storage.publish(vec![(file.file, name.clone())])?;
            if !taken.is_empty() {
                // Published by somebody else between the look and here: the same content, then.
                if digest_of(&**storage, &name, settings.codec)? != digest {
                    return Err(StoreFailure::Repository(
                        Error::new(ErrorKind::AlreadyExists, "store a content")
                            .at(name)
                            .because("another content took its path at the same moment")
                            .advise("run it again"),
                    ));
                }
            }
            self.add_rows(vec![self.row(&digest, number, alternate, stored_bytes)])?;
        }
        Ok(stored)
    }

    /// Makes the path of a content free. `Some(alternate)`: publish it there; `None`: it is there already.
    fn make_free(&self, digest: &ContentDigest) -> Result<Option<bool>> {
        let storage = &*self.shared.storage;
        let codec = self.shared.settings.codec;
        for alternate in [false, true] {
            let name = loose_name(digest, codec, alternate);
            match storage.size(&name) {
                Ok(None) => return Ok(Some(alternate)),
                // Something that is not a file is in the way.
                Err(e) if e.kind() == ErrorKind::Damaged => continue,
                found => found?,
            };
            match digest_of(storage, &name, codec) {
                Ok(found) if found == *digest => return Ok(None),
                Ok(found) if found.sha1 == digest.sha1 && !alternate => {}
                Ok(_) => {
                    storage.delete(&name)?;
                    return Ok(Some(alternate));
                }
                Err(e) if matches!(e.kind(), ErrorKind::Damaged | ErrorKind::NotFound) => {
                    storage.delete(&name)?;
                    return Ok(Some(alternate));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(Some(true))
    }

    /// Adds the row of a content whose file was found to be there, sound.
    fn add_existing(
        &self,
        digest: ContentDigest,
        number: ContentNumber,
        fallback_bytes: u64,
    ) -> Result<()> {
        let storage = &*self.shared.storage;
        let codec = self.shared.settings.codec;
        let mut alternate = false;
        let plain = loose_name(&digest, codec, false);
        if digest_of(storage, &plain, codec).ok() != Some(digest) {
            alternate = true;
        }
        let name = loose_name(&digest, codec, alternate);
        let stored_bytes = storage.size(&name)?.unwrap_or(fallback_bytes);
        self.add_rows(vec![self.row(&digest, number, alternate, stored_bytes)])
    }

    fn row(
        &self,
        digest: &ContentDigest,
        number: ContentNumber,
        alternate: bool,
        stored_bytes: u64,
    ) -> ContentRow {
        let codec = self.shared.settings.codec;
        ContentRow {
            digest: *digest,
            number,
            place: Place::Loose(LoosePlace {
                codec,
                alternate,
                stored_bytes,
            }),
        }
    }

    fn add_rows(&self, rows: Vec<ContentRow>) -> Result<()> {
        let bytes = rows
            .iter()
            .map(|row| match row.place {
                Place::Loose(place) => place.stored_bytes,
                _ => 0,
            })
            .sum();
        self.shared.add_ready(rows, Vec::new(), bytes)
    }

    /// Publishes the batch.
    fn flush(&mut self) -> Result<()> {
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        let (taken, mut rows) = self.publish(batch, |_| Ok(Some(false)))?;
        if !taken.is_empty() {
            let (lost_races, more) = self.publish(taken, |digest| self.make_free(digest))?;
            rows.extend(more);
            if let Some(pending) = lost_races.first() {
                return Err(Error::new(ErrorKind::AlreadyExists, "store a content")
                    .at(loose_name(
                        &pending.digest,
                        self.shared.settings.codec,
                        true,
                    ))
                    .because("another content took its path at the same moment")
                    .advise("run it again"));
            }
        }
        self.add_rows(rows)
    }

    /// Publishes contents under the paths that `choose` says; returns those whose path was taken, and the
    /// rows of the others.
    fn publish(
        &self,
        batch: Vec<Pending>,
        choose: impl Fn(&ContentDigest) -> Result<Option<bool>>,
    ) -> Result<(Vec<Pending>, Vec<ContentRow>)> {
        let storage = &*self.shared.storage;
        let settings = self.shared.settings;
        let mut files: Vec<(Box<dyn NewFile>, String)> = Vec::with_capacity(batch.len());
        let mut rows = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        for pending in batch {
            let Some(alternate) = choose(&pending.digest)? else {
                self.add_existing(pending.digest, pending.number, 0)?;
                continue;
            };
            let failed = |e: std::io::Error| Error::io("write", &e).at(storage.describe());
            let file = Counted {
                file: storage.create()?,
                written: 0,
            };
            let mut out = Compressor::new(settings.codec, settings.level, file).map_err(failed)?;
            out.write_all(&pending.bytes).map_err(failed)?;
            let file = out.finish().map_err(failed)?;
            let row = self.row(&pending.digest, pending.number, alternate, file.written);
            let name = name_of(&row).unwrap_or_default();
            files.push((file.file, name));
            rows.push(row);
            waiting.push(pending);
        }
        let taken = storage.publish(files)?;
        let mut taken_contents = Vec::new();
        let mut kept_rows = Vec::with_capacity(rows.len());
        for (position, (pending, row)) in waiting.into_iter().zip(rows).enumerate() {
            if taken.contains(&position) {
                taken_contents.push(pending);
            } else {
                kept_rows.push(row);
            }
        }
        Ok((taken_contents, kept_rows))
    }

    pub fn finish(mut self) -> Result<()> {
        self.flush()
    }
}

/// A new file that counts what is written to it.
struct Counted {
    file: Box<dyn NewFile>,
    written: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
