//! `repository.toml`: what a repository is, and how it stores what comes next.
//!
//! Write-once like everything else: a changed setting publishes `repository-2.toml`, then `-3`; the
//! highest number counts, and the ones before it are deleted afterwards. Layout and codec say only how
//! *new* contents are stored: every row of a content table says for itself where its content is, so a
//! repository in the middle of a conversion is as readable as any other.

use serde::{Deserialize, Serialize};

use super::guess::guess_settings;
use super::storage::{Storage, discard, publish_bytes, read_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::format::sealed_text::{open_text, seal_text};

/// The version of the repository's format as a whole.
pub const REPOSITORY_FORMAT: u32 = 1;

const FIRST_NAME: &str = "repository.toml";
/// How many times it is looked for.
const ATTEMPTS: usize = 3;
const MAX_LEN: u64 = 64 << 10;

/// How contents are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Many contents in each pack file, small ones compressed together.
    Packed,
    /// One file a content, at a path made of its SHA-1.
    Loose,
}

impl Layout {
    pub fn name(self) -> &'static str {
        match self {
            Layout::Packed => "packed",
            Layout::Loose => "loose",
        }
    }
}

/// How new contents are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    pub layout: Layout,
    pub codec: Codec,
    /// The codec's compression level; 0 for [`Codec::None`].
    pub level: i32,
}

impl Settings {
    /// Settings with the codec's own default level unless one is given.
    ///
    /// Errors: [`ErrorKind::Invalid`] for a level that the codec does not have.
    pub fn new(layout: Layout, codec: Codec, level: Option<i32>) -> Result<Settings> {
        let level = level.unwrap_or(codec.default_level());
        let (lowest, highest) = codec.levels();
        if !(lowest..=highest).contains(&level) {
            return Err(Error::invalid(
                format!("use compression level {level}"),
                match codec {
                    Codec::None => "the codec 'none' has no levels".to_owned(),
                    _ => format!(
                        "the levels of {} go from {lowest} to {highest}",
                        codec.name()
                    ),
                },
            ));
        }
        Ok(Settings {
            layout,
            codec,
            level,
        })
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            layout: Layout::Packed,
            codec: Codec::Zstd,
            level: Codec::Zstd.default_level(),
        }
    }
}

/// The contents of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryFile {
    pub format: u32,
    pub id: Id,
    pub layout: Layout,
    pub codec: Codec,
    pub level: i32,
}

impl RepositoryFile {
    pub fn settings(&self) -> Settings {
        Settings {
            layout: self.layout,
            codec: self.codec,
            level: self.level,
        }
    }
}

const HEADING: &str = "# A repository of Gibus, a backup program: the contents of files, each kept once.\n\
     # Written by the program; a change by hand is taken for damage.\n";

/// Publishes the file with the next number, then deletes the ones before it.
pub fn publish(storage: &dyn Storage, file: &RepositoryFile) -> Result<()> {
    publish_as(storage, file, 1)
}

fn publish_as(storage: &dyn Storage, file: &RepositoryFile, lowest: u32) -> Result<()> {
    let existing = numbered(storage)?;
    let next = existing.last().map_or(1, |(number, _)| number + 1);
    let next = next.max(lowest);
    let body = toml::to_string(file)
        .map_err(|e| Error::invalid("write the repository's settings", e.to_string()))?;
    let text = seal_text(&format!("{HEADING}{body}"));
    publish_bytes(storage, &name(next), text.as_bytes())?;
    for (_, old) in existing {
        discard(storage, &old)?;
    }
    Ok(())
}

