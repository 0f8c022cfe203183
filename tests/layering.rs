//! Reads the sources and keeps true what `ARCHITECTURE.md` says of them: who may use what.
//!
//! main → gui, cli → jobs → catalog → config, snapshot → repository → format, fs, progress, error; never the
//! other way, and `gui` and `cli` never name each other. `environment` makes the catalog for whoever is above
//! it. A test module at the end of a file may use what it likes.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path below `src/` with slashes, and its lines without comments and tests.
struct Source {
    name: String,
    whole: String,
    lines: Vec<(usize, String)>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(source(&root, path));
            }
        }
    }
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn source(root: &Path, path: PathBuf) -> Source {
    let whole = fs::read_to_string(&path).unwrap();
    let name = path
        .strip_prefix(root)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    // Files of tests, like the tests inside files, may do what the engine may not.
    let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
    let lines = whole
        .lines()
        .filter(|_| !is_test)
        .take_while(|line| line.trim_end() != "#[cfg(test)]")
        .enumerate()
        .map(|(index, line)| (index + 1, without_comment(line).to_owned()))
        .collect();
    Source { name, whole, lines }
}

fn without_comment(line: &str) -> &str {
    match line.trim_start() {
        trimmed if trimmed.starts_with("//") => "",
        _ => line,
    }
}

/// Whether `line` names `word`, standing alone on its left side.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_:.".contains(c))
    })
}

