//! `gibus exigency`: finds repositories and archives when the configuration is lost.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};
use serde::Serialize;

use super::context::Context;
use super::failure::{Exit, Outcome};
use super::human::counted;
use super::json::Text;
use super::output::complain;
use super::{paths, problems};
use crate::format::id::Id;
use crate::fs::{escaped, escaped_path};
use crate::snapshot::exigency::repository::find_repository;
use crate::snapshot::exigency::search::{FoundRepository, search};
use crate::snapshot::exigency::series::Series;

#[derive(Debug, Subcommand)]
pub enum Command {
    Scan(ScanOptions),
}

/// Search folders for repositories and archives
///
/// Nothing is changed. What is found can be used at once with --exigency, or taken into the
/// configuration with `gibus repo adopt` and `gibus archive adopt`.
#[derive(Args, Debug)]
pub struct ScanOptions {
    /// Where to search, e.g. a disk's folder under /media
    #[arg(value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    pub dirs: Vec<PathBuf>,
}

pub fn run(command: &Command, context: &mut Context) -> Outcome {
    match command {
        Command::Scan(options) => scan(options, context),
    }
}

fn scan(options: &ScanOptions, context: &mut Context) -> Outcome {
    let dirs = paths::all_absolute(&options.dirs)?;
    let (found, problems) = context.work(|monitor| search(&dirs, monitor))?;
    let places = found.repository_places();
    let repository_of = |series: &Series| {
        find_repository(&series.archive.repository, &series.place, None, &places).ok()
    };
    if context.out.is_json() {
        let archives = found.series.iter();
        context.out.document(&Document {
            message_type: "exigency_scan",
            repositories: found
                .repositories
                .iter()
                .map(JsonFoundRepository::new)
                .collect(),
            archives: archives
                .map(|series| JsonFoundArchive::new(series, repository_of(series).as_deref()))
                .collect(),
            problems: found
                .problems
                .iter()
                .map(|problem| problem.to_string())
                .collect(),
        })?;
        return Ok(Exit::Done);
    }
    for repository in &found.repositories {
        let place = escaped_path(&repository.place);
        context.out.line(&match &repository.file {
            Ok(file) => format!("repository  {place}  (id {})", file.id),
            Err(error) => format!("repository  {place}  (cannot be read: {})", error.why()),
        })?;
    }
    for series in &found.series {
        for line in archive_lines(series, repository_of(series).as_deref()) {
            context.out.line(&line)?;
        }
    }
    if found.repositories.is_empty() && found.series.is_empty() {
        context.out.tell("Nothing was found")?;
    } else if !found.series.is_empty() {
        context.out.tell(
            "\nTo look into one: gibus snapshots --exigency PLACE\n\
             To have it in the configuration again: gibus archive adopt PLACE",
        )?;
    }
    for problem in &found.problems {
        complain(&format!("note: {problem}"));
    }
    problems::tell(&problems, context.out.style());
    Ok(Exit::Done)
}

fn archive_lines(series: &Series, repository: Option<&Path>) -> Vec<String> {
    let archive = &series.archive;
    let snapshots = counted(series.snapshots.len() as u64, "snapshot", "snapshots");
    let range = match (series.snapshots.first(), series.snapshots.last()) {
        (Some(oldest), Some(newest)) => format!("{snapshots}, {} to {}", oldest.name, newest.name),
        _ => snapshots,
    };
    let printable = |text: &str| escaped(text.as_bytes()).to_string();
    vec![
        format!(
            "archive     {}  ({} of {} on {}: {range})",
            escaped_path(&series.place),
            archive.name,
            printable(&archive.user),
            printable(&archive.host),
        ),
        match repository {
            Some(place) => format!("            its repository: {}", escaped_path(place)),
            None => format!(
                "            its repository was not found; it was {} (id {})",
                escaped_path(&archive.repository.place),
                archive.repository.id
            ),
        },
    ]
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    repositories: Vec<JsonFoundRepository>,
    archives: Vec<JsonFoundArchive>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct JsonFoundRepository {
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place_hex: Option<String>,
    id: Option<Id>,
    why: Option<String>,
}

impl JsonFoundRepository {
    fn new(found: &FoundRepository) -> JsonFoundRepository {
        let place = Text::of(&found.place);
        JsonFoundRepository {
            place: place.text,
            place_hex: place.hex,
            id: found.file.as_ref().ok().map(|file| file.id),
            why: found
                .file
                .as_ref()
                .err()
                .map(|error| error.why().to_owned()),
        }
    }
}

#[derive(Serialize)]
struct JsonFoundArchive {
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place_hex: Option<String>,
    name: String,
    id: Id,
    host: String,
    user: String,
    snapshots: usize,
    oldest: Option<String>,
    newest: Option<String>,
    repository: Id,
    /// Where its repository is; null if it was not found.
    repository_place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_place_hex: Option<String>,
}

impl JsonFoundArchive {
    fn new(series: &Series, repository: Option<&Path>) -> JsonFoundArchive {
        let (place, repository) = (Text::of(&series.place), repository.map(Text::of));
        let archive = &series.archive;
        JsonFoundArchive {
            place: place.text,
            place_hex: place.hex,
            name: archive.name.to_string(),
            id: archive.id,
            host: archive.host.clone(),
            user: archive.user.clone(),
            snapshots: series.snapshots.len(),
            oldest: series.snapshots.first().map(|file| file.name.to_string()),
            newest: series.snapshots.last().map(|file| file.name.to_string()),
            repository: archive.repository.id,
            repository_place_hex: repository.as_ref().and_then(|place| place.hex.clone()),
            repository_place: repository.map(|place| place.text),
        }
    }
}
