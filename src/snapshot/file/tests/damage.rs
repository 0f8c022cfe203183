//! Damaged bytes are found; what is not damaged is still there.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::*;
use crate::error::ErrorKind;
use crate::format::compression::Codec;
use crate::format::sealed::{FileKind, Sealed};

#[test]
fn what_a_damaged_page_does_not_hold_is_still_read() {
    for seed in 0..20 {
        let mut random = Random(500 + seed);
        let mut entries = random_tree(&mut random, 4, 12).entries;
        entries.extend(random_tree(&mut random, 1, 60).entries);
        let mut tree = Tree::from_entries(entries);
        let good = paged_bytes(&mut tree, Codec::Gzip, 700);
        let mut expected = Vec::new();
        tree.flat(b"", &mut expected);
        let sealed = Sealed::open(Arc::new(good.clone()), FileKind::Snapshot).unwrap();
        let mut lost = HashSet::new();
        for page in sealed.pages() {
            let mut bad = good.clone();
            bad[page.offset as usize] ^= 1;
            let snapshot = open(bad).unwrap();
            let mut walk = snapshot.walk(b"/", snapshot.root());
            let mut read = HashSet::new();
            let mut errors = 0;
            loop {
                match walk.advance() {
                    Ok(None) => break,
                    Ok(Some(step)) => assert!(read.insert(step.path.to_vec())),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Damaged);
                        let concerned = walk.path();
                        let is_folder = |(path, entry): &(Vec<u8>, _)| {
                            path == concerned && crate::snapshot::tree::Entry::is_directory(entry)
                        };
                        assert!(concerned == b"/" || expected.iter().any(is_folder));
                        errors += 1;
                    }
                }
            }
            assert!(errors > 0);
            assert!(
                expected
                    .iter()
                    .filter(|(path, _)| read.contains(path))
                    .count()
                    == read.len()
            );
            let missing = expected.iter().filter(|(path, _)| !read.contains(path));
            lost.extend(missing.map(|(path, _)| path.clone()));
        }
        // Each entry is in one of the pages.
        assert_eq!(lost.len(), expected.len());
    }
}
