//! The folders of a run, and a bounded number of handles to them.
//!
//! A run can meet any number of folders, at any depth, and may hold only so many handles. A folder is
//! kept as its name below its parent; its handle is in a cache, and when it has left that, it is
//! opened again by walking down from the nearest folder whose handle is there. Which folder it was when
//! the run first had it is remembered: if another stands in its place by then, that is an error, and
//! nothing is written to it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;

use rustix::io::Errno;

use super::target::TargetFolder;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{bytes_path, path_bytes};
use crate::progress::lock;
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::tree::Name;

/// Handles kept at most; a process commonly may have 1024 files open.
const KEPT_HANDLES: usize = 256;
/// Of a long walk down, only the deepest folders' handles are kept.
const KEPT_OF_A_WALK: usize = KEPT_HANDLES / 2;

/// A folder of one [`Folders`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FolderId(u32);

impl FolderId {
    /// The root of the target.
    pub const ROOT: FolderId = FolderId(0);
}

/// The folders of a run; shared by its threads.
pub struct Folders {
    root: TargetFolder,
    root_path: Vec<u8>,
    inner: Mutex<Inner>,
}

struct Inner {
    nodes: Vec<Node>,
    handles: HashMap<u32, Handle>,
    uses: u64,
}

struct Node {
    parent: u32,
    name: Option<Name>,
    identity: FileId,
}

struct Handle {
    folder: TargetFolder,
    last_use: u64,
}

impl Folders {
    /// With the folder at `path`, whose links are followed, as root.
    pub fn open(path: &Path) -> Result<Folders> {
        let root = TargetFolder::open_root(path).context("open the target folder", path)?;
        let found = root.found().context("look at the target folder", path)?;
        let node = Node {
            parent: 0,
            name: None,
            identity: found.id,
        };
        Ok(Folders {
            root,
            root_path: path_bytes(path).to_vec(),
            inner: Mutex::new(Inner {
                nodes: vec![node],
                handles: HashMap::new(),
                uses: 0,
            }),
        })
    }

    /// Takes in a folder that was just opened or made.
    pub fn add(&self, parent: FolderId, name: Name, folder: TargetFolder, stat: &Stat) -> FolderId {
        let mut inner = lock(&self.inner);
        // Four thousand million folders do not fit in memory.
        let id = inner.nodes.len() as u32;
        inner.nodes.push(Node {
            parent: parent.0,
            name: Some(name),
            identity: stat.id,
        });
        inner.keep(id, folder);
        FolderId(id)
    }

    /// The handle of a folder.
    ///
    /// Errors: another thing stands in the place of the folder, or in that of one above it.
    pub fn handle(&self, id: FolderId) -> Result<TargetFolder> {
        let mut inner = lock(&self.inner);
        let mut missing = Vec::new();
        let mut at = id.0;
        let mut folder = loop {
            if at == 0 {
                break self.root.clone();
            }
            if let Some(folder) = inner.kept(at) {
                break folder;
            }
            missing.push(at);
            at = inner.node(at)?.parent;
        };
        let mut left = missing.len();
        for at in missing.into_iter().rev() {
            let opened = inner.node(at)?.open_below(&folder);
            folder = opened.map_err(|error| error.at(bytes_path(&self.path_in(&inner, at))))?;
            left -= 1;
            if left < KEPT_OF_A_WALK {
                inner.keep(at, folder.clone());
            }
        }
        Ok(folder)
    }

    /// The whole path of a folder.
    pub fn path(&self, id: FolderId) -> Vec<u8> {
        self.path_in(&lock(&self.inner), id.0)
    }

    /// The whole path of something in a folder.
    pub fn path_of(&self, id: FolderId, name: &Name) -> Vec<u8> {
        let mut path = self.path(id);
        push_name(&mut path, name);
        path
    }

    /// The path of something in a folder, from the root on, without a slash before it.
    pub fn path_below_root(&self, id: FolderId, name: &Name) -> Vec<u8> {
        let path = self.path_of(id, name);
        let below = path.get(self.root_path.len()..).unwrap_or_default();
        below.strip_prefix(b"/").unwrap_or(below).to_vec()
    }

    /// An error of the system on something in a folder.
    pub fn error(&self, attempted: &str, id: FolderId, name: &Name, errno: Errno) -> Error {
        target_error(attempted, errno, &self.path_of(id, name))
    }

    fn path_in(&self, inner: &Inner, id: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = id;
        while let Ok(Node {
            name: Some(name),
            parent,
            ..
        }) = inner.node(at)
        {
            names.push(name);
            at = *parent;
        }
        let mut path = self.root_path.clone();
        for name in names.into_iter().rev() {
            push_name(&mut path, name);
        }
        path
    }
}

