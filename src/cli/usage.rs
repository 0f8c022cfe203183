//! `gibus usage`: what takes the space in a snapshot.

use std::cmp::Reverse;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::context::Context;
use super::failure::{Failure, Outcome};
use super::human::{count, counted, size};
use super::json::{JsonProblem, Text};
use super::output::{Align, Table};
use super::paths;
use super::problems;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::values;
use crate::error::{Error, ErrorKind};
use crate::fs::{escaped, path_bytes};
use crate::repository::claims::ClaimId;
use crate::snapshot::usage::{Age, FileKind, SizeClass, Sums, Usage, files_of, survey_below};

/// Show what takes the space in a snapshot: by folder, or by kind, age or size of the files
///
/// HELD are the sizes of the files. STORED is what they take in the repository, where each content is kept once and
/// compressed; what several files have in common is divided among them, so that all parts add up. Of the stored bytes,
/// SHARED is what other snapshots need as well, and ALONE what only this one needs: deleting it would give that back.
/// NEW (with --sort new) is what no older snapshot needs.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// The folder: absolute, or relative to the current folder; / if left out
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// Show folders down to this many levels below PATH
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::parse_count)]
    pub depth: usize,

    /// What comes first: the most of this
    #[arg(long, value_name = "BYTES", default_value = "stored")]
    pub sort: Sort,

    /// What the space is divided by
    #[arg(long, value_name = "WHAT", default_value = "folder")]
    pub by: By,

    /// Show at most this many lines
    #[arg(long, value_name = "N", default_value = "20", value_parser = values::parse_count)]
    pub limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Sizes of the files
    Held,
    /// What they take in the repository
    Stored,
    /// What only this snapshot needs
    Alone,
    /// What no older snapshot needs
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The folders below PATH, and the files in it
    Folder,
    /// What the files are, by the endings of their names
    Kind,
    /// How long before the snapshot they were modified
    Age,
    /// How big they are
    Size,
}

/// One line: a folder, a file, or a group of files.
struct Row {
    what: What,
    sums: Sums,
}

