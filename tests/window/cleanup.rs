//! Statistics, Clean up: what would deleting snapshots free?

use std::fs;
use std::sync::Arc;

use egui::{Key, Modifiers};
use gibus::catalog::DeletionEffect;
use gibus::gui::route::Route;
use gibus::human::size;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;

use crate::support::{Window, World};

fn text(seed: u32, len: usize) -> String {
    let letter = |n: u32| {
        let mixed = (n ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(2_654_435_761);
        char::from(b'a' + (mixed >> 20) as u8 % 26)
    };
    (0..len as u32).map(letter).collect()
}

/// A snapshot on each of these days, each with a file that only it has.
fn with_days(world: &World, archive: &ArchiveName, folder: &str, days: &[&str]) {
    for (number, day) in days.iter().enumerate() {
        let seed = number as u32 + folder.len() as u32 * 100;
        let passing = world.write(&format!("{folder}passing {day}.txt"), &text(seed, 9_000));
        world.write(&format!("{folder}stays.txt"), &text(99, 30_000));
        world.back_up(archive, &format!("{day}T10:00:00[UTC]"));
        fs::remove_file(passing).unwrap();
    }
}

fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click(Route::Statistics.title());
    window.click("Clean up");
    window
}

fn repository(world: &World) -> Repository {
    let name = RepositoryName::new("main").unwrap();
    world.catalog.repository(&name).unwrap().repository
}

/// What the engine says of deleting these.
fn engine(world: &World, archive: &ArchiveName, names: &[SnapshotName]) -> DeletionEffect {
    let plan = world.catalog.plan_deletion(archive, names, true).unwrap();
    world
        .catalog
        .what_if_deleted(&[plan], &Monitor::new())
        .unwrap()
}

fn snapshots(world: &World, archive: &ArchiveName) -> Vec<SnapshotName> {
    let found = world.catalog.archive(archive).unwrap();
    found.archive.snapshots().unwrap()
}

/// How many are ticked.
fn ticked(window: &mut Window) -> usize {
    let statistics = &window.harness.state_mut().screens_mut().statistics;
    statistics.cleanup.ticks.len()
}

#[track_caller]
fn wait_for_effect(window: &mut Window) -> DeletionEffect {
    window.wait_until("what is freed is known", |window| {
        let statistics = &window.harness.state_mut().screens_mut().statistics;
        statistics.cleanup.effect().is_some()
    });
    let statistics = &window.harness.state_mut().screens_mut().statistics;
    statistics.cleanup.effect().unwrap().clone()
}

/// Sets one of the numbers of the rule.
fn set(window: &mut Window, field: &str, number: &str) {
    window.type_into(field, number);
    window.key(Key::Enter);
    window.steps(3);
}

const DAYS: [&str; 5] = [
    "2026-11-09",
    "2026-11-10",
    "2026-11-18",
    "2026-11-19",
    "2026-11-20",
];

#[test]
fn what_is_said_is_what_the_engine_says_and_it_comes_true() {
    let world = World::new();
    let archive = world.with_archive();
    with_days(&world, &archive, "", &DAYS);
    let all = snapshots(&world, &archive);
    let mut window = open(&world);
    window.tab_to("Snapshots that could be deleted");
    // The oldest is last.
    window.key(Key::End);
    window.key(Key::Space);
    assert_eq!(ticked(&mut window), 1);
    let wanted = engine(&world, &archive, &all[..1]);
    assert_eq!(wait_for_effect(&mut window), wanted);
    assert!(wanted.repositories.freed_contents == 1 && wanted.freed_bytes() > 0);
    assert!(window.has_line(&format!(
        "Deleting 1 snapshot frees {}",
        size(wanted.freed_bytes().unsigned_abs())
    )));
    window.wait_for("1 version of a file (8.8 KiB) would be gone for good.");
    window.wait_for("passing 2026-11-09.txt");
    // With tables.
    window.click("With tables");
    window.wait_for("With the tables of the repository: ");
    let exact = {
        let statistics = &window.harness.state_mut().screens_mut().statistics;
        *statistics.cleanup.exact().unwrap()
    };
    let found = world.catalog.archive(&archive).unwrap();
    let file_bytes = fs::metadata(found.archive.path_of(all[0])).unwrap().len();
    let before = repository(&world).bytes().unwrap().total();
    assert_eq!(exact.bytes_before, before + file_bytes);
    // And then.
    window.click("Delete these snapshots…");
    window.click("Delete 1 snapshot");
    window.wait_until("it is deleted", |window| {
        snapshots(&world, &archive).len() == 4 && !window.harness.state().jobs().is_any_running()
    });
    assert_eq!(
        repository(&world).bytes().unwrap().total(),
        exact.bytes_after
    );
    window.wait_for("Nothing is ticked.");
    assert_eq!(snapshots(&world, &archive), all[1..]);
}

