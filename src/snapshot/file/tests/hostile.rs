//! Files that somebody sealed who means harm: checksums are right, contents are not.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::*;
use crate::error::{ErrorKind, Result};
use crate::format::compression::Codec;
use crate::format::encoding::{Bytes, decode, encode};
use crate::format::sealed::{FileKind, Page, PreparedPage, Sealed, SealedWriter};
use crate::snapshot::file::columns::{Columns, LISTINGS_PAGE, flags};
use crate::snapshot::file::encode::common_prefix;
use crate::snapshot::file::meta::Meta;
use crate::snapshot::tree::*;

/// A snapshot file taken apart.
struct Parts {
    meta: Vec<u8>,
    pages: Vec<Page>,
    page_kind: u8,
}

impl Parts {
    fn of(bytes: Vec<u8>) -> Parts {
        let sealed = Sealed::open(Arc::new(bytes), FileKind::Snapshot).unwrap();
        let pages = 0..sealed.pages().len() as u32;
        Parts {
            meta: sealed.meta().to_vec(),
            pages: pages.map(|index| sealed.read(index).unwrap()).collect(),
            page_kind: LISTINGS_PAGE,
        }
    }

    fn seal(&self) -> Vec<u8> {
        let identity = crate::format::sealed::Identity {
            kind: FileKind::Snapshot,
            own_id: SNAPSHOT_ID,
            owner_id: ARCHIVE_ID,
        };
        let mut writer = SealedWriter::new(Vec::new(), identity).unwrap();
        for page in &self.pages {
            let codec = Codec::None;
            let page = PreparedPage::new(self.page_kind, &page.plain, codec, 0, &page.raw).unwrap();
            writer.add(&page).unwrap();
        }
        writer.finish(&self.meta, Codec::None).unwrap().0
    }

    fn change_columns(&mut self, page: usize, change: impl FnOnce(&mut Columns)) {
        let mut columns: Columns = decode(&self.pages[page].raw).unwrap();
        change(&mut columns);
        self.pages[page].raw = encode(&columns).unwrap();
    }

    fn change_meta(&mut self, change: impl FnOnce(&mut Meta)) {
        let mut meta = Meta::decode(&self.meta).unwrap();
        change(&mut meta);
        self.meta = meta.encode().unwrap();
    }
}

/// Reads everything in every way.
fn read_all(bytes: Vec<u8>) -> Result<()> {
    let snapshot = open(bytes)?;
    snapshot.verify()?;
    let mut sums = Totals::default();
    for step in snapshot.walk(b"/", snapshot.root()) {
        let (path, entry) = step?;
        assert!(!path.ends_with(b"/..") && !path.contains(&0));
        if let Kind::Directory(directory) = &entry.kind {
            sums.directories += 1;
            snapshot.list(directory)?;
            snapshot.entry_count(directory)?;
        } else {
            sums.files += 1;
            sums.bytes += entry.size();
        }
        assert_eq!(snapshot.lookup(&path)?, Some(entry));
    }
    assert_eq!(&sums, &snapshot.root().totals);
    for token in snapshot.tokens() {
        token?;
    }
    Ok(())
}

/// One after the other, whatever the one before came to.
fn read_all_of_it(bytes: Vec<u8>) -> bool {
    if let Ok(snapshot) = open(bytes.clone()) {
        let _ = snapshot.tokens().count();
        let _ = snapshot.list(snapshot.root());
        let _ = snapshot.entry_count(snapshot.root());
        let _ = snapshot.list_range(snapshot.root(), 1..u64::MAX);
        let _ = snapshot.lookup(b"/d/e/f");
        // Past all errors: no listing comes twice.
        let mut walk = snapshot.walk(b"/", snapshot.root());
        let mut listings = HashSet::new();
        loop {
            match walk.advance() {
                Ok(None) => break,
                Ok(Some(step)) => {
                    if let Kind::Directory(directory) = &step.entry.kind {
                        assert!(listings.insert(directory.listing.index));
                    }
                }
                Err(_) => {}
            }
        }
    }
    read_all(bytes).is_ok()
}

fn small_pages(tree: &mut Tree) -> Vec<u8> {
    paged_bytes(tree, Codec::Gzip, 500)
}