enum What {
    Folder(Vec<u8>),
    File(Vec<u8>),
    Group(&'static str),
}

/// The first folder on the way down from this one that has more in it than one folder: what is above has the same
/// figures.
fn branching(usage: &Usage, mut number: u32) -> u32 {
    loop {
        let children = usage.children(number);
        if children.len() != 1 || usage.own(number).files > 0 {
            return number;
        }
        number = children.start;
    }
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let path = match &options.path {
        Some(path) => paths::absolute(path)?,
        None => PathBuf::from("/"),
    };
    let path = path_bytes(&path);
    let folder = snapshot.directory(path)?.ok_or_else(|| no_folder(path))?;
    let repository = snapshots.repository(context, &snapshot)?;
    let (holdings, _) = context.work(|monitor| repository.holdings(monitor))?;
    let claim = ClaimId(snapshot.header().claim_id);
    let (usage, problems) = context
        .work(|monitor| survey_below(&snapshot, &folder, holdings.within(claim)?, monitor))?;
    let mut number = usage.folder(path).ok_or_else(|| no_folder(path))?;
    if options.path.is_none() && options.by == By::Folder {
        number = branching(&usage, number);
    }
    let path = &usage.path(number)[..];
    let total = usage.get(number).map(|folder| folder.sums);
    let total = total.unwrap_or_default();
    let mut rows = match options.by {
        By::Folder => {
            let files = files_of(&snapshot, &holdings.within(claim)?, path)?;
            let mut rows = folders(&usage, number, options.depth);
            rows.extend(files.iter().map(|file| Row {
                what: What::File(below(path, file.name.as_bytes())),
                sums: file.sums(),
            }));
            rows
        }
        By::Kind => groups(FileKind::ALL.map(FileKind::plural), &usage.kinds),
        By::Age => groups(Age::ALL.map(Age::name), &usage.ages),
        By::Size => groups(SizeClass::ALL.map(SizeClass::name), &usage.sizes),
    };
    // Ages and sizes have an order of their own.
    if matches!(options.by, By::Folder | By::Kind) {
        rows.sort_by_cached_key(|row| (Reverse(options.sort.of(&row.sums)), row.name()));
    }
    let more = rows.len().saturating_sub(options.limit);
    rows.truncate(options.limit);
    if context.out.is_json() {
        let text = Text::new(path);
        context.out.document(&Document {
            message_type: "usage",
            snapshot: file.name.to_string(),
            path: text.text,
            path_hex: text.hex,
            total: JsonSums::new(&total),
            rows: rows.iter().map(JsonRow::new).collect(),
            more,
            problems: problems::to_json(&problems),
        })?;
        return Ok(problems::exit_of(&problems));
    }
    context.out.tell(&format!(
        "{} in {} holds {} in {}; {} are stored for it, and {} of that no other snapshot needs",
        escaped(path),
        file.name,
        size(total.held_bytes),
        counted(total.files, "file", "files"),
        size(total.stored_bytes),
        size(total.alone_bytes),
    ))?;
    print(options, &rows, &total, context)?;
    if more > 0 {
        let more = count(more as u64);
        context
            .out
            .tell(&format!("and {more} more (--limit shows them)"))?;
    }
    Ok(problems::tell(&problems, context.out.style()))
}

/// Exit code 1, for the snapshot itself is there.
fn no_folder(path: &[u8]) -> Failure {
    Error::new(ErrorKind::NotFound, format!("survey '{}'", escaped(path)))
        .because("there is no such folder in this snapshot")
        .advise("'gibus ls' lists what there is")
        .into()
}

/// The folders down to so many levels below one.
fn folders(usage: &Usage, top: u32, depth: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut level: Vec<u32> = vec![top];
    for _ in 0..depth {
        level = level
            .into_iter()
            .flat_map(|folder| usage.children(folder))
            .collect();
        if level.is_empty() {
            break;
        }
        rows.extend(level.iter().filter_map(|folder| {
            Some(Row {
                what: What::Folder(usage.path(*folder)),
                sums: usage.get(*folder)?.sums,
            })
        }));
    }
    rows
}

/// Groups with nothing in them are left out.
fn groups<const N: usize>(names: [&'static str; N], sums: &[Sums; N]) -> Vec<Row> {
    let groups = names.into_iter().zip(sums);
    groups
        .filter(|(_, sums)| sums.files > 0)
        .map(|(name, sums)| Row {
            what: What::Group(name),
            sums: *sums,
        })
        .collect()
}

fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let folder = folder.strip_suffix(b"/").unwrap_or(folder);
    [folder, b"/", name].concat()
}

fn print(
    options: &Options,
    rows: &[Row],
    total: &Sums,
    context: &mut Context,
) -> Result<(), Failure> {
    let is_new_shown = options.sort == Sort::New;
    let mut columns = vec![
        ("HELD", Align::Right),
        ("STORED", Align::Right),
        ("SHARED", Align::Right),
        ("ALONE", Align::Right),
    ];
    if is_new_shown {
        columns.push(("NEW", Align::Right));
    }
    columns.push(("FILES", Align::Right));
    columns.push((
        match options.by {
            By::Folder => "PATH",
            By::Kind => "KIND",
            By::Age => "MODIFIED",
            By::Size => "SIZE",
        },
        Align::Left,
    ));
    let mut table = Table::new(&columns);
    let mut add = |sums: &Sums, name: String| {
        let mut cells = vec![
            size(sums.held_bytes),
            size(sums.stored_bytes),
            size(sums.shared_bytes()),
            size(sums.alone_bytes),
        ];
        if is_new_shown {
            cells.push(size(sums.new_bytes));
        }
        cells.push(count(sums.files));
        cells.push(name);
        table.row(cells);
    };
    for row in rows {
        add(&row.sums, row.name());
    }
    add(total, "in all".to_owned());
    context.out.table(&table)
}

impl Sort {
    fn of(self, sums: &Sums) -> u64 {
        match self {
            Sort::Held => sums.held_bytes,
            Sort::Stored => sums.stored_bytes,
            Sort::Alone => sums.alone_bytes,
            Sort::New => sums.new_bytes,
        }
    }
}

impl Row {
    /// As it is printed; folders end with a slash.
    fn name(&self) -> String {
        match &self.what {
            What::Folder(path) => format!("{}/", escaped(path)),
            What::File(path) => escaped(path).to_string(),
            What::Group(name) => (*name).to_owned(),
        }
    }
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    snapshot: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    total: JsonSums,
    rows: Vec<JsonRow>,
    /// How many rows there are beyond these.
    more: usize,
    problems: Vec<JsonProblem>,
}

#[derive(Serialize)]
struct JsonSums {
    files: u64,
    held_bytes: u64,
    stored_bytes: u64,
    shared_bytes: u64,
    alone_bytes: u64,
    new_bytes: u64,
}

impl JsonSums {
    fn new(sums: &Sums) -> JsonSums {
        JsonSums {
            files: sums.files,
            held_bytes: sums.held_bytes,
            stored_bytes: sums.stored_bytes,
            shared_bytes: sums.shared_bytes(),
            alone_bytes: sums.alone_bytes,
            new_bytes: sums.new_bytes,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum JsonRow {
    Path {
        path: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        path_hex: Option<String>,
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(flatten)]
        sums: JsonSums,
    },
    Group {
        group: &'static str,
        #[serde(flatten)]
        sums: JsonSums,
    },
}

impl JsonRow {
    fn new(row: &Row) -> JsonRow {
        let sums = JsonSums::new(&row.sums);
        let (path, kind) = match &row.what {
            What::Folder(path) => (path, "directory"),
            What::File(path) => (path, "file"),
            What::Group(group) => return JsonRow::Group { group, sums },
        };
        let text = Text::new(path);
        JsonRow::Path {
            path: text.text,
            path_hex: text.hex,
            kind,
            sums,
        }
    }
}
