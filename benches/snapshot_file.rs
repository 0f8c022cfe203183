//! Writing, opening and searching a snapshot file; prints figures (processor time), asserts nothing
//! about them.
//!
//! `cargo bench --bench snapshot_file` measures a made-up tree of a million entries, a folder of a
//! million, and searches of 200 snapshots of a hundred thousand; `cargo bench --bench snapshot_file -- DIR` the metadata of a real one (its contents are
//! not read: digests are random, as digests are).

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::format::digest::Sha1;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::token::{ContentNumber, SegmentId, Token};
use gibus::snapshot::diff::folder_changes;
use gibus::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, Snapshot, SnapshotHeader, SnapshotWriter,
    TakenAt,
};
use gibus::snapshot::search::{SearchLimits, SearchPattern, search};
use gibus::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, FileEntry, Kind, Name, Timestamp, Totals,
};
use gibus::snapshot::versions::versions;

type Writer = SnapshotWriter<BufWriter<File>>;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("a.snapshot");
    // cargo passes --bench.
    let tree = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    for codec in [Codec::Gzip, Codec::None] {
        match &tree {
            Some(tree) => measure(
                &path,
                codec,
                &format!("tree of {tree}"),
                |source, writer| {
                    let device = std::fs::metadata(tree).expect("a folder to look at").dev();
                    source.scan(Path::new(tree), device, writer)
                },
            )?,
            None => {
                measure(&path, codec, "made-up tree", |source, writer| {
                    source.make_tree(1_000_000, writer)
                })?;
                measure(&path, codec, "one folder of a million", |source, writer| {
                    source.make_long_folder(1_000_000, writer)
                })?;
            }
        }
    }
    if tree.is_none() {
        measure_series(folder.path(), 200, 100_000)?;
    }
    Ok(())
}

/// Questions to a whole series, in which from one snapshot to the next some files change, and some go.
fn measure_series(folder: &Path, snapshots: u64, entries: u64) -> Result<()> {
    println!("{snapshots} snapshots of a made-up tree of {entries} entries");
    let mut edits = HashMap::new();
    let mut random = Source::default();
    let mut paths = Vec::new();
    let mut bytes = 0;
    for number in 0..snapshots {
        // What changes lies together, as it does where somebody works.
        for spot in 0..10 {
            let place = random.below(entries);
            for _ in 0..33 {
                let edit = match spot {
                    0 => Edit::Remove,
                    _ => Edit::Change(number),
                };
                edits.insert(place + random.below(300), edit);
            }
        }
        let path = folder.join(format!("{number}.snapshot"));
        let (snapshot_id, archive_id) = (Id([1; 16]), Id([2; 16]));
        let out = BufWriter::new(File::create(&path).expect("a file to write to"));
        let mut writer = SnapshotWriter::create(out, snapshot_id, archive_id, Codec::Gzip)?;
        let mut source = Source {
            edits,
            ..Source::default()
        };
        let root = source.make_tree(entries, &mut writer)?;
        let header = header(snapshot_id, archive_id);
        bytes += writer.finish(root, &source.attributes(), header)?.1;
        edits = source.edits;
        paths.push(path);
    }
    println!("  {:.1} MB in all", bytes as f64 / 1e6);
    let monitor = Monitor::new();
    for text in [
        "letter-invoice-12",
        "letter",
        "*.toml",
        "**/folder-*/letter-1*",
    ] {
        let pattern = SearchPattern::new(text)?;
        let started = Instant::now();
        let result = timed(&format!("search for '{text}'"), || {
            search(
                &paths,
                &pattern,
                SearchLimits::default(),
                &monitor,
                &mut |_| {},
            )
        })?;
        println!(
            "    {} hits, in {:.2} s",
            result.hits.len(),
            started.elapsed().as_secs_f64()
        );
    }
    let newest = Snapshot::open(&paths[paths.len() - 1])?;
    let before = Snapshot::open(&paths[paths.len() - 2])?;
    let changes = timed("what changed in / from one to the next", || {
        folder_changes(&before, &newest, b"/")
    })?;
    println!("    {} names", changes.len());
    let mut walk = newest.walk(b"/", newest.root());
    let mut deepest = Vec::new();
    while let Some(step) = walk.advance()? {
        if step.depth > 3 && !step.entry.is_directory() {
            deepest = step.path.to_vec();
            break;
        }
    }
    timed("all versions of one file", || {
        versions(&paths, &deepest, &monitor)
    })?;
    Ok(())
}