fn sample_tree() -> Tree {
    let file = |size| {
        Kind::File(FileEntry {
            size,
            token: None,
            holes: vec![Extent { offset: 0, len: 1 }],
        })
    };
    let leaf = || Tree::from_entries(vec![(plain_entry("f", file(5)), None)]);
    let middle = Tree::from_entries(vec![
        (plain_entry("d", Kind::Fifo), Some(leaf())),
        (plain_entry("e", Kind::Fifo), Some(leaf())),
        (plain_entry("g", file(7)), None),
    ]);
    Tree::from_entries(vec![
        (plain_entry("d", Kind::Fifo), Some(middle)),
        (plain_entry("h", file(9)), None),
        (plain_entry("i", Kind::Fifo), None),
    ])
}

fn sample() -> Parts {
    Parts::of(snapshot_bytes(&mut sample_tree(), Codec::None))
}

fn assert_refused(what: &str, parts: &Parts) {
    match read_all(parts.seal()) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::Damaged, "{what}: {error}"),
        Ok(()) => panic!("{what} was not refused"),
    }
}

#[test]
fn every_flipped_byte_and_every_other_length_is_found() {
    let mut tree = random_tree(&mut Random(3), 3, 8);
    let good = small_pages(&mut tree);
    assert!(read_all(good.clone()).is_ok());
    for position in 0..good.len() {
        let mut bad = good.clone();
        bad[position] ^= 1 << (position % 8);
        assert!(read_all(bad).is_err(), "byte {position} flipped");
        assert!(
            read_all(good[..position].to_vec()).is_err(),
            "cut to {position}"
        );
    }
    let longer = [good.as_slice(), b"\0"].concat();
    assert!(read_all(longer).is_err());
}

#[test]
fn columns_that_lie_are_refused() {
    assert!(read_all(sample().seal()).is_ok());
    let refused = |what: &str, change: fn(&mut Columns)| {
        let mut parts = sample();
        parts.change_columns(0, change);
        assert_refused(what, &parts);
    };
    // Entries in the page: f | f | d e g | d h i
    refused("two siblings of one name", |c| {
        c.name_rests = bytes(b"f\0f\0d\0d\0g\0d\0h\0i\0")
    });
    refused("siblings out of order", |c| {
        c.name_rests = bytes(b"f\0f\0e\0d\0g\0d\0h\0i\0")
    });
    refused("the name ..", |c| {
        c.name_rests = bytes(b"..\0f\0d\0e\0g\0d\0h\0i\0")
    });
    refused("the name .", |c| {
        c.name_rests = bytes(b".\0f\0d\0e\0g\0d\0h\0i\0")
    });
    refused("an empty name", |c| {
        c.name_rests = bytes(b"\0f\0d\0e\0g\0d\0h\0i\0")
    });
    refused("an absolute name", |c| {
        c.name_rests = bytes(b"/f\0f\0d\0e\0g\0d\0h\0i\0")
    });
    refused("a path as a name", |c| {
        c.name_rests = bytes(b"f/../g\0f\0d\0e\0g\0d\0h\0i\0")
    });
    refused("a name too many", |c| {
        c.name_rests = bytes(b"f\0f\0d\0e\0g\0d\0h\0i\0j\0")
    });
    refused("a name too few", |c| {
        c.name_rests = bytes(b"f\0f\0d\0e\0g\0d\0h\0i")
    });
    refused("a name that shares more than there is", |c| {
        c.name_shared.0[3] = 9
    });
    refused("a first name that shares something", |c| {
        c.name_shared.0[1] = 1
    });

    refused("a folder within itself", |c| c.total_directories.0[2] = 3);
    refused("two folders with one listing", |c| {
        c.total_directories.0 = vec![0, 0, 1];
        c.part_first.0[3] = 2;
    });
    refused("a folder of which nobody knows", |c| c.part_first.0[2] = 1);
    refused("a folder below the first listing", |c| {
        c.part_first.0[2] = 3
    });
    refused("a part that begins too low", |c| {
        c.part_first.0[3] = u64::MAX
    });
    refused("folders beyond all numbers", |c| {
        c.total_directories.0[0] = u64::MAX
    });
    refused("wrong sums of files", |c| c.total_files.0[0] += 1);
    refused("wrong sums of bytes", |c| c.total_bytes.0[2] -= 1);
    refused("sums beyond all numbers", |c| {
        c.total_bytes.0 = vec![5, u64::MAX, 17]
    });

    refused("entries that are in another part", |c| {
        c.part_entries.0 = vec![0, 2, 3, 3]
    });
    refused("a part too many", |c| {
        c.part_entries.0.push(0);
        c.part_first.0.push(0);
    });
    refused("a part too few", |c| c.part_entries.0 = vec![1, 1, 6]);
    refused("a mode with other bits", |c| c.modes.0[0] = 0o10644);
    refused("a table of owners with a hole", |c| c.uids.0.clear());
    refused("an owner that is not in the table", |c| c.access.0[0] = 1);
    refused("too many nanoseconds", |c| {
        c.modified_nanoseconds.0[0] = 1_000_000_000
    });
    refused("a time of change that is not there", |c| {
        c.flags.0[0] |= flags::CHANGED
    });
    refused("a content that is not there", |c| {
        c.flags.0[0] &= !flags::KIND
    });
    refused("attributes that are not there", |c| {
        c.flags.0[0] |= flags::EXTENDED
    });
    refused("a set of no attributes", |c| c.set_lens.0.push(0));
    refused("an attribute of no name", |c| {
        c.set_lens.0.push(1);
        c.attribute_name_lens.0.push(0);
        c.attribute_value_lens.0.push(0);
    });
    refused("a value longer than there is", |c| {
        c.set_lens.0.push(u32::MAX);
        c.attribute_name_lens.0.push(1);
        c.attribute_value_lens.0.push(u32::MAX);
        c.attributes = bytes(b"a");
    });
    refused("a hole beyond the end", |c| c.hole_lens.0[0] = 6);
    refused("a hole beyond all numbers", |c| c.hole_gaps.0[1] = u64::MAX);
    refused("an empty hole", |c| c.hole_lens.0[2] = 0);
    refused("holes that are none", |c| c.hole_counts.0[0] = 0);
    refused("a folder with holes", |c| c.flags.0[2] |= flags::HOLES);
    refused("a hard link that is a folder", |c| {
        c.flags.0[2] |= flags::HARD_LINK;
        c.hard_links.0.push(1);
    });
    refused("a hard link without a number", |c| {
        c.flags.0[0] |= flags::HARD_LINK;
        c.hard_links.0.push(0);
    });
    refused("a link to a NUL byte", |c| {
        c.flags.0[7] = flags::SYMBOLIC_LINK;
        c.target_lens.0.push(1);
        c.targets = bytes(b"\0");
    });
    refused("a segment that is not there", |c| c.segments.0.push(0));
    refused("more values than entries", |c| c.inodes.0.push(1));
    refused("fewer values than entries", |c| c.inodes.0.truncate(3));
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes(bytes.to_vec())
}

