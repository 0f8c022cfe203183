//! A [`Storage`] in memory, for tests: it can be told to fail, to vanish, and to lose its power.
//!
//! Like a disk, it keeps apart what can be seen and what would still be there after a power cut. A
//! batch being published, and deletions, are changes that can be seen and are not yet durable; the end of
//! a batch, or `flush_deletions`, makes them so. [`MemoryStorage::after_power_cut`] is what a
//! disk could look like that lost its power now: any of the changes that were not durable may be missing.
//!
//! Everything that touches the place counts as one operation: so that a test can strike at each in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Weak};

use rustix::io::Errno;

use super::{Listed, NewFile, Space, Storage};
use crate::error::{Context, Error, Result};
use crate::fs::ReadAt;
use crate::progress::lock;

/// What happens to the operation that a plan strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, with `Errno::NOSPC` for instance; later ones do not.
    Once(Errno),
    /// It and all later ones fail: the disk is gone, or the process was killed.
    Gone,
}

/// A place in memory. Clones are the same place.
#[derive(Clone, Default)]
pub struct MemoryStorage(Arc<Mutex<State>>);

type Files = BTreeMap<String, Arc<Vec<u8>>>;

#[derive(Default)]
struct State {
    visible: Files,
    durable: Files,
    /// Names at which the two differ.
    unsynced: BTreeSet<String>,
    operations: u64,
    faults: BTreeMap<u64, Fault>,
    is_gone: bool,
    open_files: OpenFiles,
    /// Files that were deleted and are open, where those are listed.
    pending: BTreeMap<String, Weak<Vec<u8>>>,
}

/// What becomes of a file that is open when it is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenFiles {
    /// It is gone for everybody else.
    #[default]
    Go,
    /// It cannot be deleted, as on a share of Windows.
    Stay,
    /// It is listed until it is closed, but nobody can open it any more, as on such a share when everybody who has
    /// it open allows that.
    GoOnClose,
}

impl State {
    /// Whether somebody has the file open, and so its bytes beside us.
    fn is_open(&self, name: &str) -> bool {
        let visible = self.visible.get(name);
        visible.is_some_and(|bytes| Arc::strong_count(bytes) > 1 + self.durably(name, bytes))
    }

    /// How many of the durable files these bytes are: one, or none.
    fn durably(&self, name: &str, bytes: &Arc<Vec<u8>>) -> usize {
        let durable = self.durable.get(name);
        usize::from(durable.is_some_and(|durable| Arc::ptr_eq(durable, bytes)))
    }

    /// Files in a folder that were deleted, and that somebody has open.
    fn pending_in(&self, folder: &str) -> Vec<Listed> {
        let in_folder = self.pending.iter().filter_map(|(name, bytes)| {
            let (parent, own) = name.rsplit_once('/').unwrap_or(("", name));
            let bytes = bytes.upgrade()?;
            let is_open = Arc::strong_count(&bytes) > 1 + self.durably(name, &bytes);
            (parent == folder && is_open).then(|| Listed {
                name: own.to_owned(),
                bytes: bytes.len() as u64,
            })
        });
        in_folder.collect()
    }
}

impl MemoryStorage {
    pub fn new() -> MemoryStorage {
        MemoryStorage::default()
    }

    /// How many operations there have been so far.
    pub fn operations(&self) -> u64 {
        lock(&self.0).operations
    }

    /// Lets `fault` strike the operation after `operations` more of them.
    pub fn fail_after(&self, operations: u64, fault: Fault) {
        let mut state = lock(&self.0);
        let at = state.operations + operations;
        state.faults.insert(at, fault);
    }

    /// From now on this becomes of files that are open.
    pub fn set_open_files(&self, open_files: OpenFiles) {
        lock(&self.0).open_files = open_files;
    }

    /// A place as it could be found after a power cut at this moment. `survives` is asked, for each name
    /// whose last change was not durable, whether that change got to the disk all the same.
    pub fn after_power_cut(&self, mut survives: impl FnMut(&str) -> bool) -> MemoryStorage {
        let state = lock(&self.0);
        let mut files = state.durable.clone();
        for name in &state.unsynced {
            if survives(name) {
                match state.visible.get(name) {
                    Some(bytes) => files.insert(name.clone(), Arc::clone(bytes)),
                    None => files.remove(name),
                };
            }
        }
        MemoryStorage(Arc::new(Mutex::new(State {
            visible: files.clone(),
            durable: files,
            open_files: state.open_files,
            ..State::default()
        })))
    }

