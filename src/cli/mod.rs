//! The command line: one file a command.
//!
//! - [`args`] the definitions, [`select`] and [`values`] what they share
//! - [`context`] what surrounds a command: what the user has, and how work runs under a monitor
//! - [`source`] the snapshots that are read from
//! - [`failure`] exit codes and errors, [`problems`] what went wrong with single files
//! - [`output`], [`human`], [`json`], [`entry`], [`plan`] what is printed and how
//! - [`progress`], [`signals`], [`watchdog`] what happens while work is going on
//! - every other module is the command of its name
//!
//! User wording lives here; what a command does is in [`crate::catalog`] and the engine, which return values
//! and errors.

pub mod archive;
pub mod args;
pub mod backup;
pub mod cat;
pub mod context;
pub mod delete;
pub mod demo;
pub mod diff;
pub mod duplicates;
pub mod entry;
pub mod exigency;
pub mod extract;
pub mod failure;
pub mod find;
pub mod generate;
pub mod growth;
pub mod gui;
pub mod json;
pub mod ls;
pub mod output;
pub mod paths;
pub mod pick;
pub mod plan;
pub mod problems;
pub mod progress;
pub mod repo;
pub mod restore;
pub mod select;
pub mod signals;
pub mod snapshots;
pub mod source;
pub mod usage;
pub mod values;
pub mod versions;
pub mod watchdog;
pub mod what_if;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Command, CommandLine};
use context::Context;
use failure::{Exit, Failure, Outcome};

use crate::human;

/// What is left to do after the command line.
#[derive(Debug)]
pub enum After {
    /// End with this code.
    Exit(u8),
    /// Open the window, on this configuration unless on the usual one.
    OpenWindow {
        config_dir: Option<PathBuf>,
        json: bool,
    },
    /// Show the desktop's dialog for a path.
    Pick(pick::Options),
}

/// Runs the command that `arguments` ask for (the program's own name first).
pub fn run(arguments: Vec<OsString>) -> After {
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return After::Exit(answer(&error, wants_json).code()),
    };
    raise_open_files_limit();
    match line.command {
        // The window has its own way with signals, and with shares that hang.
        None | Some(Command::Gui(_)) => After::OpenWindow {
            config_dir: line.global.config_dir,
            json: line.global.json,
        },
        Some(Command::Pick(options)) => After::Pick(options),
        Some(_) => After::Exit(run_line(&line).code()),
    }
}

/// Shows why the program cannot go on; the exit code.
pub fn fail(error: crate::error::Error, as_json: bool) -> u8 {
    let failure = Failure::from(error);
    failure::show(&failure, as_json);
    failure.exit().code()
}

fn run_line(line: &CommandLine) -> Exit {
    let outcome = start(line).and_then(|mut context| {
        let exit = run_command(line.command.as_ref(), &mut context)?;
        context.out.flush()?;
        Ok(exit)
    });
    outcome.unwrap_or_else(|failure: Failure| {
        failure::show(&failure, line.global.json);
        failure.exit()
    })
}

fn start(line: &CommandLine) -> Result<Context, Failure> {
    signals::listen()?;
    watchdog::start(line.global.patience, line.global.json)?;
    Ok(Context::new(&line.global)?)
}

fn run_command(command: Option<&Command>, context: &mut Context) -> Outcome {
    match command {
        // Taken out by `run`.
        None | Some(Command::Gui(_) | Command::Pick(_)) => Ok(Exit::Done),
        Some(Command::Repo(command)) => repo::run(command, context),
        Some(Command::Archive(command)) => archive::run(command, context),
        Some(Command::Backup(options)) => backup::run(options, context),
        Some(Command::Snapshots(options)) => snapshots::run(options, context),
        Some(Command::Ls(options)) => ls::run(options, context),
        Some(Command::Find(options)) => find::run(options, context),
        Some(Command::Versions(options)) => versions::run(options, context),
        Some(Command::Diff(options)) => diff::run(options, context),
        Some(Command::Usage(options)) => usage::run(options, context),
        Some(Command::Growth(options)) => growth::run(options, context),
        Some(Command::Duplicates(options)) => duplicates::run(options, context),
        Some(Command::Cat(options)) => cat::run(options, context),
        Some(Command::Extract(options)) => extract::run(options, context),
        Some(Command::Restore(options)) => restore::run(options, context),
        Some(Command::Delete(options)) => delete::run(options, context),
        Some(Command::WhatIf(command)) => what_if::run(command, context),
        Some(Command::Exigency(command)) => exigency::run(command, context),
        Some(Command::Demo(options)) => demo::run(options, context),
        Some(Command::Completions(options)) => generate::completions(options, context),
        Some(Command::Man(options)) => generate::man(options, context),
        Some(Command::NewRepo(options)) => repo::create::run(options, context),
        Some(Command::ListRepos(options)) => repo::list::run(options, context),
        Some(Command::RepoStats(options)) => repo::stats::run(options, context),
        Some(Command::Prune(options)) => repo::prune::run(options, context),
        Some(Command::Compress(options)) => repo::convert::run(options, context),
        Some(Command::NewArchive(options)) => archive::create::run(options, context),
        Some(Command::ListArchives(options)) => archive::list::run(options, context),
    }
}

/// What clap has to say: help and version on the standard output, wrong usage on the standard error.
fn answer(error: &clap::Error, as_json: bool) -> Exit {
    let is_wrong = error.use_stderr();
    if is_wrong && as_json {
        let text = error.render().to_string();
        let message = text.trim_end().trim_start_matches("error: ");
        failure::show_error(message, "usage", Exit::Usage, true);
    } else if error.print().is_err() && error.kind() != ErrorKind::DisplayHelp {
        // Nobody reads it; the exit code still says it.
    }
    if is_wrong { Exit::Usage } else { Exit::Done }
}

/// Many threads hold many files open; the usual limit of 1024 is made for other times. Where the limit
/// cannot be raised, work goes on with what there is.
fn raise_open_files_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const ENOUGH: u64 = 65_536;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum: limit.maximum,
        };
        let _ = setrlimit(Resource::Nofile, raised);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        CommandLine::command().debug_assert();
    }
}
