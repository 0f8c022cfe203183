//! What every [`Storage`] has to do: one suite of tests for all of them.

use std::io::Write;

use super::{Storage, publish_bytes, publish_one, read_bytes};
use crate::error::ErrorKind;

/// Everything that the trait promises, on an empty place.
pub(super) fn exercise(storage: &dyn Storage) {
    an_empty_place_has_nothing(storage);
    a_published_file_is_read_back(storage);
    a_taken_name_is_refused(storage);
    a_batch_reports_names_that_were_taken(storage);
    a_file_gets_the_first_free_name(storage);
    a_file_of_any_length_comes_back(storage);
    a_deleted_file_is_gone(storage);
    names_cannot_lead_outside(storage);
    threads_publish_side_by_side(storage);
}

fn names(storage: &dyn Storage, folder: &str) -> Vec<String> {
    let listed = storage.list(folder).unwrap();
    let mut names: Vec<String> = listed.into_iter().map(|file| file.name).collect();
    names.sort();
    names
}

fn an_empty_place_has_nothing(storage: &dyn Storage) {
    assert!(storage.list("").unwrap().is_empty());
    assert!(storage.list("none").unwrap().is_empty());
    assert_eq!(storage.size("none/x").unwrap(), None);
    assert_eq!(
        storage.open("none/x").err().unwrap().kind(),
        ErrorKind::NotFound
    );
    storage.delete("none/x").unwrap();
    storage.flush_deletions("none").unwrap();
    assert!(storage.leftovers().unwrap().is_empty());
    assert!(storage.space().unwrap().total > 0);
}

fn a_published_file_is_read_back(storage: &dyn Storage) {
    publish_bytes(storage, "root.toml", b"root").unwrap();
    publish_bytes(storage, "one/deeper/file", b"hello").unwrap();
    assert_eq!(read_bytes(storage, "one/deeper/file", 5).unwrap(), b"hello");
    assert!(read_bytes(storage, "one/deeper/file", 4).is_err());
    assert_eq!(storage.size("one/deeper/file").unwrap(), Some(5));
    let file = storage.open("one/deeper/file").unwrap();
    let mut part = [0; 3];
    file.read_exact_at(&mut part, 1).unwrap();
    assert_eq!(&part, b"ell");
    assert!(file.read_exact_at(&mut part, 3).is_err());
    assert_eq!(names(storage, ""), ["root.toml"]);
    assert_eq!(names(storage, "one/deeper"), ["file"]);
    assert_eq!(storage.list("one/deeper").unwrap()[0].bytes, 5);
    assert!(names(storage, "one").is_empty());
}

fn a_taken_name_is_refused(storage: &dyn Storage) {
    let error = publish_bytes(storage, "one/deeper/file", b"other").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(read_bytes(storage, "one/deeper/file", 5).unwrap(), b"hello");
}

fn a_batch_reports_names_that_were_taken(storage: &dyn Storage) {
    // More files than are made durable one by one.
    let mut batch = Vec::new();
    for number in 0..20 {
        let mut file = storage.create().unwrap();
        write!(file, "{number}").unwrap();
        batch.push((file, format!("batch/{number:02}")));
    }
    publish_bytes(storage, "batch/12", b"first").unwrap();
    assert_eq!(storage.publish(batch).unwrap(), [12]);
    let expected: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    assert_eq!(names(storage, "batch"), expected);
    assert_eq!(read_bytes(storage, "batch/12", 9).unwrap(), b"first");
    assert_eq!(read_bytes(storage, "batch/13", 9).unwrap(), b"13");
}

fn a_file_gets_the_first_free_name(storage: &dyn Storage) {
    let publish = |text: &[u8], names: &[&str]| {
        let mut file = storage.create()?;
        file.write_all(text).unwrap();
        storage.publish_first_free(file, &mut names.iter().map(|name| (*name).to_owned()))
    };
    assert_eq!(publish(b"1", &["free/a", "free/b"]).unwrap(), "free/a");
    assert_eq!(publish(b"2", &["free/a", "free/b"]).unwrap(), "free/b");
    let error = publish(b"3", &["free/a", "free/b"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(publish(b"4", &[]).is_err());
    assert_eq!(read_bytes(storage, "free/a", 9).unwrap(), b"1");
    assert_eq!(read_bytes(storage, "free/b", 9).unwrap(), b"2");
    assert!(storage.leftovers().unwrap().is_empty());
}

fn a_file_of_any_length_comes_back(storage: &dyn Storage) {
    const KIB: usize = 1 << 10;
    for len in [0, 1, 1024 * KIB - 1, 1024 * KIB, 1024 * KIB + 1, 9000 * KIB] {
        let bytes: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        for piece in [7 * KIB, 100 * KIB, 3000 * KIB] {
            let mut file = storage.create().unwrap();
            for piece in bytes.chunks(piece) {
                file.write_all(piece).unwrap();
            }
            let name = format!("long/{len}-{piece}");
            publish_one(storage, file, &name).unwrap();
            assert!(
                read_bytes(storage, &name, len as u64).unwrap() == bytes,
                "{name}"
            );
        }
    }
}

fn a_deleted_file_is_gone(storage: &dyn Storage) {
    storage.delete("batch/03").unwrap();
    storage.flush_deletions("batch").unwrap();
    assert_eq!(storage.size("batch/03").unwrap(), None);
    publish_bytes(storage, "batch/03", b"again").unwrap();
    assert_eq!(read_bytes(storage, "batch/03", 9).unwrap(), b"again");
}

fn names_cannot_lead_outside(storage: &dyn Storage) {
    drop(storage.create().unwrap());
    for name in ["", "/etc/passwd", "a/../../b", "..", "a//b", "a/."] {
        // A place in memory has no outside and may find nothing instead.
        assert!(storage.open(name).is_err(), "{name}");
    }
}

fn threads_publish_side_by_side(storage: &dyn Storage) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for number in 0..8 {
                    let name = format!("side/{thread}/{number}");
                    publish_bytes(storage, &name, name.as_bytes()).unwrap();
                }
            });
        }
    });
    for thread in 0..4 {
        assert_eq!(names(storage, &format!("side/{thread}")).len(), 8);
    }
}
