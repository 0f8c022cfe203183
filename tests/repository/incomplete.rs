//! Prunes and backups where something is missing: what seems to be needed by nobody may be the only copy.

use std::fs;
use std::path::PathBuf;

use gibus::format::compression::Codec;
use gibus::repository::Repository;
use gibus::repository::claims::ClaimBuilder;
use gibus::repository::prune::{PruneDepth, PruneReport};
use gibus::repository::settings::{Layout, Settings};
use gibus::repository::token::Token;

use crate::support::{announce, assert_contents, check, files_in, monitor, noise, read, store};

fn settings(layout: Layout) -> Settings {
    Settings::new(layout, Codec::Zstd, None).unwrap()
}

fn prune(repository: &Repository) -> PruneReport {
    repository
        .prune(PruneDepth::Pieces, &monitor())
        .expect("it can say how far it came")
}

/// The files that there are now and were not there before.
fn new_files(repository: &Repository, folder: &str, before: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = files_in(&repository.place().join(folder));
    files.retain(|file| !before.contains(file));
    files
}

fn repaired(repository: Repository, tokens: &[Token]) -> Repository {
    let repository = Repository::open(repository.place()).unwrap();
    let mut known = tokens.iter().copied().map(Ok);
    repository.repair(&mut known, &monitor()).unwrap();
    repository
}

#[test]
fn a_row_whose_file_a_prune_has_deleted_is_not_relied_on_in_the_other_layout_either() {
    for len in [3000, 6 << 20] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings(Layout::Loose)).unwrap();
        let contents = [noise(len, 1), noise(len, 2)];
        let (first, _) = store(&repository, &contents, None);
        let (_, kept) = store(&repository, &contents[..1], Some(first));
        let of_kept = repository.place().join(loose_file_of(&kept[0]));
        repository.release_contents(first).unwrap();
        announce(&repository, &settings(Layout::Packed));
        // As far as a prune comes that is stopped before it drops rows.
        let folders = files_in(&place).into_iter().filter(|file| {
            let folder = file.parent().and_then(|folder| folder.file_name());
            folder.is_some_and(|name| name.len() == 2) && *file != of_kept
        });
        let deleted = folders.map(|file| fs::remove_file(file).unwrap()).count();
        assert_eq!(deleted, 1);

        let repository = Repository::open(&place).unwrap();
        assert_eq!(repository.settings().layout, Layout::Packed);
        let (_, tokens) = store(&repository, &contents, None);
        assert_contents(&repository, &tokens, &contents);
        prune(&repository);
        assert_contents(&repository, &tokens, &contents);
        assert!(check(&repository).is_sound());
    }
}

/// Where a content is in the layout `loose` with zstd.
fn loose_file_of(token: &Token) -> String {
    let hex = token.sha1.to_string();
    format!("{}/{}.zst", &hex[..2], &hex[2..])
}

#[test]
fn chunks_that_no_row_names_are_not_deleted_while_something_needs_them() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &settings(Layout::Packed)).unwrap();
    let old = noise(6 << 20, 3);
    let (first, _) = store(&repository, std::slice::from_ref(&old), None);
    let table = new_files(&repository, "contents", &[]).remove(0);
    let new = [b"put in at the beginning".to_vec(), old].concat();
    let (_, tokens) = store(&repository, std::slice::from_ref(&new), Some(first));
    assert!(table.exists(), "there are two tables, each of its own");
    repository.release_contents(first).unwrap();
    fs::remove_file(table).unwrap();

    let repository = Repository::open(&place).unwrap();
    let packs = files_in(&place.join("packs"));
    let plan = repository
        .plan_prune(PruneDepth::Pieces, &monitor())
        .unwrap();
    assert_eq!((plan.freed_bytes, plan.contents_to_delete()), (0, 0));
    assert!(plan.left_undone().is_some());
    let report = prune(&repository);
    assert!(report.left_undone.is_some());
    assert_eq!(files_in(&place.join("packs")), packs);
    let repository = repaired(repository, &tokens);
    assert_contents(&repository, &tokens, &[new]);
    assert!(check(&repository).is_sound());
    // Now that all is there again, nothing is held up.
    assert_eq!(prune(&repository).left_undone, None);
}

#[test]
fn of_a_content_that_is_there_twice_the_copy_that_is_left_stays() {
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings(Layout::Packed)).unwrap();
        let content = noise(6 << 20, 4);
        let mut packs: Vec<Vec<PathBuf>> = Vec::new();
        let mut tokens = Vec::new();
        let sessions = [(); 2].map(|()| repository.begin_store("a test", &monitor()).unwrap());
        for session in sessions {
            let before = files_in(&place);
            let mut worker = session.worker();
            let token = worker.store_bytes(&content).unwrap().token;
            worker.finish().unwrap();
            let mut claim = ClaimBuilder::new();
            claim.add(&token);
            session.commit(claim, "a test", None).unwrap();
            packs.push(new_files(&repository, "packs", &before));
            tokens.push(token);
        }
        assert_ne!(tokens[0], tokens[1]);
        // One of them goes, this one and that.
        let [gone, left] = [round % 2, 1 - round % 2];
        packs[gone]
            .iter()
            .for_each(|pack| fs::remove_file(pack).unwrap());
        let repository = Repository::open(&place).unwrap();
        // It may refuse; it must not harm.
        let _ = repository.prune(PruneDepth::Pieces, &monitor());
        assert!(packs[left].iter().all(|pack| pack.exists()));
        let repository = repaired(repository, &tokens);
        prune(&repository);
        for token in &tokens {
            assert!(read(&repository, token).unwrap() == content);
        }
        assert!(check(&repository).is_sound());
    }
}

#[test]
fn the_bytes_of_a_file_that_is_cut_short_stand_for_nobody_else() {
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let gzip = Settings::new(Layout::Loose, Codec::Gzip, None).unwrap();
        let repository = Repository::create(&place, &gzip).unwrap();
        let content = noise(3000, 5 + round);
        let (_, first) = store(&repository, std::slice::from_ref(&content), None);
        let file = loose_file_of(&first[0]).replace(".zst", ".gz");
        let file = fs::File::options().write(true).open(place.join(file));
        file.unwrap().set_len(100).unwrap();
        announce(&repository, &settings(Layout::Loose));
        let repository = Repository::open(&place).unwrap();
        let (_, second) = store(&repository, std::slice::from_ref(&content), None);
        assert_ne!(first, second);
        assert!(read(&repository, &second[0]).unwrap() == content);

        prune(&repository);
        assert!(read(&repository, &second[0]).unwrap() == content);
        let repository = repaired(repository, &[first[0], second[0]]);
        prune(&repository);
        assert!(read(&repository, &second[0]).unwrap() == content);
        assert!(read(&repository, &first[0]).unwrap() == content);
    }
}
