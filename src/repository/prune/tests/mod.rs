//! A prune that is struck at each of its operations in turn; and what is open meanwhile ([`open_files`]).

mod open_files;

use std::collections::BTreeSet;
use std::io::Read;

use rustix::io::Errno;

use super::*;
use crate::format::compression::Codec;
use crate::repository::check::CheckOptions;
use crate::repository::memory_place::Place;
use crate::repository::settings::Layout;
use crate::repository::storage::memory::Fault;
use crate::repository::token::Token;

/// Contents, all of them different, that do not compress.
fn contents(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let noise = |number: u32| {
        let mut bytes = vec![0; 40 + number as usize % 200];
        let mut reader = blake3::Hasher::new();
        reader.update(&number.to_le_bytes());
        reader.finalize_xof().fill(&mut bytes);
        bytes
    };
    numbers.map(noise).collect()
}

/// A repository of which much is released: packs as a whole, whole blocks of others, and single contents. And what is
/// still held.
fn half_released(layout: Layout) -> (Place, Vec<(Token, Vec<u8>)>) {
    let place = Place::new(layout, Codec::Zstd);
    let all = contents(0..600);
    let (first, tokens) = place.store(&all, &[]);
    // A content in a hundred of the first two hundred, runs of the next, nothing of the last.
    let is_kept = |at: usize| match at {
        0..200 => !at.is_multiple_of(100),
        200..400 => (at / 40).is_multiple_of(2),
        _ => false,
    };
    let both = tokens.into_iter().zip(all).enumerate();
    let mut held: Vec<(Token, Vec<u8>)> = both
        .filter(|(at, _)| is_kept(*at))
        .map(|(_, content)| content)
        .collect();
    let kept: Vec<Token> = held.iter().map(|(token, _)| *token).collect();
    let more = contents(1000..1040);
    let (_, tokens) = place.store(&more, &kept);
    held.extend(tokens[kept.len()..].iter().copied().zip(more));
    place.release(&BTreeSet::from([first]));
    (place, held)
}

fn expect_all(place: &Place, held: &[(Token, Vec<u8>)], what: &str) {
    for (token, expected) in held {
        let mut content = place.repository.open_contents_read_only(token).unwrap();
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, *expected, "{what}");
    }
    let options = CheckOptions { read_data: true };
    let report = place.repository.check(&options, &place.monitor).unwrap();
    assert!(report.is_sound(), "{what}: {report:?}");
}

/// Strikes each operation of a prune. Nothing that is held is lost by that, whatever of it was durable; and the next
/// prune does the rest.
fn strike_each(layout: Layout, depth: PruneDepth) {
    let (whole, held) = half_released(layout);
    let smooth = whole.after_power_cut(|_| true);
    let before = smooth.storage.operations();
    let report = smooth.repository.prune(depth, &smooth.monitor).unwrap();
    let operations = smooth.storage.operations() - before;
    if layout == Layout::Packed {
        assert!(
            report.deleted_packs > 0 && report.moved_packs > 0,
            "{report:?}"
        );
        let repacks = depth == PruneDepth::Pieces;
        assert_eq!(report.repacked_packs > 0, repacks, "{report:?}");
    }
    expect_all(&smooth, &held, "nothing struck");
    let left = smooth.repository.bytes().unwrap().total();
    for at in 0..operations {
        for fault in [
            Fault::Once(Errno::NOSPC),
            Fault::Once(Errno::IO),
            Fault::Gone,
        ] {
            let what = format!("{layout:?}, {depth:?}: {fault:?} at {at} of {operations}");
            let place = whole.after_power_cut(|_| true);
            place.storage.fail_after(at, fault);
            let struck = place.repository.prune(depth, &place.monitor);
            assert!(struck.is_err() || fault != Fault::Gone, "{what}");
            for survival in 0..3_u64 {
                let mut number = 0;
                let place = place.after_power_cut(|_| {
                    number += 1;
                    survival == 1 || survival == 2 && (number + at).is_multiple_of(2)
                });
                expect_all(&place, &held, &what);
                place.repository.prune(depth, &place.monitor).unwrap();
                expect_all(&place, &held, &what);
                let plan = place.repository.plan_prune(depth, &place.monitor).unwrap();
                assert!(plan.is_empty(), "{what}: {plan:?}");
                // Work in two parts may gather blocks otherwise.
                let now = place.repository.bytes().unwrap().total();
                assert!(now < left + left / 10, "{what}: {now} in place of {left}");
            }
        }
    }
}

#[test]
fn a_prune_that_is_struck_anywhere_loses_nothing() {
    strike_each(Layout::Packed, PruneDepth::Blocks);
}

#[test]
fn repacking_that_is_struck_anywhere_loses_nothing() {
    strike_each(Layout::Packed, PruneDepth::Pieces);
}
