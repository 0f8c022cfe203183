//! Extended attributes, ACLs and capabilities among them.
//!
//! They are read through an open file where there is one. Where there is none (symbolic links, FIFOs,
//! devices, files that must not be opened) they are read through `/proc/self/fd/<folder>/<name>`: the
//! kernel has calls for this by folder handle only since 6.13.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;

use rustix::io::Errno;

use crate::snapshot::tree::ExtendedAttribute;

/// Linux allows 64 KiB for all names of a file together, and for each value.
const LARGEST: usize = 64 << 10;

/// What could be read of a file's extended attributes.
pub struct Extended {
    /// Sorted by name.
    pub attributes: Arc<[ExtendedAttribute]>,
    /// Why some or all are missing.
    pub failure: Option<io::Error>,
}

/// Reads extended attributes, and shares those that are the same as the last file's.
pub struct ExtendedReader {
    names: Vec<u8>,
    value: Vec<u8>,
    none: Arc<[ExtendedAttribute]>,
    last: Arc<[ExtendedAttribute]>,
}

impl Default for ExtendedReader {
    fn default() -> ExtendedReader {
        ExtendedReader {
            names: vec![0; LARGEST],
            value: vec![0; LARGEST],
            none: Arc::default(),
            last: Arc::default(),
        }
    }
}

impl ExtendedReader {
    /// Of an open file or folder.
    pub fn of(&mut self, handle: impl AsFd) -> Extended {
        self.read(&Way::Handle(handle.as_fd()))
    }

    /// Of `name` in `folder`, itself if it is a symbolic link.
    pub fn at(&mut self, folder: impl AsFd, name: &CStr) -> Extended {
        let mut path = format!("/proc/self/fd/{}/", folder.as_fd().as_raw_fd()).into_bytes();
        path.extend_from_slice(name.to_bytes());
        match CString::new(path) {
            Ok(path) => self.read(&Way::Path(&path)),
            Err(e) => self.nothing(Some(e.into())),
        }
    }

    /// What a file without any has.
    pub fn none(&self) -> Arc<[ExtendedAttribute]> {
        self.none.clone()
    }

    fn nothing(&self, failure: Option<io::Error>) -> Extended {
        Extended {
            attributes: self.none.clone(),
            failure,
        }
    }

    fn read(&mut self, way: &Way<'_>) -> Extended {
        let names_len = match way.list(&mut self.names) {
            Ok(len) => len,
            Err(Errno::OPNOTSUPP) => 0,
            Err(errno) => return self.nothing(Some(errno.into())),
        };
        if names_len == 0 {
            return self.nothing(None);
        }
        let names = self.names.get(..names_len).unwrap_or_default();
        let mut found = Vec::new();
        let mut failure = None;
        for name in names.split_inclusive(|&byte| byte == 0) {
            let Ok(name) = CStr::from_bytes_with_nul(name) else {
                continue;
            };
            match way.get(name, &mut self.value) {
                Ok(len) => found.push(ExtendedAttribute {
                    name: name.to_bytes().to_vec(),
                    value: self.value.get(..len).unwrap_or_default().to_vec(),
                }),
                // Removed since it was listed.
                Err(Errno::NODATA) => {}
                Err(errno) => failure = Some(errno.into()),
            }
        }
        found.sort_unstable();
        if self.last.as_ref() != found.as_slice() {
            self.last = found.into();
        }
        Extended {
            attributes: self.last.clone(),
            failure,
        }
    }
}

/// How the file is reached.
enum Way<'a> {
    Handle(BorrowedFd<'a>),
    Path(&'a CStr),
}

impl Way<'_> {
    fn list(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        match self {
            Way::Handle(handle) => rustix::fs::flistxattr(handle, buffer),
            Way::Path(path) => rustix::fs::llistxattr(*path, buffer),
        }
    }

    fn get(&self, name: &CStr, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        match self {
            Way::Handle(handle) => rustix::fs::fgetxattr(handle, name, buffer),
            Way::Path(path) => rustix::fs::lgetxattr(*path, name, buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::XattrFlags;
    use std::fs::File;

    #[test]
    fn attributes_are_read_by_handle_and_by_name_and_shared() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            for (name, value) in [("user.z", &b"\0\xff"[..]), ("user.a", b"")] {
                if let Err(e) = rustix::fs::setxattr(&path, name, value, XattrFlags::empty()) {
                    eprintln!("skipped: no extended attributes here: {e}");
                    return;
                }
            }
        }
        let handle = File::open(folder.path()).unwrap();
        let mut reader = ExtendedReader::default();
        let a = reader.at(&handle, c"a");
        assert!(a.failure.is_none());
        let names: Vec<_> = a.attributes.iter().map(|a| a.name.as_slice()).collect();
        assert!(names.is_sorted());
        assert!(a.attributes.contains(&ExtendedAttribute {
            name: b"user.z".to_vec(),
            value: b"\0\xff".to_vec()
        }));
        let b = reader.of(File::open(folder.path().join("b")).unwrap());
        assert!(Arc::ptr_eq(&a.attributes, &b.attributes));
        assert!(reader.at(&handle, c"missing").failure.is_some());
    }
}
