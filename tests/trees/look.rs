//! What is on the disk: everything about every file of a tree, and how two trees differ.
//!
//! Written apart from the program, and in another way: one handle that climbs down by name and up by
//! `..`, so that neither the depth of a tree nor the length of its paths matters.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CStr, CString};
use std::fmt::Write;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use gibus::fs::escaped;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, SeekFrom, StatxFlags};
use rustix::io::Errno;

/// A tree: what is at each path, the tree's own folder at the empty one.
pub type Tree = BTreeMap<Vec<u8>, Looked>;

const BLOCK: u64 = 4096;

/// Everything about a file that a backup has to bring back.
#[derive(Clone, PartialEq, Eq)]
pub struct Looked {
    pub file_type: FileType,
    pub mode: u16,
    pub owner: (u32, u32),
    pub size: u64,
    pub modified: (i64, u32),
    pub target: Vec<u8>,
    pub device: (u32, u32),
    pub extended: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Digest of the blocks that are not all zeros, and where they are.
    pub content: Option<blake3::Hash>,
    /// Where the file system has data, from and to.
    pub data: Vec<(u64, u64)>,
    /// The first path of this file in the tree, when it has several names there.
    pub linked_to: Option<Vec<u8>>,
}

struct Level {
    path: Vec<u8>,
    waiting: Vec<CString>,
}

/// Looks at everything below `root`.
pub fn look(root: &Path) -> Tree {
    let mut here = open(CWD, root);
    let mut tree = Tree::new();
    let mut names: HashMap<(u64, u64), Vec<Vec<u8>>> = HashMap::new();
    tree.insert(Vec::new(), one(&here, c".").0);
    let mut levels = vec![Level {
        path: Vec::new(),
        waiting: Vec::new(),
    }];
    enter(&here, &mut levels, &mut tree, &mut names);
    while let Some(level) = levels.last_mut() {
        match level.waiting.pop() {
            Some(name) => {
                let path = below(&level.path, &name);
                here = open(&here, &name);
                levels.push(Level {
                    path,
                    waiting: Vec::new(),
                });
                enter(&here, &mut levels, &mut tree, &mut names);
            }
            None => {
                levels.pop();
                if !levels.is_empty() {
                    here = open(&here, "..");
                }
            }
        }
    }
    for mut paths in names.into_values().filter(|paths| paths.len() > 1) {
        paths.sort();
        let first = paths[0].clone();
        for path in paths {
            tree.get_mut(&path).unwrap().linked_to = Some(first.clone());
        }
    }
    tree
}

fn open(folder: impl AsFd, name: impl rustix::path::Arg) -> OwnedFd {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty()).unwrap()
}

fn below(folder: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = folder.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    path
}

fn enter(
    here: &OwnedFd,
    levels: &mut [Level],
    tree: &mut Tree,
    names: &mut HashMap<(u64, u64), Vec<Vec<u8>>>,
) {
    let level = levels.last_mut().unwrap();
    for entry in Dir::read_from(here).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let path = below(&level.path, name);
        let (looked, inode) = one(here, name);
        if looked.file_type == FileType::Directory {
            level.waiting.push(name.to_owned());
        } else {
            names.entry(inode).or_default().push(path.clone());
        }
        tree.insert(path, looked);
    }
}

/// Looks at one file; also tells which it is.
fn one(folder: &OwnedFd, name: &CStr) -> (Looked, (u64, u64)) {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(folder, name, flags, Mode::empty()).unwrap();
    let flags = AtFlags::EMPTY_PATH;
    let stat = rustix::fs::statx(&handle, c"", flags, StatxFlags::BASIC_STATS).unwrap();
    let file_type = FileType::from_raw_mode(stat.stx_mode.into());
    let mut looked = Looked {
        file_type,
        mode: stat.stx_mode & 0o7777,
        owner: (stat.stx_uid, stat.stx_gid),
        size: 0,
        modified: (stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec),
        target: Vec::new(),
        device: (stat.stx_rdev_major, stat.stx_rdev_minor),
        extended: extended(&handle),
        content: None,
        data: Vec::new(),
        linked_to: None,
    };
    match file_type {
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(folder, name, Vec::new()).unwrap();
            looked.target = target.into_bytes();
        }
        FileType::RegularFile => {
            looked.size = stat.stx_size;
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = rustix::fs::openat(folder, name, flags, Mode::empty()).unwrap();
            let (content, data) = read(&File::from(file), looked.size);
            looked.content = Some(content);
            // Where one block is all that there could be, a hole is none.
            if looked.size > BLOCK {
                looked.data = data;
            }
        }
        _ => {}
    }
    let device = (u64::from(stat.stx_dev_major) << 32) | u64::from(stat.stx_dev_minor);
    (looked, (device, stat.stx_ino))
}

