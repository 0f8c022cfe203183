//! `gibus completions` and `gibus man`: made from the definitions of the command line, for packages.

use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;

use super::args::CommandLine;
use super::context::Context;
use super::failure::{Exit, Outcome};
use crate::error::Context as _;
use crate::fs::escaped_path;

/// Print the completions of a shell
#[derive(Args, Debug)]
pub struct CompletionsOptions {
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Write the man pages into a folder
#[derive(Args, Debug)]
pub struct ManOptions {
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

pub fn completions(options: &CompletionsOptions, context: &mut Context) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut CommandLine::command(),
        "gibus",
        &mut script,
    );
    context.out.raw().write_all(&script)?;
    Ok(Exit::Done)
}

/// One page a command: `gibus.1`, `gibus-repo-create.1` and so on.
pub fn man(options: &ManOptions, context: &mut Context) -> Outcome {
    std::fs::create_dir_all(&options.dir).context("make the folder", &options.dir)?;
    clap_mangen::generate_to(CommandLine::command(), &options.dir)
        .context("write the man pages into", &options.dir)?;
    let dir = escaped_path(&options.dir);
    context
        .out
        .tell(&format!("Wrote the man pages into {dir}"))?;
    Ok(Exit::Done)
}
