//! Writes a snapshot file front to back, listing by listing.

use std::io::Write;

use super::attributes::check_set;
use super::columns::LISTINGS_PAGE;
use super::encode::{PAGE_LEN, PageBuilder, SegmentTable, common_prefix};
use super::header::SnapshotHeader;
use super::meta::{Meta, PageFence, RootAttributes};
use super::{MAX_HOLES, MAX_TARGET_LEN};
use crate::error::{Error, Result};
use crate::format::compression::Codec;
use crate::format::encoding::Bytes;
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Identity, PreparedPage, SealedWriter};
use crate::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, FileEntry, Kind, ListingRef, Name, Timestamp, Totals,
};

/// The level at which pages are compressed with gzip. Of a million entries (`benches/snapshot_file.rs`,
/// 43 bytes each) level 1 makes 12% more, level 4 takes 20% longer to save 1%.
const GZIP_LEVEL: i32 = 2;

/// Writes a snapshot.
///
/// Listings come in post-order: those of the directories in a directory, in the order of their names
/// and each right after what is below it, then that of the directory. Every listing has to be referred
/// to by the next one above it, up to that of `/`, which is the last.
pub struct SnapshotWriter<W: Write> {
    out: SealedWriter<W>,
    codec: Codec,
    snapshot_id: Id,
    archive_id: Id,
    page: PageBuilder,
    /// Tests have shorter pages.
    pub(super) page_len: usize,
    /// Of the page being filled: set if its first part goes on with an earlier page's listing.
    separator: Option<Bytes>,
    fences: Vec<PageFence>,
    segments: SegmentTable,
    /// How many listings are complete.
    listings: u64,
    /// A listing has been begun and not ended.
    is_open: bool,
}

impl<W: Write> SnapshotWriter<W> {
    /// Starts a file; `codec` is [`Codec::None`] for an archive that wants its snapshots uncompressed,
    /// else [`Codec::Gzip`].
    pub fn create(
        out: W,
        snapshot_id: Id,
        archive_id: Id,
        codec: Codec,
    ) -> Result<SnapshotWriter<W>> {
        let identity = Identity {
            kind: FileKind::Snapshot,
            own_id: snapshot_id,
            owner_id: archive_id,
        };
        Ok(SnapshotWriter {
            out: SealedWriter::new(out, identity)?,
            codec,
            snapshot_id,
            archive_id,
            page: PageBuilder::default(),
            page_len: PAGE_LEN,
            separator: None,
            fences: Vec::new(),
            segments: SegmentTable::default(),
            listings: 0,
            is_open: false,
        })
    }

    /// Writes a directory's listing, its entries sorted by the bytes of their names. Returns what
    /// goes into its own entry, in the listing above.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for entries that are not in order, or that no
    /// snapshot can hold; nothing can be written after that.
    pub fn add_listing(&mut self, entries: &[Entry]) -> Result<DirectoryEntry> {
        let mut listing = self.begin_listing()?;
        for entry in entries {
            listing.push(entry)?;
        }
        listing.finish()
    }

    /// Starts a listing that is written entry by entry, for directories too long to hold.
    pub fn begin_listing(&mut self) -> Result<ListingWriter<'_, W>> {
        if self.is_open {
            return Err(refused("a listing was given up half way"));
        }
        if self.page.is_full(self.page_len) {
            self.close_page()?;
        }
        self.page.begin_part();
        self.is_open = true;
        Ok(ListingWriter {
            writer: self,
            totals: Totals::default(),
            next_below: None,
            last_name: None,
        })
    }

    /// Length of what was written so far, in bytes.
    pub fn written(&self) -> u64 {
        self.out.written()
    }

    fn close_page(&mut self) -> Result<()> {
        self.fences.push(PageFence {
            parts: self.page.parts() as u32,
            entries: self.page.entries() as u32,
            separator: self.separator.take(),
        });
        let (sha1s, raw) = self.page.take()?;
        let level = match self.codec {
            Codec::Gzip => GZIP_LEVEL,
            other => other.default_level(),
        };
        let page = PreparedPage::new(LISTINGS_PAGE, &sha1s, self.codec, level, &raw)?;
        self.out.add(&page)?;
        Ok(())
    }

    /// Writes the rest: what `add_listing` returned for `/`, its attributes, and the header, whose
    /// totals are set to those of the tree. Returns the inner writer and the file's length; the
    /// caller makes the file durable.
    pub fn finish(
        mut self,
        root: DirectoryEntry,
        root_attributes: &Attributes,
        mut header: SnapshotHeader,
    ) -> Result<(W, u64)> {
        let is_whole = !self.is_open
            && root.listing.index.checked_add(1) == Some(self.listings)
            && root.listing.index == root.totals.directories;
        if !is_whole {
            return Err(refused("there are folders that are in no other"));
        }
        if header.snapshot_id != self.snapshot_id || header.archive.id != self.archive_id {
            return Err(refused("its header is that of another"));
        }
        if !header.taken_at.is_sound() {
            return Err(refused("the time at which it was taken is none"));
        }
        check_attributes_of(root_attributes).map_err(|why| refused(&format!("of '/' {why}")))?;
        self.close_page()?;
        header.totals = root.totals;
        let meta = Meta {
            header,
            root: RootAttributes::new(root_attributes),
            segments: self.segments.segments,
            pages: self.fences,
        };
        self.out.finish(&meta.encode()?, self.codec)
    }
}

