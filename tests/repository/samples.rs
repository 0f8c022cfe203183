//! Repositories of every released format can be read. `tests/data/formats/<n>/` has one of each layout, and
//! beside each the tokens that were handed out and the digests of their contents.
//!
//! `GIBUS_WRITE_SAMPLES=1 cargo test --test repository samples` writes those of the present format where they
//! are missing.

use std::fs;
use std::path::{Path, PathBuf};

use gibus::format::digest::{Blake3, Sha1};
use gibus::repository::Repository;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::Settings;
use gibus::repository::token::{ContentNumber, SegmentId, Token};

use crate::damage::copy_tree;
use crate::support::{both_layouts, check, monitor, noise, read, store};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats")
}

fn contents() -> Vec<Vec<u8>> {
    let numbers: String = (0..300_000).map(|n| format!("line {n}\n")).collect();
    vec![
        Vec::new(),
        b"a short one\n".to_vec(),
        noise(3000, 1),
        b"twice ".repeat(500),
        numbers.into_bytes(),
    ]
}

fn write_sample(folder: &Path, settings: &Settings) {
    let repository = Repository::create(&folder.join("repository"), settings).unwrap();
    let contents = contents();
    let (released, _) = store(&repository, &[b"released".to_vec()], None);
    let (_, tokens) = store(&repository, &contents, Some(released));
    repository.release_contents(released).unwrap();
    let lines: Vec<String> = tokens
        .iter()
        .zip(&contents)
        .map(|(token, content)| {
            let ContentNumber { segment, ordinal } = token.number;
            let digest = Blake3::of(content);
            format!("{} {segment} {ordinal} {digest}\n", token.sha1)
        })
        .collect();
    fs::write(folder.join("tokens.txt"), lines.concat()).unwrap();
    // Locks and unfinished files are not kept.
    let _ = fs::remove_dir_all(folder.join("repository/locks"));
    let _ = fs::remove_dir_all(folder.join("repository/tmp"));
}

#[test]
fn repositories_of_every_format_can_be_read() {
    if std::env::var_os("GIBUS_WRITE_SAMPLES").is_some() {
        for settings in both_layouts() {
            let folder = samples().join("1").join(settings.layout.name());
            if !folder.exists() {
                fs::create_dir_all(&folder).unwrap();
                write_sample(&folder, &settings);
            }
        }
    }
    let mut opened = 0;
    for format in fs::read_dir(samples()).unwrap() {
        for layout in ["packed", "loose"] {
            let sample = format.as_ref().unwrap().path().join(layout);
            let copy = tempfile::tempdir().unwrap();
            let place = copy.path().join("repository");
            copy_tree(&sample.join("repository"), &place);
            let repository = Repository::open(&place).unwrap();
            for line in fs::read_to_string(sample.join("tokens.txt"))
                .unwrap()
                .lines()
            {
                let words: Vec<&str> = line.split(' ').collect();
                let token = Token {
                    sha1: Sha1::parse(words[0]).unwrap(),
                    number: ContentNumber {
                        segment: SegmentId(u64::from_str_radix(words[1], 16).unwrap()),
                        ordinal: words[2].parse().unwrap(),
                    },
                };
                let content = read(&repository, &token).unwrap();
                assert_eq!(Blake3::of(&content).to_string(), words[3]);
            }
            assert!(check(&repository).is_sound());
            repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
            assert!(check(&repository).findings.is_empty());
            opened += 1;
        }
    }
    assert!(opened >= 2);
}
