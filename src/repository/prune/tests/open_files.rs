//! Somebody has files open, on a share where they can then not be deleted, or are listed although they are.

use std::collections::BTreeSet;

use rustix::io::Errno;

use super::{contents, expect_all, half_released};
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::repository::check::CheckOptions;
use crate::repository::index::Index;
use crate::repository::memory_place::Place;
use crate::repository::prune::PruneDepth;
use crate::repository::settings::{Layout, Settings};
use crate::repository::storage::Storage;
use crate::repository::storage::memory::{Fault, OpenFiles};
use crate::repository::table::table_id;
use crate::repository::token::Token;

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
        if layout == Layout::Loose {
            assert_eq!(report.stored_bytes_after, report.stored_bytes_before);
        }
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

/// A backup relies on what it finds listed. What a prune deleted, and never got to say so, must not be among it.
#[test]
fn a_backup_after_an_interrupted_prune_relies_on_nothing_that_is_gone() {
    let (whole, _) = half_released(Layout::Packed);
    let smooth = whole.after_power_cut(|_| true);
    let before = smooth.storage.operations();
    smooth
        .repository
        .prune(PruneDepth::Blocks, &smooth.monitor)
        .unwrap();
    let operations = smooth.storage.operations() - before;
    let all = contents(0..600);
    for at in 0..operations {
        for fault in [Fault::Once(Errno::NOSPC), Fault::Once(Errno::IO)] {
            let what = format!("{fault:?} at {at} of {operations}");
            let place = whole.copy();
            place.storage.set_open_files(OpenFiles::GoOnClose);
            let packs = names(&place, &["packs"]);
            let open: Vec<_> = packs.iter().map(|name| place.storage.open(name)).collect();
            place.storage.fail_after(at, fault);
            let _ = place.repository.prune(PruneDepth::Blocks, &place.monitor);
            let (_, tokens) = place.store(&all, &[]);
            drop(open);
            let place = place.after_power_cut(|_| true);
            let held: Vec<_> = tokens.into_iter().zip(all.iter().cloned()).collect();
            expect_all(&place, &held, &what);
        }
    }
}

#[test]
fn a_table_that_was_taken_over_stays_so_whatever_comes_after_it() {
    let (place, _) = half_released(Layout::Packed);
    place.storage.set_open_files(OpenFiles::Stay);
    let old = names(&place, &["contents"]);
    let open: Vec<_> = old.iter().map(|name| place.storage.open(name)).collect();
    place
        .repository
        .prune(PruneDepth::Blocks, &place.monitor)
        .unwrap();
    // So many that a session publishes more than one table.
    let many: Vec<Vec<u8>> = (0..30_000_u32).map(|n| n.to_le_bytes().to_vec()).collect();
    place.store(&many, &[]);
    let index = Index::open(&place.storage, place.repository.id()).unwrap();
    let lives = |table: Id| index.tables().iter().any(|other| other.id() == table);
    assert!(
        !old.iter()
            .any(|name| table_id(&name["contents/".len()..]).is_some_and(lives))
    );
    assert_eq!(index.superseded().len(), old.len());
    drop(open);
}

#[test]
fn a_long_session_deletes_what_was_taken_over_on_its_way_and_once() {
    let place = Place::new(Layout::Packed, Codec::None);
    let session = place.begin();
    let mut worker = session.worker();
    for number in 0..70_000_u32 {
        worker.store_bytes(&number.to_le_bytes()).unwrap();
    }
    worker.finish().unwrap();
    // It has published eight of them and more.
    let tables = names(&place, &["contents"]).len();
    assert!(tables < 5, "{tables}");
    let before = place.storage.operations();
    session.keep().unwrap();
    let operations = place.storage.operations() - before;
    let left = names(&place, &["contents"]).len();
    assert!(left < 4, "{left}");
    assert!(operations < 40, "{operations}");
}

#[test]
fn a_repair_replaces_damaged_tables_that_somebody_has_open() {
    for open_files in [OpenFiles::Go, OpenFiles::Stay, OpenFiles::GoOnClose] {
        let what = format!("{open_files:?}");
        let (place, held) = half_released(Layout::Packed);
        // Reading has opened them, too.
        expect_all(&place, &held, &what);
        for table in names(&place, &["contents"]) {
            let mut bytes = place.storage.bytes(&table).unwrap();
            bytes[200] ^= 1;
            place.storage.tamper(&table, Some(bytes));
        }
        place.storage.set_open_files(open_files);
        let tables = names(&place, &["contents"]);
        let open: Vec<_> = tables.iter().map(|name| place.storage.open(name)).collect();
        for _ in 0..2 {
            let mut tokens = held.iter().map(|(token, _)| Ok(*token));
            let repaired = place
                .repository
                .repair(&mut tokens, &place.monitor)
                .unwrap();
            assert!(repaired.lost_contents.is_empty(), "{what}: {repaired:?}");
            expect_all(&place, &held, &what);
            place.begin().keep().unwrap();
        }
        drop(open);
        place
            .repository
            .prune(PruneDepth::Blocks, &place.monitor)
            .unwrap();
        expect_all(&place, &held, &what);
        assert_eq!(names(&place, &["contents"]).len(), 1, "{what}");
    }
}

#[test]
fn a_repair_replaces_damaged_packs_that_somebody_has_open() {
    for open_files in [OpenFiles::Go, OpenFiles::Stay, OpenFiles::GoOnClose] {
        let what = format!("{open_files:?}");
        let (place, held) = half_released(Layout::Packed);
        expect_all(&place, &held, &what);
        place.storage.set_open_files(open_files);
        let packs = names(&place, &["packs"]);
        let mut bytes = place.storage.bytes(&packs[0]).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 1;
        place.storage.tamper(&packs[0], Some(bytes));
        let open: Vec<_> = packs.iter().map(|name| place.storage.open(name)).collect();
        let repaired = place
            .repository
            .repair(&mut std::iter::empty(), &place.monitor)
            .unwrap();
        drop(open);
        place
            .repository
            .prune(PruneDepth::Blocks, &place.monitor)
            .unwrap();
        let options = CheckOptions { read_data: true };
        let report = place.repository.check(&options, &place.monitor).unwrap();
        let lost: u64 = repaired
            .lost_contents
            .values()
            .map(|of_segment| of_segment.len())
            .sum();
        let readable = held
            .iter()
            .filter(|(token, _)| place.repository.open_contents_read_only(token).is_ok());
        assert_eq!(readable.count() as u64, held.len() as u64 - lost, "{what}");
        assert!(report.damaged_packs.is_empty(), "{what}: {report:?}");
    }
}
