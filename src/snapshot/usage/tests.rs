//! Surveys of real backups in real repositories, against what the claims cost and against plain counting.

#[allow(dead_code)]
#[path = "../../../tests/support/random.rs"]
mod random;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use roaring::RoaringBitmap;

use self::random::{Random, Shape, change_tree, make_tree};
use super::duplicates::DuplicateLimits;
use super::*;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::fs::{escaped, path_bytes};
use crate::progress::Monitor;
use crate::repository::claims::{ClaimId, Contents};
use crate::repository::holdings::Holdings;
use crate::repository::settings::{Layout, Settings};
use crate::repository::token::{ContentNumber, SegmentId};
use crate::snapshot::build::tests::{Fixture, noise};
use crate::snapshot::file::Snapshot;
use crate::snapshot::restore::tests::Sample;
use crate::snapshot::tree::{Entry, Kind};

fn claim_of(snapshot: &Snapshot) -> ClaimId {
    ClaimId(snapshot.header().claim_id)
}

fn usage_of(snapshot: &Snapshot, holdings: &Holdings) -> Usage {
    let within = holdings.within(claim_of(snapshot)).unwrap();
    let monitor = Monitor::new();
    let usage = survey(snapshot, within, &monitor).unwrap();
    assert_eq!((usage.unreadable, monitor.warnings()), (0, 0));
    usage
}

/// Loose files as they are: stored bytes are sizes.
fn plain() -> Fixture {
    let settings = Settings::new(Layout::Loose, Codec::None, None).unwrap();
    Fixture::with_settings(&settings, |_| {})
}

#[test]
fn sums_are_those_of_the_claims_to_the_byte() {
    for seed in 0..3 {
        for (layout, codec) in [
            (Layout::Packed, Codec::Zstd),
            (Layout::Packed, Codec::None),
            (Layout::Loose, Codec::None),
        ] {
            let settings = Settings::new(layout, codec, None).unwrap();
            let fixture = Fixture::with_settings(&settings, |_| {});
            let mut random = Random::new(seed);
            let tree = fixture.source.join("tree");
            let shape = Shape {
                files: 120,
                big_bytes: 3 << 20,
            };
            make_tree(&tree, shape, &mut random);
            let mut backups = vec![fixture.back_up()];
            for _ in 0..2 {
                change_tree(&tree, 30, &mut random);
                backups.push(fixture.back_up());
            }
            let holdings = fixture.repository.holdings(&Monitor::new()).unwrap();
            for backup in &backups {
                assert_adds_up(&backup.snapshot, &holdings);
                assert_duplicates(&backup.snapshot, &holdings);
            }
            let snapshots: Vec<&Snapshot> = backups.iter().map(|backup| &backup.snapshot).collect();
            for deleted in [
                &snapshots[..1],
                &snapshots[..2],
                &snapshots[1..2],
                &snapshots,
            ] {
                assert_gone(deleted, &holdings);
            }
        }
    }
}

fn assert_adds_up(snapshot: &Snapshot, holdings: &Holdings) {
    let usage = usage_of(snapshot, holdings);
    let claim = claim_of(snapshot);
    let costs = holdings.costs(&BTreeSet::from([claim]));
    let total = usage.total();
    let header = snapshot.header();
    assert_eq!(total.files, header.build.files);
    assert_eq!(total.held_bytes, header.totals.bytes);
    assert_eq!(total.stored_bytes, costs.stored_bytes);
    assert_eq!(total.alone_bytes, costs.alone_stored_bytes);
    let grown = holdings.growth();
    let point = grown.iter().find(|point| point.claim_id == claim).unwrap();
    assert_eq!(total.new_bytes, point.new_stored_bytes);
    for groups in [&usage.kinds[..], &usage.ages, &usage.sizes] {
        let mut sum = Sums::default();
        groups.iter().for_each(|group| sum.add(group));
        assert_eq!(sum, total);
    }
    assert_eq!(usage.folders.len() as u64, header.totals.directories + 1);
    let within = holdings.within(claim).unwrap();
    for number in 0..usage.folders.len() as u32 {
        let folder = usage.get(number).unwrap();
        let path = usage.path(number);
        assert_eq!(usage.folder(&path), Some(number));
        assert_eq!(folder.kinds.iter().sum::<u64>(), folder.sums.held_bytes);
        let directory = snapshot.directory(&path).unwrap().unwrap();
        assert_eq!(folder.sums.held_bytes, directory.totals.bytes);
        let mut sums = usage.own(number);
        let files = files_of(snapshot, &within, &path).unwrap();
        assert_eq!(files.len() as u64, sums.files);
        let stored: u64 = files.iter().map(|file| file.stored_bytes).sum();
        // What does not divide evenly is less than a byte a name.
        assert!(stored <= sums.stored_bytes);
        for child in usage.children(number) {
            let child = usage.get(child).unwrap();
            assert_eq!(child.parent, Some(number));
            sums.add(&child.sums);
        }
        assert_eq!(sums, folder.sums);
    }
}

