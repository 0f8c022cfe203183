//! `gibus repo list`: the repositories of the configuration.

use clap::Args;
use serde::Serialize;

use crate::catalog::Catalog;
use crate::cli::context::{Context, tell_damage};
use crate::cli::failure::{Exit, Outcome};
use crate::cli::json::{JsonRepository, Text};
use crate::cli::output::{Align, Table};
use crate::config::RepositoryEntry;
use crate::error::Result;
use crate::fs::escaped_path;
use crate::repository::Repository;
use crate::snapshot::places::RepositoryName;

/// List the repositories
#[derive(Args, Debug)]
pub struct Options {}

/// What is known of a repository of the configuration, there or not.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Available {
        available: bool,
        #[serde(flatten)]
        repository: JsonRepository,
    },
    Unavailable {
        available: bool,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        place_hex: Option<String>,
        why: String,
    },
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    repositories: Vec<Item>,
}

pub fn run(_options: &Options, context: &mut Context) -> Outcome {
    let columns = [
        ("NAME", Align::Left),
        ("LAYOUT", Align::Left),
        ("CODEC", Align::Left),
        ("PLACE", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let mut items = Vec::new();
    for (name, entry) in context.config().repositories.all()? {
        let (row, item) = look_at(&context.catalog, &name, entry);
        table.row(row);
        items.push(item);
    }
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repositories",
            repositories: items,
        })?;
    } else if items.is_empty() {
        context
            .out
            .tell("There are no repositories yet; see gibus repo create --help")?;
    } else {
        context.out.table(&table)?;
    }
    Ok(Exit::Done)
}

fn look_at(
    catalog: &Catalog,
    name: &RepositoryName,
    entry: Result<RepositoryEntry>,
) -> (Vec<String>, Item) {
    match entry {
        Ok(entry) => match catalog.open_repository(&entry) {
            Ok(repository) => {
                tell_damage(&repository);
                available(name, &repository)
            }
            Err(error) => unavailable(name, Some(&entry), error.why().to_owned()),
        },
        Err(error) => unavailable(name, None, error.to_string()),
    }
}

fn available(name: &RepositoryName, repository: &Repository) -> (Vec<String>, Item) {
    let settings = repository.settings();
    let row = vec![
        name.to_string(),
        settings.layout.name().to_owned(),
        settings.codec.name().to_owned(),
        escaped_path(repository.place()).to_string(),
    ];
    let item = Item::Available {
        available: true,
        repository: JsonRepository::new(name, repository),
    };
    (row, item)
}

fn unavailable(
    name: &RepositoryName,
    entry: Option<&RepositoryEntry>,
    why: String,
) -> (Vec<String>, Item) {
    let shown = entry.map_or(String::new(), |entry| {
        escaped_path(&entry.place).to_string()
    });
    let row = vec![
        name.to_string(),
        "-".to_owned(),
        "-".to_owned(),
        format!("{shown} (not available: {why})")
            .trim_start()
            .to_owned(),
    ];
    let place = entry.map(|entry| Text::of(&entry.place));
    let item = Item::Unavailable {
        available: false,
        name: name.to_string(),
        place_hex: place.as_ref().and_then(|place| place.hex.clone()),
        place: place.map(|place| place.text),
        why,
    };
    (row, item)
}
