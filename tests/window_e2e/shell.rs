//! Opening and closing, keys, being one of its kind, and doing nothing while nothing happens.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::desktop::Desktop;

#[test]
fn keys_switch_screens_and_quit() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    desktop.configure();
    let mut window = desktop.open();
    for number in (1..=7).rev() {
        let before = window.picture();
        window.key(&format!("ctrl+{number}"));
        window.wait_until(&format!("screen {number} is shown"), |window| {
            window.picture() != before
        });
    }
    window.key("ctrl+q");
    assert_eq!(window.wait_for_end().code(), Some(0));
}

#[test]
fn the_close_button_closes_it_and_what_is_remembered_is_written() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    desktop.configure();
    let window = desktop.open();
    window.press_close_button();
    assert_eq!(window.wait_for_end().code(), Some(0));
    let remembered = fs::read_to_string(desktop.config().join("window.toml")).unwrap();
    assert!(
        remembered.contains("size = [1180.0, 780.0]"),
        "{remembered}"
    );
}

#[test]
fn a_screen_reader_finds_the_screens_and_a_click_there_shows_them() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    desktop.configure();
    let mut window = desktop.open();
    let before = window.picture();
    window.click("Exigency");
    window.wait_until("the screen is another one", |window| {
        window.picture() != before
    });
    window.wait_for("I have lost everything");
}

#[test]
fn a_second_window_on_the_same_configuration_says_so() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    let _first = desktop.open();
    let second = desktop.gibus("gui").output().unwrap();
    assert_eq!(second.status.code(), Some(11));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.starts_with("gibus: could not open the window: it is open already"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(second.stdout.is_empty());
}

#[test]
fn without_a_display_it_says_so_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    for display in [None, Some(":no-such-display")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gibus"));
        command.env_clear().env("HOME", home.path());
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.starts_with("gibus: could not open the window: "),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn while_nothing_happens_it_does_nothing() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    desktop.configure();
    let mut window = desktop.open();
    // Ticks of the processor, and not time: how busy the computer is makes no difference.
    let ticks = |process: u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let after_name = stat.rsplit(") ").next().unwrap();
        let fields: Vec<&str> = after_name.split(' ').collect();
        let (in_program, in_system): (u64, u64) =
            (fields[11].parse().unwrap(), fields[12].parse().unwrap());
        in_program + in_system
    };
    let process = window.process_id();
    let period = Duration::from_secs(4);
    // It settles first: fonts, the configuration, a note that goes away again.
    window.wait_until("it has come to rest", |_| {
        let (before, since) = (ticks(process), Instant::now());
        while since.elapsed() < period {
            thread::sleep(Duration::from_millis(200));
        }
        ticks(process) - before <= 1
    });
    let before = ticks(process);
    thread::sleep(2 * period);
    let used = ticks(process) - before;
    assert!(used <= 1, "{used} ticks in {period:?} times two");
}
