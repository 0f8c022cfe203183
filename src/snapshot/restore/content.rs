//! Writing the bytes of a file where they belong.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use super::report::add;
use crate::error::Error;
use crate::progress::Monitor;
use crate::repository::read::many::content_error;
use crate::snapshot::capture::holes::data_between;
use crate::snapshot::tree::FileEntry;

/// Bytes that are written at once from a long content.
const STREAM_BUFFER: usize = 256 << 10;

/// Where a file's bytes come from.
pub(super) enum Bytes<'a> {
    Whole(&'a [u8]),
    Stream(&'a mut dyn Read),
}

/// Which side of a copy failed.
pub(super) enum Failure {
    Target(Errno),
    Content(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Target(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

/// Bytes that a file's content has.
pub(super) fn data_bytes(file: &FileEntry) -> u64 {
    let holes = file.holes.iter().map(|hole| hole.len);
    holes.fold(file.size, u64::saturating_sub)
}

/// Writes the content where it belongs and leaves the holes; returns the bytes written.
pub(super) fn write_content(
    file: &File,
    entry: &FileEntry,
    bytes: Bytes<'_>,
    monitor: &Monitor,
) -> std::result::Result<u64, Failure> {
    let expected = data_bytes(entry);
    match bytes {
        Bytes::Whole(mut bytes) => {
            if bytes.len() as u64 != expected {
                return Err(wrong_length(bytes.len() as u64, expected));
            }
            for run in data_between(&entry.holes, entry.size) {
                // The runs add up to the expected length.
                let (now, rest) = bytes.split_at(bytes.len().min(run.len as usize));
                file.write_all_at(now, run.offset)?;
                bytes = rest;
            }
            add(&monitor.bytes_written, expected);
        }
        Bytes::Stream(stream) => {
            let mut buffer = vec![0; STREAM_BUFFER];
            let mut done = 0;
            for run in data_between(&entry.holes, entry.size) {
                let mut at = run.offset;
                while at < run.offset + run.len {
                    check_cancelled(monitor)?;
                    let left = run.offset + run.len - at;
                    let want = left.min(buffer.len() as u64) as usize;
                    let part = buffer.get_mut(..want).unwrap_or_default();
                    let len = read(stream, part)?;
                    if len == 0 {
                        return Err(wrong_length(done, expected));
                    }
                    file.write_all_at(part.get(..len).unwrap_or_default(), at)?;
                    at += len as u64;
                    done += len as u64;
                    add(&monitor.bytes_written, len as u64);
                }
            }
            // The end is where the stream says whether all of it was right.
            let more = buffer.get_mut(..1).unwrap_or_default();
            if read(stream, more)? > 0 {
                return Err(wrong_length(expected + 1, expected));
            }
        }
    }
    let ends_in_hole = entry
        .holes
        .last()
        .is_some_and(|hole| hole.offset.saturating_add(hole.len) >= entry.size);
    if ends_in_hole {
        file.set_len(entry.size)?;
    }
    Ok(expected)
}

fn check_cancelled(monitor: &Monitor) -> std::result::Result<(), Failure> {
    monitor.check_cancelled().map_err(Failure::Content)
}

fn read(stream: &mut dyn Read, buffer: &mut [u8]) -> std::result::Result<usize, Failure> {
    loop {
        match stream.read(buffer) {
            Ok(len) => return Ok(len),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::Content(content_error(error))),
        }
    }
}

fn wrong_length(has: u64, expected: u64) -> Failure {
    Failure::Content(Error::damaged(
        "restore the content of",
        format!("it has {has} bytes or more where the snapshot says {expected}"),
    ))
}
