//! Everything is lost but the backups: they are found, looked into, restored, and taken in again.

use std::fs;
use std::path::{Path, PathBuf};

use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::route::Route;
use gibus::snapshot::specification::Specification;

use crate::support::{Window, World, contents};

/// A world with backups on its disk, and the configuration gone.
fn lost() -> World {
    let world = World::new();
    let archive = world.with_archive();
    world.write("notes.txt", "first");
    world.write("docs/plan.txt", "the plan");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    world.write("notes.txt", "second");
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    fs::remove_dir_all(&world.catalog.config_dir).unwrap();
    world
}

const TITLE: &str = "home of me on here";

fn open(world: &World) -> Window {
    let mut window = world.open();
    // Whatever is offered to somebody who has no backup yet is not what this is about.
    window.key(egui::Key::Escape);
    window.click(Route::Exigency.title());
    window
}

fn search(window: &mut Window, folder: &Path) {
    window.type_into("Disk or folder to search", folder.to_str().unwrap());
    window.click("Search");
}

fn is_enabled(window: &Window, button: &str) -> bool {
    let mut all = window.harness.query_all_by_label(button);
    all.any(|node| !node.accesskit_node().is_disabled())
}

/// Clicks what may have to be scrolled to.
fn click_below(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).scroll_to_me();
    window.steps(10);
    window.click(label);
}

/// Restores what the dialog shows, once its plan is there.
fn carry_out(window: &mut Window, button: &str) {
    window.wait_until("the plan is there", |window| is_enabled(window, button));
    window.click(button);
    window.wait_for("Open the folder");
}

#[test]
fn a_search_finds_the_archive_with_its_dates_and_its_repository() {
    let world = lost();
    let mut window = open(&world);
    window.wait_for("your files are in the backups");
    search(&mut window, &world.path("disk"));
    window.wait_for("Found 1 archive and 1 repository");
    for text in [
        TITLE,
        "2 snapshots, from Fri 20 Nov 2026, 10:00 to Sat 21 Nov 2026, 10:00",
        "gibus.d/snapshots/here/me/home",
        "gibus.d/repos/me/main",
    ] {
        assert!(window.shows(text), "{text}: {:?}", window.labels());
    }
    window.click("As a command line");
    let scan = format!("gibus exigency scan {}", world.path("disk").display());
    window.wait_for(&scan);
    assert!(window.shows("gibus snapshots --exigency "));
    assert!(window.shows("gibus archive adopt "));
    assert!(!world.catalog.config_dir.join("archives").exists());
}

#[test]
fn mounted_disks_and_the_user_s_own_places_are_searched_with_one_click() {
    let world = lost();
    let rescue = world.path("rescue");
    fs::create_dir(&rescue).unwrap();
    let mut window = open(&world);
    // A disk that can only be read is no place for backups, and may well have some.
    window.click(&format!("Search {}", rescue.display()));
    window.wait_for("No backups were found there");
    window.click(&format!("Search {}", world.home().display()));
    window.wait_for("No backups were found there");
    window.click(&format!("Search {}", world.path("disk").display()));
    window.wait_for("Found 1 archive and 1 repository");
}

#[test]
fn what_was_found_is_browsed_without_a_configuration() {
    let world = lost();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click(&format!("Browse {TITLE}"));
    assert_eq!(window.harness.state().route(), Route::Browse);
    window.wait_for("notes.txt");
}

/// What was found on the disk, reached with nothing but keys.
fn found_by_keys(world: &World) -> Window {
    let mut window = world.open();
    window.keys(egui::Modifiers::COMMAND, egui::Key::Num7);
    let disk = world.path("disk");
    window.fill_in("Disk or folder to search", disk.to_str().unwrap());
    window.press("Search");
    window.wait_for("Found 1 archive and 1 repository");
    window
}

