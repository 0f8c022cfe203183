//! What all threads of a running backup share: how it goes, and whether it is over.
//!
//! The first error that concerns the whole run is kept and stops every thread; whatever fails after it
//! fails because of it. Errors of single files never come here, they are reported to the monitor.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::progress::{Monitor, lock};

/// With more entries than this held back, scanning waits for reading: about 50 MB. In tests few are, so
/// that they meet it.
const MOST_HELD: u64 = if cfg!(test) { 100 } else { 200_000 };

pub struct Flow<'a> {
    pub monitor: &'a Monitor,
    is_over: AtomicBool,
    failure: Mutex<Option<Error>>,
    /// Entries that were found and are not yet in the snapshot file.
    held: AtomicU64,
    /// The next folder of the snapshot file lacks nothing but files that are being read.
    waits_for_reading: AtomicBool,
    found_files: AtomicU64,
    found_bytes: AtomicU64,
    pub read_files: AtomicU64,
    pub read_bytes: AtomicU64,
}

impl<'a> Flow<'a> {
    pub fn new(monitor: &'a Monitor) -> Flow<'a> {
        Flow {
            monitor,
            is_over: AtomicBool::new(false),
            failure: Mutex::new(None),
            held: AtomicU64::new(0),
            waits_for_reading: AtomicBool::new(false),
            found_files: AtomicU64::new(0),
            found_bytes: AtomicU64::new(0),
            read_files: AtomicU64::new(0),
            read_bytes: AtomicU64::new(0),
        }
    }

    /// Ends the run with an error; the first one counts.
    pub fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// [`Flow::fail`] with the error, if it is one.
    pub fn fail_if(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.fail(error);
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || self.monitor.is_cancelled()
    }

    /// An error once the run is over. Which one does not matter: the cause was kept.
    pub fn check(&self) -> Result<()> {
        if self.is_over() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    /// The error that ended the run.
    pub fn into_outcome(self) -> Result<()> {
        match self.failure.into_inner() {
            Ok(None) => self.monitor.check_cancelled(),
            Ok(Some(error)) => Err(error),
            Err(poisoned) => Err(poisoned.into_inner().unwrap_or_else(Error::cancelled)),
        }
    }

    /// Counts an entry of `bytes` bytes on its way to the snapshot file.
    pub fn hold(&self, bytes: u64) {
        self.held.fetch_add(1, Ordering::Relaxed);
        self.found_files.fetch_add(1, Ordering::Relaxed);
        self.found_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Everything was found: what is ahead in all is known.
    pub fn set_totals(&self) {
        let (files, bytes) = (&self.monitor.files_total, &self.monitor.bytes_total);
        files.store(self.found_files.load(Ordering::Relaxed), Ordering::Relaxed);
        bytes.store(self.found_bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Counts entries that have arrived there, or will not.
    pub fn release(&self, count: u64) {
        self.held.fetch_sub(count, Ordering::Relaxed);
    }

    pub fn set_waits_for_reading(&self, waits: bool) {
        self.waits_for_reading.store(waits, Ordering::Relaxed);
    }

    /// True when scanning has to wait: a long file is being read while everything that comes after it
    /// in the snapshot piles up.
    pub fn is_congested(&self) -> bool {
        self.held.load(Ordering::Relaxed) > MOST_HELD
            && self.waits_for_reading.load(Ordering::Relaxed)
    }

    /// Waits while that is so. Whoever waits must hold back nothing that is still to be read.
    pub fn wait_while_congested(&self) -> Result<()> {
        while self.is_congested() {
            self.check()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}
