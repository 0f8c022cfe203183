//! `gibus demo`, and the window that it offers in the end.

use std::fs;
use std::process::{Command, Stdio};

use crate::skip::skip_without_tools;
use crate::support::Home;

#[test]
fn the_demo_runs_from_beginning_to_end_and_touches_nothing_else() {
    let home = Home::new();
    for number in 0..120 {
        home.write(
            &format!("mine/{}/{number}.txt", number % 7),
            format!("file {number}\n").as_bytes(),
        );
    }
    fs::create_dir(home.path("tmp")).unwrap();
    let output = home
        .command(["demo", "mine"])
        .env("TMPDIR", home.path("tmp"))
        .env_remove("GIBUS_CONFIG_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.contains("120 files are the same, byte for byte"),
        "{text}"
    );
    assert!(text.contains("$ gibus backup -A demo --stats"), "{text}");
    let places: Vec<_> = fs::read_dir(home.path("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(places.len(), 1);
    assert!(
        text.contains(&format!("rm -r {}", places[0].display())),
        "{text}"
    );
    let config = places[0].join("config");
    let line = format!("gibus gui --config-dir {}", config.display());
    assert!(text.contains(&line), "{text}");
    assert!(!text.contains("[y/N]"), "nobody can be asked here: {text}");
    let mut here: Vec<_> = fs::read_dir(home.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    here.sort();
    assert_eq!(here, ["mine", "tmp"]);
    assert_eq!(fs::read(home.path("mine/0/0.txt")).unwrap(), b"file 0\n");
    home.gibus("demo nosuch").failure(1);
}

/// The demo on a terminal with a display that no window can open on, answered with `answer`.
fn on_a_terminal(home: &Home, answer: &str) -> String {
    home.write("mine/a.txt", b"a\n");
    let _ = fs::create_dir(home.path("tmp"));
    let demo = home.command(["demo", "mine"]);
    // `script` runs it on a terminal of its own, and types what it reads itself.
    let mut script = Command::new("script");
    let line = format!("{} demo mine", demo.get_program().display());
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(home.path("")).env_clear();
    for (name, value) in demo.get_envs() {
        script.env(name, value.unwrap());
    }
    script.env("TMPDIR", home.path("tmp"));
    script.env("DISPLAY", ":no-such-display");
    script.env("SHELL", "/bin/sh");
    let typed = home.write("typed", answer.as_bytes());
    script.stdin(Stdio::from(fs::File::open(typed).unwrap()));
    let output = script.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn on_a_terminal_the_window_is_offered_and_opened_only_after_a_yes() {
    if skip_without_tools(&["script"]) {
        return;
    }
    let home = Home::new();
    let text = on_a_terminal(&home, "n\n");
    assert!(text.contains("Open the window on it? [y/N]"), "{text}");
    assert!(!text.contains("could not open the window"), "{text}");
    let text = on_a_terminal(&home, "y\n");
    assert!(text.contains("could not open the window"), "{text}");
}
