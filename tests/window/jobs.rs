//! Jobs: what is happening, and what came of it?

use std::fs;
use std::io::Write;

use egui::{Event, Key, Modifiers, Role, ViewportCommand, ViewportEvent, ViewportId};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::command::Command;
use gibus::gui::route::Route;
use gibus::snapshot::places::ArchiveName;
use gibus::snapshot::specification::Specification;
use jiff::{ToSpan, Zoned};

use crate::support::{Window, World};

fn soon() -> String {
    (Zoned::now() + 1.hour()).to_string()
}

/// Whether the table has a backup of `home` that ended so; when that was depends on the hour of the day.
fn has_row(window: &Window, result: &str) -> bool {
    let end = format!(": {result}");
    let mut labels = window.labels().into_iter();
    labels.any(|label| label.starts_with("Back up home, ") && label.ends_with(&end))
}

/// Clicks the row of this name; its cells have labels of their own.
fn click_row(window: &mut Window, name: &str) {
    let row = window.harness.get_by_role_and_label(Role::Row, name);
    row.click_accesskit();
    window.steps(3);
}

/// Adds this many mebibytes that do not compress.
fn grow(world: &World, name: &str, mebibytes: u64) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut file = fs::File::create(world.home().join(name)).unwrap();
    let mut block = Vec::with_capacity(1 << 20);
    for _ in 0..mebibytes {
        block.clear();
        while block.len() < 1 << 20 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block).unwrap();
    }
}

/// Starts backups of more and more until one of them is caught by `act` while it runs, which says so.
fn catch_running(
    window: &mut Window,
    world: &World,
    archive: &ArchiveName,
    act: impl Fn(&mut Window) -> bool,
) {
    for round in 0..6 {
        grow(world, &format!("large {round}"), 32 << round);
        let command = Command::BackUp(archive.clone());
        window.harness.state_mut().send(command);
        window.steps(2);
        if act(window) {
            return;
        }
        window.wait_until("nothing runs", |window| {
            !window.harness.state().jobs().is_any_running()
        });
    }
    panic!("no backup took long enough to be caught");
}

/// What the window has asked of its viewport in the last frame.
fn asked(window: &Window) -> Vec<ViewportCommand> {
    let output = window.harness.output();
    let root = output.viewport_output.get(&ViewportId::ROOT);
    root.map(|root| root.commands.clone()).unwrap_or_default()
}

#[test]
fn what_went_wrong_is_listed_with_what_to_do_and_can_be_excluded() {
    let world = World::new();
    world.write("a.txt", "one");
    let missing = world.path("home/not there");
    let includes = vec![world.home(), missing.clone()];
    world.add_archive("home", Specification::of(includes));
    let mut window = Window::open_at(&world, &soon());
    window.click("Back up home now");
    window.wait_for("The last backup left 1 file out");
    window.click("Jobs");
    window.wait_until("it has ended", |window| has_row(window, "1 problem"));
    window.wait_for("1 path that the archive names");
    window.wait_for("The archive names it, and it is not there");
    // It is the archive's own doing: no rule helps, and what does is a click away.
    click_row(&mut window, &missing.display().to_string());
    let exclude = window.harness.get_by_label("Exclude");
    assert!(exclude.accesskit_node().is_disabled());
    window.click("Show the archive");
    assert_eq!(window.harness.state().route(), Route::Archives);
}

#[test]
fn what_is_listed_can_be_excluded_with_one_press() {
    let world = World::new();
    world.write("a.txt", "one");
    let link = world.home().join("lost[1]");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    window.click("Back up home now");
    window.wait_for("Everything is backed up");
    window.click("Jobs");
    window.wait_for("1 file: could not back up the link: it leads nowhere");
    click_row(&mut window, &link.display().to_string());
    window.click("Exclude");
    let rules = || {
        world
            .catalog
            .archive(&home)
            .unwrap()
            .entry
            .specification
            .exclude_files
    };
    window.wait_until("the rule is there", |_| !rules().is_empty());
    let escaped = format!("{}/lost\\[1\\]", world.home().display());
    assert_eq!(rules(), [escaped]);
    // The next backup has nothing to say of it.
    window.click("Run again");
    window.wait_until("there are two rows", |window| {
        let jobs = window.harness.state().jobs();
        jobs.all().count() == 2 && !jobs.is_any_running()
    });
    window.wait_until_gone("it leads nowhere");
}

#[test]
fn a_rule_that_is_asked_for_is_in_the_archive_and_told() {
    let world = World::new();
    let file = world.write("a.txt", "one");
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    let rule = |path: &std::path::Path| Command::Exclude {
        archive: home.clone(),
        rule: gibus::gui::command::ExcludeRule::File(path.display().to_string()),
    };
    let other = world.path("home/b.txt");
    // Two at once, of which neither is lost.
    window.harness.state_mut().send(rule(&file));
    window.harness.state_mut().send(rule(&other));
    let rules = || {
        world
            .catalog
            .archive(&home)
            .unwrap()
            .entry
            .specification
            .exclude_files
    };
    window.wait_until("both rules are there", |_| rules().len() == 2);
    window.harness.state_mut().send(rule(&file));
    window.steps(10);
    assert_eq!(rules().len(), 2);
}

