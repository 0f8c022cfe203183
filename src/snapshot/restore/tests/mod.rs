//! Restoring real trees to real folders.
//!
//! A tree is captured from the disk, or made up; it is planned and restored; and what is on the disk
//! then is captured again and compared.

#[path = "../../../../tests/support/colliding_pairs.rs"]
mod colliding_pairs;
mod extract;
mod faults;
mod ordinary_user;
mod put_back;

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::FileType;

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::digest::{ContentDigest, Sha1};
use crate::format::id::Id;
use crate::progress::{Monitor, Problem};
use crate::repository::Repository;
use crate::repository::claims::ClaimBuilder;
use crate::repository::read::many::{ContentBytes, ContentSink, Wanted};
use crate::repository::settings::{Layout, Settings};
use crate::repository::token::{ContentNumber, SegmentId, Token};
use crate::snapshot::capture::extended::ExtendedReader;
use crate::snapshot::capture::holes::{data_between, find_holes};
use crate::snapshot::capture::{Stat, link_target, open_file, open_folder};
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

/// What goes into a snapshot and its repository.
#[derive(Default)]
pub struct Sample {
    listings: Vec<Vec<Entry>>,
    root: Option<(Attributes, DirectoryEntry)>,
    /// By a token without a number of its own.
    contents: HashMap<Token, Vec<u8>>,
    links: HashMap<u64, u64>,
    pub faults: Faults,
}

/// What goes wrong, or is otherwise than usual, when contents are handed out.
#[derive(Clone, Default)]
pub struct Faults {
    /// All contents are handed out as streams.
    pub streams: bool,
    /// This content is damaged.
    pub damaged: Option<Sha1>,
    /// These bytes are handed out in place of a content.
    pub replaced: HashMap<Sha1, Vec<u8>>,
    /// Called before each content is handed out.
    pub before: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// A real snapshot, and a real repository with faults put in.
pub struct Opened {
    pub snapshot: Snapshot,
    pub repository: Repository,
    faults: Faults,
    _folder: tempfile::TempDir,
}

impl Contents for Opened {
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()> {
        let sha1s = wanted.iter().map(|wanted| (wanted.key, wanted.token.sha1));
        let faulty = FaultySink {
            sha1s: sha1s.collect(),
            faults: &self.faults,
            sink,
        };
        self.repository.copy_many(wanted, &faulty, monitor)
    }

    fn content_digest(&self, token: &Token) -> Result<ContentDigest> {
        self.repository.content_digest(token)
    }
}

struct FaultySink<'a> {
    sha1s: HashMap<u64, Sha1>,
    faults: &'a Faults,
    sink: &'a dyn ContentSink,
}

impl ContentSink for FaultySink<'_> {
    fn content(&self, key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        if let Some(before) = &self.faults.before {
            before();
        }
        let sha1 = self.sha1s[&key];
        if self.faults.damaged == Some(sha1) {
            let error = Error::damaged("read the block in", "checksum").at("packs/1");
            return self.sink.failed(key, error);
        }
        let mut all = Vec::new();
        match bytes {
            ContentBytes::Whole(bytes) => all.extend_from_slice(bytes),
            stream if !self.faults.streams => return self.sink.content(key, stream),
            ContentBytes::Stream(stream) => {
                stream.read_to_end(&mut all).unwrap();
            }
        }
        if let Some(replaced) = self.faults.replaced.get(&sha1) {
            all.clone_from(replaced);
        }
        match self.faults.streams {
            true => self
                .sink
                .content(key, ContentBytes::Stream(&mut all.as_slice())),
            false => self.sink.content(key, ContentBytes::Whole(&all)),
        }
    }

    fn failed(&self, key: u64, error: Error) -> Result<()> {
        self.sink.failed(key, error)
    }
}

impl Sample {
    /// Captures the folder as the root of a snapshot.
    pub fn of(path: &Path) -> Sample {
        let mut sample = Sample::default();
        let folder = File::open(path).unwrap();
        let attributes = Stat::of(&folder).unwrap();
        let extended = ExtendedReader::default().of(&folder).attributes;
        let directory = sample.capture(&folder);
        sample.root = Some((attributes.attributes(extended), directory));
        sample
    }

