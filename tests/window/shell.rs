//! What surrounds the screens: the sidebar, keys, dialogs.

use egui::{Event, Key, Modifiers, Role, ThemePreference, ViewportCommand, ViewportId};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::command::{Action, Command, Tone};
use gibus::gui::route::Route;
use gibus::gui::settings::{Settings, ThemeChoice};

use crate::support::{Window, World};

#[test]
fn every_screen_is_reached_with_the_mouse_and_with_a_key() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    let keys = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
    ];
    for (route, key) in Route::ALL.into_iter().zip(keys) {
        window.click(route.title());
        assert_eq!(window.harness.state().route(), route);
        window.click(Route::Home.title());
        window.keys(Modifiers::COMMAND, key);
        assert_eq!(window.harness.state().route(), route);
    }
}

#[test]
fn all_keys_are_listed() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    window.key(Key::F1);
    window.wait_for("Back up everything now");
    for action in Action::ALL {
        let line = format!("{}: {}", action.label(), action.explanation());
        assert!(window.shows(&line), "{line}");
    }
    window.key(Key::Escape);
    window.wait_until_gone("Back up everything now");
}

#[test]
fn what_was_done_is_said_where_a_screen_reader_finds_it_and_can_be_closed() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    let told = "The archive is changed";
    window
        .harness
        .state_mut()
        .send(Command::Tell(Tone::Good, told.to_owned()));
    window.wait_for(told);
    let status = window.harness.get_by_role(Role::Status);
    assert_eq!(status.accesskit_node().label().as_deref(), Some(told));
    window.click("Close this message");
    window.wait_until_gone(told);

    // By itself it goes after some seconds of the window's own time.
    let app = window.harness.state_mut();
    app.send(Command::Tell(Tone::Information, told.to_owned()));
    window.wait_for(told);
    window.harness.input_mut().time = Some(1e6);
    window.wait_until_gone(told);
}

/// How large everything is drawn, in percent.
fn percent(window: &Window) -> i32 {
    (window.harness.ctx.zoom_factor() * 100.0).round() as i32
}

/// Waits until this is written down for the next window.
fn wait_until_remembered(window: &mut Window, world: &World, is_so: impl Fn(&Settings) -> bool) {
    let config_dir = world.catalog.config_dir.clone();
    window.wait_until("the settings are written", |_| {
        is_so(&Settings::load(&config_dir))
    });
}

#[test]
fn theme_and_size_are_remembered_by_the_next_window() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    assert_eq!(percent(&window), 100);
    window.keys(Modifiers::COMMAND, Key::Comma);
    window.click("Dark");
    let slider = window.harness.get_by_role(Role::Slider);
    slider.set_value_accesskit(1.25);
    window.steps(3);
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Dark);
    assert_eq!(percent(&window), 125);
    wait_until_remembered(&mut window, &world, |settings| {
        settings.theme == ThemeChoice::Dark && settings.scale == 1.25
    });
    drop(window);

    let window = world.open();
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Dark);
    let preference = window
        .harness
        .ctx
        .options(|options| options.theme_preference);
    assert_eq!(preference, ThemePreference::Dark);
    assert_eq!(percent(&window), 125);
}

#[test]
fn keys_change_the_size_also_while_a_dialog_is_open() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    window.keys(Modifiers::COMMAND, Key::Plus);
    assert_eq!(percent(&window), 110);
    window.keys(Modifiers::COMMAND, Key::Minus);
    window.keys(Modifiers::COMMAND, Key::Minus);
    assert_eq!(percent(&window), 90);
    window.keys(Modifiers::COMMAND, Key::Num0);
    assert_eq!(percent(&window), 100);

    window.keys(Modifiers::COMMAND, Key::Comma);
    window.wait_for("Where things are");
    window.keys(Modifiers::COMMAND, Key::Equals);
    window.keys(Modifiers::COMMAND, Key::Plus);
    assert_eq!(percent(&window), 120);
    // The slider of the dialog follows.
    window.wait_for("120 %");
    wait_until_remembered(&mut window, &world, |settings| settings.scale == 1.2);
    // Other keys wait until it is closed.
    window.keys(Modifiers::COMMAND, Key::Num3);
    assert_eq!(window.harness.state().route(), Route::Home);
    window.keys(Modifiers::COMMAND, Key::Minus);
    window.keys(Modifiers::COMMAND, Key::Num0);
    assert_eq!(percent(&window), 100);
    assert!(window.shows("Where things are"));
}

#[test]
fn a_key_quits_while_a_dialog_is_open() {
    let world = World::new();
    world.with_archive();
    let mut window = world.open();
    window.key(Key::F1);
    window.wait_for("Keyboard shortcuts");
    let input = window.harness.input_mut();
    input.events.push(Event::Key {
        key: Key::Q,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND,
    });
    window.steps(1);
    let output = window.harness.output();
    let root = output.viewport_output.get(&ViewportId::ROOT).unwrap();
    assert!(root.commands.contains(&ViewportCommand::Close));
}

#[test]
fn every_screen_says_what_to_type_for_the_same() {
    let world = World::new();
    world.write("a.txt", "one");
    let archive = world.with_archive();
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = world.open();
    for route in Route::ALL {
        window.click(route.title());
        window.wait_for("As a command line");
        assert!(!window.has_line("gibus "), "{route:?}");
        window.click("As a command line");
        window.wait_until(&format!("{route:?} shows a line"), |window| {
            window.has_line("gibus ")
        });
        window.click("As a command line");
        window.wait_until("it is folded", |window| !window.has_line("gibus "));
    }
}

#[test]
fn who_has_no_archive_is_told_how_to_set_one_up_by_hand() {
    let world = World::new();
    let mut window = world.open();
    window.click("As a command line");
    window.wait_for("gibus repo create main");
    let home = world.home().display().to_string();
    window.wait_for(&format!(
        "gibus archive create home --repo main --include {home}"
    ));
    window.wait_for("gibus backup -A home");
    window.click(Route::Statistics.title());
    window.wait_for("gibus archive list");
}
