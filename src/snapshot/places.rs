//! Where repositories and archives lie below a location, and what they may be called.
//!
//! ```text
//! <location>/gibus.d/repos/<user>/<name>/
//! <location>/gibus.d/snapshots/<host>/<user>/<name>/
//! ```
//!
//! This is the one place that puts these paths together or takes them apart.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::fs::escaped;

const TREE: &str = "gibus.d";
const REPOSITORIES: &str = "repos";
const ARCHIVES: &str = "snapshots";
const MAX_NAME_LEN: usize = 100;

/// The name of a repository: 1 to 100 ASCII letters, digits, `.`, `-` and `_`, the first of them a letter,
/// digit or `_`, the last no `.`; so it can be a folder's name on any server and stand on any command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(String);

/// The name of an archive; the rules are those of [`RepositoryName`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArchiveName(String);

macro_rules! checked_name {
    ($name:ident, $what:literal) => {
        impl $name {
            /// Errors: [`crate::error::ErrorKind::Invalid`].
            pub fn new(text: impl Into<String>) -> Result<$name> {
                let text = text.into();
                match wrong_with(&text) {
                    None => Ok($name(text)),
                    Some(why) => Err(refused($what, &text, why)),
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<$name> {
                $name::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<$name> {
                $name::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A name for what has lost its own.
impl Default for ArchiveName {
    fn default() -> ArchiveName {
        ArchiveName("recovered".to_owned())
    }
}

/// A name for what has lost its own.
impl Default for RepositoryName {
    fn default() -> RepositoryName {
        RepositoryName("recovered".to_owned())
    }
}

checked_name!(RepositoryName, "a repository");
checked_name!(ArchiveName, "an archive");

fn refused(what: &str, text: &str, why: &str) -> Error {
    Error::invalid(
        format!("use '{}' as the name of {what}", escaped(text.as_bytes())),
        why,
    )
    .advise("use letters, digits, '.', '-' and '_'")
}

fn wrong_with(text: &str) -> Option<&'static str> {
    /// Some servers keep these for themselves, with any extension and in any case.
    const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];
    let stem = text.split('.').next().unwrap_or_default();
    if text.is_empty() {
        Some("it is empty")
    } else if text.len() > MAX_NAME_LEN {
        Some("it is longer than 100 characters")
    } else if !text.bytes().all(is_harmless) {
        Some("it contains other characters")
    } else if text.starts_with(['.', '-']) {
        Some("it starts with a dot or a dash")
    } else if text.ends_with('.') {
        Some("it ends with a dot")
    } else if RESERVED.iter().any(|name| stem.eq_ignore_ascii_case(name)) {
        Some("some file servers keep that name for themselves")
    } else {
        None
    }
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
}

/// The name of a user or computer as the name of a folder: what could not be one is replaced by `_`.
pub fn folder_name(name: &str) -> String {
    let keep = |c: char| match u8::try_from(c) {
        Ok(byte) if is_harmless(byte) || byte == b'@' => c,
        _ => '_',
    };
    let name: String = name.chars().take(MAX_NAME_LEN).map(keep).collect();
    match name.trim_matches('.') {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

/// The folder of a repository below `location`.
pub fn repository_place(location: &Path, user: &str, name: &RepositoryName) -> PathBuf {
    location
        .join(TREE)
        .join(REPOSITORIES)
        .join(folder_name(user))
        .join(name.as_str())
}

/// The folder of an archive below `location`.
pub fn archive_place(location: &Path, host: &str, user: &str, name: &ArchiveName) -> PathBuf {
    location
        .join(TREE)
        .join(ARCHIVES)
        .join(folder_name(host))
        .join(folder_name(user))
        .join(name.as_str())
}

/// The folder below `location` that has a folder for each user, and in those the repositories.
pub fn repositories_below(location: &Path) -> PathBuf {
    location.join(TREE).join(REPOSITORIES)
}

/// Whether a folder is where a repository would be.
pub fn is_repository_place(place: &Path) -> bool {
    is_at(place, REPOSITORIES, 4)
}

/// Whether a folder is where an archive would be.
pub fn is_archive_place(place: &Path) -> bool {
    is_at(place, ARCHIVES, 5)
}

fn is_at(place: &Path, kind: &str, depth: usize) -> bool {
    split_at_tree(place).is_some_and(|(_, rest)| {
        rest.components().count() == depth && rest.starts_with(Path::new(TREE).join(kind))
    })
}

/// The location of the innermost `gibus.d` that `place` is in, and the rest of the path, from `gibus.d` on.
/// A tree that was moved as a whole to another location still has the same rest.
pub fn split_at_tree(place: &Path) -> Option<(&Path, &Path)> {
    let tree = place
        .ancestors()
        .find(|above| above.file_name().is_some_and(|n| n == TREE))?;
    let location = tree.parent()?;
    Some((location, place.strip_prefix(location).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_harmless_folder() {
        for good in [
            "home",
            "NAS-2",
            "a.b",
            "_x",
            "2",
            "console",
            &"x".repeat(100),
        ] {
            assert_eq!(ArchiveName::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            ".x",
            "-x",
            "x.",
            "a/b",
            "a b",
            "a\nb",
            "été",
            "con",
            "NUL.txt",
            "a\u{202e}b",
            &"x".repeat(101),
        ] {
            let error = RepositoryName::new(bad).unwrap_err().to_string();
            assert!(error.contains("repository"), "{error}");
        }
    }

    #[test]
    fn a_bad_name_is_refused_when_read_from_a_file() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Holder {
            name: ArchiveName,
        }
        assert!(toml::from_str::<Holder>("name = 'docs'").is_ok());
        let error = toml::from_str::<Holder>("name = '../docs'").unwrap_err();
        assert!(error.message().contains("../docs"), "{error}");
    }

    #[test]
    fn users_and_computers_become_folders_that_stay_where_they_belong() {
        for (name, folder) in [
            ("me", "me"),
            ("me@example.org", "me@example.org"),
            ("DOMAIN\\me/x", "DOMAIN_me_x"),
            ("été", "_t_"),
            ("..", "unknown"),
            ("", "unknown"),
            (".x.", "x"),
        ] {
            assert_eq!(folder_name(name), folder);
            assert_eq!(folder_name(folder), folder);
        }
    }

    #[test]
    fn places_are_put_together_and_taken_apart() {
        let name = ArchiveName::new("docs").unwrap();
        let place = archive_place(Path::new("/mnt/nas"), "laptop", "me", &name);
        assert_eq!(
            place,
            Path::new("/mnt/nas/gibus.d/snapshots/laptop/me/docs")
        );
        let (location, rest) = split_at_tree(&place).unwrap();
        assert_eq!(location, Path::new("/mnt/nas"));
        assert_eq!(rest, Path::new("gibus.d/snapshots/laptop/me/docs"));
        let name = RepositoryName::new("main").unwrap();
        let place = repository_place(Path::new("/"), "me", &name);
        assert_eq!(place, Path::new("/gibus.d/repos/me/main"));
        assert_eq!(split_at_tree(&place).unwrap().0, Path::new("/"));
        assert!(is_repository_place(&place) && !is_archive_place(&place));
        assert!(!is_repository_place(place.parent().unwrap()));
        assert!(is_archive_place(Path::new(
            "/x/gibus.d/snapshots/laptop/me/docs"
        )));
        assert!(split_at_tree(Path::new("/home/me/gibus.d.old/x")).is_none());
    }
}
