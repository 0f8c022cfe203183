//! Picking: over several folders and several snapshots, then one request.

use gibus::gui::command::BrowseTarget;
use gibus::jobs::get_back::{Picked, Target};
use gibus::jobs::source::SeriesSource;

use super::{DAY_1, DAY_2, open, three_days};
use crate::support::{Window, World};

/// Picks the row of this name.
#[track_caller]
fn pick(window: &mut Window, label: &str) {
    window.click(label);
    window.key(egui::Key::Space);
    window.steps(2);
}

#[test]
fn what_is_picked_from_several_dates_is_asked_for_at_once() {
    let world = World::new();
    let archive = three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    pick(&mut window, "uncle.txt");
    window.click(DAY_1);
    window.settle();
    pick(&mut window, "aunt.txt");
    pick(&mut window, "old");
    window.wait_for("3 picked from 2 snapshots, ");
    let source = SeriesSource::Archive(archive);
    let request = window.browse().request(Target::Origin).unwrap();
    assert_eq!(request.source, source);
    assert_eq!(request.target, Target::Origin);
    let letters = world.home().join("letters");
    let path = |name: &str| letters.join(name).to_str().unwrap().as_bytes().to_vec();
    let picked: Vec<_> = request
        .picks
        .iter()
        .map(|picks| (picks.name.stem(), picks.what.clone()))
        .collect();
    assert_eq!(
        picked,
        [
            (
                "2026-11-20-10-00-00".to_owned(),
                Picked::Paths(vec![path("aunt.txt"), path("old")])
            ),
            (
                "2026-11-24-10-00-00".to_owned(),
                Picked::Paths(vec![path("uncle.txt")])
            ),
        ]
    );
    assert!(request.picks.iter().all(|picks| picks.file.exists()));
}

#[test]
fn ticks_come_back_with_the_snapshot_and_the_folder() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click(DAY_1);
    window.settle();
    window.enter("letters");
    pick(&mut window, "aunt.txt");
    window.click(DAY_2);
    window.settle();
    // It is not that of the second day which is picked.
    pick(&mut window, "aunt.txt, changed");
    assert_eq!(window.browse().basket().len(), 2);
    pick(&mut window, "aunt.txt, changed");
    assert_eq!(window.browse().basket().len(), 1);
    window.click(DAY_1);
    window.settle();
    pick(&mut window, "aunt.txt");
    assert!(window.browse().basket().is_empty());
}

#[test]
fn a_filter_hides_what_is_picked_and_does_not_drop_it() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    pick(&mut window, "uncle.txt");
    window.type_into("Show only names with", "new");
    window.settle();
    pick(&mut window, "new.txt");
    assert_eq!(window.browse().basket().len(), 2);
}

#[test]
fn what_was_deleted_is_picked_from_the_snapshot_that_has_it() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    window.click("Show deleted");
    pick(&mut window, "aunt.txt, deleted");
    let basket = window.browse().basket().clone();
    assert_eq!(basket.parts()[0].name.stem(), "2026-11-22-10-00-00");
}

#[test]
fn single_things_are_taken_out_and_everything_is_cleared() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    pick(&mut window, "uncle.txt");
    pick(&mut window, "new.txt");
    window.click("List what is picked");
    let uncle = world.home().join("letters/uncle.txt");
    window.click(&format!("Take out {}", uncle.display()));
    assert_eq!(window.browse().basket().len(), 1);
    window.key(egui::Key::Escape);
    window.click("Clear");
    assert!(window.browse().basket().is_empty());
    window.wait_for("Tick what you want back");
}

#[test]
fn snapshots_without_a_configuration_are_browsed_and_picked_from() {
    let world = World::new();
    let archive = three_days(&world);
    let (series, _) = world.catalog.series(&archive).unwrap();
    let mut window = world.open();
    let source = SeriesSource::Exigency {
        path: series.place.clone(),
        repository: None,
    };
    let command = gibus::gui::command::Command::Browse(BrowseTarget {
        source: source.clone(),
        snapshot: Some(series.snapshots[0].name),
        folder: Some(world.home().join("letters").to_str().unwrap().into()),
        versions_of: None,
    });
    window.harness.state_mut().send(command);
    window.settle();
    assert_eq!(window.names(), ["old", "aunt.txt", "uncle.txt"]);
    pick(&mut window, "aunt.txt");
    let request = window
        .browse()
        .request(Target::Folder("/x".into()))
        .unwrap();
    assert_eq!(request.source, source);
    window.click("As a command line");
    window.wait_for("gibus extract --exigency");
}

#[test]
fn on_the_disk_only_what_was_deleted_can_be_picked() {
    let world = World::new();
    three_days(&world);
    std::fs::remove_file(world.home().join("letters/uncle.txt")).unwrap();
    let mut window = open(&world);
    window.enter("letters");
    window.click("Now");
    window.settle();
    pick(&mut window, "new.txt");
    assert!(window.browse().basket().is_empty());
    window.click("Show deleted");
    pick(&mut window, "uncle.txt, deleted");
    let basket = window.browse().basket().clone();
    assert_eq!(basket.parts()[0].name.stem(), "2026-11-24-10-00-00");
}
