//! A case worked out by hand, and random histories in which what is foretold is compared with what happens.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::repository::check::CheckOptions;
use crate::repository::memory_place::Place;
use crate::repository::prune::PruneDepth;
use crate::repository::rehearse::RepositoryBytes;
use crate::repository::settings::Layout;
use crate::repository::token::Token;

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
    assert_eq!((what_if.freed_stored_bytes, what_if.file_bytes), (200, 200));
    let both = holdings.what_if(&BTreeSet::from([first, second]));
    assert_eq!((both.freed_contents, both.file_bytes), (4, 1100));

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
    deleted_packs: u64,
    moved_packs: u64,
    repacked_packs: u64,
    loose_files: u64,
    unclaimed: u64,
    mixed: u64,
    twins: u64,
}

/// One history of storing, releasing and pruning. At each deletion, what was foretold is what happens.
fn live_through(seed: u64, layout: Layout, tally: &mut Tally) {
    let random = &mut Random(seed);
    let codec = [Codec::Zstd, Codec::Gzip, Codec::None][random.below(3)];
    let place = Place::new(layout, codec);
    let mut held = Held::new();
    let mut big = Vec::new();
    let mut has_twins = false;
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
                    // Or all but a run of it, as when a folder is deleted.
                    let run = random.below(kept.len() + 1);
                    let run = run..run + kept.len() / 3 * random.below(2);
                    let odds = if run.is_empty() { 5 } else { 1000 };
                    let stays = |(at, _): &(usize, &(Token, u64))| {
                        !run.contains(at) && random.below(odds) > 0
                    };
                    let stay = kept.iter().enumerate().filter(stays);
                    stay.map(|(_, content)| *content).collect()
                }
            };
            let tokens: Vec<Token> = kept.iter().map(|(token, _)| *token).collect();
            // Two backups at the same time store what both find.
            let other = (random.below(6) == 0).then(|| place.begin());
            let (claim, tokens) = place.store(&contents, &tokens);
            let lens = || contents.iter().map(|content| content.len() as u64);
            if let Some(session) = other {
                let (claim, tokens) = place.store_in(session, &contents, &[]);
                held.push((claim, tokens.into_iter().zip(lens()).collect()));
                tally.twins += 1;
                has_twins = true;
            }
            let sizes = kept.iter().map(|(_, size)| *size);
            let sizes = sizes.chain(lens());
            held.push((claim, tokens.into_iter().zip(sizes).collect()));
            continue;
        }
        let claims: BTreeSet<ClaimId> = held
            .iter()
            .map(|(claim, _)| *claim)
            .filter(|_| random.below(3) == 0)
            .collect();
        if random.below(5) == 0 {
            // What a prune frees is not only what the deletion just before it released.
            place.release(&claims);
            held.retain(|(claim, _)| !claims.contains(claim));
            continue;
        }
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
        if !has_twins {
            // A claim that names both numbers of a content charges its bytes to each.
            expect_weights_to_add_up(&holdings, &held, seed);
        }

        let what_if = holdings.what_if(&claims);
        assert!(what_if.is_exact(), "seed {seed}");
        assert_eq!(what_if.freed_contents, costs.alone_contents);
        assert_eq!(what_if.freed_stored_bytes, costs.alone_stored_bytes);
        let prunable = holdings.what_if(&BTreeSet::new()).unclaimed_bytes;
        assert_eq!(prunable, what_if.unclaimed_bytes);
        let before = place.bytes();
        let depth = match random.below(4) {
            0 => PruneDepth::Pieces,
            _ => PruneDepth::Blocks,
        };
        let repository = &place.repository;
        let foretold = repository
            .rehearse_release(&claims, depth, &place.monitor)
            .unwrap();
        assert_eq!(foretold.before, before);
        assert_eq!(
            place.bytes(),
            before,
            "seed {seed}: a rehearsal changed something"
        );
        place.release(&claims);
        let planned = repository.plan_prune(PruneDepth::Blocks, &place.monitor);
        let planned = planned.unwrap();
        let report = repository.prune(depth, &place.monitor).unwrap();
        held.retain(|(claim, _)| !claims.contains(claim));
        let after = place.bytes();
        assert_eq!(after, foretold.after, "seed {seed}");
        if depth == PruneDepth::Blocks {
            let sum = |bytes: RepositoryBytes| (bytes.packs + bytes.loose + bytes.claims) as i64;
            let freed = sum(before) - sum(after);
            let wanted = what_if.freed_bytes() + prunable as i64;
            assert_eq!(freed, wanted, "seed {seed}: {what_if:?} {report:?}");
            let contents = |bytes: RepositoryBytes| bytes.packs + bytes.loose;
            let freed = contents(before).saturating_sub(contents(after));
            assert_eq!(freed, planned.freed_bytes, "seed {seed}: {planned:?}");
        }
        expect_everything_readable(repository, &held, seed);
        tally.deletions += 1;
        tally.deleted_packs += report.deleted_packs;
        tally.moved_packs += report.moved_packs;
        tally.repacked_packs += report.repacked_packs;
        tally.loose_files += report.deleted_loose_files;
        tally.unclaimed += u64::from(prunable > 0);
        tally.mixed += u64::from(what_if.mixed_bytes > 0);
    }
}

/// Whatever is held can be read, and nothing is found to be damaged.
fn expect_everything_readable(repository: &Repository, held: &Held, seed: u64) {
    let monitor = Monitor::new();
    for (token, size) in held.iter().flat_map(|(_, contents)| contents) {
        let mut content = repository.open_contents_read_only(token).unwrap();
        let len = std::io::copy(&mut content, &mut std::io::sink()).unwrap();
        assert_eq!(len, *size, "seed {seed}");
    }
    let report = repository.check(&CheckOptions { read_data: true }, &monitor);
    let report = report.unwrap();
    assert!(report.is_sound(), "seed {seed}: {report:?}");
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
    for seed in 0..200 {
        live_through(seed, Layout::Packed, &mut tally);
    }
    // Nothing that can happen was left out.
    let packs = [tally.deleted_packs, tally.moved_packs, tally.repacked_packs];
    let is_enough = tally.deletions > 150 && packs.iter().all(|packs| *packs > 20);
    let has_all = [tally.unclaimed, tally.mixed, tally.twins]
        .iter()
        .all(|times| *times > 20);
    assert!(is_enough && has_all, "{tally:?}");
}

#[test]
fn what_is_foretold_of_loose_contents_is_what_happens() {
    let mut tally = Tally::default();
    for seed in 1000..1200 {
        live_through(seed, Layout::Loose, &mut tally);
    }
    let is_enough = tally.deletions > 150 && tally.loose_files > 1000;
    assert!(
        is_enough && tally.unclaimed > 5 && tally.twins > 20,
        "{tally:?}"
    );
}