    fn capture(&mut self, folder: impl AsFd) -> DirectoryEntry {
        let folder = folder.as_fd();
        let mut names: Vec<CString> = rustix::fs::Dir::read_from(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_owned())
            .filter(|name| !matches!(name.to_bytes(), b"." | b".."))
            .collect();
        names.sort();
        let mut entries = Vec::new();
        for name in names {
            let stat = Stat::at(folder, &name).unwrap();
            let kind = match stat.file_type {
                FileType::RegularFile => {
                    let file = File::from(open_file(folder, &name).unwrap());
                    Kind::File(self.content(&file, stat.size))
                }
                FileType::Directory => {
                    Kind::Directory(self.capture(open_folder(folder, &name).unwrap()))
                }
                FileType::Symlink => Kind::SymbolicLink {
                    target: link_target(folder, &name).unwrap(),
                },
                FileType::Fifo => Kind::Fifo,
                FileType::Socket => Kind::Socket,
                FileType::CharacterDevice => Kind::CharacterDevice {
                    major: stat.device_number.0,
                    minor: stat.device_number.1,
                },
                FileType::BlockDevice => Kind::BlockDevice {
                    major: stat.device_number.0,
                    minor: stat.device_number.1,
                },
                other => panic!("{other:?}"),
            };
            let next = self.links.len() as u64 + 1;
            let is_linked = stat.links > 1 && !stat.is_directory();
            entries.push(Entry {
                attributes: stat.attributes(ExtendedReader::default().at(folder, &name).attributes),
                name: Name::new(name.to_bytes()).unwrap(),
                kind,
                hard_link: is_linked.then(|| *self.links.entry(stat.id.inode).or_insert(next)),
                incomplete: false,
            });
        }
        self.add(entries)
    }

    fn content(&mut self, file: &File, size: u64) -> FileEntry {
        let holes = find_holes(file, size).unwrap();
        let mut bytes = Vec::new();
        for run in data_between(&holes, size) {
            let at = bytes.len();
            bytes.resize(at + run.len as usize, 0);
            file.read_exact_at(&mut bytes[at..], run.offset).unwrap();
        }
        FileEntry {
            size,
            token: Some(self.store(&bytes)),
            holes,
        }
    }

    pub fn store(&mut self, bytes: &[u8]) -> Token {
        let mut token = Token {
            sha1: Sha1::of(bytes),
            number: ContentNumber {
                segment: SegmentId(1),
                ordinal: 0,
            },
        };
        // Another content can have this SHA-1.
        while self
            .contents
            .get(&token)
            .is_some_and(|other| other != bytes)
        {
            token.number.ordinal += 1;
        }
        self.contents.insert(token, bytes.to_vec());
        token
    }

    /// Adds a listing.
    pub fn add(&mut self, mut entries: Vec<Entry>) -> DirectoryEntry {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut totals = Totals::default();
        for entry in &entries {
            totals.add(&match &entry.kind {
                Kind::Directory(directory) => Totals {
                    directories: directory.totals.directories + 1,
                    ..directory.totals
                },
                _ => Totals {
                    files: 1,
                    directories: 0,
                    bytes: entry.size(),
                },
            });
        }
        self.listings.push(entries);
        DirectoryEntry {
            listing: ListingRef {
                index: self.listings.len() as u64 - 1,
            },
            totals,
        }
    }

    /// Sets the root.
    pub fn finish(&mut self, entries: Vec<Entry>) {
        let directory = self.add(entries);
        self.root = Some((attributes(0o755), directory));
    }

    /// A made-up file.
    pub fn file(&mut self, name: &str, bytes: &[u8]) -> Entry {
        let token = self.store(bytes);
        entry(
            name,
            Kind::File(FileEntry {
                size: bytes.len() as u64,
                token: Some(token),
                holes: Vec::new(),
            }),
        )
    }

    /// Stores the contents and writes the snapshot.
    pub fn open(&self) -> Opened {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(Layout::Packed, Codec::Zstd, None).unwrap();
        let repository = Repository::create(&folder.path().join("repository"), &settings).unwrap();
        let monitor = Arc::new(Monitor::new());
        let session = repository.begin_store("test", &monitor).unwrap();
        let mut worker = session.worker();
        let mut tokens = HashMap::new();
        let mut claim = ClaimBuilder::new();
        for (made_up, bytes) in &self.contents {
            let token = worker.store_bytes(bytes).unwrap().token;
            claim.add(&token);
            tokens.insert(*made_up, token);
        }
        worker.finish().unwrap();
        session.commit(claim, "test", None).unwrap();

        Opened {
            snapshot: self.write(folder.path(), |token| tokens[&token]),
            repository,
            faults: self.faults.clone(),
            _folder: folder,
        }
    }

