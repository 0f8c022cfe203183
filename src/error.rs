//! The one error type of the engine.
//!
//! An error is read by a person on a bad day, so it always says four things: what was attempted, on
//! what, why it failed, and (where there is something) what to do next. [`ErrorKind`] is what
//! programs look at: the command line turns it into an exit code, the engine decides by it whether a
//! fault concerns one file or the whole run.
//!
//! File names inside messages are escaped when the message is made ([`crate::fs::escaped`]), so a
//! message can go to a terminal or a log as it is.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::escaped_path;

pub type Result<T> = std::result::Result<T, Error>;

/// What sort of failure this is, for code that has to decide something by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Input that cannot be used as it is: a bad name, a bad pattern, options that contradict.
    Invalid,
    /// The repository, archive, snapshot or path asked for does not exist.
    NotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// Another process holds a lock that stands in the way.
    Locked,
    /// The cancel flag was set.
    Cancelled,
    /// Stored bytes are not what was stored.
    Damaged,
    /// No space, no inodes or no quota left.
    NoSpace,
    /// The place itself is gone: unmounted, unplugged, not answering.
    Unavailable,
    /// The place cannot be written to.
    ReadOnly,
    /// A format or a feature that this version does not know.
    Unsupported,
    /// Any other failure of the operating system.
    Io,
}

/// An error: what was attempted, on what, why it failed, what to do next.
#[derive(Clone, Debug)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: ErrorKind,
    attempted: String,
    at: Option<PathBuf>,
    why: Option<String>,
    advice: Option<String>,
    os: Option<i32>,
}

impl Error {
    /// An error of `kind` while doing `attempted` (a phrase that fits after "could not").
    pub fn new(kind: ErrorKind, attempted: impl Into<String>) -> Error {
        Error(Box::new(Parts {
            kind,
            attempted: attempted.into(),
            at: None,
            why: None,
            advice: None,
            os: None,
        }))
    }

    /// From a failed system call, while doing `attempted`.
    pub fn io(attempted: impl Into<String>, source: &io::Error) -> Error {
        let mut error = Error::new(kind_of_io(source), attempted).because(describe_io(source));
        error.0.os = source.raw_os_error();
        error
    }

    /// Stored bytes that are not what was stored.
    pub fn damaged(attempted: impl Into<String>, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::Damaged, attempted).because(why)
    }

    /// Input that cannot be used.
    pub fn invalid(attempted: impl Into<String>, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid, attempted).because(why)
    }

    /// The work was stopped by its cancel flag.
    pub fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "finish").because("it was interrupted")
    }

    /// Names the path or object concerned, unless a deeper layer has named one already.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Error {
        if self.0.at.is_none() {
            self.0.at = Some(path.as_ref().to_owned());
        }
        self
    }

    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Error {
        self.0.why = Some(why.into());
        self
    }

    /// Says what the person can do next.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Error {
        self.0.advice = Some(advice.into());
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The path or object concerned, where one was named.
    pub fn path(&self) -> Option<&Path> {
        self.0.at.as_deref()
    }

    /// The number of the operating system's error, when there was one.
    pub fn os_error(&self) -> Option<i32> {
        self.0.os
    }

    /// Whether somebody has the file open, on a share that does not delete such files (SMB).
    pub fn is_in_use(&self) -> bool {
        let errno = self.0.os.map(rustix::io::Errno::from_raw_os_error);
        errno.is_some_and(crate::fs::is_in_use)
    }

    /// What was attempted, a phrase that fits after "could not".
    pub fn attempted(&self) -> &str {
        &self.0.attempted
    }

    /// Why it failed, without what was attempted and without advice.
    pub fn why(&self) -> &str {
        self.0.why.as_deref().unwrap_or(self.0.attempted.as_str())
    }

    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// True for what stops a whole run wherever it strikes: a full or vanished disk, a cancel.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::NoSpace
                | ErrorKind::Unavailable
                | ErrorKind::ReadOnly
                | ErrorKind::Cancelled
                | ErrorKind::Locked
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.0;
        write!(f, "could not {}", parts.attempted)?;
        if let Some(at) = &parts.at {
            write!(f, " '{}'", escaped_path(at))?;
        }
        if let Some(why) = &parts.why {
            write!(f, ": {why}")?;
        }
        if let Some(advice) = &parts.advice {
            write!(f, " ({advice})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Adds what was attempted, and where, to the error of a system call.
pub trait Context<T> {
    /// `attempted` fits after "could not": `.context("open", path)`.
    fn context(self, attempted: &str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, attempted: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error::io(attempted, &source).at(path))
    }
}

impl<T> Context<T> for rustix::io::Result<T> {
    fn context(self, attempted: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|errno| Error::io(attempted, &io::Error::from(errno)).at(path))
    }
}

fn kind_of_io(source: &io::Error) -> ErrorKind {
    use rustix::io::Errno;
    let errno = source.raw_os_error().map(Errno::from_raw_os_error);
    match errno {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => ErrorKind::NoSpace,
        Some(Errno::ROFS) => ErrorKind::ReadOnly,
        Some(
            Errno::STALE
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NOTCONN
            | Errno::NODEV
            | Errno::NXIO
            | Errno::TIMEDOUT
            | Errno::CONNABORTED
            | Errno::CONNRESET,
        ) => ErrorKind::Unavailable,
        _ => match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            io::ErrorKind::UnexpectedEof => ErrorKind::Damaged,
            _ => ErrorKind::Io,
        },
    }
}

/// The operating system's words, without Rust's "(os error 28)".
fn describe_io(source: &io::Error) -> String {
    let text = source.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_where_why_and_what_next() {
        let error = Err::<(), _>(io::Error::from_raw_os_error(28))
            .context("write the pack", "/mnt/nas/a\x1bb")
            .unwrap_err()
            .advise("free some space and run it again");
        assert_eq!(
            error.to_string(),
            "could not write the pack '/mnt/nas/a\\x1bb': no space left on device \
             (free some space and run it again)"
        );
        assert_eq!(error.kind(), ErrorKind::NoSpace);
        assert!(error.is_fatal());
    }

    #[test]
    fn the_deepest_path_is_kept() {
        let error = Error::new(ErrorKind::Io, "read").at("inner").at("outer");
        assert_eq!(error.to_string(), "could not read 'inner'");
    }
}
