//! Archives: what is backed up?

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::catalog::defaults::LeftOut;
use gibus::format::compression::Codec;
use gibus::human::{counted, size};
use gibus::progress::Monitor;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::{Layout, Settings};
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::preview::survey;
use gibus::snapshot::specification::Specification;

use crate::support::{Window, World};

fn name(text: &str) -> ArchiveName {
    ArchiveName::new(text).unwrap()
}

/// A home with things to leave out, and an archive of all of it.
fn world() -> World {
    let world = World::new();
    for number in 0..4 {
        world.write(&format!("docs/{number}.txt"), &"text ".repeat(300));
    }
    world.write("docs/film.mkv", &"frame ".repeat(50_000));
    for number in 0..7 {
        world.write(&format!("web/node_modules/left-pad/{number}.js"), "pad();");
    }
    world.write("web/build/main.o", "object code");
    world.write("web/main.c", "int main;");
    world.write(".cache/browser/1", "cached");
    world
}

fn saved(world: &World, archive: &str) -> Specification {
    let config = world.catalog.config();
    config.archives.get(&name(archive)).unwrap().specification
}

fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click("Archives");
    window.wait_for("By these rules, as the disk is now");
    window
}

fn files_and_bytes(files: u64, bytes: u64) -> String {
    format!("{}, {}", counted(files, "file", "files"), size(bytes))
}

/// Clicks what has this label, after scrolling to it.
#[track_caller]
fn press(window: &mut Window, label: &str) {
    window.wait_until(&format!("'{label}' is there"), |window| {
        window.harness.query_all_by_label(label).next().is_some()
    });
    let node = window.harness.query_all_by_label(label).last();
    node.unwrap().scroll_to_me();
    window.steps(3);
    window.click(label);
}

/// Goes on to the control with this label by the Tab key alone.
#[track_caller]
fn tab_to(window: &mut Window, label: &str) {
    for _ in 0..120 {
        let is_there = {
            let mut all = window.harness.query_all_by_label(label);
            all.any(|node| node.accesskit_node().is_focused())
        };
        if is_there {
            return;
        }
        window.key(Key::Tab);
    }
    panic!("the Tab key does not lead to '{label}'");
}

#[test]
fn a_new_archive_is_made_with_a_repository_of_its_own_and_backed_up() {
    let world = world();
    world.add_archive("other", Specification::of(vec![world.home().join("web")]));
    let mut window = open(&world);
    window.click("New archive");
    window.wait_for("Give the archive a name first");
    window.type_into("Name of the archive", "my docs");
    window.wait_for("Use letters, digits");
    window.type_into("Name of the archive", "other");
    window.wait_for("There is an archive other already.");
    window.type_into("Name of the archive", "docs");
    window.wait_until_gone("already.");

    press(&mut window, "A new repository");
    let nowhere = world.path("nowhere");
    window.type_into("Folder for the new repository", nowhere.to_str().unwrap());
    window.type_into("Name of the new repository", "second");
    let home = world.home().display().to_string();
    press(&mut window, &format!("Stop backing up {home}"));
    window.wait_for("Nothing would be backed up");
    window.type_into("Folder or file to back up", &format!("{home}/docs"));
    press(&mut window, "Add path");
    window.click("Make the archive");
    window.wait_for("There is no such folder");
    assert!(!nowhere.exists());

    let disk = world.path("disk");
    window.type_into("Folder for the new repository", disk.to_str().unwrap());
    window.click("Make the archive");
    window.wait_for("The archive docs is made");
    let entry = world.catalog.config().archives.get(&name("docs")).unwrap();
    assert_eq!(entry.repository.as_str(), "second");
    assert_eq!(entry.specification.includes, [world.home().join("docs")]);
    assert!(entry.place.starts_with(&disk));

    window.click("Back up now");
    window.wait_for("1 snapshot, ");
    let found = world.catalog.archive(&name("docs")).unwrap();
    assert_eq!(found.archive.snapshots().unwrap().len(), 1);
}