    /// Writes the snapshot alone; equal contents have equal tokens in all samples.
    pub fn open_alone(&self) -> Snapshot {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path(), |token| token)
    }

    fn write(&self, folder: &Path, stored: impl Fn(Token) -> Token) -> Snapshot {
        let path = folder.join("snapshot");
        self.write_to(&path, stored);
        Snapshot::open(&path).unwrap()
    }

    /// Writes the snapshot's file; equal contents have equal tokens in all samples.
    pub fn save(&self, path: &Path) {
        self.write_to(path, |token| token);
    }

    fn write_to(&self, path: &Path, stored: impl Fn(Token) -> Token) {
        let id = Id([1; 16]);
        let out = File::create(path).unwrap();
        let mut writer = SnapshotWriter::create(out, id, id, Codec::Gzip).unwrap();
        let (attributes, directory) = self.root.as_ref().unwrap();
        let root = self.write_listing(directory, &stored, &mut writer);
        writer.finish(root, attributes, header(id)).unwrap();
    }

    fn write_listing(
        &self,
        directory: &DirectoryEntry,
        stored: &dyn Fn(Token) -> Token,
        writer: &mut SnapshotWriter<File>,
    ) -> DirectoryEntry {
        let mut entries = self.list(directory).to_vec();
        for entry in &mut entries {
            match &mut entry.kind {
                Kind::Directory(below) => *below = self.write_listing(below, stored, writer),
                Kind::File(file) => file.token = file.token.map(stored),
                _ => {}
            }
        }
        writer.add_listing(&entries).unwrap()
    }

    fn list(&self, directory: &DirectoryEntry) -> &[Entry] {
        &self.listings[directory.listing.index as usize]
    }

    /// What can be told apart after a restore, by path.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let (attributes, directory) = self.root.as_ref().unwrap();
        lines.push(describe(".", attributes, "folder"));
        self.describe_folder("", directory, &mut lines);
        let mut groups: HashMap<u64, Vec<String>> = HashMap::new();
        self.groups("", directory, &mut groups);
        let mut groups: Vec<_> = groups.into_values().filter(|g| g.len() > 1).collect();
        groups.sort();
        lines.extend(groups.into_iter().map(|g| format!("linked: {g:?}")));
        lines
    }

    fn describe_folder(&self, above: &str, directory: &DirectoryEntry, lines: &mut Vec<String>) {
        for entry in self.list(directory) {
            let path = format!("{above}/{}", entry.name);
            let kind = match &entry.kind {
                Kind::Directory(_) => "folder".to_owned(),
                kind => format!("{kind:?}"),
            };
            lines.push(describe(&path, &entry.attributes, &kind));
            if let Kind::Directory(directory) = &entry.kind {
                self.describe_folder(&path, directory, lines);
            }
        }
    }

    fn groups(
        &self,
        above: &str,
        directory: &DirectoryEntry,
        into: &mut HashMap<u64, Vec<String>>,
    ) {
        for entry in self.list(directory) {
            let path = format!("{above}/{}", entry.name);
            match (&entry.kind, entry.hard_link) {
                (Kind::Directory(directory), _) => self.groups(&path, directory, into),
                (_, Some(group)) => into.entry(group).or_default().push(path),
                _ => {}
            }
        }
    }
}

fn describe(path: &str, attributes: &Attributes, kind: &str) -> String {
    format!(
        "{path} {:o} {}:{} {:?} {:?} {kind}",
        attributes.mode, attributes.uid, attributes.gid, attributes.modified, attributes.extended,
    )
}

/// Attributes of this user's, in the past.
pub fn attributes(mode: u16) -> Attributes {
    Attributes {
        mode,
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        modified: Timestamp {
            seconds: 1_000_000_000,
            nanoseconds: 123_456_789,
        },
        changed: Timestamp::default(),
        inode: 0,
        extended: Arc::default(),
    }
}