    /// All names, in order.
    pub fn names(&self) -> Vec<String> {
        lock(&self.0).visible.keys().cloned().collect()
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = lock(&self.0);
        state.visible.get(name).map(|bytes| bytes.to_vec())
    }

    /// Damages the place: gives the file these bytes, or makes it vanish.
    pub fn tamper(&self, name: &str, bytes: Option<Vec<u8>>) {
        let mut state = lock(&self.0);
        for files in {
            let State {
                visible, durable, ..
            } = &mut *state;
            [visible, durable]
        } {
            match &bytes {
                Some(bytes) => files.insert(name.to_owned(), Arc::new(bytes.clone())),
                None => files.remove(name),
            };
        }
    }

    /// Counts an operation, and fails it if a fault strikes.
    fn operate(&self) -> rustix::io::Result<()> {
        let mut state = lock(&self.0);
        let number = state.operations;
        state.operations += 1;
        match state.faults.remove(&number) {
            Some(Fault::Once(errno)) if !state.is_gone => return Err(errno),
            Some(Fault::Gone) => state.is_gone = true,
            _ => {}
        }
        if state.is_gone {
            return Err(Errno::STALE);
        }
        Ok(())
    }

    fn make_durable(&self, is_meant: impl Fn(&str) -> bool) {
        let mut state = lock(&self.0);
        for name in std::mem::take(&mut state.unsynced) {
            if !is_meant(&name) {
                state.unsynced.insert(name);
                continue;
            }
            match state.visible.get(&name).cloned() {
                Some(bytes) => state.durable.insert(name, bytes),
                None => state.durable.remove(&name),
            };
        }
    }
}

impl Storage for MemoryStorage {
    fn list(&self, folder: &str) -> Result<Vec<Listed>> {
        self.operate().context("list", folder)?;
        let state = lock(&self.0);
        let files = state.visible.iter().filter_map(|(name, bytes)| {
            let (parent, name) = name.rsplit_once('/').unwrap_or(("", name));
            (parent == folder).then(|| Listed {
                name: name.to_owned(),
                bytes: bytes.len() as u64,
            })
        });
        Ok(files.chain(state.pending_in(folder)).collect())
    }

    fn names(&self, folder: &str) -> Result<Vec<String>> {
        let listed = self.list(folder)?.into_iter();
        Ok(listed.map(|listed| listed.name).collect())
    }

    fn open(&self, name: &str) -> Result<Arc<dyn ReadAt>> {
        self.operate().context("open", name)?;
        let bytes = lock(&self.0).visible.get(name).cloned();
        Ok(Arc::new(MemoryFile {
            place: self.clone(),
            bytes: bytes.ok_or(Errno::NOENT).context("open", name)?,
        }))
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        self.operate().context("look at", name)?;
        let state = lock(&self.0);
        Ok(state.visible.get(name).map(|bytes| bytes.len() as u64))
    }

    fn create(&self) -> Result<Box<dyn NewFile>> {
        Ok(Box::new(MemoryNewFile {
            place: self.clone(),
            bytes: Vec::new(),
        }))
    }

    fn publish(&self, files: Vec<(Box<dyn NewFile>, String)>) -> Result<Vec<usize>> {
        let mut batch = Vec::with_capacity(files.len());
        for (file, name) in files {
            let file = file.into_any().downcast::<MemoryNewFile>().map_err(|_| {
                Error::invalid("publish", "it was written for another storage").at(&name)
            })?;
            self.operate().context("make durable", &name)?;
            batch.push((file, name));
        }
        let mut taken = Vec::new();
        for (at, (file, name)) in batch.into_iter().enumerate() {
            self.operate().context("publish", &name)?;
            let mut state = lock(&self.0);
            if state.visible.contains_key(&name) {
                taken.push(at);
                continue;
            }
            let bytes = Arc::new(file.bytes);
            state.visible.insert(name.clone(), bytes);
            state.unsynced.insert(name);
        }
        self.operate().context("make durable", "a folder")?;
        self.make_durable(|_| true);
        Ok(taken)
    }

