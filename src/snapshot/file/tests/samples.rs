//! The format is a promise: samples of it, one for each way of compressing, are opened for ever.

use std::collections::HashSet;
use std::mem::discriminant;

use super::model::*;
use crate::format::compression::Codec;
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

const GZIP: &[u8] = include_bytes!("../../../../tests/data/formats/1/gzip.snapshot");
const NONE: &[u8] = include_bytes!("../../../../tests/data/formats/1/none.snapshot");

fn sample_tree() -> Tree {
    let mut random = Random(2026);
    let mut entries = Vec::new();
    for _ in 0..4 {
        entries.extend(random_tree(&mut random, 3, 30).entries);
    }
    Tree::from_entries(entries)
}

fn sample_bytes(tree: &mut Tree, codec: Codec) -> Vec<u8> {
    paged_bytes(tree, codec, 2000)
}

#[test]
fn samples_of_the_format_are_read() {
    for sample in [GZIP, NONE] {
        let snapshot = open(sample.to_vec()).unwrap();
        let mut tree = sample_tree();
        let mut expected = Vec::new();
        // Fills in where the listings are.
        sample_bytes(&mut tree, Codec::None);
        tree.flat(b"", &mut expected);
        assert!(expected.len() > 100);
        let walked: Vec<_> = snapshot
            .walk(b"/", snapshot.root())
            .map(Result::unwrap)
            .collect();
        assert!(walked == expected);
        let header = SnapshotHeader {
            totals: snapshot.root().totals,
            ..sample_header()
        };
        assert_eq!(snapshot.header(), &header);
    }
}

/// Compressed ones may differ with another version of the library, to no harm.
#[test]
fn what_is_written_is_the_format_of_the_samples() {
    let written = sample_bytes(&mut sample_tree(), Codec::None);
    assert!(
        written == NONE,
        "the format has changed: its version has to change too"
    );
}

/// Run once for each format: `cargo test --lib write_the_samples -- --ignored`.
#[test]
#[ignore = "writes tests/data/formats"]
fn write_the_samples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/1");
    std::fs::create_dir_all(folder).unwrap();
    for codec in [Codec::Gzip, Codec::None] {
        let path = format!("{folder}/{}.snapshot", codec.name());
        std::fs::write(path, sample_bytes(&mut sample_tree(), codec)).unwrap();
    }
}

#[test]
fn the_samples_have_something_of_everything() {
    let snapshot = open(NONE.to_vec()).unwrap();
    let entries: Vec<Entry> = snapshot
        .walk(b"", snapshot.root())
        .map(|step| step.unwrap().1)
        .collect();
    let kinds: HashSet<_> = entries
        .iter()
        .map(|entry| discriminant(&entry.kind))
        .collect();
    assert_eq!(kinds.len(), 7);
    let has = |what: fn(&Entry) -> bool| entries.iter().any(what);
    assert!(has(
        |entry| matches!(&entry.kind, Kind::File(file) if !file.holes.is_empty())
    ));
    assert!(has(
        |entry| matches!(&entry.kind, Kind::File(file) if file.token.is_none())
    ));
    assert!(has(|entry| entry.hard_link.is_some()));
    assert!(has(|entry| entry.incomplete));
    assert!(has(|entry| !entry.attributes.extended.is_empty()));
    assert!(has(|entry| entry.attributes.modified.seconds < 0));
    assert!(has(
        |entry| entry.attributes.changed != entry.attributes.modified
    ));
}
