//! A tree on the disk as plain data, so that two of them can be compared by bytes and metadata.
//!
//! It is read by directory handles: paths may be longer than the system takes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

/// Everything of a tree that has to survive a backup, by path below its root (empty for the root itself).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub nodes: BTreeMap<Vec<u8>, Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    /// Permissions and set-id bits.
    pub mode: u32,
    pub owner: (u32, u32),
    pub modified: (i64, i64),
    /// Name and value, sorted.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The first path of the hard links to the same file.
    pub same_as: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    /// Length, and BLAKE3 of the bytes.
    File(u64, [u8; 32]),
    Link(Vec<u8>),
    Fifo,
    Socket,
    Device(FileType, u64),
}

impl Tree {
    /// Reads the tree at `root`, which may also be a single file.
    #[track_caller]
    pub fn read(root: &Path) -> Tree {
        let mut reading = Reading::default();
        let name = root.as_os_str().as_encoded_bytes();
        let handle = open(CWD, name, OFlags::PATH);
        let inside = format!("/proc/self/fd/{}", handle.as_raw_fd());
        reading.node(CWD, name, inside.as_bytes(), Vec::new());
        reading.tree
    }

    /// Where `other` differs, a line each: empty if it does not.
    pub fn differences(&self, other: &Tree) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, node) in &self.nodes {
            match other.nodes.get(path) {
                None => lines.push(format!("{}: missing", shown(path))),
                Some(found) if found == node => {}
                Some(found) => lines.push(format!("{}: {}", shown(path), node.against(found))),
            }
        }
        let more = other.nodes.keys().filter(|p| !self.nodes.contains_key(*p));
        lines.extend(more.map(|path| format!("{}: should not be there", shown(path))));
        lines
    }

    /// Fails unless the tree at `root` is this one.
    #[track_caller]
    pub fn assert_is_at(&self, root: &Path, what: &str) {
        let differences = self.differences(&Tree::read(root));
        assert!(
            differences.is_empty(),
            "{what}: {} differences\n{}",
            differences.len(),
            differences[..differences.len().min(20)].join("\n")
        );
    }

    /// How many of its nodes are files.
    pub fn files(&self) -> usize {
        let is_file = |node: &&Node| matches!(node.kind, Kind::File(..));
        self.nodes.values().filter(is_file).count()
    }
}

impl Node {
    fn against(&self, found: &Node) -> String {
        let mut text = String::new();
        let mut tell = |what: &str, is_same: bool, wanted: String, got: String| {
            if !is_same {
                let _ = write!(text, "{what} should be {wanted}, is {got}; ");
            }
        };
        macro_rules! compare {
            ($($field:ident),*) => {$(
                tell(
                    stringify!($field),
                    self.$field == found.$field,
                    format!("{:?}", self.$field),
                    format!("{:?}", found.$field),
                );
            )*};
        }
        compare!(kind, mode, owner, modified, xattrs, same_as);
        text
    }
}

#[derive(Default)]
struct Reading {
    tree: Tree,
    /// First path of each file that has several names.
    linked: HashMap<(u64, u64), Vec<u8>>,
}

impl Reading {
    /// `inside` is a path of `name` that is short enough, for calls that have no form by handle.
    fn node(&mut self, at: impl AsFd, name: &[u8], inside: &[u8], path: Vec<u8>) {
        let status = rustix::fs::statat(&at, name, AtFlags::SYMLINK_NOFOLLOW)
            .unwrap_or_else(|e| panic!("{}: {e}", shown(&path)));
        let kind = FileType::from_raw_mode(status.st_mode);
        let same_as = (kind != FileType::Directory && status.st_nlink > 1).then(|| {
            let id = (status.st_dev, status.st_ino);
            self.linked
                .entry(id)
                .or_insert_with(|| path.clone())
                .clone()
        });
        let content = match kind {
            FileType::Directory => Kind::Directory,
            FileType::RegularFile => content(open(&at, name, OFlags::RDONLY)),
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(&at, name, Vec::new()).unwrap();
                Kind::Link(target.into_bytes())
            }
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            other => Kind::Device(other, status.st_rdev),
        };
        let node = Node {
            kind: content,
            mode: status.st_mode & 0o7777,
            owner: (status.st_uid, status.st_gid),
            modified: (status.st_mtime, i64::from(status.st_mtime_nsec as u32)),
            xattrs: xattrs(inside, kind == FileType::Symlink),
            same_as,
        };
        self.tree.nodes.insert(path.clone(), node);
        if kind == FileType::Directory {
            self.below(open(&at, name, OFlags::RDONLY | OFlags::DIRECTORY), &path);
        }
    }

    fn below(&mut self, folder: OwnedFd, path: &[u8]) {
        let mut names: Vec<Vec<u8>> = Dir::read_from(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_bytes().to_vec())
            .filter(|name| name != b"." && name != b"..")
            .collect();
        // So that the first of several hard links is the same wherever the tree is.
        names.sort_unstable();
        for name in names {
            let inside = format!("/proc/self/fd/{}/", folder.as_raw_fd());
            let inside = [inside.as_bytes(), &name].concat();
            let mut below = path.to_vec();
            if !below.is_empty() {
                below.push(b'/');
            }
            below.extend_from_slice(&name);
            self.node(&folder, &name, &inside, below);
        }
    }
}

#[track_caller]
fn open(at: impl AsFd, name: &[u8], flags: OFlags) -> OwnedFd {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
        .unwrap_or_else(|e| panic!("{}: {e}", shown(name)))
}

fn content(file: OwnedFd) -> Kind {
    let mut file = File::from(file);
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return Kind::File(len, *hasher.finalize().as_bytes()),
            got => {
                hasher.update(&buffer[..got]);
                len += got as u64;
            }
        }
    }
}

fn xattrs(path: &[u8], is_link: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut buffer = vec![0; 1 << 16];
    // The last component is never a link that should be followed, but `/proc/self/fd/N` itself is one.
    let is_handle = !is_link && path.iter().filter(|byte| **byte == b'/').count() == 4;
    let listed = match is_handle {
        true => rustix::fs::listxattr(path, &mut buffer[..]),
        false => rustix::fs::llistxattr(path, &mut buffer[..]),
    };
    let Ok(len) = listed else {
        return Vec::new();
    };
    let names = buffer[..len].split(|byte| *byte == 0);
    let names: Vec<Vec<u8>> = names
        .filter(|name| !name.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    let mut all = Vec::new();
    for name in names {
        let got = match is_handle {
            true => rustix::fs::getxattr(path, name.as_slice(), &mut buffer[..]),
            false => rustix::fs::lgetxattr(path, name.as_slice(), &mut buffer[..]),
        };
        all.push((name, buffer[..got.unwrap_or(0)].to_vec()));
    }
    all.sort();
    all
}

fn shown(path: &[u8]) -> String {
    let text = path.escape_ascii().to_string();
    match text.len() {
        0 => "(the root)".to_owned(),
        1..=300 => text,
        len => format!("{} … ({len} bytes)", &text[..300]),
    }
}
