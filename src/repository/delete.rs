//! Deleting a whole repository.
//!
//! What says that there is a repository, and which, goes last: as long as anything is left of it, an
//! interrupted deletion can be told again.

use std::io::ErrorKind::{DirectoryNotEmpty, NotFound};

use super::Repository;
use super::lock::Lock;
use super::loose::loose_folders;
use crate::error::{Context, Result};
use crate::progress::Monitor;

impl Repository {
    /// Deletes the repository with everything in it, and its folder, unless somebody keeps something else
    /// there. `lock` is its exclusive lock.
    pub fn delete(self, lock: Lock, monitor: &Monitor) -> Result<()> {
        self.close_files();
        let storage = &**self.storage();
        let mut folders: Vec<String> = ["packs", "contents"].map(String::from).to_vec();
        folders.extend(loose_folders());
        folders.push("claims".to_owned());
        for folder in &folders {
            for listed in storage.list(folder)? {
                monitor.check_cancelled()?;
                storage.delete(&format!("{folder}/{}", listed.name))?;
            }
            storage.flush_deletions(folder)?;
        }
        for leftover in storage.leftovers()? {
            storage.delete_leftover(&leftover.name)?;
        }
        // From here on it takes no time, and nobody can begin anything in between that would be lost.
        drop(lock);
        for folder in ["locks", ""] {
            for listed in storage.list(folder)? {
                let name = match folder {
                    "" => listed.name,
                    folder => format!("{folder}/{}", listed.name),
                };
                if folder == "locks" || name.starts_with("repository") {
                    storage.delete(&name)?;
                }
            }
            storage.flush_deletions(folder)?;
        }
        folders.extend(["locks", "tmp", ""].map(String::from));
        for folder in &folders {
            let path = self.place().join(folder);
            match std::fs::remove_dir(&path) {
                Err(e) if matches!(e.kind(), NotFound | DirectoryNotEmpty) => {}
                removed => removed.context("remove the folder", &path)?,
            }
        }
        Ok(())
    }
}
