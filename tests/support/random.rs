//! Trees that are made and changed at random, the same for the same seed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Numbers that look random (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        self.next() as f64 / 2_f64.powi(64)
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// Bytes that do not compress.
    pub fn noise(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len + 8);
        while bytes.len() < len {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(len);
        bytes
    }

    /// Text that compresses.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        const WORDS: [&str; 8] = [
            "hat", "collapse", "snapshot", "the", "unfold", "twice", "keep", "night",
        ];
        let mut text = String::with_capacity(len + 16);
        while text.len() < len {
            text.push_str(WORDS[self.below(8) as usize]);
            text.push(if self.once_in(9) { '\n' } else { ' ' });
        }
        text.truncate(len);
        text.into_bytes()
    }
}

/// How big a tree is to be.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub files: usize,
    /// Length of the one big file; 0 for none.
    pub big_bytes: usize,
}

/// Makes the folder `root` with a tree in it: files of all lengths, duplicates, a big one, folders in
/// folders, links of both kinds. Some of the symbolic ones may lead nowhere: archives of it keep broken links.
pub fn make_tree(root: &Path, shape: Shape, random: &mut Random) {
    fs::create_dir(root).unwrap();
    let mut folders = vec![root.to_owned()];
    for number in 0..shape.files / 8 + 1 {
        let folder = random.pick(&folders).join(format!("folder-{number}"));
        fs::create_dir(&folder).unwrap();
        folders.push(folder);
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for number in 0..shape.files {
        let path = random.pick(&folders).join(format!("file-{number}"));
        match random.below(20) {
            0 if !files.is_empty() => fs::hard_link(random.pick(&files), &path).unwrap(),
            1 if !files.is_empty() => {
                fs::copy(random.pick(&files), &path).unwrap();
            }
            2 => symlink(random.pick(&folders).join("file-0"), &path).unwrap(),
            _ => {
                write_file(&path, random);
                files.push(path);
            }
        }
    }
    if shape.big_bytes > 0 {
        fs::write(root.join("big"), random.noise(shape.big_bytes)).unwrap();
    }
}

/// Changes some of a tree that [`make_tree`] made: writes, deletes, renames, adds, sets modes.
pub fn change_tree(root: &Path, changes: usize, random: &mut Random) {
    for _ in 0..changes {
        let (folders, files) = contents(root);
        if files.is_empty() || random.once_in(4) {
            let name = format!("new-{:x}", random.next());
            write_file(&random.pick(&folders).join(name), random);
            continue;
        }
        let file = random.pick(&files);
        match random.below(8) {
            0 => fs::remove_file(file).unwrap(),
            1 => {
                let name = format!("moved-{:x}", random.next());
                fs::rename(file, random.pick(&folders).join(name)).unwrap();
            }
            2 => {
                let mode = 0o600 | random.below(0o200) as u32;
                fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
            }
            _ => write_file(file, random),
        }
    }
    // A piece in the middle of the big one.
    let big = root.join("big");
    if let Ok(mut bytes) = fs::read(&big)
        && bytes.len() > 100
    {
        let at = random.below(bytes.len() as u64 - 100) as usize;
        bytes[at..at + 100].copy_from_slice(&random.noise(100));
        fs::write(&big, bytes).unwrap();
    }
}

fn write_file(path: &Path, random: &mut Random) {
    let len = match random.below(10) {
        0 => 0,
        1..7 => random.below(4 << 10),
        7..9 => random.below(40 << 10),
        _ => random.below(200 << 10),
    } as usize;
    let bytes = match random.once_in(2) {
        true => random.noise(len),
        false => random.text(len),
    };
    fs::write(path, bytes).unwrap();
}

/// Folders, and regular files but for the big one; sorted, so that the same seed does the same.
fn contents(root: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut folders, mut files) = (vec![root.to_owned()], Vec::new());
    let mut next = 0;
    while next < folders.len() {
        let mut entries: Vec<_> = fs::read_dir(&folders[next])
            .unwrap()
            .map(|entry| entry.unwrap())
            .collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.file_name() != "big" {
                files.push(entry.path());
            }
        }
        next += 1;
    }
    (folders, files)
}
