//! What a page of listings looks like once it is decompressed: columns.
//!
//! A page holds parts, each a run of entries of one listing, and the entries' values column by
//! column, because values of one kind compress better side by side. A value that most entries lack has
//! a column that only the entries which have it take from, in order; [`flags`] say which those are.
//! `docs/format.md` describes each column.
//!
//! Decoding checks the *shape*: no column is longer than a page can need, before memory is taken for
//! it. `decode.rs` checks that columns agree with each other and what they say.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::format::encoding::Bytes;

/// The page kind of a page of listings.
pub(super) const LISTINGS_PAGE: u8 = 1;
/// No page has more entries, or more parts, than this.
pub(super) const MAX_ROWS: usize = 1 << 16;
/// No page has more holes than this: those of a full page and of one more file.
const MAX_PAGE_HOLES: usize = 2 * super::MAX_HOLES;

/// What an entry's flags byte says: a kind, and which of the rarer columns it has a value in.
pub(super) mod flags {
    /// The lowest three bits are the kind.
    pub const KIND: u8 = 0b111;
    pub const FILE: u8 = 0;
    pub const DIRECTORY: u8 = 1;
    pub const SYMBOLIC_LINK: u8 = 2;
    pub const FIFO: u8 = 3;
    pub const SOCKET: u8 = 4;
    pub const CHARACTER_DEVICE: u8 = 5;
    pub const BLOCK_DEVICE: u8 = 6;
    /// A regular file whose content is not there.
    pub const FILE_WITHOUT_CONTENT: u8 = 7;
    /// The time of change is not that of modification.
    pub const CHANGED: u8 = 1 << 3;
    pub const HARD_LINK: u8 = 1 << 4;
    pub const INCOMPLETE: u8 = 1 << 5;
    pub const EXTENDED: u8 = 1 << 6;
    pub const HOLES: u8 = 1 << 7;
}

/// The columns, in the order in which they are stored.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Columns {
    /// How many entries each part has.
    pub part_entries: Column<u32>,
    /// For each part with directories: its listing's number minus the lowest listing below the first
    /// of these directories. For others 0.
    pub part_first: Column<u64>,

    pub flags: Bytes,
    /// Bytes that a name has in common with the start of the one before it in its part.
    pub name_shared: Column<u16>,
    /// What follows those, and a NUL byte behind each (which compresses better than lengths).
    pub name_rests: Bytes,

    /// Rows of the table of modes and owners.
    pub modes: Column<u16>,
    pub uids: Column<u32>,
    pub gids: Column<u32>,
    /// Which row an entry has.
    pub access: Column<u16>,

    /// Against the entry before.
    pub modified_seconds: Column<i64>,
    pub modified_nanoseconds: Column<u32>,
    /// Against the value before; where flagged.
    pub changed_seconds: Column<i64>,
    pub changed_nanoseconds: Column<u32>,
    /// Against the entry before.
    pub inodes: Column<i64>,

    /// Of regular files.
    pub sizes: Column<u64>,
    /// The page's table of segments: places in the snapshot's table.
    pub segments: Column<u32>,
    /// Which of these a content has.
    pub segment: Column<u16>,
    /// Against the content before in the same segment.
    pub ordinals: Column<i64>,

    /// Of directories: sums over what is below.
    pub total_files: Column<u64>,
    pub total_directories: Column<u64>,
    pub total_bytes: Column<u64>,

    pub target_lens: Column<u32>,
    pub targets: Bytes,
    pub device_majors: Column<u32>,
    pub device_minors: Column<u32>,
    /// Against the value before.
    pub hard_links: Column<i64>,

    /// The page's table of sets of extended attributes: how many each has.
    pub set_lens: Column<u32>,
    pub attribute_name_lens: Column<u32>,
    pub attribute_value_lens: Column<u32>,
    /// Names and values, one behind the other.
    pub attributes: Bytes,
    /// Which set an entry has.
    pub attribute_set: Column<u16>,

    /// How many holes a file has.
    pub hole_counts: Column<u32>,
    /// From the end of the hole before, or the start of the file, to the hole.
    pub hole_gaps: Column<u64, MAX_PAGE_HOLES>,
    pub hole_lens: Column<u64, MAX_PAGE_HOLES>,
}

/// A vector that refuses to be decoded with more than `MAX` values.
#[derive(Debug)]
pub(super) struct Column<T, const MAX: usize = MAX_ROWS>(pub Vec<T>);

impl<T, const MAX: usize> Default for Column<T, MAX> {
    fn default() -> Self {
        Column(Vec::new())
    }
}

impl<T: Serialize, const MAX: usize> Serialize for Column<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Column<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ColumnVisitor<T, MAX> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "at most {MAX} values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let len = seq.size_hint().unwrap_or(0);
                if len > MAX {
                    return Err(A::Error::invalid_length(len, &self));
                }
                // A length is not trusted with more memory than the values that are there need.
                let mut values = Vec::with_capacity(len.min(4096));
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(values)
            }
        }
        deserializer
            .deserialize_seq(ColumnVisitor::<T, MAX>(PhantomData))
            .map(Column)
    }
}
