//! Random identifiers of stored things.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digest::{hex, parse_hex};
use crate::error::{Error, ErrorKind, Result};

/// 16 random bytes, shown as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// A new one, from the operating system's random numbers.
    pub fn random() -> Result<Id> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| {
            Error::new(ErrorKind::Io, "get random numbers from the system").because(e.to_string())
        })?;
        Ok(Id(bytes))
    }

    /// From 32 hex digits.
    pub fn parse(text: &str) -> Result<Id> {
        parse_hex(text).map(Id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hex digits in TOML and JSON, 16 plain bytes in stored structures.
impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Id, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Id::parse(&text).map_err(serde::de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Id)
        }
    }
}
