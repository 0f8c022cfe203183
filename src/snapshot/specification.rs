//! A specification: what an archive includes, and what it leaves out.
//!
//! It is a value and says nothing of how it is matched; [`super::matcher`] does that. It is written as
//! TOML in the configuration, in `archive.toml` beside the snapshots, and in the header of each snapshot,
//! in each case whole, so that any of the three is enough.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::globs::{GlobKind, Globs};
use super::{byte_size, path_text};
use crate::error::{Error, Result};
use crate::fs::path_bytes;

/// What an archive includes, and what it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// Files and directories, each with all that is below it; absolute paths.
    #[serde(with = "path_text::many")]
    pub includes: Vec<PathBuf>,
    /// Globs of directories that are left out with all that is below them.
    #[serde(default)]
    pub exclude_dirs: Vec<String>,
    /// Globs of files (whatever is not a directory) that are left out.
    #[serde(default)]
    pub exclude_files: Vec<String>,
    /// Leaves out regular files with more bytes than this.
    #[serde(
        default,
        with = "byte_size::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub exclude_larger_than: Option<u64>,
    /// Leaves out what is in directories marked with a CACHEDIR.TAG.
    #[serde(default)]
    pub exclude_caches: bool,
    /// Leaves out what has the "no dump" attribute (`chattr +d`).
    #[serde(default)]
    pub exclude_nodump: bool,
    /// Leaves out what is mounted below an include.
    #[serde(default)]
    pub one_file_system: bool,
    /// Leaves out what `.gitignore` and `.gibusignore` files say.
    #[serde(default)]
    pub ignore_files: bool,
    /// Keeps symbolic links that lead nowhere; otherwise they are left out and reported.
    #[serde(default)]
    pub keep_broken_links: bool,
    /// Compresses the snapshot files.
    #[serde(default = "yes")]
    pub compress_snapshots: bool,
}

fn yes() -> bool {
    true
}

impl Specification {
    /// Includes these paths and leaves out nothing.
    pub fn of(includes: Vec<PathBuf>) -> Specification {
        Specification {
            includes,
            compress_snapshots: true,
            ..Specification::default()
        }
    }

    /// The names of all fields, as they stand in TOML.
    pub const FIELDS: [&'static str; 10] = [
        "includes",
        "exclude_dirs",
        "exclude_files",
        "exclude_larger_than",
        "exclude_caches",
        "exclude_nodump",
        "one_file_system",
        "ignore_files",
        "keep_broken_links",
        "compress_snapshots",
    ];

    /// Checks that it can be carried out. Whether the paths exist is not looked at.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`], naming the field and what to do.
    pub fn validate(&self) -> Result<()> {
        if self.includes.is_empty() {
            return Err(Error::invalid(
                "use this specification",
                "includes is empty: nothing would be backed up",
            )
            .advise("name at least one file or directory"));
        }
        for include in &self.includes {
            validate_include(include)?;
        }
        Globs::new(GlobKind::Directories, &self.exclude_dirs)?;
        Globs::new(GlobKind::Files, &self.exclude_files)?;
        if self.exclude_larger_than == Some(0) {
            return Err(Error::invalid(
                "use 0 as exclude_larger_than",
                "every file that is not empty would be left out",
            )
            .advise("leave the field out to have no limit"));
        }
        Ok(())
    }

    /// As TOML, whole; [`Specification::from_toml`] gives it back.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| Error::invalid("write the specification", e.to_string()))
    }

    /// Reads it from TOML, and validates it.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`], with the line.
    pub fn from_toml(text: &str) -> Result<Specification> {
        let specification: Specification =
            toml::from_str(text).map_err(|e| toml_error("read the specification", text, &e))?;
        specification.validate()?;
        Ok(specification)
    }

    /// Takes it out of what a program has stored. Fields that a later version added are passed over, and it is
    /// not validated: an old archive must be readable whatever its rules. Where people type,
    /// [`Specification::from_toml`] is stricter.
    pub fn from_stored(
        mut table: toml::Table,
    ) -> std::result::Result<Specification, toml::de::Error> {
        table.retain(|field, _| Specification::FIELDS.contains(&field));
        table.try_into()
    }
}

