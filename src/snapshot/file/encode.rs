//! Entries to the columns of a page.

use std::collections::HashMap;
use std::sync::Arc;

use super::columns::{Columns, MAX_ROWS, flags};
use crate::error::Result;
use crate::format::encoding::encode;
use crate::repository::token::{SegmentId, Token};
use crate::snapshot::tree::{Attributes, Entry, ExtendedAttribute, Extent, Kind};

/// A page is closed once its entries take about this much before compression, in bytes.
pub(super) const PAGE_LEN: usize = 64 << 10;
/// What an entry takes besides its name and whatever else is not in every entry.
const USUAL_ENTRY_LEN: usize = 20;
const PART_LEN: usize = 4;
const HOLE_LEN: usize = 8;
const ATTRIBUTE_LEN: usize = 4;

/// The snapshot's table of segments, as it grows.
#[derive(Default)]
pub(super) struct SegmentTable {
    pub segments: Vec<SegmentId>,
    places: HashMap<SegmentId, u32>,
}

impl SegmentTable {
    fn place(&mut self, segment: SegmentId) -> u32 {
        *self.places.entry(segment).or_insert_with(|| {
            self.segments.push(segment);
            self.segments.len() as u32 - 1
        })
    }
}

/// A page being filled. The entries given to it have been checked.
#[derive(Default)]
pub(super) struct PageBuilder {
    columns: Columns,
    sha1s: Vec<u8>,
    /// About how long the columns are, in bytes.
    len: usize,

    // Within the part being filled.
    previous_name: Vec<u8>,
    has_directory: bool,

    // Within the page: the tables' places, and the values before.
    access: HashMap<(u16, u32, u32), u16>,
    /// For each segment: its place in the page's table, and that of the last content in it.
    segments: HashMap<SegmentId, (u16, u32)>,
    sets: HashMap<Arc<[ExtendedAttribute]>, u16>,
    modified_seconds: i64,
    changed_seconds: i64,
    inode: u64,
    hard_link: u64,
}

impl PageBuilder {
    pub fn parts(&self) -> usize {
        self.columns.part_entries.0.len()
    }

    pub fn entries(&self) -> usize {
        self.columns.flags.0.len()
    }

    /// True: whatever comes next goes to another page. `page_len` is [`PAGE_LEN`].
    pub fn is_full(&self, page_len: usize) -> bool {
        self.len >= page_len || self.parts() >= MAX_ROWS || self.entries() >= MAX_ROWS
    }

    /// Entries from now on are of another listing, or of one that an earlier page began.
    pub fn begin_part(&mut self) {
        self.columns.part_entries.0.push(0);
        self.columns.part_first.0.push(0);
        self.previous_name.clear();
        self.has_directory = false;
        self.len += PART_LEN;
    }

    /// Adds an entry to the last part, which is of the listing numbered `listing`. Its name comes
    /// after those before it, and a directory's subtree right behind that of the one before it.
    pub fn push(&mut self, entry: &Entry, listing: u64, table: &mut SegmentTable) {
        let columns = &mut self.columns;
        if let Some(entries) = columns.part_entries.0.last_mut() {
            *entries += 1;
        }
        let flags_at = columns.flags.0.len();
        columns.flags.0.push(0);
        self.len += USUAL_ENTRY_LEN + entry.name.as_bytes().len();
        self.push_name(entry.name.as_bytes());
        let mut bits = self.push_attributes(&entry.attributes);
        bits |= self.push_kind(&entry.kind, listing, table);
        if let Some(number) = entry.hard_link {
            bits |= flags::HARD_LINK;
            let delta = number.wrapping_sub(self.hard_link) as i64;
            self.columns.hard_links.0.push(delta);
            self.hard_link = number;
        }
        if entry.incomplete {
            bits |= flags::INCOMPLETE;
        }
        if let Some(stored) = self.columns.flags.0.get_mut(flags_at) {
            *stored = bits;
        }
    }

    fn push_name(&mut self, name: &[u8]) {
        let shared = common_prefix(&self.previous_name, name);
        let added = &name[shared..];
        // Names are at most 4096 bytes long.
        self.columns.name_shared.0.push(shared as u16);
        self.columns.name_rests.0.extend_from_slice(added);
        self.columns.name_rests.0.push(0);
        self.previous_name.truncate(shared);
        self.previous_name.extend_from_slice(added);
    }

