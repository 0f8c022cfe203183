//! `gibus archive preview`: what the rules would take, and what each of them would leave out.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::human::{counted, size};
use crate::cli::json::{JsonPath, JsonProblem, Text};
use crate::cli::output::{Align, Table, complain};
use crate::cli::problems;
use crate::fs::{escaped, escaped_path, path_bytes};
use crate::progress::Problems;
use crate::snapshot::preview::{Removed, Survey, survey};
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::Totals;

/// Tell what a backup would take, and what each rule would leave out
///
/// Everything is looked at and nothing is read. What the rules leave out is looked through as well, to say how
/// much that is, but for other file systems and the archive's own storage.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the archive
    #[arg(value_name = "NAME")]
    pub name: String,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let entry = context.archive_entry(&options.name)?;
    let own = context.catalog.own_places(&entry);
    let specification = &entry.specification;
    let (survey, problems) = context.work(|monitor| {
        let monitor = Arc::clone(monitor);
        survey(specification, &own, &monitor, &mut |_| {})
    })?;
    if context.out.is_json() {
        let document = Document::new(&options.name, specification, &survey, &problems);
        context.out.document(&document)?;
    } else {
        tell(specification, &survey, context)?;
        problems::tell(&problems, context.out.style());
    }
    match survey.unreadable > 0 || !survey.missing.is_empty() {
        true => Ok(Exit::Incomplete),
        false => Ok(Exit::Done),
    }
}

fn tell(
    specification: &Specification,
    survey: &Survey,
    context: &mut Context,
) -> Result<(), Failure> {
    let columns = [Align::Right, Align::Right, Align::Left];
    context.out.line("Taken:")?;
    let mut taken = Table::without_head(&columns);
    for (include, totals) in specification.includes.iter().zip(&survey.includes) {
        taken.row(row(totals, escaped_path(include).to_string()));
    }
    if specification.includes.len() > 1 {
        taken.row(row(&survey.included, "in all".to_owned()));
    }
    context.out.table(&taken)?;
    if !survey.removed.is_empty() {
        context.out.line("Left out, because")?;
        let mut left_out = Table::without_head(&columns);
        for removed in &survey.removed {
            left_out.row(row_of(removed));
        }
        let further = &survey.further_removed;
        if further.files + further.directories > 0 {
            left_out.row(row(further, "of other lines of ignore files".to_owned()));
        }
        context.out.table(&left_out)?;
    }
    for error in &survey.missing {
        complain(&error.to_string());
    }
    for example in &survey.unreadable_examples {
        complain(&format!(
            "{}: could not read: {}",
            escaped(&example.path),
            example.why
        ));
    }
    let told = survey.unreadable_examples.len() as u64;
    if survey.unreadable > told {
        let more = crate::cli::human::count(survey.unreadable - told);
        complain(&format!("and {more} more that cannot be read"));
    }
    Ok(())
}

fn row(totals: &Totals, what: String) -> Vec<String> {
    vec![
        counted(totals.files, "file", "files"),
        size(totals.bytes),
        what,
    ]
}

/// What a rule leaves out, with the first path that it strikes.
fn row_of(removed: &Removed) -> Vec<String> {
    let example = removed.examples.first().map(|path| escaped(path));
    let example = example.map_or(String::new(), |path| format!(": {path}"));
    let more = if removed.examples.len() > 1 {
        " …"
    } else {
        ""
    };
    let what = format!("{}{example}{more}", removed.reason);
    match removed.is_measured() {
        true => {
            let totals = Totals {
                files: removed.files,
                directories: removed.directories,
                bytes: removed.bytes,
            };
            row(&totals, what)
        }
        false => vec!["not counted".to_owned(), String::new(), what],
    }
}

#[derive(Serialize)]
struct Document<'a> {
    message_type: &'static str,
    archive: &'a str,
    #[serde(flatten)]
    included: Totals,
    includes: Vec<JsonInclude>,
    removed: Vec<JsonRemoved>,
    further_removed: Totals,
    unreadable: u64,
    unreadable_examples: Vec<JsonUnreadable<'a>>,
    missing: Vec<JsonMissing>,
    problems: Vec<JsonProblem>,
}

#[derive(Serialize)]
struct JsonInclude {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(flatten)]
    totals: Totals,
}

#[derive(Serialize)]
struct JsonRemoved {
    /// The field of the specification; `null` for what is never backed up.
    rule: Option<&'static str>,
    because: String,
    counted: bool,
    files: u64,
    directories: u64,
    bytes: u64,
    examples: Vec<JsonPath>,
}

#[derive(Serialize)]
struct JsonUnreadable<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    why: &'a str,
}

#[derive(Serialize)]
struct JsonMissing {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    why: String,
}

impl<'a> Document<'a> {
    fn new(
        archive: &'a str,
        specification: &Specification,
        survey: &'a Survey,
        problems: &Problems,
    ) -> Document<'a> {
        let includes = specification.includes.iter().zip(&survey.includes);
        let unreadable = survey.unreadable_examples.iter();
        Document {
            message_type: "preview",
            archive,
            included: survey.included,
            includes: includes
                .map(|(include, totals)| {
                    let path = Text::of(include);
                    JsonInclude {
                        path: path.text,
                        path_hex: path.hex,
                        totals: *totals,
                    }
                })
                .collect(),
            removed: survey.removed.iter().map(JsonRemoved::from).collect(),
            further_removed: survey.further_removed,
            unreadable: survey.unreadable,
            unreadable_examples: unreadable
                .map(|example| {
                    let path = Text::new(&example.path);
                    JsonUnreadable {
                        path: path.text,
                        path_hex: path.hex,
                        why: &example.why,
                    }
                })
                .collect(),
            missing: survey
                .missing
                .iter()
                .map(|error| {
                    let path = Text::new(error.path().map_or(b"", path_bytes));
                    JsonMissing {
                        path: path.text,
                        path_hex: path.hex,
                        why: error.why().to_owned(),
                    }
                })
                .collect(),
            problems: problems::to_json(problems),
        }
    }
}

impl From<&Removed> for JsonRemoved {
    fn from(removed: &Removed) -> JsonRemoved {
        JsonRemoved {
            rule: removed.reason.field(),
            because: removed.reason.to_string(),
            counted: removed.is_measured(),
            files: removed.files,
            directories: removed.directories,
            bytes: removed.bytes,
            examples: removed.examples.iter().map(|p| JsonPath::new(p)).collect(),
        }
    }
}
