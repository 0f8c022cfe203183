//! What the writer refuses, so that nothing is written that the reader would refuse.

use super::model::*;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

fn writer() -> SnapshotWriter<Vec<u8>> {
    SnapshotWriter::create(Vec::new(), SNAPSHOT_ID, ARCHIVE_ID, Codec::Gzip).unwrap()
}

fn assert_refused(entries: &[Entry], why: &str) {
    let error = writer().add_listing(entries).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn entries_out_of_order_are_refused() {
    let names = |first, second| {
        [
            plain_entry(first, Kind::Fifo),
            plain_entry(second, Kind::Fifo),
        ]
    };
    assert_refused(&names("b", "a"), "'a' does not come after 'b'");
    assert_refused(&names("a", "a"), "'a' does not come after 'a'");
    assert!(writer().add_listing(&names("a", "aa")).is_ok());
}

#[test]
fn entries_that_no_snapshot_can_hold_are_refused() {
    let changed = |change: fn(&mut Entry)| {
        let mut entry = plain_entry("a", Kind::Fifo);
        change(&mut entry);
        [entry]
    };
    assert_refused(&changed(|e| e.attributes.mode = 0o10000), "mode");
    assert_refused(
        &changed(|e| e.attributes.changed.nanoseconds = 1_000_000_000),
        "time",
    );
    assert_refused(&changed(|e| e.hard_link = Some(0)), "hard-link");
    let link = |target: Vec<u8>| [plain_entry("a", Kind::SymbolicLink { target })];
    assert_refused(&link(vec![b'x'; MAX_TARGET_LEN + 1]), "too long");
    assert_refused(&link(b"a\0b".to_vec()), "NUL");
    assert!(
        writer()
            .add_listing(&link(vec![b'x'; MAX_TARGET_LEN]))
            .is_ok()
    );

    let attributes = |attributes: &[(&str, usize)]| {
        let one = |(name, len): &(&str, usize)| ExtendedAttribute {
            name: name.as_bytes().to_vec(),
            value: vec![0; *len],
        };
        let mut entry = plain_entry("a", Kind::Fifo);
        entry.attributes.extended = attributes.iter().map(one).collect();
        [entry]
    };
    assert_refused(&attributes(&[("b", 0), ("a", 0)]), "not in order");
    assert_refused(&attributes(&[("a", 0), ("a", 0)]), "not unique");
    assert_refused(&attributes(&[("", 0)]), "name");
    assert_refused(&attributes(&[("a", MAX_EXTENDED_LEN)]), "too long");

    let sparse = |holes: &[(u64, u64)]| {
        let holes = holes
            .iter()
            .map(|&(offset, len)| Extent { offset, len })
            .collect();
        let file = FileEntry {
            size: 100,
            token: None,
            holes,
        };
        [plain_entry("a", Kind::File(file))]
    };
    assert_refused(&sparse(&[(90, 11)]), "holes");
    assert_refused(&sparse(&[(0, 0)]), "holes");
    assert_refused(&sparse(&[(0, 10), (10, 10)]), "holes");
    assert_refused(&sparse(&[(u64::MAX, 2)]), "holes");
    assert!(writer().add_listing(&sparse(&[(0, 10), (11, 89)])).is_ok());
    let crumbs: Vec<(u64, u64)> = (0..=MAX_HOLES as u64).map(|n| (2 * n, 1)).collect();
    assert_refused(&sparse(&crumbs), "too many");
}

#[test]
fn the_longest_that_an_entry_can_be_comes_back() {
    let entry = |name: &str, last: u8| {
        let mut entry = plain_entry(name, Kind::Fifo);
        let value = vec![last; MAX_EXTENDED_LEN - 1];
        entry.attributes.extended = [ExtendedAttribute {
            name: b"a".to_vec(),
            value,
        }]
        .into();
        let holes = (0..MAX_HOLES as u64).map(|n| Extent {
            offset: n << 30,
            len: 1 + n,
        });
        entry.kind = Kind::File(FileEntry {
            size: 1 << 60,
            token: None,
            holes: holes.collect(),
        });
        (entry, None)
    };
    let mut tree = Tree::from_entries(vec![entry("a", 1), entry("b", 2), entry("c", 3)]);
    let snapshot = open(snapshot_bytes(&mut tree, Codec::Gzip)).unwrap();
    let listed = snapshot.list(snapshot.root()).unwrap();
    assert!(
        listed
            .iter()
            .eq(tree.entries.iter().map(|(entry, _)| entry))
    );
}

#[test]
fn folders_out_of_order_are_refused() {
    let folder = |name: &str, entry: &DirectoryEntry| plain_entry(name, Kind::Directory(*entry));
    let mut writer = writer();
    let first = writer.add_listing(&[]).unwrap();
    let second = writer.add_listing(&[]).unwrap();
    for entries in [
        vec![folder("a", &second), folder("b", &first)],
        vec![folder("a", &first), folder("b", &first)],
        vec![folder("a", &first)],
    ] {
        let mut writer = self::writer();
        writer.add_listing(&[]).unwrap();
        writer.add_listing(&[]).unwrap();
        assert!(writer.add_listing(&entries).is_err());
    }
    // A listing that is in no folder is found out when the file is finished.
    let root = writer.add_listing(&[folder("a", &second)]).unwrap();
    let finished = writer.finish(root, &plain_attributes(), sample_header());
    assert!(finished.is_err());
}

#[test]
fn a_listing_given_up_half_way_is_never_part_of_a_file() {
    let mut writer = writer();
    let root = writer.add_listing(&[]).unwrap();
    drop(writer.begin_listing().unwrap());
    assert!(writer.add_listing(&[]).is_err());
    let finished = writer.finish(root, &plain_attributes(), sample_header());
    assert!(finished.is_err());
}

#[test]
fn headers_that_the_reader_would_refuse_are_refused() {
    let refused = |change: fn(&mut SnapshotHeader)| {
        let mut writer = writer();
        let root = writer.add_listing(&[]).unwrap();
        let mut header = sample_header();
        change(&mut header);
        assert!(writer.finish(root, &plain_attributes(), header).is_err());
    };
    refused(|header| header.archive.id = SNAPSHOT_ID);
    refused(|header| header.snapshot_id = ARCHIVE_ID);
    refused(|header| header.taken_at.local_name = "../2026".into());
    refused(|header| header.taken_at.nanoseconds = 1_000_000_000);
    refused(|header| header.specification = "#".repeat(40 << 20));
}