/// Fails if a file whose name does not pass `is_allowed` has a line that `finds` something.
fn only(is_allowed: impl Fn(&str) -> bool, what: &str, finds: impl Fn(&str) -> bool) {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_allowed(&source.name)) {
        for (number, line) in source.lines.iter().filter(|(_, line)| finds(line)) {
            wrong.push(format!("src/{}:{number}: {}", source.name, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

fn uses_crate(line: &str, name: &str) -> bool {
    names(line, &format!("{name}::")) || names(line, &format!("use {name};"))
}

fn is_above_the_engine(name: &str) -> bool {
    ["cli/", "gui/", "jobs/", "catalog/"]
        .iter()
        .any(|folder| name.starts_with(folder))
        || ["main.rs", "lib.rs", "environment.rs"].contains(&name)
}

#[test]
fn only_the_command_line_prints() {
    for print in ["println!", "eprintln!", "print!", "eprint!", "dbg!"] {
        let is_allowed = |name: &str| name.starts_with("cli/") || name == "main.rs";
        only(is_allowed, print, |line| names(line, print));
    }
}

#[test]
fn folders_are_listed_in_one_place() {
    // `rustix::fs::Dir` asks for less than a page at first; on some file systems names are missing then.
    for name in [
        "rustix::fs::Dir",
        "Dir::new",
        "Dir::read_from",
        "RawDir::new",
    ] {
        only(|file| file == "fs.rs", name, |line| names(line, name));
    }
}

#[test]
fn what_is_particular_to_the_command_line_stays_in_it() {
    let crates = [
        "clap",
        "clap_complete",
        "clap_mangen",
        "indicatif",
        "console",
        "signal_hook",
    ];
    for name in crates {
        only(
            |file| file.starts_with("cli/"),
            name,
            |line| uses_crate(line, name),
        );
    }
}

#[test]
fn what_is_particular_to_the_window_stays_in_it() {
    for name in ["egui", "eframe", "egui_plot", "lucide_icons"] {
        only(
            |file| file.starts_with("gui/"),
            name,
            |line| uses_crate(line, name),
        );
    }
    // In the process that writes backups no dialog of the desktop may be opened (see the file).
    only(
        |file| file == "gui/picker.rs",
        "rfd",
        |line| uses_crate(line, "rfd"),
    );
}

#[test]
fn what_is_drawn_every_frame_touches_no_disk() {
    let calls = [
        "std::fs",
        "fs::read",
        "fs::metadata",
        "File::",
        ".exists()",
        ".is_dir()",
        ".is_file()",
        ".metadata()",
        ".symlink_metadata()",
        ".read_dir()",
        ".canonicalize()",
    ];
    let may_touch = |file: &str| {
        // It lists folders while one types, on a thread.
        let completes_paths = file == "gui/widgets/path_field.rs";
        let is_drawn = ["/data.rs", "/ui.rs", "_ui.rs", "/charts.rs", "/strip.rs"]
            .iter()
            .any(|name| file.ends_with(name));
        let is_drawn = is_drawn || file.contains("/ui/") || file.starts_with("gui/widgets/");
        completes_paths || !is_drawn || !file.starts_with("gui/")
    };
    only(may_touch, "the disk", |line| {
        calls.iter().any(|call| line.contains(call))
    });
}

#[test]
fn screens_do_not_know_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gui/screens");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    let screens: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(screens.len() >= 7, "{screens:?}");
    for screen in &screens {
        let own = format!("gui/screens/{screen}/");
        for other in screens.iter().filter(|other| *other != screen) {
            let paths = [
                format!("screens::{other}"),
                format!("super::super::{other}"),
            ];
            only(
                |file| !file.starts_with(&own),
                other,
                |line| paths.iter().any(|path| line.contains(path)),
            );
        }
    }
}

#[test]
fn each_subject_has_one_file_that_owns_its_library() {
    let owners = [
        ("sha1", "format/digest.rs"),
        ("flate2", "format/compression.rs"),
        ("zstd", "format/compression.rs"),
        ("bincode", "format/encoding.rs"),
    ];
    for (library, owner) in owners {
        only(
            |file| file == owner,
            library,
            |line| uses_crate(line, library),
        );
    }
}

#[test]
fn walkdir_is_used_in_one_place() {
    let sources = sources();
    let users = |source: &&Source| {
        source
            .lines
            .iter()
            .any(|(_, line)| uses_crate(line, "walkdir"))
    };
    let users: Vec<&str> = sources
        .iter()
        .filter(users)
        .map(|source| source.name.as_str())
        .collect();
    assert!(users.len() <= 1, "{users:?}");
}

#[test]
fn the_environment_is_read_in_one_place_for_command_line_and_window() {
    let may_read =
        |file: &str| file.starts_with("cli/") || ["main.rs", "environment.rs"].contains(&file);
    only(may_read, "the environment", |line| {
        names(line, "env::var")
            || names(line, "std::env::")
            || names(line, "use std::env")
            || names(line, "env::current_dir")
    });
}

#[test]
fn the_engine_does_not_read_the_configuration() {
    let may_read = |file: &str| {
        is_above_the_engine(file) || file == "config.rs" || file.starts_with("config/")
    };
    only(may_read, "the configuration", |line| {
        names(line, "crate::config") || names(line, "use super::config")
    });
}

#[test]
fn no_layer_knows_the_ones_above_it() {
    // From the top; a layer may not name those before it.
    let order: [&[&str]; 8] = [
        &["gui/", "cli/"],
        &["environment.rs", "jobs/"],
        &["catalog/"],
        &["config/"],
        &["snapshot/"],
        &["repository/"],
        &["format/"],
        &["fs.rs", "error.rs", "progress.rs"],
    ];
    let mut above: Vec<&str> = Vec::new();
    for layers in order {
        for layer in layers {
            for module in &above {
                let is_elsewhere = |file: &str| !file.starts_with(layer);
                only(is_elsewhere, layer, |line| names_module(line, module));
            }
        }
        above.extend(layers);
    }
    for (layer, beside) in [
        ("gui/", "cli/"),
        ("cli/", "gui/"),
        ("jobs/", "environment.rs"),
        ("environment.rs", "jobs/"),
    ] {
        let is_elsewhere = |file: &str| !file.starts_with(layer);
        only(is_elsewhere, layer, |line| names_module(line, beside));
    }
}

/// Whether `line` names the module that is in `file`, a folder or a file below `src/`.
fn names_module(line: &str, file: &str) -> bool {
    let module = file.trim_end_matches(".rs").trim_end_matches('/');
    names(line, &format!("crate::{module}"))
}

#[test]
fn every_file_opens_by_saying_what_it_holds() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| !source.whole.starts_with("//! "))
        .map(|source| source.name)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn nothing_is_unsafe() {
    only(|_| false, "unsafe", |line| names(line, "unsafe "));
}
