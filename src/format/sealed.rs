//! The container of every binary file that Gibus stores: packs, content tables, claims, snapshots.
//!
//! ```text
//! header      64 bytes: magic, kind, format version, the file's own id, its owner's id
//! page 0…n    each: a plain part, then a compressed part (either may be empty)
//! directory   the file's meta bytes and one record a page: lengths, codec, BLAKE3 of what is stored
//! trailer     80 bytes: where the directory is, the file's length, BLAKE3 of all but the pages
//! ```
//!
//! Every byte of a file is under a BLAKE3 that is checked *before* anything is decoded: the trailer's
//! covers header, directory and trailer, the directory's records cover the pages, and pages, directory
//! and trailer have to lie one behind the other without a gap. A file that is cut, extended, or swapped
//! with a sibling (the header holds the file's own id) is found out when it is opened, a flipped bit at
//! the latest when its page is read.
//!
//! Files are written front to back in one go and never changed. They are read by pages: opening costs
//! two reads, whatever the size.

use std::io::Write;
use std::sync::Arc;

use super::compression::{Codec, compress, decompress};
use super::digest::Blake3;
use super::id::Id;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::ReadAt;

/// First eight bytes of every file: not text, and damaged visibly by a transfer "as text".
pub const MAGIC: [u8; 8] = *b"\x89gibus\r\n";
/// Last eight bytes of every file.
pub const END_MAGIC: [u8; 8] = *b"\nsealed\x1a";
pub const HEADER_LEN: usize = 64;
pub const TRAILER_LEN: usize = 80;
/// The version of all formats that this program writes.
pub const FORMAT_VERSION: u16 = 1;
/// No page is longer than this, compressed or not.
pub const MAX_PAGE_LEN: usize = 64 << 20;

const RECORD_LEN: usize = 48;
const MAX_DIRECTORY_LEN: usize = 256 << 20;
/// Read from the end at once when a file is opened: trailer and most directories.
const TAIL_LEN: u64 = 64 << 10;

/// What a file is. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum FileKind {
    Pack = 1,
    Table = 2,
    Claim = 3,
    Snapshot = 4,
}

impl FileKind {
    fn name(self) -> &'static str {
        match self {
            FileKind::Pack => "pack",
            FileKind::Table => "content table",
            FileKind::Claim => "claim",
            FileKind::Snapshot => "snapshot",
        }
    }
}

/// What a file is of which these bytes are the beginning, as its header says; nothing is checked.
pub fn kind_of(beginning: &[u8]) -> Option<FileKind> {
    let rest = beginning.strip_prefix(&MAGIC)?;
    let kind = u16::from_le_bytes(rest.get(..2)?.try_into().ok()?);
    let kinds = [
        FileKind::Pack,
        FileKind::Table,
        FileKind::Claim,
        FileKind::Snapshot,
    ];
    kinds.into_iter().find(|known| *known as u16 == kind)
}

/// Which file this is, and to whom it belongs (a repository; for a snapshot its archive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub kind: FileKind,
    pub own_id: Id,
    pub owner_id: Id,
}

/// What the directory says of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRecord {
    /// What the page holds; each kind of file has its own numbers.
    pub page_kind: u8,
    pub codec: Codec,
    /// Offset in the file.
    pub offset: u64,
    /// Bytes at the page's start that are stored as they are.
    pub plain_len: u32,
    /// Bytes that the page takes in the file, the plain ones among them.
    pub stored_len: u32,
    /// Length of the compressed part once decompressed.
    pub raw_len: u32,
    /// Of the stored bytes.
    pub blake3: Blake3,
}

/// A page as it was given to the writer.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub plain: Vec<u8>,
    pub raw: Vec<u8>,
}

/// A page ready to be written: made by any thread, appended by one.
#[derive(Clone, Debug)]
pub struct PreparedPage {
    pub page_kind: u8,
    pub codec: Codec,
    pub plain_len: u32,
    pub raw_len: u32,
    pub stored: Vec<u8>,
    pub blake3: Blake3,
}

