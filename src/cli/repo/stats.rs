//! `gibus repo stats`: what a repository holds and what that takes.

use clap::Args;

use serde::Serialize;

use crate::catalog::FoundRepository;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::human::{count, counted, local_time, size};
use crate::cli::output::{Align, Table, facts};
use crate::format::id::Id;
use crate::snapshot::tree::Timestamp;

/// Show what a repository holds, and the space it takes
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// How it has grown, one snapshot that is still there after the other
    #[arg(long)]
    pub growth: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.repository(&options.name)?;
    if options.growth {
        return growth(&found, context);
    }
    let (stats, _) = context.work(|monitor| found.repository.storage_stats(monitor))?;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "repository_stats",
            name: found.name.to_string(),
            claims: stats.claims,
            referenced_contents: stats.referenced_contents,
            referenced_content_bytes: stats.referenced_content_bytes,
            unreferenced_contents: stats.unreferenced_contents,
            unreferenced_content_bytes: stats.unreferenced_content_bytes,
            references: stats.references,
            held_bytes: stats.held_bytes,
            packs: stats.packs,
            pack_bytes: stats.pack_bytes,
            loose_contents: stats.loose_contents,
            loose_bytes: stats.loose_bytes,
            tables: stats.tables,
            table_bytes: stats.table_bytes,
            claim_bytes: stats.claim_bytes,
            stored_bytes: stats.stored_bytes(),
            total_bytes: stats.total_bytes(),
            deduplication_ratio: stats.deduplication_ratio(),
            compression_ratio: stats.compression_ratio(),
            total_ratio: stats.total_ratio(),
        })?;
        return Ok(Exit::Done);
    }
    let contents = |number: u64, bytes: u64| {
        format!(
            "{}, {}",
            counted(number, "content", "contents"),
            size(bytes)
        )
    };
    let mut lines = vec![
        ("Snapshots", count(stats.claims)),
        (
            "They hold",
            format!(
                "{}, {}",
                counted(stats.references, "file", "files"),
                size(stats.held_bytes)
            ),
        ),
        (
            "Kept once each",
            format!(
                "{} ({:.1} to 1)",
                contents(stats.referenced_contents, stats.referenced_content_bytes),
                stats.deduplication_ratio()
            ),
        ),
        (
            "On the disk",
            format!(
                "{} of contents ({:.1} to 1), {} of tables and claims",
                size(stats.stored_bytes()),
                stats.compression_ratio(),
                size(stats.table_bytes + stats.claim_bytes)
            ),
        ),
        ("In all", format!("{:.1} to 1", stats.total_ratio())),
    ];
    if stats.unreferenced_contents > 0 {
        lines.insert(
            3,
            (
                "Needed by nothing",
                format!(
                    "{}; prune gives it back",
                    contents(
                        stats.unreferenced_contents,
                        stats.unreferenced_content_bytes
                    )
                ),
            ),
        );
    }
    for line in facts(&lines) {
        context.out.line(&line)?;
    }
    Ok(Exit::Done)
}

/// What each snapshot held and brought, the oldest first.
fn growth(found: &FoundRepository, context: &mut Context) -> Outcome {
    let (holdings, _) = context.work(|monitor| found.repository.holdings(monitor))?;
    let points = holdings.growth();
    if context.out.is_json() {
        let points = points.iter().zip(holdings.claims());
        context.out.document(&GrowthDocument {
            message_type: "repository_growth",
            name: found.name.to_string(),
            growth: points
                .map(|(point, claim)| JsonGrowth {
                    claim: claim.claim_id.0,
                    holder: claim.holder.clone(),
                    created_at: jiff::Timestamp::from_second(point.created_at)
                        .map_or_else(|_| String::new(), |time| time.to_string()),
                    held_bytes: point.held_bytes,
                    new_stored_bytes: point.new_stored_bytes,
                    total_held_bytes: point.total_held_bytes,
                    total_stored_bytes: point.total_stored_bytes,
                })
                .collect(),
        })?;
        return Ok(Exit::Done);
    }
    if points.is_empty() {
        context.out.tell("There are no snapshots yet")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&[
        ("Made", Align::Left),
        ("Holds", Align::Right),
        ("New", Align::Right),
        ("All hold", Align::Right),
        ("In all", Align::Right),
        ("For", Align::Left),
    ]);
    for (point, claim) in points.iter().zip(holdings.claims()) {
        table.row(vec![
            local_time(Timestamp {
                seconds: point.created_at,
                nanoseconds: 0,
            }),
            size(point.held_bytes),
            size(point.new_stored_bytes),
            size(point.total_held_bytes),
            size(point.total_stored_bytes),
            claim.holder.clone(),
        ]);
    }
    context.out.table(&table)?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct GrowthDocument {
    message_type: &'static str,
    name: String,
    growth: Vec<JsonGrowth>,
}

/// A snapshot, by its claim; `docs/json.md` describes it.
#[derive(Serialize)]
struct JsonGrowth {
    claim: Id,
    holder: String,
    created_at: String,
    held_bytes: u64,
    new_stored_bytes: u64,
    total_held_bytes: u64,
    total_stored_bytes: u64,
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    name: String,
    claims: u64,
    referenced_contents: u64,
    referenced_content_bytes: u64,
    unreferenced_contents: u64,
    unreferenced_content_bytes: u64,
    references: u64,
    held_bytes: u64,
    packs: u64,
    pack_bytes: u64,
    loose_contents: u64,
    loose_bytes: u64,
    tables: u64,
    table_bytes: u64,
    claim_bytes: u64,
    stored_bytes: u64,
    total_bytes: u64,
    deduplication_ratio: f64,
    compression_ratio: f64,
    total_ratio: f64,
}
