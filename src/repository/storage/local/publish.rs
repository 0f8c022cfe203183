//! From a file being written to a durable file under its final name.
//!
//! The order is the whole safety, and it holds for each batch:
//! 1. every file of the batch is complete and durable under its temporary name;
//! 2. the files get their final names, in order, each in one step that fails when the name is taken;
//! 3. the folders in which names changed are durable.
//!
//! A crash before 2 leaves temporary files, which nobody reads and `leftovers` finds. A crash in 2 or 3
//! leaves some of the final names, in whatever order the file system kept them, each with all its bytes
//! behind it. (Without step 1, ext4 and xfs leave final names with empty files behind them.) Nothing that
//! was there before is touched. When `publish` has returned, a power cut changes nothing any more.
//!
//! Making many small files durable one by one costs a flush of the disk each. On the usual local file systems
//! one call makes the whole file system durable instead. That call reports a failed write of *any*
//! file once for each opened handle, so it is made by one thread at a time, and after one failure
//! nothing is believed durable any more by this process: the run fails, the next one starts anew.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::{Errno, retry_on_intr};

use super::new_file::LocalNewFile;
use super::{Place, TEMPORARY, checked, parent_of};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{escaped_path, retry_while_in_use};
use crate::progress::lock;
use crate::repository::storage::{NewFile, name_taken};

/// So many calls wait for the disk or the share at the same time.
const SIDE_BY_SIDE: usize = 16;
/// Up to this many files are synced one by one.
const FEW_FILES: usize = 4;

/// The ways of giving a file a name that must be free, best first; a place that does not know one gets
/// the next for the rest of the run.
const RENAME_IF_FREE: u8 = 0;
/// Without a step in between as well (NFS), but only where there are hard links.
const LINK: u8 = 1;
/// Two steps: another process may take the name in between. Names that are ids are never taken.
const LOOK_THEN_RENAME: u8 = 2;

impl Place {
    pub(super) fn publish(
        self: &Arc<Self>,
        files: Vec<(Box<dyn NewFile>, String)>,
    ) -> Result<Vec<usize>> {
        let mut batch = Vec::with_capacity(files.len());
        for (file, name) in files {
            checked(&name)?;
            batch.push((self.own(file).map_err(|e| e.at(&name))?, name));
        }
        self.check_nothing_lost()?;

        let at_once = batch.len() > FEW_FILES && self.syncs_at_once();
        side_by_side_mut(&mut batch, |(file, name)| file.complete(!at_once, name))?;
        if at_once {
            self.sync_all()?;
        }

        let mut taken = Vec::new();
        let named = batch
            .iter_mut()
            .enumerate()
            .try_for_each(|(at, (file, name))| {
                if self.give_name(file.temporary(), name)? {
                    file.forget_temporary();
                } else {
                    taken.push(at);
                }
                Ok(())
            });
        // Also after a failure: the files before it can be seen.
        let synced = self.sync_folders(None);
        named.and(synced).map(|()| taken)
    }

    pub(super) fn publish_first_free(
        self: &Arc<Self>,
        file: Box<dyn NewFile>,
        names: &mut dyn Iterator<Item = String>,
    ) -> Result<String> {
        let mut file = self.own(file)?;
        self.check_nothing_lost()?;
        file.complete(true, TEMPORARY)?;
        let mut last = self.path.clone();
        for name in names {
            checked(&name)?;
            if self.give_name(file.temporary(), &name)? {
                file.forget_temporary();
                self.sync_folders(None)?;
                return Ok(name);
            }
            last = self.full_path(&name);
        }
        Err(name_taken(&escaped_path(&last).to_string()))
    }

    /// The file as this storage's own.
    fn own(self: &Arc<Self>, file: Box<dyn NewFile>) -> Result<Box<LocalNewFile>> {
        let file = file.into_any().downcast::<LocalNewFile>().ok();
        file.filter(|file| Arc::ptr_eq(&file.place, self))
            .ok_or_else(|| Error::invalid("publish", "it was written for another storage"))
    }

    /// Gives a durable file its final name, and makes the folder for it where it is missing; false if
    /// the name is taken.
    fn give_name(&self, temporary: &str, name: &str) -> Result<bool> {
        let folder = parent_of(name);
        let mut named = self.rename_if_free(temporary, name);
        if named == Err(Errno::NOENT) && !folder.is_empty() {
            self.make_folder(folder)?;
            named = self.rename_if_free(temporary, name);
        }
        // A name that is taken may not be durable yet, when another process gave it just now: the caller
        // will rely on that file as if it were this one, so its folder counts as changed as well.
        self.folders.changed(folder);
        match named {
            Err(Errno::EXIST) => Ok(false),
            named => named
                .context("publish", self.full_path(name))
                .map(|()| true),
        }
    }

