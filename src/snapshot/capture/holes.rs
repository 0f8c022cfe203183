//! Holes in sparse files: runs of bytes that read as zeros and take no space.
//!
//! A sparse file's content is stored without its holes, so a disk image of 1 TB that holds 3 GB costs
//! 3 GB to read and to store, and comes back sparse.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use super::Stat;
use crate::snapshot::tree::Extent;

/// Below this a file is not asked for holes.
const SMALLEST_SPARSE: u64 = 4096;
/// A file with more holes keeps this many; the rest is stored as the zeros that it reads as.
const MOST_HOLES: usize = 1 << 16;

/// True when fewer bytes are allocated than the file is long, so that it is worth looking for holes.
/// (Compressing file systems allocate less without any.)
pub fn may_have_holes(stat: &Stat) -> bool {
    stat.size > SMALLEST_SPARSE && stat.allocated_bytes < stat.size
}

/// The holes within the first `size` bytes, in order and apart. Moves the file's position.
pub fn find_holes(handle: impl AsFd, size: u64) -> io::Result<Vec<Extent>> {
    let handle = handle.as_fd();
    let mut holes = Vec::new();
    let mut at = 0;
    while at < size && holes.len() < MOST_HOLES {
        let data = match seek(handle, SeekFrom::Data(at)) {
            Ok(data) => data.clamp(at, size),
            // No data from here to the end.
            Err(Errno::NXIO) => size,
            // A file system that knows no holes.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        };
        if data > at {
            holes.push(Extent {
                offset: at,
                len: data - at,
            });
        }
        if data == size {
            break;
        }
        at = match seek(handle, SeekFrom::Hole(data)) {
            // A file system that gets no further is not asked for ever.
            Ok(hole) if hole > data => hole,
            Ok(_) | Err(Errno::NXIO) => break,
            Err(errno) => return Err(errno.into()),
        };
    }
    Ok(holes)
}

/// The runs of bytes between `holes` in a file of `size` bytes, none empty.
pub fn data_between(holes: &[Extent], size: u64) -> Vec<Extent> {
    let mut runs = Vec::with_capacity(holes.len() + 1);
    let mut at = 0;
    for hole in holes {
        push_run(&mut runs, at, hole.offset);
        at = hole.offset + hole.len;
    }
    push_run(&mut runs, at, size);
    runs
}

fn push_run(runs: &mut Vec<Extent>, from: u64, to: u64) {
    if to > from {
        runs.push(Extent {
            offset: from,
            len: to - from,
        });
    }
}

/// The holes of a file that turned out to be only `size` bytes long.
pub fn cut_holes(holes: &mut Vec<Extent>, size: u64) {
    holes.retain(|hole| hole.offset < size);
    if let Some(last) = holes.last_mut() {
        last.len = last.len.min(size - last.offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    fn extent(offset: u64, len: u64) -> Extent {
        Extent { offset, len }
    }

    #[test]
    fn holes_and_data_make_up_the_file() {
        let file = tempfile::tempfile().unwrap();
        let size = 10 << 20;
        file.set_len(size).unwrap();
        file.write_all_at(&[1; 4096], 1 << 20).unwrap();
        file.write_all_at(&[1; 100], 5 << 20).unwrap();
        let stat = Stat::of(&file).unwrap();
        if !may_have_holes(&stat) {
            eprintln!("skipped: no sparse files here");
            return;
        }
        let holes = find_holes(&file, size).unwrap();
        assert_eq!(holes.len(), 3);
        assert_eq!(holes[0], extent(0, 1 << 20));
        let runs = data_between(&holes, size);
        assert_eq!(runs.len(), 2);
        let total: u64 = holes.iter().chain(&runs).map(|e| e.len).sum();
        assert_eq!(total, size);
    }

    #[test]
    fn a_file_of_nothing_but_a_hole_has_no_data() {
        let file: File = tempfile::tempfile().unwrap();
        file.set_len(1 << 40).unwrap();
        let holes = find_holes(&file, 1 << 40).unwrap();
        assert_eq!(holes, [extent(0, 1 << 40)]);
        assert!(data_between(&holes, 1 << 40).is_empty());
    }

    #[test]
    fn holes_end_where_a_file_was_cut() {
        let mut holes = vec![extent(0, 10), extent(20, 10), extent(50, 10)];
        cut_holes(&mut holes, 25);
        assert_eq!(holes, [extent(0, 10), extent(20, 5)]);
        cut_holes(&mut holes, 10);
        assert_eq!(holes, [extent(0, 10)]);
        assert_eq!(
            data_between(&[extent(5, 5)], 12),
            [extent(0, 5), extent(10, 2)]
        );
    }
}
