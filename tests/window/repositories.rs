//! Repositories: is it healthy?

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::{NodeT, Queryable};
use gibus::format::compression::Codec;
use gibus::gui::overview::RepositoryOverview;
use gibus::gui::route::Route;
use gibus::human::size;
use gibus::progress::Monitor;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::{Layout, Settings};
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::places::{ArchiveName, RepositoryName};

use crate::support::{Window, World, contents};

fn name(text: &str) -> RepositoryName {
    RepositoryName::new(text).unwrap()
}

/// The window, with this screen open.
fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click(Route::Repositories.title());
    window
}

/// Bytes that do not compress, the same for the same seed.
fn noise(seed: u32, len: usize) -> String {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut text = String::with_capacity(len);
    while text.len() < len {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        text.push_str(&format!("{state:08x}"));
    }
    text
}

fn repository_place(world: &World, repository: &str) -> PathBuf {
    world
        .catalog
        .config()
        .repositories
        .get(&name(repository))
        .unwrap()
        .place
}

fn packs(place: &Path) -> Vec<PathBuf> {
    let packs = fs::read_dir(place.join("packs")).unwrap();
    packs.map(|pack| pack.unwrap().path()).collect()
}

fn add_spare(world: &World, disk: &str) {
    let place = world.path(disk);
    fs::create_dir_all(&place).unwrap();
    world
        .catalog
        .create_repository(&name("spare"), Some(&place), &Settings::default())
        .unwrap();
}

/// Waits until a button can be pressed, or cannot.
#[track_caller]
fn wait_until_enabled(window: &mut Window, label: &str, is_enabled: bool) {
    window.wait_until(&format!("'{label}' is enabled: {is_enabled}"), |window| {
        let node = window.harness.query_by_label(label);
        node.is_some_and(|node| node.accesskit_node().is_disabled() != is_enabled)
    });
}

/// Clicks a button, once it can be pressed and nothing that is still being read will move it.
#[track_caller]
fn click_ready(window: &mut Window, label: &str) {
    wait_until_enabled(window, label, true);
    window.wait_until("everything is read", |window| {
        let overview = window.harness.state().overview();
        let is_read = |repository: &RepositoryOverview| {
            !repository.state.is_loading() && !repository.stats.is_loading()
        };
        overview.repositories.iter().all(is_read)
    });
    // What unfolds has unfolded then.
    window.steps(20);
    window.click(label);
}

fn delete_snapshot(world: &World, archive: &ArchiveName, snapshot: SnapshotName) {
    let monitor = Arc::new(Monitor::new());
    let planned = world.catalog.plan_deletion(archive, &[snapshot], false);
    let report = world.catalog.delete_snapshots(&planned.unwrap(), &monitor);
    assert_eq!(report.unwrap().deleted.len(), 1);
}

#[test]
fn a_repository_is_made_in_the_folder_that_was_typed() {
    let world = World::new();
    world.with_archive();
    let mut window = open(&world);
    click_ready(&mut window, "New repository");
    wait_until_enabled(&mut window, "Create", false);
    window.type_into("Name of the repository", "main");
    let disk = world.path("disk");
    window.type_into("Folder for the repository", disk.to_str().unwrap());
    window.wait_for("free of");
    // That name is taken.
    wait_until_enabled(&mut window, "Create", false);
    window.type_into("Name of the repository", "spare");
    window.wait_for(&format!("It is made in {}", disk.display()));
    wait_until_enabled(&mut window, "Create", true);
    click_ready(&mut window, "Create");
    window.wait_for("Check spare");
    let made = world.catalog.repository(&name("spare")).unwrap();
    assert!(made.entry.place.starts_with(&disk));
    assert_eq!(made.repository.settings(), Settings::default());
}

