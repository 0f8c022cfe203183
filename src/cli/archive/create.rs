//! `gibus archive create`: a new archive.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;

use super::rules::Rules;
use super::show::JsonArchive;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::output::complain;
use crate::cli::paths;
use crate::config::ArchiveEntry;
use crate::fs::escaped_path;
use crate::snapshot::archive::Archive;
use crate::snapshot::places::ArchiveName;
use crate::snapshot::specification::Specification;

/// Make a new archive: what to back up, and into which repository
#[derive(Args, Debug)]
pub struct Options {
    /// Name for it
    #[arg(value_name = "NAME")]
    pub name: ArchiveName,

    /// The repository that keeps the contents
    #[arg(long, value_name = "NAME")]
    pub repo: String,

    /// The folder to keep the snapshots in; where the repository is if left out
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub location: Option<PathBuf>,

    /// A file or folder to back up; several may be given
    #[arg(long, value_name = "PATH", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub include: Vec<PathBuf>,

    #[command(flatten)]
    pub rules: Rules,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    // Told before anything else that may be wrong.
    context.config().archives.expect_free(&options.name)?;
    let repository = context.repository(&options.repo)?;
    let mut specification = Specification::of(paths::all_absolute(&options.include)?);
    options.rules.add_to(&mut specification);
    let location = options
        .location
        .as_deref()
        .map(paths::absolute)
        .transpose()?;
    let found = context.catalog.create_archive(
        &options.name,
        &repository,
        location.as_deref(),
        specification,
    )?;
    warn_of_missing(&found.entry.specification, context);
    tell(
        context,
        "archive_created",
        &found.name,
        &found.archive,
        &found.entry,
    )
}

/// An include that is not there may be on a disk that is not plugged in, or a slip of the finger.
pub fn warn_of_missing(specification: &Specification, context: &Context) {
    if context.out.style().quiet {
        return;
    }
    for include in &specification.includes {
        if include.symlink_metadata().is_err() {
            complain(&format!("note: {} is not there now", escaped_path(include)));
        }
    }
}

/// Tells that an archive was made, adopted or changed.
pub fn tell(
    context: &mut Context,
    message_type: &'static str,
    name: &ArchiveName,
    archive: &Archive,
    entry: &ArchiveEntry,
) -> Outcome {
    if context.out.is_json() {
        context.out.document(&Document {
            message_type,
            archive: JsonArchive::new(name, archive, entry),
        })?;
    } else {
        let place = escaped_path(archive.place());
        context.out.tell(&match message_type {
            "archive_adopted" => format!("Adopted the archive {name} in {place}"),
            "archive_changed" => format!("Changed the archive {name}; the next backup goes by it"),
            _ => format!("Made the archive {name} in {place}"),
        })?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    archive: JsonArchive,
}
