//! A source file's bytes outside its holes, in one pass.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use super::flow::Flow;
use crate::snapshot::capture::holes::{cut_holes, data_between};
use crate::snapshot::tree::Extent;

/// Reads a file as far as it reached when it was opened, and no further: what is appended meanwhile is
/// left for the next backup, so a log that grows faster than it is read comes to an end.
pub struct Source<'a> {
    file: &'a File,
    flow: &'a Flow<'a>,
    /// Runs of data still to be read, the next one last.
    runs: Vec<Extent>,
    /// Where it ends.
    size: u64,
    /// Bytes read.
    pub read_bytes: u64,
}

impl<'a> Source<'a> {
    pub fn new(file: &'a File, size: u64, holes: &[Extent], flow: &'a Flow<'a>) -> Source<'a> {
        let mut runs = data_between(holes, size);
        runs.reverse();
        Source {
            file,
            flow,
            runs,
            size,
            read_bytes: 0,
        }
    }

    /// How many bytes there are to read, if the file stays as it is.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(|run| run.len).sum()
    }

    /// Where in the bytes to be read a hole of at least `len` bytes is left out.
    pub fn gaps(&self, len: u64) -> Vec<u64> {
        let (mut gaps, mut read, mut end) = (Vec::new(), 0, 0);
        for run in self.runs.iter().rev() {
            if run.offset - end >= len {
                gaps.push(read);
            }
            read += run.len;
            end = run.offset + run.len;
        }
        if self.size.saturating_sub(end) >= len {
            gaps.push(read);
        }
        gaps
    }

    /// The size of the file that was read, with `holes` cut to it: less than it was if the file was cut
    /// meanwhile.
    pub fn end(&self, holes: &mut Vec<Extent>) -> u64 {
        cut_holes(holes, self.size);
        self.size
    }

    /// Fills the buffer as far as the file goes.
    pub fn read_all(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.flow.is_over() {
            return Err(io::Error::other("the backup was stopped"));
        }
        let Some(run) = self.runs.last_mut() else {
            return Ok(0);
        };
        let wanted = usize::try_from(run.len).unwrap_or(usize::MAX);
        let wanted = wanted.min(buffer.len());
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.file.read_at(buffer, run.offset)?;
        if count == 0 {
            self.size = run.offset;
            self.runs.clear();
            return Ok(0);
        }
        run.offset += count as u64;
        run.len -= count as u64;
        if run.len == 0 {
            self.runs.pop();
        }
        self.read_bytes += count as u64;
        let done = &self.flow.monitor.bytes_done;
        done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Monitor;

    fn read(file: &File, size: u64, holes: &mut Vec<Extent>) -> (Vec<u8>, u64) {
        let monitor = Monitor::new();
        let flow = Flow::new(&monitor);
        let mut source = Source::new(file, size, holes, &flow);
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).unwrap();
        assert_eq!(source.read_bytes, bytes.len() as u64);
        (bytes, source.end(holes))
    }

    #[test]
    fn holes_are_jumped_over_and_growth_is_left_alone() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"0123456789 and more", 0).unwrap();
        let mut holes = vec![Extent { offset: 0, len: 2 }, Extent { offset: 5, len: 3 }];
        let monitor = Monitor::new();
        let flow = Flow::new(&monitor);
        let source = Source::new(&file, 10, &holes, &flow);
        assert_eq!(source.gaps(2), [0, 3]);
        assert_eq!(source.gaps(3), [3]);
        assert_eq!(read(&file, 10, &mut holes), (b"23489".to_vec(), 10));
        assert_eq!(holes.len(), 2);
    }

    #[test]
    fn a_file_that_was_cut_ends_where_it_ends() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"0123456789", 0).unwrap();
        let mut holes = vec![Extent { offset: 2, len: 2 }, Extent { offset: 15, len: 5 }];
        assert_eq!(read(&file, 20, &mut holes), (b"01456789".to_vec(), 10));
        assert_eq!(holes, [Extent { offset: 2, len: 2 }]);
    }

    #[test]
    fn a_stopped_run_stops_inside_a_file() {
        let monitor = Monitor::new();
        let flow = Flow::new(&monitor);
        let file = tempfile::tempfile().unwrap();
        file.set_len(100).unwrap();
        let mut source = Source::new(&file, 100, &[], &flow);
        let mut buffer = [0; 10];
        assert_eq!(source.read(&mut buffer).unwrap(), 10);
        monitor.cancel();
        assert!(source.read(&mut buffer).is_err());
    }
}