/// Reads the newest one.
///
/// Errors: [`ErrorKind::NotFound`] where there is no repository, [`ErrorKind::Damaged`],
/// [`ErrorKind::Unsupported`] for a format from the future.
pub fn read(storage: &dyn Storage) -> Result<RepositoryFile> {
    let existing = numbered(storage)?;
    let Some((_, newest)) = existing.last() else {
        return Err(Error::new(ErrorKind::NotFound, "open the repository")
            .at(storage.describe())
            .because("there is no repository.toml in it")
            .advise("is the disk or share mounted?"));
    };
    let bytes = read_bytes(storage, newest, MAX_LEN)?;
    let text = open_text(&bytes).map_err(|e| e.at(format!("{}/{newest}", storage.describe())))?;
    let file: RepositoryFile = toml::from_str(&text).map_err(|e| {
        // A later format may have fields that this one does not know.
        Error::new(ErrorKind::Unsupported, "read the repository's settings")
            .at(format!("{}/{newest}", storage.describe()))
            .because(e.message().to_owned())
            .advise("was it made by a newer version of Gibus?")
    })?;
    if file.format > REPOSITORY_FORMAT {
        return Err(Error::new(ErrorKind::Unsupported, "open the repository")
            .at(storage.describe())
            .because(format!("it has format {}", file.format))
            .advise("use a newer version of Gibus"));
    }
    Ok(file)
}

/// [`read`], but where the file is damaged or lost what can be guessed, with what is wrong with the file.
/// Enough for everything that does not store.
pub fn read_or_guess(storage: &dyn Storage) -> Result<(RepositoryFile, Option<Error>)> {
    let mut attempts = 0;
    let error = loop {
        match read(storage) {
            Ok(file) => return Ok((file, None)),
            // A conversion may have replaced it between the list and its opening.
            Err(error) if error.kind() == ErrorKind::NotFound && attempts < ATTEMPTS => {
                attempts += 1
            }
            Err(error) => break error,
        }
    };
    if !matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NotFound) {
        return Err(error);
    }
    let newest = numbered(storage)?.pop();
    let text = newest.and_then(|(_, name)| read_bytes(storage, &name, MAX_LEN).ok());
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    match guess_settings(storage, text.as_deref()) {
        Some(file) => {
            let error = error.advise("`gibus repo repair` makes it anew");
            Ok((file, Some(error)))
        }
        None => Err(error),
    }
}

/// Publishes settings that were guessed. As those before are not known, they may have been others.
pub fn publish_guessed(storage: &dyn Storage, file: &RepositoryFile) -> Result<()> {
    publish_as(storage, file, 2)
}

/// Whether the settings were ever changed, so that there may be contents in another layout.
pub fn was_changed(storage: &dyn Storage) -> Result<bool> {
    Ok(numbered(storage)?
        .last()
        .is_some_and(|(number, _)| *number > 1))
}

fn name(number: u32) -> String {
    if number == 1 {
        FIRST_NAME.to_owned()
    } else {
        format!("repository-{number}.toml")
    }
}

/// The settings files that exist, lowest number first.
fn numbered(storage: &dyn Storage) -> Result<Vec<(u32, String)>> {
    let mut found: Vec<(u32, String)> = storage
        .names("")?
        .into_iter()
        .filter_map(|name| Some((number_of(&name)?, name)))
        .collect();
    found.sort();
    Ok(found)
}

/// The number of a settings file, by its name.
pub fn number_of(name: &str) -> Option<u32> {
    if name == FIRST_NAME {
        return Some(1);
    }
    let digits = name.strip_prefix("repository-")?.strip_suffix(".toml")?;
    digits.parse().ok().filter(|number| *number > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_outside_the_codecs_are_refused() {
        assert!(Settings::new(Layout::Packed, Codec::Gzip, Some(10)).is_err());
        assert!(Settings::new(Layout::Packed, Codec::None, Some(1)).is_err());
        let settings = Settings::new(Layout::Loose, Codec::Zstd, None).unwrap();
        assert_eq!(settings.level, 3);
    }

    #[test]
    fn numbers_come_from_names() {
        assert_eq!(number_of("repository.toml"), Some(1));
        assert_eq!(number_of("repository-12.toml"), Some(12));
        assert_eq!(number_of("repository-1.toml"), None);
        assert_eq!(number_of("repository-x.toml"), None);
    }
}
