//! Backups of real trees to real repositories.

mod changes;
mod faults;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::progress::Problems;
use crate::repository::settings::{Layout, Settings};
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::{Entry, Kind};

/// A folder to back up, a repository and an archive.
pub struct Fixture {
    _folder: tempfile::TempDir,
    pub source: PathBuf,
    pub repository: Repository,
    pub archive: Archive,
    now: jiff::Zoned,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Specification)) -> Fixture {
        let settings = Settings::new(Layout::Packed, Codec::Zstd, None).unwrap();
        Fixture::with_settings(&settings, change)
    }

    /// One whose repository has these settings.
    pub fn with_settings(settings: &Settings, change: impl FnOnce(&mut Specification)) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let source = top.join("source");
        fs::create_dir(&source).unwrap();
        let repository = Repository::create(&top.join("repository"), settings).unwrap();
        let mut specification = Specification::of(vec![source.clone()]);
        change(&mut specification);
        let file = ArchiveFile {
            format: ARCHIVE_FORMAT,
            id: Id::random().unwrap(),
            name: ArchiveName::new("test").unwrap(),
            host: "host".into(),
            user: "user".into(),
            repository: RepositoryRef {
                id: repository.id(),
                place: repository.place().to_owned(),
            },
            specification,
        };
        let archive = Archive::create(&top.join("archive"), &file).unwrap();
        Fixture {
            _folder: folder,
            source,
            repository,
            archive,
            now: "2026-11-23T01:02:03+01:00[Europe/Paris]".parse().unwrap(),
        }
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.source.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn request(&self) -> BackupRequest<'_> {
        BackupRequest {
            archive: &self.archive,
            repository: &self.repository,
            now: &self.now,
            is_dry_run: false,
        }
    }

    /// Lets the clock of the next backups be a second ahead: which of two claims is older is told by it.
    pub fn advance(&mut self) {
        self.now = &self.now + jiff::Span::new().seconds(1);
    }

    pub fn back_up(&self) -> Backup<'_> {
        let monitor = Arc::new(Monitor::new());
        let report = back_up(&self.request(), &monitor).unwrap();
        let name = report.snapshot.unwrap().to_string();
        Backup {
            fixture: self,
            report,
            problems: monitor.problems(),
            snapshot: Snapshot::open_in(&**self.archive.storage(), &name).unwrap(),
        }
    }
}

/// A backup that was made.
pub struct Backup<'a> {
    fixture: &'a Fixture,
    report: BackupReport,
    problems: Problems,
    pub snapshot: Snapshot,
}

impl Backup<'_> {
    fn entry(&self, name: &str) -> Entry {
        self.find(&self.fixture.source.join(name)).unwrap()
    }

    fn find(&self, path: &Path) -> Option<Entry> {
        self.snapshot.lookup(path_bytes(path)).unwrap()
    }

    /// Bytes of a file, holes filled.
    fn bytes(&self, entry: &Entry) -> Vec<u8> {
        let Kind::File(file) = &entry.kind else {
            panic!("{entry:?} is no file");
        };
        let token = file.token.as_ref().unwrap();
        let reader = self.fixture.repository.open_contents_read_only(token);
        let mut content = Vec::new();
        reader.unwrap().read_to_end(&mut content).unwrap();
        let mut bytes = Vec::new();
        let mut content = content.as_slice();
        for hole in &file.holes {
            let (data, rest) = content.split_at(hole.offset as usize - bytes.len());
            bytes.extend_from_slice(data);
            bytes.resize(bytes.len() + hole.len as usize, 0);
            content = rest;
        }
        bytes.extend_from_slice(content);
        assert_eq!(bytes.len() as u64, file.size);
        bytes
    }

    /// Everything below the source, by its path there.
    fn tree(&self) -> BTreeMap<PathBuf, Entry> {
        let source = path_bytes(&self.fixture.source);
        let root = self.snapshot.directory(source).unwrap().unwrap();
        self.snapshot
            .walk(b"", &root)
            .map(|step| step.unwrap())
            .map(|(path, entry)| (crate::fs::bytes_path(&path).to_owned(), entry))
            .collect()
    }

    /// The snapshot has what is on the disk now, byte for byte.
    fn assert_is_the_disk(&self) {
        let mut tree = self.tree();
        for found in walkdir::WalkDir::new(&self.fixture.source).min_depth(1) {
            let found = found.unwrap();
            let name = found.path().strip_prefix(&self.fixture.source).unwrap();
            let entry = tree
                .remove(name)
                .unwrap_or_else(|| panic!("{name:?} is missing"));
            let metadata = fs::symlink_metadata(found.path()).unwrap();
            use std::os::unix::fs::{FileTypeExt, MetadataExt};
            let attributes = &entry.attributes;
            assert_eq!(u32::from(attributes.mode), metadata.mode() & 0o7777);
            assert_eq!(
                (attributes.uid, attributes.gid),
                (metadata.uid(), metadata.gid())
            );
            let modified = (attributes.modified.seconds, attributes.modified.nanoseconds);
            assert_eq!(modified, (metadata.mtime(), metadata.mtime_nsec() as u32));
            let file_type = metadata.file_type();
            match &entry.kind {
                Kind::File(_) => assert!(self.bytes(&entry) == fs::read(found.path()).unwrap()),
                Kind::Directory(_) => assert!(file_type.is_dir()),
                Kind::SymbolicLink { target } => {
                    assert_eq!(target, path_bytes(&fs::read_link(found.path()).unwrap()));
                }
                Kind::Fifo => assert!(file_type.is_fifo()),
                Kind::Socket => assert!(file_type.is_socket()),
                Kind::CharacterDevice { .. } => assert!(file_type.is_char_device()),
                Kind::BlockDevice { .. } => assert!(file_type.is_block_device()),
            }
        }
        assert!(tree.is_empty(), "{tree:?}");
    }

    fn read_files(&self) -> u64 {
        self.report.stats.read_files
    }
}

/// Bytes that do not compress, different for each seed.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}
