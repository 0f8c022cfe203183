//! Scans of real trees.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{CWD, FileType, Mode, mkdirat, mknodat, openat};

use super::*;
use crate::progress::{Problem, lock};
use crate::snapshot::capture::open_folder;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Kind;

/// What was found, by path.
#[derive(Default)]
struct Seen {
    /// Paths with a word for what became of them.
    found: BTreeMap<PathBuf, &'static str>,
    groups: BTreeMap<PathBuf, u64>,
    incomplete: Vec<PathBuf>,
    /// Entries that were announced and those that came, without folders.
    announced: u64,
    came: u64,
    subfolders_announced: u64,
    subfolders_came: u64,
}

struct Collector<'a>(&'a Mutex<Seen>);

impl Collector<'_> {
    fn note(&mut self, folder: &Place, name: &[u8], what: &'static str, group: Option<u64>) {
        let mut seen = lock(self.0);
        seen.came += 1;
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&folder.path_of(name)));
        seen.groups.extend(group.map(|group| (path.clone(), group)));
        assert_eq!(seen.found.insert(path, what), None, "found twice");
    }
}

impl Sink for Collector<'_> {
    fn ready(&mut self, folder: &Arc<Place>, found: Ready) -> Result<()> {
        let what = match found.entry.kind {
            Kind::SymbolicLink { .. } => "link",
            Kind::Fifo => "fifo",
            Kind::Socket => "socket",
            Kind::File(_) => "unchanged",
            _ => "other",
        };
        self.note(
            folder,
            found.entry.name.as_bytes(),
            what,
            found.entry.hard_link,
        );
        Ok(())
    }

    fn read(&mut self, file: FileToRead) -> Result<()> {
        self.note(
            &file.folder.place,
            file.name.to_bytes(),
            "file",
            file.hard_link,
        );
        Ok(())
    }

    fn later_link(&mut self, file: FileToRead) -> Result<()> {
        self.note(
            &file.folder.place,
            file.name.to_bytes(),
            "later",
            file.hard_link,
        );
        Ok(())
    }

    fn folder(&mut self, folder: FoundFolder) -> Result<()> {
        let mut path = Vec::new();
        folder.place.write_path(&mut path);
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&path));
        let mut seen = lock(self.0);
        if folder.is_incomplete {
            seen.incomplete.push(path.clone());
        }
        seen.found.insert(path, "folder");
        seen.announced += folder.entries;
        seen.subfolders_announced += folder.subfolders.end - folder.subfolders.start;
        seen.subfolders_came += u64::from(folder.place.number > 0);
        Ok(())
    }

    fn no_folder(&mut self, _: u64) -> Result<()> {
        lock(self.0).subfolders_came += 1;
        Ok(())
    }

    fn pause(&mut self) -> Result<()> {
        Ok(())
    }
}

fn scan_with(specification: &Specification) -> (Seen, Vec<Problem>) {
    let matcher = Matcher::new(specification, &[]).unwrap();
    let monitor = Monitor::new();
    let options = ScanOptions {
        matcher: &matcher,
        previous: None,
        still_has: &|_| true,
        monitor: &monitor,
    };
    let seen = Mutex::default();
    let sinks = vec![Collector(&seen), Collector(&seen), Collector(&seen)];
    scan(&options, sinks).unwrap();
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen.came, seen.announced);
    assert_eq!(seen.subfolders_came, seen.subfolders_announced);
    (seen, monitor.problems().kept)
}

