//! Claims, release and prune: what is claimed stays, what is not goes, and space comes back.

use std::collections::BTreeSet;

use gibus::error::ErrorKind;
use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::prune::PruneDepth;

use crate::support::{
    assert_contents, both_layouts, check, every_setting, files_in, monitor, noise, read, store,
    stored_bytes,
};

fn contents(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range
        .map(|n| noise(1000 + (n as usize % 50) * 100, n))
        .collect()
}

#[test]
fn prune_keeps_what_is_claimed_and_gives_back_the_rest() {
    for settings in every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let mut old = contents(0..400);
        old.push(noise(6 << 20, 1000));
        old.push(b"a long text, again and again ".repeat(100_000));
        let mut new = contents(300..700);
        // A big content that shares most of its chunks with an old one.
        let mut changed = old[400].clone();
        changed[3 << 20..(3 << 20) + 10].fill(7);
        new.push(changed);
        let (old_claim, old_tokens) = store(&repository, &old, None);
        let (_, new_tokens) = store(&repository, &new, Some(old_claim));
        let before = stored_bytes(&place);

        let nothing = repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
        assert_eq!(nothing.deleted_contents, 0);
        assert_contents(&repository, &old_tokens, &old);

        repository.release_contents(old_claim).unwrap();
        let plan = repository
            .plan_prune(PruneDepth::Pieces, &monitor())
            .unwrap();
        assert_eq!(plan.dead_contents, 302, "{settings:?}");
        let report = repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
        assert_eq!(report.deleted_contents, 302);
        assert_eq!(report.stored_bytes_before, before);
        assert_eq!(report.stored_bytes_after, stored_bytes(&place));

        assert_contents(&repository, &new_tokens, &new);
        assert!(read(&repository, &old_tokens[0]).is_err());
        let found = check(&repository);
        assert!(
            found.findings.is_empty(),
            "{settings:?} {:?}",
            found.findings
        );
        // What is left is about what the new contents take alone.
        let alone = tempfile::tempdir().unwrap();
        let fresh = Repository::create(&alone.path().join("r"), &settings).unwrap();
        store(&fresh, &new, None);
        let ideal = stored_bytes(&alone.path().join("r"));
        let left = stored_bytes(&place);
        assert!(left < ideal + ideal / 10, "{settings:?}: {left} of {ideal}");

        let second = repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
        assert_eq!(second.stored_bytes_before, second.stored_bytes_after);
        assert_eq!((second.moved_packs, second.repacked_packs), (0, 0));
    }
}

#[test]
fn everything_released_leaves_an_empty_repository() {
    for settings in both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let (claim, _) = store(&repository, &contents(0..100), None);
        repository.release_contents(claim).unwrap();
        repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
        assert_eq!(stored_bytes(&place), 0);
        let (_, tokens) = store(&repository, &contents(0..100), None);
        assert_contents(&repository, &tokens, &contents(0..100));
    }
}

#[test]
fn references_are_the_sum_of_the_claims() {
    for settings in both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::create(&folder.path().join("r"), &settings).unwrap();
        let session = repository.begin_store("a test", &monitor()).unwrap();
        let mut worker = session.worker();
        let token = worker.store_bytes(b"three times").unwrap().token;
        worker.finish().unwrap();
        let mut claim = ClaimBuilder::new();
        for _ in 0..3 {
            claim.add(&token);
        }
        session.commit(claim, "a test", None).unwrap();
        let references = |r: &Repository| r.content_storage_stats(&token).unwrap().references;
        assert_eq!(references(&repository), 3);
        let (other, _) = store(&repository, &[b"three times".to_vec()], None);
        assert_eq!(references(&repository), 4);
        repository.release_contents(other).unwrap();
        assert_eq!(references(&repository), 3);
        let stats = repository.storage_stats(&monitor()).unwrap();
        assert_eq!(stats.references, 3);
        assert_eq!(stats.held_bytes, 33);
    }
}

