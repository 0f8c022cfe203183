//! One file: what is in it, and all its versions.

use std::fs;

use gibus::gui::screens::browse::preview::Body;
use gibus::gui::screens::browse::versions::OnDisk;

use super::{open, three_days};
use crate::support::{Window, World};

#[track_caller]
fn look_at(window: &mut Window, label: &str) {
    window.click(label);
    if window.browse().preview().is_none() {
        window.click("Preview");
    }
    let name = label.split(", ").next().unwrap().to_owned();
    window.wait_until("it is read", move |window| {
        let preview = window.browse().preview();
        preview.is_some_and(|preview| preview.path.ends_with(name.as_bytes()))
    });
}

#[test]
fn a_text_is_shown_with_its_lines_numbered_and_what_is_known_of_it() {
    let world = World::new();
    let archive = world.with_archive();
    world.write("note.txt", "first line\nsecond \x07 line\n");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    look_at(&mut window, "note.txt");
    window.wait_for("first line");
    window.wait_for("second \\x07 line");
    window.wait_for("Permissions");
    window.wait_for("SHA-1");
}

#[test]
fn a_picture_is_shown() {
    let world = World::new();
    let archive = world.with_archive();
    let picture = image::RgbImage::from_pixel(1200, 300, image::Rgb([200, 20, 20]));
    picture.save(world.home().join("red.png")).unwrap();
    fs::write(
        world.home().join("torn.png"),
        b"\x89PNG\r\n\x1a\n and nothing",
    )
    .unwrap();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    look_at(&mut window, "red.png");
    window.wait_for("1200 × 300 pixels");
    window.wait_for("Picture red.png");
    let Body::Picture(picture) = &window.browse().preview().unwrap().body else {
        panic!("it is a picture");
    };
    assert_eq!((picture.width, picture.height), (1024, 256));
    look_at(&mut window, "torn.png");
    window.wait_for("The picture cannot be shown");
}

#[test]
fn of_other_files_the_facts_are_told() {
    let world = World::new();
    let archive = world.with_archive();
    fs::write(world.home().join("program"), b"\x7fELF\0\0\0\x01").unwrap();
    world.write("empty", "");
    std::os::unix::fs::symlink("empty", world.home().join("link")).unwrap();
    world.write("folder/a", "123");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    look_at(&mut window, "program");
    window.wait_for("It is neither a text nor a picture");
    look_at(&mut window, "empty");
    window.wait_for("It is empty.");
    look_at(&mut window, "link");
    window.wait_for("Leads to");
    look_at(&mut window, "folder");
    window.wait_for("1 file, 0 folders, 3 B");
}

#[test]
fn the_disk_of_the_repository_being_gone_is_an_error_and_the_list_stays() {
    let world = World::new();
    let archive = three_days(&world);
    let snapshots = world.path("disk/gibus.d/snapshots");
    assert!(snapshots.is_dir());
    fs::rename(
        world.path("disk/gibus.d/repos"),
        world.path("disk/gibus.d/elsewhere"),
    )
    .unwrap();
    let _ = archive;
    let mut window = open(&world);
    window.enter("letters");
    assert_eq!(window.names(), ["new.txt", "uncle.txt"]);
    look_at(&mut window, "uncle.txt");
    window.wait_for("There is no repository in that folder");
    window.wait_for("11 B");
}

#[test]
fn all_versions_of_a_file_are_listed_with_what_is_on_the_disk_now() {
    let world = World::new();
    let archive = three_days(&world);
    world.write("letters/aunt.txt", "Dear aunt\n");
    world.back_up(&archive, "2026-11-24T18:00:00[UTC]");
    let mut window = open(&world);
    window.enter("letters");
    window.click("aunt.txt, new");
    window.click("All versions");
    window.wait_for("2 versions in 4 snapshots");
    window.wait_for("Now on the disk: the same as the newest version");
    window.wait_for("Not there");
    let spans = window.browse().versions().unwrap().spans.clone();
    let numbers: Vec<Option<usize>> = spans
        .iter()
        .map(|span| span.version.as_ref().map(|version| version.number))
        .collect();
    // The newest first; the first version came back.
    assert_eq!(numbers, [Some(0), None, Some(1), Some(0)]);
    window.click("Show the version of Sun 22 Nov 2026, 10:00");
    window.settle();
    assert!(window.names().contains(&"old".to_owned()));
}

#[test]
fn on_the_disk_a_file_is_changed_or_deleted() {
    let world = World::new();
    three_days(&world);
    let now_of = |label: &str| {
        let mut window = open(&world);
        if window.folder_below(&world) != "/letters" {
            window.enter("letters");
        }
        window.click(label);
        window.click("All versions");
        window.wait_until("they are found", |window| {
            window.browse().versions().is_some()
        });
        window.browse().versions().unwrap().now
    };
    world.write("letters/uncle.txt", "Dear UNCLE\n");
    assert_eq!(now_of("uncle.txt"), OnDisk::Different);
    fs::remove_file(world.home().join("letters/uncle.txt")).unwrap();
    assert_eq!(now_of("uncle.txt"), OnDisk::Deleted);
}