fn scan_paths(includes: &[&Path]) -> (Seen, Vec<Problem>) {
    let includes = includes.iter().map(|path| path.to_path_buf()).collect();
    scan_with(&Specification::of(includes))
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

#[test]
fn only_what_leads_to_the_includes_is_found_above_them() {
    let (_folder, top) = temporary();
    for path in ["a/in", "a/out", "b"] {
        fs::create_dir_all(top.join(path)).unwrap();
    }
    for file in ["a/in/1", "a/out/2", "b/3", "b/4", "5"] {
        fs::write(top.join(file), "").unwrap();
    }
    let (seen, problems) = scan_paths(&[&top.join("a/in"), &top.join("b/3")]);
    assert!(problems.is_empty(), "{problems:?}");
    let below: Vec<_> = seen
        .found
        .iter()
        .filter_map(|(path, what)| Some((path.strip_prefix(&top).ok()?.to_str()?, *what)))
        .collect();
    let expected = [
        ("", "folder"),
        ("a", "folder"),
        ("a/in", "folder"),
        ("a/in/1", "file"),
        ("b", "folder"),
        ("b/3", "file"),
    ];
    assert_eq!(below, expected);
    let above = top
        .ancestors()
        .skip(1)
        .filter(|path| *path != Path::new("/"));
    assert!(above.into_iter().all(|path| seen.found[path] == "folder"));
}

#[test]
fn every_kind_is_found_and_only_files_are_to_be_read() {
    let (_folder, top) = temporary();
    let handle = File::open(&top).unwrap();
    fs::write(top.join("file"), "").unwrap();
    mknodat(&handle, "fifo", FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
    symlink("file", top.join("link")).unwrap();
    symlink("nowhere", top.join("broken")).unwrap();
    let (seen, problems) = scan_paths(&[&top]);
    assert_eq!(seen.found[&top.join("fifo")], "fifo");
    assert_eq!(seen.found[&top.join("socket")], "socket");
    assert_eq!(seen.found[&top.join("link")], "link");
    assert_eq!(seen.found[&top.join("file")], "file");
    assert!(!seen.found.contains_key(&top.join("broken")));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, top.join("broken").as_os_str().as_bytes());

    let keeping = Specification {
        keep_broken_links: true,
        ..Specification::of(vec![top.clone()])
    };
    let (seen, problems) = scan_with(&keeping);
    assert_eq!(seen.found[&top.join("broken")], "link");
    assert!(problems.is_empty());
}

#[test]
fn names_of_one_file_share_a_number_and_it_is_read_once() {
    let (_folder, top) = temporary();
    fs::create_dir(top.join("d")).unwrap();
    fs::write(top.join("a"), "").unwrap();
    fs::hard_link(top.join("a"), top.join("b")).unwrap();
    fs::hard_link(top.join("a"), top.join("d/c")).unwrap();
    fs::write(top.join("alone"), "").unwrap();
    let (seen, _) = scan_paths(&[&top]);
    let whats = ["a", "b", "d/c"].map(|name| seen.found[&top.join(name)]);
    assert_eq!(whats, ["file", "later", "later"]);
    let groups = ["a", "b", "d/c"].map(|name| seen.groups[&top.join(name)]);
    assert_eq!(groups, [groups[0]; 3]);
    assert!(!seen.groups.contains_key(&top.join("alone")));
}

#[test]
fn excluded_folders_are_not_entered() {
    let (_folder, top) = temporary();
    fs::create_dir_all(top.join("keep/skip/deep")).unwrap();
    fs::write(top.join("keep/skip/x"), "").unwrap();
    fs::write(top.join("keep/y.tmp"), "").unwrap();
    let specification = Specification {
        exclude_dirs: vec!["skip".into()],
        exclude_files: vec!["*.tmp".into()],
        ..Specification::of(vec![top.clone()])
    };
    let (seen, _) = scan_with(&specification);
    assert_eq!(
        seen.found
            .keys()
            .filter(|path| path.starts_with(&top))
            .count(),
        2
    );
}

/// Makes `count` folders, each in the one before, and gives the innermost.
fn make_deep(top: &Path, name: &str, count: usize) -> OwnedFd {
    let name = CString::new(name).unwrap();
    let top = CString::new(top.as_os_str().as_bytes()).unwrap();
    let mut handle = open_folder(CWD, &top).unwrap();
    for _ in 0..count {
        mkdirat(&handle, &name, Mode::RWXU).unwrap();
        handle = open_folder(&handle, &name).unwrap();
    }
    handle
}

#[test]
fn a_thousand_levels_and_paths_beyond_the_systems_limit_are_walked() {
    let (_folder, top) = temporary();
    let innermost = make_deep(&top, &"x".repeat(200), 1000);
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    openat(&innermost, "file", flags, Mode::RUSR).unwrap();
    let (seen, problems) = scan_paths(&[&top]);
    assert!(problems.is_empty(), "{:?}", problems[0].why);
    let longest = seen
        .found
        .keys()
        .max_by_key(|path| path.as_os_str().len())
        .unwrap();
    assert!(longest.ends_with("file"));
    assert!(longest.as_os_str().len() > 200_000);
}

#[test]
fn deep_folders_with_neighbours_need_few_open_files() {
    let (_folder, top) = temporary();
    let mut handle = make_deep(&top, "first", 1);
    for _ in 0..700 {
        for name in [c"a", c"b"] {
            mkdirat(&handle, name, Mode::RWXU).unwrap();
        }
        handle = open_folder(&handle, c"a").unwrap();
    }
    let (seen, problems) = scan_paths(&[&top]);
    assert!(problems.is_empty(), "{:?}", problems[0].why);
    let found = seen
        .found
        .keys()
        .filter(|path| path.starts_with(top.join("first")));
    assert_eq!(found.count(), 1401);
}

/// Runs `test` as somebody who may not read everything: on a thread of its own, as root does not.
fn as_ordinary_user(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            test();
        });
        thread.join().unwrap();
    });
}

#[test]
fn unreadable_folders_are_reported_and_stay_as_incomplete_ones() {
    let (_folder, top) = temporary();
    fs::set_permissions(&top, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(top.join("closed")).unwrap();
    fs::write(top.join("closed/hidden"), "").unwrap();
    fs::create_dir(top.join("open")).unwrap();
    fs::set_permissions(top.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    as_ordinary_user(|| {
        let (seen, problems) = scan_paths(&[&top]);
        assert_eq!(seen.found[&top.join("closed")], "folder");
        assert_eq!(seen.incomplete, [top.join("closed")]);
        assert!(!seen.found.contains_key(&top.join("closed/hidden")));
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].why, "permission denied");
    });
    fs::set_permissions(top.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_cancelled_scan_ends_with_an_error() {
    let matcher = Matcher::new(&Specification::of(vec!["/usr".into()]), &[]).unwrap();
    let monitor = Monitor::new();
    monitor.cancel();
    let options = ScanOptions {
        matcher: &matcher,
        previous: None,
        still_has: &|_| true,
        monitor: &monitor,
    };
    let seen = Mutex::default();
    let outcome = scan(&options, vec![Collector(&seen), Collector(&seen)]);
    assert_eq!(
        outcome.map(|_| ()).unwrap_err().kind(),
        crate::error::ErrorKind::Cancelled
    );
}
