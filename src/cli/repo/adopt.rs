//! `gibus repo adopt`: takes a repository that is there into the configuration.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::create::tell;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Missing, Outcome};
use crate::cli::paths;
use crate::config::RepositoryEntry;
use crate::error::{Error, ErrorKind};
use crate::repository::Repository;
use crate::snapshot::places::RepositoryName;

/// Take an existing repository into the configuration
#[derive(Args, Debug)]
pub struct Options {
    /// Its folder, the one with repository.toml
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// A name for it; that of its folder if left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<RepositoryName>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let place = paths::absolute(&options.dir)?;
    let repository = Repository::open(&place).or_missing()?;
    let name = adopt(&repository, options.name.clone(), context)?;
    tell(context, "repository_adopted", &name, &repository)
}

/// Takes a repository into the configuration, under the name that it has there already, the one given, or
/// that of its folder.
pub fn adopt(
    repository: &Repository,
    wanted: Option<RepositoryName>,
    context: &Context,
) -> Result<RepositoryName, Failure> {
    let config = context.config();
    let entry = RepositoryEntry {
        id: repository.id(),
        place: repository.place().to_owned(),
    };
    if let Some(name) = config.repository_with_id(repository.id())? {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != name) {
            let error = Error::new(ErrorKind::AlreadyExists, format!("adopt it as {wanted}"))
                .because(format!("the configuration has this repository, as {name}"));
            return Err(error.into());
        }
        // It is known, and may have moved.
        config.repositories.set(&name, &entry)?;
        return Ok(name);
    }
    let name = match wanted {
        Some(name) => name,
        None => name_of_folder(repository)?,
    };
    config.repositories.add(&name, &entry)?;
    Ok(name)
}

fn name_of_folder(repository: &Repository) -> Result<RepositoryName, Failure> {
    let name = repository.place().file_name().unwrap_or_default();
    Ok(RepositoryName::new(name.to_string_lossy())
        .map_err(|error| error.advise("choose a name with --name"))?)
}
