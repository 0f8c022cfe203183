//! `gibus archive …`: one file a command.

pub mod adopt;
pub mod create;
pub mod delete;
pub mod edit;
mod editor;
pub mod explain;
pub mod list;
pub mod preview;
mod rules;
pub mod show;

use clap::Subcommand;

use super::context::Context;
use super::failure::Outcome;

#[derive(Debug, Subcommand)]
pub enum Command {
    Create(create::Options),
    #[command(visible_alias = "ls")]
    List(list::Options),
    Show(show::Options),
    Edit(edit::Options),
    Explain(explain::Options),
    Preview(preview::Options),
    Delete(delete::Options),
    Adopt(adopt::Options),
}

pub fn run(command: &Command, context: &mut Context) -> Outcome {
    match command {
        Command::Create(options) => create::run(options, context),
        Command::List(options) => list::run(options, context),
        Command::Show(options) => show::run(options, context),
        Command::Edit(options) => edit::run(options, context),
        Command::Explain(options) => explain::run(options, context),
        Command::Preview(options) => preview::run(options, context),
        Command::Delete(options) => delete::run(options, context),
        Command::Adopt(options) => adopt::run(options, context),
    }
}
