//! What takes the space: a survey of a million files, and what a deletion of 190 of 200 snapshots would lose; prints
//! figures, asserts nothing about them.
//!
//! `cargo bench --bench usage`. The repository is a real one with a million tiny contents; the snapshots of the series are
//! made-up, for only their tokens matter.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::format::digest::Sha1;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId, Contents};
use gibus::repository::settings::Settings;
use gibus::repository::token::{ContentNumber, SegmentId, Token};
use gibus::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, Snapshot, SnapshotHeader, SnapshotWriter,
    TakenAt,
};
use gibus::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, FileEntry, Kind, Name, Timestamp, Totals,
};
use gibus::snapshot::usage::{
    DuplicateLimits, FolderUsage, GrowthLimits, duplicates, growth, survey, versions_gone,
};

const FILES: usize = 1_000_000;
const SNAPSHOTS: u64 = 200;
const FILES_OF_SERIES: usize = 100_000;
const DELETED: usize = 190;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    measure_survey(folder.path())?;
    measure_gone(folder.path())
}

fn measure_survey(folder: &Path) -> Result<()> {
    let repository = Repository::create(&folder.join("repository"), &Settings::default())?;
    let monitor = Arc::new(Monitor::new());
    let session = repository.begin_store("bench", &monitor)?;
    let mut worker = session.worker();
    let mut claim = ClaimBuilder::new();
    let mut tokens = Vec::with_capacity(FILES);
    for number in 0..FILES {
        // One in eight is there already.
        let content = if number % 8 == 7 { number / 2 } else { number };
        let stored = worker.store_bytes(&content.to_le_bytes());
        let token = stored.expect("space for the contents").token;
        claim.add(&token);
        tokens.push(token);
    }
    worker.finish()?;
    let claim_id = session.claim_id();
    session.commit(claim, "bench", None)?;
    let path = folder.join("a.snapshot");
    let folders: Vec<Folder> = tokens.chunks(10).map(Folder::of).collect();
    write_snapshot(&path, claim_id, &folders)?;
    println!("a snapshot of {FILES} files");
    let snapshot = Snapshot::open(&path)?;
    timed("walk everything", || snapshot.verify())?;
    let holdings = timed("holdings", || repository.holdings(&monitor))?;
    let usage = timed("survey", || {
        survey(&snapshot, holdings.within(claim_id)?, &monitor)
    })?;
    println!(
        "    {} folders, {} bytes of memory and a name each",
        usage.folders.len(),
        size_of::<FolderUsage>()
    );
    let rows = timed("growth", || {
        let within = holdings.within(claim_id)?;
        growth(
            &snapshot,
            &usage,
            &within,
            GrowthLimits::default(),
            &monitor,
        )
    })?;
    println!("    {} rows", rows.len());
    let limits = DuplicateLimits {
        contents: 20,
        places: 3,
    };
    let found = timed("duplicates", || {
        duplicates(&snapshot, &holdings.within(claim_id)?, limits, &monitor)
    })?;
    println!("    {} copies", found.copies);
    Ok(())
}

/// From one snapshot to the next, files change, come and go in ten places.
fn measure_gone(place: &Path) -> Result<()> {
    let mut random = Random(1);
    let mut next = FILES_OF_SERIES as u32;
    let tokens: Vec<Token> = (0..next).map(|number| token(0, number)).collect();
    let mut folders: Vec<Folder> = tokens.chunks(10).map(Folder::of).collect();
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut held: Vec<HashSet<ContentNumber>> = Vec::new();
    for number in 0..SNAPSHOTS {
        for spot in 0..10 {
            let at = random.below(folders.len() - 3);
            for folder in &mut folders[at..at + 3] {
                for (_, file) in &mut folder.0 {
                    next += 1;
                    *file = token(number, next);
                }
            }
            let folder = &mut folders[at];
            match spot {
                0 => folder.0.truncate(folder.0.len() / 2),
                1 => {
                    next += 1;
                    folder.0.push((next, token(number, next)));
                }
                _ => {}
            }
        }
        let path = place.join(format!("{number}.snapshot"));
        write_snapshot(&path, ClaimId(Id([4; 16])), &folders)?;
        paths.push(path);
        let files = folders.iter().flat_map(|folder| &folder.0);
        held.push(files.map(|(_, token)| token.number).collect());
    }
    let (deleted, kept) = held.split_at(DELETED);
    let kept: HashSet<&ContentNumber> = kept.iter().flatten().collect();
    for (what, kept) in [
        ("what only they have", kept),
        ("everything", HashSet::new()),
    ] {
        let mut gone = Contents::new();
        for number in deleted.iter().flatten() {
            if !kept.contains(number) {
                gone.entry(number.segment)
                    .or_default()
                    .insert(number.ordinal);
            }
        }
        println!(
            "{DELETED} of {SNAPSHOTS} snapshots of {FILES_OF_SERIES} files are deleted, {what} is gone"
        );
        let monitor = Monitor::new();
        let found = timed("versions gone", || {
            versions_gone(&paths[..DELETED], &gone, 1000, &monitor)
        })?;
        println!("    {} versions", found.versions);
    }
    Ok(())
}

