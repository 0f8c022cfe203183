//! Help, wrong usage, the names of the original's commands, man pages and completions.

use std::fs;

use crate::support::Home;

const COMMANDS: [&str; 18] = [
    "repo",
    "archive",
    "backup",
    "snapshots",
    "ls",
    "find",
    "versions",
    "diff",
    "usage",
    "growth",
    "duplicates",
    "cat",
    "extract",
    "restore",
    "delete",
    "exigency",
    "demo",
    "gui",
];

#[test]
fn help_names_every_command_and_exit_code() {
    let home = Home::new();
    let run = home.gibus("--help");
    let help = run.expect(0);
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
        home.gibus(&format!("{command} --help")).expect(0);
    }
    for code in ["0 ", "1 ", "2 ", "3 ", "10 ", "11 ", "130 "] {
        assert!(help.contains(&format!("\n  {code}")), "{code}: {help}");
    }
    assert!(run.stderr.is_empty());
}

#[test]
fn the_original_names_of_commands_work() {
    let home = Home::new();
    let aliases = [
        "new_repo",
        "new",
        "bu",
        "lss",
        "la",
        "lr",
        "del",
        "ldc",
        "repo_stats",
        "prune",
        "compress",
    ];
    for alias in aliases {
        home.gibus(&format!("{alias} --help")).expect(0);
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let home = Home::new();
    for line in [
        "nonsense",
        "backup",
        "ls",
        "ls -A a --back 1 --snapshot x",
        "ls -A a --exigency x",
        "ls -A a --repository x",
        "restore -A a",
        "restore -A a --all /x",
        "delete -A a --all-but-newest 0",
        "delete -A a --all-but-newest 2 --back 1",
        "snapshots -A a --build-stats --storage-stats",
        "repo create",
        "repo create a/b",
        "repo create ..",
        "repo create r --layout heap",
        "archive create a --repo r",
        "archive create a --repo r --include /x --exclude-larger-than big",
        "backup -A a --wait soon",
        "usage -A a --sort shared",
        "usage -A a --by colour",
        "growth -A a --depth 0",
        "duplicates -A a --limit none",
    ] {
        let run = home.gibus(line);
        assert_eq!(run.code, Some(2), "{line}: {run:?}");
        assert!(
            run.stdout.is_empty() && !run.stderr.is_empty(),
            "{line}: {run:?}"
        );
    }
    assert!(!home.path("config").exists());
}

#[test]
fn wrong_usage_is_json_where_json_is_wanted() {
    let home = Home::new();
    let run = home.gibus("ls --json");
    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(run.code, Some(2));
    assert_eq!(error["message_type"], "error");
    assert_eq!(error["code"], 2);
    assert_eq!(error["kind"], "usage");
}

#[test]
fn the_window_says_that_it_does_not_exist_yet() {
    let home = Home::new();
    for line in ["", "gui"] {
        let run = home.gibus(line);
        assert_eq!(run.code, Some(1));
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        assert!(run.stderr.contains("gibus demo"), "{run:?}");
    }
}

#[test]
fn man_pages_are_made_for_every_command_that_is_shown() {
    let home = Home::new();
    home.gibus("man pages").expect(0);
    for page in [
        "gibus.1",
        "gibus-backup.1",
        "gibus-repo-create.1",
        "gibus-exigency-scan.1",
    ] {
        let text = fs::read_to_string(home.path("pages").join(page)).unwrap();
        assert!(text.starts_with(".ie"), "{page}");
    }
    assert!(!home.path("pages/gibus-new_repo.1").exists());
    assert!(!home.path("pages/gibus-man.1").exists());
}

#[test]
fn completions_are_made_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = home.gibus(&format!("completions {shell}"));
        assert!(run.expect(0).contains("exclude-larger-than"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let line = format!(
        "{} completions bash | head -c 1",
        env!("CARGO_BIN_EXE_gibus")
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {line}")])
        .env("HOME", home.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_full_disk_behind_the_output_is_an_error() {
    let home = Home::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = home
        .command(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("no space left"), "{message}");
}

#[test]
fn packages_get_their_man_pages_and_completions_from_one_script() {
    let home = Home::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/generate.sh");
    let output = std::process::Command::new("sh")
        .arg(script)
        .arg(home.path("usr"))
        .arg(env!("CARGO_BIN_EXE_gibus"))
        .env("HOME", home.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    for file in [
        "share/man/man1/gibus-backup.1",
        "share/bash-completion/completions/gibus",
        "share/zsh/vendor-completions/_gibus",
        "share/fish/vendor_completions.d/gibus.fish",
    ] {
        assert!(
            home.path("usr").join(file).metadata().unwrap().len() > 0,
            "{file}"
        );
    }
}