impl PreparedPage {
    /// Compresses `raw` with `codec`, or leaves it as it is where that is not smaller.
    pub fn new(
        page_kind: u8,
        plain: &[u8],
        codec: Codec,
        level: i32,
        raw: &[u8],
    ) -> Result<PreparedPage> {
        if plain.len() > MAX_PAGE_LEN || raw.len() > MAX_PAGE_LEN {
            return Err(Error::invalid("write a page", "it is too long"));
        }
        let (plain_len, raw_len) = (plain.len() as u32, raw.len() as u32);
        let mut codec = codec;
        let mut compressed = None;
        if codec != Codec::None && !raw.is_empty() {
            compressed = Some(compress(codec, level, raw)?).filter(|it| it.len() < raw.len());
            if compressed.is_none() {
                codec = Codec::None;
            }
        }
        let stored = match compressed {
            Some(compressed) if plain.is_empty() => compressed,
            Some(compressed) => [plain, &compressed].concat(),
            None if codec == Codec::None => [plain, raw].concat(),
            None => plain.to_vec(),
        };
        let blake3 = Blake3::of(&stored);
        Ok(PreparedPage {
            page_kind,
            codec,
            plain_len,
            raw_len,
            stored,
            blake3,
        })
    }
}

/// Writes a sealed file front to back.
pub struct SealedWriter<W: Write> {
    out: W,
    header: [u8; HEADER_LEN],
    records: Vec<u8>,
    pages: u32,
    written: u64,
}

impl<W: Write> SealedWriter<W> {
    pub fn new(mut out: W, identity: Identity) -> Result<SealedWriter<W>> {
        let mut header = [0; HEADER_LEN];
        header[..8].copy_from_slice(&MAGIC);
        header[8..10].copy_from_slice(&(identity.kind as u16).to_le_bytes());
        header[10..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        header[16..32].copy_from_slice(&identity.own_id.0);
        header[32..48].copy_from_slice(&identity.owner_id.0);
        out.write_all(&header).map_err(write_failed)?;
        Ok(SealedWriter {
            out,
            header,
            records: Vec::new(),
            pages: 0,
            written: HEADER_LEN as u64,
        })
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many pages were added.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Appends a page and returns its index.
    pub fn add(&mut self, page: &PreparedPage) -> Result<u32> {
        self.out.write_all(&page.stored).map_err(write_failed)?;
        self.written += page.stored.len() as u64;
        let record = &mut self.records;
        record.extend_from_slice(&[page.page_kind, page.codec as u8, 0, 0]);
        record.extend_from_slice(&page.plain_len.to_le_bytes());
        record.extend_from_slice(&(page.stored.len() as u32).to_le_bytes());
        record.extend_from_slice(&page.raw_len.to_le_bytes());
        record.extend_from_slice(&page.blake3.0);
        self.pages += 1;
        Ok(self.pages - 1)
    }

    /// Writes directory and trailer; returns the inner writer and the file's length. The caller makes
    /// the file durable.
    pub fn finish(mut self, meta: &[u8], codec: Codec) -> Result<(W, u64)> {
        let mut raw = Vec::with_capacity(4 + meta.len() + self.records.len());
        raw.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        raw.extend_from_slice(meta);
        raw.extend_from_slice(&self.records);
        if raw.len() > MAX_DIRECTORY_LEN {
            return Err(Error::invalid("write the directory", "it is too long"));
        }
        let directory = compress(codec, codec.default_level(), &raw)?;
        let file_len = self.written + directory.len() as u64 + TRAILER_LEN as u64;

        let mut trailer = [0; TRAILER_LEN];
        trailer[0..8].copy_from_slice(&self.written.to_le_bytes());
        trailer[8..12].copy_from_slice(&(directory.len() as u32).to_le_bytes());
        trailer[12..16].copy_from_slice(&(raw.len() as u32).to_le_bytes());
        trailer[16..24].copy_from_slice(&file_len.to_le_bytes());
        trailer[24] = codec as u8;
        let digest = seal(&self.header, &directory, &trailer);
        trailer[40..72].copy_from_slice(&digest.0);
        trailer[72..80].copy_from_slice(&END_MAGIC);

        self.out.write_all(&directory).map_err(write_failed)?;
        self.out.write_all(&trailer).map_err(write_failed)?;
        Ok((self.out, file_len))
    }
}

/// How long a sealed file is beyond its pages, if its directory is not compressed.
pub fn sealed_len_beside_pages(pages: u64, meta_len: u64) -> u64 {
    let directory = 4 + meta_len + pages * RECORD_LEN as u64;
    HEADER_LEN as u64 + directory + TRAILER_LEN as u64
}

fn write_failed(source: std::io::Error) -> Error {
    Error::io("write", &source)
}

/// The digest in the trailer: header, directory as stored, first 40 bytes of the trailer.
fn seal(header: &[u8], directory: &[u8], trailer: &[u8]) -> Blake3 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header);
    hasher.update(directory);
    hasher.update(&trailer[..40]);
    Blake3(*hasher.finalize().as_bytes())
}

