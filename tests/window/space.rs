//! Statistics, Space: what takes the space in a snapshot?

use std::collections::BTreeSet;

use egui::accesskit::Toggled;
use egui::{Key, PointerButton, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::route::Route;
use gibus::gui::screens::statistics::space::tiles::{By, Tile};
use gibus::progress::Monitor;
use gibus::repository::claims::ClaimId;
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::usage::Sums;

use crate::support::{Window, World};

/// Text of this length that compresses a little, and that no other seed has.
fn text(seed: u32, len: usize) -> String {
    let letter = |n: u32| {
        let mixed = (n ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(2_654_435_761);
        char::from(b'a' + (mixed >> 20) as u8 % 26)
    };
    (0..len as u32).map(letter).collect()
}

/// Two snapshots: videos and letters in both, a song only in the second.
fn with_files(world: &World) -> ArchiveName {
    world.write("videos/film.mp4", &text(1, 60_000));
    world.write("videos/old/holidays.mp4", &text(2, 20_000));
    world.write("letters/aunt.txt", &text(3, 9_000));
    world.write("letters/bank.txt", &text(4, 6_000));
    world.write("notes.txt", &text(5, 5_000));
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    world.write("music/song.ogg", &text(6, 30_000));
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    archive
}

/// Opens the map, once all files are in it.
fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click(Route::Statistics.title());
    window.click("Space");
    wait_for_tile(&mut window, "film.mp4");
    window
}

fn tiles(window: &mut Window) -> Vec<Tile> {
    let statistics = &window.harness.state_mut().screens_mut().statistics;
    statistics.space.tiles().to_vec()
}

#[track_caller]
fn wait_for_tile(window: &mut Window, name: &str) {
    window.wait_until(&format!("the map shows {name}"), |window| {
        tiles(window).iter().any(|tile| tile.name == name)
    });
}

/// Clicks on the name of what the map shows.
fn click_tile(window: &mut Window, name: &str, button: PointerButton) {
    window.steps(4);
    let tiles = tiles(window);
    let tile = tiles.iter().find(|tile| tile.name == name).unwrap();
    let at = tile.rect.min + egui::vec2(12.0, 9.0);
    window.harness.hover_at(at);
    for pressed in [true, false] {
        window.harness.event(egui::Event::PointerButton {
            pos: pos2(at.x, at.y),
            button,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    window.steps(4);
}

fn folder(window: &mut Window) -> String {
    let statistics = &window.harness.state_mut().screens_mut().statistics;
    let (usage, folder) = statistics.space.surveyed().unwrap();
    String::from_utf8(usage.path(folder)).unwrap()
}

#[test]
fn areas_are_those_of_each_measure_and_sums_are_those_of_the_repository() {
    let world = World::new();
    let archive = with_files(&world);
    let mut window = open(&world);
    let found = world.catalog.archive(&archive).unwrap();
    let newest = *found.archive.snapshots().unwrap().last().unwrap();
    let snapshot = Snapshot::open(&found.archive.path_of(newest)).unwrap();
    let repository = RepositoryName::new("main").unwrap();
    let repository = world.catalog.repository(&repository).unwrap().repository;
    let holdings = repository.holdings(&Monitor::new()).unwrap();
    let claim = ClaimId(snapshot.header().claim_id);
    let costs = holdings.costs(&BTreeSet::from([claim]));
    for (label, by, whole) in [
        ("Held", By::Held, costs.held_bytes),
        ("Stored", By::Stored, costs.stored_bytes),
        ("Alone", By::Alone, costs.alone_stored_bytes),
    ] {
        window.click(label);
        window.wait_until("the map is laid out anew", |window| {
            let outer = outer(window);
            let sums: u64 = outer.iter().map(|tile| by.of(&tile.sums)).sum();
            sums == whole
        });
        let outer = outer(&mut window);
        let area: f32 = outer.iter().map(|tile| tile.rect.area()).sum();
        for tile in &outer {
            let wanted = by.of(&tile.sums) as f32 / whole as f32;
            let part = tile.rect.area() / area;
            assert!(
                (part - wanted).abs() < 0.01,
                "{label}, {}: {part} {wanted}",
                tile.name
            );
        }
        let is_song_only = outer.iter().all(|tile| tile.name == "music");
        assert_eq!(is_song_only, by == By::Alone);
    }
}

/// What is directly in the folder that is shown.
fn outer(window: &mut Window) -> Vec<Tile> {
    let mut tiles = tiles(window);
    tiles.retain(|tile| tile.depth == 0);
    tiles
}

#[test]
fn a_click_goes_into_a_folder_and_the_path_leads_out() {
    let world = World::new();
    with_files(&world);
    let mut window = open(&world);
    let home = world.home().display().to_string();
    assert_eq!(
        folder(&mut window),
        home,
        "folders that hold only one other are passed by"
    );
    click_tile(&mut window, "videos", PointerButton::Primary);
    assert_eq!(folder(&mut window), format!("{home}/videos"));
    wait_for_tile(&mut window, "film.mp4");
    assert!(tiles(&mut window).iter().all(|tile| tile.name != "letters"));
    window.click(&format!("Go to {home}"));
    assert_eq!(folder(&mut window), home);
    // A folder in a folder is gone into at once.
    click_tile(&mut window, "old", PointerButton::Primary);
    assert_eq!(folder(&mut window), format!("{home}/videos/old"));
    window.click("To the folder above");
    assert_eq!(folder(&mut window), format!("{home}/videos"));
}

#[test]
fn every_rectangle_has_a_name_and_a_pointer_is_told_all_of_it() {
    let world = World::new();
    with_files(&world);
    let mut window = open(&world);
    // 80 000 of 130 000 bytes.
    window.wait_for("videos, folder: 78 KiB held, 62 %");
    window.wait_for("film.mp4, file: 59 KiB held, 46 %");
    let tile = tiles(&mut window);
    let tile = tile.iter().find(|tile| tile.name == "notes.txt").unwrap();
    window.harness.hover_at(tile.rect.center());
    window.wait_for("All of it is shared with other snapshots");
    window.wait_for("of the bytes held in");
}

#[test]
fn all_of_it_can_be_done_with_the_keyboard() {
    let world = World::new();
    // Too small for what is in it to be shown in it.
    world.write("small/x.txt", &text(7, 1_500));
    with_files(&world);
    let mut window = open(&world);
    let home = world.home().display().to_string();
    window.tab_to(&format!("Treemap of {home}"));
    window.steps(2);
    // The first rectangle is the largest: the film.
    let current = |window: &Window| {
        let mut all = window
            .harness
            .query_all_by_role(egui::accesskit::Role::TreeItem);
        let current = all.find(|node| node.accesskit_node().toggled() == Some(Toggled::True));
        current
            .and_then(|node| node.accesskit_node().label())
            .unwrap_or_default()
    };
    assert!(
        current(&window).starts_with("film.mp4"),
        "{}",
        current(&window)
    );
    let mut seen = BTreeSet::from([current(&window)]);
    for key in [
        Key::ArrowDown,
        Key::ArrowRight,
        Key::ArrowDown,
        Key::ArrowRight,
        Key::ArrowUp,
    ] {
        window.key(key);
        seen.insert(current(&window));
    }
    assert!(seen.len() >= 3, "{seen:?}");
    // Enter goes into a folder, Backspace out of it.
    window.key(Key::End);
    let at = current(&window);
    assert!(at.starts_with("small, folder"), "{at}");
    window.key(Key::Enter);
    assert_eq!(folder(&mut window), format!("{home}/small"));
    wait_for_tile(&mut window, "x.txt");
    window.key(Key::Backspace);
    assert_eq!(folder(&mut window), home);
    wait_for_tile(&mut window, "film.mp4");
    window.key(Key::Home);
    assert!(current(&window).starts_with("film.mp4"));
    window.click("Table");
    window.tab_to("What takes the space");
    window.wait_for("videos/; files: 2; held: 78 KiB");
    window.key(Key::Enter);
    assert_eq!(folder(&mut window), format!("{home}/videos"));
    window.key(Key::Backspace);
    assert_eq!(folder(&mut window), home);
    window.click("Map");
    click_tile(&mut window, "letters", PointerButton::Primary);
    assert_eq!(folder(&mut window), format!("{home}/letters"));
    window.key(Key::Backspace);
    assert_eq!(folder(&mut window), home);
}

#[test]
fn the_menu_leaves_out_browses_and_shows_all_versions() {
    let world = World::new();
    let archive = with_files(&world);
    let mut window = open(&world);
    click_tile(&mut window, "videos", PointerButton::Secondary);
    window.click("Exclude from now on");
    // In the rules of the archive, to be looked at and saved.
    assert_eq!(window.harness.state().route(), Route::Archives);
    window.wait_for("Unsaved changes");
    let excluded = || {
        let entry = world.catalog.archive(&archive).unwrap().entry;
        entry.specification.exclude_dirs
    };
    assert!(excluded().is_empty());
    window.click("Save changes");
    window.wait_until_gone("Unsaved changes");
    let videos = world.home().join("videos").display().to_string();
    assert_eq!(excluded(), [videos.as_str()]);
    window.click(Route::Statistics.title());
    click_tile(&mut window, "letters", PointerButton::Secondary);
    window.click("Browse here");
    assert_eq!(window.harness.state().route(), Route::Browse);
    let letters = world.home().join("letters").display().to_string();
    window.wait_until("Browse shows the folder", |window| {
        let browse = &window.harness.state_mut().screens_mut().browse;
        browse.folder() == Some(letters.as_bytes())
    });
    window.click(Route::Statistics.title());
    wait_for_tile(&mut window, "notes.txt");
    click_tile(&mut window, "notes.txt", PointerButton::Secondary);
    window.click("Show history");
    let notes = world.home().join("notes.txt").display().to_string();
    window.wait_until("its versions are shown", |window| {
        let browse = &window.harness.state_mut().screens_mut().browse;
        browse
            .versions()
            .is_some_and(|found| found.path == notes.as_bytes() && found.versions == 1)
    });
}

#[test]
fn the_tables_have_the_same_numbers_and_are_saved() {
    let world = World::new();
    with_files(&world);
    let mut window = open(&world);
    window.click("Kinds");
    window.wait_for("Videos; files: 2; held: 78 KiB");
    window.wait_for("Text; files: 3; held: 20 KiB");
    window.click("Sizes");
    window.wait_for("Up to 64 KiB; files: 6; held: 127 KiB");
    window.click("Ages");
    window.wait_for("Modified ");
    window.click("Table");
    window.click("Save these numbers as CSV…");
    let path = world.path("space.csv");
    window.type_into("File to save to", path.to_str().unwrap());
    window.click("Save");
    window.wait_until_gone("File to save to");
    let text = std::fs::read_to_string(&path).unwrap();
    let names: Vec<&str> = text
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(
        names,
        ["name", "videos/", "music/", "letters/", "notes.txt"]
    );
    assert!(text.contains("\r\nvideos/,2,80000,"));
    // Another snapshot, and the folder stays.
    window.click("The snapshot before");
    window.wait_until_gone("music/; files");
    window.wait_for("letters/; files: 2");
}

#[test]
fn the_map_is_saved_as_a_picture() {
    let world = World::new();
    with_files(&world);
    let mut window = open(&world);
    window.click("Save the map as a picture…");
    let path = world.path("map.png");
    window.type_into("File to save to", path.to_str().unwrap());
    window.click("Save");
    window.wait_until_gone("File to save to");
    let picture = image::open(&path).unwrap().into_rgb8();
    assert!(picture.width() > 800 && picture.height() > 400);
    let colors: BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colors.len() > 20, "the map is in it");
}

#[test]
fn what_is_alone_in_no_file_is_said_in_words() {
    let world = World::new();
    with_files(&world);
    let mut window = open(&world);
    window.click("The snapshot before");
    window.click("Alone");
    window.wait_for("Nothing here is in this snapshot alone");
    let nothing = Sums::default();
    assert_eq!(By::Alone.of(&nothing), 0);
}
