//! `gibus archive adopt`: takes an archive that is there into the configuration.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::create::tell;
use crate::cli::context::Context;
use crate::cli::failure::{Lookup, Outcome};
use crate::cli::output::complain;
use crate::cli::paths;
use crate::error::{Error, ErrorKind};
use crate::fs::escaped_path;
use crate::snapshot::places::ArchiveName;

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
    let adoption = context
        .catalog
        .adopt_archive(&place, options.name.clone(), given.as_deref())
        .map_err(choose_another)
        .or_missing()?;
    for problem in &adoption.problems {
        complain(&format!("note: {problem}"));
    }
    if let Some((name, place)) = &adoption.adopted_repository
        && !context.out.style().quiet
    {
        let place = escaped_path(place);
        complain(&format!(
            "note: adopted its repository as well, as {name}, in {place}"
        ));
    }
    tell(
        context,
        "archive_adopted",
        &adoption.name,
        &adoption.archive,
        &adoption.entry,
    )
}

/// Where another name would help, tells how to give one.
fn choose_another(error: Error) -> Error {
    match (error.kind(), error.advice()) {
        (ErrorKind::AlreadyExists, Some(_)) => error.advise("choose another name with --name"),
        _ => error,
    }
}
