//! The columns of a page to entries, trusting none of it.
//!
//! Whatever is not exactly what [`super::encode`] can have written is refused: columns that end early
//! or late, values out of range, names that are none, that are not sorted, or that pass a separator.

use std::ops::Range;
use std::sync::Arc;

use super::columns::{Columns, MAX_ROWS, flags};
use super::meta::PlacedPage;
use super::{MAX_EXTENDED_LEN, MAX_HOLES, MAX_TARGET_LEN};
use crate::error::Result;
use crate::format::digest::Sha1;
use crate::format::encoding::decode;
use crate::format::sealed::Page;
use crate::repository::token::{ContentNumber, SegmentId, Token};
use crate::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, ExtendedAttribute, Extent, FileEntry, Kind, ListingRef,
    Name, Timestamp, Totals,
};

/// The names of a page together are at most this long, in bytes: a name is stored as what it adds to
/// the one before it, so that a short page could claim long names.
const MAX_NAMES_LEN: usize = 1 << 20;
/// An entry has at most this many extended attributes (Linux lists at most 64 KiB of names).
const MAX_SET_ROWS: usize = MAX_ROWS / 2;
/// About what an entry takes in memory besides its name, in bytes.
const ENTRY_COST: usize = size_of::<Entry>() + 32;

/// A decoded page.
pub(super) struct DecodedPage {
    pub parts: Vec<Part>,
    pub entries: Vec<Entry>,
    /// About how much memory it takes, in bytes.
    pub cost: usize,
}

/// A run of entries of one listing.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub entries: Range<usize>,
    /// The listings below the directories of this part; empty, and meaningless, if it has none.
    pub below: Range<u64>,
}

impl DecodedPage {
    pub fn new(
        page: &Page,
        placed: &PlacedPage<'_>,
        segments: &[SegmentId],
    ) -> Result<DecodedPage> {
        let columns: Columns = decode(&page.raw)?;
        let rows = columns.flags.0.len();
        if rows > MAX_ROWS || rows != placed.entries as usize {
            return Err(damaged(
                "a page has not the number of entries that it should",
            ));
        }
        let part_lens = &columns.part_entries.0;
        if part_lens.len() != placed.parts as usize || part_lens.len() != columns.part_first.0.len()
        {
            return Err(damaged(
                "a page has not the number of listings that it should",
            ));
        }
        let mut decoder = Decoder::new(&columns, &page.plain, segments)?;
        let mut entries = Vec::with_capacity(rows);
        let mut parts = Vec::with_capacity(part_lens.len());
        for (index, (&len, &first)) in part_lens.iter().zip(&columns.part_first.0).enumerate() {
            let listing = placed.first_listing + index as u64;
            let from = entries.len();
            let below = decoder.part(len, listing, first, &mut entries)?;
            let part = Part {
                entries: from..entries.len(),
                below,
            };
            let names = entries.get(part.entries.clone()).unwrap_or_default();
            let too_low = match (index, placed.separator, names.first()) {
                (0, Some(separator), Some(entry)) => entry.name.as_bytes() < separator,
                _ => false,
            };
            let is_last = index + 1 == part_lens.len();
            let too_high = match (is_last, placed.next_separator, names.last()) {
                (true, Some(separator), Some(entry)) => entry.name.as_bytes() >= separator,
                _ => false,
            };
            if too_low || too_high {
                return Err(damaged("the names of a long folder are not in order"));
            }
            parts.push(part);
        }
        decoder.finish()?;
        let cost = page.raw.len() * 2 + decoder.names_len + entries.len() * ENTRY_COST;
        Ok(DecodedPage {
            parts,
            entries,
            cost,
        })
    }
}

/// The tokens of a page alone, in the order of its entries.
pub(super) fn tokens(page: &Page, segments: &[SegmentId]) -> Result<Vec<Token>> {
    let columns: Columns = decode(&page.raw)?;
    let mut decoder = Tokens::new(&columns, &page.plain, segments)?;
    let contents = columns.flags.0.iter().map(|bits| bits & flags::KIND);
    let mut tokens = Vec::with_capacity(columns.segment.0.len());
    for _ in contents.filter(|kind| *kind == flags::FILE) {
        tokens.push(decoder.next()?);
    }
    decoder.finish()?;
    Ok(tokens)
}

