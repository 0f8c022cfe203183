//! Tokens: what the repository hands out for a content, opaque to whoever holds it.
//!
//! A token says three things. The SHA-1 is the content's address and proves, through the table row it
//! must agree with, that what is read is what was stored. Segment and ordinal are the content's *number*:
//! each store session numbers its new contents 0, 1, 2 … in a segment with a random id of its own, and
//! a content keeps its number for life, wherever prune or conversion move its bytes. Numbers make claims
//! compact (a bitmap over each segment), make reference counts a matter of bitmap algebra, and make two
//! contents with one SHA-1 two different tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::format::digest::Sha1;

/// The random id of a segment: the contents that one store session numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SegmentId(pub u64);

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A content's number: unique in its repository, and kept for life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentNumber {
    pub segment: SegmentId,
    pub ordinal: u32,
}

/// What the repository hands out for a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    pub sha1: Sha1,
    pub number: ContentNumber,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sha1)
    }
}
