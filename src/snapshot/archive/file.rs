//! `archive.toml`: what an archive is, beside its snapshots, so that losing the configuration loses nothing.
//!
//! Write-once like everything else: a changed specification publishes `archive-2.toml`, then `-3`; the
//! highest number counts, and the ones before it are deleted afterwards.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::format::sealed_text::{open_text, seal_text};
use crate::fs::{bytes_path, escaped};
use crate::repository::storage::{Storage, publish_bytes, read_bytes};
use crate::snapshot::file::SnapshotHeader;
use crate::snapshot::path_text;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;

/// The version of the format of archives that this program writes.
pub const ARCHIVE_FORMAT: u32 = 1;

const FIRST_NAME: &str = "archive.toml";
const MAX_LEN: u64 = 16 << 20;
const HEADING: &str = "# An archive of Gibus, a backup program: the snapshots beside this file.\n\
    # Written by the program; a change by hand is taken for damage.\n";

/// What `archive.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveFile {
    /// [`ARCHIVE_FORMAT`].
    pub format: u32,
    pub id: Id,
    pub name: ArchiveName,
    /// The computer and the user that it was made for and by.
    pub host: String,
    pub user: String,
    pub repository: RepositoryRef,
    pub specification: Specification,
}

/// Which repository keeps the contents, and where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryRef {
    pub id: Id,
    /// Its folder when this was written; the id tells whether what is there now is the same one.
    #[serde(with = "path_text::one")]
    pub place: PathBuf,
}

impl ArchiveFile {
    /// As stored: TOML with a heading, and a last line that holds its checksum.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let body = toml::to_string(self)
            .map_err(|e| Error::invalid("write the archive's file", e.to_string()))?;
        Ok(seal_text(&format!("{HEADING}{body}")).into_bytes())
    }

    /// Reads what [`ArchiveFile::to_bytes`] wrote. The specification is not validated: an archive whose rules
    /// this version refuses can be read all the same.
    ///
    /// Errors: [`ErrorKind::Damaged`]; [`ErrorKind::Unsupported`] for a format from the future.
    pub fn from_bytes(bytes: &[u8]) -> Result<ArchiveFile> {
        const ATTEMPTED: &str = "read the archive's file";
        let text = open_text(bytes)?;
        let damaged = |e: toml::de::Error| {
            Error::damaged(ATTEMPTED, escaped(e.message().as_bytes()).to_string())
        };
        let version: Version = toml::from_str(&text).map_err(damaged)?;
        if version.format != ARCHIVE_FORMAT {
            return Err(Error::new(ErrorKind::Unsupported, ATTEMPTED)
                .because(format!("it has format {}", version.format))
                .advise("use a newer version of Gibus"));
        }
        let stored: Stored = toml::from_str(&text).map_err(damaged)?;
        Ok(ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: stored.id,
            name: stored.name,
            host: stored.host,
            user: stored.user,
            repository: stored.repository,
            specification: Specification::from_stored(stored.specification).map_err(damaged)?,
        })
    }

    /// What the header of one of its snapshots tells of an archive whose own file is lost.
    pub fn from_header(header: &SnapshotHeader) -> ArchiveFile {
        let archive = &header.archive;
        // The header may come from anywhere. A name that is none is replaced; a specification that cannot be
        // read comes out empty, which no backup accepts.
        let name = ArchiveName::new(archive.name.as_str());
        let specification = toml::from_str(&header.specification).ok();
        let specification = specification.and_then(|table| Specification::from_stored(table).ok());
        ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: archive.id,
            name: name.unwrap_or_default(),
            host: archive.host.clone(),
            user: archive.user.clone(),
            repository: RepositoryRef {
                id: header.repository.id,
                place: bytes_path(&header.repository.place).to_owned(),
            },
            specification: specification.unwrap_or_default(),
        }
    }
}

/// Read first: what a later format has beside it is anybody's guess.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// [`ArchiveFile`] as a file may have it: a later version may add fields within the same format.
#[derive(Deserialize)]
struct Stored {
    id: Id,
    name: ArchiveName,
    host: String,
    user: String,
    repository: RepositoryRef,
    specification: toml::Table,
}