pub(super) fn damaged(why: &str) -> crate::error::Error {
    crate::error::Error::damaged("read the snapshot", why)
}

/// Takes values from a column, one by one.
struct Values<'a, T>(std::slice::Iter<'a, T>);

impl<'a, T: Copy> Values<'a, T> {
    fn of(column: &'a [T]) -> Values<'a, T> {
        Values(column.iter())
    }

    fn next(&mut self) -> Result<T> {
        self.0
            .next()
            .copied()
            .ok_or_else(|| damaged("a column ends too early"))
    }

    fn finish(&self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            _ => Err(damaged("a column is too long")),
        }
    }
}

/// Takes runs of bytes from a column.
struct Runs<'a>(&'a [u8]);

impl<'a> Runs<'a> {
    fn next(&mut self, len: usize) -> Result<&'a [u8]> {
        let (run, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| damaged("a column ends too early"))?;
        self.0 = rest;
        Ok(run)
    }

    /// A run up to a NUL byte, which is passed.
    fn next_terminated(&mut self) -> Result<&'a [u8]> {
        let len = self.0.iter().position(|byte| *byte == 0);
        let run = self.next(len.ok_or_else(|| damaged("a column ends too early"))?)?;
        self.next(1)?;
        Ok(run)
    }

    fn finish(&self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            _ => Err(damaged("a column is too long")),
        }
    }
}

/// Decodes tokens.
struct Tokens<'a> {
    sha1s: Runs<'a>,
    segment: Values<'a, u16>,
    ordinals: Values<'a, i64>,
    /// The page's segments, and the ordinal of the last content in each.
    segments: Vec<(SegmentId, u32)>,
}

impl<'a> Tokens<'a> {
    fn new(columns: &'a Columns, plain: &'a [u8], all: &[SegmentId]) -> Result<Tokens<'a>> {
        let mut segments = Vec::with_capacity(columns.segments.0.len());
        for place in &columns.segments.0 {
            let segment = all
                .get(*place as usize)
                .ok_or_else(|| damaged("there is no such segment"))?;
            segments.push((*segment, 0));
        }
        Ok(Tokens {
            sha1s: Runs(plain),
            segment: Values::of(&columns.segment.0),
            ordinals: Values::of(&columns.ordinals.0),
            segments,
        })
    }

    fn next(&mut self) -> Result<Token> {
        let mut sha1 = [0; 20];
        sha1.copy_from_slice(self.sha1s.next(20)?);
        let (segment, previous) = self
            .segments
            .get_mut(usize::from(self.segment.next()?))
            .ok_or_else(|| damaged("there is no such segment"))?;
        let ordinal = i64::from(*previous)
            .checked_add(self.ordinals.next()?)
            .and_then(|ordinal| u32::try_from(ordinal).ok())
            .ok_or_else(|| damaged("the number of a content is out of range"))?;
        *previous = ordinal;
        Ok(Token {
            sha1: Sha1(sha1),
            number: ContentNumber {
                segment: *segment,
                ordinal,
            },
        })
    }

    fn finish(&self) -> Result<()> {
        self.sha1s.finish()?;
        self.segment.finish()?;
        self.ordinals.finish()
    }
}

/// Decodes entries: a cursor in each column, and the values before.
struct Decoder<'a> {
    flags: Values<'a, u8>,
    name_shared: Values<'a, u16>,
    name_rests: Runs<'a>,
    name: Vec<u8>,
    names_len: usize,

    columns: &'a Columns,
    access: Values<'a, u16>,
    modified_seconds: Values<'a, i64>,
    modified_nanoseconds: Values<'a, u32>,
    changed_seconds: Values<'a, i64>,
    changed_nanoseconds: Values<'a, u32>,
    inodes: Values<'a, i64>,
    previous_modified: i64,
    previous_changed: i64,
    previous_inode: u64,

    sizes: Values<'a, u64>,
    tokens: Tokens<'a>,
    total_files: Values<'a, u64>,
    total_directories: Values<'a, u64>,
    total_bytes: Values<'a, u64>,
    target_lens: Values<'a, u32>,
    targets: Runs<'a>,
    device_majors: Values<'a, u32>,
    device_minors: Values<'a, u32>,
    hard_links: Values<'a, i64>,
    previous_hard_link: u64,

    sets: Vec<Arc<[ExtendedAttribute]>>,
    no_attributes: Arc<[ExtendedAttribute]>,
    attribute_set: Values<'a, u16>,
    hole_counts: Values<'a, u32>,
    hole_gaps: Values<'a, u64>,
    hole_lens: Values<'a, u64>,
}