/// Every file of a snapshot, by walking.
fn walked(snapshot: &Snapshot) -> Vec<(Vec<u8>, Entry)> {
    let walk = snapshot.walk(b"/", snapshot.root());
    walk.map(|step| step.unwrap())
        .filter(|(_, entry)| matches!(entry.kind, Kind::File(_)))
        .collect()
}

fn assert_duplicates(snapshot: &Snapshot, holdings: &Holdings) {
    let mut copies: BTreeMap<ContentNumber, (u64, Vec<Vec<u8>>)> = BTreeMap::new();
    let mut links = HashSet::new();
    for (path, entry) in walked(snapshot) {
        if entry.size() > 0 && entry.hard_link.is_none_or(|link| links.insert(link)) {
            let token = entry.token().unwrap();
            let content = copies.entry(token.number).or_default();
            content.0 = entry.size();
            content.1.push(path);
        }
    }
    let mut expected: Vec<Duplicate> = copies
        .into_values()
        .filter(|(_, paths)| paths.len() > 1)
        .map(|(size, paths)| Duplicate {
            size,
            copies: paths.len() as u64,
            paths,
        })
        .collect();
    expected.sort_by(|a, b| {
        let by_bytes = b.saved_bytes().cmp(&a.saved_bytes());
        by_bytes.then_with(|| a.paths.cmp(&b.paths))
    });
    let within = holdings.within(claim_of(snapshot)).unwrap();
    let limits = DuplicateLimits {
        contents: usize::MAX,
        places: usize::MAX,
    };
    let found = duplicates(snapshot, &within, limits, &Monitor::new()).unwrap();
    assert_eq!(found.listed, expected);
    assert_eq!(found.contents, expected.len() as u64);
    assert_eq!(
        found.copies,
        expected.iter().map(|one| one.copies).sum::<u64>()
    );
    let saved = expected.iter().map(Duplicate::saved_bytes);
    assert_eq!(found.saved_bytes, saved.sum::<u64>());
    let few = DuplicateLimits {
        contents: 2,
        places: 1,
    };
    let few = duplicates(snapshot, &within, few, &Monitor::new()).unwrap();
    assert_eq!(few.saved_bytes, found.saved_bytes);
    assert_eq!(few.listed.len(), expected.len().min(2));
    assert!(few.listed.iter().all(|one| one.paths.len() == 1));
}

fn assert_gone(deleted: &[&Snapshot], holdings: &Holdings) {
    let claims = deleted.iter().map(|snapshot| claim_of(snapshot));
    let gone = holdings.held_only_by(&claims.collect());
    let mut expected: BTreeMap<(Vec<u8>, ContentNumber), (u64, usize)> = BTreeMap::new();
    for (index, snapshot) in deleted.iter().enumerate() {
        for (path, entry) in walked(snapshot) {
            let number = entry.token().unwrap().number;
            let ordinals = gone.get(&number.segment);
            if ordinals.is_some_and(|ordinals| ordinals.contains(number.ordinal)) {
                expected.insert((path, number), (entry.size(), index));
            }
        }
    }
    let places: Vec<PathBuf> = deleted.iter().map(|one| one.place().to_owned()).collect();
    let found = versions_gone(&places, &gone, usize::MAX, &Monitor::new()).unwrap();
    assert_eq!(found.versions, expected.len() as u64);
    assert_eq!(found.bytes, expected.values().map(|of| of.0).sum::<u64>());
    assert!(found.unreadable.is_empty());
    let listed: BTreeSet<_> = found
        .listed
        .iter()
        .map(|one| (one.path.clone(), one.size, one.snapshot))
        .collect();
    let expected: BTreeSet<_> = expected
        .into_iter()
        .map(|((path, _), (size, index))| (path, size, index))
        .collect();
    assert_eq!(listed, expected);
    assert!(
        found
            .listed
            .is_sorted_by_key(|one| std::cmp::Reverse(one.size))
    );
    let largest = versions_gone(&places, &gone, 3, &Monitor::new()).unwrap();
    assert_eq!(largest.listed, found.listed[..found.listed.len().min(3)]);
    assert_eq!(largest.versions, found.versions);
}

