//! What is not asked for is not read, and what was read lately is not read again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::model::*;
use crate::format::compression::Codec;
use crate::fs::ReadAt;
use crate::snapshot::file::*;
use crate::snapshot::tree::*;

/// Counts how often it is read.
struct Counted {
    bytes: Vec<u8>,
    reads: AtomicUsize,
}

impl ReadAt for Counted {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.read_exact_at(buffer, offset)
    }
}

impl Counted {
    fn new(bytes: Vec<u8>) -> Arc<Counted> {
        Arc::new(Counted {
            bytes,
            reads: AtomicUsize::new(0),
        })
    }

    /// Since it was last asked.
    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

fn open_counted(file: &Arc<Counted>) -> Snapshot {
    Snapshot::open_file(Arc::clone(file) as Arc<dyn ReadAt>, Path::new("a.snapshot")).unwrap()
}

/// `depth` folders, one in the other, each with `width` other entries.
fn deep_tree(depth: u32, width: u32) -> Tree {
    let mut tree = Tree::default();
    for _ in 0..depth {
        let file = |index| (plain_entry(&format!("file-{index:06}"), Kind::Fifo), None);
        let mut entries: Vec<_> = (0..width).map(file).collect();
        entries.push((plain_entry("folder", Kind::Fifo), Some(tree)));
        tree = Tree::from_entries(entries);
    }
    tree
}

#[test]
fn a_short_snapshot_opens_with_one_read_and_a_folder_with_one_for_each_on_the_way() {
    let file = Counted::new(snapshot_bytes(&mut deep_tree(10, 5000), Codec::Gzip));
    let snapshot = open_counted(&file);
    assert_eq!(file.reads(), 1);
    let path = b"/folder/folder/folder/file-002500";
    assert!(snapshot.lookup(path).unwrap().is_some());
    assert_eq!(file.reads(), 4);
    assert!(snapshot.lookup(path).unwrap().is_some());
    assert_eq!(file.reads(), 0);
}

#[test]
fn one_name_and_a_few_rows_of_a_long_folder_take_few_reads() {
    let file = Counted::new(snapshot_bytes(&mut deep_tree(1, 200_000), Codec::Gzip));
    let snapshot = open_counted(&file);
    assert!(file.reads() <= 2);
    let root = snapshot.root();
    assert!(snapshot.find(root, b"file-123456").unwrap().is_some());
    assert!(snapshot.find(root, b"file-123456x").unwrap().is_none());
    assert_eq!(file.reads(), 1);
    assert_eq!(snapshot.entry_count(root).unwrap(), 200_001);
    assert!(file.reads() <= 2);
    let rows = snapshot.list_range(root, 150_000..150_040).unwrap();
    assert_eq!(rows[0].name.as_bytes(), b"file-150000");
    assert_eq!(rows.len(), 40);
    assert!(file.reads() <= 2);
    assert_eq!(snapshot.entries(root).take(10).count(), 10);
    assert!(file.reads() <= 1);
}

#[test]
fn threads_share_a_snapshot() {
    let mut tree = deep_tree(20, 300);
    let snapshot = open(snapshot_bytes(&mut tree, Codec::Gzip)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let walked = snapshot.walk(b"/", snapshot.root()).map(Result::unwrap);
                assert_eq!(walked.count(), 20 * 301);
            });
        }
    });
}
