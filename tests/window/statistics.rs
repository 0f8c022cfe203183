//! Statistics: what does it cost?

use std::collections::BTreeSet;
use std::fs;

use egui_kittest::kittest::Queryable;
use gibus::gui::command::Command;
use gibus::gui::picker::PickWhat;
use gibus::gui::route::Route;
use gibus::gui::theme::{DARK, LIGHT};
use gibus::human::{count, size};
use gibus::progress::Monitor;
use gibus::repository::claims::ClaimId;
use gibus::repository::holdings::ClaimCosts;
use gibus::snapshot::file::{BuildStats, Snapshot};
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;

use crate::support::{Window, World};

/// What the engine says of a snapshot.
struct Engine {
    stem: String,
    build: BuildStats,
    costs: ClaimCosts,
    new_bytes: u64,
    freed_bytes: u64,
}

/// Three snapshots of files that come, stay and go.
fn with_history(world: &World) -> ArchiveName {
    world.write("stays.txt", &"it stays\n".repeat(3000));
    let passing = world.write("passing.txt", &"only in the first\n".repeat(2000));
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    fs::remove_file(passing).unwrap();
    world.write("second.txt", &"from the second on\n".repeat(900));
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    world.write("third.txt", &"only in the third\n".repeat(500));
    world.back_up(&archive, "2026-11-23T10:00:00[UTC]");
    archive
}

/// What the engine says of each snapshot, oldest first, of all together, and of what deleting all of them frees.
fn engine(world: &World, archive: &ArchiveName) -> (Vec<Engine>, ClaimCosts, u64) {
    let found = world.catalog.archive(archive).unwrap();
    let repository = RepositoryName::new("main").unwrap();
    let repository = world.catalog.repository(&repository).unwrap().repository;
    let names = found.archive.snapshots().unwrap();
    let snapshots: Vec<Snapshot> = names
        .iter()
        .map(|name| Snapshot::open(&found.archive.path_of(*name)).unwrap())
        .collect();
    let claims: Vec<ClaimId> = snapshots
        .iter()
        .map(|snapshot| ClaimId(snapshot.header().claim_id))
        .collect();
    let holdings = repository.holdings(&Monitor::new()).unwrap();
    let growth = holdings.growth();
    let freed = |claims: &BTreeSet<ClaimId>, file_bytes: u64| {
        let freed = holdings.what_if(claims).freed_bytes();
        u64::try_from(freed).unwrap() + file_bytes
    };
    let of_each = names.iter().zip(&snapshots).zip(&claims);
    let of_each = of_each.map(|((name, snapshot), claim)| Engine {
        stem: name.stem(),
        build: snapshot.header().build.clone(),
        costs: holdings.costs(&BTreeSet::from([*claim])),
        new_bytes: growth
            .iter()
            .find(|point| point.claim_id == *claim)
            .unwrap()
            .new_stored_bytes,
        freed_bytes: freed(&BTreeSet::from([*claim]), snapshot.file_len()),
    });
    let all = claims.iter().copied().collect();
    let file_bytes = snapshots.iter().map(Snapshot::file_len).sum();
    let freed = freed(&all, file_bytes);
    (of_each.collect(), holdings.costs(&all), freed)
}

fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click(Route::Statistics.title());
    window
}

/// Waits until everything is known.
fn wait_for_costs(window: &mut Window) {
    window.wait_until("the costs are known", |window| {
        let rows = window.harness.state_mut().screens_mut().statistics.rows();
        !rows.is_empty() && rows.iter().all(|row| row.costs.is_some())
    });
}

#[test]
fn the_numbers_are_those_that_the_engine_computes() {
    let world = World::new();
    let archive = with_history(&world);
    let (engine, together, freed) = engine(&world, &archive);
    assert!(
        engine[0].costs.alone_stored_bytes > 0,
        "deleting it frees something"
    );
    let mut window = open(&world);
    wait_for_costs(&mut window);
    let held: u64 = engine.iter().map(|one| one.build.bytes).sum();
    window.wait_for(&format!(
        "{} of files, kept 3 times, in {}.",
        size(engine[2].build.bytes),
        size(together.stored_bytes)
    ));
    for number in [held, freed, (engine[1].new_bytes + engine[2].new_bytes) / 2] {
        let number = size(number);
        assert!(window.labels().contains(&number), "{number} is a headline");
    }
    window.click("As a table");
    let mut in_all = 0;
    for one in engine {
        in_all += one.new_bytes;
        let costs = one.costs;
        let row = format!(
            "{}, home; files: {}; held: {}; stored: {}; shared: {}; alone: {}; frees: {}; new: {}; in all: {}; written: {}",
            one.stem,
            count(one.build.files),
            size(one.build.bytes),
            size(costs.stored_bytes),
            size(costs.stored_bytes - costs.alone_stored_bytes),
            size(costs.alone_stored_bytes),
            size(one.freed_bytes),
            size(one.new_bytes),
            size(in_all),
            size(one.build.stored_bytes),
        );
        window.wait_for(&row);
    }
    assert_eq!(in_all, together.stored_bytes, "nothing else is stored");
}