fn measure(
    path: &Path,
    codec: Codec,
    what: &str,
    fill: impl Fn(&mut Source, &mut Writer) -> Result<DirectoryEntry>,
) -> Result<()> {
    println!("{what}, {}", codec.name());
    let (snapshot_id, archive_id) = (Id([1; 16]), Id([2; 16]));
    let out = BufWriter::new(File::create(path).expect("a file to write to"));
    let mut writer = SnapshotWriter::create(out, snapshot_id, archive_id, codec)?;
    let mut source = Source::default();
    let root = fill(&mut source, &mut writer)?;
    let started = cpu_time();
    let (_, bytes) = writer.finish(root, &source.attributes(), header(snapshot_id, archive_id))?;
    let encoding = source.encoding + cpu_time() - started;
    let entries = root.totals.files + root.totals.directories;
    println!(
        "  {entries} entries, {:.1} MB, {:.1} bytes an entry, of which {:.1} SHA-1; written in {} ms",
        bytes as f64 / 1e6,
        bytes as f64 / entries as f64,
        20.0 * f64::from(source.ordinal) / entries as f64,
        encoding.as_millis()
    );

    // From here on the most memory is that of reading.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory_kib("VmRSS");
    let snapshot = timed("open", || Snapshot::open(path))?;
    timed("  and list / (its first 1000)", || {
        snapshot.list_range(snapshot.root(), 0..1000)
    })?;
    let deep = source.deepest;
    let parent = &deep[..=deep.iter().rposition(|byte| *byte == b'/').unwrap_or(0)];
    timed("  and find the deepest entry", || snapshot.lookup(&deep))?.expect("its entry");
    timed("  and list its folder", || {
        match snapshot.directory(parent)? {
            Some(folder) => snapshot.list_range(&folder, 0..1000),
            None => Ok(Vec::new()),
        }
    })?;
    println!(
        "  memory for that: {} KiB",
        memory_kib("VmHWM").saturating_sub(before)
    );
    timed("all tokens", || {
        snapshot
            .tokens()
            .try_fold(0, |n, token| token.map(|_| n + 1))
    })?;
    timed("walk everything", || snapshot.verify())?;
    println!(
        "  memory for that: {} KiB",
        memory_kib("VmHWM").saturating_sub(before)
    );
    Ok(())
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = cpu_time();
    let done = work()?;
    println!(
        "  {what}: {:.2} ms",
        (cpu_time() - started).as_secs_f64() * 1e3
    );
    Ok(done)
}

/// Time that this process has taken of all processors: figures stay comparable on a busy machine.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn memory_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .unwrap_or_default();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Makes listings, and counts only the time that writing them takes.
#[derive(Default)]
struct Source {
    random: u64,
    ordinal: u32,
    inode: u64,
    encoding: Duration,
    deepest: Vec<u8>,
    path: PathBuf,
    /// What became of an entry, by its number in the order in which entries are made.
    edits: HashMap<u64, Edit>,
    made: u64,
}

#[derive(Clone, Copy)]
enum Edit {
    Remove,
    Change(u64),
}