/// Publishes the file with the next number, then deletes the ones before it.
pub fn publish(storage: &dyn Storage, file: &ArchiveFile) -> Result<()> {
    let existing = numbered(storage)?;
    let next = existing
        .last()
        .map_or(1, |(number, _)| number.saturating_add(1));
    publish_bytes(storage, &name(next), &file.to_bytes()?)?;
    if existing.is_empty() {
        return Ok(());
    }
    for (_, old) in existing {
        storage.delete(&old)?;
    }
    storage.flush_deletions("")
}

/// Reads the newest one; `None` where there is none.
pub fn read(storage: &dyn Storage) -> Result<Option<ArchiveFile>> {
    read_newest(storage, &storage.names("")?)
}

/// Reads the newest one of those among the files in the folder.
pub fn read_newest(storage: &dyn Storage, names: &[String]) -> Result<Option<ArchiveFile>> {
    let Some((_, newest)) = numbered_among(names).pop() else {
        return Ok(None);
    };
    let at = format!("{}/{newest}", storage.describe());
    let bytes = read_bytes(storage, &newest, MAX_LEN)?;
    let file = ArchiveFile::from_bytes(&bytes).map_err(|e| match e.kind() {
        ErrorKind::Damaged => e.at(at).advise("`gibus repo repair` makes it anew"),
        _ => e.at(at),
    })?;
    Ok(Some(file))
}

fn name(number: u32) -> String {
    match number {
        1 => FIRST_NAME.to_owned(),
        number => format!("archive-{number}.toml"),
    }
}

/// The number of an archive's file, by its name.
pub fn number_of(name: &str) -> Option<u32> {
    if name == FIRST_NAME {
        return Some(1);
    }
    let digits = name.strip_prefix("archive-")?.strip_suffix(".toml")?;
    if digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number| *number > 1)
}

/// The files that exist, lowest number first.
pub fn numbered(storage: &dyn Storage) -> Result<Vec<(u32, String)>> {
    Ok(numbered_among(&storage.names("")?))
}

fn numbered_among(names: &[String]) -> Vec<(u32, String)> {
    let numbered = names
        .iter()
        .filter_map(|name| Some((number_of(name)?, name.clone())));
    let mut found: Vec<(u32, String)> = numbered.collect();
    found.sort();
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn sample() -> ArchiveFile {
        ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: Id([1; 16]),
            name: ArchiveName::new("docs").unwrap(),
            host: "laptop".into(),
            user: "me".into(),
            repository: RepositoryRef {
                id: Id([2; 16]),
                place: bytes_path(b"/mnt/caf\xe9/gibus.d/repos/me/main").to_owned(),
            },
            specification: Specification::of(vec!["/home/me".into()]),
        }
    }

    #[test]
    fn an_archives_file_reads_back_as_it_was_written() {
        let bytes = sample().to_bytes().unwrap();
        assert_eq!(ArchiveFile::from_bytes(&bytes).unwrap(), sample());
    }

    #[test]
    fn any_damage_is_found() {
        let bytes = sample().to_bytes().unwrap();
        for position in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[position] ^= 4;
            let error = ArchiveFile::from_bytes(&bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "byte {position}");
            assert!(ArchiveFile::from_bytes(&bytes[..position]).is_err());
        }
    }

    fn edited(edit: impl Fn(&str) -> String) -> Result<ArchiveFile> {
        let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
        let body = open_text(text.as_bytes()).unwrap();
        ArchiveFile::from_bytes(seal_text(&edit(&body)).as_bytes())
    }

    #[test]
    fn fields_that_a_later_version_added_are_passed_over() {
        let file = edited(|body| {
            let body = body.replace("format = 1", "format = 1\ncolour = 'blue'");
            body + "exclude_weather = 'rain'\n"
        });
        assert_eq!(file.unwrap(), sample());
    }

    #[test]
    fn a_later_format_is_not_taken_for_damage() {
        let file = edited(|body| body.replace("format = 1", "format = 2"));
        let error = file.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("newer version"), "{error}");
    }

    #[test]
    fn numbers_come_from_names() {
        assert_eq!(number_of("archive.toml"), Some(1));
        assert_eq!(number_of("archive-12.toml"), Some(12));
        for other in [
            "archive-1.toml",
            "archive-02.toml",
            "archive-+2.toml",
            "archive-x.toml",
            "x",
        ] {
            assert_eq!(number_of(other), None);
        }
    }
}