#[test]
fn a_new_archive_is_made_by_keyboard_alone() {
    let world = world();
    world.with_archive();
    let mut window = world.open();
    window.keys(Modifiers::COMMAND, Key::N);
    window.wait_for("A new archive");
    let field = window.harness.get_by_label("Name of the archive");
    field.type_text("keys");
    window.steps(3);
    tab_to(&mut window, "Folders to leave out");
    let field = window.harness.get_by_label("Folders to leave out");
    field.type_text("build");
    window.key(Key::Enter);
    window.wait_for("build: 1 file");
    // What the first run proposes is there from the beginning.
    window.wait_for("node_modules: 7 files");
    // What the keyboard is on is in sight, however far down it stands.
    tab_to(&mut window, "Do not compress snapshots");
    window.steps(30);
    let place = |label| window.harness.get_by_label(label).rect();
    let last = place("Do not compress snapshots");
    assert!(last.max.y < place("Count again").min.y, "{last:?}");
    assert!(last.min.y > place("A new archive").max.y, "{last:?}");
    tab_to(&mut window, "Make the archive");
    window.key(Key::Enter);
    window.wait_for("The archive keys is made");
    let rules = saved(&world, "keys");
    assert_eq!(rules.includes, [world.home()]);
    assert!(rules.exclude_dirs.contains(&"build".to_owned()));
    let home = Some(world.home());
    for kind in LeftOut::ALL {
        assert!(kind.is_in(&rules, home.as_deref()), "{kind:?}");
    }
    tab_to(&mut window, "Later");
    window.key(Key::Space);
    window.wait_for("0 snapshots");
}

#[test]
fn an_archive_is_edited_by_keyboard_alone() {
    let world = world();
    world.with_archive();
    let mut window = world.open();
    window.keys(Modifiers::COMMAND, Key::Num2);
    window.wait_for("By these rules, as the disk is now");
    window.fill_in("Folders to leave out", "node_modules");
    window.key(Key::Enter);
    window.wait_for("node_modules: 7 files");
    assert!(saved(&world, "home").exclude_dirs.is_empty());
    window.press("Save changes");
    window.wait_until_gone("Unsaved changes");
    assert_eq!(saved(&world, "home").exclude_dirs, ["node_modules"]);
}

#[test]
fn an_archive_is_deleted_by_keyboard_alone() {
    let world = world();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let place = world.catalog.config().archives.get(&archive).unwrap().place;
    let mut window = world.open();
    window.keys(Modifiers::COMMAND, Key::Num2);
    window.press("Delete…");
    window.wait_for("That frees ");
    window.fill_in("Name to confirm", "home");
    assert!(place.exists());
    window.press("Delete the archive");
    window.wait_until_gone("Archive home");
    assert!(!place.exists());
    assert!(world.catalog.config().archives.names().unwrap().is_empty());
}

#[test]
fn the_preview_of_a_change_is_what_the_next_backup_stores() {
    let world = world();
    let archive = world.with_archive();
    let mut window = open(&world);
    window.type_into("Folders to leave out", "node_modules");
    press(&mut window, "Add folder rule");
    window.type_into("Files to leave out", "*.o");
    press(&mut window, "Add file rule");
    press(&mut window, "Leave out large files");
    window.type_into("Largest size", "100K");
    window.wait_for("*.o: 1 file, 11 B");
    window.wait_for("node_modules: 7 files, 42 B");
    window.wait_for("Leave out large files: 1 file, 293 KiB");
    window.wait_for("6 files, 5.9 KiB are backed up; 9 files, 293 KiB are left out");
    window.click("Save changes");
    window.wait_until_gone("Unsaved changes");
    let rules = saved(&world, "home");
    assert_eq!(rules.exclude_dirs, ["node_modules"]);
    assert_eq!(rules.exclude_files, ["*.o"]);
    assert_eq!(rules.exclude_larger_than, Some(100 << 10));

    let snapshot = world.back_up(&archive, "2026-11-25T11:00:00[UTC]");
    let found = world.catalog.archive(&archive).unwrap();
    let snapshot = Snapshot::open(&found.archive.path_of(snapshot)).unwrap();
    let totals = snapshot.header().totals;
    let stored = files_and_bytes(totals.files, totals.bytes);
    assert!(
        window.shows(&format!("{stored} are backed up;")),
        "{stored}"
    );
}