/// Through `/proc`, which leads to the very file of the handle, be it a link or a device.
fn extended(handle: &OwnedFd) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let mut names = vec![0; 65_536];
    let len = match rustix::fs::listxattr(&path, &mut names) {
        Ok(len) => len,
        Err(Errno::OPNOTSUPP) => 0,
        Err(errno) => panic!("extended attributes: {errno}"),
    };
    let names = names[..len].split(|&byte| byte == 0);
    let value = |name: &[u8]| {
        let mut value = vec![0; 65_536];
        let len = rustix::fs::getxattr(&path, name, &mut value).unwrap();
        value.truncate(len);
        value
    };
    names
        .filter(|name| !name.is_empty())
        .map(|name| (name.to_vec(), value(name)))
        .collect()
}

/// The content, however the holes in it lie, and where the data is.
fn read(file: &File, size: u64) -> (blake3::Hash, Vec<(u64, u64)>) {
    let mut hasher = blake3::Hasher::new();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < size {
        let from = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(from) => from,
            Err(Errno::NXIO) => break,
            Err(_) => at,
        };
        let to = rustix::fs::seek(file, SeekFrom::Hole(from)).unwrap_or(size);
        runs.push((from, to));
        let mut block_at = from - from % BLOCK;
        while block_at < to {
            let len = BLOCK.min(size - block_at);
            let mut block = vec![0; len as usize];
            file.read_exact_at(&mut block, block_at).unwrap();
            if block.iter().any(|&byte| byte != 0) {
                hasher.update(&block_at.to_le_bytes());
                hasher.update(&block);
            }
            block_at += BLOCK;
        }
        at = to;
    }
    (hasher.finalize(), runs)
}

/// How two trees differ, a line for each difference.
pub fn differences(left: &Tree, right: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, was) in left {
        match right.get(path) {
            None => lines.push(format!("{}: only on the left", escaped(path))),
            Some(is) if was == is => {}
            Some(is) => lines.push(format!("{}: {}", escaped(path), was.differs_from(is))),
        }
    }
    for path in right.keys().filter(|path| !left.contains_key(*path)) {
        lines.push(format!("{}: only on the right", escaped(path)));
    }
    lines
}

/// Two trees are the same in everything.
#[track_caller]
pub fn assert_same(left: &Tree, right: &Tree) {
    let differences = differences(left, right);
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(40)].join("\n")
    );
}

impl Looked {
    fn differs_from(&self, other: &Looked) -> String {
        let mut text = String::new();
        let mut note = |what: &str, was: String, is: String| {
            if was != is {
                let _ = write!(text, "{what} {was} / {is}; ");
            }
        };
        let shown = |bytes: &[u8]| escaped(bytes).to_string();
        let facts = |looked: &Looked| {
            [
                ("type", format!("{:?}", looked.file_type)),
                ("mode", format!("{:o}", looked.mode)),
                ("owner", format!("{:?}", looked.owner)),
                ("size", looked.size.to_string()),
                ("time", format!("{:?}", looked.modified)),
                ("target", shown(&looked.target)),
                ("device", format!("{:?}", looked.device)),
                ("content", format!("{:?}", looked.content)),
                ("data", format!("{:?}", looked.data)),
                (
                    "links",
                    shown(looked.linked_to.as_deref().unwrap_or_default()),
                ),
                (
                    "attributes",
                    looked
                        .extended
                        .iter()
                        .map(|(name, value)| format!("{}={}", shown(name), shown(value)))
                        .collect(),
                ),
            ]
        };
        for ((what, was), (_, is)) in facts(self).into_iter().zip(facts(other)) {
            note(what, was, is);
        }
        text
    }
}
