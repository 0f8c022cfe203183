//! Which folders have changes that are not durable yet, and making them so.
//!
//! A new name, or one that is gone, is durable once its folder was synced. Each folder counts its changes
//! and remembers up to which of them a sync has got, so that threads that publish side by side rely on
//! each other's syncs only when those covered their own changes. A folder that this process has not used
//! before may be so new that *its* name is not durable; the folder above it counts as changed then too,
//! whoever made it.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustix::io::{Errno, retry_on_intr};

use super::{Place, open_folder, or_itself, parent_of, publish, reading};
use crate::error::{Context, Result};
use crate::progress::lock;

/// Handles are kept for at most this many folders; the loose layout has more.
const KEPT_HANDLES: usize = 32;
/// From this many folders on, syncing the file system as a whole is cheaper.
const MANY_FOLDERS: usize = 4;

pub(super) struct Folders {
    states: Mutex<HashMap<String, State>>,
    /// Set when the place has said that folders cannot be synced there (many shares).
    cannot_sync: AtomicBool,
}

#[derive(Default)]
struct State {
    changes: u64,
    synced: u64,
    handle: Option<Arc<OwnedFd>>,
}

/// A folder with changes up to a number.
struct Pending {
    folder: String,
    changes: u64,
    handle: Option<Arc<OwnedFd>>,
}

impl Folders {
    /// `root` is the handle that the storage has anyway.
    pub(super) fn new(root: &Arc<OwnedFd>) -> Folders {
        let state = State {
            handle: Some(Arc::clone(root)),
            ..State::default()
        };
        Folders {
            states: Mutex::new(HashMap::from([(String::new(), state)])),
            cannot_sync: AtomicBool::new(false),
        }
    }

    /// Notes that these folders of the root are there, in which nothing has changed; the root counts as changed.
    pub(super) fn know(&self, folders: &[&str]) {
        let mut states = lock(&self.states);
        for folder in folders {
            states.entry((*folder).to_owned()).or_default();
        }
        states.entry(String::new()).or_default().changes += 1;
    }

    /// Notes that a name appeared in `folder` or vanished from it.
    pub(super) fn changed(&self, folder: &str) {
        let mut states = lock(&self.states);
        let mut folder = folder;
        loop {
            let is_known = states.contains_key(folder);
            states.entry(folder.to_owned()).or_default().changes += 1;
            if is_known || folder.is_empty() {
                break;
            }
            folder = parent_of(folder);
        }
    }

    fn pending(&self, only: Option<&str>) -> Vec<Pending> {
        let states = lock(&self.states);
        let is_pending = |(folder, state): &(&String, &State)| {
            state.changes > state.synced && only.is_none_or(|only| only == *folder)
        };
        let pending = states.iter().filter(is_pending);
        let pending = pending.map(|(folder, state)| Pending {
            folder: folder.clone(),
            changes: state.changes,
            handle: state.handle.clone(),
        });
        pending.collect()
    }

    fn done(&self, done: Pending) {
        let mut states = lock(&self.states);
        let keeps_handle = states.len() <= KEPT_HANDLES;
        if let Some(state) = states.get_mut(&done.folder) {
            state.synced = state.synced.max(done.changes);
            if keeps_handle {
                state.handle = done.handle;
            }
        }
    }
}

impl Place {
    /// Makes the changes so far durable, in all folders or in one.
    pub(super) fn sync_folders(&self, only: Option<&str>) -> Result<()> {
        let pending = self.folders.pending(only);
        self.check_nothing_lost()?;
        if pending.len() > MANY_FOLDERS && self.syncs_at_once() {
            self.sync_all()?;
        } else if !self.folders.cannot_sync.load(Ordering::Relaxed) {
            publish::side_by_side(&pending, |pending| self.sync_one(pending))?;
            return Ok(());
        }
        for pending in pending {
            self.folders.done(pending);
        }
        Ok(())
    }

    fn sync_one(&self, pending: &Pending) -> Result<()> {
        let path = || self.full_path(&pending.folder);
        let opened = match &pending.handle {
            Some(handle) => Ok(Arc::clone(handle)),
            None => reading(|| open_folder(&self.root, or_itself(&pending.folder))).map(Arc::new),
        };
        let handle = match opened {
            Err(Errno::NOENT) => None,
            opened => Some(opened.context("open the folder", path())?),
        };
        if let Some(handle) = &handle {
            match sync_folder(handle) {
                Ok(can_sync) => {
                    if !can_sync {
                        self.folders.cannot_sync.store(true, Ordering::Relaxed);
                    }
                }
                Err(errno) => {
                    self.lose_writes();
                    return Err(errno).context("make durable", path());
                }
            }
        }
        self.folders.done(Pending {
            folder: pending.folder.clone(),
            changes: pending.changes,
            handle,
        });
        Ok(())
    }
}

/// Syncs a folder; false if the place does not know what that is.
pub(super) fn sync_folder(folder: impl AsFd) -> rustix::io::Result<bool> {
    match retry_on_intr(|| rustix::fs::fsync(&folder)) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(false),
        Err(errno) => Err(errno),
    }
}