#[test]
fn what_names_have_in_common_is_divided_among_them() {
    let fixture = plain();
    fixture.write("a/one", [1; 100]);
    fixture.write("a/two", [1; 100]);
    fixture.write("b/three", [1; 100]);
    fs::create_dir(fixture.source.join("c")).unwrap();
    fs::hard_link(
        fixture.write("b/own", [2; 50]),
        fixture.source.join("c/link"),
    )
    .unwrap();
    let snapshot = fixture.back_up().snapshot;
    let holdings = fixture.repository.holdings(&Monitor::new()).unwrap();
    let usage = usage_of(&snapshot, &holdings);
    let folder = |name: &str| {
        let path = path_bytes(&fixture.source.join(name)).to_vec();
        usage.get(usage.folder(&path).unwrap()).unwrap().sums
    };
    // 100 bytes in three parts, 33 each and 34 for one of them; 50 in two.
    assert_eq!((folder("a").held_bytes, folder("b").held_bytes), (200, 150));
    assert!([66, 67].contains(&folder("a").stored_bytes));
    assert!([33 + 25, 34 + 25].contains(&folder("b").stored_bytes));
    assert_eq!((folder("c").held_bytes, folder("c").stored_bytes), (50, 25));
    let total = usage.total();
    assert_eq!(
        (total.files, total.held_bytes, total.stored_bytes),
        (5, 400, 150)
    );
    assert_eq!((total.alone_bytes, total.shared_bytes()), (150, 0));
    assert_eq!(usage.folder(b"/nosuch"), None);
    assert_eq!(usage.folder(b"relative"), None);
    assert_eq!(usage.folder(b"//"), Some(0));
    assert_eq!(usage.path(0), b"/");
}

