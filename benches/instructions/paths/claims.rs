//! Claims: made, read, and asked.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

use gibus::error::Result;
use gibus::format::digest::Sha1;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::claims::{ClaimBuilder, ClaimId, LiveClaims, publish_claim};
use gibus::repository::token::{ContentNumber, SegmentId, Token};

use crate::count::measured;
use crate::made::{Random, repository_in, repository_of, tiny_contents};

const CLAIMS: u8 = 100;
const CONTENTS: usize = 20_000;
/// How many contents are others from one claim to the next.
const NEW: usize = 50;

pub fn build(_: &Path) -> Result<()> {
    let mut random = Random(10);
    // As several readers number them: nearly in order.
    let tokens: Vec<Token> = (0..100_000)
        .map(|number: u32| {
            let ordinal = match number % 5 {
                0 => random.below(80_000) as u32,
                _ => number * 4 / 5 + random.below(8) as u32,
            };
            Token {
                sha1: Sha1::of(&[]),
                number: ContentNumber {
                    segment: SegmentId(u64::from(number / 25_000)),
                    ordinal,
                },
            }
        })
        .collect();
    measured(|| {
        let mut claim = ClaimBuilder::new();
        for token in &tokens {
            claim.add(token);
        }
        let claim = claim.build(ClaimId(Id([1; 16])), None, "bench", 0);
        claim.to_bytes(Id([3; 16])).map(|_| ())
    })
}

/// A repository with a series of claims that each let go the oldest contents, and some others, of the one before.
pub fn prepare(place: &Path) -> Result<()> {
    let all = CONTENTS + usize::from(CLAIMS) * NEW;
    let (repository, _, tokens) = repository_of(place, tiny_contents(all as u32))?;
    let mut random = Random(11);
    for number in 0..CLAIMS {
        let first = usize::from(number) * NEW;
        let mut claim = ClaimBuilder::new();
        for token in &tokens[first..first + CONTENTS] {
            if random.below(10_000) > 0 {
                claim.add(token);
            }
        }
        let created_at = 1_700_000_000 + i64::from(number);
        let claim = claim.build(ClaimId(Id([number; 16])), None, "bench", created_at);
        publish_claim(&**repository.storage(), repository.id(), &claim)?;
    }
    Ok(())
}

pub fn load(place: &Path) -> Result<()> {
    let repository = repository_in(place)?;
    let live = measured(|| LiveClaims::load(&**repository.storage(), repository.id()))?;
    assert_eq!(live.claims().count(), usize::from(CLAIMS) + 1);
    Ok(())
}

pub fn hold(place: &Path) -> Result<()> {
    let repository = repository_in(place)?;
    let monitor = Monitor::new();
    measured(|| repository.holdings(&monitor)).map(|_| ())
}

pub fn ask_what_if(place: &Path) -> Result<()> {
    let holdings = repository_in(place)?.holdings(&Monitor::new())?;
    let mut random = Random(12);
    let mut choice = || -> BTreeSet<ClaimId> {
        let bound = 1 + random.below(4);
        let claims = holdings.claims().iter().map(|claim| claim.claim_id);
        claims.filter(|_| random.below(bound) == 0).collect()
    };
    let choices: Vec<BTreeSet<ClaimId>> = (0..100).map(|_| choice()).collect();
    measured(|| {
        for choice in &choices {
            black_box(holdings.what_if(choice));
        }
    });
    Ok(())
}