#[test]
fn tab_completes_the_name_that_is_typed_and_then_leads_on_out_of_the_field() {
    let world = lost();
    let disk = format!("{}/", world.path("disk").display());
    let mut window = world.open();
    window.keys(egui::Modifiers::COMMAND, egui::Key::Num7);
    window.fill_in("Disk or folder to search", disk.trim_end_matches("sk/"));
    window.wait_for(&disk);
    window.key(egui::Key::Tab);
    let field = window.harness.get_by_label("Disk or folder to search");
    assert!(
        field.is_focused(),
        "one goes on typing after what was completed"
    );
    let typed = egui::Event::Text("gi".to_owned());
    window.harness.input_mut().events.push(typed);
    window.steps(3);
    let field = window.harness.get_by_label("Disk or folder to search");
    assert_eq!(field.value(), Some(format!("{disk}gi")));
    window.key(egui::Key::Backspace);
    window.key(egui::Key::Backspace);
    // What is in the folder is offered, and not taken by somebody who only wants to go on.
    let inside = format!("{disk}gibus.d/");
    window.wait_for(&inside);
    window.key(egui::Key::Tab);
    window.steps(10);
    let field = window.harness.get_by_label("Disk or folder to search");
    assert_eq!(field.value().as_deref(), Some(disk.as_str()));
    assert!(!field.is_focused());
    window.press("Search");
    window.wait_for("Found 1 archive and 1 repository");
}

#[test]
fn a_backup_is_searched_for_and_browsed_by_keyboard_alone() {
    let world = lost();
    let mut window = found_by_keys(&world);
    let browse = format!("Browse {TITLE}");
    window.tab_to(&browse);
    window.steps(30);
    // What the keyboard is on is in sight.
    let place = window.harness.get_by_label(&browse).rect();
    assert!(place.min.y > 0.0 && place.max.y < 780.0, "{place:?}");
    window.press(&browse);
    assert_eq!(window.harness.state().route(), Route::Browse);
    window.wait_for("notes.txt");
}

#[test]
fn a_backup_is_searched_for_and_taken_in_by_keyboard_alone() {
    let world = lost();
    let mut window = found_by_keys(&world);
    window.press(&format!("Take into the configuration: {TITLE}"));
    window.wait_for("In the configuration");
    let names = world.catalog.config().archives.names().unwrap();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].as_str(), "home");
}

#[test]
fn everything_is_restored_to_a_folder_elsewhere_and_is_what_it_was() {
    let world = lost();
    let before = contents(&world.home());
    fs::remove_dir_all(world.home()).unwrap();
    fs::create_dir(world.home()).unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click(&format!("Restore everything of {TITLE}"));
    window.wait_for("Everything, as of Sat 21 Nov 2026, 10:00");
    // Until the plan is there, the dialog moves when it comes.
    window.wait_until("the plan is there", |window| is_enabled(window, "Restore"));
    window.click("Extract to a folder");
    let out = world.path("out");
    window.type_into("Folder to extract to", out.to_str().unwrap());
    window.wait_for(&format!("home in {}", out.display()));
    carry_out(&mut window, "Extract");
    assert_eq!(contents(&out.join("home")), before);
    assert_eq!(contents(&world.home()), []);
}

#[test]
fn everything_is_restored_to_where_it_came_from() {
    let world = lost();
    let before = contents(&world.home());
    fs::remove_dir_all(world.home()).unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click(&format!("Restore everything of {TITLE}"));
    carry_out(&mut window, "Restore");
    assert_eq!(contents(&world.home()), before);
}

#[test]
fn what_was_found_is_taken_into_the_configuration_again() {
    let world = lost();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click(&format!("Take into the configuration: {TITLE}"));
    window.wait_until("the archive is in the overview", |window| {
        let overview = window.harness.state().overview();
        overview
            .archives
            .iter()
            .any(|archive| archive.newest().is_some())
    });
    let overview = window.harness.state().overview();
    assert_eq!(overview.archives.len(), 1);
    assert_eq!(overview.archives[0].name.as_str(), "home");
    assert_eq!(overview.repositories[0].name.as_str(), "main");
    window.wait_for("In the configuration");
    assert!(!is_enabled(
        &window,
        &format!("Take into the configuration: {TITLE}")
    ));
    assert!(!is_enabled(&window, "Take all into the configuration"));
}

#[test]
fn all_that_was_found_is_taken_in_at_once() {
    let world = World::new();
    for name in ["one", "two"] {
        let archive = world.add_archive(name, Specification::of(vec![world.home()]));
        world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    }
    fs::remove_dir_all(&world.catalog.config_dir).unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click("Take all into the configuration");
    window.wait_until("both are in the overview", |window| {
        window.harness.state().overview().archives.len() == 2
    });
    assert_eq!(window.harness.state().overview().repositories.len(), 1);
}

