//! Previews of real trees.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::fs::path_bytes;
use crate::repository::Repository;
use crate::repository::settings::{Layout, Settings};
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::build::{BackupRequest, back_up};
use crate::snapshot::explain::Verdict;
use crate::snapshot::file::Snapshot;
use crate::snapshot::places::ArchiveName;

const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// Folders, with something of every sort that a rule may be about.
struct Tree {
    _folder: tempfile::TempDir,
    base: PathBuf,
    specification: Specification,
    own: Vec<PathBuf>,
}

fn write(path: &Path, len: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, vec![b'x'; len]).unwrap();
}

fn tree() -> Tree {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    for (path, len) in [
        ("home/a.txt", 1),
        ("home/b.o", 20),
        ("home/large", 5000),
        ("home/modules/x", 300),
        ("home/modules/deep/y.o", 4000),
        ("home/modules/kept/in", 7),
        ("home/cache/big", 600),
        ("home/cache/sub/z", 60),
        ("home/git/x.log", 9),
        ("home/git/y", 2),
        ("home/backups/archive/s", 50_000),
        ("home/backups/repository/p", 50_000),
        ("other/aside", 8),
        ("second/file", 30),
    ] {
        write(&base.join(path), len);
    }
    fs::write(base.join("home/cache/CACHEDIR.TAG"), CACHE_TAG).unwrap();
    fs::write(base.join("home/git/.gitignore"), "*.log\n").unwrap();
    symlink("nowhere", base.join("home/broken")).unwrap();
    symlink("../second", base.join("home/link")).unwrap();
    let mut specification = Specification::of(vec![
        base.join("home"),
        base.join("home/modules/kept"),
        base.join("second/file"),
        base.join("gone"),
    ]);
    specification.exclude_dirs = vec!["modules".into()];
    specification.exclude_files = vec!["*.o".into()];
    specification.exclude_larger_than = Some(1000);
    specification.exclude_caches = true;
    specification.ignore_files = true;
    Tree {
        own: vec![
            base.join("home/backups/archive"),
            base.join("home/backups/repository"),
        ],
        _folder: folder,
        base,
        specification,
    }
}

impl Tree {
    fn survey(&self) -> Survey {
        let monitor = Monitor::new();
        survey(&self.specification, &self.own, &monitor, &mut |_| {}).unwrap()
    }

    fn view(&self, folder: &str) -> Vec<ViewedEntry> {
        let folder = self.base.join(folder);
        folder_view(&self.specification, &self.own, &folder, &Monitor::new()).unwrap()
    }

    /// What is in a folder, with a word for what becomes of it.
    fn words(&self, folder: &str) -> Vec<String> {
        let word = |entry: &ViewedEntry| {
            let what = match &entry.verdict {
                Verdict::Included { include } => format!("in {include}"),
                Verdict::DirectoryOnly(reason) => format!("only {}", word_of(reason)),
                Verdict::Excluded(reason) => format!("out {}", word_of(reason)),
                Verdict::BehindLink { .. } => unreachable!(),
            };
            let leads = if entry.leads_to_include { " leads" } else { "" };
            format!("{} {what}{leads}", entry.name)
        };
        self.view(folder).iter().map(word).collect()
    }
}

fn word_of(reason: &Reason) -> &'static str {
    match reason {
        Reason::NotIncluded => "not",
        Reason::OwnStorage => "own",
        Reason::DirectoryGlob { .. } => "dir",
        Reason::FileGlob { .. } => "file",
        Reason::TooLarge { .. } => "large",
        Reason::CacheDirectory => "cache",
        Reason::NoDump => "nodump",
        Reason::OtherFileSystem => "device",
        Reason::IgnoreFile { .. } => "ignored",
        Reason::BrokenLink => "broken",
    }
}

fn sums(totals: &Totals) -> (u64, u64, u64) {
    (totals.files, totals.bytes, totals.directories)
}

#[test]
fn each_rule_is_told_with_what_it_takes_away_the_most_first() {
    let tree = tree();
    let survey = tree.survey();
    let removed: Vec<_> = survey
        .removed
        .iter()
        .map(|removed| {
            let sums = (removed.files, removed.bytes, removed.directories);
            (word_of(&removed.reason), sums)
        })
        .collect();
    assert_eq!(
        removed,
        [
            ("large", (1, 5000, 0)),
            // Not the folder itself, as an include lies in it, nor that include.
            ("dir", (2, 4300, 1)),
            ("cache", (2, 660, 1)),
            ("file", (1, 20, 0)),
            ("ignored", (1, 9, 0)),
            ("broken", (1, 0, 0)),
            ("own", (0, 0, 2)),
        ]
    );
    let examples = |word: &str| {
        let of = |removed: &&Removed| word_of(&removed.reason) == word;
        let removed = survey.removed.iter().find(of).unwrap();
        let mut examples = removed.examples.clone();
        examples.sort();
        examples
    };
    let path = |name: &str| path_bytes(&tree.base.join(name)).to_vec();
    assert_eq!(examples("cache"), [path("home/cache")]);
    assert_eq!(
        examples("dir"),
        ["home/modules", "home/modules/deep", "home/modules/x"].map(path)
    );
    assert_eq!(examples("file"), [path("home/b.o")]);
    assert!(survey.is_complete);
    assert!(!survey.removed[6].is_measured() && survey.removed[5].is_measured());
    assert_eq!(survey.missing.len(), 1);
    assert_eq!(survey.missing[0].path(), Some(&*tree.base.join("gone")));
}

