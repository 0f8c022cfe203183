//! The files of the demo: a copy of what is there, and some changes to it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cli::human;
use crate::error::{Context, Result};

/// What was copied.
pub struct Copies {
    pub files: Vec<Copy>,
    pub bytes: u64,
    /// There was more than was allowed.
    pub is_cut: bool,
}

/// One file that was copied.
pub struct Copy {
    pub original: PathBuf,
    /// Where the copy is, below the folder of all copies.
    pub relative: PathBuf,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

/// Copies what is in `sources`, each under its own name, into the new folder `into`, up to `most_bytes`.
/// What cannot be read, and whatever is neither file, folder nor link, is left out: this is a demo.
/// Folders named `target` and `.git` are left out as well, for they are large and of no interest.
pub fn copy(sources: &[PathBuf], into: &Path, most_bytes: u64) -> Result<Copies> {
    let mut copies = Copies {
        files: Vec::new(),
        bytes: 0,
        is_cut: false,
    };
    fs::create_dir(into).context("make the folder", into)?;
    for source in sources {
        let name = source
            .file_name()
            .map_or(PathBuf::from("root"), PathBuf::from);
        let mut folders = vec![(source.clone(), name)];
        while let Some((folder, relative)) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            let place = into.join(&relative);
            fs::create_dir_all(&place).context("make the folder", &place)?;
            let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let (path, relative) = (entry.path(), relative.join(entry.file_name()));
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                // The demo's own folder may be inside what is copied.
                let is_left_out = ["target", ".git"]
                    .iter()
                    .any(|&name| entry.file_name() == *name)
                    || into.starts_with(&path);
                if kind.is_dir() {
                    if !is_left_out {
                        folders.push((path, relative));
                    }
                } else if kind.is_symlink() {
                    if let Ok(target) = fs::read_link(&path) {
                        let _ = std::os::unix::fs::symlink(target, into.join(relative));
                    }
                } else if kind.is_file() {
                    copy_file(path, relative, into, most_bytes, &mut copies)?;
                }
            }
        }
    }
    Ok(copies)
}

fn copy_file(
    original: PathBuf,
    relative: PathBuf,
    into: &Path,
    most_bytes: u64,
    copies: &mut Copies,
) -> Result<()> {
    let Ok(metadata) = fs::metadata(&original) else {
        return Ok(());
    };
    if copies.bytes + metadata.len() > most_bytes {
        copies.is_cut = true;
        return Ok(());
    }
    if fs::File::open(&original).is_err() {
        return Ok(());
    }
    let place = into.join(&relative);
    let size = fs::copy(&original, &place).context("make the copy", &place)?;
    copies.bytes += size;
    copies.files.push(Copy {
        original,
        relative,
        size,
        modified: metadata.modified().ok(),
    });
    Ok(())
}

/// What was done to the copies.
pub struct Changes {
    changed: u64,
    deleted: u64,
    renamed: bool,
}

impl Changes {
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "  {} got another line, {} gone, one is new",
            human::counted(self.changed, "file", "files"),
            human::counted(self.deleted, "file is", "files are"),
        )];
        if self.renamed {
            lines.push("  a folder got another name, with all that is in it".to_owned());
        }
        lines
    }
}

/// Changes one file in a hundred below `files`, deletes one in a thousand, adds one, renames a folder.
pub fn change(files: &Path) -> Result<Changes> {
    let mut changes = Changes {
        changed: 0,
        deleted: 0,
        renamed: false,
    };
    let mut number = 0u64;
    let mut folders = vec![files.to_owned()];
    let mut to_rename = None;
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).context("read the folder", &folder)?;
        let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                // The last folder that has files has no other such folder in it: a small one.
                to_rename = (folder != *files).then(|| folder.clone());
                match number {
                    _ if number % 1000 == 1 => changes.deleted += u64::from(delete(&entry.path())?),
                    _ if number.is_multiple_of(100) => {
                        changes.changed += u64::from(add_a_line(&entry.path())?)
                    }
                    _ => {}
                }
                number += 1;
            }
        }
    }
    let new = files.join("new.txt");
    fs::write(&new, "A file that is new.\n").context("write the file", &new)?;
    if let Some(folder) = to_rename {
        let renamed = folder.with_extension("renamed");
        fs::rename(&folder, &renamed).context("rename the folder", &folder)?;
        changes.renamed = true;
    }
    Ok(changes)
}

fn delete(path: &Path) -> Result<bool> {
    fs::remove_file(path).context("delete the copy", path)?;
    Ok(true)
}

/// False for a file that is read-only.
fn add_a_line(path: &Path) -> Result<bool> {
    let Ok(mut file) = fs::OpenOptions::new().append(true).open(path) else {
        return Ok(false);
    };
    file.write_all(b"One more line.\n")
        .context("change the copy", path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_stop_at_the_most_bytes_and_leave_the_originals_alone() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        fs::create_dir_all(source.join("target")).unwrap();
        fs::write(source.join("a"), [1; 60]).unwrap();
        fs::write(source.join("b"), [2; 60]).unwrap();
        fs::write(source.join("target/c"), [3; 10]).unwrap();
        let copies = copy(
            std::slice::from_ref(&source),
            &dir.path().join("files"),
            100,
        )
        .unwrap();
        assert_eq!(
            (copies.files.len(), copies.bytes, copies.is_cut),
            (1, 60, true)
        );
        let changes = change(&dir.path().join("files")).unwrap();
        assert_eq!(changes.changed, 1);
        assert_eq!(fs::read(source.join("a")).unwrap(), [1; 60]);
    }
}