fn token(segment: u64, ordinal: u32) -> Token {
    Token {
        sha1: Sha1::of(&ordinal.to_le_bytes()),
        number: ContentNumber {
            segment: SegmentId(segment),
            ordinal,
        },
    }
}

/// Files, by numbers that ascend and make their names, and their contents.
struct Folder(Vec<(u32, Token)>);

impl Folder {
    fn of(tokens: &[Token]) -> Folder {
        Folder((0..).zip(tokens.iter().copied()).collect())
    }
}

/// A snapshot of these folders, each hundred of them in a folder.
fn write_snapshot(path: &Path, claim_id: ClaimId, folders: &[Folder]) -> Result<()> {
    let id = Id([1; 16]);
    let out = BufWriter::new(File::create(path).expect("a file to write to"));
    let mut writer = SnapshotWriter::create(out, id, id, Codec::Gzip)?;
    let mut top = Vec::new();
    for (number, folders) in folders.chunks(100).enumerate() {
        let mut entries = Vec::new();
        for (number, folder) in folders.iter().enumerate() {
            let directory = writer.add_listing(&files(folder)?)?;
            entries.push(directory_entry(number, directory)?);
        }
        let directory = writer.add_listing(&entries)?;
        top.push(directory_entry(number, directory)?);
    }
    let root = writer.add_listing(&top)?;
    writer.finish(root, &attributes(0), header(id, claim_id))?;
    Ok(())
}

fn directory_entry(number: usize, directory: DirectoryEntry) -> Result<Entry> {
    entry(
        &format!("folder-{number:05}"),
        0,
        Kind::Directory(directory),
    )
}

fn files(folder: &Folder) -> Result<Vec<Entry>> {
    const ENDINGS: [&str; 5] = ["txt", "jpg", "rs", "odt", "unknown"];
    let mut entries = Vec::new();
    for (number, token) in &folder.0 {
        let ordinal = token.number.ordinal;
        let ending = ENDINGS[*number as usize % ENDINGS.len()];
        let file = FileEntry {
            size: u64::from(ordinal % 5000),
            token: Some(*token),
            holes: Vec::new(),
        };
        let name = format!("name-{number:010}.{ending}");
        entries.push(entry(&name, ordinal, Kind::File(file))?);
    }
    Ok(entries)
}

fn entry(name: &str, number: u32, kind: Kind) -> Result<Entry> {
    Ok(Entry {
        name: Name::new(name.as_bytes())?,
        attributes: attributes(number),
        kind,
        hard_link: None,
        incomplete: false,
    })
}

fn attributes(number: u32) -> Attributes {
    let time = Timestamp {
        seconds: 1_700_000_000 + i64::from(number),
        nanoseconds: number,
    };
    Attributes {
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        modified: time,
        changed: time,
        inode: u64::from(number),
        extended: Arc::default(),
    }
}

fn header(id: Id, claim_id: ClaimId) -> SnapshotHeader {
    SnapshotHeader {
        snapshot_id: id,
        archive: ArchiveIdentity {
            id,
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

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let done = work()?;
    println!(
        "  {what}: {:.2} s, of the processors {:.2} s",
        started.elapsed().as_secs_f64(),
        cpu_seconds() - cpu
    );
    Ok(done)
}

/// Time that this process has taken of all processors: figures stay comparable on a busy machine.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Numbers that look random (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
