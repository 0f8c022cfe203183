//! Opens a snapshot file, and finds things in it.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::cache::PageCache;
use super::columns::LISTINGS_PAGE;
use super::header::SnapshotHeader;
use super::listing::Listing;
use super::meta::{Meta, PageMap};
use super::page::{DecodedPage, Part};
use super::tokens::{Tokens, page_tokens};
use super::values::damaged;
use super::walk::Walk;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::format::sealed::{FileKind, Page, PageRecord, Sealed};
use crate::fs::{LocalFile, ReadAt};
use crate::progress::lock;
use crate::repository::storage::Storage;
use crate::repository::token::{SegmentId, Token};
use crate::snapshot::tree::{Attributes, DirectoryEntry, Entry, Kind, ListingRef, Name};

/// An open snapshot. Any number of threads use it at once; share it with an [`Arc`].
///
/// Every error names the file, and is [`ErrorKind::Damaged`] for bytes that are not, or cannot be,
/// what Gibus has written.
pub struct Snapshot {
    sealed: Sealed,
    header: SnapshotHeader,
    root: DirectoryEntry,
    root_attributes: Attributes,
    segments: Vec<SegmentId>,
    map: PageMap,
    cache: Mutex<PageCache>,
    place: PathBuf,
}

impl Snapshot {
    /// Opens a snapshot file.
    pub fn open(path: &Path) -> Result<Snapshot> {
        let file = File::open(path)
            .and_then(LocalFile::new)
            .context("open the snapshot", path)?;
        Snapshot::open_file(Arc::new(file), path)
    }

    /// Opens a snapshot file in a storage.
    pub fn open_in(storage: &dyn Storage, name: &str) -> Result<Snapshot> {
        let place = Path::new(&storage.describe()).join(name);
        Snapshot::open_file(storage.open(name)?, &place)
    }

    /// Opens whatever can be read at positions; `place` is what errors name.
    pub fn open_file(file: Arc<dyn ReadAt>, place: &Path) -> Result<Snapshot> {
        Snapshot::open_unnamed(file, place).map_err(|error| error.at(place))
    }

    fn open_unnamed(file: Arc<dyn ReadAt>, place: &Path) -> Result<Snapshot> {
        let sealed = Sealed::open(file, FileKind::Snapshot)?;
        let meta = Meta::decode(sealed.meta())?;
        let identity = sealed.identity();
        let header = meta.header;
        if header.snapshot_id != identity.own_id || header.archive.id != identity.owner_id {
            return Err(damaged("its header is that of another snapshot"));
        }
        if !header.taken_at.is_sound() {
            return Err(damaged("the time at which it was taken is none"));
        }
        let map = PageMap::new(meta.pages)?;
        if sealed.pages().len() != map.pages() as usize {
            return Err(damaged("it has not the number of pages that it should"));
        }
        if let Some(page) = sealed
            .pages()
            .iter()
            .find(|page| page.page_kind != LISTINGS_PAGE)
        {
            return Err(Error::new(ErrorKind::Unsupported, "read the snapshot")
                .because(format!(
                    "it has a page of the unknown kind {}",
                    page.page_kind
                ))
                .advise("use a newer version of Gibus"));
        }
        // The last listing is that of `/`, and all others are below it.
        let index = map.listings() - 1;
        if header.totals.directories != index {
            return Err(damaged("folders are not where they should be"));
        }
        Ok(Snapshot {
            root: DirectoryEntry {
                listing: ListingRef { index },
                totals: header.totals,
            },
            root_attributes: meta.root.check()?,
            header,
            sealed,
            segments: meta.segments,
            map,
            cache: Mutex::default(),
            place: place.to_owned(),
        })
    }

    /// What the snapshot says of itself. Its texts come from the file and are as little to be trusted
    /// as file names.
    pub fn header(&self) -> &SnapshotHeader {
        &self.header
    }

    /// The directory `/`.
    pub fn root(&self) -> &DirectoryEntry {
        &self.root
    }

    pub fn root_attributes(&self) -> &Attributes {
        &self.root_attributes
    }

    /// Where the file is, as errors name it.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Length of the file in bytes.
    pub fn file_len(&self) -> u64 {
        self.sealed.file_len()
    }