#[test]
fn the_history_is_there_in_a_new_window() {
    let world = World::new();
    world.write("a.txt", "one");
    let missing = world.path("home/not there");
    world.add_archive(
        "home",
        Specification::of(vec![world.home(), missing.clone()]),
    );
    let mut window = Window::open_at(&world, &soon());
    window.click("Back up home now");
    window.wait_for("The last backup left 1 file out");
    let history = world.path("config/history.jsonl");
    window.wait_until("the history is written", |_| {
        fs::read_to_string(&history).is_ok_and(|text| text.ends_with('\n'))
    });
    drop(window);
    let mut window = Window::open_at(&world, &(Zoned::now() + 2.hours()).to_string());
    window.keys(Modifiers::COMMAND, Key::Num6);
    window.wait_until("it has ended", |window| has_row(window, "1 problem"));
    window.wait_for(&missing.display().to_string());
    window.click("As a command line");
    window.wait_for("gibus backup -A home");
    // And it can be done again, with the keyboard.
    fs::create_dir(&missing).unwrap();
    window.press("Run again");
    window.wait_until("it has ended", |window| has_row(window, "Done"));
    window.tab_to("Jobs that have ended");
    window.key(Key::ArrowDown);
    window.wait_for("1 path that the archive names");
    window.key(Key::ArrowUp);
    window.wait_until_gone("1 path that the archive names");
    window.press("Browse the snapshot");
    assert_eq!(window.harness.state().route(), Route::Browse);
}

#[test]
fn a_backup_can_be_cancelled_and_says_so() {
    let world = World::new();
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    window.click("Jobs");
    catch_running(&mut window, &world, &home, |window| {
        let cancel = window.harness.query_by_label("Cancel: Back up home");
        if let Some(cancel) = cancel {
            cancel.click();
        }
        window.wait_until("it has ended", |window| {
            !window.harness.state().jobs().is_any_running()
        });
        window.steps(3);
        window.shows("Stopped. What was there before is unharmed.")
    });
    // The next one is whole.
    window.click("Run again");
    window.wait_until("it has ended", |window| has_row(window, "Done"));
}

#[test]
fn a_backup_is_cancelled_by_keyboard_alone() {
    let world = World::new();
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    window.keys(Modifiers::COMMAND, Key::Num6);
    catch_running(&mut window, &world, &home, |window| {
        // It may end before the keyboard is there; that is no fault of Tab.
        while window.harness.state().jobs().is_any_running() {
            let cancel = window.harness.query_by_label("Cancel: Back up home");
            if cancel.is_some_and(|cancel| cancel.is_focused()) {
                window.key(Key::Enter);
                break;
            }
            window.key(Key::Tab);
        }
        window.wait_until("it has ended", |window| {
            !window.harness.state().jobs().is_any_running()
        });
        window.steps(3);
        window.shows("Stopped. What was there before is unharmed.")
    });
    window.press("Run again");
    window.wait_until("it has ended", |window| has_row(window, "Done"));
}

#[test]
fn a_running_backup_is_seen_in_home_and_cancelled_there() {
    let world = World::new();
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    catch_running(&mut window, &world, &home, |window| {
        let is_seen = window.shows("Progress of the backup of home");
        if is_seen {
            let again = window.harness.get_by_label("Back up home now");
            assert!(again.accesskit_node().is_disabled());
            window
                .harness
                .get_by_label("Cancel the backup of home")
                .click();
        }
        window.wait_until("it has ended", |window| {
            !window.harness.state().jobs().is_any_running()
        });
        let jobs = window.harness.state().jobs();
        let is_stopped = jobs.all().next().is_some_and(|job| job.error().is_some());
        is_seen && is_stopped
    });
    window.wait_for("Never backed up");
}

#[test]
fn closing_the_window_asks_while_a_job_runs() {
    let world = World::new();
    let home = world.with_archive();
    let mut window = Window::open_at(&world, &soon());
    catch_running(&mut window, &world, &home, |window| {
        // A dialog that is open already does not keep the question from being asked.
        window.key(Key::F1);
        let viewports = &mut window.harness.input_mut().viewports;
        let root = viewports.entry(ViewportId::ROOT).or_default();
        root.events.push(ViewportEvent::Close);
        window.steps(1);
        let is_kept = asked(window).contains(&ViewportCommand::CancelClose);
        let viewports = &mut window.harness.input_mut().viewports;
        viewports
            .entry(ViewportId::ROOT)
            .or_default()
            .events
            .clear();
        window.steps(2);
        if !is_kept || !window.shows("Something is still running") {
            return false;
        }
        window.click("Keep running");
        window.key(Key::Escape);
        let is_running = window.harness.state().jobs().is_any_running();
        if is_running {
            window.keys(Modifiers::COMMAND, Key::Q);
        }
        if !window.shows("Stop and quit") {
            return false;
        }
        window.harness.get_by_label("Stop and quit").click();
        window.steps(1);
        let mut is_closed = false;
        for _ in 0..3 {
            is_closed |= asked(window).contains(&ViewportCommand::Close);
            window.steps(1);
        }
        assert!(is_closed);
        true
    });
    window.wait_until("it has ended", |window| {
        !window.harness.state().jobs().is_any_running()
    });
}

#[test]
fn with_nothing_running_the_window_closes_at_once() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    // Each event is a frame of its own: the answer is looked for right after the one that matters.
    let modifiers = Modifiers::COMMAND;
    let input = window.harness.input_mut();
    input.events.push(Event::Key {
        key: Key::Q,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    });
    window.steps(1);
    assert!(asked(&window).contains(&ViewportCommand::Close));
    assert!(!window.shows("Something is still running"));
}
