//! How many instructions the engine's hot paths take, counted by valgrind: figures that a busy machine does not disturb,
//! compared with those that are checked in.
//!
//! ```sh
//! cargo bench --bench instructions [-- NAME...] [--save] [--profiles DIR] [--list]
//! ```
//!
//! Each path is prepared in this process, in a folder of its own, and then run by another one under `callgrind`
//! ([`count`]). The exit code is 1 when a path takes more than a tenth more than its figure says.

mod count;
mod figures;
mod made;
mod paths;

use std::path::PathBuf;
use std::process::ExitCode;

use figures::{Figure, Figures, Row};
use paths::{HotPath, PATHS};

/// How often each is counted before it is saved; the figure is the middle one.
const ROUNDS_TO_SAVE: usize = 3;

#[derive(Default)]
struct Options {
    /// Only paths whose name contains one of these; all if there is none.
    names: Vec<String>,
    saves: bool,
    lists: bool,
    /// Where callgrind's profiles are kept.
    profiles: Option<PathBuf>,
    /// This process is the one that is counted: runs the path of this name, prepared in this folder.
    counted: Option<(String, PathBuf)>,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let outcome = match &options.counted {
        Some((name, place)) => run_counted(name, place).map(|()| true),
        None if options.lists => {
            for path in PATHS {
                println!("{:<20} {}", path.name, path.what);
            }
            Ok(true)
        }
        None => count_all(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} of what?"));
        match argument.as_str() {
            // Cargo says so of its own accord.
            "--bench" => {}
            "--save" => options.saves = true,
            "--list" => options.lists = true,
            "--profiles" => options.profiles = Some(value()?.into()),
            "--counted" => options.counted = Some((value()?, value()?.into())),
            _ if argument.starts_with('-') => return Err(format!("unknown option {argument}")),
            _ => options.names.push(argument),
        }
    }
    Ok(options)
}

fn run_counted(name: &str, place: &std::path::Path) -> Result<(), String> {
    let path = PATHS.iter().find(|path| path.name == name);
    let path = path.ok_or(format!("there is no path {name}"))?;
    (path.run)(place).map_err(|e| e.to_string())
}

/// Returns whether no path is much worse than its figure.
fn count_all(options: &Options) -> Result<bool, String> {
    let valgrind = count::valgrind_version()?;
    count::stay_on_one_processor();
    if let Some(folder) = &options.profiles {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let mut figures = Figures::read()?;
    let here = figures::Conditions::here(valgrind);
    if !options.saves {
        figures.tell_differences(&here);
    } else if !options.names.is_empty() && !figures.are_of(&here) {
        return Err("the figures were made with something else: save all of them".to_owned());
    }
    let is_asked = |path: &&HotPath| {
        let names = &options.names;
        names.is_empty() || names.iter().any(|name| path.name.contains(name.as_str()))
    };
    let rounds = if options.saves { ROUNDS_TO_SAVE } else { 1 };
    let mut is_fine = true;
    figures::print_heading();
    for path in PATHS.iter().filter(is_asked) {
        let mut counts = Vec::new();
        for _ in 0..rounds {
            counts.push(count_one(path, options)?);
        }
        let row = Row::new(path.name, Figure::of(&mut counts), figures.get(path.name));
        row.print();
        is_fine &= !row.is_much_worse();
        if options.saves {
            figures.set(path.name, row.counted);
        }
    }
    if options.saves {
        figures.write(&here)?;
        return Ok(true);
    }
    Ok(is_fine)
}

fn count_one(path: &HotPath, options: &Options) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|e| format!("make a folder: {e}"))?;
    let place = folder.path().join("prepared");
    std::fs::create_dir(&place).map_err(|e| format!("make a folder: {e}"))?;
    (path.prepare)(&place).map_err(|e| format!("prepare {}: {e}", path.name))?;
    count::count(
        path.name,
        &place,
        folder.path(),
        options.profiles.as_deref(),
    )
}
