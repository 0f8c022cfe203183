//! How a command ends: exit codes, and errors on their way to the person.
//!
//! The engine's errors say what went wrong; a command knows what that means for whoever asked. "Not
//! found" is the case in point: a repository, archive or snapshot that does not exist is exit code 10,
//! a path that is not in a snapshot is 1. So a command turns errors into [`Failure`]s: with `?` for the
//! general rule, with [`Lookup`] where the thing asked for is itself what is missing.

use std::io;

use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::fs::escaped;

/// How the program ends. The numbers are those of restic where both have the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    /// Done, but some files could not be read or restored, or something was left undone.
    Incomplete = 3,
    /// No such repository, archive or snapshot.
    Missing = 10,
    Locked = 11,
    Interrupted = 130,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// What a command returns when it could not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// An error to show, and the exit code that goes with it.
    Error { error: Error, exit: Exit },
    /// What reads our standard output has gone away; there is nobody to tell.
    BrokenPipe,
}

pub type Outcome = Result<Exit, Failure>;

impl Failure {
    /// Wrong usage that the definitions of the command line cannot find themselves.
    pub fn usage(attempted: &str, why: impl Into<String>) -> Failure {
        Failure::from(Error::invalid(attempted, why))
    }

    /// Rightly used, and refused all the same, because of what is there.
    pub fn refused(error: Error) -> Failure {
        Failure::Error {
            error,
            exit: Exit::Failed,
        }
    }

    /// Why it failed, for a table that has a word for what was attempted.
    pub fn why(&self) -> String {
        match self {
            Failure::Error { error, .. } => error.why().to_owned(),
            Failure::BrokenPipe => "nobody reads the output".to_owned(),
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Failure::Error { exit, .. } => *exit,
            Failure::BrokenPipe => Exit::Done,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let exit = match error.kind() {
            ErrorKind::Invalid => Exit::Usage,
            ErrorKind::Locked => Exit::Locked,
            ErrorKind::Cancelled => Exit::Interrupted,
            _ => Exit::Failed,
        };
        Failure::Error { error, exit }
    }
}

/// An error of our own standard output, the one stream that commands write results to.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::BrokenPipe
        } else {
            Failure::from(Error::io("write to the standard output", &error))
        }
    }
}

/// For results of looking up what was asked for by name or by place.
pub trait Lookup<T> {
    /// "Not found" means that what was asked for does not exist: exit code 10.
    fn or_missing(self) -> Result<T, Failure>;

    /// As [`Lookup::or_missing`], for what was looked up in the configuration: one that cannot be used is no
    /// wrong usage of the command, but exit code 1.
    fn looked_up(self) -> Result<T, Failure>;
}

impl<T> Lookup<T> for crate::error::Result<T> {
    fn or_missing(self) -> Result<T, Failure> {
        self.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::Error {
                error,
                exit: Exit::Missing,
            },
            _ => Failure::from(error),
        })
    }

    fn looked_up(self) -> Result<T, Failure> {
        match self {
            Err(error) if error.kind() == ErrorKind::Invalid => Err(Failure::refused(error)),
            result => result.or_missing(),
        }
    }
}

/// An error as a JSON object, on standard error; described in `docs/json.md`.
#[derive(Serialize)]
struct JsonError<'a> {
    message_type: &'a str,
    code: u8,
    kind: &'a str,
    message: String,
}

/// Shows what went wrong on standard error: one line, or one JSON object. A standard error that cannot
/// be written to is nothing that could be reported anywhere.
pub fn show(failure: &Failure, as_json: bool) {
    if let Failure::Error { error, exit } = failure {
        show_error(&error.to_string(), name_of(error.kind()), *exit, as_json);
    }
}

/// Shows an error in words already chosen.
pub fn show_error(message: &str, kind: &str, exit: Exit, as_json: bool) {
    if as_json {
        let object = JsonError {
            message_type: "error",
            code: exit.code(),
            kind,
            message: message.to_owned(),
        };
        if let Ok(line) = super::json::to_line(&object) {
            super::output::complain(&line);
        }
    } else {
        super::output::complain(&format!("gibus: {}", printable(message)));
    }
}

/// Messages hold escaped names; what else could get into one is kept from the terminal here.
fn printable(message: &str) -> String {
    let lines: Vec<String> = message
        .split('\n')
        .map(|line| escaped(line.as_bytes()).to_string().replace("\\\\", "\\"))
        .collect();
    lines.join("\n")
}

/// The name of a kind of error in JSON.
pub fn name_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "invalid",
        ErrorKind::NotFound => "not_found",
        ErrorKind::AlreadyExists => "already_exists",
        ErrorKind::Locked => "locked",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Damaged => "damaged",
        ErrorKind::NoSpace => "no_space",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::ReadOnly => "read_only",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Io => "io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_error_decides_the_exit_code() {
        let code = |kind| Failure::from(Error::new(kind, "do it")).exit().code();
        assert_eq!(code(ErrorKind::Invalid), 2);
        assert_eq!(code(ErrorKind::NotFound), 1);
        assert_eq!(code(ErrorKind::Locked), 11);
        assert_eq!(code(ErrorKind::Cancelled), 130);
        assert_eq!(code(ErrorKind::Damaged), 1);
    }

    #[test]
    fn a_repository_that_does_not_exist_is_exit_code_10() {
        let missing: crate::error::Result<()> = Err(Error::new(ErrorKind::NotFound, "open"));
        assert_eq!(missing.or_missing().unwrap_err().exit().code(), 10);
        let damaged: crate::error::Result<()> = Err(Error::new(ErrorKind::Damaged, "open"));
        assert_eq!(damaged.or_missing().unwrap_err().exit().code(), 1);
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_no_wrong_usage() {
        let result = |kind| -> crate::error::Result<()> { Err(Error::new(kind, "open")) };
        let code = |kind| result(kind).looked_up().unwrap_err().exit().code();
        assert_eq!(code(ErrorKind::Invalid), 1);
        assert_eq!(code(ErrorKind::NotFound), 10);
        assert_eq!(code(ErrorKind::Locked), 11);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit(), Exit::Done);
        let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(failure.exit(), Exit::Failed);
    }

    #[test]
    fn a_message_keeps_its_escapes_and_gains_those_it_lacks() {
        assert_eq!(
            printable("a\\nb 'x'\nnext\x1b[0m"),
            "a\\nb 'x'\nnext\\x1b[0m"
        );
    }
}