    fn rename_if_free(&self, from: &str, to: &str) -> rustix::io::Result<()> {
        retry_while_in_use(|| self.try_to_rename_if_free(from, to))
    }

    fn try_to_rename_if_free(&self, from: &str, to: &str) -> rustix::io::Result<()> {
        let root = &self.root;
        if self.naming.load(Ordering::Relaxed) == RENAME_IF_FREE {
            let flags = RenameFlags::NOREPLACE;
            match retry_on_intr(|| rustix::fs::renameat_with(root, from, root, to, flags)) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                    self.naming.store(LINK, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        if self.naming.load(Ordering::Relaxed) == LINK {
            match retry_on_intr(|| rustix::fs::linkat(root, from, root, to, AtFlags::empty())) {
                Ok(()) => {
                    // If this fails, the temporary name is left over; that harms nothing.
                    let _ = rustix::fs::unlinkat(root, from, AtFlags::empty());
                    return Ok(());
                }
                // EIO is what a mount of rclone says instead of ENOSYS; a disk that is broken says it
                // to the rename as well.
                Err(
                    Errno::PERM
                    | Errno::INVAL
                    | Errno::NOSYS
                    | Errno::NOTSUP
                    | Errno::MLINK
                    | Errno::IO,
                ) => {
                    self.naming.store(LOOK_THEN_RENAME, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        match retry_on_intr(|| rustix::fs::statat(root, to, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => retry_on_intr(|| rustix::fs::renameat(root, from, root, to)),
            Err(errno) => Err(errno),
        }
    }

    /// Whether [`Place::sync_all`] can be used here.
    pub(super) fn syncs_at_once(&self) -> bool {
        *self
            .syncs_at_once
            .get_or_init(|| is_known_local(&self.root) && reports_lost_writes())
    }

    /// Makes all that was written to the file system durable.
    pub(super) fn sync_all(&self) -> Result<()> {
        let _turn = lock(&self.sync_turn);
        self.check_nothing_lost()?;
        let synced = retry_on_intr(|| rustix::fs::syncfs(&self.root));
        if synced.is_err() {
            self.lose_writes();
        }
        synced.context("make durable what was written to", &self.path)
    }

    pub(super) fn lose_writes(&self) {
        self.has_lost_writes.store(true, Ordering::SeqCst);
    }

    pub(super) fn check_nothing_lost(&self) -> Result<()> {
        if self.has_lost_writes.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Io, "write any more to")
                .because("the disk failed to keep what was written before")
                .advise("check the disk and run it again")
                .at(&self.path));
        }
        Ok(())
    }
}

/// True on the usual file systems of disks: one machine uses them at a time, all of it through this kernel.
pub(crate) fn is_known_local(handle: impl std::os::fd::AsFd) -> bool {
    // From linux/magic.h: ext2 to ext4, xfs, btrfs, tmpfs, f2fs.
    const KNOWN: [u64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0xf2f5_2010];
    rustix::fs::fstatfs(handle)
        .is_ok_and(|status| KNOWN.contains(&(status.f_type as u64 & 0xffff_ffff)))
}

/// `syncfs` says when a write was lost since Linux 5.8, see syncfs(2).
fn reports_lost_writes() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok());
    (number(), number()) >= (Some(5), Some(8))
}

/// Does `work` on every item, several at a time; after an error no further one is begun.
pub(super) fn side_by_side<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<()> + Sync,
) -> Result<()> {
    let mut items: Vec<&T> = items.iter().collect();
    side_by_side_mut(&mut items, |item| work(item))
}

fn side_by_side_mut<T: Send>(
    items: &mut [T],
    work: impl Fn(&mut T) -> Result<()> + Sync,
) -> Result<()> {
    let threads = items.len().min(SIDE_BY_SIDE);
    let items = Mutex::new(items.iter_mut());
    let failure = Mutex::new(None);
    let worker = || {
        while lock(&failure).is_none() {
            let Some(item) = lock(&items).next() else {
                break;
            };
            if let Err(error) = work(item) {
                lock(&failure).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // This thread works as well, so all gets done even if the system has no thread to give.
            if std::thread::Builder::new()
                .spawn_scoped(scope, worker)
                .is_err()
            {
                break;
            }
        }
        worker();
    });
    let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(()), Err)
}
