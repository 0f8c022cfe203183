//! The snapshots that were looked at last, kept open. A snapshot file is never changed, so what was read of it
//! stays true; each keeps the pages that it decoded last.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::progress::lock;
use crate::snapshot::file::Snapshot;

/// Each takes up to some 20 MB.
const MOST_OPEN: usize = 8;

/// Open snapshots, for any number of threads.
#[derive(Clone, Default)]
pub struct Opened(Arc<Mutex<Vec<Open>>>);

/// A file, and the snapshot in it.
type Open = (PathBuf, Arc<Snapshot>);

impl Opened {
    /// The snapshot in this file. Only for threads: it reads.
    pub fn open(&self, path: &Path) -> Result<Arc<Snapshot>> {
        if let Some(open) = self.take(path) {
            return Ok(open);
        }
        // Without the lock: a share that hangs keeps nobody else waiting.
        let snapshot = Arc::new(Snapshot::open(path)?);
        let mut open = lock(&self.0);
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push((path.to_owned(), Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    fn take(&self, path: &Path) -> Option<Arc<Snapshot>> {
        let mut open = lock(&self.0);
        let place = open.iter().position(|(of, _)| of == path)?;
        let found = open.remove(place);
        let snapshot = Arc::clone(&found.1);
        open.push(found);
        Some(snapshot)
    }
}