    /// The entries of a directory of this snapshot, in the order of the bytes of their names.
    pub fn list(&self, directory: &DirectoryEntry) -> Result<Vec<Entry>> {
        self.entries(directory).collect()
    }

    /// [`Snapshot::list`] one by one, page after page, for directories of any length.
    pub fn entries(&self, directory: &DirectoryEntry) -> Listing<'_> {
        Listing::new(self, directory)
    }

    /// How many entries a directory has. Decodes two pages at most.
    pub fn entry_count(&self, directory: &DirectoryEntry) -> Result<u64> {
        let mut count = 0;
        for page in self.pages_of(directory)? {
            count += self.part_len(page, directory)?;
        }
        Ok(count)
    }

    /// Those entries of [`Snapshot::list`] whose places in it are in `range`; past its end there are
    /// none. Decodes the pages that hold them, and two more at most.
    pub fn list_range(&self, directory: &DirectoryEntry, range: Range<u64>) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut before = 0;
        for page in self.pages_of(directory)? {
            let len = self.part_len(page, directory)?;
            let from = range.start.clamp(before, before + len) - before;
            let to = range.end.clamp(before, before + len) - before;
            if from < to {
                let decoded = self.page(page)?;
                let entries = self.part_entries(&decoded, page, directory)?;
                let entries = entries.get(from as usize..to as usize).unwrap_or_default();
                found.extend_from_slice(entries);
            }
            before += len;
        }
        Ok(found)
    }

    /// The entry of this name in a directory. Decodes one page, however long the directory is.
    pub fn find(&self, directory: &DirectoryEntry, name: &[u8]) -> Result<Option<Entry>> {
        let listing = directory.listing.index;
        let page = self.map.page_of_name(listing, name);
        let page = page.ok_or_else(|| self.error(no_listing()))?;
        let decoded = self.page(page)?;
        let entries = self.part_entries(&decoded, page, directory)?;
        let place = entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name));
        Ok(place.ok().and_then(|place| entries.get(place)).cloned())
    }

    /// The entry at an absolute path. `None`: there is none, or the path is that of `/`, which has no
    /// entry (see [`Snapshot::root`], [`Snapshot::directory`]).
    ///
    /// Errors: [`ErrorKind::Invalid`] for a path that is not absolute or has a part that is no name;
    /// slashes in a row, and at the end, count as one and none.
    pub fn lookup(&self, path: &[u8]) -> Result<Option<Entry>> {
        let mut directory = self.root;
        let mut found: Option<Entry> = None;
        for name in names(path)? {
            match found.as_ref().map(|entry| &entry.kind) {
                None => {}
                Some(Kind::Directory(below)) => directory = *below,
                Some(_) => return Ok(None),
            }
            match self.find(&directory, name)? {
                Some(entry) => found = Some(entry),
                None => return Ok(None),
            }
        }
        Ok(found)
    }

    /// The directory at an absolute path, which may be `/`; `None` if there is none.
    ///
    /// Errors: as [`Snapshot::lookup`].
    pub fn directory(&self, path: &[u8]) -> Result<Option<DirectoryEntry>> {
        if names(path)?.is_empty() {
            return Ok(Some(self.root));
        }
        Ok(self.lookup(path)?.and_then(|entry| match entry.kind {
            Kind::Directory(directory) => Some(directory),
            _ => None,
        }))
    }

    /// Everything below a directory, depth first, each directory before what is in it. `prefix` is the
    /// path that those yielded begin with: that of the directory, or whatever suits.
    pub fn walk(&self, prefix: &[u8], directory: &DirectoryEntry) -> Walk<'_> {
        Walk::new(self, prefix, directory)
    }

    /// Every token that the snapshot refers to, once for each reference, in no order that matters.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::new(self)
    }

    /// Reads all of it and checks that it is a sound tree.
    pub fn verify(&self) -> Result<()> {
        let mut walk = self.walk(b"/", &self.root);
        while walk.advance()?.is_some() {}
        Ok(())
    }

    pub(super) fn error(&self, error: Error) -> Error {
        error.at(&self.place)
    }

    pub(super) fn page_count(&self) -> u32 {
        self.map.pages()
    }

    pub(super) fn segments(&self) -> &[SegmentId] {
        &self.segments
    }

    pub(super) fn pages_of_listing(&self, listing: u64) -> Range<u32> {
        self.map.pages_of(listing)
    }

    pub(super) fn page_record(&self, page: u32) -> Option<&PageRecord> {
        self.sealed.pages().get(page as usize)
    }

    /// A page's columns, decompressed and verified.
    pub(super) fn page_raw(&self, page: u32) -> Result<Vec<u8>> {
        Ok(self.page_bytes(page)?.raw)
    }

    /// Both parts of a page, decompressed and verified.
    pub(super) fn page_bytes(&self, page: u32) -> Result<Page> {
        self.sealed.read(page)
    }

    /// The number of the first listing of which a page has a part; those of the others follow.
    pub fn first_listing(&self, page: u32) -> Option<u64> {
        self.map.page(page).map(|placed| placed.first_listing)
    }

    /// The pages that have a part of a directory's listing; at least one.
    pub(super) fn pages_of(&self, directory: &DirectoryEntry) -> Result<Range<u32>> {
        let range = self.map.pages_of(directory.listing.index);
        if range.is_empty() {
            return Err(self.error(no_listing()));
        }
        Ok(range)
    }

    /// A page, decoded and checked.
    pub(super) fn page(&self, index: u32) -> Result<Arc<DecodedPage>> {
        if let Some(page) = lock(&self.cache).get(index) {
            return Ok(page);
        }
        // Decoded without holding the lock: other threads go on meanwhile.
        let page = self.decode_page(index).map_err(|error| self.error(error))?;
        let page = Arc::new(page);
        lock(&self.cache).put(index, Arc::clone(&page));
        Ok(page)
    }

    fn decode_page(&self, index: u32) -> Result<DecodedPage> {
        let placed = self.map.page(index).ok_or_else(no_listing)?;
        DecodedPage::new(&self.sealed.read(index)?, &placed, &self.segments)
    }

    /// The tokens of one page; does not go through the kept pages.
    pub(super) fn page_tokens(&self, index: u32) -> Result<Vec<Token>> {
        self.sealed
            .read(index)
            .and_then(|page| page_tokens(&page, &self.segments))
            .map_err(|error| self.error(error))
    }

    /// The part of a directory's listing that a page has.
    pub(super) fn part<'a>(
        &self,
        decoded: &'a DecodedPage,
        page: u32,
        directory: &DirectoryEntry,
    ) -> Result<&'a Part> {
        self.map
            .page(page)
            .and_then(|placed| directory.listing.index.checked_sub(placed.first_listing))
            .and_then(|place| decoded.parts.get(usize::try_from(place).ok()?))
            .ok_or_else(|| self.error(no_listing()))
    }

    fn part_entries<'a>(
        &self,
        decoded: &'a DecodedPage,
        page: u32,
        directory: &DirectoryEntry,
    ) -> Result<&'a [Entry]> {
        let part = self.part(decoded, page, directory)?;
        Ok(decoded
            .entries
            .get(part.entries.clone())
            .unwrap_or_default())
    }

    /// How many entries of a directory's listing are in a page.
    fn part_len(&self, page: u32, directory: &DirectoryEntry) -> Result<u64> {
        match self.map.page(page) {
            Some(placed) if placed.parts == 1 => Ok(u64::from(placed.entries)),
            _ => {
                let decoded = self.page(page)?;
                Ok(self.part(&decoded, page, directory)?.entries.len() as u64)
            }
        }
    }
}

fn no_listing() -> Error {
    damaged("it has no such folder")
}

/// The names that an absolute path is made of.
fn names(path: &[u8]) -> Result<Vec<&[u8]>> {
    let Some((b'/', rest)) = path.split_first() else {
        return Err(
            Error::invalid("look in the snapshot", "the path is not absolute")
                .at(crate::fs::bytes_path(path)),
        );
    };
    let names = rest
        .split(|byte| *byte == b'/')
        .filter(|name| !name.is_empty());
    names.map(|name| Name::new(name).map(|_| name)).collect()
}
