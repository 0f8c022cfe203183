//! A [`Storage`] that changes nothing: what is written to it and deleted from it is so for whoever uses it, and
//! the storage beneath stays as it is.
//!
//! For rehearsals: work that rearranges a repository is carried out on this, and then it is known to the byte what it
//! would leave behind. Of packs only the length is kept, since nobody reads what was moved; everything
//! else that is written is small, and stays in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{Listed, NewFile, Space, Storage};
use crate::error::{Error, ErrorKind, Result};
use crate::format::sealed::{FileKind, kind_of};
use crate::fs::ReadAt;
use crate::progress::lock;

/// A storage, and what would have become of it.
pub struct Overlay {
    beneath: Arc<dyn Storage>,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    written: BTreeMap<String, Written>,
    deleted: BTreeSet<String>,
}

/// A file that was written.
#[derive(Clone)]
enum Written {
    Kept(Arc<Vec<u8>>),
    /// A pack.
    Length(u64),
}

impl Written {
    fn len(&self) -> u64 {
        match self {
            Written::Kept(bytes) => bytes.len() as u64,
            Written::Length(len) => *len,
        }
    }
}

impl Overlay {
    pub fn over(beneath: &Arc<dyn Storage>) -> Overlay {
        Overlay {
            beneath: Arc::clone(beneath),
            changes: Mutex::new(Changes::default()),
        }
    }
}

fn not_found(attempted: &str, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, attempted).at(name)
}

impl Storage for Overlay {
    fn list(&self, folder: &str) -> Result<Vec<Listed>> {
        let mut files = self.beneath.list(folder)?;
        let changes = lock(&self.changes);
        let in_folder = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        files.retain(|listed| !changes.deleted.contains(&in_folder(&listed.name)));
        for (name, written) in &changes.written {
            let (parent, name) = name.rsplit_once('/').unwrap_or(("", name));
            if parent == folder {
                files.push(Listed {
                    name: name.to_owned(),
                    bytes: written.len(),
                });
            }
        }
        Ok(files)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>> {
        let listed = self.list(folder)?.into_iter();
        Ok(listed.map(|listed| listed.name).collect())
    }

    fn open(&self, name: &str) -> Result<Arc<dyn ReadAt>> {
        let changes = lock(&self.changes);
        match changes.written.get(name) {
            Some(Written::Kept(bytes)) => {
                let file: Arc<dyn ReadAt> = bytes.clone();
                Ok(file)
            }
            Some(Written::Length(_)) => Err(Error::new(ErrorKind::Unsupported, "open")
                .at(name)
                .because("only its length is known")),
            None if changes.deleted.contains(name) => Err(not_found("open", name)),
            None => {
                drop(changes);
                self.beneath.open(name)
            }
        }
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        let changes = lock(&self.changes);
        match changes.written.get(name) {
            Some(written) => Ok(Some(written.len())),
            None if changes.deleted.contains(name) => Ok(None),
            None => {
                drop(changes);
                self.beneath.size(name)
            }
        }
    }

    fn create(&self) -> Result<Box<dyn NewFile>> {
        Ok(Box::new(OverlayFile::default()))
    }

    fn publish(&self, files: Vec<(Box<dyn NewFile>, String)>) -> Result<Vec<usize>> {
        let mut taken = Vec::new();
        for (at, (file, name)) in files.into_iter().enumerate() {
            let file = file.into_any().downcast::<OverlayFile>().map_err(|_| {
                Error::invalid("publish", "it was written for another storage").at(&name)
            })?;
            if self.size(&name)?.is_some() {
                taken.push(at);
                continue;
            }
            lock(&self.changes).written.insert(name, file.written());
        }
        Ok(taken)
    }

    fn publish_first_free(
        &self,
        file: Box<dyn NewFile>,
        names: &mut dyn Iterator<Item = String>,
    ) -> Result<String> {
        for name in names {
            if self.size(&name)?.is_none() {
                super::publish_one(self, file, &name)?;
                return Ok(name);
            }
        }
        Err(super::name_taken(&self.describe()))
    }

    fn delete(&self, name: &str) -> Result<()> {
        let mut changes = lock(&self.changes);
        if changes.written.remove(name).is_none() {
            changes.deleted.insert(name.to_owned());
        }
        Ok(())
    }

    fn flush_deletions(&self, _folder: &str) -> Result<()> {
        Ok(())
    }

    fn leftovers(&self) -> Result<Vec<Listed>> {
        let mut leftovers = self.beneath.leftovers()?;
        let changes = lock(&self.changes);
        leftovers.retain(|listed| !changes.deleted.contains(&leftover(&listed.name)));
        Ok(leftovers)
    }

    fn delete_leftover(&self, name: &str) -> Result<()> {
        lock(&self.changes).deleted.insert(leftover(name));
        Ok(())
    }

    fn space(&self) -> Result<Space> {
        self.beneath.space()
    }

    fn describe(&self) -> String {
        self.beneath.describe()
    }
}

/// Names of leftovers are the storage's own business; this is how they are told from others.
fn leftover(name: &str) -> String {
    format!("leftover:{name}")
}

/// A file being written.
#[derive(Default)]
struct OverlayFile {
    bytes: Vec<u8>,
    /// Of a pack: nothing but its beginning is kept.
    is_pack: bool,
    len: u64,
}

impl OverlayFile {
    fn written(self) -> Written {
        if self.is_pack {
            Written::Length(self.len)
        } else {
            Written::Kept(Arc::new(self.bytes))
        }
    }
}

impl Write for OverlayFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.len += bytes.len() as u64;
        if !self.is_pack {
            self.bytes.extend_from_slice(bytes);
            if kind_of(&self.bytes) == Some(FileKind::Pack) {
                self.is_pack = true;
                self.bytes = Vec::new();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for OverlayFile {
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::storage::memory::MemoryStorage;
    use crate::repository::storage::{publish_bytes, read_bytes, suite};

    fn over(beneath: &MemoryStorage) -> Overlay {
        let beneath: Arc<dyn Storage> = Arc::new(beneath.clone());
        Overlay::over(&beneath)
    }

    #[test]
    fn it_is_a_storage() {
        suite::exercise(&over(&MemoryStorage::new()));
    }

    #[test]
    fn what_is_beneath_stays_as_it_is() {
        let beneath = MemoryStorage::new();
        publish_bytes(&beneath, "a/1", b"one").unwrap();
        publish_bytes(&beneath, "a/2", b"two").unwrap();
        let overlay = over(&beneath);
        overlay.delete("a/1").unwrap();
        publish_bytes(&overlay, "a/3", b"three").unwrap();
        let mut names: Vec<_> = overlay.list("a").unwrap();
        names.sort();
        let names: Vec<_> = names.iter().map(|l| (l.name.as_str(), l.bytes)).collect();
        assert_eq!(names, [("2", 3), ("3", 5)]);
        assert_eq!(read_bytes(&overlay, "a/3", 9).unwrap(), b"three");
        assert_eq!(overlay.size("a/1").unwrap(), None);
        assert!(publish_bytes(&overlay, "a/2", b"again").is_err());
        publish_bytes(&overlay, "a/1", b"anew").unwrap();
        assert_eq!(read_bytes(&overlay, "a/1", 9).unwrap(), b"anew");
        assert_eq!(beneath.names(), ["a/1", "a/2"]);
        assert_eq!(beneath.bytes("a/1").unwrap(), b"one");
    }
}
