//! JSON on the standard output; `docs/json.md` is the description of it.
//!
//! Two things need care. File names are bytes and JSON strings are not, so a name that is not UTF-8 is
//! given twice ([`Text`]). And JSON may end on a terminal: every control, invisible or
//! direction-changing character is written as a `\u` escape, which means the same to a program and
//! nothing to a terminal ([`SafeFormatter`]).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::format::digest::hex;
use crate::fs::is_deceptive;
use crate::progress::{Problem, Severity};
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
}

/// A time as RFC 3339 in UTC; `None` for times before the year -9999 and after 9999.
pub fn utc(time: Timestamp) -> Option<String> {
    let nanoseconds = i32::try_from(time.nanoseconds).ok()?;
    let time = jiff::Timestamp::new(time.seconds, nanoseconds).ok()?;
    Some(time.to_string())
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
