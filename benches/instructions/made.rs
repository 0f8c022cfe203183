//! What the paths work on: the same bytes, trees and snapshots every time.

use std::fs;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::settings::Settings;
use gibus::repository::token::Token;
use gibus::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, SnapshotHeader, SnapshotWriter, TakenAt,
};
use gibus::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, FileEntry, Kind, Name, Timestamp, Totals,
};

const WORDS: &[u8] =
    b"the hat collapses what is twice into once and unfolds it again when someone needs a file";

/// Numbers that look random (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// About as compressible as source code: words and numbers.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        let words: Vec<&[u8]> = WORDS.split(|byte| *byte == b' ').collect();
        let mut text = Vec::with_capacity(len + 32);
        while text.len() < len {
            text.extend_from_slice(words[self.below(words.len())]);
            match self.below(4) {
                0 => text.extend_from_slice(format!(" {:x}\n", self.below(1 << 24)).as_bytes()),
                _ => text.push(b' '),
            }
        }
        text.truncate(len);
        text
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A thousand contents of up to 6 KB.
pub fn small_contents() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    let mut content = || {
        let len = 1 + random.below(6000);
        random.text(len)
    };
    (0..1000).map(|_| content()).collect()
}

/// 6 MB, long enough to be cut into chunks.
pub fn big_content() -> Vec<u8> {
    Random(2).text(6_000_000)
}

/// A repository in `place`, with these contents and a claim on them.
pub fn repository_of(
    place: &Path,
    contents: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Result<(Repository, ClaimId, Vec<Token>)> {
    let repository = Repository::create(&place.join("repository"), &Settings::default())?;
    let mut session = repository.begin_store("bench", &Arc::new(Monitor::new()))?;
    session.set_created_at(1_800_000_000);
    let mut worker = session.worker();
    let mut claim = ClaimBuilder::new();
    let mut tokens = Vec::new();
    for content in contents {
        let stored = worker.store_bytes(content.as_ref());
        let token = stored.expect("space for the contents").token;
        claim.add(&token);
        tokens.push(token);
    }
    worker.finish()?;
    let claim_id = session.claim_id();
    session.commit(claim, "bench", None)?;
    Ok((repository, claim_id, tokens))
}

/// The repository that was made in `place`.
pub fn repository_in(place: &Path) -> Result<Repository> {
    Repository::open(&place.join("repository"))
}

/// Tiny contents, all different.
pub fn tiny_contents(count: u32) -> impl Iterator<Item = [u8; 4]> {
    (0..count).map(u32::to_le_bytes)
}

/// `folders` folders of twenty files of at most 200 bytes.
pub fn write_tree(place: &Path, folders: usize) {
    let mut random = Random(3);
    for folder in 0..folders {
        let folder = place.join(format!("part-{:02}/folder-{folder:04}", folder / 20));
        fs::create_dir_all(&folder).expect("a folder");
        for file in 0..20 {
            let len = random.below(200);
            let path = folder.join(format!("name-{file:03}.txt"));
            fs::write(path, random.text(len)).expect("a file");
        }
    }
}

/// A snapshot of folders of twenty files with these contents, each hundred of them in a folder.
pub fn write_snapshot(path: &Path, claim_id: ClaimId, tokens: &[Token]) -> Result<()> {
    let out = BufWriter::new(fs::File::create(path).expect("a file to write to"));
    let mut writer = SnapshotWriter::create(out, Id([1; 16]), Id([2; 16]), Codec::Gzip)?;
    let mut random = Random(4);
    let mut top = Vec::new();
    for part in tokens.chunks(20 * 100) {
        let mut folders = Vec::new();
        for tokens in part.chunks(20) {
            let files: Result<Vec<Entry>> = (0..)
                .zip(tokens)
                .map(|(number, token)| file_entry(number, *token, &mut random))
                .collect();
            folders.push(folder_entry(folders.len(), writer.add_listing(&files?)?)?);
        }
        top.push(folder_entry(top.len(), writer.add_listing(&folders)?)?);
    }
    let root = writer.add_listing(&top)?;
    writer.finish(root, &attributes(&mut random), header(claim_id))?;
    Ok(())
}

fn file_entry(number: usize, token: Token, random: &mut Random) -> Result<Entry> {
    const ENDINGS: [&str; 5] = ["txt", "jpg", "rs", "odt", "unknown"];
    let file = FileEntry {
        size: random.next() % 5000,
        token: Some(token),
        holes: Vec::new(),
    };
    let name = format!("name-{number:03}.{}", ENDINGS[number % ENDINGS.len()]);
    entry(&name, attributes(random), Kind::File(file))
}

fn folder_entry(number: usize, directory: DirectoryEntry) -> Result<Entry> {
    let name = format!("folder-{number:04}");
    entry(
        &name,
        attributes(&mut Random(5)),
        Kind::Directory(directory),
    )
}

fn entry(name: &str, attributes: Attributes, kind: Kind) -> Result<Entry> {
    Ok(Entry {
        name: Name::new(name.as_bytes())?,
        attributes,
        kind,
        hard_link: None,
        incomplete: false,
    })
}

fn attributes(random: &mut Random) -> Attributes {
    let time = Timestamp {
        seconds: 1_700_000_000 + random.below(10_000_000) as i64,
        nanoseconds: random.below(1_000_000_000) as u32,
    };
    Attributes {
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        modified: time,
        changed: time,
        inode: random.next() >> 40,
        extended: Arc::default(),
    }
}

fn header(claim_id: ClaimId) -> SnapshotHeader {
    SnapshotHeader {
        snapshot_id: Id([1; 16]),
        archive: ArchiveIdentity {
            id: Id([2; 16]),
            name: "bench".into(),
            host: "here".into(),
            user: "me".into(),
        },
        taken_at: TakenAt {
            seconds: 1_800_000_000,
            nanoseconds: 0,
            utc_offset_seconds: 0,
            local_name: "2027-01-15-08-00-00".into(),
        },
        repository: RepositoryIdentity {
            id: Id([3; 16]),
            place: b"/nowhere".to_vec(),
        },
        claim_id: claim_id.0,
        predecessor_claim_id: None,
        specification: String::new(),
        build: BuildStats::default(),
        totals: Totals::default(),
        users: Vec::new(),
        groups: Vec::new(),
        complete: true,
        gibus_version: env!("CARGO_PKG_VERSION").into(),
    }
}