/// A listing being written.
pub struct ListingWriter<'a, W: Write> {
    writer: &'a mut SnapshotWriter<W>,
    totals: Totals,
    /// The lowest listing that the next directory's subtree can have, once there was one.
    next_below: Option<u64>,
    last_name: Option<Name>,
}

impl<W: Write> ListingWriter<'_, W> {
    /// Adds the next entry; its name has to be above the one before.
    pub fn push(&mut self, entry: &Entry) -> Result<()> {
        let writer = &mut *self.writer;
        if let Some(last) = &self.last_name {
            if *last >= entry.name {
                return Err(refused(&format!(
                    "'{}' does not come after '{last}'",
                    entry.name
                )));
            }
            if writer.page.is_full(writer.page_len) {
                writer.close_page()?;
                // The shortest start of this name that is above the last one.
                let name = entry.name.as_bytes();
                let len = common_prefix(last.as_bytes(), name) + 1;
                let separator = name.get(..len).unwrap_or(name);
                writer.separator = Some(Bytes(separator.to_vec()));
                writer.page.begin_part();
            }
        }
        check_entry(entry).map_err(|why| refused(&format!("of '{}' {why}", entry.name)))?;
        let listing = writer.listings;
        let below = match &entry.kind {
            Kind::Directory(directory) => directory.totals,
            _ => Totals {
                files: 1,
                directories: 0,
                bytes: entry.size(),
            },
        };
        if let Kind::Directory(directory) = &entry.kind {
            let index = directory.listing.index;
            let first = index.checked_sub(below.directories);
            let is_next = first.is_some() && self.next_below.is_none_or(|next| Some(next) == first);
            if !is_next || index >= listing {
                return Err(refused(&format!(
                    "the folder '{}' is out of order",
                    entry.name
                )));
            }
            self.next_below = Some(index + 1);
            self.totals.directories += 1;
        }
        self.totals = checked_sum(&self.totals, &below)
            .ok_or_else(|| refused("the sums over the files are too high"))?;
        writer.page.push(entry, listing, &mut writer.segments);
        self.last_name = Some(entry.name.clone());
        Ok(())
    }

    /// Ends the listing; returns what goes into its directory's entry.
    pub fn finish(self) -> Result<DirectoryEntry> {
        let index = self.writer.listings;
        if self.next_below.is_some_and(|next| next != index) {
            return Err(refused("there are folders that are in no other"));
        }
        self.writer.listings += 1;
        self.writer.is_open = false;
        Ok(DirectoryEntry {
            listing: ListingRef { index },
            totals: self.totals,
        })
    }
}

/// The sums of two trees, `None` where they are too high to be true.
pub(super) fn checked_sum(left: &Totals, right: &Totals) -> Option<Totals> {
    Some(Totals {
        files: left.files.checked_add(right.files)?,
        directories: left.directories.checked_add(right.directories)?,
        bytes: left.bytes.checked_add(right.bytes)?,
    })
}

fn refused(why: &str) -> Error {
    Error::invalid("write the snapshot", why)
}

/// What makes an entry one that no snapshot can hold.
fn check_entry(entry: &Entry) -> std::result::Result<(), &'static str> {
    check_attributes_of(&entry.attributes)?;
    match &entry.kind {
        Kind::File(file) => check_holes(file)?,
        Kind::SymbolicLink { target } if target.len() > MAX_TARGET_LEN => {
            return Err("the target is too long");
        }
        Kind::SymbolicLink { target } if target.contains(&0) => {
            return Err("the target holds a NUL byte");
        }
        _ => {}
    }
    match entry.hard_link {
        Some(0) => Err("the hard-link number is 0"),
        Some(_) if entry.is_directory() => Err("the kind allows no hard link"),
        _ => Ok(()),
    }
}

fn check_attributes_of(attributes: &Attributes) -> std::result::Result<(), &'static str> {
    let is_time = |time: &Timestamp| time.nanoseconds < 1_000_000_000;
    if attributes.mode > 0o7777 {
        return Err("the mode is out of range");
    }
    if !is_time(&attributes.modified) || !is_time(&attributes.changed) {
        return Err("a time is out of range");
    }
    check_set(&attributes.extended)
}

fn check_holes(file: &FileEntry) -> std::result::Result<(), &'static str> {
    if file.holes.len() > MAX_HOLES {
        return Err("the holes are too many");
    }
    let mut end = None;
    for hole in &file.holes {
        let is_apart = end.is_none_or(|end| hole.offset > end);
        match hole.offset.checked_add(hole.len) {
            Some(hole_end) if is_apart && hole.len > 0 && hole_end <= file.size => {
                end = Some(hole_end);
            }
            _ => return Err("the holes contradict the size"),
        }
    }
    Ok(())
}
