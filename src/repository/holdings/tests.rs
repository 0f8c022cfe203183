//! A case worked out by hand, and random histories in which what is foretold is compared with what happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::repository::claims::{ClaimBuilder, release_claim};
use crate::repository::lock::Locks;
use crate::repository::rehearse::RepositoryBytes;
use crate::repository::settings::{self, Layout, REPOSITORY_FORMAT, RepositoryFile};
use crate::repository::storage::local::LocalStorage;
use crate::repository::storage::memory::MemoryStorage;
use crate::repository::token::Token;

/// A repository in memory; its locks are in a folder.
struct Place {
    repository: Repository,
    monitor: Arc<Monitor>,
    _locks: tempfile::TempDir,
}

impl Place {
    fn new(layout: Layout, codec: Codec) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalStorage::create(&folder.path().join("locks")).unwrap();
        let file = RepositoryFile {
            format: REPOSITORY_FORMAT,
            id: Id::random().unwrap(),
            layout,
            codec,
            level: codec.default_level(),
        };
        let storage = MemoryStorage::new();
        release_claim(&storage, ClaimId(Id::random().unwrap())).unwrap();
        settings::publish(&storage, &file).unwrap();
        let locks = Locks::of(&local).unwrap();
        Place {
            repository: Repository::new(folder.path(), Arc::new(storage), locks, file),
            monitor: Arc::new(Monitor::new()),
            _locks: folder,
        }
    }

    /// Stores contents and claims each of them, as often as it is given, together with what has a token already.
    fn store(&self, contents: &[Vec<u8>], tokens: &[Token]) -> (ClaimId, Vec<Token>) {
        let session = self
            .repository
            .begin_store("a test", &self.monitor)
            .unwrap();
        let mut worker = session.worker();
        let mut all = tokens.to_vec();
        for content in contents {
            all.push(worker.store_bytes(content).unwrap().token);
        }
        worker.finish().unwrap();
        let mut claim = ClaimBuilder::new();
        for token in &all {
            claim.add(token);
        }
        let claim_id = session.claim_id();
        session.commit(claim, "a test", None).unwrap();
        (claim_id, all)
    }

    fn holdings(&self) -> Holdings {
        self.repository.holdings(&self.monitor).unwrap()
    }

    fn bytes(&self) -> RepositoryBytes {
        self.repository.bytes().unwrap()
    }

    fn release_and_prune(&self, claims: &BTreeSet<ClaimId>) {
        for claim in claims {
            self.repository.release_contents(*claim).unwrap();
        }
        self.repository.prune(&self.monitor).unwrap();
    }
}

fn only(claim: ClaimId) -> BTreeSet<ClaimId> {
    BTreeSet::from([claim])
}

/// Loose and not compressed, a content takes as many bytes as it has.
///
/// | content | bytes | first claim | second claim |
/// |---|---|---|---|
/// | a | 100 | once | once |
/// | b | 200 | twice | |
/// | c | 300 | once | three times |
/// | d | 500 | | once |
#[test]
fn a_small_case_is_as_worked_out_by_hand() {
    let place = Place::new(Layout::Loose, Codec::None);
    let [a, b, c, d] = [(1, 100), (2, 200), (3, 300), (4, 500)].map(|(byte, len)| vec![byte; len]);
    let (first, _) = place.store(&[a.clone(), b.clone(), b, c.clone()], &[]);
    let (second, tokens) = place.store(&[a, c.clone(), c.clone(), c, d], &[]);
    let holdings = place.holdings();

    let costs = holdings.costs(&only(first));
    let expected = ClaimCosts {
        references: 4,
        held_bytes: 100 + 2 * 200 + 300,
        contents: 3,
        content_bytes: 600,
        stored_bytes: 600,
        // Half of a, all of b, one of four references to c.
        share_bytes: 50 + 200 + 75,
        alone_contents: 1,
        alone_content_bytes: 200,
        alone_stored_bytes: 200,
    };
    assert_eq!(costs, expected);
    let costs = holdings.costs(&only(second));
    let expected = ClaimCosts {
        references: 5,
        held_bytes: 100 + 3 * 300 + 500,
        contents: 3,
        content_bytes: 900,
        stored_bytes: 900,
        share_bytes: 50 + 225 + 500,
        alone_contents: 1,
        alone_content_bytes: 500,
        alone_stored_bytes: 500,
    };
    assert_eq!(costs, expected);
    let both = holdings.costs(&BTreeSet::from([first, second]));
    assert_eq!((both.stored_bytes, both.alone_stored_bytes), (1100, 1100));
    assert_eq!((both.share_bytes, both.contents), (1100, 4));

    // Both were made in the same second perhaps: then the lower id counts as the older one.
    let growth = holdings.growth();
    let order: Vec<ClaimId> = growth.iter().map(|point| point.claim_id).collect();
    let expected = match order[0] == first {
        true => [(800, 600, 800, 600), (1500, 500, 2300, 1100)],
        false => [(1500, 900, 1500, 900), (800, 200, 2300, 1100)],
    };
    let figures = |point: &GrowthPoint| {
        (
            point.held_bytes,
            point.new_stored_bytes,
            point.total_held_bytes,
            point.total_stored_bytes,
        )
    };
    assert_eq!(growth.iter().map(figures).collect::<Vec<_>>(), expected);

    let what_if = holdings.what_if(&only(first));
    assert!(what_if.is_exact());
    assert_eq!(
        (what_if.freed_contents, what_if.freed_content_bytes),
        (1, 200)
    );
    assert_eq!(
        (what_if.freed_stored_bytes, what_if.whole_files_bytes),
        (200, 200)
    );
    let both = holdings.what_if(&BTreeSet::from([first, second]));
    assert_eq!((both.freed_contents, both.whole_files_bytes), (4, 1100));

    // The three references to c weigh 100 each; nothing of it is the second's alone.
    let mut within = holdings.within(second).unwrap();
    let weights: Vec<(u64, u64)> = tokens
        .iter()
        .map(|token| within.charge(token.number))
        .map(|weight| (weight.stored_bytes, weight.alone_bytes))
        .collect();
    assert_eq!(
        weights,
        [(100, 0), (100, 0), (100, 0), (100, 0), (500, 500)]
    );
    assert!(holdings.within(ClaimId(Id([7; 16]))).is_err());
}

/// SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Bytes that compress, or do not.
    fn content(&mut self) -> Vec<u8> {
        let len = match self.below(8) {
            0 => 0,
            1..6 => self.below(300),
            _ => self.below(9000),
        };
        let span = [1, 4, 256][self.below(3)];
        (0..len).map(|_| (self.next() % span) as u8).collect()
    }

    /// A content in chunks.
    fn big(&mut self) -> Vec<u8> {
        let len = (1 << 20) + 1 + self.below(1 << 20);
        (0..len / 8 + 1)
            .flat_map(|_| self.next().to_le_bytes())
            .take(len)
            .collect()
    }
}

/// What claims hold, the oldest first: their contents, as often as they name them. (Not by their ids, which are
/// others in each run.)
type Held = Vec<(ClaimId, Vec<(Token, u64)>)>;

/// The same figures, counted content by content.
fn expected_costs(held: &Held, claims: &BTreeSet<ClaimId>) -> (u64, u64, u64, u64, u64) {
    let mut inside: BTreeMap<Token, u64> = BTreeMap::new();
    let (mut references, mut held_bytes) = (0, 0);
    let these = held.iter().filter(|(claim, _)| claims.contains(claim));
    for (token, size) in these.flat_map(|(_, contents)| contents) {
        references += 1;
        held_bytes += size;
        inside.insert(*token, *size);
    }
    let outside: BTreeSet<Token> = held
        .iter()
        .filter(|(claim, _)| !claims.contains(claim))
        .flat_map(|(_, contents)| contents.iter().map(|(token, _)| *token))
        .collect();
    let alone = inside
        .keys()
        .filter(|token| !outside.contains(token))
        .count();
    let bytes = inside.values().sum();
    (
        references,
        held_bytes,
        inside.len() as u64,
        bytes,
        alone as u64,
    )
}

/// How often something happened that is worth foretelling.
#[derive(Debug, Default)]
struct Tally {
    deletions: u64,
    exact: u64,
    rewritten_packs: u64,
    whole_files: u64,
}