#[test]
fn the_csv_file_has_the_numbers_of_the_table_and_replaces_nothing_unasked() {
    let world = World::new();
    let archive = with_history(&world);
    let (engine, ..) = engine(&world, &archive);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    let path = world.path("numbers.csv");
    fs::write(&path, "mine").unwrap();
    window.click("Save as CSV…");
    window.type_into("File to save to", path.to_str().unwrap());
    window.click("Save");
    window.wait_for("Replace it");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    window.click("Replace it");
    window.wait_until_gone("Replace it");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 4);
    let mut in_all = 0;
    for (fields, one) in lines[1..].iter().zip(engine) {
        in_all += one.new_bytes;
        let numbers: Vec<u64> = fields[3..]
            .iter()
            .map(|field| field.parse().unwrap())
            .collect();
        assert_eq!(fields[..2], ["home", &format!("{}.snapshot", one.stem)]);
        let costs = one.costs;
        assert_eq!(
            numbers,
            [
                one.build.files,
                one.build.bytes,
                costs.stored_bytes,
                costs.stored_bytes - costs.alone_stored_bytes,
                costs.alone_stored_bytes,
                one.freed_bytes,
                one.new_bytes,
                in_all,
                one.build.stored_bytes,
            ]
        );
    }
}

#[test]
fn a_chart_is_saved_as_a_picture_as_it_is_shown() {
    let world = World::new();
    with_history(&world);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    for (theme, palette) in [(egui::Theme::Light, LIGHT), (egui::Theme::Dark, DARK)] {
        window.harness.ctx.set_theme(theme);
        window.steps(2);
        let path = world.path(&format!("{theme:?}.png"));
        // The last one has to be scrolled to first.
        window.press("Save as a picture: What each snapshot takes");
        window.wait_for("What is shown, as a PNG file");
        window.type_into("File to save to", path.to_str().unwrap());
        window.click("Save");
        window.wait_until_gone("File to save to");
        let picture = image::open(&path).unwrap().into_rgb8();
        assert!(picture.width() > 800 && picture.height() > 250);
        let has = |color: egui::Color32| {
            let [red, green, blue, _] = color.to_array();
            picture.pixels().any(|pixel| pixel.0 == [red, green, blue])
        };
        assert!(has(palette.card) && has(palette.series(0)) && has(palette.series(2)));
        assert!(!has(palette.sidebar), "only the chart is in it");
    }
}

#[test]
fn home_and_jobs_say_what_the_last_backup_brought_and_lead_to_it() {
    let world = World::new();
    let archive = world.with_archive();
    world.write("stays.txt", &"it stays\n".repeat(3000));
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    // What does not compress, so that it is most of what is new.
    let noise: String = (0..4000_u32)
        .map(|n| char::from(33 + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 90))
        .collect();
    world.write("videos/film.mp4", &noise);
    world.write("a.txt", "a");
    let mut window = world.open();
    window.harness.state_mut().send(Command::BackUp(archive));
    window.wait_for("of it is in ~/videos/film.mp4");
    window.click("What the last backup of home brought");
    assert_eq!(window.harness.state().route(), Route::Statistics);
    window.wait_until("the map shows what is new", |window| {
        let tiles = window
            .harness
            .state_mut()
            .screens_mut()
            .statistics
            .space
            .tiles();
        tiles.iter().any(|tile| tile.name == "film.mp4")
            && tiles.iter().all(|tile| tile.name != "stays.txt")
    });
    window.click(Route::Jobs.title());
    window.wait_for("Brought ");
    window.click("Show what made it grow");
    assert_eq!(window.harness.state().route(), Route::Statistics);
}