#[test]
fn what_each_rule_takes_away_is_what_the_engine_says() {
    let world = world();
    let mut rules = Specification::of(vec![world.home()]);
    rules.exclude_dirs = vec!["node_modules".into(), ".cache".into(), "none".into()];
    rules.exclude_files = vec!["*.o".into()];
    world.add_archive("home", rules.clone());
    let mut window = open(&world);
    let engine = survey(&rules, &[], &Monitor::new(), &mut |_| {}).unwrap();
    assert_eq!(engine.removed.len(), 3);
    for removed in &engine.removed {
        let glob = match &removed.reason {
            gibus::snapshot::matcher::Reason::DirectoryGlob { glob, .. }
            | gibus::snapshot::matcher::Reason::FileGlob { glob, .. } => glob.to_string(),
            other => panic!("{other:?}"),
        };
        let figures = files_and_bytes(removed.files, removed.bytes);
        window.wait_for(&format!("{glob}: {figures}"));
        press(&mut window, &format!("Show examples: {glob}"));
        let example = String::from_utf8(removed.examples[0].clone()).unwrap();
        window.wait_for(&example);
    }
    window.wait_for("none: nothing");
    let home = world.home().display().to_string();
    let held = engine.includes[0];
    window.wait_for(&format!(
        "{home}: {}",
        files_and_bytes(held.files, held.bytes)
    ));
}

#[test]
fn a_bad_glob_is_refused_while_it_is_typed() {
    let world = world();
    world.with_archive();
    let mut window = open(&world);
    window.type_into("Folders to leave out", "~/tmp");
    window.wait_for("'~' stands for nothing here");
    window.type_into("Folders to leave out", "a[");
    window.wait_for("Put a backslash before");
    window.key(Key::Enter);
    assert!(!window.shows("Unsaved changes"));
    window.type_into("Folders to leave out", "a");
    window.wait_until_gone("Put a backslash before");
    window.type_into("Files to leave out", "x/");
    window.wait_for("No file's name ends with a slash");
    assert!(saved(&world, "home").exclude_dirs.is_empty());
}

#[test]
fn an_include_that_is_missing_says_so_and_a_relative_one_is_refused() {
    let world = world();
    let gone = world.path("camera");
    world.add_archive("home", Specification::of(vec![world.home(), gone.clone()]));
    let mut window = open(&world);
    window.wait_for(&format!("{} is missing", gone.display()));
    window.type_into("Folder or file to back up", "docs");
    press(&mut window, "Add path");
    window.wait_for("It is not absolute");
    press(&mut window, &format!("Stop backing up {}", gone.display()));
    window.wait_until_gone("is missing");
}

#[test]
fn a_folder_is_added_from_the_system_dialog() {
    let world = world();
    world.add_archive("home", Specification::of(vec![world.home().join("docs")]));
    let mut window = open(&world);
    let chosen = world.home().join("web");
    window.picker.answers.lock().unwrap().push(chosen.clone());
    press(&mut window, "Choose…");
    window.wait_for(&format!("{}: 9 files", chosen.display()));
    window.wait_for("Unsaved changes");
}

#[test]
fn a_draft_stays_while_one_looks_elsewhere_and_can_be_reverted() {
    let world = world();
    world.with_archive();
    world.add_archive("web", Specification::of(vec![world.home().join("web")]));
    let mut window = open(&world);
    press(&mut window, "Leave out node_modules");
    window.wait_for("Unsaved changes");
    window.click("Archive web");
    window.wait_until_gone("Unsaved changes");
    window.wait_for("unsaved changes");
    window.click("Home");
    window.click("Archives");
    window.click("Archive home");
    window.wait_for("node_modules: 7 files");
    window.wait_for("Unsaved changes");
    window.click("Revert");
    window.wait_until_gone("nsaved changes");
    assert!(!window.shows("node_modules: 7 files"));
    assert!(saved(&world, "home").exclude_dirs.is_empty());
}

