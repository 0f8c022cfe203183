//! Random trees in memory, to be written and compared with what comes back.

use std::sync::Arc;

use crate::error::Result;
use crate::format::compression::Codec;
use crate::format::digest::Sha1;
use crate::format::id::Id;
use crate::repository::token::{ContentNumber, SegmentId, Token};
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

/// A small random-number generator (splitmix64): the same tree for the same seed, everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Of any magnitude, extremes among them.
    pub fn any(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            _ => self.next() >> self.below(64),
        }
    }
}

/// A directory: its entries, and for each that is a directory what is in it.
#[derive(Default)]
pub struct Tree {
    pub entries: Vec<(Entry, Option<Tree>)>,
}

impl Tree {
    /// Writes the tree bottom-up, and fills in where each directory's listing went.
    pub fn write<W: std::io::Write>(
        &mut self,
        writer: &mut SnapshotWriter<W>,
    ) -> Result<DirectoryEntry> {
        for (entry, below) in &mut self.entries {
            if let Some(below) = below {
                entry.kind = Kind::Directory(below.write(writer)?);
            }
        }
        let entries: Vec<Entry> = self
            .entries
            .iter()
            .map(|(entry, _)| entry.clone())
            .collect();
        writer.add_listing(&entries)
    }

    /// Depth first, as a walk is to yield them.
    pub fn flat(&self, prefix: &[u8], into: &mut Vec<(Vec<u8>, Entry)>) {
        for (entry, below) in &self.entries {
            let path = [prefix, b"/", entry.name.as_bytes()].concat();
            into.push((path.clone(), entry.clone()));
            if let Some(below) = below {
                below.flat(&path, into);
            }
        }
    }

    pub fn from_entries(mut entries: Vec<(Entry, Option<Tree>)>) -> Tree {
        entries.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        entries.dedup_by(|a, b| a.0.name == b.0.name);
        Tree { entries }
    }
}

pub fn random_tree(random: &mut Random, depth: u32, width: u64) -> Tree {
    let count = if random.one_in(6) {
        0
    } else {
        random.below(width)
    };
    let mut entries = Vec::new();
    for _ in 0..count {
        let entry = random_entry(random);
        let is_directory = depth > 0 && random.one_in(5);
        let below = is_directory.then(|| random_tree(random, depth - 1, width));
        let hard_link = if is_directory { None } else { entry.hard_link };
        entries.push((Entry { hard_link, ..entry }, below));
    }
    Tree::from_entries(entries)
}

fn random_entry(random: &mut Random) -> Entry {
    Entry {
        name: random_name(random),
        attributes: random_attributes(random),
        kind: random_kind(random),
        hard_link: random.one_in(8).then(|| random.any().max(1)),
        incomplete: random.one_in(20),
    }
}

fn random_name(random: &mut Random) -> Name {
    loop {
        let len = 1 + match random.below(4) {
            0 => random.below(255),
            _ => random.below(12),
        };
        let mut name = match random.below(3) {
            0 => random.bytes(len),
            _ => (0..len).map(|_| b'a' + random.below(3) as u8).collect(),
        };
        if random.one_in(4) {
            name.splice(0..0, *b"common start of names ");
        }
        if let Ok(name) = Name::new(&name) {
            return name;
        }
    }
}

fn random_time(random: &mut Random) -> Timestamp {
    let seconds = match random.below(6) {
        0 => 0,
        1 => -1,
        2 => i64::from(i32::MAX) + 1,
        3 => random.any() as i64,
        4 => i64::MIN,
        _ => 1_700_000_000 + random.below(1_000_000) as i64,
    };
    let nanoseconds = match random.below(3) {
        0 => 0,
        1 => 999_999_999,
        _ => random.below(1_000_000_000) as u32,
    };
    Timestamp {
        seconds,
        nanoseconds,
    }
}

pub fn random_attributes(random: &mut Random) -> Attributes {
    let modified = random_time(random);
    let count = if random.one_in(6) { random.below(4) } else { 0 };
    let mut extended: Vec<ExtendedAttribute> = (0..count)
        .map(|index| {
            let len = random.below(40);
            ExtendedAttribute {
                name: format!("user.{index}").into_bytes(),
                value: random.bytes(len),
            }
        })
        .collect();
    extended.sort();
    Attributes {
        mode: random.below(0o10000) as u16,
        uid: random.any() as u32,
        gid: random.below(3) as u32,
        modified,
        changed: if random.one_in(2) {
            modified
        } else {
            random_time(random)
        },
        inode: random.any(),
        extended: extended.into(),
    }
}