#[test]
fn layout_and_codec_can_be_chosen() {
    let world = World::new();
    world.with_archive();
    let mut window = open(&world);
    click_ready(&mut window, "New repository");
    window.type_into("Name of the repository", "plain");
    let disk = world.path("disk");
    window.type_into("Folder for the repository", disk.to_str().unwrap());
    window.wait_for("free of");
    click_ready(&mut window, "Advanced");
    window.wait_for("One by one");
    click_ready(&mut window, "One by one");
    click_ready(&mut window, "Create");
    window.wait_for("Check plain");
    let settings = world
        .catalog
        .repository(&name("plain"))
        .unwrap()
        .repository
        .settings();
    assert_eq!(
        (settings.layout, settings.codec),
        (Layout::Loose, Codec::Gzip)
    );
}

#[test]
fn a_repository_is_adopted_from_the_disk_that_it_is_on() {
    let elsewhere = World::new();
    add_spare(&elsewhere, "disk");
    let world = World::new();
    world.with_archive();
    let mut window = open(&world);
    click_ready(&mut window, "Adopt a repository");
    let disk = elsewhere.path("disk");
    window.type_into("Folder to look in", disk.to_str().unwrap());
    let place = repository_place(&elsewhere, "spare");
    window.wait_for(&format!("Found: {}", place.display()));
    window.type_into("Name of the repository", "old");
    click_ready(&mut window, "Adopt");
    window.wait_for("Check old");
    assert_eq!(repository_place(&world, "old"), place);
}