#[test]
fn a_draft_survives_a_change_from_elsewhere_which_is_said() {
    let world = world();
    let archive = world.with_archive();
    let mut window = open(&world);
    let change = |glob: &str| {
        let mut rules = saved(&world, "home");
        rules.exclude_files = vec![glob.to_owned()];
        world.catalog.change_archive(&archive, rules, None).unwrap();
    };
    change("*.o");
    window.key(Key::F5);
    window.wait_for("*.o: 1 file, 11 B");
    assert!(!window.shows("Unsaved changes"));
    press(&mut window, "Leave out node_modules");
    change("*.mkv");
    window.key(Key::F5);
    window.wait_for("The rules were changed by something else meanwhile");
    window.wait_for("node_modules: 7 files");
    window.click("Revert");
    window.wait_for("*.mkv: 1 file");
    window.wait_until_gone("changed by something else");
}

#[test]
fn the_tree_shows_what_is_left_out_and_why_and_changes_it() {
    let world = world();
    let mut rules = Specification::of(vec![world.home()]);
    rules.exclude_dirs = vec![".cache".into()];
    world.add_archive("home", rules);
    let mut window = open(&world);
    window.click("On the disk");
    window.wait_for(".cache, Left out by the rule for folders .cache");
    window.wait_for("home, Backed up");
    press(
        &mut window,
        ".cache, Left out by the rule for folders .cache",
    );
    window.click("Back this up");
    window.wait_for(".cache, Backed up");

    window.click("docs, Backed up");
    window.key(Key::ArrowRight);
    window.wait_for("film.mkv, Backed up");
    for _ in 0..5 {
        window.key(Key::ArrowDown);
    }
    window.click("Leave this out");
    let film = world.home().join("docs/film.mkv");
    window.wait_for(&format!(
        "film.mkv, Left out by the rule for files {}",
        film.display()
    ));
    window.key(Key::ArrowLeft);
    window.click("Save changes");
    window.wait_until_gone("Unsaved changes");
    let rules = saved(&world, "home");
    assert_eq!(rules.includes, [world.home(), world.home().join(".cache")]);
    assert_eq!(rules.exclude_files, [film.to_str().unwrap()]);
}

#[test]
fn why_a_file_is_not_backed_up_is_answered_with_its_last_saved_version() {
    let world = world();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut rules = saved(&world, "home");
    rules.exclude_dirs = vec!["node_modules".into()];
    world.catalog.change_archive(&archive, rules, None).unwrap();
    let mut window = open(&world);
    window.click("On the disk");
    let file = world.home().join("web/node_modules/left-pad/3.js");
    window.type_into("File or folder to ask about", file.to_str().unwrap());
    window.key(Key::Enter);
    window.wait_for(&format!("{} is not backed up.", file.display()));
    window.wait_for("Left out by the rule for folders node_modules.");
    window.wait_for("Last saved version: Fri 20 Nov 2026, 10:00, 6 B.");

    let other = world.home().join("docs/new.txt");
    window.type_into("File or folder to ask about", other.to_str().unwrap());
    window.click("Ask");
    window.wait_for("is not there now. It would be backed up.");
    window.wait_for("No version of it was ever saved");
}

#[test]
fn the_command_line_says_exactly_the_changes() {
    let world = world();
    world.with_archive();
    let mut window = open(&world);
    window.click("As a command line");
    window.wait_for("gibus archive preview home");
    assert!(!window.shows("gibus archive edit"));
    press(&mut window, "Leave out node_modules");
    press(&mut window, "Leave out caches");
    window.wait_for("gibus archive edit home --exclude-dir node_modules --exclude-caches");
}

#[test]
fn the_next_backups_can_go_to_another_repository() {
    let world = world();
    world.with_archive();
    let second = RepositoryName::new("second").unwrap();
    let disk = world.path("disk");
    let settings = Settings::default();
    let catalog = &world.catalog;
    catalog
        .create_repository(&second, Some(&disk), &settings)
        .unwrap();
    let mut window = open(&world);
    press(&mut window, "second");
    window.wait_for("which is still needed");
    window.click("Save changes");
    window.wait_until_gone("Unsaved changes");
    let entry = catalog.config().archives.get(&name("home")).unwrap();
    assert_eq!(entry.repository, second);
}

