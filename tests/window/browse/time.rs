//! Moving in time: the folder stays, what changed is marked.

use egui::{Key, Modifiers};
use gibus::gui::screens::browse::data::Moment;
use gibus::gui::screens::browse::rows::Mark;

use super::{DAY_1, DAY_2, DAY_3, open, three_days};
use crate::support::World;

#[test]
fn the_folder_stays_while_one_moves_in_time() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    assert_eq!(window.folder_below(&world), "");
    window.enter("letters");
    assert_eq!(window.names(), ["new.txt", "uncle.txt"]);
    window.click(DAY_1);
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters");
    assert_eq!(window.names(), ["old", "aunt.txt", "uncle.txt"]);
    window.click("Newer snapshot");
    window.settle();
    assert_eq!(window.names(), ["old", "aunt.txt", "new.txt", "uncle.txt"]);
    window.wait_for("Here: 1 new, 1 changed since the snapshot before");
}

#[test]
fn what_changed_since_the_snapshot_before_is_marked_with_a_word() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    window.click(DAY_2);
    window.settle();
    window.wait_for("aunt.txt, changed");
    window.wait_for("new.txt, new");
    assert_eq!(window.mark("uncle.txt"), Some(Mark::Kept));
    window.click(DAY_3);
    window.settle();
    assert!(!window.names().contains(&"aunt.txt".to_owned()));
    window.click("Show deleted");
    window.wait_for("aunt.txt, deleted");
    window.wait_for("old, deleted");
    window.settle();
    assert_eq!(window.names(), ["old", "aunt.txt", "new.txt", "uncle.txt"]);
}

#[test]
fn where_the_folder_is_not_there_the_nearest_one_above_is_shown_and_said_so() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click(DAY_1);
    window.settle();
    window.enter("letters");
    window.enter("old");
    assert_eq!(window.folder_below(&world), "/letters/old");
    window.click(DAY_3);
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters");
    window.wait_for("letters/old is not there at this moment");
    // Going back finds the folder again.
    window.click(DAY_2);
    window.settle();
    assert_eq!(window.folder_below(&world), "/letters/old");
}

#[test]
fn keys_move_in_time_wherever_the_keyboard_is() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(2)));
    window.keys(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(1)));
    window.key(Key::OpenBracket);
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(0)));
    window.key(Key::OpenBracket);
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(0)));
    for _ in 0..3 {
        window.key(Key::CloseBracket);
    }
    assert_eq!(window.browse().moment(), Some(Moment::Now));
    // In a field they are letters.
    window.type_into("Show only names with", "a");
    window.keys(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(window.browse().moment(), Some(Moment::Now));
}

#[test]
fn a_snapshot_is_chosen_by_its_date_in_a_list() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.click("Tue 24 Nov 2026, 10:00");
    window.click("Fri 20 Nov 2026, 10:00");
    window.settle();
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(0)));
}

#[test]
fn snapshots_close_to_each_other_are_one_mark_and_each_can_be_chosen() {
    let world = World::new();
    let archive = three_days(&world);
    for minute in ["10:30", "11:00", "11:30"] {
        world.write("letters/new.txt", minute);
        world.back_up(&archive, &format!("2026-11-24T{minute}:00[UTC]"));
    }
    let mut window = open(&world);
    window.click("24 Nov 2026, 4 snapshots");
    window.click("Tue 24 Nov 2026, 10:30");
    window.settle();
    assert_eq!(window.browse().moment(), Some(Moment::Snapshot(3)));
}

#[test]
fn now_is_the_disk_with_what_changed_since_the_newest_snapshot() {
    let world = World::new();
    three_days(&world);
    world.write("letters/new.txt", "Newer than any snapshot\n");
    world.write("letters/unsaved.txt", "1");
    std::fs::remove_file(world.home().join("letters/uncle.txt")).unwrap();
    let mut window = open(&world);
    window.enter("letters");
    window.click("Now");
    window.settle();
    window.click("Show deleted");
    window.settle();
    assert_eq!(window.names(), ["new.txt", "uncle.txt", "unsaved.txt"]);
    assert_eq!(window.mark("new.txt"), Some(Mark::Changed));
    assert_eq!(window.mark("unsaved.txt"), Some(Mark::New));
    assert_eq!(window.mark("uncle.txt"), Some(Mark::Removed));
}

#[test]
fn on_the_disk_what_no_backup_takes_is_said_not_to_be_backed_up() {
    let world = World::new();
    let mut specification = gibus::snapshot::specification::Specification::of(vec![world.home()]);
    specification.exclude_files.push("*.tmp".to_owned());
    let archive = world.add_archive("home", specification);
    world.write("a.txt", "1");
    world.write("b.tmp", "1");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.click("Now");
    window.wait_for("b.tmp, not backed up");
    assert_eq!(window.mark("a.txt"), Some(Mark::Kept));
}

#[test]
fn the_disk_is_looked_at_again_when_that_is_wanted() {
    let world = World::new();
    three_days(&world);
    let mut window = open(&world);
    window.enter("letters");
    window.click("Now");
    window.settle();
    assert_eq!(window.names(), ["new.txt", "uncle.txt"]);
    world.write("letters/just now.txt", "1");
    window.key(Key::F5);
    window.wait_for("just now.txt, new");
}