#[test]
fn a_check_finds_a_flipped_byte_names_the_file_and_it_is_remembered_until_it_is_whole_again() {
    let world = World::new();
    let letter = world.write("docs/letter.txt", &noise(1, 200_000));
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.wait_for("Never checked");
    click_ready(&mut window, "Check every byte of main");
    window.wait_for("Healthy");
    window.wait_for("Every byte was read.");

    let [pack] = &packs(&repository_place(&world, "main"))[..] else {
        panic!("one backup makes one pack");
    };
    let mut bytes = fs::read(pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(pack, bytes).unwrap();
    click_ready(&mut window, "Check every byte of main");
    window.wait_for("Damage was found");
    let affected = letter.to_str().unwrap();
    window.wait_for("Snapshot Fri 20 Nov 2026, 10:00 of home: 1 file cannot be had back from it");
    window.wait_for(affected);
    let history = world.catalog.config_dir.join("history.jsonl");
    window.wait_until("it is written down", |_| {
        fs::read_to_string(&history).is_ok_and(|text| text.lines().count() == 2)
    });

    // On another day.
    let mut window = open(&world);
    window.wait_for("Damaged");
    window.wait_for(affected);
    // The structure is as it should be, which says nothing of the bytes.
    click_ready(&mut window, "Repair main");
    window.click("As a command line");
    window.wait_for("gibus repo repair main");
    click_ready(&mut window, "Repair");
    window.wait_for("Some contents lost");
    click_ready(&mut window, "Back up home now");
    window.wait_until("it is backed up", |window| {
        !window.harness.state().jobs().is_any_running()
    });
    click_ready(&mut window, "Check every byte of main");
    window.wait_for("Healthy");
    assert!(!window.shows(affected));
}

#[test]
fn prune_says_beforehand_exactly_what_it_frees() {
    let world = World::new();
    let old = world.write("old.bin", &noise(2, 300_000));
    let archive = world.with_archive();
    let first = world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    fs::remove_file(old).unwrap();
    world.write("new.bin", &noise(3, 100_000));
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    let place = repository_place(&world, "main");
    let stored = || -> u64 {
        packs(&place)
            .iter()
            .map(|pack| fs::metadata(pack).unwrap().len())
            .sum()
    };
    let mut window = open(&world);
    click_ready(&mut window, "Prune main");
    window.wait_for("There is nothing to give back");
    wait_until_enabled(&mut window, "Prune", false);
    click_ready(&mut window, "Cancel");

    delete_snapshot(&world, &archive, first);
    let monitor = Arc::new(Monitor::new());
    let (_, plan) = world
        .catalog
        .plan_prune(&name("main"), PruneDepth::Blocks, &monitor)
        .unwrap();
    let before = stored();
    assert!(plan.freed_bytes > 100_000 && plan.packs_to_move.is_empty());
    click_ready(&mut window, "Prune main");
    let promise = format!(
        "It gives back {} of the {}",
        size(plan.freed_bytes),
        size(before)
    );
    window.wait_for(&promise);
    assert_eq!(stored(), before, "nothing is done before it is wanted");
    click_ready(&mut window, "Prune");
    window.wait_until("it is pruned", |window| {
        let job = window.harness.state().jobs().all().next();
        job.is_some_and(|job| job.outcome().is_some_and(Result::is_ok))
    });
    assert_eq!(before - stored(), plan.freed_bytes);
}

#[test]
fn a_repository_is_checked_and_pruned_by_keyboard_alone() {
    let world = World::new();
    let old = world.write("old.bin", &noise(2, 300_000));
    let archive = world.with_archive();
    let first = world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    fs::remove_file(old).unwrap();
    world.write("new.bin", &noise(3, 100_000));
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    delete_snapshot(&world, &archive, first);
    let place = repository_place(&world, "main");
    let mut window = world.open();
    window.keys(egui::Modifiers::COMMAND, egui::Key::Num5);
    window.wait_for("Never checked");
    window.press("Check main");
    window.wait_for("Healthy");
    assert_eq!(packs(&place).len(), 2);

    window.press("Prune main");
    window.wait_for("It gives back ");
    assert_eq!(
        packs(&place).len(),
        2,
        "nothing is done before it is wanted"
    );
    window.press("Prune");
    window.wait_until("it is pruned", |_| packs(&place).len() == 1);
    window.wait_until_gone("It gives back ");
}

#[test]
fn a_repository_is_converted() {
    let world = World::new();
    world.write("a.txt", "some text");
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.wait_for("Packs of many files, compressed with zstd (level 3)");
    click_ready(&mut window, "Convert main");
    window.wait_for("are needed meanwhile");
    click_ready(&mut window, "One by one");
    click_ready(&mut window, "Convert");
    window.wait_for("One file for each content, compressed with gzip (level 6)");
    let settings = world
        .catalog
        .repository(&name("main"))
        .unwrap()
        .repository
        .settings();
    assert_eq!(settings.layout, Layout::Loose);
    assert!(packs(&repository_place(&world, "main")).is_empty());
}

#[test]
fn deleting_is_refused_while_an_archive_uses_it() {
    let world = World::new();
    world.with_archive();
    let place = repository_place(&world, "main");
    let before = contents(&place);
    let mut window = open(&world);
    click_ready(&mut window, "Delete main");
    window.wait_for("It cannot be deleted");
    window.wait_for("Delete them first: home");
    wait_until_enabled(&mut window, "Delete everything in it", false);
    wait_until_enabled(&mut window, "Only forget it here", false);
    window.click("Delete everything in it");
    window.click("Only forget it here");
    window.click("Cancel");
    assert_eq!(contents(&place), before);
    assert!(world.catalog.repository(&name("main")).is_ok());
}

#[test]
fn deleting_wants_the_name_typed() {
    let world = World::new();
    world.with_archive();
    add_spare(&world, "disk2");
    let place = repository_place(&world, "spare");
    let mut window = open(&world);
    click_ready(&mut window, "Delete spare");
    window.wait_for("No snapshot needs what is in it");
    wait_until_enabled(&mut window, "Delete everything in it", false);
    window.type_into("Name to confirm", "spar");
    wait_until_enabled(&mut window, "Delete everything in it", false);
    window.type_into("Name to confirm", "spare");
    click_ready(&mut window, "Delete everything in it");
    window.wait_until_gone("Check spare");
    assert!(!place.exists());
}

#[test]
fn forgetting_leaves_the_files_and_no_health_is_taken_over_by_another_of_that_name() {
    let world = World::new();
    world.with_archive();
    add_spare(&world, "disk2");
    let place = repository_place(&world, "spare");
    let mut window = open(&world);
    click_ready(&mut window, "Check spare");
    window.wait_for("Healthy");
    let before = contents(&place);
    click_ready(&mut window, "Delete spare");
    window.wait_for("No snapshot needs what is in it");
    click_ready(&mut window, "Only forget it here");
    window.wait_until_gone("Check spare");
    assert_eq!(contents(&place), before);

    add_spare(&world, "disk3");
    window.key(egui::Key::F5);
    window.wait_for("Check spare");
    window.wait_until("the new one is looked at", |window| {
        window
            .labels()
            .iter()
            .filter(|label| *label == "Never checked")
            .count()
            == 2
    });
    assert!(!window.shows("Healthy"));
}

#[test]
fn a_missing_disk_says_so_in_its_card_and_the_others_work() {
    let world = World::new();
    world.with_archive();
    add_spare(&world, "disk2");
    fs::rename(world.path("disk2"), world.path("unplugged")).unwrap();
    let mut window = open(&world);
    window.wait_for("Not there");
    window.wait_for("Is the disk or share there that it is on?");
    wait_until_enabled(&mut window, "Check spare", false);
    wait_until_enabled(&mut window, "Check main", true);
    click_ready(&mut window, "Check main");
    window.wait_for("Healthy");
    assert!(window.shows("Not there"));
    fs::rename(world.path("unplugged"), world.path("disk2")).unwrap();
    window.key(egui::Key::F5);
    wait_until_enabled(&mut window, "Check spare", true);
    assert!(!window.shows("Not there"));
}

#[test]
fn a_lock_of_another_computer_is_told_of_and_can_be_removed() {
    let world = World::new();
    world.with_archive();
    let locks = repository_place(&world, "main").join("locks");
    let lock = locks.join("nas-00000001-00000002-1-5-1-0123456789abcdef.exclusive.lock");
    let text = "user = \"ada\"\nhost = \"nas\"\npid = 5\nsince = \"2026-11-25T11:00:00Z\"\n\
                purpose = \"pruning the repository\"\n";
    fs::create_dir_all(&locks).unwrap();
    fs::write(&lock, text).unwrap();
    let mut window = open(&world);
    window.wait_for("Locked by ada on nas");
    window.wait_for("In use by ada on nas (process 5): pruning the repository, begun 1 hour ago");
    click_ready(&mut window, "Unlock main");
    window.wait_for("It is dangerous while it is still backing up");
    assert!(lock.exists());
    wait_until_enabled(&mut window, "Remove these locks", true);
    // A backup that has begun since then is not among those that are shown.
    let newer = locks.join("nas-00000001-00000002-1-6-1-0123456789abcdef.shared.lock");
    fs::write(&newer, text.replace("pruning", "backing up into")).unwrap();
    click_ready(&mut window, "Remove these locks");
    window.wait_until_gone("Locked by ada");
    assert!(!lock.exists());
    assert!(newer.exists());
}

#[test]
fn a_dialog_that_is_at_work_is_not_closed_before_it_has_told_what_came_of_it() {
    let world = World::new();
    world.with_archive();
    let locks = repository_place(&world, "main").join("locks");
    let lock = locks.join("nas-00000001-00000002-1-5-1-0123456789abcdef.exclusive.lock");
    fs::create_dir_all(&locks).unwrap();
    fs::write(&lock, "").unwrap();
    let mut window = open(&world);
    click_ready(&mut window, "Unlock main");
    wait_until_enabled(&mut window, "Remove these locks", true);
    // The configuration is not to be had until somebody writes it into this pipe.
    let entry = world.path("config/repositories/main.toml");
    let aside = world.path("aside");
    fs::rename(&entry, &aside).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&entry).status();
    assert!(made.unwrap().success());
    click_ready(&mut window, "Remove these locks");
    window.wait_for("Removing the locks");
    wait_until_enabled(&mut window, "Cancel", false);
    window.key(egui::Key::Escape);
    window.steps(3);
    assert!(window.shows("Remove these locks"));
    let text = fs::read(&aside).unwrap();
    let mut pipe = fs::File::options().write(true).open(&entry).unwrap();
    fs::rename(&aside, &entry).unwrap();
    std::io::Write::write_all(&mut pipe, &text).unwrap();
    drop(pipe);
    window.wait_for("1 lock is removed.");
    assert!(!lock.exists());
}

