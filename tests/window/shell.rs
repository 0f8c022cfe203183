//! What surrounds the screens: the sidebar, keys, dialogs.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use gibus::gui::command::{Command, Tone};
use gibus::gui::route::Route;

use crate::support::World;

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
