//! `gibus repo unlock`: removes locks whose holders are gone for good.

use clap::Args;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::repository::lock::Holder;

/// Remove locks whose holders are gone
///
/// Locks left by a dead process on this computer need no unlocking. This is for those of another
/// computer that will not come back: make sure that nothing is at work there.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.repository(&options.name)?;
    let locks = found.repository.locks();
    let removed: Vec<String> = locks
        .remove_foreign(&locks.foreign()?)?
        .iter()
        .map(Holder::to_string)
        .collect();
    let remaining: Vec<String> = locks.holders()?.iter().map(Holder::to_string).collect();
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "unlock",
            name: found.name.to_string(),
            removed,
            remaining,
        })?;
        return Ok(Exit::Done);
    }
    for holder in &removed {
        context.out.tell(&format!("Removed the lock of {holder}"))?;
    }
    for holder in &remaining {
        context.out.tell(&format!(
            "Left the lock of {holder}: it is at work on this computer"
        ))?;
    }
    if removed.is_empty() && remaining.is_empty() {
        context.out.tell("There are no locks")?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    /// In words: who held them.
    removed: Vec<String>,
    remaining: Vec<String>,
}
