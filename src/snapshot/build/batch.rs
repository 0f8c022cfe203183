//! From the scanning threads to those that read, in batches, and to the one that assembles.
//!
//! Files go to the reading threads in batches of neighbours, so that neighbours end in one block of the
//! repository: they compress better together, and come back together. A long file goes alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::Sender;

use super::assemble::Message;
use super::flow::Flow;
use crate::error::{Error, Result};
use crate::snapshot::scan::place::Place;
use crate::snapshot::scan::{FileToRead, FoundFolder, Ready, Sink};

/// Limits of a batch. That on folders bounds how many are kept open.
const BATCH_FILES: usize = 256;
const BATCH_FOLDERS: usize = 8;
const BATCH_BYTES: u64 = 4 << 20;
/// A file of this size makes a batch of its own.
const LONG: u64 = 1 << 20;
/// Entries that need no reading are handed over in messages of this many.
const READY_ENTRIES: usize = 1024;

/// What one scanning thread finds, on its way.
pub struct Batches<'a> {
    flow: &'a Flow<'a>,
    to_readers: Sender<Vec<FileToRead>>,
    to_assembler: Sender<Message>,
    batch: Vec<FileToRead>,
    batch_bytes: u64,
    batch_folders: usize,
    ready: Vec<Ready>,
    ready_folder: u64,
}

impl<'a> Batches<'a> {
    pub fn new(
        flow: &'a Flow<'a>,
        to_readers: Sender<Vec<FileToRead>>,
        to_assembler: Sender<Message>,
    ) -> Batches<'a> {
        Batches {
            flow,
            to_readers,
            to_assembler,
            batch: Vec::new(),
            batch_bytes: 0,
            batch_folders: 0,
            ready: Vec::new(),
            ready_folder: 0,
        }
    }

    fn send_batch(&mut self) -> Result<()> {
        self.batch_bytes = 0;
        self.batch_folders = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        send(&self.to_readers, std::mem::take(&mut self.batch))
    }

    fn send_ready(&mut self) -> Result<()> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let entries = std::mem::take(&mut self.ready);
        let folder = self.ready_folder;
        let monitor = self.flow.monitor;
        let bytes = entries.iter().map(|found| found.entry.size()).sum();
        monitor
            .files_done
            .fetch_add(entries.len() as u64, Ordering::Relaxed);
        monitor.bytes_done.fetch_add(bytes, Ordering::Relaxed);
        send(&self.to_assembler, Message::Ready { folder, entries })
    }

    /// Before anything is added to what is held back.
    fn hold(&mut self, bytes: u64) -> Result<()> {
        if self.flow.is_congested() {
            self.pause()?;
            self.flow.wait_while_congested()?;
        }
        self.flow.hold(bytes);
        Ok(())
    }
}

impl Sink for Batches<'_> {
    fn ready(&mut self, folder: &Arc<Place>, found: Ready) -> Result<()> {
        self.hold(found.entry.size())?;
        if self.ready_folder != folder.number || self.ready.len() >= READY_ENTRIES {
            self.send_ready()?;
            self.ready_folder = folder.number;
        }
        self.ready.push(found);
        Ok(())
    }

    fn read(&mut self, file: FileToRead) -> Result<()> {
        let size = file.stat.size;
        self.hold(size)?;
        if size >= LONG {
            return send(&self.to_readers, vec![file]);
        }
        let folder = file.folder.place.number;
        let last = self.batch.last().map(|file| file.folder.place.number);
        self.batch_folders += usize::from(last != Some(folder));
        self.batch_bytes += size;
        self.batch.push(file);
        let is_full = self.batch.len() >= BATCH_FILES
            || self.batch_folders >= BATCH_FOLDERS
            || self.batch_bytes >= BATCH_BYTES;
        if is_full { self.send_batch() } else { Ok(()) }
    }

    fn later_link(&mut self, file: FileToRead) -> Result<()> {
        self.hold(file.stat.size)?;
        self.flow.monitor.file_done(file.stat.size);
        // The file's first name may be in the batch. It must not stay there while any number of
        // further ones wait for it.
        self.batch_bytes += 4096;
        send(&self.to_assembler, Message::Later(file))?;
        if self.batch_bytes >= BATCH_BYTES {
            self.send_batch()?;
        }
        Ok(())
    }

    fn folder(&mut self, folder: FoundFolder) -> Result<()> {
        self.send_ready()?;
        send(&self.to_assembler, Message::Folder(folder))
    }

    fn no_folder(&mut self, number: u64) -> Result<()> {
        send(&self.to_assembler, Message::NoFolder(number))
    }

    fn pause(&mut self) -> Result<()> {
        self.send_ready()?;
        self.send_batch()
    }
}

/// Whoever received has ended only when the run is over; the cause was kept elsewhere.
fn send<T>(sender: &Sender<T>, item: T) -> Result<()> {
    sender.send(item).map_err(|_| Error::cancelled())
}
