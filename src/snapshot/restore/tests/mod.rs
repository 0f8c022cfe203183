//! Restoring real trees to real folders.
//!
//! A tree is captured from the disk, or made up; it is planned and restored; and what is on the disk
//! then is captured again and compared.

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
use crate::format::digest::Sha1;
use crate::progress::{Monitor, Problem};
use crate::repository::token::{ContentNumber, SegmentId, Token};
use crate::snapshot::capture::extended::ExtendedReader;
use crate::snapshot::capture::holes::{data_between, find_holes};
use crate::snapshot::capture::{Stat, link_target, open_file, open_folder};
use crate::snapshot::tree::*;

/// A snapshot and its contents, in memory.
#[derive(Default)]
pub struct Sample {
    listings: Vec<Vec<Entry>>,
    root: Option<(Attributes, DirectoryEntry)>,
    contents: HashMap<Token, Vec<u8>>,
    links: HashMap<u64, u64>,
    /// Contents are handed out as streams.
    pub streams: bool,
    /// This content is damaged.
    pub damaged: Option<Token>,
    /// Called before each content is handed out.
    pub before: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Tree for Sample {
    fn root(&self) -> (&Attributes, DirectoryEntry) {
        let (attributes, directory) = self.root.as_ref().unwrap();
        (attributes, *directory)
    }

    fn list(&self, directory: &DirectoryEntry) -> Result<Vec<Entry>> {
        Ok(self.listings[directory.listing.index as usize].clone())
    }
}

impl Contents for Sample {
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()> {
        let half = wanted.len().div_ceil(2).max(1);
        let hand_out = |part: &[Wanted]| {
            for wanted in part.iter().rev() {
                monitor.check_cancelled()?;
                if let Some(before) = &self.before {
                    before();
                }
                let bytes = &self.contents[&wanted.token];
                if self.damaged == Some(wanted.token) {
                    let error = Error::damaged("read the block in 'packs/1'", "checksum");
                    sink.failed(wanted.key, error)?;
                } else if self.streams {
                    let mut stream = bytes.as_slice();
                    sink.content(wanted.key, ContentBytes::Stream(&mut stream))?;
                } else {
                    sink.content(wanted.key, ContentBytes::Whole(bytes))?;
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = wanted.chunks(half).collect();
            let threads: Vec<_> = parts
                .into_iter()
                .map(|part| scope.spawn(|| hand_out(part)))
                .collect();
            threads.into_iter().try_for_each(|t| t.join().unwrap())
        })
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
            let is_linked = stat.links > 1 && stat.is_file();
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
        let token = Token {
            sha1: Sha1::of(bytes),
            number: ContentNumber {
                segment: SegmentId(1),
                ordinal: 0,
            },
        };
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

    /// What can be told apart after a restore, by path.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let (attributes, directory) = self.root();
        lines.push(describe(".", attributes, "folder"));
        self.describe_folder("", &directory, &mut lines);
        let mut groups: HashMap<u64, Vec<String>> = HashMap::new();
        self.groups("", &directory, &mut groups);
        let mut groups: Vec<_> = groups.into_values().filter(|g| g.len() > 1).collect();
        groups.sort();
        lines.extend(groups.into_iter().map(|g| format!("linked: {g:?}")));
        lines
    }

    fn describe_folder(&self, above: &str, directory: &DirectoryEntry, lines: &mut Vec<String>) {
        for entry in self.list(directory).unwrap() {
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
        for entry in self.list(directory).unwrap() {
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
    let monitor = Monitor::new();
    let plan = plan_extract(sample, &[item("/")], into, policy(overwrite), &monitor)?;
    let report = carry_out(&plan, sample, sample, &monitor)?;
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
    let plan = plan_restore_under(sample, &wish, root, policy(overwrite), &monitor).unwrap();
    let steps = steps(&plan);
    let report = carry_out(&plan, sample, sample, &monitor).unwrap();
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

pub fn kind(result: Result<impl Sized>) -> ErrorKind {
    result.err().map(|error| error.kind()).unwrap()
}
