//! One folder: tree, path, order, filter, keyboard; what is remembered, and what goes wrong.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use gibus::gui::settings::{Settings, SortBy};

use super::{open, three_days};
use crate::support::World;

#[test]
fn folders_are_reached_by_table_tree_path_and_backspace() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("photos");
    assert_eq!(window.names(), ["sea.txt"]);
    window.key(Key::Backspace);
    window.settle();
    assert_eq!(window.folder_below(&world), "");
    window.click("Folder letters");
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters");
    let home = world.home();
    window.click(&format!("Go to {}", home.display()));
    window.settle();
    assert_eq!(window.folder_below(&world), "");
    window.click("Up one folder");
    window.settle();
    assert_eq!(window.names(), ["home"]);
}

#[test]
fn everything_in_a_folder_is_done_with_the_keyboard_alone() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.harness.get_by_label("Folder contents").focus();
    window.steps(2);
    // Letters go to a name, Enter opens, Space picks.
    window
        .harness
        .get_by_label("Folder contents")
        .type_text("let");
    window.steps(2);
    window.key(Key::Enter);
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters");
    window.key(Key::Home);
    window.key(Key::ArrowDown);
    window.key(Key::Space);
    assert_eq!(window.browse().basket().len(), 1);
    window.keys(Modifiers::COMMAND, Key::A);
    assert_eq!(window.browse().basket().len(), 2);
    window.key(Key::Backspace);
    window.settle();
    assert_eq!(window.folder_below(&world), "");
}

#[test]
fn the_tree_is_walked_with_arrows() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.harness.get_by_label("Folders").focus();
    window.steps(2);
    // The cursor is on the home: open it, and go to its first folder.
    window.key(Key::ArrowRight);
    window.settle();
    window.key(Key::ArrowRight);
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters");
    window.key(Key::ArrowDown);
    window.settle();
    assert_eq!(window.folder_below(&world), "/photos");
    window.key(Key::ArrowLeft);
    window.settle();
    assert_eq!(window.folder_below(&world), "");
    window.key(Key::ArrowLeft);
    window.steps(2);
    assert!(!window.shows("Folder letters"));
}

#[test]
fn a_click_on_a_title_sorts_and_the_order_is_remembered() {
    let world = World::new();
    let archive = world.with_archive();
    for (name, size) in [
        ("b.txt", 3),
        ("A.txt", 900),
        ("c10.txt", 50),
        ("c9.txt", 40),
    ] {
        world.write(name, &"x".repeat(size));
    }
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    assert_eq!(window.names(), ["A.txt", "b.txt", "c9.txt", "c10.txt"]);
    window.click("Sort by size");
    window.settle();
    assert_eq!(window.names(), ["A.txt", "c10.txt", "c9.txt", "b.txt"]);
    window.click("Sort by size");
    window.settle();
    assert_eq!(window.names(), ["b.txt", "c9.txt", "c10.txt", "A.txt"]);
    let config_dir = world.catalog.config_dir.clone();
    window.wait_until("the order is saved", move |_| {
        let sort = Settings::load(&config_dir).sort;
        sort.by == SortBy::Size && !sort.descending
    });
    drop(window);
    let mut window = open(&world);
    assert_eq!(window.names(), ["b.txt", "c9.txt", "c10.txt", "A.txt"]);
}

#[test]
fn the_filter_shows_only_names_with_a_text_in_them() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    window.type_into("Show only names with", "UNC");
    window.settle();
    assert_eq!(window.names(), ["uncle.txt"]);
    window.type_into("Show only names with", "nosuch");
    window.settle();
    assert!(window.names().is_empty());
}

#[test]
fn the_folder_and_the_archive_are_remembered() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    let (config_dir, letters) = (
        world.catalog.config_dir.clone(),
        world.home().join("letters"),
    );
    window.wait_until("it is saved", move |_| {
        Settings::load(&config_dir).folder == letters
    });
    drop(window);
    let mut window = open(&world);
    assert_eq!(window.folder_below(&world), "/letters");
}

#[test]
fn a_snapshot_that_is_damaged_is_said_so_and_the_others_can_be_seen() {
    let world = World::new();
    let archive = three_days(&world);
    let (series, _) = world.catalog.series(&archive).unwrap();
    std::fs::write(&series.snapshots[1].path, "no snapshot at all").unwrap();
    let mut window = open(&world);
    window.wait_for("1 snapshot cannot be read");
    window.enter("letters");
    assert_eq!(window.names(), ["new.txt", "uncle.txt"]);
    window.click("Older snapshot");
    window.settle();
    assert_eq!(window.names(), ["old", "aunt.txt", "uncle.txt"]);
}

#[test]
fn a_snapshot_that_goes_while_it_is_looked_at_is_an_error_in_words() {
    let world = World::new();
    let archive = three_days(&world);
    let mut window = open(&world);
    let (series, _) = world.catalog.series(&archive).unwrap();
    std::fs::remove_file(&series.snapshots[0].path).unwrap();
    window.click("Older snapshot");
    window.settle();
    window.click("Older snapshot");
    window.wait_for("Could not open the snapshot");
    window.click("Newer snapshot");
    window.settle();
    window.enter("letters");
}

#[test]
fn names_that_are_no_text_are_shown_escaped_and_opened_all_the_same() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let archive = world.with_archive();
    let folder = world
        .home()
        .join(std::ffi::OsStr::from_bytes(b"bad\xff\nname"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("inside"), "1").unwrap();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.enter("bad\\xff\\nname");
    assert_eq!(window.names(), ["inside"]);
}

#[test]
fn without_an_archive_or_a_snapshot_it_says_what_to_do() {
    let world = World::new();
    let mut window = world.open();
    window.click("Browse");
    window.wait_for("Nothing is backed up yet");
    drop(window);
    world.write("a.txt", "1");
    world.with_archive();
    let mut window = world.open();
    window.click("Browse");
    window.wait_for("No snapshot yet");
    window.click("Back up now");
    // It appears by itself when the backup is done.
    window.wait_until("the snapshot is shown", |window| {
        window.names() == ["a.txt"]
    });
}

#[test]
fn the_command_line_for_what_is_shown_is_told() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    window.click("As a command line");
    let letters = world.home().join("letters");
    window.wait_for(&format!(
        "gibus ls -A home --snapshot 2026-11-24-10-00-00 {}",
        letters.display()
    ));
}
