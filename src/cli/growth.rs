//! `gibus growth`: what made a backup grow.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::failure::Outcome;
use super::human::{count, counted, size};
use super::json::{JsonProblem, Text};
use super::output::{Align, Table};
use super::problems;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::values;
use crate::fs::escaped;
use crate::repository::claims::ClaimId;
use crate::snapshot::usage::{Brought, GrowthLimits, growth, survey};

/// Show what made a backup grow: the folders and files that brought new bytes to the repository
///
/// NEW is what is stored for them that no older snapshot in the repository needs, HELD the sizes of those files. A folder is
/// shown where it splits, and counts everything below it; where one thing in it has nearly all, only that is shown.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// Of the folders that are in each other, show this many levels
    #[arg(long, value_name = "N", value_parser = values::parse_count)]
    pub depth: Option<usize>,

    /// Show at most this many folders and files
    #[arg(long, value_name = "N", default_value = "20", value_parser = values::parse_count)]
    pub limit: usize,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let repository = snapshots.repository(context, &snapshot)?;
    let (holdings, _) = context.work(|monitor| repository.holdings(monitor))?;
    let claim = ClaimId(snapshot.header().claim_id);
    let limits = GrowthLimits {
        depth: options.depth.unwrap_or(usize::MAX),
        rows: options.limit,
    };
    let ((total, rows), problems) = context.work(|monitor| {
        let usage = survey(&snapshot, holdings.within(claim)?, monitor)?;
        let within = holdings.within(claim)?;
        let rows = growth(&snapshot, &usage, &within, limits, monitor)?;
        Ok((usage.total(), rows))
    })?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "growth",
            snapshot: file.name.to_string(),
            new_bytes: total.new_bytes,
            files: total.new_files,
            held_bytes: total.new_held_bytes,
            rows: rows.iter().map(JsonRow::new).collect(),
            problems: problems::to_json(&problems),
        })?;
        return Ok(problems::exit_of(&problems));
    }
    if rows.is_empty() {
        context.out.tell(&format!(
            "{} brought nothing new: older snapshots need all that it has",
            file.name
        ))?;
    } else {
        context.out.tell(&format!(
            "{} brought {} that no older snapshot needs, with {} of {}",
            file.name,
            size(total.new_bytes),
            counted(total.new_files, "file", "files"),
            size(total.new_held_bytes),
        ))?;
        context.out.table(&table(&rows))?;
    }
    Ok(problems::tell(&problems, context.out.style()))
}

fn table(rows: &[Brought]) -> Table {
    let mut table = Table::new(&[
        ("NEW", Align::Right),
        ("HELD", Align::Right),
        ("FILES", Align::Right),
        ("PATH", Align::Left),
    ]);
    for row in rows {
        let is_to_mark = row.is_folder && !row.path.ends_with(b"/");
        let slash = if is_to_mark { "/" } else { "" };
        table.row(vec![
            size(row.new_bytes),
            size(row.held_bytes),
            count(row.files),
            format!("{}{slash}", escaped(&row.path)),
        ]);
    }
    table
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    snapshot: String,
    new_bytes: u64,
    files: u64,
    held_bytes: u64,
    rows: Vec<JsonRow>,
    problems: Vec<JsonProblem>,
}

#[derive(Serialize)]
struct JsonRow {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    new_bytes: u64,
    files: u64,
    held_bytes: u64,
}

impl JsonRow {
    fn new(row: &Brought) -> JsonRow {
        let text = Text::new(&row.path);
        JsonRow {
            path: text.text,
            path_hex: text.hex,
            kind: if row.is_folder { "directory" } else { "file" },
            new_bytes: row.new_bytes,
            files: row.files,
            held_bytes: row.held_bytes,
        }
    }
}
