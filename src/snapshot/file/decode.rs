//! The columns of a page to entries, trusting none of it.
//!
//! Whatever is not exactly what `encode.rs` can have written is refused: columns that end early or
//! late, values out of range, names that are none or not sorted.

use std::ops::Range;
use std::sync::Arc;

use super::attributes::{decode_sets, timestamp};
use super::columns::{Columns, flags};
use super::tokens::TokenDecoder;
use super::values::{Runs, Values, damaged};
use super::{MAX_HOLES, MAX_TARGET_LEN};
use crate::error::Result;
use crate::repository::token::SegmentId;
use crate::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, ExtendedAttribute, Extent, FileEntry, Kind, ListingRef,
    Name, Totals,
};

/// The names of a page together are at most this long, in bytes: a name is stored as what it adds to
/// the one before it, so that a short page could claim long names.
const MAX_NAMES_LEN: usize = 1 << 20;

/// Decodes entries: a cursor in each column, and the values before.
pub(super) struct Decoder<'a> {
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
    tokens: TokenDecoder<'a>,
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
    pub fn new(
        columns: &'a Columns,
        plain: &'a [u8],
        segments: &[SegmentId],
    ) -> Result<Decoder<'a>> {
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
            tokens: TokenDecoder::new(columns, plain, segments)?,
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

    /// How long the names so far are together, in bytes.
    pub fn names_len(&self) -> usize {
        self.names_len
    }

    /// Decodes the `len` entries of a part of `listing`; returns the range of the listings below its
    /// directories.
    pub fn part(
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
        let mut holes = Vec::with_capacity(count.min(self.hole_lens.left()));
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
    pub fn finish(&self) -> Result<()> {
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