    fn publish_first_free(
        &self,
        file: Box<dyn NewFile>,
        names: &mut dyn Iterator<Item = String>,
    ) -> Result<String> {
        let is_taken = |name: &str| lock(&self.0).visible.contains_key(name);
        for name in names {
            if !is_taken(&name) {
                super::publish_one(self, file, &name)?;
                return Ok(name);
            }
        }
        Err(super::name_taken("memory"))
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.operate().context("delete", name)?;
        let mut state = lock(&self.0);
        if state.is_open(name) {
            match state.open_files {
                OpenFiles::Go => {}
                OpenFiles::Stay => return Err(Errno::BUSY).context("delete", name),
                OpenFiles::GoOnClose => {
                    let bytes = state.visible.get(name).map(Arc::downgrade);
                    let pending = bytes.map(|bytes| (name.to_owned(), bytes));
                    state.pending.extend(pending);
                }
            }
        }
        if state.visible.remove(name).is_some() {
            state.unsynced.insert(name.to_owned());
        }
        Ok(())
    }

    fn flush_deletions(&self, folder: &str) -> Result<()> {
        self.operate().context("make durable", folder)?;
        self.make_durable(|name| name.rsplit_once('/').map_or("", |(parent, _)| parent) == folder);
        Ok(())
    }

    fn leftovers(&self) -> Result<Vec<Listed>> {
        Ok(Vec::new())
    }

    fn delete_leftover(&self, _name: &str) -> Result<()> {
        Ok(())
    }

    fn space(&self) -> Result<Space> {
        Ok(Space {
            total: u64::MAX,
            free: u64::MAX,
        })
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}

struct MemoryFile {
    place: MemoryStorage,
    bytes: Arc<Vec<u8>>,
}

impl ReadAt for MemoryFile {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.place.operate()?;
        self.bytes.read_exact_at(buffer, offset)
    }
}

struct MemoryNewFile {
    place: MemoryStorage,
    bytes: Vec<u8>,
}

impl Write for MemoryNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.place.operate()?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for MemoryNewFile {
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::repository::storage::{publish_bytes, suite};

    #[test]
    fn it_is_a_storage() {
        suite::exercise(&MemoryStorage::new());
    }

    #[test]
    fn a_fault_strikes_the_operation_that_was_named() {
        let storage = MemoryStorage::new();
        storage.fail_after(1, Fault::Once(Errno::NOSPC));
        assert!(storage.list("a").is_ok());
        assert_eq!(storage.list("a").unwrap_err().kind(), ErrorKind::NoSpace);
        assert!(storage.list("a").is_ok());
        storage.fail_after(0, Fault::Gone);
        for _ in 0..2 {
            assert_eq!(
                storage.list("a").unwrap_err().kind(),
                ErrorKind::Unavailable
            );
        }
    }

    #[test]
    fn a_power_cut_undoes_only_what_was_not_durable() {
        let storage = MemoryStorage::new();
        publish_bytes(&storage, "a/1", b"one").unwrap();
        publish_bytes(&storage, "a/2", b"two").unwrap();
        storage.delete("a/1").unwrap();
        assert_eq!(storage.after_power_cut(|_| false).names(), ["a/1", "a/2"]);
        assert_eq!(storage.after_power_cut(|_| true).names(), ["a/2"]);
        storage.flush_deletions("b").unwrap();
        assert_eq!(storage.after_power_cut(|_| false).names(), ["a/1", "a/2"]);
        storage.flush_deletions("a").unwrap();
        assert_eq!(storage.after_power_cut(|_| false).names(), ["a/2"]);
    }

    #[test]
    fn a_batch_that_is_struck_may_have_any_part_of_its_names() {
        let storage = MemoryStorage::new();
        let mut batch = Vec::new();
        for name in ["a/1", "a/2", "a/3"] {
            batch.push((storage.create().unwrap(), name.to_owned()));
        }
        // Three are made durable, two are named, then the third fails.
        storage.fail_after(5, Fault::Gone);
        assert!(storage.publish(batch).is_err());
        assert_eq!(storage.after_power_cut(|_| true).names(), ["a/1", "a/2"]);
        assert_eq!(
            storage.after_power_cut(|name| name == "a/2").names(),
            ["a/2"]
        );
        assert!(storage.after_power_cut(|_| false).names().is_empty());
    }
}