#[test]
fn digests_and_pages_that_lie_are_refused() {
    let mut parts = sample();
    parts.pages[0].plain = vec![0; 20];
    assert_refused("a digest of nothing", &parts);
    let mut parts = sample();
    parts.pages[0].raw.push(0);
    assert_refused("bytes left over", &parts);
    let mut parts = sample();
    parts.pages[0].raw.clear();
    assert_refused("an empty page", &parts);
    let mut parts = sample();
    parts.pages.push(Page::default());
    assert_refused("a page that is not in the map", &parts);
    let mut parts = sample();
    parts.pages.clear();
    assert_refused("a page that is only in the map", &parts);
}

#[test]
fn a_meta_that_lies_is_refused() {
    let refused = |what: &str, change: fn(&mut Meta)| {
        let mut parts = sample();
        parts.change_meta(change);
        assert_refused(what, &parts);
    };
    refused("another snapshot's header", |m| {
        m.header.snapshot_id.0[0] ^= 1
    });
    refused("another archive's header", |m| {
        m.header.archive.id.0[0] ^= 1
    });
    refused("fewer folders", |m| m.header.totals.directories -= 1);
    refused("more files", |m| m.header.totals.files += 1);
    refused("a time that is a path", |m| {
        m.header.taken_at.local_name = "../x".into()
    });
    refused("a map of other entries", |m| m.pages[0].entries += 1);
    refused("a map of other listings", |m| {
        m.pages[0].parts += 1;
        m.header.totals.directories += 1;
    });
    refused("listings beyond all numbers", |m| {
        m.pages[0].parts = u32::MAX
    });
    refused("a page that goes on with nothing", |m| {
        m.pages[0].separator = Some(bytes(b"a"))
    });
    let mut parts = sample();
    parts.meta.truncate(1);
    assert_refused("no meta", &parts);
}

#[test]
fn names_of_a_long_folder_stay_between_its_separators() {
    let names = |n: u32| (plain_entry(&format!("{n:03}"), Kind::Fifo), None);
    let mut tree = Tree::from_entries((0..100).map(names).collect());
    let good = Parts::of(small_pages(&mut tree));
    assert!(good.pages.len() > 3);
    let separator = |change: fn(&mut Vec<u8>)| {
        let mut parts = Parts::of(good.seal());
        parts.change_meta(|meta| change(&mut meta.pages[2].separator.as_mut().unwrap().0));
        parts
    };
    assert_refused("a separator too high", &separator(|bytes| bytes.push(b'x')));
    assert_refused("a separator too low", &separator(|bytes| bytes[0] -= 1));
    let mut swapped = Parts::of(good.seal());
    swapped.pages.swap(1, 2);
    assert_refused("pages in another order", &swapped);
}

