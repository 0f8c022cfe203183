//! What is open, by the numbers that the kernel was given.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fuser::FileHandle;
use rustix::io::Errno;

type Result<T> = rustix::io::Result<T>;

pub(super) struct Handles<T> {
    open: Mutex<HashMap<u64, Arc<T>>>,
    next: AtomicU64,
}

impl<T> Handles<T> {
    pub(super) fn new() -> Handles<T> {
        Handles {
            open: Mutex::new(HashMap::new()),
            next: AtomicU64::new(1),
        }
    }

    pub(super) fn add(&self, value: T) -> FileHandle {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(number, Arc::new(value));
        FileHandle(number)
    }

    pub(super) fn get(&self, number: FileHandle) -> Result<Arc<T>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&number.0).cloned().ok_or(Errno::BADF)
    }

    /// Whether something that is open is like that.
    pub(super) fn has(&self, is_meant: impl Fn(&T) -> bool) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().any(|value| is_meant(value))
    }

    pub(super) fn remove(&self, number: FileHandle) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&number.0);
    }
}
