//! Searches of real snapshot files, and of what is wrong with them.

use std::collections::BTreeMap;

use super::*;
use crate::error::ErrorKind;
use crate::fs::escaped;
use crate::snapshot::restore::tests::{Sample, entry};
use crate::snapshot::tree::Kind;

/// Snapshot files, each of a list of paths with their contents.
struct Series {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Series {
    fn new() -> Series {
        Series {
            folder: tempfile::tempdir().unwrap(),
            paths: Vec::new(),
        }
    }

    fn add(&mut self, files: &[(&str, &str)]) {
        let mut sample = Sample::default();
        let files: Vec<(Vec<&str>, &str)> = files
            .iter()
            .map(|(path, content)| (path.split('/').collect(), *content))
            .collect();
        let entries = entries_of(&mut sample, &files);
        sample.finish(entries);
        let path = self.folder.path().join(format!("{}", self.paths.len()));
        sample.save(&path);
        self.paths.push(path);
    }

    fn search_for(&self, pattern: &SearchPattern) -> SearchResult {
        let monitor = Monitor::new();
        search(
            &self.paths,
            pattern,
            SearchLimits::default(),
            &monitor,
            &mut |_| {},
        )
        .unwrap()
    }

    fn search(&self, pattern: &str) -> SearchResult {
        self.search_for(&SearchPattern::new(pattern).unwrap())
    }

    fn words(&self, pattern: &str) -> Vec<String> {
        self.search(pattern).hits.iter().map(word).collect()
    }
}

fn word(hit: &Hit) -> String {
    let path = escaped(&hit.path);
    let size = match hit.entry.is_directory() {
        true => "folder".to_owned(),
        false => hit.entry.size().to_string(),
    };
    let gone = if hit.is_in_newest { "" } else { " gone" };
    let Hit {
        first, last, count, ..
    } = hit;
    format!("{path} {size} {first}-{last} {count}{gone}")
}

fn entries_of(sample: &mut Sample, files: &[(Vec<&str>, &str)]) -> Vec<Entry> {
    let mut below: BTreeMap<&str, Vec<(Vec<&str>, &str)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for (path, content) in files {
        match path.split_first().unwrap() {
            (name, []) => entries.push(sample.file(name, content.as_bytes())),
            (name, rest) => below
                .entry(name)
                .or_default()
                .push((rest.to_vec(), content)),
        }
    }
    for (name, files) in below {
        let inner = entries_of(sample, &files);
        let listing = sample.add(inner);
        entries.push(entry(name, Kind::Directory(listing)));
    }
    entries
}

fn some_series() -> Series {
    let mut series = Series::new();
    series.add(&[
        ("home/Letter.odt", "1"),
        ("home/old/letter", "22"),
        ("x", "x"),
    ]);
    series.add(&[
        ("home/Letter.odt", "333"),
        ("home/letters/a", "4"),
        ("x", "x"),
    ]);
    series.add(&[
        ("home/Letter.odt", "1"),
        ("home/letters/a", "4"),
        ("y", "x"),
    ]);
    series
}

#[test]
fn each_version_is_one_hit_with_the_snapshots_that_hold_it() {
    let series = some_series();
    assert_eq!(
        series.words("LETTER"),
        [
            "/home/Letter.odt 1 0-2 2",
            "/home/Letter.odt 3 1-1 1 gone",
            "/home/letters folder 1-2 2",
            "/home/old/letter 2 0-0 1 gone",
        ]
    );
    assert_eq!(series.words("*.odt").len(), 2);
    assert_eq!(series.words("x"), ["/x 1 0-1 2 gone"]);
    assert_eq!(series.words("home/l*/?"), ["/home/letters/a 1 1-2 2"]);
    assert_eq!(series.words("me/letters"), ["/home/letters folder 1-2 2"]);
    assert_eq!(series.words("nosuch"), [""; 0]);
    assert_eq!(series.words("home"), ["/home folder 0-2 3"]);
}

#[test]
fn what_a_walk_finds_by_name_the_quick_way_finds_too() {
    let mut series = Series::new();
    let names = ["a", "b", "ab", "ba", "c", "abc"];
    let mut files = Vec::new();
    for one in names {
        for two in names {
            for three in names {
                files.push(format!("{one}/{two}-{three}/{three}{one}"));
                files.push(format!("{one}/{two}-{three}/deep/er/{two}"));
            }
        }
    }
    for step in 1..4 {
        let chosen: Vec<(&str, &str)> = files
            .iter()
            .step_by(step)
            .map(|path| (path.as_str(), "content"))
            .collect();
        series.add(&chosen);
    }
    for text in ["ab", "a", "er", "b-a", "abcab", "z", "a/b", "deep/er"] {
        let mut expected = 0;
        for path in &series.paths {
            let snapshot = crate::snapshot::file::Snapshot::open(path).unwrap();
            let walk = snapshot.walk(b"/", snapshot.root());
            let is_like = |path: &[u8]| {
                let path = std::str::from_utf8(path).unwrap();
                let name_at = path.rfind('/').unwrap() + 1;
                path.rfind(text).is_some_and(|at| at + text.len() > name_at)
            };
            expected += walk
                .filter(|step| is_like(&step.as_ref().unwrap().0))
                .count();
        }
        let hits = series.search(text).hits;
        let found: usize = hits.iter().map(|hit| hit.count).sum();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn unreadable_snapshots_are_told_and_the_others_searched() {
    let series = some_series();
    std::fs::remove_file(&series.paths[2]).unwrap();
    let mut bytes = std::fs::read(&series.paths[0]).unwrap();
    // In the first page.
    bytes[100] ^= 1;
    std::fs::write(&series.paths[0], bytes).unwrap();
    let result = series.search("letter");
    let words: Vec<String> = result.hits.iter().map(word).collect();
    assert_eq!(
        words,
        ["/home/Letter.odt 3 1-1 1", "/home/letters folder 1-1 1",]
    );
    let unreadable: Vec<_> = result
        .unreadable
        .iter()
        .map(|(index, error)| (*index, error.kind()))
        .collect();
    assert_eq!(
        unreadable,
        [(0, ErrorKind::Damaged), (2, ErrorKind::NotFound)]
    );
}

#[test]
fn beyond_the_limit_the_newest_are_kept_and_it_is_said() {
    let series = some_series();
    let pattern = SearchPattern::new("letter").unwrap();
    let search_some = |hits| {
        let limits = SearchLimits { hits };
        search(
            &series.paths,
            &pattern,
            limits,
            &Monitor::new(),
            &mut |_| {},
        )
        .unwrap()
    };
    let result = search_some(2);
    assert!(result.is_truncated);
    let words: Vec<String> = result.hits.iter().map(word).collect();
    assert_eq!(
        words,
        ["/home/Letter.odt 1 0-2 2", "/home/letters folder 1-2 2"]
    );
    assert!(!search_some(4).is_truncated);
}

#[test]
fn the_last_thing_told_is_everything() {
    let series = some_series();
    let pattern = SearchPattern::new("letter").unwrap();
    let mut last = (0, 0, 0);
    search(
        &series.paths,
        &pattern,
        SearchLimits::default(),
        &Monitor::new(),
        &mut |found| last = (found.hits.len(), found.searched, found.snapshots),
    )
    .unwrap();
    assert_eq!(last, (4, 3, 3));
}

#[test]
fn a_search_that_is_cancelled_ends_as_cancelled() {
    let series = some_series();
    let monitor = Monitor::new();
    monitor.cancel();
    let pattern = SearchPattern::new("x").unwrap();
    let limits = SearchLimits::default();
    let error = search(&series.paths, &pattern, limits, &monitor, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