/// An opened sealed file. Any number of threads read pages from it.
pub struct Sealed {
    file: Arc<dyn ReadAt>,
    identity: Identity,
    meta: Vec<u8>,
    pages: Vec<PageRecord>,
    seal: Blake3,
}

impl Sealed {
    /// Opens a file of the given kind; checks everything but its pages.
    ///
    /// Errors: [`ErrorKind::Damaged`] for anything that is not what was written,
    /// [`ErrorKind::Unsupported`] for a version from the future, or the error of a read.
    pub fn open(file: Arc<dyn ReadAt>, kind: FileKind) -> Result<Sealed> {
        let attempt = || format!("open the {}", kind.name());
        let damaged = |why: &str| Error::damaged(attempt(), why);
        let read = |offset: u64, len: usize| -> Result<Vec<u8>> {
            let mut bytes = vec![0; len];
            file.read_exact_at(&mut bytes, offset)
                .map_err(|e| Error::io(attempt(), &e))?;
            Ok(bytes)
        };

        let file_len = file.len();
        if file_len < (HEADER_LEN + TRAILER_LEN) as u64 {
            return Err(damaged("the file is cut short"));
        }
        // One read has all of a short file.
        let tail_len = file_len.min(TAIL_LEN);
        let tail_offset = file_len - tail_len;
        let tail = read(tail_offset, tail_len as usize)?;
        let header = match tail_offset {
            0 => tail[..HEADER_LEN].to_vec(),
            _ => read(0, HEADER_LEN)?,
        };
        if header[..8] != MAGIC {
            return Err(damaged("this is not a file of Gibus"));
        }
        let version = u16::from_le_bytes([header[10], header[11]]);
        if version > FORMAT_VERSION {
            return Err(Error::new(ErrorKind::Unsupported, attempt())
                .because(format!("it has format version {version}"))
                .advise("use a newer version of Gibus"));
        }
        let trailer = &tail[tail.len() - TRAILER_LEN..];
        if trailer[72..] != END_MAGIC {
            return Err(damaged("the file is cut short or has bytes added"));
        }
        let directory_offset = u64::from_le_bytes(array(&trailer[0..8]));
        let directory_len = u32::from_le_bytes(array(&trailer[8..12])) as usize;
        let raw_len = u32::from_le_bytes(array(&trailer[12..16])) as usize;
        let recorded_len = u64::from_le_bytes(array(&trailer[16..24]));
        let fits = recorded_len == file_len
            && directory_offset >= HEADER_LEN as u64
            && directory_offset
                .checked_add(directory_len as u64 + TRAILER_LEN as u64)
                .is_some_and(|end| end == file_len)
            && raw_len <= MAX_DIRECTORY_LEN;
        if !fits {
            return Err(damaged("its length is not the recorded one"));
        }
        let directory = if directory_offset >= tail_offset {
            let from = (directory_offset - tail_offset) as usize;
            tail[from..from + directory_len].to_vec()
        } else {
            read(directory_offset, directory_len)?
        };
        let digest = seal(&header, &directory, trailer);
        if digest.0 != trailer[40..72] {
            return Err(damaged("its checksum does not match"));
        }
        // From here on the bytes are those that somebody sealed; that somebody may be hostile.
        if u16::from_le_bytes([header[8], header[9]]) != kind as u16 {
            return Err(damaged("it is a file of another kind"));
        }
        let raw = decompress(Codec::from_number(trailer[24])?, &directory, raw_len)?;
        let (meta, pages) = parse_directory(&raw, directory_offset)
            .ok_or_else(|| damaged("its directory contradicts itself"))?;
        Ok(Sealed {
            identity: Identity {
                kind,
                own_id: Id(array(&header[16..32])),
                owner_id: Id(array(&header[32..48])),
            },
            file,
            meta,
            pages,
            seal: digest,
        })
    }

    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The bytes given to [`SealedWriter::finish`].
    pub fn meta(&self) -> &[u8] {
        &self.meta
    }

    pub fn pages(&self) -> &[PageRecord] {
        &self.pages
    }

    /// Length of the file in bytes.
    pub fn file_len(&self) -> u64 {
        self.file.len()
    }

    /// The digest that, through the directory, covers the whole file.
    pub fn seal(&self) -> Blake3 {
        self.seal
    }

    fn record(&self, index: u32) -> Result<&PageRecord> {
        self.pages
            .get(index as usize)
            .ok_or_else(|| self.damaged(format!("there is no page {index}")))
    }

    fn damaged(&self, why: impl Into<String>) -> Error {
        Error::damaged(format!("read the {}", self.identity.kind.name()), why)
    }