#[test]
fn a_chart_tells_of_a_snapshot_in_words_and_a_click_browses_it() {
    let world = World::new();
    let archive = with_history(&world);
    let (engine, ..) = engine(&world, &archive);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    let chart = window
        .harness
        .get_by_label("Chart: growth over time")
        .rect();
    // The newest stands at the right.
    let place = egui::pos2(chart.right() - 30.0, chart.center().y);
    window.harness.hover_at(place);
    window.wait_for("Mon 23 Nov 2026, 10:00, home");
    window.wait_for(&format!(
        "Deleting it frees {}",
        size(engine[2].freed_bytes)
    ));
    window
        .harness
        .get_by_label("Chart: growth over time")
        .click();
    window.steps(3);
    assert_eq!(window.harness.state().route(), Route::Browse);
}

#[test]
fn the_table_is_read_and_a_snapshot_opened_without_a_mouse() {
    let world = World::new();
    with_history(&world);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    window.click("As a table");
    window
        .harness
        .get_by_label("Statistics of the snapshots")
        .focus();
    window.steps(2);
    window.key(egui::Key::End);
    // The oldest is last; what it is stands below in sentences.
    window.wait_for("Fri 20 Nov 2026, 10:00, home  ·  ");
    window.key(egui::Key::Enter);
    assert_eq!(window.harness.state().route(), Route::Browse);
}

#[test]
fn all_archives_of_a_repository_are_counted_together() {
    let world = World::new();
    let home = with_history(&world);
    world.write("photos/a.jpg", &"a picture\n".repeat(700));
    let photos = world.add_archive(
        "photos",
        Specification::of(vec![world.home().join("photos")]),
    );
    world.back_up(&photos, "2026-11-24T10:00:00[UTC]");
    let repository = RepositoryName::new("main").unwrap();
    let stats = world.catalog.repository(&repository).unwrap().repository;
    let stats = stats.storage_stats(&Monitor::new()).unwrap();
    let mut window = open(&world);
    window.click("Statistics of");
    window.click("All of main");
    wait_for_costs(&mut window);
    let rows = window
        .harness
        .state_mut()
        .screens_mut()
        .statistics
        .rows()
        .to_vec();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3].archive, photos);
    assert_eq!(
        rows[3].held_now_bytes,
        rows[2].held_bytes + rows[3].held_bytes
    );
    assert_eq!(rows[0].archive, home);
    window.wait_until("what it takes is told", |window| {
        window.labels().contains(&size(stats.total_bytes()))
    });
}

#[test]
fn without_the_repository_there_is_what_the_snapshots_say_themselves() {
    let world = World::new();
    with_history(&world);
    let repository = world.path("disk/gibus.d/repos");
    fs::rename(&repository, world.path("gone")).unwrap();
    let mut window = open(&world);
    window.wait_for("What each snapshot costs is not known");
    window.wait_for("Chart: growth over time");
    assert!(!window.shows("Chart: what each snapshot takes"));
    window.click("As a table");
    window.wait_for("alone: ?");
}

#[test]
fn the_file_to_save_to_can_be_chosen_in_the_dialog_of_the_system() {
    let world = World::new();
    with_history(&world);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    let path = world.path("chosen.csv");
    window.picker.answers.lock().unwrap().push(path.clone());
    window.click("Save as CSV…");
    window.click("Choose file…");
    window.wait_for(path.to_str().unwrap());
    let asked = window.picker.asked.lock().unwrap()[0].what;
    assert_eq!(asked, PickWhat::NewFile);
    window.click("Save");
    window.wait_until_gone("File to save to");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
}

#[test]
fn only_the_file_that_is_said_to_be_there_is_replaced() {
    let world = World::new();
    with_history(&world);
    let mut window = open(&world);
    wait_for_costs(&mut window);
    let (taken, picked) = (world.path("taken.csv"), world.path("picked.csv"));
    fs::write(&taken, "mine").unwrap();
    fs::write(&picked, "mine as well").unwrap();
    window.click("Save as CSV…");
    window.type_into("File to save to", taken.to_str().unwrap());
    window.click("Save");
    window.wait_for("Replace it");
    window.picker.answers.lock().unwrap().push(picked.clone());
    window.click("Choose file…");
    window.wait_until_gone("Replace it");
    window.click("Save");
    window.wait_for("Replace it");
    assert_eq!(fs::read(&picked).unwrap(), b"mine as well");
    window.click("Replace it");
    window.wait_until_gone("File to save to");
    assert_eq!(fs::read_to_string(&picked).unwrap().lines().count(), 4);
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
}
