//! What a backup would do: counted, not done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::flow::Flow;
use crate::error::Result;
use crate::snapshot::file::BuildStats;
use crate::snapshot::scan::place::Place;
use crate::snapshot::scan::{FileToRead, FoundFolder, Ready, Sink};
use crate::snapshot::tree::Kind;

/// What several threads count together.
#[derive(Default)]
pub struct Counts {
    files: AtomicU64,
    directories: AtomicU64,
    symbolic_links: AtomicU64,
    other: AtomicU64,
    hard_links: AtomicU64,
    bytes: AtomicU64,
    unchanged_files: AtomicU64,
    read_files: AtomicU64,
    read_bytes: AtomicU64,
}

impl Counts {
    /// `read_files` and `read_bytes` are those that would have to be read.
    pub fn stats(&self) -> BuildStats {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BuildStats {
            files: value(&self.files),
            // `/` itself is not counted.
            directories: value(&self.directories).saturating_sub(1),
            symbolic_links: value(&self.symbolic_links),
            other: value(&self.other),
            hard_links: value(&self.hard_links),
            bytes: value(&self.bytes),
            unchanged_files: value(&self.unchanged_files),
            read_files: value(&self.read_files),
            read_bytes: value(&self.read_bytes),
            ..BuildStats::default()
        }
    }
}

/// Counts what one scanning thread finds.
pub struct Counter<'a> {
    pub flow: &'a Flow<'a>,
    pub counts: &'a Counts,
}

impl Counter<'_> {
    fn file(&self, bytes: u64) {
        add(&self.counts.files, 1);
        add(&self.counts.bytes, bytes);
        self.flow.monitor.file_done(bytes);
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Sink for Counter<'_> {
    fn ready(&mut self, _: &Arc<Place>, found: Ready) -> Result<()> {
        match &found.entry.kind {
            Kind::File(file) => {
                add(&self.counts.unchanged_files, 1);
                self.file(file.size);
            }
            Kind::SymbolicLink { .. } => add(&self.counts.symbolic_links, 1),
            _ => add(&self.counts.other, 1),
        }
        Ok(())
    }

    fn read(&mut self, file: FileToRead) -> Result<()> {
        add(&self.counts.read_files, 1);
        add(&self.counts.read_bytes, file.stat.size);
        self.file(file.stat.size);
        Ok(())
    }

    fn later_link(&mut self, file: FileToRead) -> Result<()> {
        add(&self.counts.hard_links, 1);
        self.file(file.stat.size);
        Ok(())
    }

    fn folder(&mut self, _: FoundFolder) -> Result<()> {
        add(&self.counts.directories, 1);
        self.flow.check()
    }

    fn no_folder(&mut self, _: u64) -> Result<()> {
        Ok(())
    }

    fn pause(&mut self) -> Result<()> {
        Ok(())
    }
}
