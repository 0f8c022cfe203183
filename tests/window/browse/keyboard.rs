//! From the first screen to the file that is back, and to a rule that leaves it out, with nothing but keys; and the
//! way to a folder elsewhere with the pointer.

use std::fs;
use std::path::PathBuf;

use egui::{Key, Modifiers};
use gibus::gui::route::Route;
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::places::ArchiveName;
use gibus::snapshot::specification::Specification;

use super::{open, three_days};
use crate::support::{Window, World, contents};

/// The window with Browse in front and the keyboard in the table, on its first row.
fn open_by_keys(world: &World) -> Window {
    let mut window = world.open();
    assert_eq!(window.harness.state().route(), Route::Home);
    window.keys(Modifiers::COMMAND, Key::Num3);
    window.settle();
    window.tab_to("Folder contents");
    window.key(Key::Home);
    window
}

/// Leaves out what the cursor is on.
fn leave_out(window: &mut Window) {
    window.press("More to do with this row");
    window.press("Do not back this up again");
}

fn rules(world: &World, archive: &ArchiveName) -> Specification {
    let config = world.catalog.config();
    config.archives.get(archive).unwrap().specification
}

#[test]
fn a_file_is_restored_and_the_changed_one_moved_aside_by_keyboard_alone() {
    let world = World::new();
    three_days(&world);
    world.write("letters/uncle.txt", "Spoilt since\n");
    let mut window = open_by_keys(&world);
    assert_eq!(window.names(), ["letters", "photos"]);
    window.key(Key::Enter);
    window.settle();
    assert_eq!(window.names(), ["new.txt", "uncle.txt"]);
    window.tab_to("Folder contents");
    window.key(Key::Home);
    window.key(Key::ArrowDown);
    window.key(Key::Space);
    window.wait_for("1 picked");
    window.press("Restore…");
    window.wait_for("Move 1 aside");
    let letters = world.home().join("letters");
    assert_eq!(
        contents(&letters).len(),
        2,
        "nothing is done before it is wanted"
    );
    window.press("Restore");
    window.wait_for("Open the folder");
    window.press("Close");
    window.wait_until_gone("Open the folder");

    let mut found = contents(&letters);
    found.retain(|(path, _)| path.to_str() != Some("new.txt"));
    let whole = (PathBuf::from("uncle.txt"), b"Dear uncle\n".to_vec());
    assert!(found.contains(&whole), "{found:?}");
    found.retain(|file| *file != whole);
    let [(_, aside)] = &found[..] else {
        panic!("one is moved aside: {found:?}");
    };
    assert_eq!(aside, b"Spoilt since\n");
}

#[test]
fn what_is_picked_is_extracted_to_a_folder_byte_for_byte() {
    let world = World::new();
    three_days(&world);
    let before = contents(&world.home().join("letters"));
    let mut window = open(&world);
    window.click("letters");
    window.key(Key::Space);
    window.click("Extract…");
    let out = world.path("out");
    window.type_into("Folder to extract to", out.to_str().unwrap());
    window.wait_for(&format!("letters in {}: Create", out.display()));
    assert!(!out.exists(), "nothing is done before it is wanted");
    window.click("Extract");
    window.wait_for("Open the folder");
    assert_eq!(contents(&out.join("letters")), before);
    assert_eq!(contents(&world.home().join("letters")), before);
}

#[test]
fn a_folder_is_not_backed_up_again_when_the_keyboard_says_so() {
    let world = World::new();
    let archive = three_days(&world);
    let mut window = open_by_keys(&world);
    leave_out(&mut window);
    let letters = world.home().join("letters");
    window.wait_for(&format!(
        "From the next backup on, home leaves out {}",
        letters.display()
    ));
    let rules = rules(&world, &archive);
    assert_eq!(rules.exclude_dirs, [letters.to_str().unwrap()]);
    assert!(rules.exclude_files.is_empty());
    fs::write(letters.join("later.txt"), "later").unwrap();
    let snapshot = world.back_up(&archive, "2026-11-25T11:00:00[UTC]");
    let found = world.catalog.archive(&archive).unwrap().archive;
    let snapshot = Snapshot::open(&found.path_of(snapshot)).unwrap();
    assert_eq!(snapshot.header().totals.files, 1, "only the photo is left");
}

#[test]
fn a_file_is_not_backed_up_again_when_the_keyboard_says_so() {
    let world = World::new();
    let archive = three_days(&world);
    let mut window = open_by_keys(&world);
    window.key(Key::Enter);
    window.settle();
    window.tab_to("Folder contents");
    window.key(Key::End);
    leave_out(&mut window);
    let file = world.home().join("letters/uncle.txt");
    window.wait_for(&format!(
        "From the next backup on, home leaves out {}",
        file.display()
    ));
    let rules = rules(&world, &archive);
    assert_eq!(rules.exclude_files, [file.to_str().unwrap()]);
    assert!(rules.exclude_dirs.is_empty());
}