#[test]
fn each_include_is_told_with_what_is_its_own() {
    let tree = tree();
    let survey = tree.survey();
    let includes: Vec<_> = survey.includes.iter().map(sums).collect();
    let tag = CACHE_TAG.len() as u64;
    assert_eq!(
        includes,
        [
            // a.txt, the tag, .gitignore, y, link; home, cache, git, backups.
            (5, 1 + tag + 6 + 2, 4),
            (1, 7, 1),
            (1, 30, 0),
            (0, 0, 0),
        ]
    );
}

#[test]
fn what_is_surveyed_is_what_a_backup_takes() {
    let mut tree = tree();
    let top = tempfile::tempdir().unwrap();
    let settings = Settings::new(Layout::Packed, Codec::Zstd, None).unwrap();
    let repository = tree.base.join("home/backups/real repository");
    let repository = Repository::create(&repository, &settings).unwrap();
    fs::hard_link(tree.base.join("home/a.txt"), tree.base.join("home/a2")).unwrap();
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
        specification: tree.specification.clone(),
    };
    let archive = Archive::create(&top.path().join("archive"), &file).unwrap();
    tree.own = vec![archive.place().to_owned(), repository.place().to_owned()];
    let survey = tree.survey();
    let request = BackupRequest {
        archive: &archive,
        repository: &repository,
        now: &"2026-11-23T01:02:03+01:00[Europe/Paris]".parse().unwrap(),
        is_dry_run: false,
    };
    let report = back_up(&request, &Arc::new(Monitor::new())).unwrap();
    let name = report.snapshot.unwrap();
    let snapshot = Snapshot::open(&archive.path_of(name)).unwrap();
    assert_eq!(survey.included, snapshot.header().totals);
    assert_eq!(survey.included.files, 8);
}

#[test]
fn a_folder_is_seen_with_what_becomes_of_each_entry() {
    let tree = tree();
    assert_eq!(
        tree.words("home"),
        [
            "a.txt in 0",
            "b.o out file",
            "backups in 0",
            "broken out broken",
            "cache only cache",
            "git in 0",
            "large out large",
            "link in 0",
            "modules only dir leads",
        ]
    );
    assert_eq!(
        tree.words("home/modules"),
        ["deep out dir", "kept in 1", "x out dir"]
    );
    assert_eq!(tree.words("home/modules/deep"), ["y.o out dir"]);
    assert_eq!(tree.words("home/modules/kept"), ["in in 1"]);
    assert_eq!(
        tree.words("home/cache"),
        ["CACHEDIR.TAG in 0", "big out cache", "sub out cache"]
    );
    assert_eq!(
        tree.words("home/backups"),
        ["archive out own", "repository out own"]
    );
    assert_eq!(tree.words("home/backups/archive"), ["s out own"]);
    assert_eq!(
        tree.words(""),
        ["home in 0", "other out not", "second only not leads"]
    );
    assert_eq!(tree.words("second"), ["file in 2"]);
    let viewed = tree.view("home");
    assert!(viewed[2].is_directory && !viewed[0].is_directory);
    assert_eq!((viewed[1].size, viewed[2].size), (20, 0));
    assert!(viewed[3].is_symbolic_link);
}

#[test]
fn links_to_folders_and_files_are_no_folders_to_view() {
    let tree = tree();
    for name in ["home/link", "home/a.txt", "nosuch"] {
        let folder = tree.base.join(name);
        let monitor = Monitor::new();
        let error = folder_view(&tree.specification, &[], &folder, &monitor).unwrap_err();
        assert_eq!(error.path(), Some(&*folder), "{error}");
    }
}

#[test]
fn what_is_left_out_is_named_by_the_rule_above_an_include_however_far() {
    let mut tree = tree();
    write(&tree.base.join("home/modules/a/b/c/kept"), 1);
    write(&tree.base.join("home/modules/a/b/d"), 10);
    tree.specification
        .includes
        .push(tree.base.join("home/modules/a/b/c/kept"));
    assert_eq!(
        tree.words("home/modules/a/b"),
        ["c only dir leads", "d out dir"]
    );
    let survey = tree.survey();
    assert_eq!(sums(&survey.includes[4]), (1, 1, 0));
    let removed = &survey.removed[1];
    assert_eq!(
        (word_of(&removed.reason), removed.files, removed.bytes),
        ("dir", 3, 4310)
    );
}

#[test]
fn a_survey_that_is_cancelled_ends_as_cancelled() {
    let tree = tree();
    let monitor = Monitor::new();
    monitor.cancel();
    let error = survey(&tree.specification, &[], &monitor, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let error = folder_view(&tree.specification, &[], &tree.base, &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn rules_beyond_the_limit_are_summed_up_together() {
    let tally = Tally::new(0, &[]);
    let mut counts = tally::Counts::default();
    let one = Totals {
        files: 1,
        directories: 0,
        bytes: 3,
    };
    for limit in 0..MAX_RULES as u64 + 2 {
        counts.remove(&Reason::TooLarge { limit }, &one);
    }
    tally.add(&mut counts);
    counts.remove(&Reason::TooLarge { limit: 0 }, &one);
    tally.add(&mut counts);
    let survey = tally.survey(true);
    assert_eq!(survey.removed.len(), MAX_RULES);
    assert_eq!(survey.removed[0].files, 2);
    assert_eq!(sums(&survey.further_removed), (2, 6, 0));
}
