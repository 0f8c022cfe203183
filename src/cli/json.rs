//! JSON on the standard output; `docs/json.md` is the description of it.
//!
//! Two things need care. File names are bytes and JSON strings are not, so a name that is not UTF-8 is
//! given twice ([`Text`]). And JSON may end on a terminal: every control, invisible or
//! direction-changing character is written as a `\u` escape, which means the same to a program and
//! nothing to a terminal ([`SafeFormatter`]).

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::format::digest::hex;
use crate::format::id::Id;
use crate::fs::{is_deceptive, path_bytes};
use crate::progress::{Problem, Severity};
use crate::repository::Repository;
use crate::snapshot::file::{BuildStats, TakenAt};
use crate::snapshot::places::RepositoryName;
use crate::snapshot::tree::Timestamp;

/// One compact line, without its newline.
pub fn to_line<T: Serialize>(value: &T) -> io::Result<String> {
    let mut bytes = Vec::new();
    write(&mut bytes, value)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Writes a value compactly.
pub fn write<T: Serialize>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, SafeFormatter);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Writes strings so that no byte of them can act on a terminal.
struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| c == '\x7f' || is_deceptive(c)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut characters = from.chars();
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Bytes as JSON text. `text` is exact when `hex` is `None`; otherwise it is for reading only, and `hex`
/// is the bytes. A member `path` is accompanied by a member `path_hex` in that case only, and so on.
pub struct Text {
    pub text: String,
    pub hex: Option<String>,
}

impl Text {
    pub fn new(bytes: &[u8]) -> Text {
        match std::str::from_utf8(bytes) {
            Ok(text) => Text {
                text: text.to_owned(),
                hex: None,
            },
            Err(_) => Text {
                text: String::from_utf8_lossy(bytes).into_owned(),
                hex: Some(hex(bytes)),
            },
        }
    }

    pub fn of(path: &Path) -> Text {
        Text::new(path_bytes(path))
    }
}

/// A path by itself, say in a list.
#[derive(Serialize)]
pub struct JsonPath {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
}

impl JsonPath {
    pub fn new(bytes: &[u8]) -> JsonPath {
        let path = Text::new(bytes);
        JsonPath {
            path: path.text,
            path_hex: path.hex,
        }
    }
}

/// A time as RFC 3339 in UTC; `None` for times before the year -9999 and after 9999.
pub fn utc(time: Timestamp) -> Option<String> {
    let nanoseconds = i32::try_from(time.nanoseconds).ok()?;
    let time = jiff::Timestamp::new(time.seconds, nanoseconds).ok()?;
    Some(time.to_string())
}

/// When a snapshot was taken, as RFC 3339 with the offset of local time there and then.
pub fn local(taken_at: &TakenAt) -> Option<String> {
    let nanoseconds = i32::try_from(taken_at.nanoseconds).ok()?;
    let time = jiff::Timestamp::new(taken_at.seconds, nanoseconds).ok()?;
    let offset = jiff::tz::Offset::from_seconds(taken_at.utc_offset_seconds).ok()?;
    Some(time.display_with_offset(offset).to_string())
}

/// What a backup found, did and cost.
#[derive(Serialize)]
pub struct JsonBuild {
    files: u64,
    directories: u64,
    symbolic_links: u64,
    other: u64,
    hard_links: u64,
    bytes: u64,
    new_contents: u64,
    new_content_bytes: u64,
    stored_bytes: u64,
    unchanged_files: u64,
    read_files: u64,
    read_bytes: u64,
    excluded: u64,
    problems: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
}

impl JsonBuild {
    pub fn new(build: &BuildStats) -> JsonBuild {
        JsonBuild {
            files: build.files,
            directories: build.directories,
            symbolic_links: build.symbolic_links,
            other: build.other,
            hard_links: build.hard_links,
            bytes: build.bytes,
            new_contents: build.new_contents,
            new_content_bytes: build.new_content_bytes,
            stored_bytes: build.stored_bytes,
            unchanged_files: build.unchanged_files,
            read_files: build.read_files,
            read_bytes: build.read_bytes,
            excluded: build.excluded,
            problems: build.problems,
            cpu_seconds: build.cpu_microseconds as f64 / 1e6,
            wall_seconds: build.wall_microseconds as f64 / 1e6,
        }
    }
}

/// A repository, in every document that names one.
#[derive(Serialize)]
pub struct JsonRepository {
    pub name: String,
    pub id: Id,
    pub place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_hex: Option<String>,
    pub layout: &'static str,
    pub codec: &'static str,
    pub level: i32,
}

impl JsonRepository {
    pub fn new(name: &RepositoryName, repository: &Repository) -> JsonRepository {
        let place = Text::of(repository.place());
        let settings = repository.settings();
        JsonRepository {
            name: name.to_string(),
            id: repository.id(),
            place: place.text,
            place_hex: place.hex,
            layout: settings.layout.name(),
            codec: settings.codec.name(),
            level: settings.level,
        }
    }
}

/// A problem with one file.
#[derive(Serialize)]
pub struct JsonProblem {
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_hex: Option<String>,
    pub attempted: String,
    pub why: String,
    pub severity: &'static str,
}

impl From<&Problem> for JsonProblem {
    fn from(problem: &Problem) -> JsonProblem {
        let path = Text::new(&problem.path);
        JsonProblem {
            path: path.text,
            path_hex: path.hex,
            attempted: problem.attempted.clone(),
            why: problem.why.clone(),
            severity: match problem.severity {
                Severity::Notice => "notice",
                Severity::Warning => "warning",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_in_json_and_harmless_on_a_terminal() {
        let name = "a\u{1b}[31m\u{202e}\u{9b}\u{7f}\u{e0001}é\n\"\\";
        let line = to_line(&name).unwrap();
        assert!(
            line.chars().all(|c| (' '..='~').contains(&c) || c == 'é'),
            "{line}"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }

    #[test]
    fn a_name_that_is_not_text_is_given_in_hexadecimal_too() {
        let text = Text::new(b"caf\xe9");
        assert_eq!(text.text, "caf\u{fffd}");
        assert_eq!(text.hex.as_deref(), Some("636166e9"));
        assert!(Text::new("café".as_bytes()).hex.is_none());
    }

    #[test]
    fn times_are_rfc_3339() {
        let time = Timestamp {
            seconds: 1_795_395_723,
            nanoseconds: 5_000_000,
        };
        assert_eq!(utc(time).as_deref(), Some("2026-11-23T01:02:03.005Z"));
        let far = Timestamp {
            seconds: i64::MAX,
            nanoseconds: 0,
        };
        assert_eq!(utc(far), None);
    }
}
