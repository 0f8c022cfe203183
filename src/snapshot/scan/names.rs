//! The names in one folder, sorted by their bytes.
//!
//! They lie one after the other in one buffer that is used again for the next folder, so that a name
//! costs no allocation of its own.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::AsFd;

use crate::fs::{each_name, listing_buffer};

pub struct Names {
    /// Every name with its NUL.
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
    buffer: Box<[MaybeUninit<u8>]>,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            bytes: Vec::new(),
            spans: Vec::new(),
            buffer: listing_buffer(),
        }
    }
}

impl Names {
    /// Reads the names in a folder that has just been opened, without `.` and `..`. After an error the
    /// names read before it are there.
    pub fn read(&mut self, folder: impl AsFd) -> io::Result<()> {
        self.bytes.clear();
        self.spans.clear();
        let outcome = self.append(folder);
        let bytes = &self.bytes;
        let name = |span: &Range<usize>| bytes.get(span.clone()).unwrap_or_default();
        self.spans.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        // A file system may give the same name twice while the folder changes.
        self.spans.dedup_by(|a, b| name(a) == name(b));
        outcome
    }

    /// Takes these names, sorted already, in place of a folder's.
    pub fn set<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) {
        self.bytes.clear();
        self.spans.clear();
        for name in names {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(name);
            self.bytes.push(0);
            self.spans.push(start..self.bytes.len());
        }
    }

    fn append(&mut self, folder: impl AsFd) -> io::Result<()> {
        let (bytes, spans) = (&mut self.bytes, &mut self.spans);
        Ok(each_name(folder, &mut self.buffer, |name, _| {
            let start = bytes.len();
            bytes.extend_from_slice(name.to_bytes_with_nul());
            spans.push(start..bytes.len());
            Ok(())
        })?)
    }

    /// The names, in the order of their bytes.
    pub fn iter(&self) -> impl Iterator<Item = &CStr> {
        self.spans
            .iter()
            .filter_map(|span| CStr::from_bytes_with_nul(self.bytes.get(span.clone())?).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs::File;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn names_come_in_the_order_of_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(255);
        let expected: [&[u8]; 7] = [
            b"\n",
            b"-rf",
            b"...",
            b"A",
            b"a b",
            long.as_bytes(),
            b"\xff\xfe",
        ];
        for name in expected {
            File::create(folder.path().join(OsStr::from_bytes(name))).unwrap();
        }
        let mut names = Names::default();
        names.read(File::open(folder.path()).unwrap()).unwrap();
        let found: Vec<&[u8]> = names.iter().map(CStr::to_bytes).collect();
        assert_eq!(found, expected);

        let empty = tempfile::tempdir().unwrap();
        names.read(File::open(empty.path()).unwrap()).unwrap();
        assert_eq!(names.iter().count(), 0);
    }

    #[test]
    fn more_names_than_fit_the_buffer_are_all_read() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5000 {
            File::create(
                folder
                    .path()
                    .join(format!("a rather long name {number:05}")),
            )
            .unwrap();
        }
        let mut names = Names::default();
        names.read(File::open(folder.path()).unwrap()).unwrap();
        assert_eq!(names.iter().count(), 5000);
    }
}