impl<'a> Decoder<'a> {
    fn new(columns: &'a Columns, plain: &'a [u8], segments: &[SegmentId]) -> Result<Decoder<'a>> {
        let rows = columns.modes.0.len();
        if columns.uids.0.len() != rows || columns.gids.0.len() != rows {
            return Err(damaged(
                "the columns of the table of owners differ in length",
            ));
        }
        if columns.modes.0.iter().any(|mode| *mode > 0o7777) {
            return Err(damaged("a mode is out of range"));
        }
        Ok(Decoder {
            flags: Values::of(&columns.flags.0),
            name_shared: Values::of(&columns.name_shared.0),
            name_rests: Runs(&columns.name_rests.0),
            name: Vec::new(),
            names_len: 0,
            columns,
            access: Values::of(&columns.access.0),
            modified_seconds: Values::of(&columns.modified_seconds.0),
            modified_nanoseconds: Values::of(&columns.modified_nanoseconds.0),
            changed_seconds: Values::of(&columns.changed_seconds.0),
            changed_nanoseconds: Values::of(&columns.changed_nanoseconds.0),
            inodes: Values::of(&columns.inodes.0),
            previous_modified: 0,
            previous_changed: 0,
            previous_inode: 0,
            sizes: Values::of(&columns.sizes.0),
            tokens: Tokens::new(columns, plain, segments)?,
            total_files: Values::of(&columns.total_files.0),
            total_directories: Values::of(&columns.total_directories.0),
            total_bytes: Values::of(&columns.total_bytes.0),
            target_lens: Values::of(&columns.target_lens.0),
            targets: Runs(&columns.targets.0),
            device_majors: Values::of(&columns.device_majors.0),
            device_minors: Values::of(&columns.device_minors.0),
            hard_links: Values::of(&columns.hard_links.0),
            previous_hard_link: 0,
            sets: decode_sets(columns)?,
            no_attributes: Arc::default(),
            attribute_set: Values::of(&columns.attribute_set.0),
            hole_counts: Values::of(&columns.hole_counts.0),
            hole_gaps: Values::of(&columns.hole_gaps.0),
            hole_lens: Values::of(&columns.hole_lens.0),
        })
    }

    /// Decodes the `len` entries of a part of `listing`; returns the range of the listings below its
    /// directories.
    fn part(
        &mut self,
        len: u32,
        listing: u64,
        first: u64,
        entries: &mut Vec<Entry>,
    ) -> Result<Range<u64>> {
        let misplaced = || damaged("folders are not where they should be");
        let start = listing.checked_sub(first).ok_or_else(misplaced)?;
        let mut below = start..start;
        for index in 0..len {
            let bits = self.flags.next()?;
            let name = self.next_name(index == 0)?;
            let attributes = self.next_attributes(bits)?;
            let kind = self.next_kind(bits, &mut below)?;
            let hard_link = self.next_hard_link(bits)?;
            entries.push(Entry {
                name,
                attributes,
                kind,
                hard_link,
                incomplete: bits & flags::INCOMPLETE != 0,
            });
        }
        // The listings below are numbered lower than this one.
        if below.end > listing || (below.is_empty() && first != 0) {
            return Err(misplaced());
        }
        Ok(below)
    }

    fn next_name(&mut self, is_first: bool) -> Result<Name> {
        let unordered = || damaged("names in a folder are not in order, or not unique");
        let shared = usize::from(self.name_shared.next()?);
        let added = self.name_rests.next_terminated()?;
        if is_first {
            self.name.clear();
        } else {
            // Above the name before: longer, or with a higher byte where that went on.
            let is_above = match (self.name.get(shared), added.first()) {
                (None, Some(_)) => true,
                (Some(before), Some(now)) => before < now,
                _ => false,
            };
            if !is_above {
                return Err(unordered());
            }
        }
        if shared > self.name.len() {
            return Err(unordered());
        }
        self.name.truncate(shared);
        self.name.extend_from_slice(added);
        self.names_len += self.name.len();
        if self.names_len > MAX_NAMES_LEN {
            return Err(damaged("the names of a page are too long"));
        }
        Name::new(&self.name).map_err(|e| damaged(&e.to_string()))
    }

    fn next_attributes(&mut self, bits: u8) -> Result<Attributes> {
        let row = usize::from(self.access.next()?);
        let no_row = || damaged("there is no such row in the table of owners");
        let columns = self.columns;
        let mode = *columns.modes.0.get(row).ok_or_else(no_row)?;
        let uid = *columns.uids.0.get(row).ok_or_else(no_row)?;
        let gid = *columns.gids.0.get(row).ok_or_else(no_row)?;

        let seconds = self.modified_seconds.next()?;
        self.previous_modified = self.previous_modified.wrapping_add(seconds);
        let modified = timestamp(self.previous_modified, self.modified_nanoseconds.next()?)?;
        let mut changed = modified;
        if bits & flags::CHANGED != 0 {
            let seconds = self.changed_seconds.next()?;
            self.previous_changed = self.previous_changed.wrapping_add(seconds);
            changed = timestamp(self.previous_changed, self.changed_nanoseconds.next()?)?;
        }
        let inode = self.inodes.next()? as u64;
        self.previous_inode = self.previous_inode.wrapping_add(inode);
        let extended = match bits & flags::EXTENDED {
            0 => &self.no_attributes,
            _ => self
                .sets
                .get(usize::from(self.attribute_set.next()?))
                .ok_or_else(|| damaged("there is no such set of extended attributes"))?,
        };
        Ok(Attributes {
            mode,
            uid,
            gid,
            modified,
            changed,
            inode: self.previous_inode,
            extended: Arc::clone(extended),
        })
    }

    /// `below`: the listings below the directories so far in the part.
    fn next_kind(&mut self, bits: u8, below: &mut Range<u64>) -> Result<Kind> {
        let kind = bits & flags::KIND;
        if bits & flags::HOLES != 0 && kind != flags::FILE && kind != flags::FILE_WITHOUT_CONTENT {
            return Err(damaged("something other than a regular file has holes"));
        }
        Ok(match kind {
            flags::FILE | flags::FILE_WITHOUT_CONTENT => {
                let size = self.sizes.next()?;
                let token = match kind {
                    flags::FILE => Some(self.tokens.next()?),
                    _ => None,
                };
                let holes = match bits & flags::HOLES {
                    0 => Vec::new(),
                    _ => self.next_holes(size)?,
                };
                Kind::File(FileEntry { size, token, holes })
            }
            flags::DIRECTORY => {
                let totals = Totals {
                    files: self.total_files.next()?,
                    directories: self.total_directories.next()?,
                    bytes: self.total_bytes.next()?,
                };
                let misplaced = || damaged("folders are not where they should be");
                let index = below
                    .end
                    .checked_add(totals.directories)
                    .ok_or_else(misplaced)?;
                below.end = index.checked_add(1).ok_or_else(misplaced)?;
                Kind::Directory(DirectoryEntry {
                    listing: ListingRef { index },
                    totals,
                })
            }
            flags::SYMBOLIC_LINK => {
                let len = self.target_lens.next()? as usize;
                if len > MAX_TARGET_LEN {
                    return Err(damaged("the target of a symbolic link is too long"));
                }
                let target = self.targets.next(len)?.to_vec();
                if target.contains(&0) {
                    return Err(damaged("the target of a symbolic link holds a NUL byte"));
                }
                Kind::SymbolicLink { target }
            }
            flags::FIFO => Kind::Fifo,
            flags::SOCKET => Kind::Socket,
            flags::CHARACTER_DEVICE => Kind::CharacterDevice {
                major: self.device_majors.next()?,
                minor: self.device_minors.next()?,
            },
            // The last of the eight kinds.
            _ => Kind::BlockDevice {
                major: self.device_majors.next()?,
                minor: self.device_minors.next()?,
            },
        })
    }

    fn next_holes(&mut self, size: u64) -> Result<Vec<Extent>> {
        let count = self.hole_counts.next()? as usize;
        if count == 0 || count > MAX_HOLES {
            return Err(damaged(
                "a sparse file has not the number of holes that it can have",
            ));
        }
        let mut holes = Vec::with_capacity(count.min(self.hole_lens.0.len()));
        let mut end = 0_u64;
        for index in 0..count {
            let (gap, len) = (self.hole_gaps.next()?, self.hole_lens.next()?);
            let offset = end.checked_add(gap);
            let hole_end = offset.and_then(|offset| offset.checked_add(len));
            match (offset, hole_end) {
                (Some(offset), Some(hole_end))
                    if hole_end <= size && len > 0 && (gap > 0 || index == 0) =>
                {
                    holes.push(Extent { offset, len });
                    end = hole_end;
                }
                _ => return Err(damaged("the holes of a sparse file contradict its size")),
            }
        }
        Ok(holes)
    }

    fn next_hard_link(&mut self, bits: u8) -> Result<Option<u64>> {
        if bits & flags::HARD_LINK == 0 {
            return Ok(None);
        }
        let delta = self.hard_links.next()? as u64;
        self.previous_hard_link = self.previous_hard_link.wrapping_add(delta);
        if self.previous_hard_link == 0 || bits & flags::KIND == flags::DIRECTORY {
            return Err(damaged("a hard link is none"));
        }
        Ok(Some(self.previous_hard_link))
    }

    /// Checks that no column has anything left.
    fn finish(&self) -> Result<()> {
        self.flags.finish()?;
        self.name_shared.finish()?;
        self.name_rests.finish()?;
        self.access.finish()?;
        self.modified_seconds.finish()?;
        self.modified_nanoseconds.finish()?;
        self.changed_seconds.finish()?;
        self.changed_nanoseconds.finish()?;
        self.inodes.finish()?;
        self.sizes.finish()?;
        self.tokens.finish()?;
        self.total_files.finish()?;
        self.total_directories.finish()?;
        self.total_bytes.finish()?;
        self.target_lens.finish()?;
        self.targets.finish()?;
        self.device_majors.finish()?;
        self.device_minors.finish()?;
        self.hard_links.finish()?;
        self.attribute_set.finish()?;
        self.hole_counts.finish()?;
        self.hole_gaps.finish()?;
        self.hole_lens.finish()
    }
}