#[test]
fn a_lost_claim_stops_the_prune() {
    for settings in both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let (first, tokens) = store(&repository, &contents(0..50), None);
        store(&repository, &contents(50..60), Some(first));
        let claims: Vec<_> = files_in(&place.join("claims"))
            .into_iter()
            .filter(|path| path.to_string_lossy().contains(&first.to_string()))
            .collect();
        for claim in claims {
            std::fs::remove_file(claim).unwrap();
        }
        let error = repository
            .prune(PruneDepth::Blocks, &monitor())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
        assert_contents(&repository, &tokens, &contents(0..50));
        std::fs::remove_dir_all(place.join("claims")).unwrap();
        assert!(repository.prune(PruneDepth::Blocks, &monitor()).is_err());
        assert_contents(&repository, &tokens, &contents(0..50));
    }
}

#[test]
fn what_an_interrupted_session_stored_is_found_by_the_next_one() {
    for settings in both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let repository = Repository::create(&place, &settings).unwrap();
        let session = repository.begin_store("a test", &monitor()).unwrap();
        let mut worker = session.worker();
        for content in contents(0..50) {
            worker.store_bytes(&content).unwrap();
        }
        worker.finish().unwrap();
        session.keep().unwrap();
        let before = stored_bytes(&place);
        let (_, tokens) = store(&repository, &contents(0..50), None);
        assert_eq!(stored_bytes(&place), before);
        assert_contents(&repository, &tokens, &contents(0..50));
    }
}

#[test]
fn a_worker_that_is_dropped_takes_the_session_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::create(&folder.path().join("r"), &both_layouts()[0]).unwrap();
    let session = repository.begin_store("a test", &monitor()).unwrap();
    let mut worker = session.worker();
    let token = worker.store_bytes(b"lost").unwrap().token;
    drop(worker);
    let mut claim = ClaimBuilder::new();
    claim.add(&token);
    assert!(session.commit(claim, "a test", None).is_err());
}

#[test]
fn conversion_goes_from_everything_to_everything() {
    let mut stored = contents(0..200);
    stored.push(noise(5 << 20, 77));
    stored.push(Vec::new());
    for from in every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        let mut repository = Repository::create(&place, &from).unwrap();
        let (_, tokens) = store(&repository, &stored, None);
        let (dead, _) = store(&repository, &contents(500..520), None);
        repository.release_contents(dead).unwrap();
        for to in every_setting() {
            let (converted, _) = repository.convert(&to, &monitor()).unwrap();
            assert_eq!(converted.settings(), to);
            repository = Repository::open(&place).unwrap();
            assert_eq!(repository.settings(), to);
            assert_contents(&repository, &tokens, &stored);
            let report = check(&repository);
            assert!(
                report.findings.is_empty(),
                "{from:?} to {to:?}: {:?}",
                report.findings
            );
        }
    }
}

#[test]
fn what_gathering_short_packs_takes_is_foretold_too() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &both_layouts()[0]).unwrap();
    // What is in a pack is told in few bytes until it is moved.
    let claims: Vec<ClaimId> = (0..14_u32)
        .map(|backup| {
            let contents = (0..2000_u32).map(|at| (backup * 10_000 + at).to_be_bytes().to_vec());
            store(&repository, &contents.collect::<Vec<_>>(), None).0
        })
        .collect();
    let holdings = repository.holdings(&monitor()).unwrap();
    let what_if = holdings.what_if(&BTreeSet::from([claims[3]]));
    assert_eq!(what_if.unclaimed_bytes, 0);
    let before = stored_bytes(&place);
    repository.release_contents(claims[3]).unwrap();
    let report = repository.prune(PruneDepth::Blocks, &monitor()).unwrap();
    assert_eq!((report.deleted_packs, report.moved_packs), (1, 13));
    let freed = before as i64 - stored_bytes(&place) as i64;
    assert_eq!(freed, what_if.file_bytes);
    assert!(freed < 0, "{freed}: it is not longer, and shows nothing");
}