/// Appends a name to a path.
pub fn push_name(path: &mut Vec<u8>, name: &Name) {
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name.as_bytes());
}

/// An error of the system while writing to the target; says that it is the target which is full.
pub fn target_error(attempted: &str, errno: Errno, path: &[u8]) -> Error {
    let error = Error::io(attempted, &std::io::Error::from(errno)).at(bytes_path(path));
    match errno {
        Errno::NOSPC => error.advise(
            "the disk that is being restored to is full; free some space there and run it again",
        ),
        Errno::DQUOT => error.advise(
            "your quota on the disk that is being restored to is used up; free some space there and \
             run it again",
        ),
        _ => error,
    }
}

/// Whether an error of the target ends the run, rather than concerning one file.
pub fn ends_the_run(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Cancelled => true,
        // One file can be too big for a file system, or lie on a read-only one.
        ErrorKind::NoSpace => error.os_error() != Some(Errno::FBIG.raw_os_error()),
        ErrorKind::Unavailable => {
            let one_file = [Errno::NXIO, Errno::NODEV].map(|errno| Some(errno.raw_os_error()));
            !one_file.contains(&error.os_error())
        }
        _ => false,
    }
}

impl Node {
    fn open_below(&self, parent: &TargetFolder) -> Result<TargetFolder> {
        let attempted = "open the folder";
        let Some(name) = &self.name else {
            return Err(Error::new(ErrorKind::NotFound, attempted));
        };
        let opened = parent.open_folder(name);
        let folder = opened.map_err(|errno| Error::io(attempted, &errno.into()))?;
        let found = folder.found();
        let found = found.map_err(|errno| Error::io(attempted, &errno.into()))?;
        if found.id != self.identity {
            return Err(Error::new(ErrorKind::Io, attempted)
                .because("another folder was put in its place meanwhile"));
        }
        Ok(folder)
    }
}

impl Inner {
    fn node(&self, id: u32) -> Result<&Node> {
        let node = usize::try_from(id).ok().and_then(|id| self.nodes.get(id));
        node.ok_or_else(|| Error::new(ErrorKind::NotFound, "find the folder of this run"))
    }

    fn kept(&mut self, id: u32) -> Option<TargetFolder> {
        self.uses += 1;
        let handle = self.handles.get_mut(&id)?;
        handle.last_use = self.uses;
        Some(handle.folder.clone())
    }

    fn keep(&mut self, id: u32, folder: TargetFolder) {
        if self.handles.len() >= KEPT_HANDLES {
            let mut uses: Vec<u64> = self.handles.values().map(|h| h.last_use).collect();
            let (_, middle, _) = uses.select_nth_unstable(KEPT_HANDLES / 2);
            let middle = *middle;
            self.handles.retain(|_, handle| handle.last_use > middle);
        }
        self.uses += 1;
        let last_use = self.uses;
        self.handles.insert(id, Handle { folder, last_use });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn folders_thousands_deep_are_reached_with_few_handles() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::open(dir.path()).unwrap();
        let mut ids = vec![FolderId::ROOT];
        for depth in 0..3000 {
            let parent = ids[depth];
            let name = name(&format!("{depth:04}"));
            let made = folders.handle(parent).unwrap().make_folder(&name).unwrap();
            let stat = made.found().unwrap();
            ids.push(folders.add(parent, name, made, &stat));
        }
        assert!(lock(&folders.inner).handles.len() <= KEPT_HANDLES);
        // Bottom up, as folders are finished.
        for &id in ids.iter().rev() {
            folders.handle(id).unwrap();
        }
        assert!(folders.path(ids[3000]).ends_with(b"/2998/2999"));
        // The deepest first, or the temporary folder cannot be removed by path.
        for depth in (0..3000).rev() {
            let parent = folders.handle(ids[depth]).unwrap();
            parent
                .remove_empty_folder(&name(&format!("{depth:04}")))
                .unwrap();
        }
    }

    #[test]
    fn a_folder_that_was_exchanged_is_not_entered_again() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::open(dir.path()).unwrap();
        let root = folders.handle(FolderId::ROOT).unwrap();
        let made = root.make_folder(&name("a")).unwrap();
        let stat = made.found().unwrap();
        let id = folders.add(FolderId::ROOT, name("a"), made, &stat);
        lock(&folders.inner).handles.clear();
        std::fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let error = folders.handle(id).unwrap_err();
        assert!(error.why().contains("another folder"), "{error}");
        std::fs::remove_dir(dir.path().join("a")).unwrap();
        std::os::unix::fs::symlink("b", dir.path().join("a")).unwrap();
        assert!(folders.handle(id).is_err());
    }
}
