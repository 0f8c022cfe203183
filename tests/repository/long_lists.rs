//! Contents so long that the lists of their chunks are cut into parts.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;

use gibus::error::{Error, ErrorKind, Result};
use gibus::repository::Repository;
use gibus::repository::prune::PruneDepth;
use gibus::repository::read::many::{ContentBytes, ContentSink, Wanted, content_error};
use gibus::repository::settings::Settings;
use gibus::repository::token::Token;

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

/// Takes contents as they come, at most so many bytes of each.
struct Taker {
    limit: u64,
    taken: Mutex<Vec<u8>>,
}

impl ContentSink for Taker {
    fn content(&self, _key: u64, bytes: ContentBytes<'_>) -> Result<()> {
        let ContentBytes::Stream(reader) = bytes else {
            panic!("it is too long to be handed over whole");
        };
        let mut taken = self.taken.lock().unwrap();
        let read = reader.take(self.limit).read_to_end(&mut taken);
        read.map(|_| ()).map_err(content_error)?;
        match taken.len() as u64 == self.limit {
            true => Err(Error::cancelled()),
            false => Ok(()),
        }
    }

    fn failed(&self, _key: u64, error: Error) -> Result<()> {
        Err(error)
    }
}

fn take(repository: &Repository, token: &Token, limit: u64) -> (Vec<u8>, Result<()>) {
    let taker = Taker {
        limit,
        taken: Mutex::default(),
    };
    let wanted = vec![Wanted {
        token: *token,
        key: 0,
    }];
    let outcome = repository.copy_many(wanted, &taker, &monitor());
    (taker.taken.into_inner().unwrap(), outcome)
}

#[test]
fn a_long_content_is_read_ahead_until_it_ends_or_is_left_or_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &Settings::default()).unwrap();
    let content = noise(80 << 20, 3);
    let (_, tokens) = store(&repository, std::slice::from_ref(&content), None);
    let (taken, outcome) = take(&repository, &tokens[0], u64::MAX);
    outcome.unwrap();
    assert!(taken == content);

    let (taken, outcome) = take(&repository, &tokens[0], 3 << 20);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(taken == content[..3 << 20]);

    // Some byte of the chunks that lie in the last pack.
    let packs = files_in(&place.join("packs"));
    let ending = |file: &&PathBuf| {
        let bytes = fs::read(file).unwrap();
        let late = &content[75 << 20..(75 << 20) + 64];
        bytes.windows(64).position(|found| found == late)
    };
    let (file, at) = packs
        .iter()
        .find_map(|file| Some((file, ending(&file)?)))
        .unwrap();
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
    let repository = Repository::open(&place).unwrap();
    let (taken, outcome) = take(&repository, &tokens[0], u64::MAX);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Damaged);
    assert!(taken.len() <= 75 << 20 && taken == content[..taken.len()]);
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
