//! `gibus repo show`: what a repository is, and where.

use clap::Args;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::human::size;
use crate::cli::json::JsonRepository;
use crate::cli::output::facts;
use crate::fs::escaped_path;
use crate::repository::lock::Holder;
use crate::snapshot::places::ArchiveName;

/// Show what a repository is, and where
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.repository(&options.name)?;
    let archives = context.config().archives_of(&found.name)?;
    let archives: Vec<String> = archives.iter().map(ArchiveName::to_string).collect();
    let holders = found.repository.locks().holders()?;
    let holders: Vec<String> = holders.iter().map(Holder::to_string).collect();
    let space = found.repository.storage().space()?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repository",
            repository: JsonRepository::new(&found.name, &found.repository),
            archives,
            locks: holders,
            disk_bytes: space.total,
            free_bytes: space.free,
        })?;
        return Ok(Exit::Done);
    }
    let settings = found.repository.settings();
    let level = match settings.level {
        0 => String::new(),
        level => format!(", level {level}"),
    };
    let lines = facts(&[
        ("Repository", found.name.to_string()),
        ("Place", escaped_path(found.repository.place()).to_string()),
        ("Id", found.repository.id().to_string()),
        ("Layout", settings.layout.name().to_owned()),
        ("Codec", format!("{}{level}", settings.codec.name())),
        (
            "Archives",
            match archives.is_empty() {
                true => "none".to_owned(),
                false => archives.join(", "),
            },
        ),
        (
            "At work now",
            match holders.is_empty() {
                true => "nobody".to_owned(),
                false => holders.join("; "),
            },
        ),
        (
            "Disk",
            format!("{} free of {}", size(space.free), size(space.total)),
        ),
    ]);
    for line in lines {
        context.out.line(&line)?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    repository: JsonRepository,
    /// Their names.
    archives: Vec<String>,
    /// Who is at work, in words.
    locks: Vec<String>,
    disk_bytes: u64,
    free_bytes: u64,
}