#[test]
fn an_archive_is_deleted_once_its_name_is_typed() {
    let world = world();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let place = world.catalog.config().archives.get(&archive).unwrap().place;
    let mut window = open(&world);
    window.click("Delete…");
    window.wait_for("Its one snapshot is lost");
    window.wait_for("That frees ");
    window.click("Delete the archive");
    window.wait_for("Delete the archive home?");
    window.click("As a command line");
    window.wait_for("gibus archive delete home --with-snapshots");
    window.type_into("Name to confirm", "home");
    window.click("Delete the archive");
    window.wait_until_gone("Archive home");
    assert!(!place.exists());
    assert!(world.catalog.config().archives.names().unwrap().is_empty());
}

#[test]
fn an_archive_that_is_only_forgotten_keeps_its_snapshots() {
    let world = world();
    let archive = world.with_archive();
    world.add_archive("web", Specification::of(vec![world.home().join("web")]));
    let snapshot = world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let found = world.catalog.archive(&archive).unwrap().archive;
    let mut window = open(&world);
    window.click("Delete…");
    window.click("Only forget it here");
    window.click("Forget it");
    window.wait_until_gone("Archive home");
    assert!(found.path_of(snapshot).exists());
    let names = world.catalog.config().archives.names().unwrap();
    assert_eq!(names, [name("web")]);
}

#[test]
fn deleting_snapshots_frees_what_was_said() {
    let world = world();
    // One file each: what lies on the disk is what was stored, to the byte.
    let main = RepositoryName::new("main").unwrap();
    let loose = Settings::new(Layout::Loose, Codec::Gzip, None).unwrap();
    let disk = world.path("disk");
    let made = world.catalog.create_repository(&main, Some(&disk), &loose);
    made.unwrap();
    let archive = world.with_archive();
    let snapshots: Vec<_> = (18..=22)
        .map(|day| {
            world.write("docs/changing", &format!("{day} ").repeat(20_000));
            world.back_up(&archive, &format!("2026-11-{day}T10:00:00[UTC]"))
        })
        .collect();
    let mut window = open(&world);
    window.click("Snapshots");
    window.wait_for("Wed 18 Nov 2026, 10:00, 16 files");
    // All but the newest two.
    window.type_into("Number of snapshots to keep", "2");
    window.key(Key::Enter);
    window.click("Choose the others");
    window.wait_for("3 snapshots chosen");
    window.click("Delete snapshots…");
    let monitor = Arc::new(Monitor::new());
    let catalog = &world.catalog;
    let plan = catalog.plan_deletion(&archive, &snapshots[..3], true);
    let effect = catalog.what_if_deleted(&[plan.unwrap()], &monitor).unwrap();
    assert_eq!(effect.repositories.freed_contents, 3);
    let said = format!(
        "That frees {}. The contents of 3 files",
        size(effect.freed_bytes().unsigned_abs())
    );
    window.wait_for(&said);
    let stored = || {
        let repository = catalog.repository(&main).unwrap().repository;
        repository.storage_stats(&monitor).unwrap().stored_bytes()
    };
    let before = stored();
    window.click("Delete 3 snapshots");
    window.wait_until_gone("Wed 18 Nov 2026, 10:00, 16 files");
    let freed = effect.repositories.freed_stored_bytes;
    assert_eq!(before - stored(), freed);
    let left = catalog.archive(&archive).unwrap().archive.snapshots();
    assert_eq!(left.unwrap(), snapshots[3..]);
}

#[test]
fn deleting_the_last_snapshots_asks_for_the_name() {
    let world = world();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.click("Snapshots");
    tab_to(&mut window, "Snapshots of the archive");
    window.key(Key::Space);
    window.wait_for("1 snapshot chosen");
    window.click("Delete snapshots…");
    window.wait_for("These are all snapshots of this archive");
    window.wait_for("That frees ");
    window.click("Delete 1 snapshot");
    window.wait_for("These are all snapshots of this archive");
    window.type_into("Name to confirm", "home");
    window.click("As a command line");
    window.wait_for("gibus delete --archive home --snapshot 2026-11-20-10-00-00 --allow-last");
    window.wait_for("gibus repo prune main");
    window.click("And give the space back (prune)");
    window.wait_until_gone("gibus repo prune main");
    window.click("Delete 1 snapshot");
    window.wait_for("No snapshots yet");
}

