//! Paths in TOML, whatever their bytes.
//!
//! A path that is valid UTF-8 is a string, exactly as it is: `"/home/me"`. Any other path is a table with
//! one key, `{ escaped = '/home/me/caf\xe9' }`, in which `\xNN` stands for the byte NN (two hex digits)
//! and `\\` for a backslash. The two forms cannot be mistaken for each other, so no path needs quoting
//! by guesswork.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fs::path_bytes;

const ESCAPED: &str = "escaped";

/// A path as it stands in a TOML file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathText(pub PathBuf);

impl Serialize for PathText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(ESCAPED, &escape(path_bytes(&self.0)))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for PathText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PathText, D::Error> {
        deserializer.deserialize_any(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = PathText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path: a string, or { escaped = '…' } for one that is not UTF-8")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PathText, E> {
        Ok(PathText(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PathText, A::Error> {
        let Some((key, text)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::missing_field(ESCAPED));
        };
        if key != ESCAPED {
            return Err(A::Error::unknown_field(&key, &[ESCAPED]));
        }
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("a path has the one key 'escaped'"));
        }
        let bytes = unescape(&text).ok_or_else(|| {
            A::Error::custom("after a backslash comes x with two hex digits, or a backslash")
        })?;
        Ok(PathText(OsString::from_vec(bytes).into()))
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = match after.strip_prefix('\\') {
            Some(rest) => {
                bytes.push(b'\\');
                rest
            }
            None => {
                let after = after.strip_prefix('x')?;
                let digits = after.get(..2)?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                after.get(2..)?
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// For `#[serde(with = "path_text::one")]` on a [`PathBuf`].
pub mod one {
    use super::*;

    pub fn serialize<S: Serializer>(path: &std::path::Path, s: S) -> Result<S::Ok, S::Error> {
        PathText(path.to_owned()).serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<PathBuf, D::Error> {
        PathText::deserialize(d).map(|path| path.0)
    }
}

/// For `#[serde(with = "path_text::many")]` on a list of paths.
pub mod many {
    use super::*;

    pub fn serialize<S: Serializer>(paths: &[PathBuf], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(paths.iter().cloned().map(PathText))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<PathBuf>, D::Error> {
        let paths = Vec::<PathText>::deserialize(d)?;
        Ok(paths.into_iter().map(|path| path.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::bytes_path;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "many")]
        paths: Vec<PathBuf>,
    }

    #[test]
    fn every_path_comes_back_byte_for_byte() {
        let holder = Holder {
            paths: [
                &b"/home/me"[..],
                b"/back\\slash \\x41",
                b"/tab\tnewline\n\"quote'",
                b"/caf\xe9",
                b"/mixed\\\xff\xfe\n\xc3\xa9",
                "/日本".as_bytes(),
            ]
            .map(|bytes| bytes_path(bytes).to_owned())
            .to_vec(),
        };
        let text = toml::to_string(&holder).unwrap();
        assert_eq!(toml::from_str::<Holder>(&text).unwrap(), holder, "{text}");
    }

    #[test]
    fn only_paths_that_are_not_utf8_are_escaped() {
        let text = "paths = ['/a\\x41', { escaped = '/caf\\xe9\\\\' }]";
        let holder: Holder = toml::from_str(text).unwrap();
        assert_eq!(path_bytes(&holder.paths[0]), b"/a\\x41");
        assert_eq!(path_bytes(&holder.paths[1]), b"/caf\xe9\\");
    }

    #[test]
    fn a_bad_escape_is_refused() {
        for bad in ["\\", "\\q", "\\x", "\\x4", "\\x+1", "\\xé"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
        let text = "paths = [{ escpaed = '/a' }]";
        let error = toml::from_str::<Holder>(text).unwrap_err();
        assert!(error.message().contains("escpaed"), "{error}");
    }
}