impl Source {
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.random;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random() % end
    }

    fn add(&mut self, entries: &[Entry], writer: &mut Writer) -> Result<DirectoryEntry> {
        let depth = |path: &[u8]| path.iter().filter(|byte| **byte == b'/').count();
        if let Some(entry) = entries.last() {
            let path = self.path.join(gibus::fs::bytes_path(entry.name.as_bytes()));
            if depth(path.as_os_str().as_bytes()) > depth(&self.deepest) {
                self.deepest = path.into_os_string().into_encoded_bytes();
            }
        }
        let edited = self.edited(entries);
        let entries = edited.as_deref().unwrap_or(entries);
        let started = cpu_time();
        let added = writer.add_listing(entries);
        self.encoding += cpu_time() - started;
        added
    }

    fn edited(&mut self, entries: &[Entry]) -> Option<Vec<Entry>> {
        let first = self.made;
        self.made += entries.len() as u64;
        if self.edits.is_empty() {
            return None;
        }
        let mut edited = Vec::with_capacity(entries.len());
        for (number, entry) in (first..).zip(entries) {
            let mut entry = entry.clone();
            match (self.edits.get(&number), &mut entry.kind) {
                (Some(Edit::Remove), Kind::File(_)) => continue,
                (Some(Edit::Change(when)), Kind::File(file)) => {
                    file.size += when;
                    entry.attributes.modified.seconds += 1 + *when as i64;
                    if let Some(token) = &mut file.token {
                        token.sha1.0[..8].copy_from_slice(&when.to_le_bytes());
                    }
                }
                _ => {}
            }
            edited.push(entry);
        }
        Some(edited)
    }

    /// Every file a new content, apart from one in eight, in about the order in which a backup
    /// with several workers numbers them.
    fn file(&mut self, size: u64) -> Kind {
        let mut sha1 = [0; 20];
        for part in sha1.chunks_mut(8) {
            let random = self.random().to_le_bytes();
            part.copy_from_slice(&random[..part.len()]);
        }
        self.ordinal += 1;
        let ordinal = match self.below(8) {
            0 => self.below(u64::from(self.ordinal)) as u32,
            _ => self.ordinal + self.below(32) as u32,
        };
        let segment = SegmentId(self.below(20) / 17);
        Kind::File(FileEntry {
            size,
            token: Some(Token {
                sha1: Sha1(sha1),
                number: ContentNumber { segment, ordinal },
            }),
            holes: Vec::new(),
        })
    }

    /// As on a disk in use: times all different, changed when they were modified or later.
    fn attributes(&mut self) -> Attributes {
        let modified = Timestamp {
            seconds: 1_600_000_000 + self.below(150_000_000) as i64,
            nanoseconds: self.below(1_000_000_000) as u32,
        };
        let changed = Timestamp {
            seconds: 1_750_000_000 + self.below(100) as i64,
            nanoseconds: self.below(1_000_000_000) as u32,
        };
        self.inode += 1 + self.below(8) / 7 * self.below(100_000);
        Attributes {
            mode: if self.below(10) == 0 { 0o755 } else { 0o644 },
            uid: 1000,
            gid: 1000,
            modified,
            changed: if self.below(2) == 0 {
                changed
            } else {
                modified
            },
            inode: self.inode,
            extended: Arc::default(),
        }
    }

    fn entry(&mut self, name: &[u8], kind: Kind) -> Entry {
        Entry {
            name: Name::new(name).expect("a name of a file"),
            attributes: self.attributes(),
            kind,
            hard_link: None,
            incomplete: false,
        }
    }

    fn name(&mut self) -> Vec<u8> {
        const WORDS: &str = "report draft invoice photo IMG index main utils test data notes letter \
                             config parser module summary archive readme change backup old final";
        const ENDINGS: &str = "txt rs c h py jpg png pdf html json toml md o so dat";
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let endings: Vec<&str> = ENDINGS.split_whitespace().collect();
        let word = words[self.below(words.len() as u64) as usize];
        let other = words[self.below(words.len() as u64) as usize];
        let ending = endings[self.below(endings.len() as u64) as usize];
        let number = self.below(3000);
        match self.below(3) {
            0 => format!("{word}_{number}.{ending}"),
            1 => format!("{word}-{other}-{number}.{ending}"),
            _ => format!("{word}_{other}{}.{ending}", number % 100),
        }
        .into_bytes()
    }

    fn make_tree(&mut self, entries: u64, writer: &mut Writer) -> Result<DirectoryEntry> {
        self.path = PathBuf::from("/");
        self.make_folder(entries, writer)
    }

    fn make_folder(&mut self, mut left: u64, writer: &mut Writer) -> Result<DirectoryEntry> {
        let files = (1 + self.below(28)).min(left);
        left -= files;
        let mut names: Vec<(Vec<u8>, u64)> = (0..files).map(|_| (self.name(), 0)).collect();
        while left > 0 {
            let below = if left < 60 {
                left
            } else {
                left / (2 + self.below(6))
            };
            names.push(([b"folder-", self.name().as_slice()].concat(), below));
            left -= below;
        }
        names.sort();
        names.dedup_by(|a, b| a.0 == b.0);
        let mut entries = Vec::with_capacity(names.len());
        for (name, below) in names {
            let kind = if below > 0 {
                self.path.push(gibus::fs::bytes_path(&name));
                let folder = self.make_folder(below - 1, writer)?;
                self.path.pop();
                Kind::Directory(folder)
            } else {
                let magnitude = self.below(24);
                let size = self.below(1 << magnitude);
                self.file(size)
            };
            entries.push(self.entry(&name, kind));
        }
        self.add(&entries, writer)
    }

    fn make_long_folder(&mut self, entries: u64, writer: &mut Writer) -> Result<DirectoryEntry> {
        let mut listing = writer.begin_listing()?;
        for start in (0..entries).step_by(1000) {
            let batch: Vec<Entry> = (start..start + 1000)
                .map(|number| {
                    let kind = self.file(number);
                    self.entry(format!("message-{number:08}.eml").as_bytes(), kind)
                })
                .collect();
            let started = cpu_time();
            for entry in &batch {
                listing.push(entry)?;
            }
            self.encoding += cpu_time() - started;
        }
        self.deepest = format!("/message-{:08}.eml", entries / 3).into_bytes();
        listing.finish()
    }

    /// A real folder, on one file system; what cannot be read is left out.
    fn scan(&mut self, folder: &Path, device: u64, writer: &mut Writer) -> Result<DirectoryEntry> {
        if self.path.as_os_str().is_empty() {
            self.path = PathBuf::from("/");
        }
        let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = found.map(|entry| entry.file_name()).collect();
        names.sort();
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            let path = folder.join(&name);
            let Ok(metadata) = std::fs::symlink_metadata(&path) else {
                continue;
            };
            let kind = if metadata.is_dir() && metadata.dev() == device {
                self.path.push(&name);
                let below = self.scan(&path, device, writer)?;
                self.path.pop();
                Kind::Directory(below)
            } else if metadata.is_file() {
                self.file(metadata.size())
            } else if let Ok(target) = std::fs::read_link(&path) {
                let target = target.into_os_string().into_encoded_bytes();
                Kind::SymbolicLink { target }
            } else {
                Kind::Fifo
            };
            let time = |seconds, nanoseconds: i64| Timestamp {
                seconds,
                nanoseconds: nanoseconds as u32,
            };
            let has_links = metadata.nlink() > 1 && !metadata.is_dir();
            entries.push(Entry {
                name: Name::new(name.as_bytes())?,
                attributes: Attributes {
                    mode: (metadata.mode() & 0o7777) as u16,
                    uid: metadata.uid(),
                    gid: metadata.gid(),
                    modified: time(metadata.mtime(), metadata.mtime_nsec()),
                    changed: time(metadata.ctime(), metadata.ctime_nsec()),
                    inode: metadata.ino(),
                    extended: Arc::default(),
                },
                kind,
                hard_link: has_links.then(|| metadata.ino()),
                incomplete: false,
            });
        }
        self.add(&entries, writer)
    }
}

fn header(snapshot_id: Id, archive_id: Id) -> SnapshotHeader {
    SnapshotHeader {
        snapshot_id,
        archive: ArchiveIdentity {
            id: archive_id,
            name: "bench".into(),
            host: "here".into(),
            user: "me".into(),
        },
        taken_at: TakenAt {
            seconds: 0,
            nanoseconds: 0,
            utc_offset_seconds: 0,
            local_name: "1970-01-01-00-00-00".into(),
        },
        repository: RepositoryIdentity {
            id: Id([3; 16]),
            place: b"/nowhere".to_vec(),
        },
        claim_id: Id([4; 16]),
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
