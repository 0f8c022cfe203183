//! `gibus archive create`: a new archive.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;

use super::rules::Rules;
use super::show::JsonArchive;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::lookup::{self, FoundRepository};
use crate::cli::output::complain;
use crate::cli::paths;
use crate::cli::repo::create::refuse_taken;
use crate::config::ArchiveEntry;
use crate::format::id::Id;
use crate::fs::escaped_path;
use crate::snapshot::archive::Archive;
use crate::snapshot::archive::file::{ARCHIVE_FORMAT, ArchiveFile, RepositoryRef};
use crate::snapshot::places::{ArchiveName, archive_place, split_at_tree};
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
    let archives = context.config().archives;
    refuse_taken(&archives, &options.name)?;
    let repository = lookup::repository(context, &options.repo)?;
    let mut specification = Specification::of(paths::all_absolute(&options.include)?);
    options.rules.add_to(&mut specification);
    specification.validate()?;
    let location = match &options.location {
        Some(location) => paths::absolute(location)?,
        None => location_of(&repository, context),
    };
    let place = archive_place(&location, &context.host, &context.user, &options.name);
    let file = ArchiveFile {
        format: ARCHIVE_FORMAT,
        id: Id::random()?,
        name: options.name.clone(),
        host: context.host.clone(),
        user: context.user.clone(),
        repository: RepositoryRef {
            id: repository.entry.id,
            place: repository.entry.place.clone(),
        },
        specification,
    };
    let archive = Archive::create(&place, &file)?;
    let entry = ArchiveEntry {
        id: file.id,
        place,
        repository: repository.name,
        specification: file.specification,
    };
    archives.add(&options.name, &entry)?;
    warn_of_missing(&entry.specification, context);
    tell(context, "archive_created", &options.name, &archive, &entry)
}

/// Snapshots lie beside the contents that they need, so that whoever has the disk has both.
fn location_of(repository: &FoundRepository, context: &Context) -> PathBuf {
    match split_at_tree(&repository.entry.place) {
        Some((location, _)) => location.to_owned(),
        None => context.data_dir.clone(),
    }
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
