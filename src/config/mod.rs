//! The configuration: which repositories and archives this user has, by name.
//!
//! ```text
//! <directory>/repositories/NAME.toml      its id and place
//! <directory>/archives/NAME.toml          its id and place, the repository's name, the specification
//! ```
//!
//! One small TOML file each, so that people can read, edit, copy and delete them, and so that one bad file
//! spoils nothing else. Losing all of it loses nothing: `snapshot::exigency` finds everything again.
//!
//! A field that is not known is refused, with its line: in a file that people edit, a mistyped
//! `exclude_dir` that silently did nothing would be found out on the wrong day.
//!
//! The catalog reads this for the command line and the window; the engine is handed values.

pub mod write;

use std::fmt::Display;
use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::snapshot::path_text;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::specification::{Specification, toml_error};
use write::Existing;

const EXTENSION: &str = "toml";
/// Nobody writes more by hand.
const MAX_LEN: u64 = 16 << 20;

/// A repository of this user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryEntry {
    /// What is at `place` must have this id, or it is another disk that is mounted there.
    pub id: Id,
    #[serde(with = "path_text::one")]
    pub place: PathBuf,
}

/// An archive of this user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveEntry {
    pub id: Id,
    #[serde(with = "path_text::one")]
    pub place: PathBuf,
    /// The name under which this configuration has its repository.
    pub repository: RepositoryName,
    /// What the next backup goes by.
    pub specification: Specification,
}

/// The configuration in one directory.
#[derive(Clone, Debug)]
pub struct Config {
    pub repositories: Entries<RepositoryName, RepositoryEntry>,
    pub archives: Entries<ArchiveName, ArchiveEntry>,
}

impl Config {
    /// The configuration in `directory`, which need not be there yet. Nothing is read or written by this.
    pub fn new(directory: &Path) -> Config {
        Config {
            repositories: Entries::new(directory, "repositories", "repository"),
            archives: Entries::new(directory, "archives", "archive"),
        }
    }

    /// The name of the repository with this id, if one that can be read has it.
    pub fn repository_with_id(&self, id: Id) -> Result<Option<RepositoryName>> {
        let all = self.repositories.all()?;
        let found = all
            .into_iter()
            .find(|(_, entry)| entry.as_ref().is_ok_and(|e| e.id == id));
        Ok(found.map(|(name, _)| name))
    }

    /// The name of the archive with this id, if one that can be read has it.
    pub fn archive_with_id(&self, id: Id) -> Result<Option<ArchiveName>> {
        let all = self.archives.all()?;
        let found = all
            .into_iter()
            .find(|(_, entry)| entry.as_ref().is_ok_and(|e| e.id == id));
        Ok(found.map(|(name, _)| name))
    }

    /// The archives that keep their contents in this repository.
    ///
    /// Errors: those of the first archive that cannot be read, since it may be one of them.
    pub fn archives_of(&self, repository: &RepositoryName) -> Result<Vec<ArchiveName>> {
        let mut names = Vec::new();
        for (name, entry) in self.archives.all()? {
            if entry?.repository == *repository {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// All entries of one kind: a folder with a file for each.
#[derive(Clone, Debug)]
pub struct Entries<N, E> {
    folder: PathBuf,
    /// For messages.
    what: &'static str,
    kinds: PhantomData<fn() -> (N, E)>,
}

impl<N, E> Entries<N, E>
where
    N: FromStr<Err = Error> + Display + Ord,
    E: Serialize + DeserializeOwned,
{
    fn new(directory: &Path, folder: &str, what: &'static str) -> Entries<N, E> {
        Entries {
            folder: directory.join(folder),
            what,
            kinds: PhantomData,
        }
    }

    /// The file of an entry, whether there is one or not.
    pub fn path_of(&self, name: &N) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }

    /// The names of all entries, sorted.
    pub fn names(&self) -> Result<Vec<N>> {
        let attempted = "list the configuration in";
        let listing = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.context(attempted, &self.folder)?,
        };
        let mut names = Vec::new();
        for file in listing {
            let path = file.context(attempted, &self.folder)?.path();
            // Editors leave hidden files and copies with other endings.
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let stem = stem.filter(|_| path.extension().is_some_and(|e| e == EXTENSION));
            if let Some(name) = stem.and_then(|stem| stem.parse().ok()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// All entries, sorted by name; one that cannot be read does not hide the others.
    pub fn all(&self) -> Result<Vec<(N, Result<E>)>> {
        let names = self.names()?.into_iter();
        Ok(names
            .map(|name| {
                let entry = self.get(&name);
                (name, entry)
            })
            .collect())
    }

    /// Errors: [`ErrorKind::NotFound`], with the names that there are; [`ErrorKind::Invalid`], with the line,
    /// for a file that is not as it should be.
    pub fn get(&self, name: &N) -> Result<E> {
        let path = self.path_of(name);
        let attempted = format!("read the configuration of the {} in", self.what);
        let text = match read_limited(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(self.unknown(name)),
            text => text.context(&attempted, &path)?,
        };
        toml::from_str(&text).map_err(|e| toml_error(&attempted, &text, &e).at(&path))
    }

    fn unknown(&self, name: &N) -> Error {
        let error = Error::new(
            ErrorKind::NotFound,
            format!("find the {} {name}", self.what),
        )
        .because("there is none of that name in the configuration");
        let names: Vec<String> = match self.names() {
            Ok(names) => names.iter().map(N::to_string).collect(),
            Err(_) => Vec::new(),
        };
        if names.is_empty() {
            error.advise(format!("there is no {} at all yet", self.what))
        } else {
            error.advise(format!("these are there: {}", names.join(", ")))
        }
    }

    /// For what is better found out before anything is made.
    ///
    /// Errors: [`ErrorKind::AlreadyExists`] when the name is taken.
    pub fn expect_free(&self, name: &N) -> Result<()> {
        if !self.names()?.contains(name) {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::AlreadyExists, format!("take the name {name}"))
                .because("the configuration has one of that name already")
                .advise("choose another name"),
        )
    }

    /// Adds an entry.
    ///
    /// Errors: [`ErrorKind::AlreadyExists`] when the name is taken.
    pub fn add(&self, name: &N, entry: &E) -> Result<()> {
        self.write(name, entry, Existing::Keep)
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => error
                    .because("there is one of that name already")
                    .advise("choose another name"),
                _ => error,
            })
    }

    /// Changes an entry, or adds it.
    pub fn set(&self, name: &N, entry: &E) -> Result<()> {
        self.write(name, entry, Existing::Replace)
    }

    fn write(&self, name: &N, entry: &E, existing: Existing) -> Result<()> {
        let path = self.path_of(name);
        let text = toml::to_string(entry)
            .map_err(|e| Error::invalid("write the configuration", e.to_string()).at(&path))?;
        write::make_folder(&self.folder)?;
        write::write(&path, text.as_bytes(), existing)
    }

    /// Removes an entry; what it stands for is left alone.
    ///
    /// Errors: [`ErrorKind::NotFound`].
    pub fn remove(&self, name: &N) -> Result<()> {
        let path = self.path_of(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(self.unknown(name)),
            removed => {
                removed.context("remove the configuration", &path)?;
                write::sync_folder(&self.folder)
            }
        }
    }
}

fn read_limited(path: &Path) -> io::Result<String> {
    use io::Read;
    let file = fs::File::open(path)?;
    if file.metadata()?.len() > MAX_LEN {
        return Err(io::Error::other("it is too long to be a configuration"));
    }
    let mut text = String::new();
    file.take(MAX_LEN).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
