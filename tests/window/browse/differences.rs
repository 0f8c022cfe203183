//! Differences: between two snapshots, and with the disk.

use gibus::gui::screens::browse::View;
use gibus::gui::screens::browse::data::Moment;

use super::{DAY_1, open, three_days};
use crate::support::World;

#[test]
fn two_snapshots_are_compared_and_each_kind_is_counted() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click("Compare with…");
    window.click("Compare with Fri 20 Nov 2026, 10:00");
    window.wait_for("New: 1, 4 B");
    window.wait_for("Deleted: 3, ");
    window.wait_for("Changed: none");
    window.wait_for("new.txt, new");
    window.wait_for("aunt.txt, deleted");
    // A kind can be hidden.
    let label = window
        .labels()
        .into_iter()
        .find(|label| label.starts_with("Deleted: 3"))
        .unwrap();
    window.click(&label);
    window.wait_until_gone("aunt.txt, deleted");
    window.type_into("Show only paths with", "nosuch");
    window.wait_until_gone("new.txt, new");
    window.click("As a command line");
    window.wait_for(
        "gibus diff -A home --snapshot 2026-11-20-10-00-00 --to-snapshot 2026-11-24-10-00-00 /",
    );
}

#[test]
fn what_was_deleted_is_shown_where_it_still_was() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click("Compare with…");
    window.click("Compare with Fri 20 Nov 2026, 10:00");
    window.click("draft.txt, deleted");
    window.key(egui::Key::Enter);
    window.settle();
    assert_eq!(window.browse().view(), View::Folder);
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(0)));
    assert_eq!(window.folder_below(&world), "/letters/old");
}

#[test]
fn a_snapshot_is_compared_with_the_disk_as_it_is_now() {
    let world = World::new();
    three_days(&world);
    world.write("letters/unsaved.txt", "1234");
    std::fs::remove_file(world.home().join("photos/sea.txt")).unwrap();
    let mut window = open(&world);
    window.click("Compare with…");
    window.click("Compare with now, on the disk");
    window.wait_for("unsaved.txt, new");
    window.wait_for("sea.txt, deleted");
    window.wait_for("New: 1, 4 B");
    // Only one folder.
    window.click("Back to the folder");
    window.enter("letters");
    window.click("Compare with…");
    window.click("Compare with now, on the disk");
    window.click("Only this folder");
    window.wait_until_gone("sea.txt, deleted");
    window.wait_for("unsaved.txt, new");
    window.click("As a command line");
    window.wait_for("--with-disk");
}

#[test]
fn without_a_difference_it_says_so() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click("Compare with…");
    window.click("Compare with now, on the disk");
    window.wait_for("There is no difference");
    window.click(DAY_1);
    window.settle();
    assert_eq!(window.browse().view(), View::Folder);
}
