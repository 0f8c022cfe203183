//! Contents so long that the lists of their chunks are cut into parts.

use std::fs;

use gibus::repository::Repository;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::Settings;

use crate::support::{assert_contents, check, files_in, monitor, noise, read, store, stored_bytes};

/// Of some seven hundred chunks, an eighth of them unlike the others.
fn long(seed: u64) -> Vec<u8> {
    noise(24 << 20, seed).repeat(8)
}

/// With bytes put in at some places.
fn changed(content: &[u8], places: &[usize]) -> Vec<u8> {
    let mut changed = content.to_vec();
    for place in places {
        changed.splice(place..place, noise(3001, *place as u64));
    }
    changed
}

#[test]
fn versions_of_a_long_content_share_parts_of_their_lists() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &Settings::default()).unwrap();
    let first = long(1);
    let second = changed(&first, &[1_000_003, 150 << 20]);
    // In one session: the list of the second waits for parts of the first.
    let contents = [first.clone(), second, changed(&first, &[90 << 20])];
    let (both, tokens) = store(&repository, &contents[..2], None);
    let (third, last) = store(&repository, &contents[2..], Some(both));
    let tokens = [tokens, last].concat();
    assert_contents(&repository, &tokens, &contents);
    assert!(check(&repository).is_sound());

    for token in &tokens {
        let cost = repository
            .content_storage_stats(token)
            .unwrap()
            .stored_bytes;
        assert!(cost > 24 << 20, "{cost}");
    }
    let (again, _) = store(&repository, &contents[2..], Some(third));
    repository.release_contents(both).unwrap();
    repository.release_contents(third).unwrap();
    for depth in [PruneDepth::Blocks, PruneDepth::Pieces] {
        let foretold = repository.plan_prune(depth, &monitor()).unwrap();
        assert!(!foretold.is_something_lost);
        repository.prune(depth, &monitor()).unwrap();
        assert_contents(&repository, &tokens[2..], &contents[2..]);
        assert!(check(&repository).is_sound());
    }
    repository.release_contents(again).unwrap();
    repository.prune(PruneDepth::Pieces, &monitor()).unwrap();
    assert_eq!(stored_bytes(&place), 0);
}

#[test]
fn a_part_that_is_lost_is_noticed_and_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &Settings::default()).unwrap();
    let first = long(2);
    let contents = [first.clone(), changed(&first, &[100 << 20])];
    // All chunks but a few are in packs of their own.
    let (chunks, _) = store(&repository, &[first[..100 << 20].to_vec()], None);
    let before = files_in(&place.join("packs"));
    let (claim, tokens) = store(&repository, &contents[..1], Some(chunks));
    let packs = files_in(&place.join("packs"));
    let (second, more) = store(&repository, &contents[1..], Some(claim));
    let tokens = [tokens, more].concat();
    assert_contents(&repository, &tokens, &contents);
    let of_lists: Vec<_> = packs.iter().filter(|file| !before.contains(file)).collect();
    let [pack] = of_lists[..] else {
        panic!("{of_lists:?}");
    };
    fs::remove_file(pack).unwrap();

    let repository = Repository::open(&place).unwrap();
    for token in &tokens {
        // The second one's list is there; not all of its parts are.
        assert!(read(&repository, token).is_err());
    }
    assert!(!check(&repository).is_sound());
    let pruned = repository.prune(PruneDepth::Pieces, &monitor());
    assert!(pruned.is_err() || pruned.unwrap().left_undone.is_some());

    let (_, again) = store(&repository, &contents, Some(second));
    assert_contents(&repository, &again, &contents);
    let repository = Repository::open(&place).unwrap();
    assert_contents(&repository, &tokens, &contents);
}