#[test]
fn savings_and_users_are_told_and_the_folder_is_shown() {
    let world = World::new();
    world.write("a.txt", &noise(4, 50_000));
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    let stats = world.catalog.repository(&name("main")).unwrap().repository;
    let stats = stats.storage_stats(&Monitor::new()).unwrap();
    let mut window = open(&world);
    window.wait_for(&format!(
        "{} of files in 2 snapshots are kept in {}.",
        size(stats.held_bytes),
        size(stats.total_bytes())
    ));
    window.wait_for("Disk of main: ");
    click_ready(&mut window, "Open the folder of main");
    window.wait_until_opened(&repository_place(&world, "main"));
    click_ready(&mut window, "home");
    assert_eq!(window.harness.state().route(), Route::Archives);
}

#[test]
fn every_dialog_says_what_to_type_for_the_same() {
    let world = World::new();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    add_spare(&world, "disk2");
    let locks = repository_place(&world, "main").join("locks");
    fs::create_dir_all(&locks).unwrap();
    let lock = "nas-00000001-00000002-1-5-1-0123456789abcdef.shared.lock";
    let text = "user = \"ada\"\nhost = \"nas\"\npid = 5\nsince = \"2026-11-25T11:00:00Z\"\n\
                purpose = \"backing up\"\n";
    fs::write(locks.join(lock), text).unwrap();
    let folder = world.path("disk 3");
    fs::create_dir(&folder).unwrap();
    let mut window = open(&world);

    click_ready(&mut window, "New repository");
    window.wait_until("its fields are there", |window| {
        window.shows("On which disk, in which folder")
    });
    window.type_into("Name of the repository", "third");
    window.type_into("Folder for the repository", folder.to_str().unwrap());
    window.wait_for("free of");
    window.click("As a command line");
    let line = format!("gibus repo create third --location '{}'", folder.display());
    window.wait_for(&line);
    click_ready(&mut window, "Advanced");
    click_ready(&mut window, "One by one");
    window.wait_for(&format!("{line} --layout loose"));
    click_ready(&mut window, "Cancel");

    click_ready(&mut window, "Adopt a repository");
    let place = repository_place(&world, "spare");
    window.type_into("Folder to look in", place.to_str().unwrap());
    window.wait_for("Found: ");
    window.type_into("Name of the repository", "old");
    // Whoever has unfolded it once sees it in the next dialog as well.
    window.wait_for(&format!("gibus repo adopt {} --name old", place.display()));
    click_ready(&mut window, "Cancel");

    let dialogs: [(&str, &[&str]); 4] = [
        (
            "Prune main",
            &["gibus repo prune main --dry-run", "gibus repo prune main"],
        ),
        (
            "Convert main",
            &["gibus repo convert main --layout packed --codec zstd --level 3"],
        ),
        ("Unlock main", &["gibus repo unlock main"]),
        (
            "Delete spare",
            &[
                "gibus repo delete spare --with-contents",
                "gibus repo delete spare --keep-files",
            ],
        ),
    ];
    for (button, lines) in dialogs {
        click_ready(&mut window, button);
        window.wait_until(&format!("{lines:?} are shown"), |window| {
            let labels = window.labels();
            lines
                .iter()
                .all(|line| labels.iter().any(|label| label == line))
        });
        click_ready(&mut window, "Cancel");
    }
    // What is refused has no line.
    click_ready(&mut window, "Delete main");
    window.wait_for("It cannot be deleted");
    let titles = window.harness.query_all_by_label("As a command line");
    assert_eq!(titles.count(), 1);
}