fn header(id: Id) -> SnapshotHeader {
    SnapshotHeader {
        snapshot_id: id,
        archive: ArchiveIdentity {
            id,
            name: "test".to_owned(),
            host: "host".to_owned(),
            user: "me".to_owned(),
        },
        taken_at: TakenAt {
            seconds: 0,
            nanoseconds: 0,
            utc_offset_seconds: 0,
            local_name: "1970-01-01-00-00-00".to_owned(),
        },
        repository: RepositoryIdentity {
            id,
            place: b"/".to_vec(),
        },
        claim_id: id,
        predecessor_claim_id: None,
        specification: String::new(),
        build: BuildStats::default(),
        totals: Totals::default(),
        users: Vec::new(),
        groups: Vec::new(),
        complete: true,
        gibus_version: "test".to_owned(),
    }
}

/// A made-up entry.
pub fn entry(name: &str, kind: Kind) -> Entry {
    Entry {
        name: Name::new(name.as_bytes()).unwrap(),
        attributes: attributes(if matches!(kind, Kind::Directory(_)) {
            0o755
        } else {
            0o644
        }),
        kind,
        hard_link: None,
        incomplete: false,
    }
}

/// The folder as the root of a snapshot, on the disk now.
pub fn on_disk(path: &Path) -> Vec<String> {
    Sample::of(path).describe()
}

pub fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (on_disk(left), on_disk(right));
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len());
}

pub fn policy(overwrite: bool) -> Policy {
    Policy {
        overwrite,
        now: jiff::civil::date(2026, 11, 23).at(1, 2, 3, 0),
    }
}

pub const ASIDE: &str = ".before-restore-2026-11-23-01-02-03";

pub fn item(path: &str) -> ExtractItem {
    ExtractItem {
        path: path.as_bytes().to_vec(),
        new_name: None,
    }
}

/// Extracts everything.
pub fn extract_all(
    sample: &Sample,
    into: &Path,
    overwrite: bool,
) -> Result<(RestoreReport, Vec<Problem>)> {
    extract_opened(&sample.open(), into, overwrite)
}

pub fn extract_opened(
    opened: &Opened,
    into: &Path,
    overwrite: bool,
) -> Result<(RestoreReport, Vec<Problem>)> {
    let monitor = Monitor::new();
    let snapshot = &opened.snapshot;
    let plan = plan_extract(
        snapshot,
        opened,
        &[item("/")],
        into,
        policy(overwrite),
        &monitor,
    )?;
    let report = carry_out(&plan, snapshot, opened, &monitor)?;
    Ok((report, monitor.problems().kept))
}

/// Restores these paths below `root`, or everything.
pub fn put_back(
    sample: &Sample,
    paths: &[&str],
    root: &Path,
    overwrite: bool,
) -> (Vec<String>, RestoreReport, Vec<Problem>) {
    let monitor = Monitor::new();
    let wish = match paths {
        [] => Wish::All {
            included: Vec::new(),
        },
        paths => Wish::Paths(paths.iter().map(|path| path.as_bytes().to_vec()).collect()),
    };
    let opened = sample.open();
    let snapshot = &opened.snapshot;
    let plan =
        plan_restore_under(snapshot, &opened, &wish, root, policy(overwrite), &monitor).unwrap();
    let steps = steps(&plan);
    let report = carry_out(&plan, snapshot, &opened, &monitor).unwrap();
    (steps, report, monitor.problems().kept)
}

/// A plan in words, paths below its root.
pub fn steps(plan: &Plan) -> Vec<String> {
    let root = crate::fs::path_bytes(plan.root());
    let words = plan.steps().map(|step| {
        let path = crate::fs::escaped(&step.path[root.len()..]).to_string();
        let what = match step.what {
            What::Create => "create".to_owned(),
            What::CreateTree(totals) => format!("create with {}", totals.files),
            What::Replace => "replace".to_owned(),
            What::MoveAside { to, .. } => format!("move aside to {to}"),
            What::SetAttributes => "set attributes".to_owned(),
            What::Leave(left) => format!("leave {}+{}", left.files, left.directories),
            What::CannotWrite(obstacle) => format!("cannot: {obstacle}"),
        };
        format!("{path}: {what}")
    });
    words.collect()
}

/// Says why a test is skipped. Where `GIBUS_TEST_NO_SKIP` is set, nothing may be.
pub fn skip(why: &str) {
    eprintln!("skipped: {why}");
    assert!(std::env::var_os("GIBUS_TEST_NO_SKIP").is_none(), "{why}");
}

pub fn kind(result: Result<impl Sized>) -> ErrorKind {
    result.err().map(|error| error.kind()).unwrap()
}