#[test]
fn what_is_compressed_together_with_what_stays_comes_back_by_repacking() {
    let world = world();
    let archive = world.with_archive();
    // So many, and in such an order, that whichever thread reads which, some that go are in a block with some that stay.
    let mut going = Vec::new();
    for number in 0..40 {
        // What hardly compresses.
        let letters = (0..3000_u32).map(|at| {
            let mixed = (at * 40 + number).wrapping_mul(2_654_435_761);
            char::from(33 + ((mixed ^ mixed >> 13) >> 9) as u8 % 90)
        });
        let text: String = letters.collect();
        let file = world.write(&format!("{number:02}.txt"), &text);
        if number * 7 % 5 < 2 {
            going.push(file);
        }
    }
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    going
        .iter()
        .for_each(|file| std::fs::remove_file(file).unwrap());
    world.back_up(&archive, "2026-11-21T10:00:00[UTC]");
    let main = RepositoryName::new("main").unwrap();
    let packs_to_repack = || {
        let monitor = Arc::new(Monitor::new());
        let planned = world
            .catalog
            .plan_prune(&main, PruneDepth::Pieces, &monitor);
        planned.unwrap().1.packs_to_repack
    };
    let mut window = open(&world);
    window.click("Snapshots");
    window.wait_for("Fri 20 Nov 2026, 10:00");
    window.type_into("Number of snapshots to keep", "1");
    window.key(Key::Enter);
    window.click("Choose the others");
    window.wait_for("1 snapshot chosen");
    window.click("Delete snapshots…");
    window.wait_for(&format!(
        "The contents of {} files are in no other snapshot",
        going.len()
    ));
    let catalog = &world.catalog;
    let oldest = &catalog
        .archive(&archive)
        .unwrap()
        .archive
        .snapshots()
        .unwrap()[..1];
    let plan = catalog.plan_deletion(&archive, oldest, false).unwrap();
    let effect = catalog.what_if_deleted(&[plan], &Monitor::new()).unwrap();
    let mixed_bytes = effect.repositories.mixed_bytes;
    assert!(mixed_bytes > 0);
    let repack = format!(
        "Repack, too: about {} more, which are compressed together with what stays",
        size(mixed_bytes)
    );
    window.wait_for(&repack);
    window.click("As a command line");
    window.wait_for("gibus repo prune main");
    window.click(&repack);
    window.wait_for("gibus repo prune main --repack");
    window.click("Delete 1 snapshot");
    window.wait_until_gone("Fri 20 Nov 2026, 10:00");
    window.wait_for("1 snapshot deleted, ");
    assert_eq!(packs_to_repack(), []);
}

#[test]
fn enter_on_a_snapshot_browses_it() {
    let world = world();
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = open(&world);
    window.click("Snapshots");
    tab_to(&mut window, "Snapshots of the archive");
    window.key(Key::Enter);
    window.wait_until("Browse is shown", |window| {
        window.harness.state().route() == gibus::gui::route::Route::Browse
    });
}

#[test]
fn an_archive_whose_disk_is_away_can_only_be_forgotten() {
    let world = world();
    let archive = world.with_archive();
    let place = world.catalog.config().archives.get(&archive).unwrap().place;
    let away = |from: &Path, to: &Path| std::fs::rename(from, to).unwrap();
    away(&world.path("disk"), &world.path("unplugged"));
    let mut window = open(&world);
    window.wait_for("Cannot be read");
    window.click("Snapshots");
    window.wait_for("Is the disk or share there that it is on?");
    window.click("Delete…");
    window.wait_for("There is no archive in that folder");
    window.type_into("Name to confirm", "home");
    window.click("Delete the archive");
    window.wait_for("Delete the archive home?");
    window.click("Only forget it here");
    window.wait_for("Forget it");
    window.key(Key::Escape);
    away(&world.path("unplugged"), &world.path("disk"));
    assert!(place.exists());
    window.key(Key::F5);
    window.wait_for("Never backed up");
}
