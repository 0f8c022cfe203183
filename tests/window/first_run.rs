//! The first run: from an empty configuration to a running backup.

use std::fs;

use egui::Key;
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::route::Route;
use gibus::human::size;
use gibus::jobs::place::look_at;
use gibus::snapshot::places::ArchiveName;
use jiff::{ToSpan, Zoned};

use crate::support::{Window, World};

/// A home folder as people have one, caches and all.
fn lived_in() -> World {
    let world = World::new();
    world.write("Documents/letter.txt", "Dear reader");
    world.write("Pictures/hat.png", &"pixels".repeat(1000));
    world.write(".cache/browser/page", &"cached".repeat(10_000));
    world.write("src/node_modules/left-pad/index.js", &"x".repeat(5_000));
    world.write(".config/settings", "theme = dark");
    world
}

/// After what is made while the test runs.
fn soon() -> String {
    (Zoned::now() + 1.hour()).to_string()
}

fn done(window: &mut Window, world: &World) {
    let home = ArchiveName::new("home").unwrap();
    window.wait_until("the backup is done", |window| {
        let overview = window.harness.state().overview();
        overview
            .archive(&home)
            .is_some_and(|home| home.newest().is_some())
    });
    window.wait_for("Everything is backed up");
    let specification = world.catalog.archive(&home).unwrap().entry.specification;
    assert_eq!(specification.includes, [world.home()]);
    let snapshot = world.catalog.series(&home).unwrap().0.snapshots.len();
    assert_eq!(snapshot, 1);
}

#[test]
fn four_clicks_lead_from_nothing_to_a_running_backup() {
    let world = lived_in();
    let mut window = Window::open_at(&world, &soon());
    window.wait_for("Nothing is backed up yet");
    window.click("Set up your first backup");
    window.wait_for("saves 59 KiB");
    window.click("Next");
    let disk = world.path("disk");
    let total = size(look_at(&disk, None).unwrap().space.total);
    window.wait_for(&format!(" of {total} free"));
    window.click("Disk disk");
    window.wait_until("the place is looked at", |window| {
        window
            .harness
            .query_by_label("Start the first backup")
            .is_some_and(|button| !button.accesskit_node().is_disabled())
    });
    window.click("Start the first backup");
    done(&mut window, &world);
    // Three files: neither the cache nor node_modules.
    window.wait_for("3 files");
    let repositories = world.catalog.config().repositories.names().unwrap();
    assert_eq!(repositories[0].as_str(), "disk");
    assert!(world.path("disk/gibus.d/repos/me/disk").is_dir());
    window.click("Jobs");
    window.wait_for("Back up home");
    window.wait_for("Browse the snapshot");
}

#[test]
fn the_keyboard_alone_is_enough() {
    let world = lived_in();
    fs::create_dir(world.path("rescue")).unwrap();
    let mut window = Window::open_untouched(&world, &soon());
    window.wait_for("Your first backup: what?");
    window.wait_for("saves 59 KiB");
    window.press("Next");
    window.tab_to("Disk disk");
    // No backup could go to a disk that can only be read.
    assert!(!window.shows("Disk rescue"));
    window.key(Key::Space);
    window.wait_until("the place is looked at", |window| {
        window
            .harness
            .query_by_label("Start the first backup")
            .is_some_and(|button| !button.accesskit_node().is_disabled())
    });
    window.press("Start the first backup");
    done(&mut window, &world);
}

#[test]
fn once_closed_it_does_not_come_back_by_itself() {
    let world = lived_in();
    let mut window = Window::open_untouched(&world, &soon());
    window.wait_for("Your first backup: what?");
    window.click("Not now");
    window.wait_until_gone("Your first backup: what?");
    window.key(Key::F5);
    window.steps(20);
    assert!(!window.shows("Your first backup: what?"));
    window.wait_for("Nothing is backed up yet");
    window.click("I have backups already");
    assert_eq!(window.harness.state().route(), Route::Exigency);
}

#[test]
fn a_few_folders_instead_of_all_are_counted_by_the_rules_of_the_backup() {
    let world = lived_in();
    let mut window = Window::open_untouched(&world, &soon());
    let everything = format!("Everything in {}", world.home().display());
    window.wait_for(&everything);
    window.wait_for("3 files, 5.9 KiB");
    window.click(&everything);
    window.wait_for("Tick at least one folder");
    window.click("Pictures");
    window.wait_for("1 file, 5.9 KiB");
    // What was typed and not added is not forgotten.
    let other = world.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("b"), "12345").unwrap();
    window.type_into("Another folder to back up", &other.display().to_string());
    window.wait_for("Add this folder");
    window.click("Next");
    window.click("Back");
    window.wait_for("2 files, 5.9 KiB");
    window.click(&other.display().to_string());
    // Taking a rule back adds what it saved.
    window.click(&everything);
    window.click("Caches of programs");
    window.wait_for("4 files, 64 KiB");
    window.click("Next");
    window.wait_for("This is on the same disk as your files");
    window.click("Start the first backup");
    let home = ArchiveName::new("home").unwrap();
    window.wait_until("the archive is there", |window| {
        window.harness.state().overview().archive(&home).is_some()
    });
    let specification = world.catalog.archive(&home).unwrap().entry.specification;
    assert!(specification.exclude_caches);
    let cache = world.home().join(".cache").display().to_string();
    assert!(!specification.exclude_dirs.contains(&cache));
}

#[test]
fn what_is_in_the_way_is_said_in_place_and_the_next_attempt_goes_on() {
    let world = lived_in();
    let mut window = Window::open_untouched(&world, &soon());
    window.wait_for("3 files, 5.9 KiB");
    window.click("Next");
    window.click("Another folder");
    window.wait_for("Say which folder first");
    // A file is no place for backups.
    fs::write(world.path("note"), "x").unwrap();
    let note = world.path("note").display().to_string();
    window.type_into("Folder for the backups", &note);
    window.wait_for("You may not write there");
    // What is not a whole path is no folder, and the one before it is not meant any more.
    window.type_into("Folder for the backups", "note");
    window.wait_for("Say which folder first");
    window.type_into(
        "Folder for the backups",
        &world.path("disk").display().to_string(),
    );
    window.wait_until_gone("You may not write there");
    window.type_into("Name of what is backed up", "no/name");
    window.wait_for("Use letters, digits");
    window.type_into("Name of what is backed up", "home");
    // What another computer's configuration left there is in the way of the archive, not of the repository.
    let archive = world.path("disk/gibus.d/snapshots/here/me/home");
    fs::create_dir_all(&archive).unwrap();
    fs::write(archive.join("archive.toml"), "not one").unwrap();
    window.wait_until("it can be started", |window| {
        window
            .harness
            .query_by_label("Start the first backup")
            .is_some_and(|button| !button.accesskit_node().is_disabled())
    });
    window.click("Start the first backup");
    window.wait_for("Could not");
    window.type_into("Name of what is backed up", "mine");
    window.click("Start the first backup");
    let mine = ArchiveName::new("mine").unwrap();
    window.wait_until("the archive is there", |window| {
        window.harness.state().overview().archive(&mine).is_some()
    });
    assert_eq!(
        world.catalog.config().repositories.names().unwrap().len(),
        1
    );
}