/// One history of storing, releasing and pruning. At each deletion, what was foretold is what happens.
fn live_through(seed: u64, layout: Layout, tally: &mut Tally) {
    let random = &mut Random(seed);
    let codec = [Codec::Zstd, Codec::Gzip, Codec::None][random.below(3)];
    let place = Place::new(layout, codec);
    let mut held = Held::new();
    let mut big = Vec::new();
    for _ in 0..5 + random.below(5) {
        if held.len() < 2 || random.below(3) > 0 {
            let mut contents: Vec<Vec<u8>> = Vec::new();
            for _ in 0..random.below(120) {
                let content = random.content();
                contents.extend(vec![content; 1 + random.below(5) / 4 * 2]);
            }
            if seed.is_multiple_of(8) && random.below(2) == 0 {
                if big.is_empty() || random.below(3) == 0 {
                    big = random.big();
                } else {
                    let at = random.below(big.len());
                    big[at] ^= 1;
                }
                contents.push(big.clone());
            }
            // Most of what some claim holds, as the next backup would.
            let kept: Vec<(Token, u64)> = match held.get(random.below(held.len().max(1))) {
                None => Vec::new(),
                Some((_, kept)) => {
                    let stays = |_: &&(Token, u64)| random.below(5) > 0;
                    kept.iter().filter(stays).copied().collect()
                }
            };
            let tokens: Vec<Token> = kept.iter().map(|(token, _)| *token).collect();
            let (claim, tokens) = place.store(&contents, &tokens);
            let sizes = kept.iter().map(|(_, size)| *size);
            let sizes = sizes.chain(contents.iter().map(|content| content.len() as u64));
            held.push((claim, tokens.into_iter().zip(sizes).collect()));
            continue;
        }
        let claims: BTreeSet<ClaimId> = held
            .iter()
            .map(|(claim, _)| *claim)
            .filter(|_| random.below(3) == 0)
            .collect();
        let holdings = place.holdings();
        let costs = holdings.costs(&claims);
        let figures = (
            costs.references,
            costs.held_bytes,
            costs.contents,
            costs.content_bytes,
            costs.alone_contents,
        );
        assert_eq!(figures, expected_costs(&held, &claims), "seed {seed}");
        expect_weights_to_add_up(&holdings, &held, seed);

        let what_if = holdings.what_if(&claims);
        assert_eq!(what_if.freed_contents, costs.alone_contents);
        assert_eq!(what_if.freed_stored_bytes, costs.alone_stored_bytes);
        let before = place.bytes();
        let foretold = place
            .repository
            .rehearse_release(&claims, &place.monitor)
            .unwrap();
        assert_eq!(foretold.before, before);
        assert_eq!(
            place.bytes(),
            before,
            "seed {seed}: a rehearsal changed something"
        );
        let prunable = holdings.what_if(&BTreeSet::new()).unclaimed_bytes;
        assert_eq!(prunable, what_if.unclaimed_bytes);
        place.release_and_prune(&claims);
        held.retain(|(claim, _)| !claims.contains(claim));
        let after = place.bytes();
        assert_eq!(after, foretold.after, "seed {seed}");
        tally.deletions += 1;
        tally.exact += u64::from(what_if.is_exact());
        tally.rewritten_packs += foretold.prune.rewritten_packs;
        tally.whole_files += u64::from(what_if.whole_files_bytes > 0);
        if what_if.is_exact() && prunable == 0 {
            let freed = before.packs + before.loose + before.claims
                - (after.packs + after.loose + after.claims);
            assert_eq!(freed, what_if.freed_bytes(), "seed {seed}");
        }
    }
}

/// Every reference charged, the weights are the costs.
fn expect_weights_to_add_up(holdings: &Holdings, held: &Held, seed: u64) {
    let mut shares = 0;
    let mut stored = 0;
    for (point, claim) in holdings.growth().iter().zip(holdings.claims()) {
        assert_eq!(point.claim_id, claim.claim_id);
        let costs = holdings.costs(&only(claim.claim_id));
        let mut within = holdings.within(claim.claim_id).unwrap();
        let mut sum = (0, 0, 0);
        let contents = held.iter().find(|(id, _)| *id == claim.claim_id);
        for (token, _) in &contents.expect("a live claim").1 {
            let weight = within.charge(token.number);
            sum.0 += weight.stored_bytes;
            sum.1 += weight.alone_bytes;
            sum.2 += weight.new_bytes;
        }
        let expected = (
            costs.stored_bytes,
            costs.alone_stored_bytes,
            point.new_stored_bytes,
        );
        assert_eq!(sum, expected, "seed {seed}");
        assert_eq!(point.held_bytes, costs.held_bytes);
        shares += costs.share_bytes;
        stored = point.total_stored_bytes;
    }
    let rounding = holdings.claims().len() as u64;
    assert!(
        shares.abs_diff(stored) <= rounding,
        "seed {seed}: {shares} of {stored}"
    );
}

#[test]
fn what_is_foretold_of_packs_is_what_happens() {
    let mut tally = Tally::default();
    for seed in 0..150 {
        live_through(seed, Layout::Packed, &mut tally);
    }
    // Nothing that can happen was left out.
    let is_enough = tally.deletions > 150 && tally.exact > 20 && tally.whole_files > 20;
    assert!(is_enough && tally.rewritten_packs > 50, "{tally:?}");
}

#[test]
fn what_is_foretold_of_loose_contents_is_what_happens() {
    let mut tally = Tally::default();
    for seed in 1000..1150 {
        live_through(seed, Layout::Loose, &mut tally);
    }
    assert!(
        tally.deletions > 150 && tally.whole_files > 100,
        "{tally:?}"
    );
    assert_eq!(tally.exact, tally.deletions);
}
