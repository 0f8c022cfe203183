//! `gibus repo …`: one file a command.

pub mod adopt;
pub mod check;
pub mod convert;
pub mod create;
pub mod delete;
pub mod list;
pub mod prune;
pub mod repair;
pub mod show;
pub mod stats;
pub mod unlock;

use clap::Subcommand;

use super::context::Context;
use super::failure::Outcome;

#[derive(Debug, Subcommand)]
pub enum Command {
    Create(create::Options),
    #[command(visible_alias = "ls")]
    List(list::Options),
    Show(show::Options),
    Stats(stats::Options),
    Check(check::Options),
    Prune(prune::Options),
    Convert(convert::Options),
    Repair(repair::Options),
    Unlock(unlock::Options),
    Delete(delete::Options),
    Adopt(adopt::Options),
}

pub fn run(command: &Command, context: &mut Context) -> Outcome {
    match command {
        Command::Create(options) => create::run(options, context),
        Command::List(options) => list::run(options, context),
        Command::Show(options) => show::run(options, context),
        Command::Stats(options) => stats::run(options, context),
        Command::Check(options) => check::run(options, context),
        Command::Prune(options) => prune::run(options, context),
        Command::Convert(options) => convert::run(options, context),
        Command::Repair(options) => repair::run(options, context),
        Command::Unlock(options) => unlock::run(options, context),
        Command::Delete(options) => delete::run(options, context),
        Command::Adopt(options) => adopt::run(options, context),
    }
}
