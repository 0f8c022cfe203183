//! Contents that were damaged and given up: whoever stores the same bytes again makes them whole for every
//! claim.

use std::fs;

use std::path::Path;

use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::prune::PruneDepth;
use gibus::repository::store::StoreSession;
use gibus::repository::token::Token;

use crate::support::{
    assert_contents, check, every_setting, files_in, monitor, noise, read, store,
};

/// Changes a byte in the middle of everything that was stored.
fn damage_contents(place: &Path) {
    for file in files_in(place) {
        let name = file.strip_prefix(place).unwrap().to_string_lossy();
        if name.starts_with("packs") || name.as_bytes().get(2) == Some(&b'/') {
            let mut bytes = fs::read(&file).unwrap();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            fs::write(&file, bytes).unwrap();
        }
    }
}

#[test]
fn what_was_lost_is_whole_again_when_the_same_bytes_are_stored() {
    for settings in every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let mut contents: Vec<Vec<u8>> = (0..9).map(|n| noise(700 + n, n as u64)).collect();
        contents.push(noise(3 << 20, 50));
        let (first, tokens) = store(&repository, &contents, None);
        let (_, others) = store(&repository, &[noise(100, 60)], Some(first));

        damage_contents(&place);
        let repository = Repository::open(&place).unwrap();
        let known = || tokens.iter().chain(&others).copied().map(Ok);
        let report = repository.repair(&mut known(), &monitor()).unwrap();
        assert!(report.lost() > 0, "{settings:?}");
        let is_lost = |token: &Token| read(&repository, token).is_err();
        let lost = tokens.iter().filter(|token| is_lost(token)).count() as u64;
        assert!(lost > 0 && lost <= report.lost(), "{settings:?}");
        assert!(!check(&repository).is_sound());
        repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
        assert!(!check(&repository).is_sound());

        let (_, again) = store(&repository, &contents, Some(first));
        store(&repository, &[noise(100, 60)], Some(first));
        assert!(check(&repository).is_sound(), "{:?}", check(&repository));
        assert_contents(&repository, &tokens, &contents);
        assert_contents(&repository, &again, &contents);
        repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
        let report = check(&repository);
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        assert_contents(&repository, &tokens, &contents);
        assert_contents(&repository, &again, &contents);
    }
}

/// Stores contents in a session that has begun already.
fn finish(session: StoreSession, contents: &[Vec<u8>]) -> ClaimId {
    let claim_id = session.claim_id();
    let mut claim = ClaimBuilder::new();
    let mut worker = session.worker();
    for bytes in contents {
        claim.add(&worker.store_bytes(bytes).unwrap().token);
    }
    worker.finish().unwrap();
    session.commit(claim, "a test", None).unwrap();
    claim_id
}

#[test]
fn what_one_of_two_backups_at_a_time_has_made_whole_stays_so() {
    for settings in every_setting() {
        for saver_is_last in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("repository");
            let repository = Repository::create(&place, &settings).unwrap();
            let lost = vec![noise(5000, 1)];
            let (_, tokens) = store(&repository, &lost, None);
            damage_contents(&place);
            let repository = Repository::open(&place).unwrap();
            let mut known = tokens.iter().copied().map(Ok);
            repository.repair(&mut known, &monitor()).unwrap();
            assert!(read(&repository, &tokens[0]).is_err());

            // Both begin with the table that says that it is lost, and both take that in.
            let [saver, other] =
                [(); 2].map(|()| repository.begin_store("a test", &monitor()).unwrap());
            let others: Vec<Vec<u8>> = (0..9).map(|n| noise(700, 100 + n)).collect();
            let saved = if saver_is_last {
                finish(other, &others);
                finish(saver, &lost)
            } else {
                let saved = finish(saver, &lost);
                finish(other, &others);
                saved
            };
            let repository = Repository::open(&place).unwrap();
            assert_contents(&repository, &tokens, &lost);

            // The claim of the one who saved it is not what keeps it.
            repository.release_contents(saved).unwrap();
            repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
            assert_contents(&repository, &tokens, &lost);
            assert!(check(&repository).findings.is_empty(), "{settings:?}");
        }
    }
}
