//! `gibus cat`: the content of a file in a snapshot, on the standard output.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure, Outcome};
use super::ls::find;
use super::paths;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::snapshot::tree::{FileEntry, Kind};

/// Print the content of a file in a snapshot
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The file: absolute, or relative to the current folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let snapshot = source::open(snapshots.select(&options.selection)?)?;
    let path = paths::absolute(&options.path)?;
    let path = path_bytes(&path);
    let refuse = |why: String| {
        let attempted = format!("print '{}'", escaped(path));
        Failure::from(Error::new(ErrorKind::Unsupported, attempted).because(why))
    };
    let entry = match snapshot.directory(path)? {
        Some(_) => return Err(refuse("it is a folder; 'gibus ls' lists it".to_owned())),
        None => find(&snapshot, path)?,
    };
    let file = match &entry.kind {
        Kind::File(file) => file,
        Kind::SymbolicLink { target } => {
            return Err(refuse(format!(
                "it is a symbolic link to '{}'",
                escaped(target)
            )));
        }
        _ => return Err(refuse("it is no regular file".to_owned())),
    };
    let Some(token) = &file.token else {
        let why = "it could not be read when the snapshot was made";
        return Err(refuse(why.to_owned()));
    };
    let repository = snapshots.repository(context, &snapshot)?;
    let mut content = repository.open_contents_read_only(token)?;
    copy(&mut content, file, context.out.raw()).map_err(|error| match error {
        Trouble::Reading(error) => Failure::from(
            Error::damaged(format!("read '{}'", escaped(path)), error.to_string())
                .advise("the output is incomplete; 'gibus repo check --read-data' tells more"),
        ),
        Trouble::Writing(error) => Failure::from(error),
    })?;
    Ok(Exit::Done)
}

enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
}

/// Writes a file whole: its content, with zeros where it has holes.
fn copy(content: &mut dyn Read, file: &FileEntry, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut position = 0;
    for hole in &file.holes {
        let before = hole.offset.saturating_sub(position);
        copy_bytes(&mut content.take(before), out)?;
        copy_bytes(&mut io::repeat(0).take(hole.len), out)?;
        position = hole.offset.saturating_add(hole.len);
    }
    copy_bytes(content, out)
}

fn copy_bytes(from: &mut dyn Read, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Trouble::Reading(error)),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        out.write_all(bytes).map_err(Trouble::Writing)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tree::Extent;

    #[test]
    fn holes_come_out_as_zeros() {
        let file = FileEntry {
            size: 12,
            token: None,
            holes: vec![Extent { offset: 2, len: 3 }, Extent { offset: 8, len: 4 }],
        };
        let mut out = Vec::new();
        assert!(copy(&mut &b"abcde"[..], &file, &mut out).is_ok());
        assert_eq!(out, b"ab\0\0\0cde\0\0\0\0");
    }
}
