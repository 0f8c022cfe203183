//! `gibus duplicates`: what is in a snapshot more than once.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::failure::Outcome;
use super::human::{count, counted, size};
use super::json::{JsonPath, JsonProblem};
use super::problems;
use super::select::{Selection, Source};
use super::source::{self, Snapshots};
use super::values;
use crate::fs::escaped;
use crate::repository::claims::ClaimId;
use crate::snapshot::usage::{Duplicate, DuplicateLimits, duplicates};

/// Show which contents a snapshot has more than once, and where
///
/// The repository keeps each once anyway; this is about the disk that was backed up. Those whose copies take the
/// most there come first. The names of one file (hard links) are one copy.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    pub source: Source,

    #[command(flatten)]
    pub selection: Selection,

    /// Show at most this many contents
    #[arg(long, value_name = "N", default_value = "20", value_parser = values::parse_count)]
    pub limit: usize,

    /// Of each, show at most this many places
    #[arg(long, value_name = "N", default_value = "3", value_parser = values::parse_count)]
    pub places: usize,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let snapshots = Snapshots::open(&options.source, context)?;
    let file = snapshots.select(&options.selection)?;
    let snapshot = source::open(file)?;
    let repository = snapshots.repository(context, &snapshot)?;
    let (holdings, _) = context.work(|monitor| repository.holdings(monitor))?;
    let claim = ClaimId(snapshot.header().claim_id);
    let limits = DuplicateLimits {
        contents: options.limit,
        places: options.places,
    };
    let (found, problems) = context.work(|monitor| {
        let within = holdings.within(claim)?;
        duplicates(&snapshot, &within, limits, monitor)
    })?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "duplicates",
            snapshot: file.name.to_string(),
            contents: found.contents,
            copies: found.copies,
            saved_bytes: found.saved_bytes,
            listed: found.listed.iter().map(JsonDuplicate::new).collect(),
            problems: problems::to_json(&problems),
        })?;
        return Ok(problems::exit_of(&problems));
    }
    if found.contents == 0 {
        context
            .out
            .tell(&format!("{} has nothing more than once", file.name))?;
    } else {
        context.out.tell(&format!(
            "{} has {} in {}; one copy of each would take {} less where they come from",
            file.name,
            counted(found.contents, "content", "contents"),
            counted(found.copies, "copy", "copies"),
            size(found.saved_bytes),
        ))?;
    }
    for duplicate in &found.listed {
        context.out.line(&format!(
            "{}  {} of {}",
            size(duplicate.saved_bytes()),
            counted(duplicate.copies, "copy", "copies"),
            size(duplicate.size),
        ))?;
        for path in &duplicate.paths {
            context.out.line(&format!("    {}", escaped(path)))?;
        }
        let more = duplicate
            .copies
            .saturating_sub(duplicate.paths.len() as u64);
        if more > 0 {
            context.out.line(&format!("    and {} more", count(more)))?;
        }
    }
    Ok(problems::tell(&problems, context.out.style()))
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    snapshot: String,
    contents: u64,
    copies: u64,
    saved_bytes: u64,
    listed: Vec<JsonDuplicate>,
    problems: Vec<JsonProblem>,
}

#[derive(Serialize)]
struct JsonDuplicate {
    size: u64,
    copies: u64,
    saved_bytes: u64,
    places: Vec<JsonPath>,
}

impl JsonDuplicate {
    fn new(duplicate: &Duplicate) -> JsonDuplicate {
        let paths = duplicate.paths.iter();
        JsonDuplicate {
            size: duplicate.size,
            copies: duplicate.copies,
            saved_bytes: duplicate.saved_bytes(),
            places: paths.map(|path| JsonPath::new(path)).collect(),
        }
    }
}
