//! Every file of a repository, damaged in every way: found, named, and never wrong bytes.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use gibus::repository::Repository;
use gibus::repository::token::Token;

use crate::support::{both_layouts, check, files_in, monitor, noise, read, store};

#[derive(Clone, Copy, Debug)]
enum Damage {
    FlippedBit,
    Emptied,
    Halved,
    OneByteShort,
    Extended,
    Deleted,
    SwappedWithSibling,
    ReplacedByFolder,
}

const DAMAGES: [Damage; 8] = [
    Damage::FlippedBit,
    Damage::Emptied,
    Damage::Halved,
    Damage::OneByteShort,
    Damage::Extended,
    Damage::Deleted,
    Damage::SwappedWithSibling,
    Damage::ReplacedByFolder,
];

/// False where this damage makes no difference to this file.
fn inflict(damage: Damage, path: &Path, sibling: Option<&Path>, position: usize) -> bool {
    let mut bytes = fs::read(path).unwrap();
    match damage {
        Damage::FlippedBit => {
            if bytes.is_empty() {
                return false;
            }
            let at = position % bytes.len();
            bytes[at] ^= 1 << (position % 8);
        }
        Damage::Emptied if bytes.is_empty() => return false,
        Damage::Emptied => bytes.clear(),
        Damage::Halved => bytes.truncate(bytes.len() / 2),
        Damage::OneByteShort => {
            if bytes.pop().is_none() {
                return false;
            }
        }
        Damage::Extended => bytes.push(0),
        Damage::SwappedWithSibling => {
            let Some(sibling) = sibling else {
                return false;
            };
            bytes = fs::read(sibling).unwrap();
            fs::copy(path, sibling).unwrap();
        }
        Damage::Deleted => {
            fs::remove_file(path).unwrap();
            return true;
        }
        Damage::ReplacedByFolder => {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            return true;
        }
    }
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    true
}

pub fn copy_tree(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn damage_is_found_named_and_never_yields_wrong_bytes() {
    for settings in both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        let repository = Repository::create(&good, &settings).unwrap();
        let mut contents: Vec<Vec<u8>> = (0..40).map(|n| noise(500 + n * 13, n as u64)).collect();
        contents.push(noise(3 << 20, 99));
        let (first, mut tokens) = store(&repository, &contents, None);
        let more: Vec<Vec<u8>> = (0..9).map(|n| noise(700, 200 + n)).collect();
        let (newest, more_tokens) = store(&repository, &more, Some(first));
        tokens.extend(more_tokens);
        contents.extend(more);
        drop(repository);

        let files = files_in(&good);
        for damage in DAMAGES {
            for (number, file) in files.iter().enumerate() {
                let name = file.strip_prefix(&good).unwrap();
                // Forty loose contents are alike; a few of them say it all.
                if name.components().next().unwrap().as_os_str().len() == 2 && number % 7 > 0 {
                    continue;
                }
                // That the newest claim is gone is known only to who holds it: no later one names it.
                let is_gone = matches!(damage, Damage::Deleted | Damage::ReplacedByFolder);
                if is_gone && file.to_string_lossy().contains(&newest.to_string()) {
                    continue;
                }
                let bad = folder.path().join("bad");
                copy_tree(&good, &bad);
                let sibling = files
                    .iter()
                    .find(|other| {
                        other.parent() == file.parent()
                            && other.extension() == file.extension()
                            && *other != file
                            && fs::read(other).unwrap() != fs::read(file).unwrap()
                    })
                    .map(|other| bad.join(other.strip_prefix(&good).unwrap()));
                let position = 13 + number * 1009;
                if !inflict(damage, &bad.join(name), sibling.as_deref(), position) {
                    fs::remove_dir_all(&bad).unwrap();
                    continue;
                }
                let what = format!("{settings:?} {damage:?} {}", name.display());
                verify(&bad, name, &tokens, &contents, &what);
                fs::remove_dir_all(&bad).unwrap();
            }
        }
    }
}

fn verify(place: &Path, name: &Path, tokens: &[Token], contents: &[Vec<u8>], what: &str) {
    let text = name.to_string_lossy();
    let repository = match Repository::open(place) {
        Ok(repository) => repository,
        Err(error) => {
            assert!(text.starts_with("repository"), "{what}: {error}");
            return;
        }
    };
    let report = check(&repository);
    // A tombstone holds nothing; that of the repository's beginning may go.
    let is_tombstone = text.ends_with(".released");
    assert!(!report.is_sound() || is_tombstone, "{what}: not found");
    let mut unreadable = HashSet::new();
    for (token, content) in tokens.iter().zip(contents) {
        match read(&repository, token) {
            Ok(bytes) => assert!(bytes == *content, "{what}: wrong bytes"),
            Err(_) => {
                unreadable.insert(token.number);
            }
        }
    }
    if text.starts_with("packs") || text.len() > 40 && !text.contains("table") {
        for number in &unreadable {
            assert!(
                report.is_damaged(*number),
                "{what}: {number:?} is not named"
            );
        }
    }
    if text.starts_with("claims") {
        assert!(unreadable.is_empty(), "{what}");
        return;
    }

    // Repair, and store again what is still there: everything is well.
    let mut known = tokens.iter().copied().map(Ok);
    let repaired = repository.repair(&mut known, &monitor()).unwrap();
    let sound = check(&repository);
    let still_lost: Vec<_> = repaired.lost_contents.values().collect();
    assert!(
        still_lost.is_empty() == sound.is_sound(),
        "{what}: {:?}",
        sound.findings
    );
    let (_, again) = store(&repository, contents, None);
    for (token, content) in again.iter().zip(contents) {
        assert!(read(&repository, token).unwrap() == *content, "{what}");
    }
    if text.contains("table") {
        assert_eq!(again, tokens, "{what}: numbers changed");
    }
}
