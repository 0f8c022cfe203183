//! What surrounds the screens: the sidebar, keys, dialogs.

use egui::{Key, Modifiers};
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
