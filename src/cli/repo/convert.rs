//! `gibus repo convert`: another layout or codec.

use clap::Args;
use serde::Serialize;

use super::create::{CodecName, LayoutName};
use super::prune::{exit_of, put_right, tell_left_undone};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Lookup, Outcome};
use crate::cli::human::{counted, size};
use crate::cli::json::JsonRepository;
use crate::format::compression::Codec;
use crate::repository::settings::{Layout, Settings};

/// Convert a repository to another layout or codec
///
/// What is not given stays as it is. It may be interrupted: the next run goes on.
#[derive(Args, Debug)]
pub struct Options {
    /// Name of the repository
    #[arg(value_name = "NAME")]
    pub name: String,

    /// How contents lie on the disk
    #[arg(long, value_enum)]
    pub layout: Option<LayoutName>,

    /// How contents are compressed
    #[arg(long, value_enum)]
    pub codec: Option<CodecName>,

    /// How hard to compress: zstd 1 to 19 (3 if left out), gzip 1 to 9 (6)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub level: Option<i32>,

    /// Print what would be converted, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let found = context.repository(&options.name)?;
    let old = found.repository.settings();
    let layout = options.layout.map_or(old.layout, Layout::from);
    let codec = options.codec.map_or(old.codec, Codec::from);
    // A level means nothing to another codec.
    let level = options.level.or((codec == old.codec).then_some(old.level));
    let settings = Settings::new(layout, codec, level)?;
    if options.dry_run {
        context.out.line(&format!(
            "Would convert {} from {} to {}",
            found.name,
            in_words(&old),
            in_words(&settings)
        ))?;
        return Ok(Exit::Done);
    }
    let upkeep = context.catalog.upkeep_of(found).looked_up()?;
    let agreed = put_right(context, &upkeep)?;
    let ((repository, report), _) = context.work(|monitor| agreed.convert(&settings, monitor))?;
    let name = &upkeep.found.name;
    if context.out.is_json() {
        context.out.document(&Document {
            message_type: "convert",
            repository: JsonRepository::new(name, &repository),
            converted_contents: report.converted_contents,
            converted_content_bytes: report.converted_content_bytes,
            stored_bytes_before: report.prune.stored_bytes_before,
            stored_bytes_after: report.prune.stored_bytes_after,
            left_undone: report.prune.left_undone.clone(),
        })?;
        return Ok(exit_of(&report.prune));
    }
    context.out.tell(&format!(
        "Converted {name} to {}: {}, {}",
        in_words(&settings),
        counted(report.converted_contents, "content", "contents"),
        size(report.converted_content_bytes),
    ))?;
    tell_left_undone(&report.prune);
    Ok(exit_of(&report.prune))
}

fn in_words(settings: &Settings) -> String {
    let (layout, codec) = (settings.layout.name(), settings.codec.name());
    match settings.level {
        0 => format!("{layout}, {codec}"),
        level => format!("{layout}, {codec} level {level}"),
    }
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    repository: JsonRepository,
    converted_contents: u64,
    converted_content_bytes: u64,
    stored_bytes_before: u64,
    stored_bytes_after: u64,
    left_undone: Option<String>,
}