pub(super) fn timestamp(seconds: i64, nanoseconds: u32) -> Result<Timestamp> {
    if nanoseconds >= 1_000_000_000 {
        return Err(damaged("the nanoseconds of a time are out of range"));
    }
    Ok(Timestamp {
        seconds,
        nanoseconds,
    })
}

fn decode_sets(columns: &Columns) -> Result<Vec<Arc<[ExtendedAttribute]>>> {
    let mut name_lens = Values::of(&columns.attribute_name_lens.0);
    let mut value_lens = Values::of(&columns.attribute_value_lens.0);
    let mut bytes = Runs(&columns.attributes.0);
    let mut sets = Vec::with_capacity(columns.set_lens.0.len());
    for &len in &columns.set_lens.0 {
        let mut set = Vec::new();
        for _ in 0..len {
            set.push(ExtendedAttribute {
                name: bytes.next(name_lens.next()? as usize)?.to_vec(),
                value: bytes.next(value_lens.next()? as usize)?.to_vec(),
            });
        }
        if set.is_empty() {
            return Err(damaged("a set of extended attributes is empty"));
        }
        check_set(&set).map_err(damaged)?;
        sets.push(set.into());
    }
    name_lens.finish()?;
    value_lens.finish()?;
    bytes.finish()?;
    Ok(sets)
}

/// What is wrong with an entry's extended attributes, if anything is.
pub(super) fn check_set(set: &[ExtendedAttribute]) -> std::result::Result<(), &'static str> {
    let mut len = 0_usize;
    for attribute in set {
        if attribute.name.is_empty() || attribute.name.contains(&0) {
            return Err("the name of an extended attribute is none");
        }
        len = len.saturating_add(attribute.name.len() + attribute.value.len());
    }
    if set.len() > MAX_SET_ROWS || len > MAX_EXTENDED_LEN {
        return Err("its extended attributes are too long");
    }
    if !set.is_sorted_by(|a, b| a.name < b.name) {
        return Err("its extended attributes are not in order, or not unique");
    }
    Ok(())
}
