//! What is written comes back, by every way of reading it.

use std::collections::HashSet;

use super::model::*;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::repository::token::Token;
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

/// Compares everything that can be asked of a snapshot with the tree that it was made of.
fn assert_same(snapshot: &Snapshot, tree: &Tree, random: &mut Random) {
    let mut expected = Vec::new();
    tree.flat(b"", &mut expected);
    let walked: Vec<_> = snapshot
        .walk(b"/", snapshot.root())
        .map(Result::unwrap)
        .collect();
    assert!(walked == expected);
    snapshot.verify().unwrap();

    let mut tokens: Vec<Token> = snapshot.tokens().map(Result::unwrap).collect();
    let mut expected_tokens: Vec<Token> = expected
        .iter()
        .filter_map(|(_, entry)| entry.token().copied())
        .collect();
    tokens.sort();
    expected_tokens.sort();
    assert!(tokens == expected_tokens);

    let mut pending = vec![(*snapshot.root(), tree)];
    while let Some((directory, tree)) = pending.pop() {
        let listed = snapshot.list(&directory).unwrap();
        assert!(
            listed
                .iter()
                .eq(tree.entries.iter().map(|(entry, _)| entry))
        );
        let count = listed.len() as u64;
        assert_eq!(snapshot.entry_count(&directory).unwrap(), count);
        let (from, len) = (random.below(count + 3), random.below(count + 3));
        let part = snapshot.list_range(&directory, from..from + len).unwrap();
        let expected = listed.iter().skip(from as usize).take(len as usize);
        assert!(part.iter().eq(expected));
        for (entry, below) in &tree.entries {
            if let (Some(below), Kind::Directory(directory)) = (below, &entry.kind) {
                pending.push((*directory, below));
            }
        }
    }
    let paths: HashSet<&[u8]> = expected.iter().map(|(path, _)| path.as_slice()).collect();
    for _ in 0..100.min(expected.len()) {
        let (path, entry) = &expected[random.below(expected.len() as u64) as usize];
        assert_eq!(snapshot.lookup(path).unwrap().as_ref(), Some(entry));
        let absent = [path.as_slice(), b"\x01"].concat();
        let is_there = paths.contains(absent.as_slice());
        assert_eq!(snapshot.lookup(&absent).unwrap().is_some(), is_there);
    }
}

#[test]
fn random_trees_come_back() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let (depth, width) = (random.below(6) as u32, 2 + random.below(30));
        let mut tree = random_tree(&mut random, depth, width);
        let codec = [Codec::None, Codec::Gzip, Codec::Zstd][seed as usize % 3];
        let snapshot = open(snapshot_bytes(&mut tree, codec)).unwrap();
        assert_same(&snapshot, &tree, &mut random);
    }
}

#[test]
fn directories_longer_than_a_page_come_back() {
    for seed in 0..6 {
        let mut random = Random(1000 + seed);
        let mut entries = Vec::new();
        for _ in 0..random.below(30) {
            entries.extend(random_tree(&mut random, 1, 400).entries);
        }
        let mut below = random_tree(&mut random, 0, 9_000);
        below.entries.truncate(random.below(9_000) as usize);
        entries.push((plain_entry("m", Kind::Fifo), Some(below)));
        let mut tree = Tree::from_entries(entries);
        let snapshot = open(snapshot_bytes(&mut tree, Codec::Gzip)).unwrap();
        assert_same(&snapshot, &tree, &mut random);
    }
}

#[test]
fn an_empty_tree_has_a_root() {
    let snapshot = open(snapshot_bytes(&mut Tree::default(), Codec::Gzip)).unwrap();
    assert_eq!(snapshot.list(snapshot.root()).unwrap(), []);
    assert_eq!(snapshot.root_attributes(), &plain_attributes());
    assert_eq!(snapshot.directory(b"/").unwrap(), Some(*snapshot.root()));
    assert_eq!(snapshot.lookup(b"/").unwrap(), None);
    assert_eq!(snapshot.lookup(b"/a/b").unwrap(), None);
    assert_eq!(snapshot.header(), &sample_header());
}

#[test]
fn paths_are_absolute_and_hold_names_only() {
    let snapshot = open(snapshot_bytes(&mut Tree::default(), Codec::Gzip)).unwrap();
    for bad in [&b""[..], b"a", b"/a/../b", b"/./a", b"/a\0"] {
        let error = snapshot.lookup(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
    }
    assert_eq!(snapshot.lookup(b"//a//").unwrap(), None);
}

#[test]
fn a_walk_leaves_out_what_it_is_told_to() {
    let file = || plain_entry("f", Kind::Fifo);
    let directory = |name| {
        let below = Tree::from_entries(vec![(file(), None)]);
        (plain_entry(name, Kind::Fifo), Some(below))
    };
    let mut tree = Tree::from_entries(vec![directory("a"), directory("b"), directory("c")]);
    let snapshot = open(snapshot_bytes(&mut tree, Codec::Gzip)).unwrap();
    let mut walk = snapshot.walk(b"", snapshot.root());
    let mut seen = Vec::new();
    while let Some(step) = walk.next() {
        let (path, entry) = step.unwrap();
        if entry.name.as_bytes() == b"b" {
            walk.skip_below();
        }
        seen.push(String::from_utf8(path).unwrap());
    }
    assert_eq!(seen, ["a", "a/f", "b", "c", "c/f"]);
}

#[test]
fn a_tree_as_deep_as_its_number_of_folders_is_walked() {
    let codec = Codec::Gzip;
    let mut writer = SnapshotWriter::create(Vec::new(), SNAPSHOT_ID, ARCHIVE_ID, codec).unwrap();
    let mut directory = writer.add_listing(&[]).unwrap();
    for _ in 0..50_000 {
        directory = writer
            .add_listing(&[plain_entry("d", Kind::Directory(directory))])
            .unwrap();
    }
    let (bytes, _) = writer
        .finish(directory, &plain_attributes(), sample_header())
        .unwrap();
    let snapshot = open(bytes).unwrap();
    let mut walk = snapshot.walk(b"/", snapshot.root());
    let mut deepest = 0;
    while let Some(step) = walk.advance().unwrap() {
        deepest = step.depth;
        assert_eq!(step.path.len(), 2 * step.depth);
    }
    assert_eq!(deepest, 50_000);
}
