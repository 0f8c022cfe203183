//! Home: am I safe?

use std::fs;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::route::Route;
use gibus::snapshot::specification::Specification;
use jiff::{ToSpan, Zoned};

use crate::support::{Window, World};

fn soon() -> String {
    (Zoned::now() + 1.hour()).to_string()
}

#[test]
fn each_archive_is_told_in_a_sentence_and_all_of_them_in_one() {
    let world = World::new();
    world.write("a.txt", "one");
    let home = world.with_archive();
    for day in ["22", "23", "24"] {
        world.back_up(&home, &format!("2026-11-{day}T09:00:00[UTC]"));
    }
    world.back_up(&home, "2026-11-25T09:00:00[UTC]");
    world.add_archive("photos", Specification::of(vec![world.home()]));
    let mut window = world.open();
    window.wait_for("Backed up 3 hours ago: 1 file, 3 B");
    window.wait_for("Never backed up");
    window.wait_for("1 of 2 archives needs attention: photos");
    window.wait_for("home, Wed 25 Nov 2026: backed up at 09:00");
    window.wait_for("home, Sat 21 Nov 2026: no backup");
    window.wait_for("photos, Wed 25 Nov 2026: no backup yet");
    let statistics = window.harness.get_by_label("Statistics of photos");
    assert!(statistics.accesskit_node().is_disabled());
}

#[test]
fn a_backup_that_is_overdue_and_one_that_left_something_out_are_told() {
    let world = World::new();
    world.write("a.txt", "one");
    let home = world.with_archive();
    for day in ["10", "11", "12", "13"] {
        world.back_up(&home, &format!("2026-11-{day}T09:00:00[UTC]"));
    }
    let includes = vec![world.home(), world.path("home/not there")];
    let partly = world.add_archive("partly", Specification::of(includes));
    world.back_up(&partly, "2026-11-25T09:00:00[UTC]");
    let mut window = world.open();
    window.wait_for("Not backed up for 12 days");
    window.wait_for("home, Sat 14 Nov 2026: a backup was due, none was made");
    window.wait_for("The last backup left 1 file out");
    window.wait_for("partly, Wed 25 Nov 2026: backed up at 09:00, with something missing");
    window.wait_for("2 of 2 archives need attention: home, partly");
}

#[test]
fn a_disk_that_is_not_there_is_told_from_one_that_is_empty() {
    let world = World::new();
    let home = world.with_archive();
    world.back_up(&home, "2026-11-25T09:00:00[UTC]");
    fs::rename(world.path("disk"), world.path("unplugged")).unwrap();
    let mut window = world.open();
    window.wait_for("The disk with its backups is not there");
    fs::rename(world.path("unplugged"), world.path("disk")).unwrap();
    window.key(Key::F5);
    window.wait_for("Backed up 3 hours ago");
}

#[test]
fn backing_up_shows_in_the_sentence_and_with_the_keyboard_too() {
    let world = World::new();
    world.write("a.txt", "one");
    world.with_archive();
    let photos = world.add_archive("photos", Specification::of(vec![world.home()]));
    let mut window = Window::open_at(&world, &soon());
    window.click("Back up home now");
    window.wait_for("1 of 2 archives needs attention: photos");
    window.press("Back up photos now");
    window.wait_for("All 2 archives are backed up");
    world.write("b.txt", "two");
    window.click("Back up all now");
    let snapshots = || world.catalog.series(&photos).unwrap().0.snapshots.len();
    window.wait_until("there are two snapshots", |window| {
        snapshots() == 2 && !window.harness.state().jobs().is_any_running()
    });
    window.keys(Modifiers::COMMAND, Key::B);
    window.wait_until("there are three snapshots", |_| snapshots() == 3);
}

#[test]
fn cards_lead_to_the_other_screens() {
    let world = World::new();
    let home = world.with_archive();
    world.back_up(&home, "2026-11-25T09:00:00[UTC]");
    let mut window = world.open();
    window.wait_for("Backed up 3 hours ago");
    window.click("Browse home");
    assert_eq!(window.harness.state().route(), Route::Browse);
    window.click("Home");
    window.click("Statistics of home");
    assert_eq!(window.harness.state().route(), Route::Statistics);
    window.click("Home");
    window.click("home, Wed 25 Nov 2026: backed up at 09:00");
    assert_eq!(window.harness.state().route(), Route::Browse);
}