fn random_kind(random: &mut Random) -> Kind {
    let device = random.any() as u32;
    match random.below(12) {
        0 => {
            let len = random.below(300);
            let mut target = random.bytes(len);
            target.retain(|byte| *byte != 0);
            Kind::SymbolicLink { target }
        }
        1 => Kind::Fifo,
        2 => Kind::Socket,
        3 => Kind::CharacterDevice {
            major: device,
            minor: 7,
        },
        4 => Kind::BlockDevice {
            major: 8,
            minor: device,
        },
        _ => Kind::File(random_file(random)),
    }
}

fn random_file(random: &mut Random) -> FileEntry {
    let size = random.any() >> 20;
    let mut holes = Vec::new();
    let mut end = 0;
    for _ in 0..if random.one_in(5) { random.below(6) } else { 0 } {
        let gap = random.below(10_000) + u64::from(end > 0);
        let len = 1 + random.below(10_000);
        if end + gap + len > size {
            break;
        }
        holes.push(Extent {
            offset: end + gap,
            len,
        });
        end += gap + len;
    }
    FileEntry {
        size,
        token: (!random.one_in(10)).then(|| random_token(random)),
        holes,
    }
}

fn random_token(random: &mut Random) -> Token {
    let mut sha1 = [0; 20];
    sha1.copy_from_slice(&random.bytes(20));
    let segment = 1000 + random.below(5);
    let ordinal = random.any() as u32;
    Token {
        sha1: Sha1(sha1),
        number: ContentNumber {
            segment: SegmentId(segment),
            ordinal,
        },
    }
}

/// An entry with nothing special about it.
pub fn plain_entry(name: &str, kind: Kind) -> Entry {
    Entry {
        name: Name::new(name.as_bytes()).unwrap(),
        attributes: plain_attributes(),
        kind,
        hard_link: None,
        incomplete: false,
    }
}

pub fn plain_attributes() -> Attributes {
    Attributes {
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        modified: Timestamp::default(),
        changed: Timestamp::default(),
        inode: 1,
        extended: Arc::default(),
    }
}

pub const SNAPSHOT_ID: Id = Id([1; 16]);
pub const ARCHIVE_ID: Id = Id([2; 16]);

pub fn sample_header() -> SnapshotHeader {
    SnapshotHeader {
        snapshot_id: SNAPSHOT_ID,
        archive: ArchiveIdentity {
            id: ARCHIVE_ID,
            name: "home".into(),
            host: "laptop".into(),
            user: "me".into(),
        },
        taken_at: TakenAt {
            seconds: 1_795_395_723,
            nanoseconds: 5,
            utc_offset_seconds: -3600,
            local_name: "2026-11-23-01-02-03".into(),
        },
        repository: RepositoryIdentity {
            id: Id([3; 16]),
            place: b"/mnt/nas/gibus.d/repos/me/main\xff".to_vec(),
        },
        claim_id: Id([4; 16]),
        predecessor_claim_id: None,
        specification: "includes = [\"/home/me\"]\n".into(),
        build: BuildStats {
            files: 3,
            cpu_microseconds: 12_345,
            ..BuildStats::default()
        },
        totals: Totals::default(),
        users: vec![NamedId {
            id: 1000,
            name: "me".into(),
        }],
        groups: Vec::new(),
        complete: true,
        gibus_version: "0.1.0".into(),
    }
}

/// The bytes of a snapshot of `tree`, whose directories get their places filled in.
pub fn snapshot_bytes(tree: &mut Tree, codec: Codec) -> Vec<u8> {
    paged_bytes(tree, codec, crate::snapshot::file::encode::PAGE_LEN)
}

/// With pages so short that there are many, and parts that go on from one to the next.
pub fn paged_bytes(tree: &mut Tree, codec: Codec, page_len: usize) -> Vec<u8> {
    let mut writer = SnapshotWriter::create(Vec::new(), SNAPSHOT_ID, ARCHIVE_ID, codec).unwrap();
    writer.page_len = page_len;
    let root = tree.write(&mut writer).unwrap();
    let (bytes, len) = writer
        .finish(root, &plain_attributes(), sample_header())
        .unwrap();
    assert_eq!(bytes.len() as u64, len);
    bytes
}

pub fn open(bytes: Vec<u8>) -> Result<Snapshot> {
    Snapshot::open_file(Arc::new(bytes), std::path::Path::new("a.snapshot"))
}
