//! A prune that is struck at each of its operations in turn.

use std::collections::BTreeSet;
use std::io::Read;

use rustix::io::Errno;

use super::*;
use crate::format::compression::Codec;
use crate::repository::check::CheckOptions;
use crate::repository::memory_place::Place;
use crate::repository::settings::{Layout, Settings};
use crate::repository::storage::Storage;
use crate::repository::storage::memory::{Fault, OpenFiles};
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

/// Files in these folders.
fn names(place: &Place, folders: &[&str]) -> Vec<String> {
    let is_meant = |name: &String| {
        let folder = name.split('/').next();
        folders.iter().any(|meant| folder == Some(meant))
    };
    place.storage.names().into_iter().filter(is_meant).collect()
}

#[test]
fn where_open_files_cannot_be_deleted_nothing_of_ours_keeps_one() {
    for layout in [Layout::Packed, Layout::Loose] {
        for depth in [
            PruneDepth::Blocks,
            PruneDepth::Pieces,
            PruneDepth::Everything,
        ] {
            let what = format!("{layout:?}, {depth:?}");
            let (place, held) = half_released(layout);
            place.storage.set_open_files(OpenFiles::Stay);
            // Reading opens packs and tables.
            expect_all(&place, &held, &what);
            let report = place.repository.prune(depth, &place.monitor).unwrap();
            assert_eq!(report.left_undone, None, "{what}");
            let plan = place.repository.plan_prune(depth, &place.monitor).unwrap();
            assert!(
                plan.is_empty() || depth == PruneDepth::Everything,
                "{what}: {plan:?}"
            );
            assert_eq!(names(&place, &["contents"]).len(), 1, "{what}");

            // A few rows more are merged with those that there are.
            let (first, _) = place.store(&contents(5000..5900), &[]);
            let tables = names(&place, &["contents"]);
            assert_eq!(tables.len(), 1, "{what}: {tables:?}");
            place.release(&BTreeSet::from([first]));
            place.repository.prune(depth, &place.monitor).unwrap();
            expect_all(&place, &held, &what);

            let other = match layout {
                Layout::Packed => Layout::Loose,
                Layout::Loose => Layout::Packed,
            };
            let settings = Settings {
                layout: other,
                ..place.repository.settings()
            };
            let (converted, _) = place.repository.convert(&settings, &place.monitor).unwrap();
            let options = CheckOptions { read_data: true };
            let report = converted.check(&options, &place.monitor).unwrap();
            assert!(report.findings.is_empty(), "{what}: {report:?}");
        }
    }
}

#[test]
fn what_somebody_else_has_open_is_left_for_the_next_prune() {
    for layout in [Layout::Packed, Layout::Loose] {
        let (place, held) = half_released(layout);
        place.storage.set_open_files(OpenFiles::Stay);
        let before = names(&place, &["packs", "contents"]);
        let open: Vec<_> = place
            .storage
            .names()
            .iter()
            .map(|name| place.storage.open(name))
            .collect();
        let report = place
            .repository
            .prune(PruneDepth::Blocks, &place.monitor)
            .unwrap();
        let told = report.left_undone.unwrap();
        assert!(told.contains("files are open in another program"), "{told}");
        assert_eq!((report.deleted_packs, report.deleted_loose_files), (0, 0));
        let now = names(&place, &["packs", "contents"]);
        assert!(
            before.iter().all(|name| now.contains(name)),
            "{before:?}, {now:?}"
        );
        expect_all(&place, &held, "in use");
        drop(open);
        let report = place
            .repository
            .prune(PruneDepth::Blocks, &place.monitor)
            .unwrap();
        assert_eq!(report.left_undone, None);
        expect_all(&place, &held, "used no more");
        let plan = place
            .repository
            .plan_prune(PruneDepth::Blocks, &place.monitor)
            .unwrap();
        assert!(plan.is_empty(), "{plan:?}");
        let smooth = half_released(layout).0;
        smooth
            .repository
            .prune(PruneDepth::Blocks, &smooth.monitor)
            .unwrap();
        let (ours, theirs) = (
            place.repository.bytes().unwrap().total(),
            smooth.repository.bytes().unwrap().total(),
        );
        assert!(ours < theirs + theirs / 10, "{ours} in place of {theirs}");
    }
}

#[test]
fn what_is_listed_though_it_is_deleted_is_in_nobodys_way() {
    for layout in [Layout::Packed, Layout::Loose] {
        let (place, mut held) = half_released(layout);
        place.storage.set_open_files(OpenFiles::GoOnClose);
        let mut open: Vec<_> = Vec::new();
        let mut previous = None;
        for round in 0..4 {
            let names = place.storage.names();
            open.extend(names.iter().map(|name| place.storage.open(name)));
            place.release(&previous.take().into_iter().collect());
            let depth = match round {
                0 | 2 => PruneDepth::Blocks,
                _ => PruneDepth::Pieces,
            };
            let report = place.repository.prune(depth, &place.monitor).unwrap();
            assert_eq!(report.left_undone, None);
            expect_all(&place, &held, "after a prune");
            let kept: Vec<Token> = held.iter().map(|(token, _)| *token).collect();
            let more = contents(2000 + round * 50..2040 + round * 50);
            let (claim, tokens) = place.store(&more, &kept);
            held.extend(tokens[kept.len()..].iter().copied().zip(more));
            expect_all(&place, &held, "after a backup");
            // What it holds is held by the next one, too.
            let kept: Vec<Token> = held.iter().map(|(token, _)| *token).collect();
            place.store(&[], &kept);
            previous = Some(claim);
        }
        let listed = place.storage.list("contents").unwrap().len();
        assert!(
            listed > names(&place, &["contents"]).len(),
            "nothing was tried"
        );
    }
}