fn validate_include(include: &Path) -> Result<()> {
    let refuse = |why: &str, advice: &str| {
        Err(Error::invalid("use in includes the path", why)
            .at(include)
            .advise(advice))
    };
    let bytes = path_bytes(include);
    if bytes.is_empty() {
        return refuse("it is empty", "remove it");
    }
    if !include.is_absolute() {
        return refuse(
            "it is not absolute",
            "write the whole path, beginning with a slash",
        );
    }
    if bytes.contains(&0) {
        return refuse("it contains a NUL byte, which no path has", "remove it");
    }
    if bytes
        .split(|b| *b == b'/')
        .any(|part| part == b"." || part == b"..")
    {
        return refuse("it has '.' or '..' as a name", "write the path without it");
    }
    Ok(())
}

/// An absolute path with no `.` and `..`, taken from the words alone: as `cd` does, and without looking at
/// the disk. `base` is what a relative path starts from.
pub fn absolute_path(base: &Path, path: &Path) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for component in base.join(path).components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                clean.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    clean
}

/// An error of the TOML reader, with the line where it struck.
pub fn toml_error(attempted: &str, text: &str, error: &toml::de::Error) -> Error {
    let message = error.message().trim_end().replace('\n', ", ");
    let message = crate::fs::escaped(message.as_bytes()).to_string();
    let why = match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    };
    Error::invalid(attempted, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::bytes_path;

    fn full() -> Specification {
        Specification {
            includes: vec!["/home/me".into(), bytes_path(b"/caf\xe9").to_owned()],
            exclude_dirs: vec!["node_modules".into()],
            exclude_files: vec!["*.o".into(), "it's \"quoted\"".into()],
            exclude_larger_than: Some(100 << 20),
            exclude_caches: true,
            exclude_nodump: true,
            one_file_system: true,
            ignore_files: true,
            keep_broken_links: true,
            compress_snapshots: false,
        }
    }

    #[test]
    fn a_specification_reads_back_as_it_was_written() {
        for specification in [full(), Specification::of(vec!["/a".into()])] {
            let text = specification.to_toml().unwrap();
            assert_eq!(
                Specification::from_toml(&text).unwrap(),
                specification,
                "{text}"
            );
        }
    }

    #[test]
    fn the_list_of_fields_is_complete() {
        let table: toml::Table = toml::from_str(&full().to_toml().unwrap()).unwrap();
        let mut written: Vec<&str> = table.keys().map(String::as_str).collect();
        let mut listed = Specification::FIELDS.to_vec();
        written.sort();
        listed.sort();
        assert_eq!(written, listed);
    }

    #[test]
    fn what_is_left_out_of_the_toml_has_its_default() {
        let read = Specification::from_toml("includes = ['/a']\n").unwrap();
        assert_eq!(read, Specification::of(vec!["/a".into()]));
        let read =
            Specification::from_toml("includes = ['/a']\nexclude_larger_than = 12\n").unwrap();
        assert_eq!(read.exclude_larger_than, Some(12));
    }

    #[test]
    fn a_mistyped_field_is_refused_with_its_line() {
        let error =
            Specification::from_toml("includes = ['/a']\nexclude_dir = ['x']\n").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("line 2") && text.contains("exclude_dirs"),
            "{text}"
        );
        assert!(!text.contains('\n'));
        let error = Specification::from_toml("includes = ['/a']\n\nexclude_larger_than = 'huge'");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("line 3") && text.contains("100M"), "{text}");
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_by_the_name_of_its_field() {
        let wrong = |change: fn(&mut Specification), field: &str| {
            let mut specification = full();
            change(&mut specification);
            let error = specification.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        };
        wrong(|s| s.includes.clear(), "includes");
        wrong(|s| s.includes.push("relative".into()), "includes");
        wrong(|s| s.includes.push("/a/../b".into()), "includes");
        wrong(|s| s.includes.push("/a/.".into()), "includes");
        wrong(|s| s.includes.push("".into()), "includes");
        wrong(|s| s.exclude_dirs.push("a[".into()), "exclude_dirs");
        wrong(|s| s.exclude_files.push("a/".into()), "exclude_files");
        wrong(|s| s.exclude_larger_than = Some(0), "exclude_larger_than");
        full().validate().unwrap();
        Specification::of(vec!["/".into()]).validate().unwrap();
    }

    #[test]
    fn paths_are_made_absolute_from_their_words() {
        let absolute = |path: &str| absolute_path(Path::new("/home/me"), Path::new(path));
        assert_eq!(absolute("docs"), Path::new("/home/me/docs"));
        assert_eq!(absolute("./docs/../x/"), Path::new("/home/me/x"));
        assert_eq!(absolute("/a//b/."), Path::new("/a/b"));
        assert_eq!(absolute("../../../.."), Path::new("/"));
    }
}