#[test]
fn kinds_ages_and_sizes_can_be_those_of_one_folder() {
    let fixture = plain();
    fixture.write("a/picture.jpg", noise(1, 5000));
    fixture.write("a/below/text.txt", noise(2, 100));
    fixture.write("b/picture.jpg", noise(3, 70));
    let snapshot = fixture.back_up().snapshot;
    let holdings = fixture.repository.holdings(&Monitor::new()).unwrap();
    let within = || holdings.within(claim_of(&snapshot)).unwrap();
    let folder = snapshot.directory(path_bytes(&fixture.source.join("a")));
    let folder = folder.unwrap().unwrap();
    let usage = survey_below(&snapshot, &folder, within(), &Monitor::new()).unwrap();
    assert_eq!(usage.total().held_bytes, 5170);
    assert_eq!(usage.kinds[FileKind::Picture.index()].held_bytes, 5000);
    assert_eq!(usage.kinds[FileKind::Text.index()].stored_bytes, 100);
    assert_eq!(usage.sizes[SizeClass::To64KiB.index()].files, 1);
    assert_eq!(usage.sizes[SizeClass::To4KiB.index()].files, 1);
    let all = usage_of(&snapshot, &holdings);
    assert_eq!(all.kinds[FileKind::Picture.index()].held_bytes, 5070);
    assert_eq!(all.folders[0].main_kind(), Some(FileKind::Picture));
    let names = |path: &str| -> Vec<String> {
        let path = path_bytes(&fixture.source.join(path)).to_vec();
        let files = files_of(&snapshot, &within(), &path).unwrap();
        files.iter().map(|file| file.name.to_string()).collect()
    };
    assert_eq!(names("a"), ["picture.jpg"]);
    let error = files_of(&snapshot, &within(), b"/nosuch").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// What brought the new bytes, in words: path below the source, new bytes, files.
fn words(fixture: &Fixture, snapshot: &Snapshot, limits: GrowthLimits) -> Vec<String> {
    let holdings = fixture.repository.holdings(&Monitor::new()).unwrap();
    let usage = usage_of(snapshot, &holdings);
    let within = holdings.within(claim_of(snapshot)).unwrap();
    let rows = growth(snapshot, &usage, &within, limits, &Monitor::new()).unwrap();
    let source = path_bytes(&fixture.source);
    rows.iter()
        .map(|row| {
            let path = row.path.strip_prefix(source).unwrap_or(&row.path);
            let slash = if row.is_folder { "/" } else { "" };
            format!("{}{slash} {} {}", escaped(path), row.new_bytes, row.files)
        })
        .collect()
}

#[test]
fn growth_is_told_where_it_splits() {
    let mut fixture = plain();
    fixture.write("mail/inbox", noise(1, 500));
    fixture.write("films/old/a.mkv", noise(2, 9000));
    fixture.back_up();
    fixture.advance();
    // The film has nearly all of what its folders brought, so that they are not told.
    fixture.write("films/new/b.mkv", noise(3, 10_000));
    fixture.write("films/new/b.txt", noise(4, 20));
    // Neither of these has nearly all.
    fixture.write("photos/trip/1.jpg", noise(5, 3000));
    fixture.write("photos/trip/2.jpg", noise(6, 2000));
    // Nothing new: a content that was there before.
    fixture.write("copy", noise(1, 500));
    let snapshot = fixture.back_up().snapshot;
    let all = GrowthLimits::default();
    let expected = [
        "/ 15020 4",
        "/films/new/b.mkv 10000 1",
        "/photos/trip/ 5000 2",
        "/photos/trip/1.jpg 3000 1",
        "/photos/trip/2.jpg 2000 1",
        "/films/new/b.txt 20 1",
    ];
    assert_eq!(words(&fixture, &snapshot, all), expected);
    let few = GrowthLimits { rows: 3, ..all };
    assert_eq!(words(&fixture, &snapshot, few), expected[..3]);
    let top = GrowthLimits { depth: 1, ..all };
    assert_eq!(words(&fixture, &snapshot, top), ["/ 15020 4"]);
    // What is in the folder that is told, but not in a folder in it that is told as well.
    let two = GrowthLimits { depth: 2, ..all };
    assert_eq!(
        words(&fixture, &snapshot, two),
        [
            "/ 15020 4",
            "/films/new/b.mkv 10000 1",
            "/photos/trip/ 5000 2",
            "/films/new/b.txt 20 1",
        ]
    );
}

#[test]
fn a_backup_that_brought_nothing_new_has_nothing_to_tell() {
    let mut fixture = plain();
    fixture.write("a", "a");
    fixture.back_up();
    fixture.advance();
    let snapshot = fixture.back_up().snapshot;
    assert_eq!(words(&fixture, &snapshot, GrowthLimits::default()), [""; 0]);
}

#[test]
fn a_version_is_gone_once_however_many_snapshots_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    // The contents of /d/f and of /d/g.
    for (number, (f, g)) in [
        ("1", "x"),
        ("1", "x"),
        ("22", "x"),
        ("1", "x"),
        ("1", "yyy"),
    ]
    .iter()
    .enumerate()
    {
        let mut sample = Sample::default();
        // Made-up contents have one number each.
        let mut file = |name: &str, text: &str| {
            let mut entry = sample.file(name, text.as_bytes());
            if let Kind::File(file) = &mut entry.kind {
                file.token.as_mut().unwrap().number.ordinal = u32::from(text.as_bytes()[0]);
            }
            entry
        };
        let files = vec![file("f", f), file("g", g)];
        let listing = sample.add(files);
        let mut other = crate::snapshot::restore::tests::entry("d", Kind::Directory(listing));
        other.attributes.modified.seconds = number as i64;
        sample.finish(vec![other]);
        let path = folder.path().join(number.to_string());
        sample.save(&path);
        paths.push(path);
    }
    let numbers = |path: &PathBuf| -> Vec<ContentNumber> {
        let snapshot = Snapshot::open(path).unwrap();
        walked(&snapshot)
            .iter()
            .map(|(_, entry)| entry.token().unwrap().number)
            .collect()
    };
    let mut gone = Contents::new();
    for number in paths.iter().flat_map(numbers) {
        gone.entry(number.segment)
            .or_default()
            .insert(number.ordinal);
    }
    let find = |paths: &[PathBuf]| versions_gone(paths, &gone, 10, &Monitor::new()).unwrap();
    let listed = |found: &GoneVersions| -> Vec<(String, u64, usize)> {
        let one = |one: &GoneVersion| (escaped(&one.path).to_string(), one.size, one.snapshot);
        found.listed.iter().map(one).collect()
    };
    let found = find(&paths);
    let version = |path: &str, size, snapshot| (path.to_owned(), size, snapshot);
    assert_eq!(
        listed(&found),
        [
            version("/d/g", 3, 4),
            version("/d/f", 2, 2),
            version("/d/f", 1, 4),
            version("/d/g", 1, 3),
        ]
    );
    assert_eq!((found.versions, found.bytes), (4, 7));

    // One that is damaged is told, and the others are looked through.
    std::fs::write(&paths[4], "no snapshot").unwrap();
    let found = find(&paths);
    assert_eq!(found.versions, 3);
    assert_eq!(found.unreadable.len(), 1);
    assert_eq!(found.unreadable[0].0, 4);
    assert_eq!(find(&[]).versions, 0);

    let monitor = Monitor::new();
    monitor.cancel();
    let error = versions_gone(&paths, &gone, 10, &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn pages_that_are_the_same_may_name_other_contents() {
    let folder = tempfile::tempdir().unwrap();
    // Tokens name segments by places in the snapshot's table, so that these have the same page.
    let paths: Vec<PathBuf> = (1..=3)
        .map(|segment| {
            let mut sample = Sample::default();
            let mut file = sample.file("f", b"1");
            if let Kind::File(file) = &mut file.kind {
                file.token.as_mut().unwrap().number.segment = SegmentId(segment);
            }
            sample.finish(vec![file]);
            let path = folder.path().join(segment.to_string());
            sample.save(&path);
            path
        })
        .collect();
    let digest = |path: &PathBuf| Snapshot::open(path).unwrap().page_digest(0);
    assert_eq!(digest(&paths[0]), digest(&paths[1]));
    for segment in 1..=3 {
        let gone = Contents::from([(SegmentId(segment), RoaringBitmap::from([0]))]);
        let found = versions_gone(&paths, &gone, 10, &Monitor::new()).unwrap();
        assert_eq!(found.versions, 1, "{segment}");
        assert_eq!(found.listed[0].snapshot as u64 + 1, segment);
    }
}

#[test]
fn a_survey_is_cancelled_and_says_what_it_could_not_read() {
    let fixture = plain();
    fixture.write("a/file", noise(1, 100));
    let snapshot = fixture.back_up().snapshot;
    let holdings = fixture.repository.holdings(&Monitor::new()).unwrap();
    let within = || holdings.within(claim_of(&snapshot)).unwrap();
    let monitor = Monitor::new();
    monitor.cancel();
    let error = survey(&snapshot, within(), &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);

    let mut bytes = std::fs::read(snapshot.place()).unwrap();
    // In the first page.
    bytes[100] ^= 1;
    let place = snapshot.place().with_file_name("damaged");
    std::fs::write(&place, bytes).unwrap();
    let damaged = Snapshot::open(&place).unwrap();
    let monitor = Arc::new(Monitor::new());
    let usage = survey(&damaged, within(), &monitor).unwrap();
    assert_eq!(usage.unreadable, 1);
    assert_eq!(usage.total(), Sums::default());
    let problems = monitor.problems();
    assert_eq!(problems.warnings, 1);
    assert_eq!(problems.kept[0].path, b"/");
    assert_eq!(problems.kept[0].attempted, "read all of the folder");
}
