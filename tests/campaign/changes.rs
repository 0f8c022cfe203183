//! Changes one in a hundred of the files of a tree, the same ones for the same seed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::Random;

/// How many were changed, and in which way.
#[derive(Debug, Default)]
pub struct Changes {
    pub written: u64,
    pub appended: u64,
    pub deleted: u64,
    pub modes: u64,
    pub new: u64,
    /// Files below the folder that was renamed.
    pub renamed: u64,
}

impl Changes {
    /// At most so many files have to be read by the next backup.
    pub fn to_read(&self) -> u64 {
        self.written + self.appended + self.modes + self.new + self.renamed
    }
}

/// Writes into files, appends, deletes, adds, sets modes, and renames a folder.
pub fn change_one_percent(tree: &Path, seed: u64) -> Changes {
    let mut random = Random::new(seed);
    let mut changes = Changes::default();
    let mut files = regular_files(tree);
    for number in 0..files.len() / 100 {
        let file = files.swap_remove(random.below(files.len() as u64) as usize);
        match random.below(10) {
            0..4 => {
                write_into(&file, &mut random);
                changes.written += 1;
            }
            4..6 => {
                let mut open = OpenOptions::new().append(true).open(&file).unwrap();
                let len = 1 + random.below(5000) as usize;
                open.write_all(&random.text(len)).unwrap();
                changes.appended += 1;
            }
            6 => {
                fs::remove_file(&file).unwrap();
                changes.deleted += 1;
            }
            7 => {
                let mode = fs::metadata(&file).unwrap().mode() ^ 0o110;
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
                changes.modes += 1;
            }
            _ => {
                let new = file.with_file_name(format!("new {seed} {number}"));
                let len = random.below(20_000) as usize;
                fs::write(new, random.noise(len)).unwrap();
                changes.new += 1;
            }
        }
    }
    changes.renamed = rename_a_folder(tree, seed, &mut random);
    changes
}

/// Puts some bytes into the middle; an empty file gets one.
fn write_into(file: &Path, random: &mut Random) {
    let len = fs::metadata(file).unwrap().len();
    let open = OpenOptions::new().write(true).open(file).unwrap();
    let bytes = random.noise(1 + random.clone().below(100) as usize);
    open.write_all_at(&bytes, random.below(len + 1)).unwrap();
}

fn rename_a_folder(tree: &Path, seed: u64, random: &mut Random) -> u64 {
    let folders: Vec<(PathBuf, u64)> = fs::read_dir(tree)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .flat_map(|path| walkdir::WalkDir::new(path).min_depth(1).max_depth(1))
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_dir())
        .map(|entry| {
            let files = regular_files(entry.path()).len() as u64;
            (entry.into_path(), files)
        })
        .filter(|(_, files)| (5..500).contains(files))
        .collect();
    if folders.is_empty() {
        return 0;
    }
    let mut folders = folders;
    folders.sort();
    let (folder, files) = random.pick(&folders);
    let mut name = folder.file_name().unwrap().to_owned();
    name.push(format!(" renamed {seed}"));
    fs::rename(folder, folder.with_file_name(name)).unwrap();
    *files
}

/// Sorted, so that the same seed means the same files.
fn regular_files(tree: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(tree)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
