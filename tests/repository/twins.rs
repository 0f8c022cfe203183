//! Contents that have two numbers, since two runs stored them at the same time: whatever becomes of one, the
//! other one's bytes stay.

use std::fs;
use std::path::{Path, PathBuf};

use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::prune::PruneDepth;
use gibus::repository::token::Token;

use crate::support::{assert_contents, both_layouts, check, files_in, monitor, noise, read, store};

/// Segments are random, and which of two rows comes first is theirs to say: often enough to see both.
const ROUNDS: u64 = 12;

struct Stored {
    claim: ClaimId,
    token: Token,
    /// The tables, packs and loose files that were written for it.
    files: Vec<PathBuf>,
}

/// Stores each content in a run of its own, all of which have begun before the first one stores anything. So
/// none knows of the others.
fn store_at_a_time(place: &Path, contents: &[&[u8]]) -> (Repository, Vec<Stored>) {
    let repository = Repository::open(place).unwrap();
    let begin = |_| repository.begin_store("a test", &monitor()).unwrap();
    let sessions: Vec<_> = contents.iter().map(begin).collect();
    let mut stored = Vec::new();
    for (session, bytes) in sessions.into_iter().zip(contents) {
        let before = files_in(place);
        let mut worker = session.worker();
        let token = worker.store_bytes(bytes).unwrap().token;
        worker.finish().unwrap();
        let mut builder = ClaimBuilder::new();
        builder.add(&token);
        let claim = session.claim_id();
        session.commit(builder, "a test", None).unwrap();
        let mut files = files_in(place);
        files.retain(|file| !before.contains(file));
        stored.push(Stored {
            claim,
            token,
            files,
        });
    }
    (repository, stored)
}

#[test]
fn bytes_that_are_to_be_deleted_stand_for_nobody_else() {
    for settings in both_layouts() {
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            Repository::create(&place, &settings).unwrap();
            // That the first content is there twice, and claimed twice, is why tables are rewritten.
            let [first, second] = [1, 2].map(|seed| noise(3000, seed));
            let contents = [&first[..], &first, &second, &second];
            let (repository, stored) = store_at_a_time(&place, &contents);
            repository.release_contents(stored[2].claim).unwrap();
            repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
            for claimed in [0, 1, 3] {
                let token = [stored[claimed].token];
                assert_contents(&repository, &token, &[contents[claimed].to_vec()]);
            }
            assert!(read(&repository, &stored[2].token).is_err());
            assert!(check(&repository).findings.is_empty(), "{settings:?}");
        }
    }
}

#[test]
fn bytes_that_are_missing_stand_for_nobody_else() {
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        Repository::create(&place, &both_layouts()[0]).unwrap();
        let twice = noise(3000, 1);
        let (repository, stored) = store_at_a_time(&place, &[&twice, &twice]);
        // Half of what this leaves is claimed, which is why packs are rewritten.
        let (_, others) = store(&repository, &[noise(3000, 2)], None);
        let session = repository.begin_store("a test", &monitor()).unwrap();
        let mut worker = session.worker();
        let mut claim = ClaimBuilder::new();
        claim.add(&worker.store_bytes(&noise(3000, 3)).unwrap().token);
        worker.store_bytes(&noise(3000, 4)).unwrap();
        worker.finish().unwrap();
        session.commit(claim, "a test", None).unwrap();
        let is_pack = |file: &&PathBuf| file.extension().is_some_and(|ending| ending == "pack");
        let pack = stored[0].files.iter().find(is_pack);
        fs::remove_file(pack.unwrap()).unwrap();

        // What is missing is found again under its other number, and not before that is anything deleted.
        let repository = Repository::open(&place).unwrap();
        let report = repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
        assert!(report.left_undone.is_some());
        assert_eq!(report.repacked_packs, 0);
        let mut known = stored.iter().map(|one| Ok(one.token));
        repository.repair(&mut known, &monitor()).unwrap();
        let report = repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
        assert_eq!((report.left_undone, report.repacked_packs), (None, 1));
        let tokens = [stored[0].token, stored[1].token, others[0]];
        assert_contents(
            &repository,
            &tokens,
            &[twice.clone(), twice, noise(3000, 2)],
        );
        assert!(check(&repository).findings.is_empty());
    }
}

#[test]
fn a_number_whose_bytes_are_stored_under_another_one_is_found_again_when_the_tables_are_lost() {
    for round in 0..ROUNDS as usize {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        Repository::create(&place, &both_layouts()[0]).unwrap();
        let content = noise(3000, 1);
        let (repository, stored) = store_at_a_time(&place, &[&content, &content]);
        let prune = |repository: &Repository| {
            repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
        };
        prune(&repository);
        // Of one of the two, once that whose bytes stay and once that which shares them, only the other's row is left.
        let [gone, left] = [round % 2, 1 - round % 2];
        repository.release_contents(stored[gone].claim).unwrap();
        prune(&repository);
        for table in files_in(&place.join("contents")) {
            fs::remove_file(table).unwrap();
        }
        let repository = Repository::open(&place).unwrap();
        let mut known = std::iter::once(Ok(stored[left].token));
        let report = repository.repair(&mut known, &monitor()).unwrap();
        assert_eq!(report.lost(), 0);
        prune(&repository);
        assert!(read(&repository, &stored[left].token).unwrap() == content);
        assert!(check(&repository).is_sound());
    }
}
