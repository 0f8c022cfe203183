//! Why something is not in a snapshot.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::fs::{escaped, escaped_path};
use crate::snapshot::byte_size::exact_size;

/// The rule that leaves something out. Equal for everything that one rule leaves out, so that what each
/// rule removes can be counted; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is neither an include nor below one.
    NotIncluded,
    /// It holds this archive's own backups.
    OwnStorage,
    /// A glob of `exclude_dirs`, counted from 0.
    DirectoryGlob { index: usize, glob: Arc<str> },
    /// A glob of `exclude_files`, counted from 0.
    FileGlob { index: usize, glob: Arc<str> },
    /// `exclude_larger_than`, in bytes.
    TooLarge { limit: u64 },
    /// It is in a directory with a CACHEDIR.TAG.
    CacheDirectory,
    /// It has the attribute "no dump".
    NoDump,
    /// It is on another file system than its include.
    OtherFileSystem,
    /// A line of an ignore file, counted from 1.
    IgnoreFile {
        file: Arc<Path>,
        line_number: u32,
        line: Arc<str>,
    },
    /// It is a symbolic link that leads nowhere.
    BrokenLink,
}

impl Reason {
    /// The field of the specification that the rule comes from, where it comes from one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Reason::OwnStorage => None,
            Reason::NotIncluded => Some("includes"),
            Reason::DirectoryGlob { .. } => Some("exclude_dirs"),
            Reason::FileGlob { .. } => Some("exclude_files"),
            Reason::TooLarge { .. } => Some("exclude_larger_than"),
            Reason::CacheDirectory => Some("exclude_caches"),
            Reason::NoDump => Some("exclude_nodump"),
            Reason::OtherFileSystem => Some("one_file_system"),
            Reason::IgnoreFile { .. } => Some("ignore_files"),
            Reason::BrokenLink => Some("keep_broken_links"),
        }
    }
}

/// A clause that fits after "because", with everything from outside escaped.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotIncluded => f.write_str("no include covers it"),
            Reason::OwnStorage => f.write_str("it holds the backups of this archive"),
            Reason::DirectoryGlob { index, glob } => write!(
                f,
                "the directory glob '{}' matches it (number {} in exclude_dirs)",
                escaped(glob.as_bytes()),
                index + 1
            ),
            Reason::FileGlob { index, glob } => write!(
                f,
                "the file glob '{}' matches it (number {} in exclude_files)",
                escaped(glob.as_bytes()),
                index + 1
            ),
            Reason::TooLarge { limit } => write!(
                f,
                "it is larger than {} (exclude_larger_than)",
                exact_size(*limit)
            ),
            Reason::CacheDirectory => f.write_str(
                "it is in a directory that a CACHEDIR.TAG marks as a cache (exclude_caches)",
            ),
            Reason::NoDump => f.write_str("it has the attribute 'no dump' (exclude_nodump)"),
            Reason::OtherFileSystem => {
                f.write_str("it is on another file system than its include (one_file_system)")
            }
            Reason::IgnoreFile {
                file,
                line_number,
                line,
            } => write!(
                f,
                "'{}' in line {line_number} of '{}' matches it (ignore_files)",
                escaped(line.as_bytes()),
                escaped_path(file)
            ),
            Reason::BrokenLink => {
                f.write_str("it is a symbolic link that leads nowhere (keep_broken_links is off)")
            }
        }
    }
}
