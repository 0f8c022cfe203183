//! Rows that say where contents were before: of older tables when the newest one is lost, and of what lies
//! in the layout that a conversion was about to leave.

use std::fs;
use std::path::PathBuf;

use gibus::format::compression::Codec;
use gibus::repository::Repository;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::{Layout, Settings};
use gibus::repository::token::Token;

use crate::support::{
    announce, assert_contents, check, every_setting, files_in, monitor, noise, store,
};

fn contents() -> Vec<Vec<u8>> {
    let mut contents: Vec<Vec<u8>> = (0..30).map(|n| noise(900 + n, n as u64)).collect();
    contents.push(noise(3 << 20, 77));
    contents.push(Vec::new());
    contents
}

fn tables(repository: &Repository) -> Vec<PathBuf> {
    let mut tables = files_in(&repository.place().join("contents"));
    tables.sort_by_key(|table| fs::metadata(table).unwrap().modified().unwrap());
    tables
}

fn known(tokens: &[Token]) -> impl Iterator<Item = gibus::error::Result<Token>> {
    tokens.iter().copied().map(Ok)
}

#[test]
fn a_lost_table_is_rebuilt_though_an_older_one_says_where_contents_were_before_a_conversion() {
    for from in every_setting() {
        for to in every_setting().into_iter().filter(|to| *to != from) {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            let repository = Repository::create(&place, &from).unwrap();
            let contents = contents();
            let (_, tokens) = store(&repository, &contents, None);
            let old = tables(&repository).remove(0);
            let kept = fs::read(&old).unwrap();
            let (repository, _) = repository.convert(&to, &monitor()).unwrap();
            for table in tables(&repository) {
                fs::remove_file(table).unwrap();
            }
            fs::write(&old, kept).unwrap();

            let repository = Repository::open(repository.place()).unwrap();
            let report = repository.repair(&mut known(&tokens), &monitor()).unwrap();
            assert_eq!(report.lost(), 0, "{from:?} to {to:?}");
            assert!(check(&repository).is_sound(), "{from:?} to {to:?}");
            assert_contents(&repository, &tokens, &contents);
        }
    }
}

#[test]
fn what_lies_in_packs_is_pruned_in_a_repository_that_stores_loose_contents() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let settings = |layout| Settings::new(layout, Codec::Zstd, None).unwrap();
    let repository = Repository::create(&place, &settings(Layout::Packed)).unwrap();
    let contents = contents();
    let (first, tokens) = store(&repository, &contents, None);
    let (_, kept) = store(&repository, &contents[..10], Some(first));
    assert_eq!(tokens[..10], kept);
    // What a conversion leaves that was killed as soon as it had announced itself.
    announce(&repository, &settings(Layout::Loose));

    let repository = Repository::open(&place).unwrap();
    assert_eq!(repository.settings().layout, Layout::Loose);
    repository.release_contents(first).unwrap();
    let report = repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
    assert_eq!(report.repacked_packs, 1);
    assert!(check(&repository).findings.is_empty());
    assert_contents(&repository, &kept, &contents[..10]);
    repository
        .convert(&settings(Layout::Loose), &monitor())
        .unwrap();
    let repository = Repository::open(&place).unwrap();
    assert!(check(&repository).findings.is_empty());
    assert_contents(&repository, &kept, &contents[..10]);
    assert!(files_in(&place.join("packs")).is_empty());
}

#[test]
fn a_prune_while_a_table_is_lost_keeps_what_a_repair_needs() {
    for from in every_setting() {
        for to in every_setting() {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            let repository = Repository::create(&place, &from).unwrap();
            let contents = contents();
            let (_, tokens) = store(&repository, &contents, None);
            let old = tables(&repository).remove(0);
            let kept = fs::read(&old).unwrap();
            let (repository, _) = repository.convert(&to, &monitor()).unwrap();
            for table in tables(&repository) {
                fs::remove_file(table).unwrap();
            }
            // Once with no table at all, once with one that says where everything was before.
            if from != to {
                fs::write(&old, kept).unwrap();
            }

            let repository = Repository::open(repository.place()).unwrap();
            // It may refuse; it must not harm.
            let _ = repository.prune(PruneDepth::Pieces, &monitor());
            repository.repair(&mut known(&tokens), &monitor()).unwrap();
            assert!(check(&repository).is_sound(), "{from:?} to {to:?}");
            assert_contents(&repository, &tokens, &contents);
        }
    }
}
