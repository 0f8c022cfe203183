//! Folders met on the way: their names up to `/`, and handles to them.
//!
//! A scan never uses a path to reach anything: it opens each folder from its parent's handle, by name
//! and without following links. Paths are only put together to match rules and to report. A handle lives
//! as long as something is still to be opened through it. When many are open (folders within folders,
//! each with siblings that wait for their turn) further ones are not kept but opened again when they are
//! needed, step by step from `/`; so depth is bounded by nothing but memory.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::snapshot::capture::{FileId, Stat, open_folder_to_pass, open_root};

/// Beyond this many open folders, handles are not kept for later. The usual limit is 1024 files.
const KEPT_HANDLES: usize = 512;

/// A folder: its names up to `/`.
pub struct Place {
    parent: Option<Arc<Place>>,
    name: CString,
    pub id: FileId,
    /// Number of the folder in this scan, from 0 for `/`.
    pub number: u64,
}

impl Place {
    pub fn root(id: FileId) -> Place {
        Place {
            parent: None,
            name: CString::default(),
            id,
            number: 0,
        }
    }

    pub fn child(parent: &Arc<Place>, name: &CStr, id: FileId, number: u64) -> Place {
        Place {
            parent: Some(parent.clone()),
            name: name.to_owned(),
            id,
            number,
        }
    }

    pub fn name(&self) -> &[u8] {
        self.name.to_bytes()
    }

    /// This folder and those it is in, innermost first.
    pub fn ancestry(&self) -> impl Iterator<Item = &Place> {
        std::iter::successors(Some(self), |place| place.parent.as_deref())
    }

    pub fn parent(&self) -> Option<&Arc<Place>> {
        self.parent.as_ref()
    }

    /// Writes the absolute path over `path`: without a slash at the end, so empty for `/`.
    pub fn write_path(&self, path: &mut Vec<u8>) {
        let mut names: Vec<&[u8]> = self.ancestry().map(Place::name).collect();
        names.pop();
        path.clear();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
    }

    /// The absolute path of `name` in this folder.
    pub fn path_of(&self, name: &[u8]) -> Vec<u8> {
        let mut path = Vec::new();
        self.write_path(&mut path);
        path.push(b'/');
        path.extend_from_slice(name);
        path
    }

    /// Opens it again from `/`, to reach what is in it; what is there must still be this folder.
    fn open_again(&self) -> io::Result<OwnedFd> {
        let mut names: Vec<&CStr> = self.ancestry().map(|place| place.name.as_c_str()).collect();
        names.pop();
        let mut handle = open_root()?;
        for name in names.iter().rev() {
            handle = open_folder_to_pass(&handle, name)?;
        }
        if Stat::of(&handle)?.id == self.id {
            Ok(handle)
        } else {
            Err(io::Error::other("its folder was replaced meanwhile"))
        }
    }
}

/// Frees a long chain of parents one by one: the compiler's own way recurses once for each.
impl Drop for Place {
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut place) = next.and_then(Arc::into_inner) {
            next = place.parent.take();
        }
    }
}

/// An open folder.
pub struct Handle {
    fd: OwnedFd,
    open: Arc<AtomicUsize>,
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the handles that are open.
#[derive(Default)]
pub struct Handles {
    open: Arc<AtomicUsize>,
}

impl Handles {
    pub fn hold(&self, fd: OwnedFd) -> Arc<Handle> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Arc::new(Handle {
            fd,
            open: self.open.clone(),
        })
    }

    /// `place` for later, with its handle unless there are many already.
    pub fn keep(&self, place: &Arc<Place>, handle: &Arc<Handle>) -> Reach {
        let is_kept = self.open.load(Ordering::Relaxed) < KEPT_HANDLES;
        Reach {
            place: place.clone(),
            handle: is_kept.then(|| handle.clone()),
        }
    }
}

/// A folder that something will be opened through, later.
#[derive(Clone)]
pub struct Reach {
    pub place: Arc<Place>,
    handle: Option<Arc<Handle>>,
}

impl Reach {
    /// Calls `action` with the folder's handle.
    pub fn with<T>(&self, action: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        match &self.handle {
            Some(handle) => action(handle.as_fd()),
            None => action(self.place.open_again()?.as_fd()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    fn place_of(path: &Path) -> Arc<Place> {
        let mut place = Arc::new(Place::root(Stat::of(open_root().unwrap()).unwrap().id));
        let mut so_far = std::path::PathBuf::from("/");
        for part in path.components().skip(1) {
            so_far.push(part);
            let id = Stat::of(std::fs::File::open(&so_far).unwrap()).unwrap().id;
            let name = CString::new(part.as_os_str().as_bytes()).unwrap();
            place = Arc::new(Place::child(&place, &name, id, 1));
        }
        place
    }

    #[test]
    fn a_folder_is_found_again_from_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("inner");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("file"), "123").unwrap();
        let place = place_of(&path);
        assert_eq!(
            place.path_of(b"file"),
            path.join("file").as_os_str().as_bytes()
        );
        let reach = Reach {
            place: place.clone(),
            handle: None,
        };
        let stat = reach.with(|fd| Stat::at(fd, c"file")).unwrap();
        assert_eq!(stat.size, 3);

        std::fs::rename(&path, folder.path().join("moved")).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(reach.with(|_| Ok(())).is_err());
    }

    #[test]
    fn a_chain_of_a_million_folders_is_freed_without_recursion() {
        let id = FileId {
            device: 0,
            inode: 0,
        };
        let mut place = Arc::new(Place::root(id));
        for number in 0..1_000_000 {
            place = Arc::new(Place::child(&place, c"x", id, number));
        }
        drop(place);
    }
}