#[test]
fn what_is_from_the_future_says_so() {
    let mut parts = sample();
    parts.page_kind = 2;
    let error = open(parts.seal()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let mut parts = sample();
    parts.meta[0] = 2;
    let error = open(parts.seal()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("newer version"), "{error}");
}

/// A page of 60,000 names, each of 4000 bytes of which all but the last few are shared, would be
/// 240 MB.
#[test]
fn names_do_not_grow_out_of_nothing() {
    let mut parts = sample();
    let count = 60_000_u32;
    parts.change_columns(0, |columns| {
        *columns = Columns::default();
        columns.part_entries.0 = vec![count];
        columns.part_first.0 = vec![0];
        columns.flags = Bytes(vec![flags::FIFO; count as usize]);
        columns.modes.0 = vec![0];
        columns.uids.0 = vec![0];
        columns.gids.0 = vec![0];
        columns.name_rests.0.resize(4000, b'a');
        let mut last = String::new();
        for index in 0..count {
            let end = format!("{index:05}");
            let shared = common_prefix(last.as_bytes(), end.as_bytes());
            let rest = format!("{}\0", &end[shared..]);
            let before = if index == 0 { 0 } else { 4000 };
            columns.name_shared.0.push((before + shared) as u16);
            columns.name_rests.0.extend_from_slice(rest.as_bytes());
            last = end;
            columns.access.0.push(0);
            columns.modified_seconds.0.push(0);
            columns.modified_nanoseconds.0.push(0);
            columns.inodes.0.push(0);
        }
    });
    parts.change_meta(|meta| {
        meta.pages[0].parts = 1;
        meta.pages[0].entries = count;
        meta.header.totals = Totals {
            files: u64::from(count),
            ..Totals::default()
        };
    });
    let error = read_all(parts.seal()).unwrap_err();
    assert_eq!(error.why(), "the names of a page are too long");
}

#[test]
fn a_folder_of_another_snapshot_is_an_error() {
    let snapshot = open(sample().seal()).unwrap();
    for (index, directories) in [(99, 0), (2, 0), (0, 1), (u64::MAX, u64::MAX), (3, 2)] {
        let directory = DirectoryEntry {
            listing: ListingRef { index },
            totals: Totals {
                directories,
                files: 1,
                bytes: 5,
            },
        };
        assert!(snapshot.list(&directory).is_err(), "{index} {directories}");
        assert!(snapshot.walk(b"", &directory).any(|step| step.is_err()));
    }
}

/// Some 10,000 snapshots, each with a few bytes of a page or of the meta changed, and sealed anew.
#[test]
fn sealed_rubbish_is_refused_or_is_a_tree() {
    let mut trees = 0;
    for seed in 0..25 {
        let mut random = Random(70_000 + seed);
        let mut tree = random_tree(&mut random, 3, 8);
        let extra = random_tree(&mut random, 1, 40);
        tree.entries.extend(extra.entries);
        let mut tree = Tree::from_entries(tree.entries);
        let good = Parts::of(small_pages(&mut tree));
        assert!(read_all(good.seal()).is_ok());
        for _ in 0..400 {
            let mut bad = Parts::of(good.seal());
            for _ in 0..1 + random.below(3) {
                mutate(&mut bad, &mut random);
            }
            trees += u32::from(read_all_of_it(bad.seal()));
        }
    }
    // Changed times, inodes and the like make other trees, all else is refused.
    assert!((100..9_000).contains(&trees), "{trees}");
}

fn mutate(parts: &mut Parts, random: &mut Random) {
    let place = random.below(parts.pages.len() as u64 + 1) as usize;
    let bytes = match parts.pages.get_mut(place) {
        Some(page) if random.one_in(20) => &mut page.plain,
        Some(page) => &mut page.raw,
        // Not the layout number, which would only say that it is from the future.
        None => &mut parts.meta,
    };
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len() as u64) as usize;
    match random.below(6) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 => bytes[at] = [0, 1, 250, 251, 252, 253, 254, 255][random.below(8) as usize],
        3 => {
            bytes.remove(at);
        }
        4 => bytes.insert(at, random.next() as u8),
        _ => {
            let other = random.below(bytes.len() as u64) as usize;
            bytes.swap(at, other);
        }
    }
}