    /// The stored bytes of a page, their checksum verified.
    pub fn read_stored(&self, index: u32) -> Result<Vec<u8>> {
        let record = self.record(index)?;
        let mut stored = vec![0; record.stored_len as usize];
        self.file
            .read_exact_at(&mut stored, record.offset)
            .map_err(|e| Error::io(format!("read the {}", self.identity.kind.name()), &e))?;
        if Blake3::of(&stored) != record.blake3 {
            return Err(self.damaged(format!("the checksum of page {index} does not match")));
        }
        Ok(stored)
    }

    /// A page as it was written, verified.
    pub fn read(&self, index: u32) -> Result<Page> {
        let record = *self.record(index)?;
        let mut stored = self.read_stored(index)?;
        let compressed = stored.split_off(record.plain_len as usize);
        let raw = if record.codec == Codec::None {
            if compressed.len() != record.raw_len as usize {
                return Err(self.damaged(format!("the lengths of page {index} differ")));
            }
            compressed
        } else {
            decompress(record.codec, &compressed, record.raw_len as usize)?
        };
        Ok(Page { plain: stored, raw })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// Meta and page records; `None` where they do not tile the file exactly.
fn parse_directory(raw: &[u8], pages_end: u64) -> Option<(Vec<u8>, Vec<PageRecord>)> {
    let meta_len = u32::from_le_bytes(array(raw.get(..4)?)) as usize;
    let meta = raw.get(4..4_usize.checked_add(meta_len)?)?;
    let records = &raw[4 + meta_len..];
    if !records.len().is_multiple_of(RECORD_LEN) {
        return None;
    }
    let mut offset = HEADER_LEN as u64;
    let mut pages = Vec::with_capacity(records.len() / RECORD_LEN);
    for record in records.chunks_exact(RECORD_LEN) {
        let page = PageRecord {
            page_kind: record[0],
            codec: Codec::from_number(record[1]).ok()?,
            offset,
            plain_len: u32::from_le_bytes(array(&record[4..8])),
            stored_len: u32::from_le_bytes(array(&record[8..12])),
            raw_len: u32::from_le_bytes(array(&record[12..16])),
            blake3: Blake3(array(&record[16..48])),
        };
        let sound = page.plain_len <= page.stored_len
            && page.raw_len as usize <= MAX_PAGE_LEN
            && page.stored_len as usize <= 2 * MAX_PAGE_LEN;
        if !sound {
            return None;
        }
        offset = offset.checked_add(u64::from(page.stored_len))?;
        pages.push(page);
    }
    (offset == pages_end).then(|| (meta.to_vec(), pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let identity = Identity {
            kind: FileKind::Claim,
            own_id: Id([1; 16]),
            owner_id: Id([2; 16]),
        };
        let mut writer = SealedWriter::new(Vec::new(), identity).unwrap();
        for (index, codec) in [Codec::Zstd, Codec::Gzip, Codec::None]
            .into_iter()
            .enumerate()
        {
            let raw = vec![b'r'; 3000];
            let page = PreparedPage::new(7, b"plain", codec, 3, &raw).unwrap();
            assert_eq!(writer.add(&page).unwrap(), index as u32);
        }
        writer.finish(b"meta", Codec::Zstd).unwrap().0
    }

    fn open(bytes: Vec<u8>) -> Result<Sealed> {
        Sealed::open(Arc::new(bytes), FileKind::Claim)
    }

    #[test]
    fn pages_and_meta_come_back() {
        let sealed = open(sample()).unwrap();
        assert_eq!(sealed.meta(), b"meta");
        assert_eq!(sealed.identity().own_id, Id([1; 16]));
        for index in 0..3 {
            let page = sealed.read(index).unwrap();
            assert_eq!(page.plain, b"plain");
            assert_eq!(page.raw, vec![b'r'; 3000]);
        }
        assert!(sealed.read(3).is_err());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let good = sample();
        for position in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[position] ^= 1 << bit;
                let found = match open(bad) {
                    Err(_) => true,
                    Ok(sealed) => (0..3).any(|index| sealed.read(index).is_err()),
                };
                assert!(found, "bit {bit} of byte {position}");
            }
        }
    }

    #[test]
    fn every_length_but_the_right_one_is_found() {
        let good = sample();
        for len in 0..good.len() {
            assert!(open(good[..len].to_vec()).is_err(), "cut to {len}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert!(open(longer).is_err());
    }

    #[test]
    fn another_kind_of_file_is_refused() {
        assert!(Sealed::open(Arc::new(sample()), FileKind::Pack).is_err());
    }
}
