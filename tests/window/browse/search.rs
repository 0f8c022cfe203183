//! Search by name, in all snapshots or in one.

use egui::{Key, Modifiers};
use gibus::gui::screens::browse::View;
use gibus::gui::screens::browse::data::Moment;

use super::{DAY_2, open, three_days};
use crate::support::{Window, World};

#[track_caller]
fn search(window: &mut Window, text: &str) {
    window.type_into("Search by name", text);
    window.key(Key::Enter);
    window.wait_until("the search is over", |window| {
        window.browse().view() == View::Search && !window.browse().search().is_running()
    });
}

#[test]
fn deleted_files_are_found_in_all_snapshots_with_the_time_that_they_were_there() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.keys(Modifiers::COMMAND, Key::F);
    search(&mut window, "aunt");
    window.wait_for("aunt.txt, 20 Nov 2026, 1 snapshot, deleted since");
    window.wait_for("aunt.txt, 22 Nov 2026, 1 snapshot, deleted since");
    window.wait_for("2 files and folders found");
    search(&mut window, "uncle");
    window.wait_for("uncle.txt, 20 Nov – 24 Nov 2026, 3 snapshots");
    assert!(!window.shows("deleted since"));
}

#[test]
fn what_was_found_is_shown_in_its_folder_with_the_row_selected() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    search(&mut window, "draft");
    window.click("draft.txt, 20 Nov – 22 Nov 2026, 2 snapshots, deleted since");
    window.key(Key::Enter);
    window.settle();
    assert_eq!(window.browse().view(), View::Folder);
    assert_eq!(window.folder_below(&world), "/letters/old");
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(1)));
    // The row is the one at the cursor: looking at it shows what is in it.
    window.click("Preview");
    window.wait_for("A draft");
}

#[test]
fn one_snapshot_alone_is_searched_when_that_is_wanted() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click(DAY_2);
    window.settle();
    search(&mut window, "aunt");
    window.wait_for("2 files and folders found");
    window.click("Only in that of Sun 22 Nov 2026, 10:00");
    window.wait_for("1 file or folder found");
    let found = window.browse().search().found().to_vec();
    assert_eq!((found[0].first, found[0].last), (1, 1));
    window.click("As a command line");
    window.wait_for("gibus find -A home --snapshot 2026-11-22-10-00-00 --contains aunt");
}

#[test]
fn a_glob_and_what_is_nowhere() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    search(&mut window, "n*.txt");
    window.wait_for("new.txt, 22 Nov – 24 Nov 2026, 2 snapshots");
    search(&mut window, "nosuch");
    window.wait_for("Nothing was found");
    search(&mut window, "a*//b");
    window.wait_for("Could not search for");
    window.click("Back to the folder");
    assert_eq!(window.browse().view(), View::Folder);
}
