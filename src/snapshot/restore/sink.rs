//! Takes contents from the repository and writes the files that wait for them.

use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::content::Bytes;
use super::target::{Part, stat_of};
use super::window::Waiting;
use super::write::{Job, Workshop};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::read::many::{ContentBytes, ContentSink};
use crate::snapshot::capture::FileId;
use crate::snapshot::capture::holes::data_between;
use crate::snapshot::tree::{Extent, FileEntry, Kind};

/// What tells the file of a group from all others.
pub(super) fn identity(job: &Job, part: &Part) -> Option<FileId> {
    job.entry.hard_link?;
    Some(stat_of(part.file().ok()?).ok()?.id)
}

/// Takes the contents of a window.
pub(super) struct Sink<'a> {
    pub jobs: &'a [Waiting],
    pub shop: &'a Workshop<'a>,
}

impl<'a> Sink<'a> {
    /// The files that wait for the content with this key.
    fn waiting(&self, key: u64) -> impl Iterator<Item = &'a Waiting> {
        let jobs = self.jobs;
        let first = usize::try_from(key).ok().and_then(|key| jobs.get(key));
        std::iter::successors(first, move |waiting| jobs.get(waiting.next?))
    }

    /// Writes one file; returns it when that went well.
    fn write(&self, waiting: &Waiting, bytes: Bytes<'_>) -> Result<Option<Part>> {
        self.shop.monitor.check_cancelled()?;
        let job = &waiting.job;
        let Kind::File(file) = &job.entry.kind else {
            return Ok(None);
        };
        match self.shop.write_file(job, file, bytes) {
            Ok(part) => {
                let _ = waiting.outcome.set(identity(job, &part));
                Ok(Some(part))
            }
            Err(error) => {
                let _ = waiting.outcome.set(None);
                self.shop.failed(&self.shop.path_of(job), error)?;
                Ok(None)
            }
        }
    }
}

impl ContentSink for Sink<'_> {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let mut waiting = self.waiting(key);
        let stream = match bytes {
            ContentBytes::Whole(bytes) => {
                for waiting in waiting {
                    self.write(waiting, Bytes::Whole(bytes))?;
                }
                return Ok(());
            }
            ContentBytes::Stream(stream) => stream,
        };
        let Some(first) = waiting.next() else {
            return Ok(());
        };
        // A stream can be read once: the others are copied from the first file.
        let written = self.write(first, Bytes::Stream(stream))?;
        let (Some(part), Kind::File(file)) = (&written, &first.job.entry.kind) else {
            let error = || {
                Error::new(ErrorKind::Io, "restore")
                    .because("another file with the same content could not be written")
            };
            for waiting in waiting {
                let _ = waiting.outcome.set(None);
                self.shop
                    .failed(&self.shop.path_of(&waiting.job), error())?;
            }
            return Ok(());
        };
        for waiting in waiting {
            let mut copy = DataReader::new(part, file);
            self.write(waiting, Bytes::Stream(&mut copy))?;
        }
        Ok(())
    }

    fn failed(&self, key: u64, error: Error) -> Result<()> {
        if error.is_fatal() {
            return Err(error);
        }
        for waiting in self.waiting(key) {
            let _ = waiting.outcome.set(None);
            let path = self.shop.path_of(&waiting.job);
            let because = Error::new(error.kind(), "restore").because(error.to_string());
            self.shop.failed(&path, because)?;
        }
        Ok(())
    }
}

/// Reads the data of a file that was just written, its holes left out.
struct DataReader<'a> {
    part: &'a Part,
    runs: std::vec::IntoIter<Extent>,
    now: Extent,
}

impl<'a> DataReader<'a> {
    fn new(part: &'a Part, file: &FileEntry) -> DataReader<'a> {
        DataReader {
            part,
            runs: data_between(&file.holes, file.size).into_iter(),
            now: Extent { offset: 0, len: 0 },
        }
    }
}

impl Read for DataReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.now.len == 0 {
            match self.runs.next() {
                Some(run) => self.now = run,
                None => return Ok(0),
            }
        }
        let want = self.now.len.min(buffer.len() as u64) as usize;
        let part = buffer.get_mut(..want).unwrap_or_default();
        let len = self.part.file()?.read_at(part, self.now.offset)?;
        self.now.offset += len as u64;
        self.now.len -= len as u64;
        Ok(len)
    }
}