#[test]
fn a_repository_without_archives_is_taken_in_by_itself() {
    let world = lost();
    fs::remove_dir_all(world.path("disk/gibus.d/snapshots")).unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.wait_for("Found 1 repository");
    let place = world.path("disk/gibus.d/repos/me/main");
    let button = format!("Take into the configuration: {}", place.display());
    window.click(&button);
    window.wait_until("the repository is in the overview", |window| {
        window.harness.state().overview().repositories.len() == 1
    });
    window.wait_until("it cannot be taken in again", |window| {
        !is_enabled(window, &button)
    });
}

#[test]
fn a_name_that_is_taken_is_explained_and_another_can_be_given() {
    let world = lost();
    // Somebody began anew before looking for the old backups.
    let elsewhere = World {
        dir: tempfile::tempdir().unwrap(),
        catalog: world.catalog.clone(),
    };
    fs::create_dir(elsewhere.path("disk")).unwrap();
    fs::create_dir(elsewhere.path("home")).unwrap();
    elsewhere.with_archive();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.click(&format!("Take into the configuration: {TITLE}"));
    let field = format!("Name for {TITLE}");
    window.wait_for(&field);
    window.type_into(&field, "old-home");
    click_below(
        &mut window,
        &format!("Take into the configuration: {TITLE}"),
    );
    window.wait_until("both are in the overview", |window| {
        window.harness.state().overview().archives.len() == 2
    });
    window.wait_until_gone(&field);
}

#[test]
fn a_snapshot_file_alone_is_opened_and_restored_from() {
    let world = lost();
    let old = snapshot_files(&world).remove(0);
    let copy = world.path("data/copied.snapshot");
    fs::copy(old, &copy).unwrap();
    let mut window = open(&world);
    window.type_into("Snapshot file or folder", copy.to_str().unwrap());
    window.click("Open");
    window.wait_for("1 snapshot, of Fri 20 Nov 2026, 10:00");
    assert!(!is_enabled(
        &window,
        &format!("Take into the configuration: {TITLE}")
    ));
    window.click(&format!("Restore everything of {TITLE}"));
    window.wait_for("Move 1 aside");
    carry_out(&mut window, "Restore");
    assert_eq!(
        fs::read_to_string(world.home().join("notes.txt")).unwrap(),
        "first"
    );
}

#[test]
fn a_repository_that_was_moved_is_missed_and_its_new_place_can_be_told() {
    let world = lost();
    let (before, moved) = (
        world.path("disk/gibus.d/repos/me/main"),
        world.path("data/moved"),
    );
    fs::rename(before, &moved).unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.wait_for("Its repository is not found");
    assert!(!is_enabled(
        &window,
        &format!("Restore everything of {TITLE}")
    ));
    let field = format!("Repository of {TITLE}");
    window.type_into(&field, world.home().to_str().unwrap());
    click_below(&mut window, "It is here");
    window.wait_for("Could not");
    window.type_into(&field, moved.to_str().unwrap());
    click_below(&mut window, "It is here");
    window.wait_until_gone("Its repository is not found");
    fs::remove_file(world.home().join("notes.txt")).unwrap();
    window.click(&format!("Restore everything of {TITLE}"));
    carry_out(&mut window, "Restore");
    assert_eq!(
        fs::read_to_string(world.home().join("notes.txt")).unwrap(),
        "second"
    );
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_there() {
    let world = lost();
    let files = snapshot_files(&world);
    let place = files[0].parent().unwrap();
    fs::remove_file(place.join("archive.toml")).unwrap();
    fs::write(&files[0], "this was a snapshot").unwrap();
    let mut window = open(&world);
    search(&mut window, &world.path("disk"));
    window.wait_for("1 snapshot, of Sat 21 Nov 2026, 10:00");
    assert!(window.shows("2026-11-20-10-00-00.snapshot"));
}

#[test]
fn a_folder_without_snapshots_is_explained_and_searched_instead() {
    let world = lost();
    let mut window = open(&world);
    window.type_into(
        "Snapshot file or folder",
        world.path("disk").to_str().unwrap(),
    );
    window.click("Open");
    window.wait_for("There are none in that folder");
    window.click("Search below it instead");
    window.wait_for("Found 1 archive and 1 repository");
    window.type_into("Snapshot file or folder", "/no/such/place");
    window.click("Open");
    window.wait_for("Could not open /no/such/place");
}

fn snapshot_files(world: &World) -> Vec<PathBuf> {
    let disk = world.path("disk");
    let files = contents(&disk).into_iter().map(|(path, _)| disk.join(path));
    files
        .filter(|path| path.extension().is_some_and(|end| end == "snapshot"))
        .collect()
}