    /// Returns the flags that tell which columns were added to.
    fn push_attributes(&mut self, attributes: &Attributes) -> u8 {
        let columns = &mut self.columns;
        let mut bits = 0;
        let row = (attributes.mode, attributes.uid, attributes.gid);
        // At most one row an entry, so their numbers fit 16 bits.
        let next = columns.modes.0.len() as u16;
        let row = *self.access.entry(row).or_insert_with(|| {
            columns.modes.0.push(attributes.mode);
            columns.uids.0.push(attributes.uid);
            columns.gids.0.push(attributes.gid);
            next
        });
        columns.access.0.push(row);

        let (modified, changed) = (attributes.modified, attributes.changed);
        let delta = modified.seconds.wrapping_sub(self.modified_seconds);
        columns.modified_seconds.0.push(delta);
        columns.modified_nanoseconds.0.push(modified.nanoseconds);
        self.modified_seconds = modified.seconds;
        if changed != modified {
            bits |= flags::CHANGED;
            let delta = changed.seconds.wrapping_sub(self.changed_seconds);
            columns.changed_seconds.0.push(delta);
            columns.changed_nanoseconds.0.push(changed.nanoseconds);
            self.changed_seconds = changed.seconds;
        }
        let delta = attributes.inode.wrapping_sub(self.inode) as i64;
        columns.inodes.0.push(delta);
        self.inode = attributes.inode;

        if !attributes.extended.is_empty() {
            bits |= flags::EXTENDED;
            let set = self.set_place(&attributes.extended);
            self.columns.attribute_set.0.push(set);
        }
        bits
    }

    fn set_place(&mut self, set: &Arc<[ExtendedAttribute]>) -> u16 {
        if let Some(place) = self.sets.get(set) {
            return *place;
        }
        let columns = &mut self.columns;
        let place = columns.set_lens.0.len() as u16;
        columns.set_lens.0.push(set.len() as u32);
        for attribute in set.iter() {
            let (name, value) = (&attribute.name, &attribute.value);
            columns.attribute_name_lens.0.push(name.len() as u32);
            columns.attribute_value_lens.0.push(value.len() as u32);
            columns.attributes.0.extend_from_slice(name);
            columns.attributes.0.extend_from_slice(value);
            self.len += ATTRIBUTE_LEN + name.len() + value.len();
        }
        self.sets.insert(Arc::clone(set), place);
        place
    }

    /// Returns the kind, and the flag of holes.
    fn push_kind(&mut self, kind: &Kind, listing: u64, table: &mut SegmentTable) -> u8 {
        let columns = &mut self.columns;
        match kind {
            Kind::File(file) => {
                columns.sizes.0.push(file.size);
                let mut bits = flags::FILE_WITHOUT_CONTENT;
                if let Some(token) = &file.token {
                    bits = flags::FILE;
                    self.push_token(token, table);
                }
                if !file.holes.is_empty() {
                    bits |= flags::HOLES;
                    self.push_holes(&file.holes);
                }
                bits
            }
            Kind::Directory(directory) => {
                let totals = &directory.totals;
                if !self.has_directory {
                    self.has_directory = true;
                    let first = directory.listing.index.wrapping_sub(totals.directories);
                    if let Some(stored) = columns.part_first.0.last_mut() {
                        *stored = listing.wrapping_sub(first);
                    }
                }
                columns.total_files.0.push(totals.files);
                columns.total_directories.0.push(totals.directories);
                columns.total_bytes.0.push(totals.bytes);
                flags::DIRECTORY
            }
            Kind::SymbolicLink { target } => {
                columns.target_lens.0.push(target.len() as u32);
                columns.targets.0.extend_from_slice(target);
                self.len += target.len();
                flags::SYMBOLIC_LINK
            }
            Kind::Fifo => flags::FIFO,
            Kind::Socket => flags::SOCKET,
            Kind::CharacterDevice { major, minor } => {
                columns.device_majors.0.push(*major);
                columns.device_minors.0.push(*minor);
                flags::CHARACTER_DEVICE
            }
            Kind::BlockDevice { major, minor } => {
                columns.device_majors.0.push(*major);
                columns.device_minors.0.push(*minor);
                flags::BLOCK_DEVICE
            }
        }
    }

    fn push_token(&mut self, token: &Token, table: &mut SegmentTable) {
        self.sha1s.extend_from_slice(&token.sha1.0);
        let columns = &mut self.columns;
        let number = token.number;
        let next = columns.segments.0.len() as u16;
        let (place, previous) = self.segments.entry(number.segment).or_insert_with(|| {
            columns.segments.0.push(table.place(number.segment));
            (next, 0)
        });
        columns.segment.0.push(*place);
        let delta = i64::from(number.ordinal) - i64::from(*previous);
        columns.ordinals.0.push(delta);
        *previous = number.ordinal;
    }

    fn push_holes(&mut self, holes: &[Extent]) {
        let columns = &mut self.columns;
        columns.hole_counts.0.push(holes.len() as u32);
        let mut end = 0_u64;
        for hole in holes {
            columns.hole_gaps.0.push(hole.offset.wrapping_sub(end));
            columns.hole_lens.0.push(hole.len);
            end = hole.offset.wrapping_add(hole.len);
        }
        self.len += HOLE_LEN * holes.len();
    }

    /// The page's plain part and its columns, encoded; the builder is as new afterwards.
    pub fn take(&mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        let page = std::mem::take(self);
        Ok((page.sha1s, encode(&page.columns)?))
    }
}

/// How many bytes two names have in common at their start.
pub(super) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(a, b)| a == b).count()
}
