//! The files of one folder, with what each takes.

use super::{FileKind, Sums};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::escaped;
use crate::repository::holdings::{Weight, Within};
use crate::snapshot::file::Snapshot;
use crate::snapshot::tree::{Kind, Name, Timestamp};

/// What one file takes. Bytes are those of [`super::Sums`]; where the names that have a content do not divide
/// what it takes evenly, a file may say a byte less than it counts for in the sums of its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUsage {
    pub name: Name,
    pub kind: FileKind,
    pub held_bytes: u64,
    pub stored_bytes: u64,
    pub alone_bytes: u64,
    pub new_bytes: u64,
    pub modified: Timestamp,
}

impl FileUsage {
    /// The same as sums over one file.
    pub fn sums(&self) -> Sums {
        let weight = Weight {
            stored_bytes: self.stored_bytes,
            alone_bytes: self.alone_bytes,
            new_bytes: self.new_bytes,
        };
        Sums::of_file(self.held_bytes, &weight)
    }
}

/// The regular files directly in the folder at an absolute path: those with the most stored bytes first, then
/// those with the most held bytes, then by name.
///
/// Errors: [`ErrorKind::NotFound`] if there is no such folder; those of reading the snapshot.
pub fn files_of(snapshot: &Snapshot, within: &Within<'_>, path: &[u8]) -> Result<Vec<FileUsage>> {
    let directory = snapshot.directory(path)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("list '{}'", escaped(path)))
            .because("there is no such folder in this snapshot")
    })?;
    let mut files = Vec::new();
    for entry in snapshot.entries(&directory) {
        let entry = entry?;
        let Kind::File(file) = &entry.kind else {
            continue;
        };
        let token = file.token.as_ref();
        let weight = token.map_or(Weight::default(), |token| within.weight(token.number));
        files.push(FileUsage {
            kind: FileKind::of(entry.name.as_bytes()),
            held_bytes: file.size,
            stored_bytes: weight.stored_bytes,
            alone_bytes: weight.alone_bytes,
            new_bytes: weight.new_bytes,
            modified: entry.attributes.modified,
            name: entry.name,
        });
    }
    files.sort_by(|a, b| {
        let by_bytes = (b.stored_bytes, b.held_bytes).cmp(&(a.stored_bytes, a.held_bytes));
        by_bytes.then_with(|| a.name.cmp(&b.name))
    });
    Ok(files)
}
