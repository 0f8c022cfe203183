//! A file being written, invisible until it is published.
//!
//! What is written is gathered in memory. A file that stays small is made only when it is published, by
//! one of several threads, and costs no open file until then; a bigger one is made when the memory is full.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::{Place, TEMPORARY};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::repository::process::Process;
use crate::repository::storage::{NewFile, waiting};

/// Written to the file at once: each is a round trip to a share, or several.
const BUFFER_LEN: usize = 1 << 20;

pub(super) struct LocalNewFile {
    pub(super) place: Arc<Place>,
    buffer: Vec<u8>,
    file: Option<File>,
    /// Its name in the storage while it has one that is temporary.
    temporary: Option<String>,
    /// Set when a write failed: bytes are missing.
    is_broken: bool,
}

impl LocalNewFile {
    pub(super) fn new(place: Arc<Place>) -> LocalNewFile {
        LocalNewFile {
            place,
            buffer: Vec::new(),
            file: None,
            temporary: None,
            is_broken: false,
        }
    }

    /// Hands all that is left to the operating system, and makes it durable if `is_synced`. The file is
    /// closed then. An error of a share or a quota that shows only when a file is closed shows in
    /// the sync, which sends everything; only local file systems, which have no such errors, are closed
    /// without one. `name` is the one it shall have, for messages.
    pub(super) fn complete(&mut self, is_synced: bool, name: &str) -> Result<()> {
        let at = self.place.full_path(name);
        if self.is_broken {
            return Err(Error::new(ErrorKind::Io, "publish")
                .because("not all of it could be written")
                .at(at));
        }
        self.write_buffer().context("write", &at)?;
        if let Some(file) = self.file.take()
            && is_synced
        {
            // Not tried again when it fails: the system has dropped what it could not write, and a
            // second call would report success.
            file.sync_data().context("make durable", &at)?;
        }
        self.buffer = Vec::new();
        Ok(())
    }

    /// Its temporary name; there is one once it is complete.
    pub(super) fn temporary(&self) -> &str {
        self.temporary.as_deref().unwrap_or_default()
    }

    /// It has its final name: nothing is left to clean up.
    pub(super) fn forget_temporary(&mut self) {
        self.temporary = None;
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let done = self.write_through(&buffer);
        buffer.clear();
        self.buffer = buffer;
        done
    }

    fn write_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        let _call = waiting::note("write to", &self.place.path);
        let written = self.open().and_then(|mut file| file.write_all(bytes));
        self.is_broken |= written.is_err();
        written
    }

    fn open(&mut self) -> io::Result<&File> {
        match self.file {
            Some(ref file) => Ok(file),
            None => {
                let (file, name) = make(&self.place)?;
                self.temporary = Some(name);
                Ok(self.file.insert(file))
            }
        }
    }
}

/// Makes a new file in the folder for temporary ones.
fn make(place: &Place) -> io::Result<(File, String)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let mut has_folder = false;
    loop {
        let random = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
        let name = format!("{TEMPORARY}/{}-{random:016x}", Process::current());
        match retry_on_intr(|| rustix::fs::openat(&place.root, name.as_str(), flags, mode)) {
            Ok(file) => return Ok((File::from(file), name)),
            Err(Errno::NOENT) if !has_folder => {
                place.make_folder(TEMPORARY).map_err(into_io)?;
                has_folder = true;
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// [`Write`] knows only the errors of the system.
fn into_io(error: Error) -> io::Error {
    match error.os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        // The folder of the storage itself is gone.
        None => Errno::STALE.into(),
    }
}

impl Write for LocalNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_LEN {
            self.write_buffer()?;
        }
        if bytes.len() >= BUFFER_LEN {
            self.write_through(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    /// Nothing to do: nobody sees the file before it is published.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl NewFile for LocalNewFile {
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

impl Drop for LocalNewFile {
    fn drop(&mut self) {
        if let Some(name) = self.temporary.take() {
            self.file = None;
            // What cannot be deleted now is found by `leftovers` later.
            let _ = rustix::fs::unlinkat(&self.place.root, name.as_str(), AtFlags::empty());
        }
    }
}
