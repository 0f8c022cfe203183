//! Different contents with the same SHA-1: SHA-mbles (2020) and SHAttered (2017), from the test data of the
//! crate `sha1-checked`.

use std::path::PathBuf;
use std::process::Command;

use gibus::format::digest::Sha1;
use gibus::repository::Repository;
use gibus::repository::settings::Layout;

use crate::support::{assert_contents, check, every_setting, monitor, store};

fn pairs() -> Vec<[Vec<u8>; 2]> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "sha1-checked")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let data = manifest.parent().unwrap().join("tests/data");
    [
        ["sha-mbles-1.bin", "sha-mbles-2.bin"],
        ["shattered-1.pdf", "shattered-2.pdf"],
    ]
    .map(|pair| pair.map(|name| std::fs::read(data.join(name)).unwrap()))
    .into()
}

#[test]
fn both_of_a_colliding_pair_are_kept() {
    for pair in pairs() {
        assert_eq!(Sha1::of(&pair[0]), Sha1::of(&pair[1]));
        assert_ne!(pair[0], pair[1]);
        for settings in every_setting() {
            for is_one_session in [true, false] {
                let folder = tempfile::tempdir().unwrap();
                let place = folder.path().join("repository");
                let repository = Repository::create(&place, &settings).unwrap();
                let tokens = if is_one_session {
                    store(&repository, &pair, None).1
                } else {
                    let (_, mut tokens) = store(&repository, &pair[..1], None);
                    tokens.extend(store(&repository, &pair[1..], None).1);
                    tokens
                };
                assert_eq!(tokens[0].sha1, tokens[1].sha1);
                assert_ne!(tokens[0], tokens[1]);
                let (_, again) = store(&repository, &pair, None);
                assert_eq!(tokens, again, "{settings:?}: stored a second time");
                assert_contents(&repository, &tokens, &pair);
                let report = check(&repository);
                assert!(report.findings.is_empty(), "{:?}", report.findings);
            }
        }
    }
}

#[test]
fn a_colliding_pair_survives_conversion() {
    for pair in pairs() {
        for from in every_setting() {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            let mut repository = Repository::create(&place, &from).unwrap();
            let (_, tokens) = store(&repository, &pair, None);
            for to in every_setting() {
                (repository, _) = repository.convert(&to, &monitor()).unwrap();
                assert_contents(&repository, &tokens, &pair);
                let loose = to.layout == Layout::Loose;
                assert_eq!(
                    place
                        .join("packs")
                        .read_dir()
                        .is_ok_and(|mut d| d.next().is_some()),
                    !loose
                );
            }
            let report = check(&repository);
            assert!(report.findings.is_empty(), "{:?}", report.findings);
        }
    }
}