#[test]
fn numbers_of_what_to_keep_tick_the_others() {
    let world = World::new();
    let archive = world.with_archive();
    with_days(&world, &archive, "", &DAYS);
    let all = snapshots(&world, &archive);
    let mut window = open(&world);
    window.wait_for("Set numbers here and the others are ticked");
    assert_eq!(ticked(&mut window), 0);
    set(&mut window, "Keep the newest", "2");
    assert_eq!(ticked(&mut window), 3);
    assert_eq!(
        wait_for_effect(&mut window),
        engine(&world, &archive, &all[..3])
    );
    // One more week is the one of the 9th and 10th: of it the newest.
    set(&mut window, "Keep one a week", "2");
    assert_eq!(ticked(&mut window), 2);
    let wanted = engine(&world, &archive, &[all[0], all[2]]);
    window.wait_until("the figures are those of the rule", |window| {
        let statistics = &window.harness.state_mut().screens_mut().statistics;
        statistics.cleanup.effect() == Some(&wanted)
    });
    window.wait_for("2026-11-10-10-00-00, home, newest of its week");
    window.wait_for("2026-11-09-10-00-00, home, to be deleted");
    window.wait_for("2 versions of files");
    window.click("Tick none");
    assert_eq!(ticked(&mut window), 0);
    window.wait_for("Nothing is ticked.");
    window.click("Usual rule");
    // Seven days: there are five.
    assert_eq!(ticked(&mut window), 0);
}

#[test]
fn the_last_snapshot_is_ticked_only_by_itself_and_its_name_is_asked_for() {
    let world = World::new();
    let archive = world.with_archive();
    with_days(&world, &archive, "", &DAYS[..2]);
    let mut window = open(&world);
    window.tab_to("Snapshots that could be deleted");
    window.keys(Modifiers::COMMAND, Key::A);
    assert_eq!(ticked(&mut window), 1);
    window.wait_for("The newest snapshot of home is left");
    window.key(Key::Home);
    window.key(Key::Space);
    assert_eq!(ticked(&mut window), 2);
    window.wait_for("Nothing of home would be left");
    wait_for_effect(&mut window);
    window.click("Delete these snapshots…");
    window.wait_for("These are all snapshots of this archive");
    window.wait_for("Type home to confirm");
    window.key(Key::Escape);
    assert_eq!(snapshots(&world, &archive).len(), 2);
}

#[test]
fn snapshots_of_several_archives_are_looked_at_and_deleted_together() {
    let world = World::new();
    let home = world.with_archive();
    with_days(&world, &home, "", &DAYS[..3]);
    let photos = Specification::of(vec![world.home().join("photos")]);
    world.write("photos/first.jpg", "a");
    let photos = world.add_archive("photos", photos);
    with_days(&world, &photos, "photos/", &DAYS[2..]);
    let mut window = open(&world);
    window.click("Statistics of");
    window.click("All of main");
    window.click("Clean up");
    set(&mut window, "Keep the newest", "1");
    assert_eq!(ticked(&mut window), 4);
    let plan = |archive: &ArchiveName| {
        let names = snapshots(&world, archive);
        world
            .catalog
            .plan_deletion(archive, &names[..2], false)
            .unwrap()
    };
    let plans = [plan(&home), plan(&photos)];
    let wanted = world
        .catalog
        .what_if_deleted(&plans, &Arc::new(Monitor::new()))
        .unwrap();
    assert_eq!(wait_for_effect(&mut window), wanted);
    window.click("Delete these snapshots…");
    window.wait_for("Delete 4 snapshots of 2 archives?");
    window.click("Delete 4 snapshots");
    window.wait_until("they are deleted", |window| {
        snapshots(&world, &home).len() == 1
            && snapshots(&world, &photos).len() == 1
            && !window.harness.state().jobs().is_any_running()
    });
    window.wait_for("4 snapshots deleted");
    window.wait_for("2 snapshots");
}
