//! `gibus archive adopt`: takes an archive that is there into the configuration.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::create::tell;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Missing, Outcome};
use crate::cli::output::complain;
use crate::cli::paths;
use crate::cli::repo::adopt::adopt;
use crate::config::ArchiveEntry;
use crate::error::{Error, ErrorKind};
use crate::fs::escaped_path;
use crate::repository::Repository;
use crate::snapshot::archive::Archive;
use crate::snapshot::exigency::adopt::adopt_archive;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// Take an existing archive into the configuration
///
/// Its repository is adopted with it if the configuration does not have it yet.
#[derive(Args, Debug)]
pub struct Options {
    /// Its folder, the one with archive.toml and the snapshots
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// A name for it; its own if left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<ArchiveName>,

    /// The folder of its repository, if it is not where the archive says
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub repository: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let place = paths::absolute(&options.dir)?;
    let given = options
        .repository
        .as_deref()
        .map(paths::absolute)
        .transpose()?;
    let adopted = adopt_archive(&place, given.as_deref()).or_missing()?;
    for problem in &adopted.problems {
        complain(&format!("note: {problem}"));
    }
    let repository = Repository::open(&adopted.repository.place).or_missing()?;
    let config = context.config();
    let repository_name = match config.repository_with_id(repository.id())? {
        Some(name) => name,
        None => adopt_repository(&repository, &adopted.repository.name, context)?,
    };
    let entry = ArchiveEntry {
        id: adopted.file.id,
        place: adopted.place.clone(),
        repository: repository_name,
        specification: adopted.file.specification.clone(),
    };
    let name = match config.archive_with_id(entry.id)? {
        Some(name) => match &options.name {
            Some(wanted) if *wanted != name => {
                let error = Error::new(ErrorKind::AlreadyExists, format!("adopt it as {wanted}"))
                    .because(format!("the configuration has this archive, as {name}"));
                return Err(error.into());
            }
            // It is known, and may have moved.
            _ => {
                config.archives.set(&name, &entry)?;
                name
            }
        },
        None => {
            let name = options.name.clone().unwrap_or(adopted.file.name.clone());
            config.archives.add(&name, &entry).map_err(choose_another)?;
            name
        }
    };
    let archive = match adopted.is_file_current {
        true => Archive::open(&adopted.place)?,
        // Lost or out of date: so that the next loss of the configuration costs as little as this one.
        false => Archive::replace_file(&adopted.place, &adopted.file)?,
    };
    tell(context, "archive_adopted", &name, &archive, &entry)
}

/// The repository, under a name that is free: its own, if that is.
fn adopt_repository(
    repository: &Repository,
    own: &RepositoryName,
    context: &Context,
) -> Result<RepositoryName, Failure> {
    let taken = context.config().repositories.names()?;
    let mut name = own.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = RepositoryName::new(format!("{own}-{number}"))?;
        number += 1;
    }
    let name = adopt(repository, Some(name), context)?;
    let place = escaped_path(repository.place());
    if !context.out.style().quiet {
        complain(&format!(
            "note: adopted its repository as well, as {name}, in {place}"
        ));
    }
    Ok(name)
}

fn choose_another(error: Error) -> Error {
    match error.kind() {
        ErrorKind::AlreadyExists => error.advise("choose another name with --name"),
        _ => error,
    }
}
